package dev.cambium;

import static dev.cambium.StoreTest.b;
import static dev.cambium.StoreTest.s;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cambium.testkit.disk.CrashOutcome;
import dev.cambium.testkit.runtime.StepExecutor;
import java.util.ArrayList;
import java.util.List;
import java.util.NavigableMap;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What a flush promises, and what is seen while memtables are laid down step by step. */
class FlushTest {
    private static final List<CrashOutcome> OUTCOMES =
            List.of(CrashOutcome.PROCESS_KILL, CrashOutcome.NOTHING_UNFORCED, CrashOutcome.EVERYTHING);

    @Test
    void flushMakesWritesThatAreInNoLogSurvivePowerLoss() {
        for (CrashOutcome outcome : OUTCOMES) {
            try (SmallStore small = new SmallStore(SmallStore.ROOMY)) {
                Store store = small.store();
                store.put(b("none"), b("1"), Durability.NONE);
                store.put(b("buffered"), b("2"), Durability.BUFFERED);
                store.put(b("sync"), b("3"));
                store.put(b("deleted"), b("4"));
                store.delete(b("deleted"), Durability.NONE);
                store.put(b("twice"), b("old"), Durability.SYNC);
                store.put(b("twice"), b("new"), Durability.NONE);
                store.write(new WriteBatch().put(b("batch"), b("5")).delete(b("none of it")), Durability.NONE);
                store.flush();
                store.put(b("after"), b("6"), Durability.NONE);
                Store later = small.reopenAfter(outcome);
                assertEquals("1", s(later.get(b("none"))), outcome.toString());
                assertEquals("2", s(later.get(b("buffered"))));
                assertEquals("3", s(later.get(b("sync"))));
                assertNull(later.get(b("deleted")));
                assertEquals("new", s(later.get(b("twice"))));
                assertEquals("5", s(later.get(b("batch"))));
                String after = s(later.get(b("after")));
                assertTrue(after == null || after.equals("6"), after);
            }
        }
    }

    @Test
    void flushOfAnEmptyStoreDoesNothing() {
        try (SmallStore small = new SmallStore(SmallStore.SMALL)) {
            long operations = small.disk().operationCount();
            small.store().flush();
            small.store().flush();
            assertEquals(operations, small.disk().operationCount(), () -> small.disk()
                    .operations()
                    .toString());
            assertEquals(0, small.store().stats().runs());
            assertEquals(List.of(), small.files("zone-"));
        }
    }

    @Test
    void flushWithoutWritesInBetweenMakesNoSecondRun() {
        try (SmallStore small = new SmallStore(SmallStore.SMALL)) {
            small.store().put(b("k"), b("v"));
            small.store().flush();
            long operations = small.disk().operationCount();
            for (int i = 0; i < 5; i++) {
                small.store().flush();
            }
            assertEquals(operations, small.disk().operationCount(), "a flush of nothing touches the disk");
            assertEquals(1, small.store().stats().runs());
            small.reopen().flush();
            assertEquals(1, small.store().stats().runs());
            assertEquals(1, small.manifest().runs().size());
        }
    }

    @Test
    void flushMovesAllEntriesFromMemtablesIntoOneRun() {
        try (SmallStore small = new SmallStore(SmallStore.ROOMY)) {
            Store store = small.store();
            long bytes = 0;
            for (int i = 0; i < 500; i++) {
                store.put(b(String.format("%05d", i)), b("v" + i), Durability.NONE);
                bytes += 5 + ("v" + i).length();
            }
            store.delete(b("00007"), Durability.NONE);
            store.delete(b("never there"), Durability.NONE);
            assertEquals(501, store.stats().entries());
            store.flush();
            StoreStats stats = store.stats();
            assertEquals(1, stats.runs());
            assertEquals(1, stats.memtables(), "the active one, empty");
            assertTrue(stats.entries() >= 499 && stats.entries() <= 501, stats.toString());
            assertTrue(stats.tombstones() <= 2, stats.toString());
            assertTrue(stats.runBytes() >= bytes - 10, stats.toString());
            assertTrue(stats.zones() == 1 && stats.zoneBytes() > 4096, stats.toString());
            assertEquals(small.fileBytes("zone-"), stats.zoneBytes(), "the manifest names what is in the file");
        }
    }

    @Test
    void anEmptyKeyAndAnEmptyValueAreLaidDownToo() {
        try (SmallStore small = new SmallStore(SmallStore.SMALL)) {
            small.store().put(new byte[0], new byte[0], Durability.NONE);
            small.store().flush();
            Store store = small.reopenAfter(CrashOutcome.NOTHING_UNFORCED);
            assertEquals("", s(store.get(new byte[0])));
            try (Cursor cursor = store.cursor()) {
                assertTrue(cursor.next());
                assertEquals(0, cursor.key().length);
                assertEquals(0, cursor.value().length);
                assertTrue(cursor.seek(new byte[0]) && cursor.seekFloor(new byte[0]));
            }
        }
    }

    @Test
    void logsOfBeforeAFlushAreDropped() {
        try (SmallStore small = new SmallStore(SmallStore.SMALL)) {
            for (int round = 0; round < 30; round++) {
                for (int i = 0; i < 40; i++) {
                    small.store().put(b("k" + i), b(SmallStore.noise(round, 200)), Durability.BUFFERED);
                }
                small.store().flush();
                assertTrue(
                        small.manifest().logs().size() <= 3,
                        () -> "logs " + small.manifest().logs());
            }
            Store store = small.reopenAfter(CrashOutcome.PROCESS_KILL);
            assertEquals(0, store.recoveryReport().operations(), store.recoveryReport()::toString);
        }
    }

