package dev.cambium;

import static dev.cambium.StoreTest.b;
import static dev.cambium.StoreTest.s;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cambium.testkit.disk.CrashOutcome;
import dev.cambium.testkit.runtime.StepExecutor;
import java.util.NavigableMap;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/** Four runs of a tier become one of the next: newer entries hide older ones all the time, tombstones go when they hide nothing. */
class MergeTest {
    private static final int TIER = 4;
    private static final int KEYS = 20;

    private static String key(int number) {
        return String.format("k%03d", number);
    }

    private static void putAll(Store store, NavigableMap<String, String> model, String value) {
        for (int i = 0; i < KEYS; i++) {
            store.put(b(key(i)), b(value + i), Durability.BUFFERED);
            model.put(key(i), value + i);
        }
        store.flush();
    }

    private static void deleteAll(Store store, NavigableMap<String, String> model) {
        for (int i = 0; i < KEYS; i++) {
            store.delete(b(key(i)), Durability.BUFFERED);
        }
        model.clear();
        store.flush();
    }

    /** Keys that the base does not have: nothing of it is hidden, and young runs are merged among themselves. */
    @Test
    void fourYoungRunsOfATierBecomeOneOfTheNext() {
        NavigableMap<String, String> model = new TreeMap<>();
        try (SmallStore small = new SmallStore(SmallStore.ROOMY)) {
            for (int i = 0; i < 1000; i++) {
                small.store().put(b("base" + i), b("v"), Durability.BUFFERED);
                model.put("base" + i, "v");
            }
            small.store().flush();
            for (int flushes = 1; flushes <= 64; flushes++) {
                for (int i = 0; i < 10; i++) {
                    String key = "new" + i + "." + flushes;
                    small.store().put(b(key), b("v" + flushes), Durability.BUFFERED);
                    model.put(key, "v" + flushes);
                }
                small.store().flush();
                int young = Integer.toString(flushes, TIER)
                        .chars()
                        .map(digit -> digit - '0')
                        .sum();
                assertEquals(1 + young, small.store().stats().runs(), "runs after " + flushes + " flushes");
                assertEquals(model.size(), small.store().stats().entries());
                model.forEach((key, value) ->
                        assertEquals(value, s(small.store().get(b(key))))); // no scan, for which it would merge more
            }
            small.reopenAfter(CrashOutcome.NOTHING_UNFORCED);
            assertEquals(2, small.store().stats().runs());
            small.assertHolds(model, "after power loss");
        }
    }

    @Test
    void theBaseTakesYoungRunsOnceTheyHideAFifthOfIt() {
        NavigableMap<String, String> model = new TreeMap<>();
        try (SmallStore small = new SmallStore(SmallStore.ROOMY)) {
            for (int i = 0; i < 1000; i++) {
                small.store().put(b(key(i)), b("v"), Durability.BUFFERED);
                model.put(key(i), "v");
            }
            small.store().flush();
            int most = 0;
            for (int round = 0; round < 100; round++) {
                for (int i = 0; i < 30; i++) {
                    int k = (int) ((round * 30L + i) * 7919 % 1000);
                    small.store().put(b(key(k)), b("v" + round), Durability.BUFFERED);
                    model.put(key(k), "v" + round);
                }
                small.store().flush();
                StoreStats stats = small.store().stats();
                most = Math.max(most, stats.runs());
                assertTrue(stats.entries() <= 1000 + 1000 / 5, "round " + round + ": " + stats);
                small.assertHolds(model, "round " + round);
            }
            assertTrue(most > 2, "there were no young runs");
            small.reopenAfter(CrashOutcome.NOTHING_UNFORCED);
            small.assertHolds(model, "after power loss");
        }
    }

    /** Tombstones go where the base is merged, whoever has it open; the snapshot sees what it saw. */
    @Test
    void tombstonesVanishAtTheBaseWhileASnapshotIsOpen() {
        NavigableMap<String, String> model = new TreeMap<>();
        try (SmallStore small = new SmallStore(SmallStore.ROOMY)) {
            Store store = small.store();
            putAll(store, model, "v");
            try (Snapshot before = store.snapshot()) {
                deleteAll(store, model);
                StoreStats stats = store.stats();
                assertEquals(0, stats.tombstones(), stats.toString());
                assertEquals(0, stats.entries(), stats.toString());
                small.assertHolds(model, "all is gone");
                for (int i = 0; i < KEYS; i++) {
                    assertEquals("v" + i, s(before.get(b(key(i)))));
                }
            }
        }
    }

