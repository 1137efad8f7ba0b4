package dev.cambium;

import static dev.cambium.StoreTest.b;
import static dev.cambium.StoreTest.s;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cambium.error.CorruptionException;
import dev.cambium.error.StoreException;
import dev.cambium.segment.manifest.ManifestFile;
import dev.cambium.segment.manifest.ManifestReading;
import dev.cambium.segment.manifest.ManifestRecord;
import dev.cambium.segment.manifest.ManifestRecord.ZoneState;
import dev.cambium.segment.manifest.Superblock;
import dev.cambium.segment.manifest.SuperblockFile;
import dev.cambium.testkit.disk.CrashOutcome;
import dev.cambium.testkit.disk.SimulatedCrash;
import dev.cambium.testkit.disk.SimulatedDisk;
import dev.cambium.testkit.runtime.StepExecutor;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/** What the next open finds: runs and logs count each batch once, zones of dead writers are left alone, keyspaces keep their ids. */
class RunRecoveryTest {
    private static final int ENTRIES = 100;

    private static NavigableMap<String, String> fill(Store store) {
        NavigableMap<String, String> model = new TreeMap<>();
        for (int i = 0; i < ENTRIES; i++) {
            store.put(b(String.format("%04d", i)), b("v" + i), i % 2 == 0 ? Durability.SYNC : Durability.BUFFERED);
            model.put(String.format("%04d", i), "v" + i);
        }
        return model;
    }

    @Test
    void batchesInRunsAreNotReplayed() {
        for (CrashOutcome outcome : List.of(CrashOutcome.PROCESS_KILL, CrashOutcome.NOTHING_UNFORCED)) {
            try (SmallStore small = new SmallStore(SmallStore.ROOMY)) {
                NavigableMap<String, String> model = fill(small.store());
                small.store().flush();
                small.store().put(b("later"), b("1"));
                small.store().put(b("0000"), b("again"));
                model.put("later", "1");
                model.put("0000", "again");
                Store store = small.reopenAfter(outcome);
                assertEquals(2, store.recoveryReport().operations(), store.recoveryReport()::toString);
                assertEquals(2, store.recoveryReport().entries(), store.recoveryReport()::toString);
                assertEquals(ENTRIES + 2, store.stats().entries());
                assertEquals(1, store.stats().runs());
                small.assertHolds(model, outcome.toString());
            }
        }
    }

    @Test
    void noEntryIsLostOrCountedTwiceWhereverAFlushIsCutShort() {
        SimulatedDisk whole = new SimulatedDisk(1);
        long begun;
        try (SmallStore small = new SmallStore(SmallStore.ROOMY, StepExecutor.Mode.INLINE, whole)) {
            fill(small.store());
            begun = whole.operationCount();
            small.store().flush();
        }
        for (long operation = begun; operation <= whole.operationCount(); operation++) {
            SimulatedDisk disk = new SimulatedDisk(1);
            disk.crashAt(operation);
            NavigableMap<String, String> model = null;
            try (SmallStore small = new SmallStore(SmallStore.ROOMY, StepExecutor.Mode.INLINE, disk)) {
                model = fill(small.store());
                small.store().flush();
            } catch (SimulatedCrash | StoreException e) {
                assertTrue(disk.hasCrashed());
            }
            for (CrashOutcome outcome : List.of(CrashOutcome.PROCESS_KILL, CrashOutcome.EVERYTHING)) {
                String when = outcome + " at " + operation;
                try (SmallStore later =
                        new SmallStore(SmallStore.ROOMY, StepExecutor.Mode.INLINE, disk.afterCrash(outcome))) {
                    assertEquals(ENTRIES, later.store().stats().entries(), when);
                    RecoveryReport report = later.store().recoveryReport();
                    assertEquals(report.operations(), later.store().stats().runs() > 0 ? 0 : ENTRIES, when);
                    later.assertHolds(model, when);
                    later.store().flush();
                    assertEquals(1, later.store().stats().runs(), when);
                    assertEquals(ENTRIES, later.store().stats().entries(), when);
                    later.reopen();
                    later.assertHolds(model, when + ", flushed and reopened");
                    later.store().close();
                    assertEquals(Set.of(), later.unnamedOrMissing(), when);
                    later.open();
                }
            }
        }
    }

