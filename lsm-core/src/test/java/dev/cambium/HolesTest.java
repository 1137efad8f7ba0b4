package dev.cambium;

import static dev.cambium.StoreTest.b;
import static dev.cambium.StoreTest.s;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cambium.error.CorruptionException;
import dev.cambium.log.Verification;
import dev.cambium.segment.manifest.ManifestFile;
import dev.cambium.segment.manifest.ManifestReading;
import dev.cambium.segment.manifest.ManifestRecord;
import dev.cambium.segment.manifest.ManifestState;
import dev.cambium.segment.manifest.Superblock;
import dev.cambium.segment.manifest.SuperblockFile;
import dev.cambium.segment.page.Pointer;
import dev.cambium.segment.zone.ZoneFiles;
import dev.cambium.testkit.disk.CrashOutcome;
import dev.cambium.testkit.disk.DiskOperation;
import dev.cambium.testkit.disk.FaultRule;
import dev.cambium.testkit.disk.OperationKind;
import dev.cambium.testkit.disk.SimulatedDisk;
import dev.cambium.testkit.runtime.StepExecutor;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.NavigableMap;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.junit.jupiter.api.Test;
import org.roaringbitmap.RoaringBitmap;

/** Dead ranges of zones that stay are given back to the file system, and nothing that anybody may still read is. */
class HolesTest {
    /** Memtables of 64 KiB, so that ranges of 64 KiB are worth a call. */
    static final Options OPTIONS = ValueWorld.OPTIONS.withMemtableBytes(64 << 10);

    private static final int KEYS = 1200;
    private static final int MIB = 1 << 20;

    /** Values of a KiB each, in zones of a MiB, merged as far as they are due. */
    static ValueWorld filled() {
        ValueWorld world = new ValueWorld(OPTIONS, StepExecutor.Mode.MANUAL);
        for (int i = 0; i < KEYS; i++) {
            world.put(i, SmallStore.noise(i, 1100));
            if (i % 50 == 0) {
                world.runSteps();
            }
        }
        world.small.store().flush();
        world.runSteps();
        assertEquals(0, world.small.store().stats().punchedBytes(), "nothing is dead yet");
        return world;
    }

    static void deleteRange(ValueWorld world, int from, int to) {
        for (int i = from; i < to; i++) {
            world.delete(i);
        }
        world.small.store().flush();
    }

    private static void runSteps(SmallStore small) {
        for (int steps = 0; small.executor().runNext(); steps++) {
            assertTrue(steps < 20_000, "the background never becomes idle");
        }
    }

    /** Cuts the last edit off, unless a superblock says that it was forced. */
    private static void loseLastEdit(SimulatedDisk disk) {
        Superblock superblock = SuperblockFile.open(disk).current();
        long id = superblock.manifestId();
        ManifestReading reading = ManifestFile.read(disk, id, superblock.storeId(), superblock.manifestLength());
        long last = reading.offsets().get(reading.offsets().size() - 1);
        if (last >= superblock.manifestLength()) {
            disk.replace(ManifestFile.name(id), Arrays.copyOf(disk.bytes(ManifestFile.name(id)), (int) last));
        }
    }

    private static long punches(SimulatedDisk disk) {
        return disk.operations().stream()
                .filter(operation -> operation.kind() == OperationKind.PUNCH)
                .count();
    }

    private static long usedBytes(ValueWorld world) {
        return world.small.files("zone-").stream()
                .mapToLong(world.small.disk()::usedBytes)
                .sum();
    }

    private static ManifestState assertAccountsAreTrue(ValueWorld world) {
        ManifestState state = world.small.manifest();
        StoreStats stats = world.small.store().stats();
        assertEquals(world.small.fileBytes("zone-"), stats.zoneBytes());
        assertEquals(usedBytes(world), stats.zoneBytes() - stats.punchedBytes());
        assertEquals(
                stats.punchedBytes(),
                world.small.store().zoneStats().stream()
                        .mapToLong(ZoneStats::punchedBytes)
                        .sum());
        assertEquals((double) usedBytes(world) / stats.pageBytes(), stats.spaceAmplification(), 1e-9);
        return state;
    }

