package dev.cambium.testkit.runtime;

import dev.cambium.segment.runtime.Clock;
import java.time.Duration;

/**
 * A clock that moves when a test moves it, elapsed time and time of day together. Safe for any thread.
 *
 * <p>With a tick, every look at the elapsed time moves it too, so that code which polls for a deadline meets it.
 */
public final class ManualClock implements Clock {
    /** Where the time of day starts: 2030-01-01T00:00Z, later than any file a developer has. */
    public static final long FIRST_WALL_MILLIS = 1_893_456_000_000L;

    private final long tickNanos;
    private long elapsedNanos;
    private long wallOffsetMillis = FIRST_WALL_MILLIS;

    public ManualClock() {
        this(0);
    }

    /** @param tickNanos what each {@link #nanoTime} adds, 0 for none */
    public ManualClock(long tickNanos) {
        if (tickNanos < 0) {
            throw new IllegalArgumentException("tickNanos is " + tickNanos + ", must not be negative");
        }
        this.tickNanos = tickNanos;
    }

    @Override
    public synchronized long nanoTime() {
        elapsedNanos += tickNanos;
        return elapsedNanos;
    }

    @Override
    public synchronized long wallMillis() {
        return wallOffsetMillis + elapsedNanos / 1_000_000;
    }

    /** Lets time pass. */
    public synchronized void advance(Duration duration) {
        if (duration.isNegative()) {
            throw new IllegalArgumentException("elapsed time never goes back: " + duration);
        }
        elapsedNanos += duration.toNanos();
    }

    /** Sets the time of day, also backwards, as an administrator may; elapsed time is untouched. */
    public synchronized void setWallMillis(long wallMillis) {
        wallOffsetMillis = wallMillis - elapsedNanos / 1_000_000;
    }
}
