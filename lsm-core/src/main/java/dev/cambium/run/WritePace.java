package dev.cambium.run;

import dev.cambium.segment.runtime.Clock;
import dev.cambium.segment.runtime.Parker;

/**
 * How fast writes may come so that the background keeps up: what it has to do should be done when the room for writes has been used up. So the rate is
 * the room that is left by the time that the work will take, measured on what was done last; a writer that comes faster sleeps a little, now and
 * then, and does not meet the limit where it would have to wait for long.
 *
 * <p>Threads: {@link #stepEnded} and {@link #owes} by the background lane, {@link #noteWritten} and {@link #pace} by the commit leader.
 */
final class WritePace {
    /*
     * Writes are looked at every few KiB. Each stretch of them should have taken its share of the time that is left; what it took less is added up, and
     * slept once it comes to a millisecond. Who was slower has something to his credit, for a while: so a writer that comes at four fifths
     * of the rate, in bursts, does not sleep.
     */
    private static final int LOOK_BYTES = 4 << 10;
    private static final long SLEEP_NANOS = 1_000_000;
    private static final long MOST_CREDIT_NANOS = 20_000_000;
    private static final double DECAY = 0.9; // of what was measured, with each step

    private final Clock clock;
    private final Parker parker;

    /** How fast one kind of work went lately: merges that only link or read are much slower by what they write than flushes are. */
    private static final class Rate {
        private double work;
        private double nanos;
        private volatile double workPerNano; // 0 where nothing was measured

        void add(long moreWork, long moreNanos) {
            work = work * DECAY + moreWork;
            nanos = nanos * DECAY + moreNanos;
            workPerNano = work / nanos;
        }

        /** How long some work will take, about; 0 where nothing was measured. */
        double nanosFor(long someWork) {
            double rate = workPerNano;
            return rate == 0 ? 0 : someWork / rate;
        }
    }

    // The lane's.
    private final Rate flushes = new Rate();
    private final Rate merges = new Rate();
    private volatile long owed;
    private volatile long stepBegan;

    // The leader's.
    private long unseenBytes;
    private long lookedAt;
    private double tooFastNanos;

    WritePace(Clock clock, Parker parker) {
        this.clock = clock;
        this.parker = parker;
    }

    /** A step begins. */
    void stepBegins() {
        stepBegan = clock.nanoTime();
    }

    /**
     * A step has ended; in bytes of pages written.
     *
     * @param flushed that it laid down
     * @param merged that it merged, or what takes as long
     */
    void stepEnded(long flushed, long merged) {
        long nanos = clock.nanoTime() - stepBegan;
        if (nanos > 0 && flushed > 0) {
            flushes.add(flushed, nanos);
        } else if (nanos > 0 && merged > 0) {
            merges.add(merged, nanos);
        }
    }

    /** What is to be merged, beside memtables that are to be laid down, before there is room for more; in bytes of pages written. */
    void owes(long work) {
        owed = Math.max(0, work);
    }

    /** Some bytes were written; returns whether there are enough to look whether they came too fast. */
    boolean noteWritten(long bytes) {
        unseenBytes += bytes;
        return unseenBytes >= LOOK_BYTES;
    }

    /**
     * Sleeps a millisecond, if what was written since the last time came too fast.
     *
     * @param sealedWork what memtables that wait will take to be laid down, in bytes of pages written
     * @param room bytes that may be written before a writer would have to wait
     */
    void pace(long sealedWork, long room) {
        long written = unseenBytes;
        unseenBytes = 0;
        double nanosOfWork = flushes.nanosFor(sealedWork) + merges.nanosFor(owed);
        if (nanosOfWork <= 0) {
            tooFastNanos = 0;
            lookedAt = 0;
            return;
        }
        long now = clock.nanoTime();
        if (lookedAt != 0) {
            double left = nanosOfWork - (now - stepBegan);
            double share = Math.max(0, left) * written / Math.max(written, room);
            tooFastNanos = Math.max(-MOST_CREDIT_NANOS, tooFastNanos + share - (now - lookedAt));
        }
        lookedAt = now;
        if (tooFastNanos >= SLEEP_NANOS) {
            parker.parkNanos(this, SLEEP_NANOS);
            lookedAt = clock.nanoTime();
            // Counted as it was: it may have been longer, or have been cut short.
            tooFastNanos = Math.max(0, Math.min(tooFastNanos, MOST_CREDIT_NANOS) - (lookedAt - now));
        }
    }
}
