package dev.cambium;

import static dev.cambium.StoreTest.b;
import static dev.cambium.StoreTest.s;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLongArray;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Threads that write, read, flush and take snapshots while memtables are laid down and runs merged by the store's own threads. */
class RunConcurrencyTest {
    private static final int WRITERS = 3;
    private static final int KEYS = 300;
    private static final long NANOS = 1_200_000_000L;

    @TempDir
    Path directory;

    private final AtomicBoolean stop = new AtomicBoolean();

    /** Of each key, by writer, the last number whose put had returned. */
    private final AtomicLongArray acknowledged = new AtomicLongArray(WRITERS * KEYS);

    private static byte[] key(int writer, int key) {
        return b("w" + writer + "." + key);
    }

    private static byte[] mirror(int writer, int key) {
        return b("mirror." + writer + "." + key);
    }

    private static byte[] value(long number) {
        return ByteBuffer.allocate(8 + (int) (number % 120)).putLong(number).array();
    }

    private static long number(byte[] value) {
        assertTrue(value.length >= 8, "a value that was never written");
        long number = ByteBuffer.wrap(value).getLong();
        assertEquals(8 + number % 120, value.length, "a value that was never written");
        return number;
    }

    /** Each batch gives one key and its mirror the same number, which never goes down. */
    private Callable<Void> writer(Store store, int writer) {
        return () -> {
            for (long number = 1; !stop.get(); number++) {
                int key = (int) (number * 31 % KEYS);
                Durability how = Durability.values()[(int) (number % 3)];
                store.write(
                        new WriteBatch().put(key(writer, key), value(number)).put(mirror(writer, key), value(number)),
                        number % 50 == 0 ? how : Durability.NONE);
                acknowledged.set(writer * KEYS + key, number);
            }
            return null;
        };
    }

    private Callable<Void> reader(Store store) {
        return () -> {
            for (int i = 0; !stop.get(); i++) {
                int writer = i % WRITERS;
                int key = i * 7 % KEYS;
                long least = acknowledged.get(writer * KEYS + key);
                byte[] found = store.get(key(writer, key));
                assertTrue(least == 0 || found != null, "an acknowledged key is missing");
                assertTrue(found == null || number(found) >= least, "an old value is seen again");
            }
            return null;
        };
    }

    private Callable<Void> scanner(Store store) {
        return () -> {
            while (!stop.get()) {
                try (Snapshot snapshot = store.snapshot();
                        Cursor mirrors = snapshot.cursor(KeyRange.prefix(b("mirror.")));
                        Cursor keys = snapshot.cursor(KeyRange.prefix(b("w")))) {
                    while (keys.next()) {
                        assertTrue(mirrors.next());
                        assertEquals("mirror." + s(keys.key()).substring(1), s(mirrors.key()));
                        assertEquals(number(keys.value()), number(mirrors.value()), "half a batch is seen");
                    }
                    while (keys.previous()) {
                        assertEquals(number(keys.value()), number(snapshot.get(keys.key())));
                    }
                }
            }
            return null;
        };
    }

    private Callable<Void> flusher(Store store) {
        return () -> {
            int mostRuns = 0;
            while (!stop.get()) {
                store.flush();
                mostRuns = Math.max(mostRuns, store.stats().runs());
            }
            assertTrue(mostRuns < 60, "runs are not merged: " + mostRuns);
            return null;
        };
    }

    @Test
    void readersSeeWholeBatchesAndNothingOldWhileRunsComeAndGo() throws Exception {
        Options options = Options.DEFAULT
                .withMemoryBudget(Options.MIN_MEMORY_BUDGET)
                .withMemtableBytes(16 << 10)
                .withPageBytes(512)
                .withZoneBytes(1 << 20);
        ExecutorService threads = Executors.newCachedThreadPool();
        try (Store store = Store.open(directory, options)) {
            List<Callable<Void>> tasks = new ArrayList<>(List.of(reader(store), scanner(store), flusher(store)));
            for (int writer = 0; writer < WRITERS; writer++) {
                tasks.add(writer(store, writer));
            }
            List<Future<Void>> running = tasks.stream().map(threads::submit).toList();
            long from = System.nanoTime();
            while (System.nanoTime() - from < NANOS && running.stream().noneMatch(Future::isDone)) {
                TimeUnit.MILLISECONDS.sleep(20);
            }
            stop.set(true);
            for (Future<Void> one : running) {
                one.get(60, TimeUnit.SECONDS);
            }
        } finally {
            stop.set(true);
            threads.shutdown();
        }
        try (Store store = Store.open(directory, options)) {
            for (int writer = 0; writer < WRITERS; writer++) {
                for (int key = 0; key < KEYS; key++) {
                    long expected = acknowledged.get(writer * KEYS + key);
                    byte[] found = store.get(key(writer, key));
                    if (expected == 0) {
                        assertNull(found);
                    } else {
                        assertEquals(expected, number(found));
                    }
                }
            }
        }
    }

    @Test
    void anInterruptChangesNothingAboutAFlushAndIsKept() {
        try (Store store = Store.open(directory)) {
            for (int i = 0; i < 20; i++) {
                store.put(b("k"), b("v" + i), Durability.NONE);
                Thread.currentThread().interrupt();
                store.flush();
                assertTrue(Thread.interrupted(), "the interrupt is lost");
                assertEquals(1, store.stats().memtables());
            }
            assertTrue(store.stats().runs() > 0);
            Thread.currentThread().interrupt();
        }
        assertTrue(Thread.interrupted(), "the interrupt is lost by close");
        assertEquals(List.of(), Store.verify(directory).findings());
        try (Store store = Store.open(directory)) {
            assertEquals("v19", s(store.get(b("k"))));
        }
    }
}
