package dev.cambium;

import static dev.cambium.StoreTest.b;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cambium.segment.manifest.ManifestRecord;
import dev.cambium.testkit.disk.CrashOutcome;
import dev.cambium.testkit.runtime.StepExecutor;
import java.util.List;
import java.util.NavigableMap;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** How many files a store has, and how long they are: bounded by what it holds, not by how long it has been written to. */
class RunFilesTest {
    private static final int KEYS = 20;
    private static final long MIB = 1 << 20;

    /** Logs of 64 KiB, so that hundreds of opens take no time. */
    private static final Options SHORT_LOGS = SmallStore.SMALL.withMemtableBytes(64 << 10);

    /** Overwrites the same keys, about a memtable a round. */
    private static void overwrite(Store store, NavigableMap<String, String> model, int rounds, int from) {
        for (int round = from; round < from + rounds; round++) {
            for (int i = 0; i < KEYS; i++) {
                String value = SmallStore.noise(31L * round + i, 200);
                store.put(b("key" + i), b(value), Durability.BUFFERED);
                model.put("key" + i, value);
            }
        }
    }

    private static void assertSmall(SmallStore small, String when) {
        String what = when + ": " + small.disk().list();
        assertTrue(small.fileBytes("zone-") <= 4 * MIB, what + ", zones of " + small.fileBytes("zone-") + " bytes");
        assertTrue(small.files("zone-").size() <= 6, what);
        assertTrue(small.files("log-").size() <= 5, what);
        assertTrue(small.files("spare-").size() <= 3, what);
        assertTrue(small.fileBytes("log-") + small.fileBytes("spare-") <= MIB, what);
        assertTrue(small.files("manifest-").size() <= 2, what);
        assertTrue(small.fileBytes("manifest-") <= MIB, what + ", manifest of " + small.fileBytes("manifest-"));
    }

    @ParameterizedTest
    @EnumSource(StepExecutor.Mode.class)
    void aStoreThatIsOverwrittenForLongStaysSmall(StepExecutor.Mode mode) {
        NavigableMap<String, String> model = new TreeMap<>();
        try (SmallStore small = new SmallStore(SmallStore.SMALL, mode)) {
            for (int part = 0; part < 30; part++) {
                overwrite(small.store(), model, 20, 20 * part);
                assertSmall(small, "after " + 20 * (part + 1) + " rounds");
            }
            small.assertHolds(model, "open");
            small.store().close();
            assertSmall(small, "closed");
            assertEquals(Set.of(), small.unnamedOrMissing());
            small.open();
            small.assertHolds(model, "reopened");
        }
    }

    @Test
    void fiftyMemtablesOfTheSameKeysLeaveAFewKilobytesInRuns() {
        NavigableMap<String, String> model = new TreeMap<>();
        try (SmallStore small = new SmallStore(SmallStore.ROOMY)) {
            for (int round = 0; round < 50; round++) {
                overwrite(small.store(), model, 1, round);
                small.store().flush();
            }
            long content = KEYS * 206;
            StoreStats stats = small.store().stats();
            assertTrue(stats.runs() <= 6, stats.toString());
            assertTrue(stats.runBytes() <= stats.runs() * (content + KEYS * 4L), stats.toString());
            small.store().close();
            assertSmall(small, "closed");
            assertEquals(Set.of(), small.unnamedOrMissing());
            small.open();
            small.assertHolds(model, "reopened");
        }
    }

    /** What the manifest says of zones and runs is what lies in the files. */
    private static void assertManifestIsTrue(SmallStore small) {
        for (ManifestRecord.Zone zone : small.manifest().zones().values()) {
            String name = String.format("zone-%016x", zone.number());
            int length = small.disk().bytes(name).length;
            assertTrue(zone.length() <= length, name + " has " + length + " bytes, named are " + zone.length());
            if (zone.state() != ManifestRecord.ZoneState.CUT) {
                assertEquals(zone.length(), length, name);
            }
            boolean used = small.manifest().live().containsKey(zone.number());
            assertTrue(used || zone.state() == ManifestRecord.ZoneState.OPEN, name + " is named and holds no run");
        }
    }