    @Test
    void aTombstoneOfANewerRunHidesTheOlderValue() {
        NavigableMap<String, String> model = new TreeMap<>();
        try (SmallStore small = new SmallStore(SmallStore.ROOMY, StepExecutor.Mode.MANUAL)) {
            Store store = small.store();
            putAll(store, model, "v");
            for (int i = 0; i < KEYS; i += 2) {
                store.delete(b(key(i)));
                model.remove(key(i));
            }
            small.assertHolds(model, "tombstones in the memtable");
            store.flush();
            assertEquals(2, store.stats().runs());
            assertEquals(KEYS / 2, store.stats().tombstones());
            small.assertHolds(model, "tombstones in a run");
            for (int i = 0; i < KEYS; i++) {
                assertEquals(model.get(key(i)), s(store.get(b(key(i)))));
            }
            try (Cursor cursor = store.cursor()) {
                assertTrue(cursor.seek(b(key(4))));
                assertEquals(key(5), s(cursor.key()), "seek goes on to the next that is there");
                assertTrue(cursor.seekFloor(b(key(4))));
                assertEquals(key(3), s(cursor.key()));
                assertTrue(cursor.next());
                assertEquals(key(5), s(cursor.key()), "next after seekFloor");
                assertTrue(cursor.previous());
                assertEquals(key(3), s(cursor.key()), "previous after next");
                assertTrue(cursor.first());
                assertEquals(key(1), s(cursor.key()));
                assertFalse(cursor.previous());
                assertTrue(cursor.last());
                assertEquals(key(KEYS - 1), s(cursor.key()));
            }
            small.reopenAfter(CrashOutcome.PROCESS_KILL);
            small.assertHolds(model, "after a kill");
        }
    }

    @Test
    void aKeyThatWasPutDeletedAndPutAgainIsFoundWhereverItsEntriesStand() {
        try (SmallStore small = new SmallStore(SmallStore.ROOMY)) {
            Store store = small.store();
            NavigableMap<String, String> model = new TreeMap<>();
            for (int round = 0; round < 40; round++) {
                store.put(b("k"), b("v" + round), Durability.NONE);
                model.put("k", "v" + round);
                small.assertHolds(model, "put");
                store.flush();
                small.assertHolds(model, "put and flushed");
                store.delete(b("k"), Durability.NONE);
                assertNull(store.get(b("k")));
                model.clear();
                small.assertHolds(model, "deleted");
                store.flush();
                small.assertHolds(model, "deleted and flushed");
            }
        }
    }

    @Test
    void aMergeOfAllRunsDropsTombstones() {
        NavigableMap<String, String> model = new TreeMap<>();
        try (SmallStore small = new SmallStore(SmallStore.ROOMY, StepExecutor.Mode.MANUAL)) {
            Store store = small.store();
            putAll(store, model, "v");
            for (int i = 0; i < KEYS / 2; i++) {
                store.delete(b(key(i)));
                model.remove(key(i));
            }
            store.flush();
            assertEquals(KEYS / 2, store.stats().tombstones());
            store.delete(b("never there"));
            store.flush();
            store.put(b("z"), b("last"));
            model.put("z", "last");
            store.flush();
            store.compact();
            assertEquals(1, store.stats().runs());
            assertEquals(0, store.stats().tombstones());
            assertEquals(model.size(), store.stats().entries());
            small.assertHolds(model, "merged");
        }
    }

