package dev.cambium.benchmarks.storage;

import dev.cambium.Cursor;
import dev.cambium.Durability;
import dev.cambium.Options;
import dev.cambium.Store;
import dev.cambium.StoreStats;
import dev.cambium.benchmarks.KeyForm;
import dev.cambium.benchmarks.Permutation;
import dev.cambium.benchmarks.Values;
import dev.cambium.benchmarks.WorkloadPlan;
import java.io.IOException;
import java.nio.file.Path;

/**
 * One store with pages of one size: how large it is, how fast it is read from memory, and from the device.
 *
 * @param megabytes of its zones after a compaction
 * @param hotGet nanoseconds of a get whose page is in memory
 * @param hotScan nanoseconds an entry
 * @param coldGet nanoseconds of a get whose page comes from the device; or 0
 * @param coldGetBytes that such a get reads
 * @param coldScan nanoseconds an entry, or 0
 */
record PageTrial(
        double megabytes, double hotGet, double hotScan, double coldGet, double coldGetBytes, double coldScan) {
    private static final int VALUE_LENGTH = 100;
    private static final int HOT_SCANS = 5;

    /** @param coldGets after which the page cache is dropped twice; 0 for none of that */
    static PageTrial run(Path directory, int pageBytes, int entries, int coldGets) throws IOException {
        Options pages = Options.DEFAULT.withPageBytes(pageBytes);
        Options roomy = pages.withMemoryBudget(WorkloadPlan.memoryFor(entries, VALUE_LENGTH));
        Options narrow = pages.withMemoryBudget(Options.MIN_MEMORY_BUDGET);
        int[] order = Permutation.random(entries, 1);
        double megabytes;
        double hotGet;
        double hotScan;
        try (Store store = Store.open(directory, roomy)) {
            fill(store, order);
            store.compact();
            megabytes = store.stats().pageBytes() / 1e6;
            scan(store, entries); // brings all into memory, and the code to its speed
            get(store, order, entries);
            scan(store, entries);
            long start = System.nanoTime();
            for (int pass = 0; pass < HOT_SCANS; pass++) {
                scan(store, entries);
            }
            hotScan = (System.nanoTime() - start) / ((double) HOT_SCANS * entries);
            start = System.nanoTime();
            get(store, order, entries);
            hotGet = (System.nanoTime() - start) / (double) entries;
        }
        if (coldGets == 0) {
            return new PageTrial(megabytes, hotGet, hotScan, 0, 0, 0);
        }
        double coldGet;
        double coldGetBytes;
        double coldScan;
        PageCache.drop();
        try (Store store = Store.open(directory, narrow)) {
            store.get(key(entries)); // loads the key pages above
            StoreStats before = store.stats();
            long start = System.nanoTime();
            get(store, order, coldGets);
            coldGet = (System.nanoTime() - start) / (double) coldGets;
            coldGetBytes = (store.stats().pageLoadBytes() - before.pageLoadBytes()) / (double) coldGets;
        }
        PageCache.drop();
        try (Store store = Store.open(directory, narrow)) {
            long start = System.nanoTime();
            scan(store, entries);
            coldScan = (System.nanoTime() - start) / (double) entries;
        }
        return new PageTrial(megabytes, hotGet, hotScan, coldGet, coldGetBytes, coldScan);
    }

    private static byte[] key(long number) {
        byte[] key = new byte[KeyForm.LENGTH];
        KeyForm.DECIMAL.write(number, key, 0);
        return key;
    }

    private static void fill(Store store, int[] order) {
        Values values = new Values(VALUE_LENGTH);
        byte[] value = new byte[VALUE_LENGTH];
        for (int number : order) {
            values.write(number, value);
            store.put(key(number), value, Durability.BUFFERED);
        }
    }

    private static void get(Store store, int[] order, int count) {
        for (int i = 0; i < count; i++) {
            if (store.get(key(order[i])) == null) {
                throw new IllegalStateException("entry " + order[i] + " is missing");
            }
        }
    }

    private static void scan(Store store, int entries) {
        int seen = 0;
        long bytes = 0;
        try (Cursor cursor = store.cursor()) {
            while (cursor.next()) {
                bytes += cursor.key().length + cursor.value().length;
                seen++;
            }
        }
        if (seen != entries || bytes != (long) entries * (KeyForm.LENGTH + VALUE_LENGTH)) {
            throw new IllegalStateException(seen + " entries of " + entries);
        }
    }
}
