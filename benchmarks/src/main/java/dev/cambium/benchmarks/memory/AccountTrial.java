package dev.cambium.benchmarks.memory;

import dev.cambium.MemoryStats;
import dev.cambium.StoreStats;
import dev.cambium.benchmarks.CambiumEngine;
import dev.cambium.benchmarks.Directories;
import dev.cambium.benchmarks.Distribution;
import dev.cambium.benchmarks.EngineSettings;
import dev.cambium.benchmarks.ProcessCounters;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.stream.Collectors;
import java.util.stream.LongStream;

/**
 * What a store says of its memory, and what the system says of the process, at one moment. Goes from the one JVM to the other as one line of
 * text.
 *
 * @param anonymousBytes of the process with the store
 * @param closedBytes of the process when the store was closed
 */
record AccountTrial(MemoryStats memory, long anonymousBytes, long closedBytes) {
    private static final String PREFIX = "account\t";
    private static final long WARM_UP_BUDGET = 16L << 20;
    private static final int GETS = 20_000; // between two looks at how full the memory is
    private static final int LOOKS = 4; // without more pages, after which the memory counts as full
    private static final int MOST_GETS = 250 * GETS;
    private static final long QUIET_MILLIS = 1200; // after these, an idle store has nothing left to do

    /**
     * Fills and reads a small store for the JIT's sake, and closes it; then opens another one, and measures.
     *
     * @param warmUpBytes of the small store's data
     * @param dataBytes that the other one is filled with before it is read at random until its memory is full; 0: it stays empty
     */
    static AccountTrial run(Path directory, long budgetBytes, long warmUpBytes, long dataBytes) throws IOException {
        try (CambiumEngine store = open(directory.resolve("warm-up"), WARM_UP_BUDGET)) {
            int count = Entries.count(warmUpBytes);
            new Entries(store).fill(count);
            read(store, count);
        }
        Directories.delete(directory.resolve("warm-up"));
        MemoryStats memory;
        long anonymousBytes;
        try (CambiumEngine store = open(directory.resolve("measured"), budgetBytes)) {
            if (dataBytes > 0) {
                int count = Entries.count(dataBytes);
                new Entries(store).fill(count);
                settle(store);
                read(store, count);
            }
            do {
                sleep(QUIET_MILLIS);
                memory = store.stats().memory();
                ProcessCounters.trim();
                anonymousBytes = ProcessCounters.anonymousBytes();
            } while (memory.totalBytes() != store.stats().memory().totalBytes());
        }
        ProcessCounters.trim();
        long closedBytes = ProcessCounters.anonymousBytes();
        Directories.delete(directory.resolve("measured"));
        return new AccountTrial(memory, anonymousBytes, closedBytes);
    }

    private static CambiumEngine open(Path directory, long budgetBytes) throws IOException {
        Files.createDirectories(directory);
        return new CambiumEngine.Opener().open(new EngineSettings(directory, budgetBytes, false, false));
    }

    /** Reads until no more pages came into memory for some looks. */
    private static void read(CambiumEngine store, int count) {
        Entries entries = new Entries(store);
        long most = 0;
        int looks = 0;
        for (int done = 0; done < MOST_GETS && looks < LOOKS; done += GETS) {
            entries.get(Distribution.UNIFORM.draw(count, GETS, done));
            long now = store.stats().memory().pageBytes();
            looks = now > most ? 0 : looks + 1;
            most = Math.max(now, most);
        }
    }

    /** Waits until nothing was laid down or merged for a while: what is merged away leaves memory. */
    private static void settle(CambiumEngine store) {
        long before;
        long now = written(store.stats());
        do {
            sleep(QUIET_MILLIS);
            before = now;
            now = written(store.stats());
        } while (now > before);
    }

    private static long written(StoreStats stats) {
        return stats.flushedBytes() + stats.mergedBytes();
    }

    private static void sleep(long millis) {
        try {
            Thread.sleep(millis);
        } catch (InterruptedException e) {
            throw new IllegalStateException("interrupted", e);
        }
    }

    /** The line for {@link #parse}. */
    String toLine() {
        return LongStream.of(
                        anonymousBytes,
                        closedBytes,
                        memory.budgetBytes(),
                        memory.totalBytes(),
                        memory.memtableBytes(),
                        memory.pageBytes(),
                        memory.keyPageBytes(),
                        memory.filterBytes(),
                        memory.writeBufferBytes(),
                        memory.readBufferBytes(),
                        memory.freeBytes(),
                        memory.mappedBytes(),
                        memory.heapIndexBytes())
                .mapToObj(Long::toString)
                .collect(Collectors.joining("\t", PREFIX, ""));
    }

    /** Whether a line of output is a trial. */
    static boolean isLine(String line) {
        return line.startsWith(PREFIX);
    }

    /** What {@link #toLine} has written. */
    static AccountTrial parse(String line) {
        long[] f = Arrays.stream(line.substring(PREFIX.length()).split("\t"))
                .mapToLong(Long::parseLong)
                .toArray();
        MemoryStats memory = new MemoryStats(f[2], f[3], f[4], f[5], f[6], f[7], f[8], f[9], f[10], f[11], f[12]);
        return new AccountTrial(memory, f[0], f[1]);
    }
}
