package dev.cambium.segment.runtime;

import java.util.concurrent.atomic.AtomicInteger;

/** How many hold an object whose memory or file goes with the last of them. Begins with one. Safe for any thread. */
public final class References {
    private final AtomicInteger held = new AtomicInteger(1);

    /** Takes one more, unless the last one is gone. */
    public boolean tryRetain() {
        for (; ; ) {
            int now = held.get();
            if (now == 0) {
                return false;
            }
            if (held.compareAndSet(now, now + 1)) {
                return true;
            }
        }
    }

    /** Gives one back; returns whether it was the last. */
    public boolean release() {
        int left = held.decrementAndGet();
        if (left < 0) {
            throw new IllegalStateException("released more often than retained");
        }
        return left == 0;
    }

    /** How many hold the object. */
    public int count() {
        return held.get();
    }

    /** Whether somebody holds the object. */
    public boolean isHeld() {
        return held.get() > 0;
    }
}
