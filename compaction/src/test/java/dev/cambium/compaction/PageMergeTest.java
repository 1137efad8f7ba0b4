package dev.cambium.compaction;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cambium.segment.frame.FrameCache;
import dev.cambium.segment.manifest.ManifestRecord;
import dev.cambium.segment.manifest.Stretch;
import dev.cambium.segment.manifest.Stretches;
import dev.cambium.segment.pool.BufferPool;
import dev.cambium.segment.zone.SharedZone;
import dev.cambium.segment.zone.ZoneReader;
import dev.cambium.testkit.disk.SimulatedDisk;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.roaringbitmap.RoaringBitmap;

/** Runs merged into one, by entries and by pages that are linked. */
class PageMergeTest {
    private static final byte[] TOMBSTONE = {};
    private static final int LEAF = 1 << 10;

    private final SimulatedDisk disk = new SimulatedDisk(1);
    private final BufferPool pool = new BufferPool(1L << 28, 64 << 10);
    private final Map<Integer, RoaringBitmap> live = new TreeMap<>();
    private long nextRun = 1;

    private int pageBytes = LEAF;
    private String keyTail = "";

    /** A run and what is in it. */
    private record Made(
            ManifestRecord.Run run, TreeMap<byte[], byte[]> content, long linkedBytes, long appendedBytes) {}

    private byte[] key(int number) {
        return (String.format("0000key%08d", number) + keyTail).getBytes(StandardCharsets.US_ASCII);
    }

    private void apply(PageChanges changes) {
        TestZones.apply(changes, live);
    }

    private Made write(TestZones zones, TreeMap<byte[], byte[]> content) {
        long run = nextRun++;
        try (RunWriter writer =
                new RunWriter(zones, zones, pool, PageSizes.of(pageBytes), TestZones.STORE_ID, run, run, 42)) {
            content.forEach((key, value) -> TestZones.add(writer, key, value, value == TOMBSTONE));
            ManifestRecord.Run made = writer.finish(0, run, run, 1, 1);
            apply(writer.changes());
            return new Made(made, content, 0, writer.appendedBytes());
        }
    }

    /** Merges runs, newest first, and checks the result as a tree, entry by entry, and by its live pages. */
    private Made merge(TestZones zones, List<Made> newestFirst, int worstZone) {
        FrameCache frames = new FrameCache(TestZones.STORE_ID, pool, 1 << 20, TestReclaimer.AT_ONCE);
        List<SharedZone> before = zones.readers();
        List<SharedZone> readers = new ArrayList<>(before);
        long run = nextRun++;
        TreeMap<byte[], byte[]> expected = new TreeMap<>(Arrays::compareUnsigned);
        List<Made> oldestFirst = new ArrayList<>(newestFirst);
        Collections.reverse(oldestFirst);
        oldestFirst.forEach(made -> expected.putAll(made.content));
        try (RunWriter writer =
                        new RunWriter(zones, zones, pool, PageSizes.of(pageBytes), TestZones.STORE_ID, run, run, 42);
                StreamedRuns runs = new StreamedRuns(TestZones.STORE_ID, pool)) {
            List<StreamedRuns.Source> trees = newestFirst.stream()
                    .map(made -> new RunTree(made.run, new TreePages(TestZones.byNumber(before), frames)))
                    .map(tree -> new StreamedRuns.Source(tree, List.of(Stretch.ALL), Stretches.ALL))
                    .toList();
            PageMerge merge = runs.merge(trees, zone -> zone > worstZone, leaf -> true, writer.changes());
            for (boolean more = merge.next(); more; ) {
                boolean taken = true;
                if (merge.isPage()) {
                    taken = writer.link(merge);
                } else {
                    writer.addMerged(merge);
                }
                more = taken ? merge.next() : merge.enter();
            }
            ManifestRecord.Run made = writer.finish(1, run, run, 1, 1);
            apply(writer.changes());
            List<SharedZone> after = zones.readers();
            readers.addAll(after);
            verify(made, after);
            RunCursor cursor =
                    new RunCursor(new RunTree(made, new TreePages(TestZones.byNumber(after), frames)), Stretches.NONE);
            boolean on = cursor.first();
            for (Map.Entry<byte[], byte[]> entry : expected.entrySet()) {
                assertTrue(on);
                assertArrayEquals(entry.getKey(), cursor.key(0));
                assertEquals(entry.getValue() == TOMBSTONE, cursor.isTombstone());
                assertArrayEquals(
                        entry.getValue(), cursor.valueMemory().toArray(cursor.valueOffset(), cursor.valueLength()));
                on = cursor.next();
            }
            assertFalse(on);
            assertEquals(expected.size(), made.entries());
            return new Made(made, expected, writer.linkedBytes(), writer.appendedBytes());
        } finally {
            readers.forEach(SharedZone::release);
            frames.close();
        }
    }

