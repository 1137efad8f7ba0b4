package dev.cambium.benchmarks;

import java.util.Arrays;

/**
 * One thread's share of a fill: makes entries in buffers of its own and puts them. Entry {@code n} has the key of
 * {@code 2 n}, so that there are absent keys between all of them.
 */
final class EntryWriter {
    private final Engine engine;
    private final Values values;
    private final byte[] key = new byte[KeyForm.LENGTH];
    private final byte[] value;

    EntryWriter(Engine engine, Values values) {
        this.engine = engine;
        this.values = values;
        this.value = new byte[values.length()];
    }

    /** The number in the key of an entry. */
    static long number(int entry) {
        return 2L * entry;
    }

    /** Puts every {@code step}th entry of {@code order} from index {@code first} on, one a call. */
    void putEach(int[] order, int first, int step) {
        for (int i = first; i < order.length; i += step) {
            put(order[i]);
        }
    }

    /** As {@link #putEach(int[], int, int)}; the time from one return to the next is a call's latency. */
    void putEach(int[] order, int first, int step, LatencyHistogram latencies) {
        long before = System.nanoTime();
        for (int i = first; i < order.length; i += step) {
            put(order[i]);
            long after = System.nanoTime();
            latencies.record(after - before);
            before = after;
        }
    }

    private void put(int entry) {
        long number = number(entry);
        KeyForm.DECIMAL.write(number, key, 0);
        values.write(number, value);
        engine.put(key, value);
    }

    /** Puts all entries in batches. */
    void putBatches(int[] order, int batchLength) {
        byte[][] keys = new byte[batchLength][KeyForm.LENGTH];
        byte[][] batchValues = new byte[batchLength][values.length()];
        for (int from = 0; from < order.length; from += batchLength) {
            int count = Math.min(batchLength, order.length - from);
            for (int i = 0; i < count; i++) {
                long number = number(order[from + i]);
                KeyForm.DECIMAL.write(number, keys[i], 0);
                values.write(number, batchValues[i]);
            }
            if (count < batchLength) {
                engine.putAll(Arrays.copyOf(keys, count), Arrays.copyOf(batchValues, count));
            } else {
                engine.putAll(keys, batchValues);
            }
        }
    }
}