    @Test
    void theRoomOfADeletedRangeIsGivenBackWithoutMovingWhatLivesBesideIt() {
        try (ValueWorld world = filled()) {
            deleteRange(world, 200, 500);
            world.runSteps();
            StoreStats stats = world.small.store().stats();
            assertTrue(stats.punchesHoles());
            assertTrue(stats.punchedBytes() >= 64 << 10, stats.toString());
            assertAccountsAreTrue(world);
            world.verify("punched");
            world.assertHolds("punched");
            world.assertHasNot(300);
            long punched = stats.punchedBytes();
            ManifestState before = world.small.manifest();
            world.small.reopen();
            assertEquals(punched, assertPunched(world), "known again");
            int calls = world.small.disk().operations().size();
            world.runSteps();
            assertAccountsAreTrue(world);
            for (DiskOperation operation : world.small.disk().operations().subList(calls, (int)
                    world.small.disk().operationCount())) {
                if (operation.kind() == OperationKind.PUNCH) {
                    RoaringBitmap known = before.punched()
                            .getOrDefault((int) ZoneFiles.numberOf(operation.file()), new RoaringBitmap());
                    assertFalse(
                            known.intersects(operation.offset() / 64, (operation.offset() + operation.length()) / 64),
                            "punched again: " + operation);
                }
            }
            world.assertHolds("reopened");
        }
    }

    private static long assertPunched(ValueWorld world) {
        assertAccountsAreTrue(world);
        return world.small.store().stats().punchedBytes();
    }

    @Test
    void aSnapshotKeepsItsPagesUntilItIsClosedAndLaterOnesAreNotInItsWay() {
        try (ValueWorld world = filled()) {
            NavigableMap<String, String> then = new TreeMap<>(world.model);
            Snapshot first = world.small.store().snapshot();
            deleteRange(world, 200, 500);
            world.runSteps();
            assertEquals(0, world.small.store().stats().punchedBytes());
            Snapshot second = world.small.store().snapshot();
            SmallStore.assertHolds(then, first, "held");
            first.close();
            world.runSteps(); // woken by the close
            assertTrue(world.small.store().stats().punchedBytes() >= 64 << 10);
            SmallStore.assertHolds(world.model, second, "a snapshot of what was left");
            second.close();
            world.assertHolds("given back");
        }
    }

    @Test
    void aCursorSeesItsPagesTillItIsClosed() {
        try (ValueWorld world = filled()) {
            try (Cursor cursor = world.small.store().cursor()) {
                assertTrue(cursor.seek(b(ValueWorld.key(200))));
                NavigableMap<String, String> then = new TreeMap<>(world.model);
                deleteRange(world, 200, 500);
                world.runSteps();
                for (int i = 200; i < 500; i++) {
                    assertEquals(ValueWorld.key(i), s(cursor.key()));
                    assertEquals(then.get(ValueWorld.key(i)), s(cursor.value()));
                    assertTrue(cursor.next());
                }
            }
            world.runSteps();
            assertTrue(world.small.store().stats().punchedBytes() > 0);
        }
    }

    @Test
    void wherePagesDiedByTheLatestEditThatIsMadeSureBeforeTheHole() {
        try (ValueWorld world = filled()) {
            deleteRange(world, 200, 500);
            int next = 0;
            while (punches(world.small.disk()) == 0) {
                assertTrue(next++ < 20_000 && world.small.executor().runNext(), "nothing was punched");
            }
            // A manifest whose last edit is lost, as the superblock allows, names only what is there.
            SimulatedDisk left = world.small.disk().afterCrash(CrashOutcome.EVERYTHING);
            loseLastEdit(left);
            assertEquals(List.of(), new Verification(left).run().findings());
            try (SmallStore fallenBack = new SmallStore(OPTIONS, StepExecutor.Mode.MANUAL, left)) {
                fallenBack.assertHolds(world.model, "after the last edit is lost");
            }
            world.runSteps();
        }
    }