    @Test
    void tombstonesStayAsLongAsAnOlderRunHoldsWhatTheyHide() {
        NavigableMap<String, String> model = new TreeMap<>();
        try (SmallStore small = new SmallStore(SmallStore.ROOMY)) {
            for (int i = 0; i < 1000; i++) {
                small.store().put(b(key(i)), b("v"), Durability.BUFFERED);
                model.put(key(i), "v");
            }
            small.store().flush();
            for (int i = 0; i < TIER; i++) { // a young run of the next tier, of tombstones alone
                for (int k = 0; k < 10; k++) {
                    small.store().delete(b(key(100 * i + k)), Durability.BUFFERED);
                    model.remove(key(100 * i + k));
                }
                small.store().flush();
            }
            assertEquals(2, small.store().stats().runs());
            assertEquals(10 * TIER, small.store().stats().tombstones());
            small.assertHolds(model, "two runs");
            small.reopenAfter(CrashOutcome.NOTHING_UNFORCED);
            small.assertHolds(model, "two runs, reopened");
            small.store().compact();
            assertEquals(1, small.store().stats().runs());
            assertEquals(0, small.store().stats().tombstones());
            small.assertHolds(model, "compacted");
        }
    }

    @Test
    void aMergeThatLeavesNothingLeavesNoRun() {
        NavigableMap<String, String> model = new TreeMap<>();
        try (SmallStore small = new SmallStore(SmallStore.ROOMY)) {
            for (int round = 0; round < 5; round++) {
                putAll(small.store(), model, "v");
                deleteAll(small.store(), model);
                deleteAll(small.store(), model);
                deleteAll(small.store(), model);
                StoreStats stats = small.store().stats();
                assertEquals(0, stats.entries(), stats.toString());
                assertEquals(0, stats.tombstones(), stats.toString());
                assertEquals(0, stats.runs(), stats.toString());
                small.assertHolds(model, "all is gone");
                small.reopenAfter(CrashOutcome.NOTHING_UNFORCED);
                small.assertHolds(model, "all is gone, reopened");
            }
            small.reopen();
            assertEquals(0, small.store().stats().runs());
            putAll(small.store(), model, "again");
            small.reopen();
            small.assertHolds(model, "put again");
        }
    }

    /** Steps run only when a writer has to wait, so that there is always a memtable to be laid down first. */
    @Test
    void aWriterThatIsAlwaysAheadLeavesTimeForMerges() {
        NavigableMap<String, String> model = new TreeMap<>();
        try (SmallStore small = new SmallStore(SmallStore.SMALL, StepExecutor.Mode.MANUAL)) {
            int most = 0;
            for (int i = 0; i < 6000; i++) {
                small.store().put(b(key(i % 700)), b("v" + i + ".".repeat(100)), Durability.NONE);
                model.put(key(i % 700), "v" + i + ".".repeat(100));
                most = Math.max(most, small.store().stats().runs());
            }
            assertTrue(most <= 24, most + " runs, and no end");
            assertEquals(3, small.store().stats().memtables(), "the writer is not ahead");
            small.assertHolds(model, "merged meanwhile");
        }
    }

    @Test
    void keyspacesStayApartInRuns() {
        try (SmallStore small = new SmallStore(SmallStore.ROOMY)) {
            Keyspace first = small.store().keyspace("first");
            Keyspace second = small.store().keyspace("second");
            for (int flushes = 0; flushes < 9; flushes++) {
                for (int i = 0; i < KEYS; i++) {
                    small.store().put(b(key(i)), b("own" + flushes), Durability.BUFFERED);
                    first.put(b(key(i)), b("first" + flushes), Durability.BUFFERED);
                    if (flushes == 3) {
                        first.delete(b(key(i)), Durability.BUFFERED);
                    }
                }
                second.put(b("only"), b("second" + flushes));
                small.store().flush();
                for (Keyspace keyspace : new Keyspace[] {first, second}) {
                    int seen = 0;
                    try (Cursor cursor = keyspace.cursor()) {
                        for (boolean on = cursor.last(); on; on = cursor.previous()) {
                            assertEquals(keyspace.name() + flushes, s(cursor.value()));
                            assertEquals(keyspace.name() + flushes, s(keyspace.get(cursor.key())));
                            seen++;
                        }
                    }
                    assertEquals(keyspace == second ? 1 : flushes == 3 ? 0 : KEYS, seen);
                }
                assertNull(second.get(b(key(0))));
                assertNull(small.store().get(b("only")));
            }
        }
    }
}
