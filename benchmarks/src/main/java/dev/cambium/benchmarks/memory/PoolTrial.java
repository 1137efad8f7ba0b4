package dev.cambium.benchmarks.memory;

import dev.cambium.benchmarks.Distribution;
import dev.cambium.benchmarks.Engine;
import dev.cambium.benchmarks.EngineOpener;
import dev.cambium.benchmarks.EngineSettings;
import dev.cambium.benchmarks.ProcessCounters;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.Consumer;

/**
 * How fast one thread gets entries, one distribution, with a pool of one size. Goes from the one JVM to the other as one line of text.
 *
 * @param gets that were timed
 * @param nanos that all of them took
 * @param readCalls of the process meanwhile, which end in the page cache here; 0 where they are not known
 * @param readBytes of these calls
 */
record PoolTrial(Distribution distribution, long gets, long nanos, long readCalls, long readBytes) {
    private static final String PREFIX = "pool\t";
    private static final int WARM_UP_SEED = 1;
    private static final int SEED = 2;

    /** Writes the data that all trials of an engine read, and merges them. */
    static void fill(EngineOpener opener, Path directory, long memoryBytes, int entries) throws IOException {
        Files.createDirectories(directory);
        try (Engine engine = opener.open(new EngineSettings(directory, memoryBytes, false, false))) {
            new Entries(engine).fill(entries);
            engine.compact();
            engine.settle();
        }
    }

    /** Opens the data; of each distribution, so many gets to fill the pool and to warm up, then as many against the clock. */
    static void run(
            EngineOpener opener, Path directory, long memoryBytes, int entries, int gets, Consumer<PoolTrial> found)
            throws IOException {
        try (Engine engine = opener.open(new EngineSettings(directory, memoryBytes, false, false))) {
            Entries reader = new Entries(engine);
            for (Distribution distribution : Distribution.values()) {
                reader.get(distribution.draw(entries, gets, WARM_UP_SEED));
                int[] numbers = distribution.draw(entries, gets, SEED);
                long calls = ProcessCounters.readCalls();
                long bytes = ProcessCounters.readBytes();
                long start = System.nanoTime();
                reader.get(numbers);
                long nanos = System.nanoTime() - start;
                bytes = ProcessCounters.readBytes() - bytes;
                calls = ProcessCounters.readCalls() - calls;
                found.accept(new PoolTrial(distribution, numbers.length, nanos, calls, bytes));
            }
        }
    }

    double perSecond() {
        return gets * 1e9 / nanos;
    }

    double readCallsAGet() {
        return readCalls / (double) gets;
    }

    double readBytesAGet() {
        return readBytes / (double) gets;
    }

    /** The line for {@link #parse}. */
    String toLine() {
        return PREFIX + distribution + '\t' + gets + '\t' + nanos + '\t' + readCalls + '\t' + readBytes;
    }

    /** Whether a line of output is a trial. */
    static boolean isLine(String line) {
        return line.startsWith(PREFIX);
    }

    /** What {@link #toLine} has written. */
    static PoolTrial parse(String line) {
        String[] fields = line.substring(PREFIX.length()).split("\t");
        return new PoolTrial(
                Distribution.valueOf(fields[0]),
                Long.parseLong(fields[1]),
                Long.parseLong(fields[2]),
                Long.parseLong(fields[3]),
                Long.parseLong(fields[4]));
    }
}
