package dev.cambium.benchmarks;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.LockSupport;

/**
 * A thread that does nothing but sleep for a millisecond at a time, and notes how much later it wakes: what the machine and the JVM (its
 * pauses, other threads, other processes) would have done to any thread meanwhile.
 */
public final class StallWatch implements AutoCloseable {
    private static final long SLEEP_NANOS = 1_000_000;

    /** From when it should have woken to when it did, by {@link System#nanoTime}. */
    public record Stall(long fromNanos, long toNanos) {}

    private final List<Stall> longStalls = new ArrayList<>();
    private final long longNanos;
    private final LatencyHistogram stalls = new LatencyHistogram();
    private final Thread thread = new Thread(this::watch, "stall-watch");
    private volatile boolean ended;

    private StallWatch(long longNanos) {
        this.longNanos = longNanos;
    }

    /** Starts one. */
    public static StallWatch start() {
        return start(Long.MAX_VALUE);
    }

    /**
     * Starts one that remembers long stalls one by one.
     *
     * @param longNanos stalls longer than that
     */
    public static StallWatch start(long longNanos) {
        StallWatch watch = new StallWatch(longNanos);
        watch.thread.setDaemon(true);
        watch.thread.start();
        return watch;
    }

    private void watch() {
        while (!ended) {
            long before = System.nanoTime();
            LockSupport.parkNanos(SLEEP_NANOS);
            long now = System.nanoTime();
            long late = Math.max(0, now - before - SLEEP_NANOS);
            stalls.record(late);
            if (late > longNanos) {
                longStalls.add(new Stall(before + SLEEP_NANOS, now));
            }
        }
    }

    /** Ends the watch; what it has seen. */
    public Latencies end() {
        close();
        return stalls.summary();
    }

    /** The long ones in order of time; once it has ended. */
    public List<Stall> longStalls() {
        return List.copyOf(longStalls);
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
