package dev.cambium;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Closes and interrupts while other threads are at work. Values are worked out from their keys, so that a read of
 * memory that has
 * come to belong to somebody else is seen at once.
 */
@Timeout(60)
class CloseUnderLoadTest {
    private static final int KEYS = 2000;
    private static final Options OPTIONS =
            Options.DEFAULT.withMemoryBudget(128 << 20).withMemtableBytes(64 << 10);

    @TempDir
    Path directory;

    private static byte[] key(int number) {
        return String.format("key-%05d", number).getBytes(StandardCharsets.US_ASCII);
    }

    /** A value of a length and content of its own for each key, and a version that does not matter. */
    private static byte[] value(byte[] key, int version) {
        int seed = Arrays.hashCode(key);
        byte[] value = new byte[9 + (seed >>> 1) % 90];
        new Random(seed).nextBytes(value);
        value[0] = (byte) version;
        return value;
    }

    private static void check(byte[] key, byte[] value) {
        if (value != null) {
            byte[] expected = value(key, value[0]);
            if (!Arrays.equals(expected, value)) {
                throw new AssertionError(new String(key, StandardCharsets.US_ASCII) + " has " + Arrays.toString(value)
                        + ", not " + Arrays.toString(expected));
            }
        }
    }

    private interface Work {
        void run(Random random) throws Exception;
    }

    /**
     * Threads that repeat something until it throws; what may be thrown is an IllegalStateException once closing has
     * begun.
     */
    private static final class Load {
        final List<Thread> threads = new ArrayList<>();
        final AtomicReference<Throwable> failure = new AtomicReference<>();
        final AtomicLong steps = new AtomicLong();
        final AtomicBoolean closing = new AtomicBoolean();
        final AtomicBoolean stop = new AtomicBoolean();

        void start(String name, long seed, Work work) {
            Thread thread = new Thread(
                    () -> {
                        Random random = new Random(seed);
                        try {
                            while (!stop.get()) {
                                work.run(random);
                                steps.incrementAndGet();
                            }
                        } catch (IllegalStateException e) {
                            if (!closing.get()) {
                                failure.compareAndSet(null, e);
                            }
                        } catch (Throwable e) {
                            failure.compareAndSet(null, e);
                        }
                    },
                    name);
            threads.add(thread);
            thread.start();
        }

        void await(long moreSteps) throws InterruptedException {
            for (long target = steps.get() + moreSteps; steps.get() < target && failure.get() == null; ) {
                Thread.sleep(1);
            }
        }

        void join() throws InterruptedException {
            for (Thread thread : threads) {
                thread.join(20_000);
                assertTrue(
                        !thread.isAlive(),
                        () -> thread.getName() + " hangs at " + Arrays.toString(thread.getStackTrace()));
            }
            if (failure.get() != null) {
                throw new AssertionError("under load", failure.get());
            }
        }
    }

    private static void fill(Store store, Keyspace space) {
        for (int i = 0; i < KEYS; i++) {
            store.put(key(i), value(key(i), 0), Durability.BUFFERED);
            space.put(key(i), value(key(i), 1), Durability.BUFFERED);
        }
    }

    private static void write(Store store, Keyspace space, Random random) {
        byte[] key = key(random.nextInt(KEYS));
        Durability durability = Durability.values()[random.nextInt(20) == 0 ? 0 : 1 + random.nextInt(2)];
        switch (random.nextInt(4)) {
            case 0 -> store.put(key, value(key, random.nextInt(100)), durability);
            case 1 -> space.delete(key, durability);
            case 2 -> store.delete(key, durability);
            default -> {
                byte[] other = key(random.nextInt(KEYS));
                store.write(new WriteBatch().put(key, value(key, 7)).put(space, other, value(other, 8)), durability);
            }
        }
    }

    private static void read(Store store, Keyspace space, Random random) {
        byte[] key = key(random.nextInt(KEYS));
        check(key, random.nextBoolean() ? store.get(key) : space.get(key));
        ByteBuffer target = ByteBuffer.allocate(200);
        int length = store.get(key, target);
        check(key, length < 0 ? null : Arrays.copyOf(target.array(), length));
    }

    private static void scan(Cursor cursor, Random random) {
        boolean up = random.nextBoolean();
        boolean on = up ? cursor.seek(key(random.nextInt(KEYS))) : cursor.seekFloor(key(random.nextInt(KEYS)));
        for (int i = 0; on && i < 50; i++) {
            ByteView keyView = cursor.keyView();
            ByteView valueView = cursor.valueView();
            byte[] key = cursor.key();
            check(key, cursor.value());
            check(key, valueView.toByteArray());
            check(keyView.toByteArray(), cursor.value());
            on = up ? cursor.next() : cursor.previous();
        }
    }

    @RepeatedTest(12)
    void everythingMayBeClosedWhileOthersReadAndWriteAndAllMemoryComesBack() throws Exception {
        closeUnderLoad(System.nanoTime());
    }

    @Tag("long")
    @RepeatedTest(300)
    void everythingMayBeClosedWhileOthersReadAndWriteHundredsOfTimes() throws Exception {
        closeUnderLoad(System.nanoTime());
    }