    private void verify(ManifestRecord.Run run, List<SharedZone> readers) {
        Map<Integer, ZoneReader> zones = new HashMap<>();
        readers.forEach(zone -> zones.put(zone.number(), zone.reader()));
        Map<Integer, RoaringBitmap> found = new TreeMap<>();
        RunVerification.Found verified =
                RunVerification.run(run, TestZones.STORE_ID, Stretches.NONE, zones::get, found, e -> {
                    throw e;
                });
        assertTrue(verified.isWhole());
        assertEquals(found, live, "the pages of the only run are those that are live");
    }

    private TreeMap<byte[], byte[]> entries(int from, int to, int step, int valueLength, Random random) {
        TreeMap<byte[], byte[]> entries = new TreeMap<>(Arrays::compareUnsigned);
        for (int i = from; i < to; i += step) {
            byte[] value = new byte[valueLength == 0 ? 0 : 1 + random.nextInt(valueLength)];
            random.nextBytes(value);
            entries.put(key(i), value.length > 0 && random.nextInt(20) == 0 ? TOMBSTONE : value);
        }
        return entries;
    }

    @Test
    void runsThatLieApartAreLinkedAndNotRead() {
        disk.createDirectory();
        Random random = new Random(1);
        try (TestZones zones = new TestZones(disk, pool, 1 << 22)) {
            List<Made> runs = new ArrayList<>();
            for (int i = 0; i < 4; i++) {
                runs.add(0, write(zones, entries(20_000 * i, 20_000 * (i + 1), 1, 40, random)));
            }
            long written = runs.stream().mapToLong(Made::appendedBytes).sum();
            Made merged = merge(zones, runs, 0);
            assertTrue(merged.appendedBytes < written / 50, merged.appendedBytes + " of " + written);
            assertEquals(merged.run.bytes(), merged.linkedBytes);
            assertArrayEquals(key(0), merged.run.firstKey());
            assertArrayEquals(key(79_999), merged.run.lastKey());
        }
        assertEquals(0, pool.usedBytes());
    }

    @Test
    void leavesThatNoOtherRunHasKeysInAreLinked() {
        disk.createDirectory();
        Random random = new Random(2);
        try (TestZones zones = new TestZones(disk, pool, 1 << 22)) {
            Made old = write(zones, entries(0, 50_000, 1, 40, random));
            Made young = write(zones, entries(20_000, 20_100, 3, 40, random));
            Made merged = merge(zones, List.of(young, old), 0);
            assertTrue(merged.linkedBytes > old.run.bytes() * 95 / 100, merged.linkedBytes + " of " + old.run.bytes());
            assertTrue(merged.appendedBytes < old.appendedBytes / 20);
        }
    }

    @Test
    void separatorsBehindALinkedPageAreShort() {
        keyTail = "x".repeat(300);
        disk.createDirectory();
        try (TestZones zones = new TestZones(disk, pool, 1 << 20)) {
            Made old = write(zones, entries(0, 2000, 1, 20, new Random(1)));
            Made young = write(zones, entries(7, 2000, 40, 20, new Random(2)));
            Made merged = merge(zones, List.of(young, old), 0);
            assertTrue(merged.linkedBytes > 200_000, merged.linkedBytes + " bytes linked");
            FrameCache frames = new FrameCache(TestZones.STORE_ID, pool, 1 << 20, TestReclaimer.AT_ONCE);
            List<SharedZone> readers = zones.readers();
            KeyNode root = new RunTree(merged.run, new TreePages(TestZones.byNumber(readers), frames)).root();
            // The number ends at 15, and one byte more may be needed behind a separator.
            assertTrue(longestSeparator(root) <= 16, longestSeparator(root) + " bytes");
            readers.forEach(SharedZone::release);
            frames.close();
        }
    }

