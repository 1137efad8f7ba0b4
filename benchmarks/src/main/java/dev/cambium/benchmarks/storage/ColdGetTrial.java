package dev.cambium.benchmarks.storage;

import dev.cambium.Durability;
import dev.cambium.Options;
import dev.cambium.Store;
import dev.cambium.StoreStats;
import dev.cambium.benchmarks.KeyForm;
import dev.cambium.benchmarks.Permutation;
import dev.cambium.benchmarks.ProcessCounters;
import dev.cambium.benchmarks.Values;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * Gets of a store that is larger than its memory, while the system's page cache has nothing of it; then plain reads of a file.
 *
 * @param gets a second, of all threads together, and how long safepoints waited for them
 * @param pages that a get read
 * @param deviceBytes that a get read
 * @param plain reads a second, of as many bytes as such a page is long on disk
 * @param mapped such reads through a mapping
 */
record ColdGetTrial(
        SafepointDelays gets, double pages, double deviceBytes, SafepointDelays plain, SafepointDelays mapped) {
    private static final int VALUE_LENGTH = 400;
    private static final int KEYS_PER_WARMING = 256;

    static final int ENTRY_BYTES = KeyForm.LENGTH + VALUE_LENGTH;

    static void fill(Path directory, int entries) {
        Values values = new Values(VALUE_LENGTH);
        byte[] value = new byte[VALUE_LENGTH];
        try (Store store = Store.open(directory)) {
            for (int number = 0; number < entries; number++) {
                values.write(number, value);
                store.put(key(number), value, Durability.BUFFERED);
            }
            store.compact();
        }
    }

    private static byte[] key(long number) {
        byte[] key = new byte[KeyForm.LENGTH];
        KeyForm.DECIMAL.write(number, key, 0);
        return key;
    }

    static ColdGetTrial run(Path directory, ReadTrial file, int entries, int threads, int gets) throws IOException {
        int[] order = Permutation.random(entries, threads);
        try (Store store = Store.open(directory, Options.DEFAULT)) {
            // What is above the leaves comes into memory, and a few leaves of many.
            inParallel(
                    threads,
                    entries / KEYS_PER_WARMING / threads,
                    (thread, i) -> find(store, (i * threads + thread) * KEYS_PER_WARMING));
            PageCache.drop();
            StoreStats before = store.stats();
            long deviceBefore = ProcessCounters.deviceReadBytes();
            int share = gets / threads;
            SafepointDelays ofGets = SafepointDelays.during(
                    () -> inParallel(threads, share, (thread, i) -> find(store, order[i * threads + thread])));
            double done = (double) share * threads;
            double deviceBytes = ProcessCounters.deviceReadBytes() - deviceBefore;
            double pages = store.stats().pageLoads() - before.pageLoads();
            int length = (int) ((store.stats().pageLoadBytes() - before.pageLoadBytes()) / pages);
            return new ColdGetTrial(
                    ofGets,
                    pages / done,
                    deviceBytes / done,
                    SafepointDelays.during(() -> 1e9 / file.random(ReadTrial.Way.POSITIONAL, length, threads, gets)),
                    SafepointDelays.during(() -> 1e9 / file.random(ReadTrial.Way.MAPPED, length, threads, gets)));
        }
    }

    private static void find(Store store, int number) {
        if (store.get(key(number)) == null) {
            throw new IllegalStateException("entry " + number + " is missing");
        }
    }

    private interface Step {
        void run(int thread, int step);
    }

    /** Does so many steps in each of so many threads; returns steps a second. */
    private static double inParallel(int threads, int steps, Step step) {
        ExecutorService executor = Executors.newFixedThreadPool(threads);
        try {
            long start = System.nanoTime();
            List<Future<?>> running = new ArrayList<>();
            for (int t = 0; t < threads; t++) {
                int thread = t;
                running.add(executor.submit(() -> {
                    for (int i = 0; i < steps; i++) {
                        step.run(thread, i);
                    }
                }));
            }
            for (Future<?> one : running) {
                one.get();
            }
            return 1e9 * threads * steps / (System.nanoTime() - start);
        } catch (InterruptedException | ExecutionException e) {
            throw new IllegalStateException("a get failed", e);
        } finally {
            executor.shutdown();
        }
    }
}
