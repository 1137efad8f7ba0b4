package dev.cambium.benchmarks.compaction;

import java.util.function.LongSupplier;

/**
 * Requests at times that do not depend on how long requests take: where one is late, those behind it come late too, and their latency is
 * counted from when they were meant to begin. By one thread, which spins while it waits.
 */
final class OpenLoop {
    private final LongSupplier clock;
    private final double intervalNanos;

    /** @param clock nanoseconds, {@link System#nanoTime} */
    OpenLoop(LongSupplier clock, double perSecond) {
        if (!(perSecond > 0)) {
            throw new IllegalArgumentException("requests a second are " + perSecond + ", must be more than 0");
        }
        this.clock = clock;
        this.intervalNanos = 1e9 / perSecond;
    }

    /** Makes requests until {@code nanos} are over; each counts, whenever it comes. Returns how many there were. */
    long run(long nanos, Runnable request, OpenLoopLatencies latencies) {
        long start = clock.getAsLong();
        long count = 0;
        for (long intended = start; intended - start < nanos; intended = start + (long) (count * intervalNanos)) {
            while (clock.getAsLong() < intended) {
                Thread.onSpinWait();
            }
            request.run();
            latencies.record(intended, clock.getAsLong());
            count++;
        }
        return count;
    }
}