    private static int longestSeparator(KeyNode node) {
        int longest = 0;
        for (int i = 0; i < node.page().count(); i++) {
            longest = Math.max(longest, i == 0 ? 0 : node.page().key(i - 1).length);
            longest = Math.max(longest, node.level() == 1 ? 0 : longestSeparator(node.keys(i)));
        }
        return longest;
    }

    @Test
    void pagesAreNotLeftInZonesThatAreNotWorthIt() {
        disk.createDirectory();
        Random random = new Random(3);
        try (TestZones zones = new TestZones(disk, pool, 1 << 17)) {
            Made old = write(zones, entries(0, 50_000, 1, 40, random));
            Made young = write(zones, entries(50_000, 50_100, 1, 40, random));
            int worst = 2;
            Made merged = merge(zones, List.of(young, old), worst);
            assertTrue(live.keySet().stream().allMatch(zone -> zone > worst), "left in " + live.keySet());
            assertTrue(merged.linkedBytes > 0 && merged.linkedBytes < old.run.bytes());
        }
    }

    @ParameterizedTest
    @CsvSource({"1,30", "2,0", "3,200", "4,3000", "5,30", "6,30", "7,200", "8,0"})
    void whateverRunsAreMergedTheResultHasTheNewestOfEachKey(long seed, int valueLength) {
        disk.createDirectory();
        Random random = new Random(seed);
        try (TestZones zones = new TestZones(disk, pool, 1 << 18)) {
            List<Made> runs = new ArrayList<>();
            for (int round = 0; round < 12; round++) {
                int from = random.nextInt(4000);
                int length = 1 + random.nextInt(random.nextBoolean() ? 20 : 3000);
                runs.add(0, write(zones, entries(from, from + length, 1 + random.nextInt(5), valueLength, random)));
                if (runs.size() == 4) {
                    Made merged = merge(zones, runs, random.nextInt(zones.count() + 1));
                    runs.clear();
                    runs.add(merged);
                }
            }
            if (runs.size() > 1) {
                merge(zones, runs, 0);
            }
        }
        assertEquals(0, pool.usedBytes());
    }

    /** What a run holds outside of what counts no more. */
    private static TreeMap<byte[], byte[]> counting(TreeMap<byte[], byte[]> content, Stretches merged) {
        TreeMap<byte[], byte[]> left = new TreeMap<>(content);
        left.keySet().removeIf(key -> merged.of(key, 0, key.length) != null);
        return left;
    }

    private void assertHas(RunCursor cursor, TreeMap<byte[], byte[]> expected) {
        boolean on = cursor.first();
        for (byte[] key : expected.keySet()) {
            assertTrue(on);
            assertArrayEquals(key, cursor.key(0));
            on = cursor.next();
        }
        assertFalse(on);
        on = cursor.last();
        for (byte[] key : expected.descendingKeySet()) {
            assertTrue(on);
            assertArrayEquals(key, cursor.key(0));
            on = cursor.previous();
        }
        assertFalse(on);
        for (int i = 0; i < 12_000; i += 37) {
            byte[] key = key(i);
            byte[] above = expected.ceilingKey(key);
            byte[] below = expected.floorKey(key);
            assertEquals(above != null, cursor.seek(key, 0, key.length));
            if (above != null) {
                assertArrayEquals(above, cursor.key(0));
            }
            assertEquals(below != null, cursor.seekFloor(key, 0, key.length));
            if (below != null) {
                assertArrayEquals(below, cursor.key(0));
            }
        }
    }

