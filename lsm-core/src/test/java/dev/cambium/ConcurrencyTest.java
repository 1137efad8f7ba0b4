package dev.cambium;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Many threads on one store, for some time: batches move amounts between accounts, so that the sum stays the same in
 * whatever
 * way the store is read, while memtables are sealed under the readers; two counters that are put one by one are never
 * apart by
 * more than one.
 */
@Timeout(200)
class ConcurrencyTest {
    private static final int ACCOUNTS = 300;
    private static final int INITIAL = 1000;
    private static final int WRITERS = 4;

    /** Two counters at the ends of the order, raised one after the other by single puts. */
    private static final byte[] FIRST = {'A'};

    private static final byte[] LAST = {'z'};

    @TempDir
    Path directory;

    private final AtomicReference<Throwable> failure = new AtomicReference<>();
    private final AtomicBoolean stop = new AtomicBoolean();
    private final AtomicLong checks = new AtomicLong();
    private final AtomicLong transfers = new AtomicLong();
    private final List<Thread> threads = new ArrayList<>();

    private interface Step {
        void run(Random random);
    }

    private void start(String name, Step step) {
        int seed = threads.size();
        Thread thread = new Thread(
                () -> {
                    Random random = new Random(seed);
                    try {
                        while (!stop.get()) {
                            step.run(random);
                        }
                    } catch (Throwable e) {
                        failure.compareAndSet(null, e);
                        stop.set(true);
                    }
                },
                name);
        threads.add(thread);
        thread.start();
    }

    private static byte[] key(int account) {
        return String.format("account/%06d", account).getBytes(java.nio.charset.StandardCharsets.US_ASCII);
    }

    private static byte[] amount(long amount) {
        return ByteBuffer.allocate(8).putLong(amount).array();
    }

    private static long amount(byte[] value) {
        return ByteBuffer.wrap(value).getLong();
    }

    @Test
    void batchesKeepTheSumWhateverIsReadMeanwhile() throws Exception {
        transfer(3_000);
    }

    @Tag("long")
    @Test
    void batchesKeepTheSumUntilMemoryIsNearlySpent() throws Exception {
        transfer(120_000);
    }

    /** Each writer has accounts of its own, a part of them in a keyspace, and knows what is in them. */
    private void transfer(long millis) throws Exception {
        Options options = Options.DEFAULT.withMemoryBudget(1 << 30).withMemtableBytes(256 << 10);
        long[][] own = new long[WRITERS][ACCOUNTS];
        try (Store store = Store.open(directory, options)) {
            Keyspace space = store.keyspace("accounts");
            WriteBatch all = new WriteBatch();
            for (int writer = 0; writer < WRITERS; writer++) {
                for (int i = 0; i < ACCOUNTS; i++) {
                    own[writer][i] = INITIAL;
                    put(all, space, writer * ACCOUNTS + i, INITIAL);
                }
            }
            store.write(all);
            for (int writer = 0; writer < WRITERS; writer++) {
                long[] balances = own[writer];
                int first = writer * ACCOUNTS;
                Durability durability = writer < 2 ? Durability.SYNC : Durability.BUFFERED;
                start("writer " + writer, random -> {
                    move(store, space, balances, first, durability, random);
                    if (durability == Durability.BUFFERED && transfers.get() > 100_000) {
                        Thread.yield(); // memory is what ends a long run
                    }
                });
            }
            AtomicLong counter = new AtomicLong();
            store.put(FIRST, amount(0));
            store.put(LAST, amount(0));
            start("counter", random -> {
                long next = counter.incrementAndGet();
                store.put(FIRST, amount(next), Durability.NONE);
                store.put(LAST, amount(next), Durability.NONE);
            });
            start("snapshots upwards", random -> checkSum(store, space, true));
            start("snapshots downwards", random -> checkSum(store, space, false));
            start("gets", random -> {
                int account = random.nextInt(WRITERS * ACCOUNTS);
                long amount = amount(account % 3 == 0 ? space.get(key(account)) : store.get(key(account)));
                assertTrue(amount >= 0 && amount <= (long) INITIAL * ACCOUNTS, "amount " + amount);
            });
            long end = System.nanoTime() + millis * 1_000_000;
            while (!stop.get()
                    && System.nanoTime() < end
                    && store.stats().memory().totalBytes() < 900 << 20) {
                Thread.sleep(10);
            }
            join();
            assertTrue(store.stats().runs() > 0, store.stats()::toString);
            checkAmounts(store, space, own);
            System.out.println(transfers + " transfers, " + checks + " sums, "
                    + store.stats().runs() + " runs");
            assertTrue(checks.get() > 20 && transfers.get() > 500, checks + " sums, " + transfers + " transfers");
        }
        try (Store store = Store.open(directory, options)) {
            checkAmounts(store, store.keyspace("accounts"), own);
        }
    }

    private void join() throws InterruptedException {
        stop.set(true);
        for (Thread thread : threads) {
            thread.join(30_000);
            assertTrue(!thread.isAlive(), () -> thread.getName() + " hangs");
        }
        if (failure.get() != null) {
            throw new AssertionError("under load", failure.get());
        }
    }

    private static void put(WriteBatch batch, Keyspace space, int account, long amount) {
        if (account % 3 == 0) {
            batch.put(space, key(account), amount(amount));
        } else {
            batch.put(key(account), amount(amount));
        }
    }

    private void move(Store store, Keyspace space, long[] balances, int first, Durability durability, Random random) {
        int from = random.nextInt(ACCOUNTS);
        int to = random.nextInt(ACCOUNTS);
        long moved = from == to || balances[from] == 0 ? 0 : 1 + random.nextInt((int) balances[from]);
        balances[from] -= moved;
        balances[to] += moved;
        WriteBatch batch = new WriteBatch();
        put(batch, space, first + from, balances[from]);
        put(batch, space, first + to, balances[to]);
        store.write(batch, durability);
        transfers.incrementAndGet();
        byte[] read = (first + to) % 3 == 0 ? space.get(key(first + to)) : store.get(key(first + to));
        assertEquals(balances[to], amount(read), "a writer reads what it has written");
    }

    private void checkSum(Store store, Keyspace space, boolean up) {
        try (Snapshot snapshot = store.snapshot()) {
            long sum = 0;
            int seen = 0;
            long counters = 0;
            for (int part = 0; part < 2; part++) {
                try (Cursor cursor = part == 0 ? snapshot.cursor() : snapshot.cursor(space)) {
                    while (up ? cursor.next() : cursor.previous()) {
                        if (cursor.keyView().length() == 1) {
                            counters += (cursor.keyView().compareTo(FIRST) == 0 ? 1 : -1) * amount(cursor.value());
                            continue;
                        }
                        sum += amount(cursor.value());
                        seen++;
                    }
                }
            }
            assertTrue(counters == 0 || counters == 1, "a snapshot changes: the first counter is ahead by " + counters);
            assertEquals(WRITERS * ACCOUNTS, seen);
            assertEquals((long) WRITERS * ACCOUNTS * INITIAL, sum);
            checks.incrementAndGet();
        }
    }

    private static void checkAmounts(Store store, Keyspace space, long[][] own) {
        for (int i = 0; i < WRITERS * ACCOUNTS; i++) {
            byte[] value = i % 3 == 0 ? space.get(key(i)) : store.get(key(i));
            assertEquals(own[i / ACCOUNTS][i % ACCOUNTS], amount(value), "account " + i);
        }
    }
}