    /** The disk dies in a background step, and close meets it too: with no error but the disk's. */
    @Test
    void aStoreWhoseDiskDiesInAStepIsClosedAllTheSame() {
        for (int after = 0; after < 60; after++) {
            try (SmallStore small = new SmallStore(SmallStore.ROOMY, StepExecutor.Mode.MANUAL)) {
                for (int run = 0; run < 4; run++) {
                    small.store().put(b("k" + run), b("v"), Durability.NONE);
                    small.store().flush();
                }
                small.store().put(b("unlogged"), b("v"), Durability.NONE);
                small.disk().crashAt(small.disk().operationCount() + after);
                try {
                    small.executor().runAll(); // merges, which seals the zone
                    small.store().flush();
                } catch (SimulatedCrash | StoreException e) {
                    assertTrue(small.disk().hasCrashed());
                }
                if (!small.disk().hasCrashed()) {
                    assertTrue(after > 3, "too few operations: " + after);
                    small.disk().crash();
                    return;
                }
            }
        }
    }

    @Test
    void zonesOfKilledWritersAreCutAndNeverWrittenAgain() {
        try (SmallStore small = new SmallStore(SmallStore.ROOMY)) {
            NavigableMap<String, String> model = fill(small.store());
            small.store().flush();
            String zone = small.files("zone-").get(0);
            byte[] bytes = small.disk().bytes(zone);
            for (int life = 0; life < 2; life++) { // a third one would be merged
                small.reopenAfter(CrashOutcome.PROCESS_KILL);
                small.store().put(b("life"), b("" + life));
                model.put("life", "" + life);
                small.store().flush();
                model.forEach(
                        (key, value) -> // no scan, for which it would merge
                        assertEquals(value, s(small.store().get(b(key)))));
                assertEquals(life + 2, small.manifest().zones().size());
                assertEquals(ZoneState.CUT, small.manifest().zones().get(1).state());
                assertArrayEquals(bytes, small.disk().bytes(zone));
            }
            small.assertHolds(model, "in the end");
        }
    }

    /** The second writer makes no edit about zones: it only closes. */
    @Test
    void aZoneOfAKilledWriterIsNotContinuedAfterALaterCleanClose() {
        try (SmallStore small = new SmallStore(SmallStore.ROOMY)) {
            NavigableMap<String, String> model = fill(small.store());
            small.store().flush();
            byte[] bytes = small.disk().bytes(small.files("zone-").get(0));
            small.reopenAfter(CrashOutcome.PROCESS_KILL);
            small.reopen();
            small.store().put(b("later"), b("1"));
            model.put("later", "1");
            small.store().flush();
            assertEquals(ZoneState.CUT, small.manifest().zones().get(1).state());
            assertArrayEquals(bytes, small.disk().bytes(small.files("zone-").get(0)));
            small.reopen();
            small.assertHolds(model, "reopened");
        }
    }

    /** What an unfinished flush or merge appended to the open zone was never named; the next writer may not trip over it. */
    @Test
    void garbageBehindTheNamedEndOfAZoneHarmsNobody() {
        try (SmallStore small = new SmallStore(SmallStore.ROOMY, StepExecutor.Mode.MANUAL)) {
            NavigableMap<String, String> model = new TreeMap<>();
            for (int run = 0; run < 4; run++) {
                for (int i = 0; i < 700; i++) {
                    String value = SmallStore.noise(1000L * run + i, 1000);
                    String key = i % 8 == 0 ? "k" + i : "k" + i + "." + run;
                    small.store().put(b(key), b(value), Durability.NONE);
                    model.put(key, value);
                }
                if (run < 3) {
                    small.store().flush();
                }
            }
            small.store().flush();
            int steps = 0;
            while (small.store().stats().runs() > 1 && steps++ < 1) {
                small.executor().runNext(); // the merge has begun, and has written pages
            }
            assertEquals(4, small.store().stats().runs(), "the merge is finished already");
            small.store().close();
            assertEquals(Set.of(), small.unnamedOrMissing());
            small.open();
            small.assertHolds(model, "a merge was left unfinished by a clean close");
            small.executor().runAll();
            small.store().compact();
            assertEquals(1, small.store().stats().runs(), "the merge is begun anew");
            small.assertHolds(model, "merged");
            small.reopenAfter(CrashOutcome.NOTHING_UNFORCED);
            small.assertHolds(model, "merged and killed");
        }
    }

    @Test
    void cleanClosesContinueTheOpenZone() {
        try (SmallStore small = new SmallStore(SmallStore.ROOMY)) {
            NavigableMap<String, String> model = new TreeMap<>();
            for (int i = 0; i < 20; i++) {
                small.store().put(b("k" + i), b("v"), Durability.NONE);
                model.put("k" + i, "v");
                small.store().flush();
                small.reopen();
                small.assertHolds(model, "session " + i);
                assertTrue(
                        small.manifest().zones().size() <= 2,
                        () -> small.manifest().zones().toString());
            }
        }
    }