    /** The last leaf of a run may be that of several stretches: a tombstone was passed by in it. */
    @Test
    void everyStretchIsPassedThroughThoughOneLeafHasThemAll() {
        disk.createDirectory();
        try (TestZones zones = new TestZones(disk, pool, 1 << 18)) {
            Made made = write(zones, entries(0, 10, 1, 20, new Random(1)));
            List<SharedZone> readers = zones.readers();
            FrameCache frames = new FrameCache(TestZones.STORE_ID, pool, 1 << 20, TestReclaimer.AT_ONCE);
            List<String> passed = new ArrayList<>();
            try (StreamedRuns runs = new StreamedRuns(TestZones.STORE_ID, pool)) {
                RunTree tree = new RunTree(made.run, new TreePages(TestZones.byNumber(readers), frames));
                List<Stretch> stretches =
                        List.of(new Stretch(key(1), key(3)), new Stretch(key(5), key(6)), new Stretch(key(8), null));
                PageChanges changes = new PageChanges();
                PageMerge merge = runs.merge(
                        List.of(new StreamedRuns.Source(tree, stretches, Stretches.NONE)),
                        zone -> true,
                        leaf -> true,
                        changes);
                while (merge.next()) {
                    assertFalse(merge.isPage(), "a leaf of which only a part is meant");
                    passed.add(new String(
                            merge.keyMemory().toArray(merge.keyOffset(), merge.keyLength()),
                            StandardCharsets.US_ASCII));
                }
                assertEquals(0, changes.deadPages().length, "nothing of it dies");
            }
            assertEquals(
                    IntStream.of(1, 2, 5, 8, 9)
                            .mapToObj(i -> new String(key(i), StandardCharsets.US_ASCII))
                            .toList(),
                    passed);
            readers.forEach(SharedZone::release);
            frames.close();
        }
    }

    /** The base takes stretches of younger runs, some at a time, until they have nothing left; each step is checked as trees and by live pages. */
    @ParameterizedTest
    @CsvSource({"1", "2", "3", "4", "5", "6"})
    void aBaseTakesStretchesOfYoungerRunsAndTheyLoseThem(long seed) {
        takeStretches(seed, 10_000);
    }

    /** A page has room for few of these keys: a level more with each edit, and soon the format has none left. */
    @ParameterizedTest
    @CsvSource({"1, 1", "2, 300", "3, 1000"})
    void aBaseStaysLowHoweverOftenItsStretchesAreMerged(long seed, int tail) {
        pageBytes = 512;
        keyTail = "x".repeat(tail);
        takeStretches(seed, 2000);
    }