    @Test
    void aFlushMayComeBetweenAnyTwoWrites() {
        NavigableMap<String, String> model = new TreeMap<>();
        try (SmallStore small = new SmallStore(SmallStore.SMALL)) {
            for (int i = 0; i < 200; i++) {
                String key = "k" + i * 7 % 23;
                if (i % 5 == 4) {
                    small.store().delete(b(key), Durability.NONE);
                    model.remove(key);
                } else {
                    small.store().put(b(key), b("v" + i), Durability.NONE);
                    model.put(key, "v" + i);
                }
                small.store().flush();
                small.assertHolds(model, "after write " + i);
            }
            assertTrue(small.store().stats().runs() <= 12, small.store().stats()::toString);
            small.reopenAfter(CrashOutcome.NOTHING_UNFORCED);
            small.assertHolds(model, "after power loss");
        }
    }

    @ParameterizedTest
    @EnumSource(Durability.class)
    void sealedMemtablesAreLaidDownWithoutBeingAsked(Durability durability) {
        NavigableMap<String, String> model = new TreeMap<>();
        try (SmallStore small = new SmallStore(SmallStore.SMALL)) {
            for (int i = 0; i < 300; i++) {
                String key = String.format("%04d", i * 31 % 300);
                small.store().put(b(key), b("v" + i + ".".repeat(100)), durability);
                model.put(key, "v" + i + ".".repeat(100));
            }
            StoreStats stats = small.store().stats();
            assertTrue(stats.runs() > 0 && stats.memtables() <= 3, stats.toString());
            small.assertHolds(model, "in memtables and runs");
            small.reopen();
            small.assertHolds(model, "after a clean close");
        }
    }

    /** Puts until a write has to wait, without a background step run before. */
    @Test
    void writesWaitOnlyWhenTwoSealedMemtablesWait() {
        try (SmallStore small = new SmallStore(SmallStore.SMALL, StepExecutor.Mode.MANUAL)) {
            Store store = small.store();
            int most = 0;
            int puts = 0;
            while (small.executor().finished() == 0) {
                most = Math.max(most, store.stats().memtables());
                store.put(b(String.format("%04d", puts++)), b(SmallStore.noise(puts, 100)), Durability.NONE);
                assertTrue(puts < 1000, "memory grows without bound");
            }
            assertEquals(3, most, "one that is written to and two that wait");
            assertTrue(puts >= 3 * 4096 / 200, "writes wait after " + puts);
            for (int i = 0; i < puts; i++) {
                assertEquals(SmallStore.noise(i + 1, 100), s(store.get(b(String.format("%04d", i)))));
            }
        }
    }

    /** Background steps one by one, among writes; whatever a step does, the content stays the same. */
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void eachStepShowsTheSameContentBeforeAndAfter(long seed) {
        Random random = new Random(seed);
        NavigableMap<String, String> model = new TreeMap<>();
        List<Snapshot> snapshots = new ArrayList<>();
        List<NavigableMap<String, String>> seen = new ArrayList<>();
        try (SmallStore small = new SmallStore(SmallStore.SMALL, StepExecutor.Mode.MANUAL)) {
            int mostRuns = 0;
            boolean fewer = false;
            for (int i = 0; i < 700; i++) {
                String key = "k" + random.nextInt(60);
                Durability durability = Durability.values()[random.nextInt(3)];
                if (random.nextInt(4) == 0) {
                    small.store().delete(b(key), durability);
                    model.remove(key);
                } else {
                    String value = "v" + i + SmallStore.noise(i, random.nextInt(300));
                    small.store().put(b(key), b(value), durability);
                    model.put(key, value);
                }
                if (i % 70 == 0) {
                    snapshots.add(small.store().snapshot());
                    seen.add(new TreeMap<>(model));
                }
                for (int steps = random.nextInt(3);
                        steps > 0 && small.executor().waiting() > 0;
                        steps--) {
                    small.executor().runNext();
                    small.assertHolds(model, "after a step behind write " + i);
                }
                int runs = small.store().stats().runs();
                fewer |= runs < mostRuns;
                mostRuns = Math.max(mostRuns, runs);
            }
            assertTrue(mostRuns >= 3 && fewer, "no merge was met: at most " + mostRuns + " runs");
            while (small.executor().runNext()) {
                small.assertHolds(model, "after a last step");
            }
            for (int i = 0; i < snapshots.size(); i++) {
                SmallStore.assertHolds(seen.get(i), snapshots.get(i), "snapshot " + i);
                snapshots.get(i).close();
            }
            small.reopen();
            small.assertHolds(model, "after a clean close");
        }
    }

    @Test
    void flushWaitsForItsOwnMemtableWhateverElseIsQueued() {
        try (SmallStore small = new SmallStore(SmallStore.SMALL, StepExecutor.Mode.MANUAL)) {
            for (int round = 0; round < 20; round++) {
                small.store().put(b("k" + round), b("v" + round), Durability.NONE);
                small.store().flush();
                try (SmallStore later = new SmallStore(
                        SmallStore.SMALL,
                        StepExecutor.Mode.INLINE,
                        small.disk().afterCrash(CrashOutcome.NOTHING_UNFORCED))) {
                    for (int i = 0; i <= round; i++) {
                        assertEquals("v" + i, s(later.store().get(b("k" + i))));
                    }
                }
            }
        }
    }
}
