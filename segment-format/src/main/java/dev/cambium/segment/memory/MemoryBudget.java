package dev.cambium.segment.memory;

import dev.cambium.error.MemoryBudgetException;
import java.util.concurrent.atomic.AtomicLong;

/**
 * The bytes of off-heap memory a store may hold at once, and how many it does. Safe for any thread; a reservation is one
 * compare-and-set.
 */
public final class MemoryBudget {
    private final long limitBytes;
    private final AtomicLong usedBytes = new AtomicLong();
    private volatile boolean enforced;

    /** A budget that is counted but not enforced yet: recovery must hold what is there, whether it fits or not. */
    public MemoryBudget(long limitBytes) {
        this.limitBytes = limitBytes;
    }

    /** From now on a reservation beyond the limit fails. */
    public void enforce() {
        enforced = true;
    }

    /** Takes {@code bytes} of the budget, or throws and takes none. */
    public void reserve(long bytes) {
        for (; ; ) {
            long used = usedBytes.get();
            if (enforced && bytes > limitBytes - used) {
                throw new MemoryBudgetException(bytes, used, limitBytes);
            }
            if (usedBytes.compareAndSet(used, used + bytes)) {
                return;
            }
        }
    }

    /**
     * Takes {@code bytes} even beyond the limit: for frames, which have a bound of their own, and for what lays memtables down, which gives
     * back more than it takes. Neither may fail because writes have taken the rest.
     */
    public void reserveBeyondLimit(long bytes) {
        usedBytes.addAndGet(bytes);
    }

    /** Gives back what was reserved. */
    public void release(long bytes) {
        long left = usedBytes.addAndGet(-bytes);
        assert left >= 0 : "released more than was reserved: " + left;
    }

    public long limitBytes() {
        return limitBytes;
    }

    public long usedBytes() {
        return usedBytes.get();
    }
}
