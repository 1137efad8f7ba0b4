package dev.cambium;

import static dev.cambium.StoreTest.b;
import static dev.cambium.StoreTest.s;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cambium.testkit.runtime.StepExecutor;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.NavigableMap;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Long stretches of deletes are passed in one move before any merge has seen them, and nothing is left out by that. */
class GapTest {
    /** Of a memtable of 1 MiB, after each so many deletes a search is asked for. */
    private static final int DELETES_BETWEEN = 256;

    private static final int KEYS = 12_000;
    private static final int FROM = 1_000;
    private static final int TO = 11_000;

    private static byte[] key(int number) {
        return b(String.format("key%05d", number));
    }

    private static SmallStore filled() {
        SmallStore small = new SmallStore(SmallStore.ROOMY);
        for (int i = 0; i < KEYS; i++) {
            small.store().put(key(i), b("v" + i), Durability.NONE);
        }
        small.store().compact();
        return small;
    }

    private static void deleteAll(Store store, boolean ascending) {
        for (int i = 0; i < TO - FROM; i++) {
            store.delete(key(ascending ? FROM + i : TO - 1 - i), Durability.NONE);
        }
    }

    private static void assertFew(Cursor cursor) {
        assertTrue(cursor.passed() < 2 * DELETES_BETWEEN, () -> "tombstones passed: " + cursor.passed());
    }

