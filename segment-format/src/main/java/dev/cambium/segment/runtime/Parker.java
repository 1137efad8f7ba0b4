package dev.cambium.segment.runtime;

import java.util.concurrent.locks.LockSupport;

/** How a thread waits for another: as {@link LockSupport} does, spurious returns included. */
public interface Parker {
    void park(Object blocker);

    /** As {@link #park}, but returns after {@code nanos} at the latest. */
    void parkNanos(Object blocker, long nanos);

    void unpark(Thread thread);

    Parker SYSTEM = new Parker() {
        @Override
        public void park(Object blocker) {
            LockSupport.park(blocker);
        }

        @Override
        public void parkNanos(Object blocker, long nanos) {
            LockSupport.parkNanos(blocker, nanos);
        }

        @Override
        public void unpark(Thread thread) {
            LockSupport.unpark(thread);
        }
    };
}
