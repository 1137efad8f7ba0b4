package dev.cambium.benchmarks.compaction;

import dev.cambium.benchmarks.Engine;
import dev.cambium.benchmarks.KeyForm;
import dev.cambium.benchmarks.LatencyHistogram;
import dev.cambium.benchmarks.Values;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Puts, one a call, each with a value that no put before had: it follows from how many there were. Of every few entries the last put is kept
 * in mind, so that they can be compared with what the engine has. For one thread; {@link #done} from any.
 */
final class PutStream {
    private static final int SAMPLES = 1000; // at least, where there are as many entries

    private final Engine engine;
    private final Values values;
    private final int entries;
    private final int mask; // entries whose number has none of these bits are kept in mind
    private final long[] last; // put of the entries kept in mind; -1: none
    private final AtomicLong done = new AtomicLong();
    private final byte[] key = new byte[KeyForm.LENGTH];
    private final byte[] value;
    private long count;

    /** @param entries keys are the numbers below it */
    PutStream(Engine engine, int entries, int valueLength) {
        this.engine = engine;
        this.values = new Values(valueLength);
        this.value = new byte[valueLength];
        this.entries = entries;
        int stride = Integer.highestOneBit(Math.max(1, entries / SAMPLES));
        this.mask = stride - 1;
        this.last = new long[(entries + mask) / stride];
        Arrays.fill(last, -1);
    }

    /** Bytes of a key and a value. */
    static int entryBytes(int valueLength) {
        return KeyForm.LENGTH + valueLength;
    }

    /** Puts one entry. */
    void put(int entry) {
        KeyForm.DECIMAL.write(entry, key, 0);
        values.write(count, value);
        engine.put(key, value);
        if ((entry & mask) == 0) {
            last[entry / (mask + 1)] = count;
        }
        count++;
        done.lazySet(count);
    }

    /** Puts them in that order; returns how many nanoseconds that took. */
    long putAll(int[] order) {
        long start = System.nanoTime();
        for (int entry : order) {
            put(entry);
        }
        return System.nanoTime() - start;
    }

    /** As {@link #putAll(int[])}; the time from one return to the next is a put's latency. */
    long putAll(int[] order, LatencyHistogram latencies) {
        long start = System.nanoTime();
        long before = start;
        for (int entry : order) {
            put(entry);
            long after = System.nanoTime();
            latencies.record(after - before);
            before = after;
        }
        return before - start;
    }

    /** How many puts there were, about. */
    long done() {
        return done.get();
    }

    /**
     * Compares the entries kept in mind, byte by byte.
     *
     * @throws IllegalStateException where one is not what was put last
     */
    void check() {
        for (int i = 0; i < last.length; i++) {
            int entry = i * (mask + 1);
            KeyForm.DECIMAL.write(entry, key, 0);
            byte[] found = engine.get(key);
            boolean right = last[i] < 0 ? found == null : found != null && values.isValue(last[i], found);
            if (!right) {
                throw new IllegalStateException("entry " + entry + " of " + entries + " reads wrong: "
                        + (found == null ? "absent" : found.length + " bytes") + ", last put " + last[i]);
            }
        }
    }
}
