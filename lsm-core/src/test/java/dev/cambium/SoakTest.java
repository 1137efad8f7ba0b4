package dev.cambium;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A store under writers, readers, scans and snapshots for as long as one likes, opened again now and then; with budgets that change, if asked
 * for. Every value read is one that the key had while it was read; the memory stays within the budget. {@code ./dev soak} runs it.
 */
@Tag("soak")
class SoakTest {
    private static final int MINUTES = Integer.getInteger("cambium.soak.minutes", 1);
    private static final boolean BUDGET_CHANGES = Boolean.getBoolean("cambium.soak.budgetChanges");

    private static final int KEYS = 300_000;
    private static final int WRITERS = 2;
    private static final long MIB = 1 << 20;
    private static final long BUDGET = 256 * MIB;
    private static final long LONGEST_SETTLING_NANOS = 10_000_000_000L;
    private static final long LIFE_NANOS = 45_000_000_000L;
    private static final Options OPTIONS =
            Options.DEFAULT.withMemoryBudget(BUDGET).withMemtableBytes(8 * MIB).withZoneBytes(64 << 20);

    /** Of each key, how many of its writes have begun, and how many have ended. The n-th is a delete where n is divisible by seven. */
    private final AtomicIntegerArray begun = new AtomicIntegerArray(KEYS);

    private final AtomicIntegerArray ended = new AtomicIntegerArray(KEYS);
    private final AtomicLong writes = new AtomicLong();
    private final AtomicLong reads = new AtomicLong();
    private final AtomicReference<Throwable> failure = new AtomicReference<>();
    private volatile boolean stop;
    private final AtomicLong budgetSteps = new AtomicLong(); // odd while the budget is being changed
    private volatile long settlingNanos; // at its worst, till memory was within a new budget
    private long mostBeyond; // bytes of memory over the budget, at its worst, in parts of a thousand

    private static byte[] key(int index) {
        return ByteBuffer.allocate(12)
                .putLong(index * 0x9E37_79B9_7F4A_7C15L)
                .putInt(index)
                .array();
    }

    /** Small values mostly, some in pages of their own, few of many pages; the n-th write of a key can be told from all others. */
    private static byte[] value(int index, int nth) {
        int length = index % 1000 == 0 ? 100_000 : index % 20 == 0 ? 3000 : 20 + index % 300;
        byte[] value = new byte[length];
        if (length > 1000) {
            new SplittableRandom(index * 31L + nth).nextBytes(value);
        }
        ByteBuffer.wrap(value).putInt(index).putInt(nth).putInt(length - 4, nth ^ index);
        return value;
    }

    private static boolean isDelete(int nth) {
        return nth % 7 == 0;
    }

    private void write(Store store, int writer, SplittableRandom random) {
        int index = random.nextInt(KEYS / WRITERS) * WRITERS + writer;
        int nth = begun.incrementAndGet(index);
        Durability durability = random.nextInt(1000) == 0 ? Durability.SYNC : Durability.BUFFERED;
        if (isDelete(nth)) {
            store.delete(key(index), durability);
        } else {
            store.put(key(index), value(index, nth), durability);
        }
        ended.set(index, nth);
        writes.incrementAndGet();
    }

    private void read(Store store, SplittableRandom random) {
        int index = (int) (KEYS * Math.pow(random.nextDouble(), 3)); // some keys much more than others
        int from = ended.get(index);
        byte[] value = store.get(key(index));
        check(index, value, from, begun.get(index));
        reads.incrementAndGet();
    }

    private static void check(int index, byte[] value, int from, int to) {
        if (value == null) {
            boolean mayBeAbsent = false;
            for (int nth = from; nth <= to; nth++) {
                mayBeAbsent |= isDelete(nth); // the 0th too: it was never written
            }
            assertTrue(mayBeAbsent, () -> "key " + index + " is lost, writes " + from + " to " + to);
            return;
        }
        ByteBuffer read = ByteBuffer.wrap(value);
        assertEquals(index, read.getInt(), "another key's value");
        int nth = read.getInt();
        assertEquals(nth ^ index, read.getInt(value.length - 4), () -> "a torn value of key " + index);
        assertTrue(nth >= from && nth <= to, () -> "key " + index + ": write " + nth + ", not " + from + " to " + to);
    }

    /** A stretch of a snapshot: the same entries twice, while the store goes on. */
    private static void scan(Store store, SplittableRandom random) {
        byte[] from = key(random.nextInt(KEYS));
        try (Snapshot snapshot = store.snapshot()) {
            List<byte[]> first = entries(snapshot, from);
            List<byte[]> second = entries(snapshot, from);
            assertEquals(first.size(), second.size());
            for (int i = 0; i < first.size(); i++) {
                assertTrue(Arrays.equals(first.get(i), second.get(i)), "a snapshot has changed");
            }
        }
    }

    private static List<byte[]> entries(Snapshot snapshot, byte[] from) {
        List<byte[]> found = new ArrayList<>();
        try (Cursor cursor = snapshot.cursor()) {
            for (boolean on = cursor.seek(from); on && found.size() < 2000; on = cursor.next()) {
                byte[] key = cursor.key();
                byte[] value = cursor.value();
                check(ByteBuffer.wrap(key).getInt(8), value, 1, Integer.MAX_VALUE);
                found.add(key);
                found.add(value);
            }
        }
        return found;
    }