    private void closeUnderLoad(long seed) throws Exception {
        Store store = Store.open(directory, OPTIONS);
        Keyspace space = store.keyspace("space");
        fill(store, space);
        ConcurrentLinkedQueue<AutoCloseable> handles = new ConcurrentLinkedQueue<>();
        Snapshot shared = store.snapshot();
        handles.add(shared);
        Load load = new Load();
        for (int i = 0; i < 2; i++) {
            load.start("writer " + i, seed + i, random -> write(store, space, random));
            load.start("reader " + i, seed + 10 + i, random -> read(store, space, random));
        }
        load.start("snapshot reader", seed + 20, random -> {
            byte[] key = key(random.nextInt(KEYS));
            check(key, shared.get(key));
            check(key, shared.get(space, key));
        });
        load.start("cursor of the shared snapshot", seed + 21, random -> {
            Cursor cursor = shared.cursor();
            handles.add(cursor);
            scan(cursor, random);
            cursor.close();
        });
        load.start("own cursors", seed + 22, random -> {
            Cursor cursor = random.nextBoolean() ? store.cursor() : space.cursor(KeyRange.from(key(3)));
            handles.add(cursor);
            scan(cursor, random);
            if (random.nextBoolean()) {
                cursor.close();
            }
        });
        load.await(2000);
        load.closing.set(true);
        CountDownLatch start = new CountDownLatch(1);
        List<Thread> closers = new ArrayList<>();
        for (int i = 0; i < 2; i++) {
            boolean storeFirst = i == seed % 2;
            closers.add(new Thread(() -> {
                try {
                    start.await();
                    if (storeFirst) {
                        store.close();
                    }
                    for (AutoCloseable handle : handles) {
                        handle.close();
                    }
                    store.close();
                } catch (Throwable e) {
                    load.failure.compareAndSet(null, e);
                }
            }));
        }
        closers.forEach(Thread::start);
        start.countDown();
        for (Thread closer : closers) {
            closer.join();
        }
        load.join();
        for (AutoCloseable handle : handles) {
            handle.close();
        }
        assertEquals(
                0,
                store.memoryUsedBytes(),
                () -> "memory stays behind, seed " + seed + ": " + store.pool().account() + ", "
                        + store.pool().blocks());
    }

    @Test
    void theLastHandleGivesMemoryBackThoughAnotherThreadIsJustInside() throws Exception {
        Store store = Store.open(directory, OPTIONS);
        store.put(key(1), value(key(1), 1));
        Snapshot last = store.snapshot();
        store.close();
        int slot = store.epochs().enter(); // as each call on a closed store does for a moment
        Thread closer = new Thread(last::close);
        closer.start();
        closer.join(100); // it may wait for the slot, or leave the memory to whoever comes next
        store.epochs().exit(slot);
        closer.join();
        assertEquals(0, store.memoryUsedBytes());
    }

    @Test
    void aForgottenSnapshotIsReleasedByTheCollector() throws Exception {
        Store store = Store.open(directory, OPTIONS);
        Keyspace space = store.keyspace("space");
        fill(store, space);
        store.snapshot();
        store.cursor().next();
        for (int i = 0; i < 200 && store.stats().openSnapshots() > 0; i++) {
            System.gc();
            Thread.sleep(10);
        }
        assertEquals(0, store.stats().openSnapshots());
        Cursor forgotten = space.cursor();
        assertTrue(forgotten.next());
        store.close();
        assertTrue(store.memoryUsedBytes() > 0, "the cursor holds it");
        forgotten = null;
        for (int i = 0; i < 200 && store.memoryUsedBytes() > 0; i++) {
            System.gc();
            Thread.sleep(10);
        }
        assertEquals(0, store.memoryUsedBytes());
        assertNull(forgotten);
    }

    @Test
    void interruptsHarmNobodyAndAreKept() throws Exception {
        Load load = new Load();
        try (Store store = Store.open(directory, OPTIONS)) {
            Keyspace space = store.keyspace("space");
            fill(store, space);
            AtomicLong kept = new AtomicLong();
            for (int i = 0; i < 3; i++) {
                load.start("writer " + i, i, random -> {
                    boolean before = Thread.currentThread().isInterrupted();
                    byte[] key = key(random.nextInt(KEYS));
                    store.put(key, value(key, 1), random.nextInt(3) == 0 ? Durability.SYNC : Durability.BUFFERED);
                    countKept(before, kept);
                });
            }
            load.start("reader", 10, random -> {
                boolean before = Thread.currentThread().isInterrupted();
                read(store, space, random);
                try (Cursor cursor = store.cursor()) {
                    scan(cursor, random);
                }
                countKept(before, kept);
            });
            load.start("forcer", 11, random -> {
                boolean before = Thread.currentThread().isInterrupted();
                if (random.nextBoolean()) {
                    store.sync();
                } else {
                    store.flush();
                }
                countKept(before, kept);
            });
            for (int i = 0; i < 500; i++) {
                load.threads.get(i % load.threads.size()).interrupt();
                Thread.sleep(1);
            }
            load.await(1000);
            load.stop.set(true);
            load.join();
            assertTrue(kept.get() > 50, "only " + kept + " calls were made with the flag set");
            Thread.currentThread().interrupt();
            store.put(key(1), value(key(1), 9));
        } finally {
            assertTrue(Thread.interrupted(), "close keeps the flag");
        }
        Thread.currentThread().interrupt();
        try (Store store = Store.open(directory, OPTIONS)) {
            assertTrue(Thread.interrupted(), "open keeps the flag");
            assertTrue(store.recoveryReport().cleanClose());
            check(key(1), store.get(key(1)));
            assertEquals(9, store.get(key(1))[0]);
        }
    }

    /** An interrupt that came before a call is still there after it; now and then it is cleared, for the next one. */
    private static void countKept(boolean before, AtomicLong kept) {
        if (before) {
            if (!Thread.currentThread().isInterrupted()) {
                throw new AssertionError("the interrupt is lost");
            }
            if (kept.incrementAndGet() % 2 == 0) {
                Thread.interrupted();
            }
        }
    }
}