    @Test
    void whereThePlatformCannotNothingIsPunchedAndStatsSayThat() {
        try (ValueWorld world = filled()) {
            world.small.disk().setPunchesHoles(false);
            deleteRange(world, 200, 500);
            world.runSteps();
            assertFalse(world.small.store().stats().punchesHoles());
            assertEquals(0, punches(world.small.disk()));
            assertAccountsAreTrue(world);
            world.small.disk().setPunchesHoles(true);
            world.small.reopen();
            world.runSteps();
            assertTrue(assertPunched(world) > 0, "once it can");
        }
    }

    @Test
    void aZoneThatHasAnotherNameIsLeftAlone() {
        try (ValueWorld world = filled()) {
            world.small.files("zone-").forEach(name -> world.small.disk().setOtherNames(name, true));
            deleteRange(world, 200, 500);
            world.runSteps();
            assertEquals(0, punches(world.small.disk()));
            assertTrue(world.small.store().stats().punchesHoles(), "others may be punched");
            assertEquals(0, assertPunched(world));
            world.small.files("zone-").forEach(name -> world.small.disk().setOtherNames(name, false));
            world.small.reopen();
            world.runSteps();
            assertTrue(assertPunched(world) > 0, "after the copy is gone");
        }
    }

    @Test
    void aHoleThatFailsIsLoggedOnceTurnsHolesOffAndHarmsNothing() {
        List<String> told = new ArrayList<>();
        Handler handler = new Handler() {
            @Override
            public void publish(LogRecord record) {
                if (record.getMessage().contains("dead ranges")) {
                    told.add(record.getMessage());
                }
            }

            @Override
            public void flush() {}

            @Override
            public void close() {}
        };
        Logger logger = Logger.getLogger("dev.cambium");
        boolean wasPropagating = logger.getUseParentHandlers();
        logger.setUseParentHandlers(false);
        logger.addHandler(handler);
        try {
            for (int nth = 1; nth <= 2; nth++) {
                told.clear();
                try (ValueWorld world = filled()) {
                    world.small
                            .disk()
                            .faults()
                            .add(FaultRule.on(OperationKind.PUNCH).fromThe(nth).always());
                    deleteRange(world, 150, 320);
                    deleteRange(world, 560, 740);
                    world.runSteps();
                    boolean isMet = world.small.disk().faults().failures() > 0;
                    assertTrue(isMet, "hole " + nth);
                    assertEquals(1, told.size(), told.toString());
                    assertFalse(world.small.store().stats().punchesHoles());
                    deleteRange(world, 900, 1100);
                    world.runSteps();
                    assertEquals(
                            1, world.small.disk().faults().failures(), "hole " + nth + " is not met, or one behind it");
                    assertEquals(1, told.size(), "and not again");
                    world.assertHolds("holes are off");
                    world.small.disk().faults().clear();
                    world.small.reopen();
                    world.runSteps();
                    assertTrue(assertPunched(world) > 0, "on again after a reopen");
                    world.assertHolds("holes are on again");
                }
            }
        } finally {
            logger.removeHandler(handler);
            logger.setUseParentHandlers(wasPropagating);
        }
    }