    private void takeStretches(long seed, int entries) {
        disk.createDirectory();
        Random random = new Random(seed);
        FrameCache frames = new FrameCache(TestZones.STORE_ID, pool, 1 << 22, TestReclaimer.AT_ONCE);
        List<SharedZone> all = new ArrayList<>();
        try (TestZones zones = new TestZones(disk, pool, 1 << 20)) {
            Made base = write(zones, withoutTombstones(entries(entries / 10, entries, 1, 60, random)));
            List<Made> young = List.of(
                    write(zones, entries(0, entries + entries / 10, 1 + random.nextInt(9), 60, random)),
                    write(
                            zones,
                            entries(
                                    random.nextInt(entries / 2),
                                    entries / 2 + random.nextInt(entries / 2),
                                    3,
                                    2000,
                                    random)));
            List<Stretches> merged = new ArrayList<>(List.of(Stretches.NONE, Stretches.NONE));
            for (int step = 0; step < 12; step++) {
                List<SharedZone> readers = zones.readers();
                all.addAll(readers);
                TreePages pages = new TreePages(TestZones.byNumber(readers), frames);
                RunTree tree = new RunTree(base.run, pages);
                List<RunTree> trees =
                        young.stream().map(made -> new RunTree(made.run, pages)).toList();
                RangeEstimates ranges = new RangeEstimates(
                        tree,
                        (stretch, damage) -> {
                            throw damage;
                        },
                        false);
                TreeMap<byte[], byte[]> content = new TreeMap<>(base.content);
                long run = nextRun++;
                Child root;
                try (RunWriter writer = new RunWriter(
                                zones, zones, pool, PageSizes.of(pageBytes), TestZones.STORE_ID, run, run, 42);
                        StreamedRuns runs = new StreamedRuns(TestZones.STORE_ID, pool)) {
                    List<TreeEdit.Replacement> replacements = new ArrayList<>();
                    for (int range = 0; range < ranges.count(); range++) {
                        if (step < 11 && random.nextInt(4) > 0) {
                            continue; // the last step takes all
                        }
                        Stretch stretch = ranges.stretch(range);
                        List<StreamedRuns.Source> sources = new ArrayList<>();
                        for (int i = 0; i < 2; i++) {
                            List<Stretch> left = merged.get(i).leftOf(stretch);
                            merged.set(i, merged.get(i).with(stretch));
                            sources.add(new StreamedRuns.Source(trees.get(i), left, merged.get(i)));
                        }
                        for (int i = 1; i >= 0; i--) {
                            for (Stretch left : sources.get(i).stretches()) {
                                young.get(i).content.forEach((key, value) -> {
                                    if (left.contains(key, 0, key.length)) {
                                        content.put(key, value);
                                    }
                                });
                            }
                        }
                        sources.add(new StreamedRuns.Source(tree, List.of(stretch), Stretches.ALL));
                        int toLeave = random.nextInt(4); // 3: none
                        PageMerge merge =
                                runs.merge(sources, zone -> zone % 3 != toLeave, leaf -> true, writer.changes());
                        writer.beginStretch(stretch.from(), 1 + random.nextInt(60));
                        for (boolean more = merge.next(); more; ) {
                            boolean taken = true;
                            if (merge.isPage()) {
                                taken = !merge.hasTombstones() && writer.link(merge);
                            } else if (!merge.isTombstone()) {
                                writer.addMerged(merge);
                            }
                            more = taken ? merge.next() : merge.enter();
                        }
                        replacements.add(new TreeEdit.Replacement(stretch, writer.endStretch()));
                    }
                    content.values().removeIf(value -> value == TOMBSTONE);
                    root = new TreeEdit(tree, replacements).write(writer);
                    apply(writer.changes());
                }
                ManifestRecord.Run made = new ManifestRecord.Run(
                        run,
                        root.pointer(),
                        root.payloadCrc(),
                        ManifestRecord.BASE_TIER,
                        1,
                        1,
                        1,
                        1,
                        root.held().entries,
                        root.held().tombstones,
                        root.held().bytes,
                        key(0),
                        key(20_000));
                base = new Made(made, content, 0, 0);
                List<SharedZone> after = zones.readers();
                all.addAll(after);
                check(base, young, merged, after, frames);
            }
            assertEquals(List.of(), merged.get(0).leftOf(Stretch.ALL));
            Made fresh = write(zones, base.content);
            List<SharedZone> readers = zones.readers();
            all.addAll(readers);
            TreePages pages = new TreePages(TestZones.byNumber(readers), frames);
            int height = new RunTree(base.run, pages).root().level();
            int atOnce = new RunTree(fresh.run, pages).root().level();
            assertTrue(height <= atOnce + 1, height + " levels, " + atOnce + " if written at once");
        } finally {
            all.forEach(SharedZone::release);
            frames.close();
        }
        assertEquals(0, pool.usedBytes());
    }

    private static TreeMap<byte[], byte[]> withoutTombstones(TreeMap<byte[], byte[]> entries) {
        entries.values().removeIf(value -> value == TOMBSTONE);
        return entries;
    }

    private void check(
            Made base, List<Made> young, List<Stretches> merged, List<SharedZone> readers, FrameCache frames) {
        TreePages pages = new TreePages(TestZones.byNumber(readers), frames);
        Map<Integer, ZoneReader> zones = new HashMap<>();
        readers.forEach(zone -> zones.put(zone.number(), zone.reader()));
        Map<Integer, RoaringBitmap> found = new TreeMap<>();
        RunVerification.run(base.run, TestZones.STORE_ID, Stretches.NONE, zones::get, found, e -> {
            throw e;
        });
        assertHas(new RunCursor(new RunTree(base.run, pages), Stretches.NONE), base.content);
        assertEquals(base.content.size(), base.run.entries());
        for (int i = 0; i < young.size(); i++) {
            byte[] last = PageCursor.after(young.get(i).run.lastKey());
            if (!merged.get(i)
                    .leftOf(new Stretch(young.get(i).run.firstKey(), last))
                    .isEmpty()) { // else it is dropped
                RunVerification.run(young.get(i).run, TestZones.STORE_ID, merged.get(i), zones::get, found, e -> {
                    throw e;
                });
                assertHas(
                        new RunCursor(new RunTree(young.get(i).run, pages), merged.get(i)),
                        counting(young.get(i).content, merged.get(i)));
            }
        }
        assertEquals(found, live);
    }
}