    private static void assertSeeks(Cursor cursor, int sought, int expected) {
        assertTrue(cursor.seek(key(sought)));
        assertEquals(s(key(expected)), s(cursor.key()));
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void deletesThatHaveJustBeenMadeArePassedInOneMove(boolean ascending) {
        try (SmallStore small = filled();
                Snapshot before = small.store().snapshot()) {
            deleteAll(small.store(), ascending);
            try (Cursor cursor = small.store().cursor()) {
                assertSeeks(cursor, FROM, TO);
                assertSeeks(cursor, FROM - 1, FROM - 1);
                assertTrue(cursor.next());
                assertEquals(s(key(TO)), s(cursor.key()));
                assertTrue(cursor.previous());
                assertEquals(s(key(FROM - 1)), s(cursor.key()));
                assertTrue(cursor.seekFloor(key(TO - 1)));
                assertEquals(s(key(FROM - 1)), s(cursor.key()));
                assertTrue(cursor.passed() < 6 * DELETES_BETWEEN, () -> "passed: " + cursor.passed());
            }
            try (Cursor cursor = before.cursor()) {
                assertSeeks(cursor, FROM, FROM);
                assertTrue(cursor.next());
                assertEquals(s(key(FROM + 1)), s(cursor.key()), "an older snapshot sees what it saw");
            }
        }
    }

    @Test
    void deletesInBatchesArePassedInOneMoveToo() {
        try (SmallStore small = filled()) {
            for (int i = FROM; i < TO; i += 100) {
                WriteBatch batch = new WriteBatch();
                for (int j = i; j < i + 100; j++) {
                    batch.delete(key(j));
                }
                small.store().write(batch, Durability.BUFFERED);
            }
            try (Cursor cursor = small.store().cursor()) {
                assertSeeks(cursor, FROM, TO);
                assertFew(cursor);
            }
        }
    }

    /** A search goes on while a cursor is on its way: what it finds meanwhile is not for that cursor, but what was known before still is. */
    @Test
    void aGapThatBecomesLongerStaysWhatItWasForCursorsOfBefore() {
        try (SmallStore small = filled()) {
            int half = (FROM + TO) / 2;
            for (int i = FROM; i < half; i++) {
                small.store().delete(key(i), Durability.NONE);
            }
            try (Cursor cursor = small.store().cursor();
                    Cursor other = small.store().cursor()) {
                for (int i = half; i < half + 8 * DELETES_BETWEEN; i++) {
                    small.store().delete(key(i), Durability.NONE);
                }
                assertSeeks(cursor, FROM, half);
                assertFew(cursor);
                small.store().put(key(FROM + 10), b("again"), Durability.NONE);
                assertSeeks(other, FROM, half);
                try (Cursor now = small.store().cursor()) {
                    assertSeeks(now, FROM, FROM + 10);
                    assertTrue(now.next());
                    assertEquals(s(key(half + 8 * DELETES_BETWEEN)), s(now.key()));
                    assertFew(now);
                }
            }
        }
    }

    /** As a queue has it: taken from the front, put at the end. */
    @Test
    void theFrontOfAQueueIsFoundInOneMove() {
        try (SmallStore small = filled()) {
            for (int front = 0; front < KEYS; front++) {
                small.store().put(key(KEYS + front), b("v"), Durability.NONE);
                small.store().delete(key(front), Durability.NONE);
                if (front % 97 == 0) {
                    try (Cursor cursor = small.store().cursor()) {
                        assertTrue(cursor.first());
                        assertEquals(s(key(front + 1)), s(cursor.key()));
                        assertFew(cursor);
                    }
                }
            }
        }
    }

    @Test
    void allThatThereIsCanBeDeleted() {
        try (SmallStore small = filled()) {
            for (int i = 0; i < KEYS; i++) {
                small.store().delete(key(i), Durability.NONE);
            }
            try (Cursor cursor = small.store().cursor()) {
                assertFalse(cursor.first());
                assertFalse(cursor.last());
                assertFew(cursor);
                small.store().put(key(KEYS - 1), b("again"), Durability.NONE);
                assertFalse(cursor.first(), "the cursor is of before");
            }
            try (Cursor cursor = small.store().cursor()) {
                assertSeeks(cursor, 0, KEYS - 1);
                assertTrue(cursor.last());
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"false, false", "false, true", "true, false", "true, true"})
    void aPutAmongThemIsFoundAtOnce(boolean inABatch, boolean afterAFlush) {
        try (SmallStore small = filled()) {
            deleteAll(small.store(), true);
            if (afterAFlush) {
                small.store().flush();
            }
            for (int number : new int[] {FROM, 5_000, 4_999, TO - 1}) {
                try (Cursor before = small.store().cursor()) {
                    if (inABatch) {
                        small.store().write(new WriteBatch().put(key(number), b("again")), Durability.BUFFERED);
                    } else {
                        small.store().put(key(number), b("again"), Durability.NONE);
                    }
                    try (Cursor cursor = small.store().cursor()) {
                        assertSeeks(cursor, number, number);
                        assertTrue(cursor.seekFloor(key(number)));
                        assertEquals(s(key(number)), s(cursor.key()));
                    }
                    before.seek(key(number));
                    assertTrue(s(before.key()).compareTo(s(key(number))) > 0, "not by a cursor of before");
                }
            }
            try (Cursor cursor = small.store().cursor()) {
                List<String> seen = new ArrayList<>();
                for (boolean on = cursor.seek(key(FROM)); on && seen.size() < 5; on = cursor.next()) {
                    seen.add(s(cursor.key()));
                }
                assertEquals(List.of("key01000", "key04999", "key05000", "key10999", "key11000"), seen);
            }
        }
    }

    /** Whoever writes again what was deleted, in whatever order, leaves few gaps, and what is still deleted is passed in one move. */
    @ParameterizedTest
    @ValueSource(strings = {"ascending", "descending", "random"})
    void gapsStayFewWhateverIsWrittenIntoThem(String order) {
        try (SmallStore small = filled()) {
            deleteAll(small.store(), true);
            Random random = new Random(1);
            int puts = 3_000;
            for (int i = 0; i < puts; i++) {
                int number =
                        switch (order) {
                            case "ascending" -> FROM + i;
                            case "descending" -> TO - 1 - i;
                            default -> FROM + random.nextInt(TO - FROM);
                        };
                small.store().put(key(number), b("again"), Durability.NONE);
                assertTrue(
                        small.store().gaps().count() <= 8,
                        "gaps: " + small.store().gaps().count());
            }
            if (!order.equals("random")) {
                try (Cursor cursor = small.store().cursor()) {
                    boolean ascending = order.equals("ascending");
                    assertSeeks(cursor, ascending ? FROM + puts : FROM, ascending ? TO : TO - puts);
                    assertFew(cursor);
                }
            }
        }
    }

    @Test
    void queuesOfSeveralKeyspacesAreAllKnown() {
        try (SmallStore small = new SmallStore(SmallStore.ROOMY)) {
            List<Keyspace> queues = List.of(
                    small.store().keyspace("a"),
                    small.store().keyspace("b"),
                    small.store().keyspace("c"));
            for (int i = 0; i < KEYS; i++) {
                for (Keyspace queue : queues) {
                    queue.put(key(i), b("v"), Durability.NONE);
                }
            }
            small.store().compact();
            for (int i = 0; i < TO; i++) {
                for (Keyspace queue : queues) {
                    queue.delete(key(i), Durability.NONE);
                }
            }
            for (Keyspace queue : queues) {
                try (Cursor cursor = queue.cursor()) {
                    assertTrue(cursor.first());
                    assertEquals(s(key(TO)), s(cursor.key()));
                    assertFew(cursor);
                }
            }
        }
    }

    @Test
    void aSnapshotFromBeforeADeleteSeesTheKeyThoughItIsKnownToBeGone() {
        try (SmallStore small = filled()) {
            deleteAll(small.store(), true);
            small.store().put(key(5_000), b("again"), Durability.NONE);
            try (Snapshot between = small.store().snapshot()) {
                small.store().delete(key(5_000), Durability.NONE);
                for (int i = TO; i < TO + DELETES_BETWEEN; i++) {
                    small.store().delete(key(i), Durability.NONE);
                }
                try (Cursor cursor = between.cursor();
                        Cursor now = small.store().cursor()) {
                    assertSeeks(cursor, FROM, 5_000);
                    assertTrue(now.seek(key(FROM)));
                    assertTrue(s(now.key()).compareTo(s(key(TO))) > 0);
                }
            }
        }
    }

    @Test
    void onceNoTombstonesAreLeftNoGapsAreKnown() {
        try (SmallStore small = filled()) {
            deleteAll(small.store(), true);
            assertTrue(small.store().gaps().count() > 0);
            small.store().compact();
            small.executor().runAll();
            assertEquals(0, small.store().stats().tombstones());
            small.store().compact();
            assertEquals(0, small.store().gaps().count());
        }
    }

    /** Steps of the background come anywhere between operations; cursors of any age go both ways. */
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6})
    void whateverIsWrittenCursorsSeeWhatAModelHas(long seed) {
        Random random = new Random(seed);
        Options options = SmallStore.SMALL.withMemtableBytes(32 << 10);
        NavigableMap<String, String> model = new TreeMap<>();
        try (SmallStore small = new SmallStore(options, StepExecutor.Mode.MANUAL)) {
            List<Snapshot> snapshots = new ArrayList<>();
            List<NavigableMap<String, String>> models = new ArrayList<>();
            for (int round = 0; round < 400; round++) {
                int first = random.nextInt(2_000);
                int count = random.nextInt(200);
                boolean deletes = random.nextInt(3) > 0;
                for (int i = first; i < first + count; i++) {
                    if (deletes) {
                        small.store().delete(key(i), Durability.NONE);
                        model.remove(s(key(i)));
                    } else if (random.nextInt(4) == 0) {
                        small.store().put(key(i), b("v" + round), Durability.NONE);
                        model.put(s(key(i)), "v" + round);
                    }
                }
                for (int steps = random.nextInt(4); steps > 0; steps--) {
                    small.executor().runNext();
                }
                if (random.nextInt(10) == 0 && snapshots.size() < 4) {
                    snapshots.add(small.store().snapshot());
                    models.add(new TreeMap<>(model));
                }
                try (Snapshot now = small.store().snapshot()) {
                    assertAgree(now, model, random);
                }
                for (int i = 0; i < snapshots.size(); i++) {
                    assertAgree(snapshots.get(i), models.get(i), random);
                }
                if (snapshots.size() == 4 && random.nextInt(5) == 0) {
                    snapshots.remove(0).close();
                    models.remove(0);
                }
            }
            snapshots.forEach(Snapshot::close);
        }
    }