    @Test
    void aStoreThatIsKilledAgainAndAgainIsLaidDownInTheEnd() {
        try (SmallStore small = new SmallStore(SmallStore.ROOMY)) {
            NavigableMap<String, String> model = new TreeMap<>();
            for (int life = 0; life < 12; life++) {
                small.store().put(b("k" + life), b("v" + life));
                model.put("k" + life, "v" + life);
                small.reopenAfter(CrashOutcome.PROCESS_KILL);
                small.assertHolds(model, "life " + life);
                assertTrue(
                        small.store().recoveryReport().logs().size() <= 6,
                        small.store().recoveryReport()::toString);
                assertTrue(
                        small.manifest().logs().size() <= 8,
                        () -> small.manifest().logs().toString());
            }
            assertTrue(small.store().stats().runs() > 0, small.store().stats()::toString);
        }
    }

    @Test
    void moreThanFourLogsToReplayEndWithAFlush() {
        try (SmallStore small = new SmallStore(SmallStore.ROOMY)) {
            NavigableMap<String, String> model = new TreeMap<>();
            int replayed;
            do {
                String key = "k" + model.size();
                small.store().put(b(key), b("v"));
                model.put(key, "v");
                small.reopenAfter(CrashOutcome.NOTHING_UNFORCED);
                replayed = small.store().recoveryReport().logs().size();
                assertEquals(replayed > 4 ? 1 : 0, small.store().stats().runs(), replayed + " logs were replayed");
                assertTrue(model.size() < 9, "no flush comes");
            } while (replayed <= 4);
            assertTrue(
                    small.manifest().logs().size() <= 2,
                    () -> small.manifest().logs().toString());
            small.reopenAfter(CrashOutcome.NOTHING_UNFORCED);
            assertEquals(0, small.store().recoveryReport().operations());
            small.assertHolds(model, "from the run alone");
        }
    }

    @Test
    void keyspacesKeepTheirDataWhenTheLogThatMadeThemIsDropped() {
        try (SmallStore small = new SmallStore(SmallStore.SMALL)) {
            Map<String, Integer> ids = new TreeMap<>();
            for (int round = 0; round < 12; round++) {
                Keyspace before = small.store().keyspace("before" + round);
                before.put(b("k"), b(before.name()));
                small.store().flush();
                Keyspace after = small.store().keyspace("after" + round);
                small.store().keyspace("empty" + round);
                after.put(b("k"), b(after.name()), Durability.BUFFERED);
                for (int i = 0; i < 60; i++) {
                    small.store().put(b("other" + i), b(SmallStore.noise(i, 200)), Durability.BUFFERED);
                }
                for (String name : small.store().keyspaces()) {
                    int id = small.store().keyspace(name).id();
                    assertEquals(id, ids.computeIfAbsent(name, any -> id), name);
                }
                assertEquals(ids.size(), Set.copyOf(ids.values()).size(), "two keyspaces share an id: " + ids);
                if (round % 3 == 0) {
                    small.reopen();
                } else {
                    small.reopenAfter(round % 3 == 1 ? CrashOutcome.PROCESS_KILL : CrashOutcome.EVERYTHING);
                }
                assertEquals(List.copyOf(ids.keySet()), small.store().keyspaces());
                ids.forEach((name, id) -> {
                    Keyspace keyspace = small.store().keyspace(name);
                    assertEquals(id, keyspace.id(), name);
                    assertEquals(name.startsWith("empty") ? null : name, s(keyspace.get(b("k"))));
                });
                assertNull(small.store().get(b("k")));
            }
            assertTrue(small.manifest().firstLiveLog() > 12, "logs were not dropped");
        }
    }

    @Test
    void aKeyspaceWithoutAnyEntrySurvivesFlushesAndKills() {
        try (SmallStore small = new SmallStore(SmallStore.ROOMY)) {
            small.store().keyspace("empty");
            small.store().flush();
            small.reopenAfter(CrashOutcome.NOTHING_UNFORCED);
            assertEquals(List.of("empty"), small.store().keyspaces());
            small.store().put(b("k"), b("v"));
            small.store().flush();
            small.store().put(b("k"), b("w"));
            small.store().flush();
            small.reopenAfter(CrashOutcome.NOTHING_UNFORCED);
            assertEquals(List.of("empty"), small.store().keyspaces());
            assertNotEquals(
                    small.store().keyspace("empty").id(),
                    small.store().keyspace("new").id());
        }
    }

