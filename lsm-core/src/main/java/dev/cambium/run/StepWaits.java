package dev.cambium.run;

import dev.cambium.error.CorruptionException;
import dev.cambium.error.DiskFullException;
import dev.cambium.error.StoreException;
import dev.cambium.error.StoreIOException;
import dev.cambium.segment.runtime.Clock;
import dev.cambium.segment.runtime.Parker;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.BooleanSupplier;

/**
 * Threads that wait for what the steps of a background lane bring about, and are told where a step failed. A wait comes to its end: by
 * what it is for, by a failure of a step that was tried meanwhile, by the close, or after a minute in which no step ended.
 *
 * <p>Threads: {@link #stepEnded} by the lane, the others by any. Interrupts are kept and change nothing.
 */
final class StepWaits {
    private static final long LONGEST_WAIT_NANOS = 60_000_000_000L;

    private final Parker parker;
    private final Clock clock;
    private final ConcurrentLinkedQueue<Thread> waiting = new ConcurrentLinkedQueue<>();
    private volatile long ended; // steps
    private volatile StoreException failure; // of the latest step
    private volatile boolean closed;

    StepWaits(Parker parker, Clock clock) {
        this.parker = parker;
        this.clock = clock;
    }

    /**
     * A step has come to its end.
     *
     * @param failed why it failed, or null
     */
    void stepEnded(StoreException failed) {
        failure = failed;
        ended = ended + 1;
        unparkAll();
    }

    private void unparkAll() {
        for (Thread thread = waiting.poll(); thread != null; thread = waiting.poll()) {
            parker.unpark(thread);
        }
    }

    /**
     * Waits.
     *
     * @param ask asks for a step; is called where {@code done} does not hold yet
     * @throws StoreIOException where steps fail, or none ends for a minute; a {@link DiskFullException} or {@link CorruptionException} where
     *     that is why
     */
    void await(BooleanSupplier done, Runnable ask) {
        if (done.getAsBoolean()) {
            return;
        }
        long from = ended;
        long seen = from;
        long since = clock.nanoTime();
        boolean interrupted = false;
        ask.run();
        try {
            while (!done.getAsBoolean()) {
                if (ended != seen) {
                    seen = ended;
                    since = clock.nanoTime();
                }
                throwIfHopeless(seen != from, clock.nanoTime() - since);
                waiting.add(Thread.currentThread());
                if (ended == seen && !closed) { // else the wake-up may have come before
                    parker.parkNanos(this, LONGEST_WAIT_NANOS / 60);
                    interrupted |= Thread.interrupted();
                }
            }
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    private void throwIfHopeless(boolean attempted, long waitedNanos) {
        StoreException failed = failure;
        if (attempted && failed != null) {
            throw failure("memtables cannot be laid down: ", failed);
        }
        if (closed) {
            throw new IllegalStateException("the store is closed");
        }
        if (waitedNanos >= LONGEST_WAIT_NANOS) {
            throw new StoreIOException(
                    "the background has not ended a step for " + LONGEST_WAIT_NANOS / 1_000_000_000
                            + " seconds: the disk is stuck or far too slow",
                    null);
        }
    }

    /** What a thread is told of a failure that another has met. */
    static StoreException failure(String what, StoreException cause) {
        if (cause instanceof CorruptionException damage) {
            return new CorruptionException(what, damage);
        }
        return cause instanceof DiskFullException
                ? new DiskFullException(what + cause.getMessage(), cause)
                : new StoreIOException(what + cause.getMessage(), cause);
    }

    /** Ends all waits: no step comes any more. */
    void close() {
        closed = true;
        unparkAll();
    }
}
