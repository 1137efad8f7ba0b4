package dev.cambium.benchmarks;

import java.util.concurrent.locks.LockSupport;

/**
 * A thread that does nothing but sleep for a millisecond at a time, and notes how much later it wakes: what the machine and the JVM (its
 * pauses, other threads, other processes) would have done to any thread meanwhile.
 */
public final class StallWatch implements AutoCloseable {
    private static final long SLEEP_NANOS = 1_000_000;

    private final LatencyHistogram stalls = new LatencyHistogram();
    private final Thread thread = new Thread(this::watch, "stall-watch");
    private volatile boolean ended;

    private StallWatch() {}

    /** Starts one. */
    public static StallWatch start() {
        StallWatch watch = new StallWatch();
        watch.thread.setDaemon(true);
        watch.thread.start();
        return watch;
    }

    private void watch() {
        while (!ended) {
            long before = System.nanoTime();
            LockSupport.parkNanos(SLEEP_NANOS);
            stalls.record(Math.max(0, System.nanoTime() - before - SLEEP_NANOS));
        }
    }

    /** Ends the watch; what it has seen. */
    public Latencies end() {
        close();
        return stalls.summary();
    }

    @Override
    public void close() {
        ended = true;
        try {
            thread.join();
        } catch (InterruptedException e) {
            throw new IllegalStateException("interrupted", e);
        }
    }
}
