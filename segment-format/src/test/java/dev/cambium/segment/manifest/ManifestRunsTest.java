package dev.cambium.segment.manifest;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cambium.error.CorruptionException;
import dev.cambium.error.FormatVersionException;
import dev.cambium.segment.format.TestDisk;
import dev.cambium.segment.manifest.ManifestRecord.Flushed;
import dev.cambium.segment.manifest.ManifestRecord.Next;
import dev.cambium.segment.manifest.ManifestRecord.PagesDead;
import dev.cambium.segment.manifest.ManifestRecord.PagesLive;
import dev.cambium.segment.manifest.ManifestRecord.Run;
import dev.cambium.segment.manifest.ManifestRecord.RunDrop;
import dev.cambium.segment.manifest.ManifestRecord.RunMerged;
import dev.cambium.segment.manifest.ManifestRecord.Zone;
import dev.cambium.segment.manifest.ManifestRecord.ZoneDrop;
import dev.cambium.segment.manifest.ManifestRecord.ZonePunched;
import dev.cambium.segment.manifest.ManifestRecord.ZoneState;
import dev.cambium.segment.memory.Bytes;
import dev.cambium.segment.memory.Memory;
import dev.cambium.segment.page.PageKind;
import dev.cambium.segment.page.Pointer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.roaringbitmap.RoaringBitmap;

