package dev.cambium.benchmarks;

/**
 * Counts of latencies in buckets that are at most 1/64 wide for their value. Recording allocates nothing and branches
 * once. For one thread; {@link #add} gathers those of several.
 */
public final class LatencyHistogram {
    private static final int SUB_BITS = 6;
    private static final int SUBS = 1 << SUB_BITS;

    private final long[] counts = new long[(Long.SIZE - SUB_BITS) * SUBS];
    private long total;
    private long maxNanos;

    public void record(long nanos) {
        counts[bucket(nanos)]++;
        total++;
        if (nanos > maxNanos) {
            maxNanos = nanos;
        }
    }

    private static int bucket(long nanos) {
        if (nanos < 2 * SUBS) {
            return (int) Math.max(0, nanos);
        }
        int shift = Long.SIZE - 1 - SUB_BITS - Long.numberOfLeadingZeros(nanos);
        return shift * SUBS + (int) (nanos >>> shift);
    }

    private static long highestIn(int bucket) {
        if (bucket < 2 * SUBS) {
            return bucket;
        }
        int shift = bucket / SUBS - 1;
        return ((long) (bucket - shift * SUBS) + 1 << shift) - 1;
    }

    /** Adds what another one has counted. */
    public void add(LatencyHistogram other) {
        for (int i = 0; i < counts.length; i++) {
            counts[i] += other.counts[i];
        }
        total += other.total;
        maxNanos = Math.max(maxNanos, other.maxNanos);
    }

    /** The latency that a share of all, such as 0.999, did not exceed; 0 where nothing was recorded. */
    public long atShare(double share) {
        long needed = (long) Math.ceil(share * total);
        long seen = 0;
        for (int i = 0; i < counts.length && total > 0; i++) {
            seen += counts[i];
            if (seen >= needed) {
                return Math.min(highestIn(i), maxNanos);
            }
        }
        return maxNanos;
    }

    /** How many were recorded. */
    public long count() {
        return total;
    }

    public long maxNanos() {
        return maxNanos;
    }

    /** The figures that are reported. */
    public Latencies summary() {
        return new Latencies(atShare(0.5), atShare(0.99), atShare(0.999), maxNanos);
    }
}