    @Test
    void aZoneThatTheManifestNamesAndThatIsGoneOrShortIsCorruption() {
        for (boolean gone : new boolean[] {true, false}) {
            try (SmallStore small = new SmallStore(SmallStore.ROOMY)) {
                fill(small.store());
                small.store().flush();
                String zone = small.files("zone-").get(0);
                SimulatedDisk disk = small.disk().afterCrash(CrashOutcome.PROCESS_KILL);
                byte[] bytes = disk.bytes(zone);
                if (gone) {
                    disk.delete(zone);
                } else {
                    disk.replace(zone, Arrays.copyOf(bytes, bytes.length - 64));
                }
                List<String> files = disk.list();
                CorruptionException e = assertThrows(
                        CorruptionException.class,
                        () -> new SmallStore(SmallStore.ROOMY, StepExecutor.Mode.INLINE, disk));
                assertTrue(e.getMessage().contains(zone), e.getMessage());
                assertEquals(files, disk.list(), "a refused open changes files");
            }
        }
    }

    @Test
    void zoneNumbersAreNeverUsedAgain() {
        try (SmallStore small = new SmallStore(SmallStore.ROOMY)) {
            int most = 0;
            for (int life = 0; life < 20; life++) {
                small.store().put(b("k" + life % 3), b(SmallStore.noise(life, 400_000)), Durability.NONE);
                small.store().flush();
                int newest = small.manifest().zones().lastKey();
                assertTrue(newest >= most, newest + " after " + most);
                most = newest;
                assertTrue(small.manifest().next().zone() > newest);
                for (ManifestRecord.Run run : small.manifest().runs()) {
                    assertTrue(run.id() < small.manifest().next().run()
                            && run.newest() < small.manifest().next().birth());
                }
                boolean kill = life % 2 == 0;
                if (kill) {
                    small.reopenAfter(CrashOutcome.NOTHING_UNFORCED);
                } else {
                    small.reopen();
                }
                assertEquals(!kill, small.store().recoveryReport().cleanClose());
                assertFalse(small.store().recoveryReport().created());
            }
            assertTrue(most > 10, "only " + most);
        }
    }

    /** A medium that loses a forced edit has broken its word; what the edit stopped naming must be there all the same. */
    @Test
    void aLastEditThatIsLostLeavesACompleteVersion() {
        NavigableMap<String, String> model = new TreeMap<>();
        int lost = 0;
        try (SmallStore small =
                new SmallStore(SmallStore.ROOMY.withMemtableBytes(64 << 10), StepExecutor.Mode.MANUAL)) {
            for (int round = 0; round < 60; round++) {
                for (int i = 0; i < 20; i++) {
                    String value = SmallStore.noise(20L * round + i, 3000);
                    small.store().put(b("k" + i), b(value), Durability.BUFFERED);
                    model.put("k" + i, value);
                }
                small.store().flush();
                for (int steps = round % 2 == 0 ? 2 : 100;
                        steps > 0 && small.executor().runNext();
                        steps--) {
                    SimulatedDisk left = small.disk().afterCrash(CrashOutcome.PROCESS_KILL);
                    if (loseLastEdit(left)) {
                        lost++;
                        try (SmallStore later = new SmallStore(SmallStore.ROOMY, StepExecutor.Mode.INLINE, left)) {
                            later.assertHolds(model, "round " + round);
                        }
                    }
                }
            }
            assertTrue(small.manifest().next().zone() > 6, "too few zones were dropped");
        }
        assertTrue(lost > 10, "only " + lost + " edits were lost");
    }

    /** Cuts the last edit off, if it is one of a flush or merge and no superblock names it. */
    private static boolean loseLastEdit(SimulatedDisk disk) {
        Superblock superblock = SuperblockFile.open(disk).current();
        ManifestReading reading =
                ManifestFile.read(disk, superblock.manifestId(), superblock.storeId(), superblock.manifestLength());
        int last = reading.edits().size() - 1;
        long offset = reading.offsets().get(last);
        boolean aboutRuns = reading.edits().get(last).records().stream()
                .anyMatch(record -> record instanceof ManifestRecord.Run || record instanceof ManifestRecord.RunDrop);
        if (offset < superblock.manifestLength() || !aboutRuns) {
            return false;
        }
        String name = ManifestFile.name(superblock.manifestId());
        disk.replace(name, Arrays.copyOf(disk.bytes(name), (int) offset));
        return true;
    }
}