    @Test
    void aHoleOverALivePageIsTold() {
        ValueWorld world = filled();
        world.small.close();
        ManifestState state = SmallStore.manifest(world.small.disk());
        ManifestRecord.Zone zone = state.zones().values().stream()
                .filter(each ->
                        each.stream() == ValueWorld.STREAM_VALUES && each.state() == ManifestRecord.ZoneState.SEALED)
                .findFirst()
                .orElseThrow();
        String name = ZoneFiles.name(zone.number());
        int at = (state.live().get(zone.number()).first() * Pointer.ALIGNMENT + (1 << 16)) & -4096;
        SimulatedDisk damaged = world.small.disk().afterCrash(CrashOutcome.EVERYTHING);
        damaged.open(name).punch(at, 64 << 10);
        List<VerifyReport.Finding> findings = new Verification(damaged).run().findings();
        assertTrue(findings.size() >= 16, findings.toString());
        for (VerifyReport.Finding finding : findings) {
            assertEquals(name, finding.file());
            assertTrue(finding.offset() > at - (64 << 10) && finding.offset() < at + (64 << 10), finding.toString());
        }
        try (SmallStore small = new SmallStore(OPTIONS, StepExecutor.Mode.MANUAL, damaged)) {
            int failed = 0;
            for (String key : world.model.keySet()) {
                try {
                    assertArrayEquals(b(world.model.get(key)), small.store().get(b(key)));
                } catch (CorruptionException e) {
                    assertEquals(name, e.file());
                    failed++;
                }
            }
            assertTrue(failed >= 50 && failed < 100, failed + " keys cannot be read");
            small.disk().crash(); // the second reader would refuse what is damaged
        }
    }

    private static byte[] longValue(int seed) {
        byte[] value = new byte[2 * MIB + 100_000];
        new SplittableRandom(seed).nextBytes(value);
        return value;
    }

    @Test
    void ofAZoneOfLongValuesThoseThatDiedAreGivenBackOnceNobodyReadsThem() throws IOException {
        try (SmallStore small = new SmallStore(SmallStore.ROOMY.withZoneBytes(16 * MIB), StepExecutor.Mode.MANUAL)) {
            Store store = small.store();
            for (int i = 0; i < 10; i++) {
                store.put(b("k" + i), longValue(i));
            }
            store.flush();
            runSteps(small);
            InputStream reading = store.getStream(b("k1"));
            Snapshot snapshot = store.snapshot();
            store.delete(b("k1"));
            store.put(b("k2"), b("short"));
            store.compact();
            runSteps(small);
            assertEquals(0, store.stats().punchedBytes(), "a snapshot sees both");
            assertArrayEquals(longValue(2), snapshot.get(b("k2")));
            snapshot.close();
            runSteps(small);
            assertEquals(0, store.stats().punchedBytes(), "a stream holds the zone");
            assertArrayEquals(longValue(1), reading.readAllBytes());
            reading.close();
            store.put(b("a"), b("b")); // who closes a stream wakes nobody
            store.flush();
            runSteps(small);
            assertTrue(store.stats().punchedBytes() >= 2 * longValue(0).length - 16_384, store.stats()::toString);
            for (int i = 0; i < 10; i++) {
                assertArrayEquals(
                        i == 1 ? null : i == 2 ? b("short") : longValue(i), store.get(b("k" + i)), "key " + i);
            }
            small.reopen();
            assertTrue(small.store().stats().punchedBytes() >= 2 * longValue(0).length - 16_384);
        }
    }

    @Test
    void longValuesThatNeverCameIntoARunAreGivenBackOnceNoMemtableRefersToTheirZone() {
        try (SmallStore small = new SmallStore(SmallStore.ROOMY.withZoneBytes(16 * MIB), StepExecutor.Mode.MANUAL)) {
            Store store = small.store();
            for (int i = 0; i < 12; i++) {
                store.put(b("k" + i % 6), longValue(i)); // the first six are overwritten
            }
            runSteps(small);
            assertEquals(
                    0,
                    new Verification(small.disk().afterCrash(CrashOutcome.PROCESS_KILL))
                            .run()
                            .findings()
                            .size());
            store.flush();
            runSteps(small);
            long dead = small.manifest().zones().values().stream()
                    .filter(zone -> zone.state() == ManifestRecord.ZoneState.SEALED)
                    .mapToLong(zone -> zone.length() - small.manifest().liveBytes(zone.number()))
                    .sum();
            assertTrue(
                    store.stats().punchedBytes() >= Math.min(dead, longValue(0).length) - 16_384,
                    store.stats()::toString);
            small.reopenAfter(CrashOutcome.NOTHING_UNFORCED);
            for (int i = 0; i < 6; i++) {
                assertArrayEquals(longValue(6 + i), small.store().get(b("k" + i)));
            }
        }
    }