    @Test
    void zonesWithoutAPageInARunAreDropped() {
        NavigableMap<String, String> model = new TreeMap<>();
        try (SmallStore small = new SmallStore(SmallStore.ROOMY)) {
            for (int round = 0; round < 60; round++) {
                for (int i = 0; i < 20; i++) {
                    String value = SmallStore.noise(31L * round + i, 4000);
                    small.store().put(b("key" + i), b(value), Durability.NONE);
                    model.put("key" + i, value);
                }
                small.store().flush();
                assertManifestIsTrue(small);
            }
            assertTrue(small.manifest().next().zone() > 6, "too few zones were written: " + small.manifest());
            assertTrue(
                    small.files("zone-").size() <= 5, () -> small.files("zone-").toString());
            small.reopen();
            small.assertHolds(model, "reopened");
            small.store().close();
            assertManifestIsTrue(small);
            assertEquals(Set.of(), small.unnamedOrMissing());
            small.open();
        }
    }

    @Test
    void dozensOfSessionsMakeNeitherManyZonesNorRunsNorLogs() {
        NavigableMap<String, String> model = new TreeMap<>();
        for (Durability durability : new Durability[] {Durability.SYNC, Durability.NONE}) {
            try (SmallStore small = new SmallStore(SHORT_LOGS)) {
                model.clear();
                for (int i = 0; i < 120; i++) {
                    small.store().put(b("k" + i % 100), b("v" + i), durability);
                    model.put("k" + i % 100, "v" + i);
                    small.reopen();
                    assertTrue(small.store().recoveryReport().cleanClose(), "session " + i);
                }
                small.assertHolds(model, "after 120 sessions");
                assertTrue(small.store().stats().runs() <= 15, small.store().stats()::toString);
                small.store().close();
                assertSmall(small, durability.toString());
                assertTrue(
                        small.files("zone-").size() <= 2,
                        () -> small.disk().list().toString());
                assertTrue(
                        small.files("log-").size() <= 2,
                        () -> small.disk().list().toString());
                assertEquals(Set.of(), small.unnamedOrMissing());
                small.open();
            }
        }
    }

    @Test
    void dozensOfKillsMakeNeitherManyZonesNorRunsNorLogs() {
        for (boolean flush : new boolean[] {true, false}) {
            NavigableMap<String, String> model = new TreeMap<>();
            try (SmallStore small = new SmallStore(SHORT_LOGS)) {
                for (int i = 0; i < 60; i++) {
                    small.store().put(b("k" + i % 50), b("v" + i));
                    model.put("k" + i % 50, "v" + i);
                    if (flush) {
                        small.store().flush();
                    }
                    small.reopenAfter(i % 2 == 0 ? CrashOutcome.PROCESS_KILL : CrashOutcome.NOTHING_UNFORCED);
                    assertTrue(
                            small.files("zone-").size() <= 16,
                            () -> small.disk().list().toString());
                    assertTrue(
                            small.files("log-").size() <= 8,
                            () -> small.disk().list().toString());
                }
                small.assertHolds(model, "after 60 kills");
                assertTrue(small.store().stats().runs() <= 15, small.store().stats()::toString);
                small.store().close();
                assertEquals(Set.of(), small.unnamedOrMissing());
                assertManifestIsTrue(small);
                small.open();
            }
        }
    }

    @Test
    void aStoreOfThreeKeysStaysSmall() {
        try (SmallStore small = new SmallStore(Options.DEFAULT)) {
            for (String key : List.of("a", "b", "c")) {
                small.store().put(b(key), b("v"));
            }
            small.store().flush();
            assertTrue(
                    small.fileBytes("zone-") < 2 * MIB,
                    () -> small.disk().list().toString());
        }
    }
}