/** The records about runs and zones. */
class ManifestRunsTest {
    private static final byte[] STORE_ID = "store-id-16bytes".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] FIRST = {0, 0, 0, 1, 'a'};
    private static final byte[] LAST = {0, 0, 0, 1, (byte) 0xF0, 'z'};

    private final TestDisk disk = new TestDisk();

    private static long root(int zone, int offset) {
        return Pointer.of(zone, offset, 1000, 3000, PageKind.KEYS);
    }

    private static Run run(long id, long oldest, long newest, int... zones) {
        return new Run(
                id,
                root(zones[0], 8192),
                -77,
                2,
                oldest,
                newest,
                id * 10,
                id * 10 + 9,
                1000 + id,
                id,
                50_000,
                FIRST,
                LAST);
    }

    private static RoaringBitmap units(int from, int to) {
        RoaringBitmap units = new RoaringBitmap();
        units.add((long) from, to);
        return units;
    }

    /** What {@link #root} in a zone needs. */
    private static PagesLive live(int zone) {
        return new PagesLive(zone, units(8192 / 64, 8192 / 64 + 16));
    }

    private static ManifestEdit edit(long version, ManifestRecord... records) {
        ManifestEdit.Builder edit = ManifestEdit.to(version);
        for (ManifestRecord record : records) {
            edit.add(record);
        }
        return edit.build();
    }

    private static ManifestState apply(ManifestState before, ManifestRecord... records) {
        return before.apply(edit(before.version() + 1, records), "m", 64);
    }

    /** Zones 3 (open) and 4 (sealed), runs 7 (births 1 to 4) and 9 (births 6 to 8). */
    private static ManifestState two() {
        return apply(
                ManifestState.EMPTY,
                new Zone(3, 1 << 20, 1, ZoneState.OPEN),
                new Zone(4, 1 << 20, 2, ZoneState.SEALED),
                live(3),
                live(4),
                run(7, 1, 4, 3),
                run(9, 6, 8, 4, 3),
                new Flushed(99),
                new Next(5, 12, 20));
    }

    private static List<ManifestEdit> edits() {
        return List.of(
                ManifestEdit.to(4)
                        .keyspace(1, "default")
                        .logNext(2, 65_536)
                        .add(new Zone(3, 1 << 20, 1, ZoneState.OPEN))
                        .add(new Zone(4, 4096, 0xFFFF_FFFF, ZoneState.SEALED))
                        .add(live(3))
                        .add(run(7, 1, 4, 3))
                        .build(),
                edit(5, new Zone(3, 2 << 20, 1, ZoneState.SEALED), new Next(9, 20, 30), new Flushed(41)),
                edit(
                        6,
                        new Zone(9, 4096 + 64 * 1024, 7, ZoneState.OPEN),
                        live(9),
                        run(20, 5, 29, 9, 3),
                        new Flushed(41)),
                edit(7, new RunDrop(7), new ZoneDrop(4)),
                edit(8, new Zone((1 << 28) - 1, 4096, 0, ZoneState.OPEN), new Flushed(Long.MAX_VALUE)));
    }

    private ManifestReading read() {
        return ManifestFile.read(disk, 3, STORE_ID, 0);
    }

    @Test
    void recordsComeBackFromAManifest() {
        ManifestFile manifest = ManifestFile.create(disk, 3, STORE_ID, edits().get(0));
        edits().subList(1, 5).forEach(manifest::append);
        ManifestReading reading = ManifestFile.read(disk, 3, STORE_ID, manifest.length());
        assertEquals(edits(), reading.edits());
        ManifestState state = reading.state();
        assertEquals("[3, 9, 268435455]", state.zones().keySet().toString());
        assertEquals(new Zone(3, 2 << 20, 1, ZoneState.SEALED), state.zones().get(3));
        assertEquals(List.of(run(20, 5, 29, 9, 3)), state.runs());
        assertEquals(new Next(1 << 28, 21, 30), state.next());
        assertEquals(Long.MAX_VALUE, state.flushedThrough());
        assertSaysTheSame(state, ManifestState.EMPTY.apply(state.toSnapshotEdit(), "m", 64));

        ManifestFile.create(disk, 4, STORE_ID, state.toSnapshotEdit()).close();
        assertSaysTheSame(state, ManifestFile.read(disk, 4, STORE_ID, 0).state());
    }

    @Test
    void aRunStandsInTheFileAsDocumented() {
        Run run = new Run(7, root(3, 8192), 0x01020304, 5, 1, 4, 10, 19, 100, 6, 4321, FIRST, LAST);
        ManifestFile.create(disk, 3, STORE_ID, edit(1, new Zone(3, 1 << 20, 1, ZoneState.OPEN), run, live(3)));
        byte[] file = disk.files.get(ManifestFile.name(3));
        int zone = 64 + 16;
        assertEquals(18, Bytes.getInt(file, zone));
        assertEquals(24, Bytes.getInt(file, zone + 4));
        assertEquals(3, Bytes.getLong(file, zone + 8));
        assertEquals(1 << 20, Bytes.getLong(file, zone + 16));
        assertEquals(1, Bytes.getInt(file, zone + 24));
        assertEquals(1, Bytes.getInt(file, zone + 28));
        int field = zone + 32;
        assertEquals(16, Bytes.getInt(file, field));
        assertEquals(96 + 5 + 6, Bytes.getInt(file, field + 4));
        int value = field + 8;
        long[] words = {7, root(3, 8192), 0x0000_0005_0102_0304L, 1, 4, 10, 19, 100, 6, 4321, 0};
        for (int i = 0; i < words.length; i++) {
            assertEquals(words[i], Bytes.getLong(file, value + 8 * i), "word " + i);
        }
        assertEquals(0, Bytes.getInt(file, value + 88));
        assertEquals(5, Bytes.getUnsignedShort(file, value + 92));
        assertEquals(6, Bytes.getUnsignedShort(file, value + 94));
        assertArrayEquals(FIRST, Arrays.copyOfRange(file, value + 96, value + 101));
        assertArrayEquals(LAST, Arrays.copyOfRange(file, value + 101, value + 107));
        int live = value + 112;
        assertEquals(26, Bytes.getInt(file, live));
        assertEquals(3, Bytes.getLong(file, live + 8));
        // One container with one run: cookie 12347 (and one container less one), bitset of run containers, key 0 with
        // 16 values, run.
        byte[] units = {0x3B, 0x30, 0, 0, 1, 0, 0, 15, 0, 1, 0, (byte) 128, 0, 15, 0};
        assertEquals(8 + units.length, Bytes.getInt(file, live + 4));
        assertArrayEquals(units, Arrays.copyOfRange(file, live + 16, live + 16 + units.length));
    }

    @Test
    void aStateIsTheSameAfterItsSnapshot() {
        ManifestState two = two();
        assertEquals(List.of(9L, 7L), two.runs().stream().map(Run::id).toList(), "newest first");
        assertSaysTheSame(two, ManifestState.EMPTY.apply(two.toSnapshotEdit(), "m", 64));
        ManifestState none = apply(
                two,
                new RunDrop(9),
                new RunDrop(7),
                new ZoneDrop(3),
                new ZoneDrop(4),
                new PagesDead(3, units(128, 144)),
                new PagesDead(4, units(128, 144)));
        assertTrue(none.runs().isEmpty() && none.zones().isEmpty());
        assertEquals(new Next(5, 12, 20), none.next());
        assertEquals(99, none.flushedThrough());
        assertSaysTheSame(none, ManifestState.EMPTY.apply(none.toSnapshotEdit(), "m", 64));
        // Numbers count on without NEXT too, and a younger run may have the smaller number of the older births.
        ManifestState merged = apply(two, new RunDrop(7), run(12, 1, 4, 4));
        assertEquals(new Next(5, 13, 20), merged.next());
        assertEquals(List.of(9L, 12L), merged.runs().stream().map(Run::id).toList());
        assertSaysTheSame(merged, ManifestState.EMPTY.apply(merged.toSnapshotEdit(), "m", 64));
        ManifestState last = apply(merged, new Zone((1 << 28) - 1, 4096, 0, ZoneState.SEALED));
        assertSaysTheSame(last, ManifestState.EMPTY.apply(last.toSnapshotEdit(), "m", 64));
        ManifestFile.create(disk, 3, STORE_ID, last.toSnapshotEdit()).close();
        assertSaysTheSame(last, read().state());
    }

    @Test
    void randomHistoriesSurviveASnapshotAtEveryStep() {
        long seed = 64;
        for (int round = 0; round < 100; round++) {
            Random random = new Random(seed + round);
            ManifestState state = ManifestState.EMPTY;
            long birth = 1;
            for (int step = 0; step < 30; step++) {
                List<ManifestRecord> records = new ArrayList<>();
                Next next = state.next();
                int zone = next.zone() + random.nextInt(3);
                records.add(new Zone(zone, 1 << 20, random.nextInt(), ZoneState.values()[random.nextInt(3)]));
                birth = Math.max(birth, next.birth()) + random.nextInt(3);
                long newest = birth + random.nextInt(3);
                records.add(live(zone));
                records.add(run(next.run() + random.nextInt(3), birth, newest, zone));
                if (!state.runs().isEmpty() && random.nextInt(3) == 0) {
                    Run dropped = state.runs().get(random.nextInt(state.runs().size()));
                    records.add(new RunDrop(dropped.id()));
                    int died = Pointer.zone(dropped.root());
                    records.add(new ZoneDrop(died));
                    records.add(new PagesDead(died, state.live().get(died)));
                }
                if (random.nextInt(4) == 0) {
                    records.add(new Flushed(state.flushedThrough() + random.nextInt(9)));
                }
                state = apply(state, records.toArray(new ManifestRecord[0]));
                String what = "seed " + (seed + round) + ", step " + step;
                assertSaysTheSame(state, ManifestState.EMPTY.apply(state.toSnapshotEdit(), "m", 64), what);
                birth = newest + 1;
                assertEquals(birth, state.next().birth(), what);
            }
        }
    }

    @Test
    void whatMayFollowIsAccepted() {
        ManifestState two = two();
        for (ManifestEdit right : List.of(
                edit(2, new Zone(3, 1 << 20, 1, ZoneState.OPEN)),
                edit(2, new Zone(3, 2 << 20, 1, ZoneState.OPEN)),
                edit(2, new Zone(3, 1 << 20, 1, ZoneState.SEALED)),
                edit(2, new Zone(4, 1 << 20, 2, ZoneState.SEALED)),
                edit(2, new Zone(5, 4096, 0, ZoneState.OPEN)),
                edit(2, new Flushed(99)),
                edit(2, new Next(5, 12, 20)),
                edit(2, run(12, 5, 5, 3)),
                edit(2, run(12, 9, 9, 3)),
                edit(2, run(12, 1, 8, 3), new RunDrop(7), new RunDrop(9)),
                edit(2, new PagesLive(3, units(64, 128)), new PagesLive(4, units(1000, 1001))),
                edit(2, new PagesLive(3, units((1 << 14) - 1, 1 << 14))),
                edit(2, new RunDrop(7), new PagesDead(3, units(128, 144)), new ZoneDrop(3)),
                edit(2, run(12, 9, 9, 5), live(5), new Zone(5, 1 << 20, 0, ZoneState.OPEN)))) {
            two.apply(right, "m", 128);
        }
    }

    @Test
    void editsThatContradictWhatIsThereAreCorruption() {
        ManifestState two = two();
        for (ManifestEdit wrong : List.of(
                edit(2, run(12, 8, 9, 3)), // overlapping births
                edit(2, run(12, 4, 5, 3)),
                edit(2, run(12, 1, 20, 3)),
                edit(2, run(12, 7, 7, 3)),
                edit(2, run(12, 6, 8, 3)),
                edit(2, run(9, 9, 9, 3)), // a number that a run has
                edit(2, run(7, 9, 9, 3)),
                edit(2, run(12, 9, 9, 3), run(12, 10, 10, 3)),
                edit(2, run(12, 9, 9, 5)), // pages in zones that are not named, or not so long
                edit(2, live(5), run(12, 9, 9, 5)),
                edit(2, live(5)),
                edit(2, new PagesLive(3, units(1 << 14, (1 << 14) + 1))),
                edit(2, new PagesLive(3, units(143, 150))), // live already
                edit(2, new PagesLive(3, units(150, 160)), new PagesLive(3, units(159, 170))),
                edit(2, new PagesDead(3, units(143, 145))), // not live
                edit(2, new PagesDead(5, units(64, 65))),
                edit(2, new PagesDead(3, units(128, 129))), // the root of a run
                edit(2, new Zone(5, 8192, 0, ZoneState.OPEN), live(5), run(12, 9, 9, 5)), // a root behind the end
                edit(2, new Zone(5, 1 << 20, 0, ZoneState.OPEN), run(12, 9, 9, 5)), // one that is not live
                edit(2, new ZoneDrop(3)),
                edit(2, new RunDrop(9), new ZoneDrop(3)),
                edit(2, new ZoneDrop(5)),
                edit(2, new RunDrop(8)),
                edit(2, new RunDrop(7), new RunDrop(7)),
                edit(2, new Zone(3, (1 << 20) - 64, 1, ZoneState.OPEN)), // shrinks
                edit(2, new Zone(3, (1 << 20) - 64, 1, ZoneState.SEALED)),
                edit(2, new Zone(3, 1 << 20, 2, ZoneState.OPEN)), // another stream
                edit(2, new Zone(4, 1 << 20, 2, ZoneState.OPEN)), // sealed says the same
                edit(2, new Zone(4, 2 << 20, 2, ZoneState.SEALED)),
                edit(2, new RunDrop(7), new RunDrop(9), new ZoneDrop(3), new Zone(3, 1 << 20, 1, ZoneState.OPEN)),
                edit(2, new Flushed(98)),
                edit(2, new Flushed(-1)),
                edit(2, new Next(4, 12, 20)),
                edit(2, new Next(5, 11, 20)),
                edit(2, new Next(5, 12, 19)))) {
            assertThrows(CorruptionException.class, () -> two.apply(wrong, "m", 128), wrong.toString());
        }
    }

    @Test
    void liveUnitsComeBackFromTheirBytesAndOthersAreRefused() {
        RoaringBitmap units = units(64, 5000);
        units.add(1 << 21);
        units.add((1 << 22) - 1);
        int length = UnitsField.length(units);
        Memory memory = Memory.allocate(length);
        UnitsField.put(memory, 0, 9, units);
        assertEquals(units, UnitsField.read(memory, 0, length, "m", 0));
        for (int shorter = 0; shorter < length; shorter++) {
            int bytes = shorter;
            assertThrows(CorruptionException.class, () -> UnitsField.read(memory, 0, bytes, "m", 0), "" + bytes);
        }
        Random random = new Random(5);
        for (int i = 0; i < 2000; i++) {
            int at = 8 + random.nextInt(length - 8);
            int bit = 1 << random.nextInt(8);
            memory.putByte(at, memory.getUnsignedByte(at) ^ bit);
            try {
                RoaringBitmap read = UnitsField.read(memory, 0, length, "m", 0);
                assertTrue(read.first() >= 64 && read.last() < 1 << 22);
            } catch (CorruptionException e) {
                assertEquals("m", e.file());
            }
            memory.putByte(at, memory.getUnsignedByte(at) ^ bit);
        }
        for (RoaringBitmap wrong : List.of(new RoaringBitmap(), units(63, 64), units(1 << 22, (1 << 22) + 1))) {
            Memory other = Memory.allocate(UnitsField.length(wrong));
            UnitsField.put(other, 0, 9, wrong);
            assertThrows(
                    CorruptionException.class, () -> UnitsField.read(other, 0, other.capacity(), "m", 0), "" + wrong);
            other.release();
        }
        memory.release();
    }

    private static Run base(long id, long oldest, long newest) {
        return run(id, oldest, newest, 3).asBase(id);
    }

    @Test
    void whatHasGoneIntoTheBaseIsKeptByRunAndGoesWithIt() {
        Stretch one = new Stretch(new byte[0], FIRST);
        Stretch next = new Stretch(FIRST, LAST);
        ManifestState state = apply(two(), new RunDrop(7), base(12, 1, 4));
        state = apply(state, new RunMerged(9, one));
        state = apply(state, new RunMerged(9, next));
        assertEquals(List.of(new Stretch(new byte[0], LAST)), state.merged(9).list());
        assertEquals(Stretches.NONE, state.merged(12));
        assertSaysTheSame(state, ManifestState.EMPTY.apply(state.toSnapshotEdit(), "m", 64));
        ManifestState known = state;
        for (ManifestEdit wrong : List.of(
                edit(4, new RunMerged(12, one)), // the base itself
                edit(4, new RunMerged(8, one)),
                edit(4, base(13, 9, 9)), // a second one
                edit(4, new RunDrop(12), base(13, 9, 9)))) { // not the oldest
            ManifestEdit.Builder edit = ManifestEdit.to(known.version() + 1);
            wrong.records().forEach(edit::add);
            assertThrows(CorruptionException.class, () -> known.apply(edit.build(), "m", 128), wrong.toString());
        }
        assertEquals(Stretches.NONE, apply(state, new RunDrop(9)).merged(9));
    }

    /** Which numbers were new since the first edit, a snapshot forgets: it is a first edit itself. */
    private static void assertSaysTheSame(ManifestState expected, ManifestState found) {
        assertSaysTheSame(expected, found, "");
    }

    private static void assertSaysTheSame(ManifestState expected, ManifestState found, String what) {
        assertEquals(expected.toSnapshotEdit(), found.toSnapshotEdit(), what);
    }

    @Test
    void zonesMayBeNamedInAnyOrderAndEachNumberOnce() {
        ManifestState state = two(); // NEXT says 5
        state = apply(state, new Zone(7, 8192, 1, ZoneState.OPEN));
        state = apply(state, new Next(12, state.next().run(), state.next().birth()));
        state = apply(state, new Zone(5, 8192, 0, ZoneState.OPEN), new Zone(11, 8192, 0, ZoneState.SEALED));
        assertEquals(12, state.next().zone());
        state = apply(state, new ZoneDrop(5), new ZoneDrop(7));
        ManifestState dropped = state;
        for (int used : new int[] {5, 7}) {
            ManifestEdit again = edit(dropped.version() + 1, new Zone(used, 8192, 0, ZoneState.OPEN));
            assertThrows(CorruptionException.class, () -> dropped.apply(again, "m", 128), "zone " + used);
        }
        apply(dropped, new Zone(6, 8192, 0, ZoneState.OPEN));
    }

    private void refused(String what, ManifestRecord... records) {
        disk.files.clear();
        ManifestFile.create(disk, 3, STORE_ID, edit(1, records)).close();
        assertThrows(CorruptionException.class, this::read, what);
    }

    @Test
    void zonesAndNumbersThatCannotBeAreRefused() {
        refused("number 0", new Zone(0, 8192, 0, ZoneState.OPEN));
        refused("number 2^28", new Zone(1 << 28, 8192, 0, ZoneState.OPEN));
        refused("negative", new Zone(-1, 8192, 0, ZoneState.OPEN));
        refused("shorter than the header", new Zone(1, 4032, 0, ZoneState.OPEN));
        refused("no multiple of 64", new Zone(1, 4100, 0, ZoneState.SEALED));
        refused("negative length", new Zone(1, -4096, 0, ZoneState.SEALED));
        refused("open beyond 256 MiB", new Zone(1, (1 << 28) + 64, 0, ZoneState.OPEN));
        refused("2 GiB", new Zone(1, 1L << 31, 0, ZoneState.SEALED));
        refused("drop of 0", new ZoneDrop(0));
        refused("NEXT zone 0", new Next(0, 1, 1));
        refused("NEXT run 0", new Next(1, 0, 1));
        refused("NEXT birth 0", new Next(1, 1, 0));
        refused("NEXT birth -1", new Next(1, 1, -1));
        refused("NEXT zone beyond all", new Next((1 << 28) + 1, 1, 1));
        disk.files.clear();
        ManifestFile.create(disk, 3, STORE_ID, edit(1, new Next(1 << 28, 1, 1))).close();
        assertEquals(1 << 28, read().state().next().zone());
    }

    /** A run with some fields changed; good is what {@code good} made of it. */
    @Test
    void forgedRunsAreRefused() {
        Zone zone = new Zone(3, 1 << 20, 1, ZoneState.OPEN);
        Memory memory = Memory.allocate(512);
        Run good = run(7, 1, 4, 3);
        int length = RunField.length(good);
        RunField.put(memory, 0, good);
        assertEquals(good, RunField.read(memory, 0, length, "m", 0));
        long[][] wrong = { // offset, width, value
            {0, 8, 0},
            {0, 8, -1},
            {0, 8, Long.MAX_VALUE},
            {8, 8, 0},
            {8, 8, Pointer.of(3, 8192, 1000, 3000, PageKind.LEAF)},
            {8, 8, root(3, 64)},
            {8, 8, root(3, 8192) | 127L << 7},
            {20, 4, -1},
            {24, 8, 0},
            {24, 8, 5},
            {32, 8, 0},
            {32, 8, -1},
            {32, 8, Long.MAX_VALUE},
            {40, 8, -1},
            {40, 8, 80},
            {40, 8, 0}, // 0 to 79: logged, but from no batch
            {48, 8, -1},
            {48, 8, 0},
            {56, 8, 0},
            {56, 8, -1},
            {56, 8, 6},
            {64, 8, -1},
            {64, 8, 1008},
            {72, 8, -1},
            {80, 8, 1},
            {88, 4, 1},
            {88, 4, -1},
            {92, 2, 4},
            {92, 2, 0xFFFF},
            {94, 2, 5},
            {96, 1, 255} // a first key above the last one
        };
        for (long[] change : wrong) {
            RunField.put(memory, 0, good);
            int at = (int) change[0];
            if (change[1] == 8) {
                memory.putLong(at, change[2]);
            } else if (change[1] == 1) {
                memory.putByte(at, (int) change[2]);
            } else if (change[1] == 4) {
                memory.putInt(at, (int) change[2]);
            } else {
                memory.putShort(at, (int) change[2]);
            }
            assertThrows(
                    CorruptionException.class, () -> RunField.read(memory, 0, length, "m", 0), Arrays.toString(change));
        }
        RunField.put(memory, 0, good);
        for (int other = 0; other < 200; other++) {
            int bytes = other;
            if (other != length) {
                assertThrows(CorruptionException.class, () -> RunField.read(memory, 0, bytes, "m", 0), "" + bytes);
            }
        }
        refused("keys that descend", zone, live(3), keys(LAST, FIRST));
        refused("no first key", zone, live(3), keys(new byte[0], LAST));
        refused("a key longer than the longest", zone, live(3), keys(FIRST, longKey(32_772)));
        disk.files.clear();
        ManifestFile.create(disk, 3, STORE_ID, edit(1, zone, live(3), keys(FIRST, longKey(32_771))))
                .close();
        assertEquals(1, read().state().runs().size());
        Run unlogged = new Run(7, root(3, 8192), 0, 0, 1, 1, 0, 0, 1, 1, 0, FIRST, FIRST);
        RunField.put(memory, 0, unlogged);
        assertEquals(unlogged, RunField.read(memory, 0, RunField.length(unlogged), "m", 0));
        memory.release();
    }

    private static byte[] longKey(int length) {
        byte[] key = new byte[length];
        Arrays.fill(key, (byte) 1);
        return key;
    }

    private static Run keys(byte[] first, byte[] last) {
        return new Run(7, root(3, 8192), 0, 0, 1, 1, 1, 1, 5, 1, 9, first, last);
    }

    @Test
    void runsAreEqualByTheirBytes() {
        assertEquals(keys(FIRST, LAST), keys(FIRST.clone(), LAST.clone()));
        assertEquals(
                keys(FIRST, LAST).hashCode(), keys(FIRST.clone(), LAST.clone()).hashCode());
        assertFalse(keys(FIRST, LAST).equals(keys(FIRST, FIRST)));
    }

    /** Bytes whose checksums hold but which no writer wrote. */
    @Test
    void hostileRunsAndZonesNeverEscapeTheirBounds() {
        long seed = 816;
        Random random = new Random(seed);
        ManifestFile manifest = ManifestFile.create(disk, 3, STORE_ID, edits().get(0));
        edits().subList(1, 5).forEach(manifest::append);
        List<Long> offsets = read().offsets();
        String name = ManifestFile.name(3);
        byte[] good = disk.files.get(name).clone();
        int refused = 0;
        for (int i = 0; i < 10_000; i++) {
            byte[] bytes = good.clone();
            int edit = random.nextInt(offsets.size());
            int offset = offsets.get(edit).intValue();
            int length = Bytes.getInt(bytes, offset + 4);
            for (int changes = 1 + random.nextInt(2); changes > 0; changes--) {
                int at = offset + 16 + random.nextInt(length - 16);
                bytes[at] = (byte) (random.nextInt(3) == 0 ? 0xFF : random.nextInt(3) == 0 ? 0x7F : random.nextInt());
            }
            Memory memory = Memory.allocate(bytes.length);
            memory.put(0, bytes, 0, bytes.length);
            ManifestCodec.seal(memory, offset, 3, offset);
            memory.get(0, bytes, 0, bytes.length);
            memory.release();
            disk.files.put(name, bytes);
            try {
                ManifestState state = read().state();
                // What is accepted can be written again, and read.
                assertSaysTheSame(state, ManifestState.EMPTY.apply(state.toSnapshotEdit(), "m", 64));
                disk.files.remove(ManifestFile.name(4));
                ManifestFile.create(disk, 4, STORE_ID, state.toSnapshotEdit()).close();
                assertSaysTheSame(state, ManifestFile.read(disk, 4, STORE_ID, 0).state());
            } catch (CorruptionException | FormatVersionException typed) {
                refused++;
            } catch (RuntimeException | Error e) {
                throw new AssertionError("seed " + seed + ", round " + i, e);
            }
        }
        assertTrue(refused > 3000 && refused < 9900, "seed " + seed + ": " + refused);
    }

    @Test
    void holesComeBackFromAManifestAreSaidAgainInASnapshotAndGoWithTheirZone() {
        RoaringBitmap holes = units(256, 512);
        ManifestState state = apply(two(), new ZonePunched(4, holes));
        state = apply(state, new ZonePunched(4, units(1024, 1088)));
        holes.add(1024L, 1088L);
        assertEquals(holes, state.punched().get(4));
        assertEquals((256 + 64) * 64, state.punchedBytes(4));
        assertEquals((1 << 20) - (256 + 64) * 64, state.takenBytes(state.zones().get(4)));
        assertEquals(1 << 20, state.takenBytes(state.zones().get(3)));
        ManifestFile.create(disk, 3, STORE_ID, state.toSnapshotEdit());
        assertEquals(state.punched(), read().state().punched());
        assertEquals(
                Map.of(),
                apply(state, new RunDrop(9), new PagesDead(4, units(8192 / 64, 8192 / 64 + 16)), new ZoneDrop(4))
                        .punched());
    }

    @Test
    void aLongSnapshotIsSeveralEditsThatSayTheSameTogether() {
        ManifestState state = apply(two(), new ZonePunched(4, units(256, 512)));
        assertEquals(List.of(state.toSnapshotEdit()), state.toSnapshotEdits(1 << 20));
        List<ManifestEdit> edits = state.toSnapshotEdits(1);
        assertEquals(2, edits.size(), "one a zone with live pages");
        assertEquals(state.version(), edits.get(0).version());
        ManifestFile file = ManifestFile.create(disk, 3, STORE_ID, edits);
        assertEquals(edits.get(1).version(), file.version());
        assertEquals(disk.open(ManifestFile.name(3)).length(), file.length());
        ManifestReading reading = read();
        assertEquals(edits, reading.edits());
        ManifestEdit again = reading.state().toSnapshotEdit();
        assertEquals(state.version() + 1, again.version());
        assertEquals(state.toSnapshotEdit().records(), again.records());
        file.append(ManifestEdit.to(state.version() + 2).keyspace(77, "goes on").build());
        assertEquals("goes on", read().state().keyspaces().get(77));
    }

    @Test
    void anOlderReaderMayPassOverHoles() {
        assertEquals(ManifestRecord.MAY_BE_SKIPPED, ManifestRecord.TAG_ZONE_PUNCHED & ManifestRecord.MAY_BE_SKIPPED);
        ManifestState without = two();
        ManifestState with = apply(without, new ZonePunched(4, units(256, 512)));
        assertEquals(without.zones(), with.zones());
        assertEquals(without.live(), with.live());
        assertEquals(without.runs(), with.runs());
    }

    @Test
    void aHoleWhereAPageLivesOrWhereNoSealedZoneIsIsCorruption() {
        for (ManifestRecord wrong : List.of(
                new ZonePunched(4, units(8192 / 64 + 15, 256)),
                new ZonePunched(3, units(256, 512)),
                new ZonePunched(5, units(256, 512)),
                new ZonePunched(4, units((1 << 20) / 64 - 1, (1 << 20) / 64 + 1)))) {
            assertThrows(CorruptionException.class, () -> apply(two(), wrong), wrong.toString());
        }
        ManifestState punched = apply(two(), new ZonePunched(4, units(256, 512)));
        assertThrows(CorruptionException.class, () -> apply(punched, new PagesLive(4, units(511, 520))));
    }
}
