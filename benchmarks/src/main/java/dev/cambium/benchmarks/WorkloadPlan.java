package dev.cambium.benchmarks;

/**
 * A workload with its figures.
 *
 * @param entries that are written; as many operations are timed
 * @param valueLength bytes of each value
 * @param memoryBytes what {@link EngineSettings#memoryBytes} will say
 * @param seed of every random order
 */
public record WorkloadPlan(Workload workload, int entries, int valueLength, long memoryBytes, long seed) {
    /*
     * An entry takes about 160 bytes of Cambium's budget with 100-byte values: the operation, its share of a record's
     * header and padding, its share of the filter. Half as much again, so that a chunk or a filter more never decides.
     */
    private static final int OVERHEAD_BYTES = 60;

    /** Memory for a data set that has to stay in memory: Cambium's default where that is enough. */
    public static long memoryFor(int entries, int valueLength) {
        return Math.max(256L << 20, entries * (long) (valueLength + OVERHEAD_BYTES) * 3 / 2);
    }
}