    private static void assertAgree(Snapshot snapshot, NavigableMap<String, String> model, Random random) {
        try (Cursor cursor = snapshot.cursor()) {
            byte[] sought = key(random.nextInt(2_200));
            String expected = model.ceilingKey(s(sought));
            assertEquals(expected, cursor.seek(sought) ? s(cursor.key()) : null);
            String next = expected == null ? null : model.higherKey(expected);
            assertEquals(next, expected != null && cursor.next() ? s(cursor.key()) : null);
            String floor = model.floorKey(s(sought));
            assertEquals(floor, cursor.seekFloor(sought) ? s(cursor.key()) : null);
            String lower = floor == null ? null : model.lowerKey(floor);
            assertEquals(lower, floor != null && cursor.previous() ? s(cursor.key()) : null);
        }
    }

    /** Each thread has keys of its own among those of all others, and finds what it has put, whatever is deleted around it. */
    @Test
    void whoHasPutAKeyFindsItWhileOthersDeleteAround(@TempDir Path directory) throws Exception {
        int threads = 4;
        int keys = 20_000;
        try (Store store = Store.open(directory, SmallStore.ROOMY)) {
            ExecutorService pool = Executors.newFixedThreadPool(threads);
            List<Callable<Void>> tasks = new ArrayList<>();
            for (int t = 0; t < threads; t++) {
                int own = t;
                tasks.add(() -> {
                    Random random = new Random(own);
                    for (int round = 0; round < 6; round++) {
                        for (int i = own; i < keys; i += threads) {
                            store.delete(key(i), Durability.NONE);
                        }
                        for (int n = 0; n < 400; n++) {
                            int number = own + threads * random.nextInt(keys / threads);
                            store.put(key(number), b("mine"), Durability.NONE);
                            try (Cursor cursor = store.cursor()) {
                                assertSeeks(cursor, number, number);
                                assertTrue(cursor.seekFloor(key(number)));
                                assertEquals(s(key(number)), s(cursor.key()));
                            }
                            store.delete(key(number), Durability.NONE);
                            assertNull(store.get(key(number)));
                            try (Cursor cursor = store.cursor()) {
                                assertTrue(!cursor.seek(key(number))
                                        || !s(cursor.key()).equals(s(key(number))));
                            }
                        }
                    }
                    return null;
                });
            }
            try {
                for (Future<Void> done : pool.invokeAll(tasks)) {
                    done.get();
                }
            } finally {
                pool.shutdownNow();
            }
        }
    }
}