    /** Calls under way let go of what they hold beyond a new budget, and that takes them no long time. */
    private void changeBudget(Store store, SplittableRandom random) throws InterruptedException {
        Thread.sleep(2000);
        if (BUDGET_CHANGES) {
            budgetSteps.incrementAndGet();
            store.setMemoryBudget((48 + random.nextInt(400)) * MIB);
            long since = System.nanoTime();
            for (MemoryStats memory = store.stats().memory();
                    !isWithin(memory);
                    memory = store.stats().memory()) {
                String now =
                        memory + ", beyond it " + store.pool().accountBeyond().describe();
                assertTrue(System.nanoTime() - since < LONGEST_SETTLING_NANOS, now);
                Thread.sleep(1);
            }
            settlingNanos = Math.max(settlingNanos, System.nanoTime() - since);
            budgetSteps.incrementAndGet();
        }
    }

    private static boolean isWithin(MemoryStats memory) {
        return memory.totalBytes() <= memory.budgetBytes() * 105 / 100;
    }

    /** Memory is within the budget, but for a moment after that was changed, in which calls under way let go of what they hold. */
    private void watch(Store store, long end) throws InterruptedException, IOException {
        long nextLine = System.nanoTime();
        while (System.nanoTime() < end && failure.get() == null) {
            Thread.sleep(100);
            long step = budgetSteps.get();
            MemoryStats memory = store.stats().memory();
            if (step % 2 == 0 && step == budgetSteps.get()) {
                mostBeyond = Math.max(
                        mostBeyond, 1000 * (memory.totalBytes() - memory.budgetBytes()) / memory.budgetBytes());
                assertTrue(isWithin(memory), memory::toString);
            }
            if (System.nanoTime() >= nextLine) {
                nextLine += 10_000_000_000L;
                System.err.printf(
                        "soak: %,d writes, %,d reads; budget %d MiB, memory %d MiB, of the process %d MiB%n",
                        writes.get(),
                        reads.get(),
                        memory.budgetBytes() / MIB,
                        memory.totalBytes() / MIB,
                        anonymousBytes() / MIB);
            }
        }
    }

    /** What the system says that the process has, heap included; 0 where it does not. */
    private static long anonymousBytes() throws IOException {
        Path status = Path.of("/proc/self/status");
        if (!Files.exists(status)) {
            return 0;
        }
        return Files.readAllLines(status).stream()
                .filter(line -> line.startsWith("RssAnon:"))
                .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")) << 10)
                .sum();
    }

    private interface Step {
        void run(SplittableRandom random) throws Exception;
    }

    private Thread thread(String name, long seed, Step step) {
        SplittableRandom random = new SplittableRandom(seed);
        Thread thread = new Thread(
                () -> {
                    try {
                        while (!stop) {
                            step.run(random);
                        }
                    } catch (Throwable t) {
                        failure.compareAndSet(null, t);
                    }
                },
                "soak-" + name);
        thread.start();
        return thread;
    }

    /** One life of the store, from open to close. */
    private void live(Path directory, long seed, long end) throws Exception {
        stop = false;
        try (Store store = Store.open(directory, OPTIONS)) {
            List<Thread> threads = new ArrayList<>();
            for (int i = 0; i < WRITERS; i++) {
                int writer = i;
                threads.add(thread("writer", seed + i, random -> write(store, writer, random)));
            }
            threads.add(thread("reader", seed + 10, random -> read(store, random)));
            threads.add(thread("reader", seed + 11, random -> read(store, random)));
            threads.add(thread("scanner", seed + 12, random -> scan(store, random)));
            threads.add(thread("budget", seed + 13, random -> changeBudget(store, random)));
            try {
                watch(store, end);
            } finally {
                stop = true;
                for (Thread thread : threads) {
                    thread.join();
                }
            }
        }
        if (failure.get() != null) {
            throw new AssertionError("seed " + seed, failure.get());
        }
    }

    @Test
    void everyValueIsRightAndMemoryStaysWithinItsBudget(@TempDir Path directory) throws Exception {
        long end = System.nanoTime() + MINUTES * 60_000_000_000L;
        for (long seed = 1; System.nanoTime() < end; seed++) {
            live(directory, 1000 * seed, Math.min(end, System.nanoTime() + LIFE_NANOS));
            try (Store store = Store.open(directory, OPTIONS)) {
                SplittableRandom random = new SplittableRandom(seed);
                for (int i = 0; i < 20_000; i++) {
                    int index = random.nextInt(KEYS);
                    check(index, store.get(key(index)), ended.get(index), ended.get(index));
                }
            }
        }
        assertTrue(
                Store.verify(directory).isSound(), () -> Store.verify(directory).toString());
        System.err.printf(
                "soak: done, %,d writes, %,d reads; memory was at most %.1f %% over its budget, and within a new one after %d ms%n",
                writes.get(), reads.get(), mostBeyond / 10.0, settlingNanos / 1_000_000);
    }
}