    @Test
    void aLongValueThatOnlyTheLogNamesIsNotTakenForDead() {
        try (SmallStore small = new SmallStore(SmallStore.ROOMY.withZoneBytes(8 * MIB), StepExecutor.Mode.MANUAL)) {
            for (int i = 0; i < 6; i++) {
                small.store().put(b("k" + i), longValue(i));
            }
            small.reopenAfter(CrashOutcome.PROCESS_KILL);
            runSteps(small);
            small.store().put(b("a"), b("b"));
            runSteps(small);
            assertEquals(0, small.store().stats().punchedBytes());
            for (int i = 0; i < 6; i++) {
                assertArrayEquals(longValue(i), small.store().get(b("k" + i)));
            }
        }
    }

    /** Such pages stand in a zone beside those of runs, where what no run has looks dead. */
    @Test
    void aValueOfAPageOfItsOwnThatOnlyAMemtableNamesIsNotTakenForDead() {
        Options options = SmallStore.SMALL.withMemtableBytes(64 << 10).withZoneBytes(2 * MIB);
        try (SmallStore small = new SmallStore(options, StepExecutor.Mode.MANUAL)) {
            NavigableMap<String, String> expected = new TreeMap<>();
            for (int i = 0; i < 24; i++) {
                if (i == 13) { // of the twenty in the zone, two thirds are live, and there is something to be merged
                    for (int run = 0; run < 3; run++) {
                        small.store().put(b("run" + run), b("short"));
                        expected.put("run" + run, "short");
                        small.store().flush();
                    }
                }
                expected.put("k" + i, SmallStore.noise(i, 100_000));
                small.store().put(b("k" + i), b(expected.get("k" + i)), Durability.BUFFERED);
            }
            for (int second = 0;
                    second < 3;
                    second++) { // young runs are merged then, and a small memtable is left alone
                small.pass(Duration.ofSeconds(1));
                runSteps(small);
            }
            ManifestState state = small.manifest();
            assertTrue(
                    state.zones().values().stream()
                            .anyMatch(zone -> zone.state() == ManifestRecord.ZoneState.SEALED
                                    && zone.length() - state.liveBytes(zone.number()) > 500_000),
                    () -> "no zone that has ended has values that no run has: "
                            + small.store().zoneStats() + state.zones());
            assertEquals(0, small.store().stats().punchedBytes());
            small.assertHolds(expected, "in a memtable");
            small.reopenAfter(CrashOutcome.PROCESS_KILL);
            runSteps(small);
            small.assertHolds(expected, "after a kill");
            small.store().flush();
            runSteps(small);
            small.assertHolds(expected, "laid down");
        }
    }

    @Test
    void zonesThatHaveBeenPunchedAreWorthLessToTheCleaner() {
        try (ValueWorld world = filled()) {
            deleteRange(world, 200, 500);
            world.runSteps();
            assertTrue(world.small.store().stats().punchedBytes() > 0);
            for (ZoneStats zone : world.small.store().estimateClean(1.05)) {
                assertTrue(zone.takenBytes() - zone.liveBytes() > 0, zone.toString());
            }
            for (ZoneStats zone : world.small.store().zoneStats()) {
                assertEquals(zone.bytes() - zone.punchedBytes(), zone.takenBytes());
                assertEquals(zone.takenBytes() == 0 ? 0 : (double) zone.liveBytes() / zone.takenBytes(), zone.fill());
            }
        }
    }
}
