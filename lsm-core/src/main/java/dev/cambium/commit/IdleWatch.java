package dev.cambium.commit;

import dev.cambium.segment.runtime.BackgroundExecutor;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Notices that nobody has written for a while. A write costs one increment and one look at a flag; no clock is read.
 *
 * <p>Threads: {@link #noteWrite} by the commit leader; the rest happens in background steps.
 */
public final class IdleWatch {
    private static final long PAUSE_NANOS = 1_000_000_000;

    private final BackgroundExecutor background;
    private final Runnable whenIdle;
    private final AtomicBoolean watching = new AtomicBoolean();
    private volatile long writes;

    /** @param whenIdle runs once for each pause of a second after a write */
    public IdleWatch(BackgroundExecutor background, Runnable whenIdle) {
        this.background = background;
        this.whenIdle = whenIdle;
    }

    /** A group was written. */
    void noteWrite() {
        writes = writes + 1;
        if (!watching.get() && watching.compareAndSet(false, true)) {
            lookLater(writes);
        }
    }

    private void lookLater(long seen) {
        background.executeLater(() -> look(seen), PAUSE_NANOS);
    }

    private void look(long seen) {
        long now = writes;
        if (now != seen) {
            lookLater(now);
            return;
        }
        watching.set(false);
        if (writes == now) {
            whenIdle.run();
        } else if (watching.compareAndSet(false, true)) { // a write came in between and saw the watch still on
            lookLater(writes);
        }
    }
}
