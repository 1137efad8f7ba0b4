package dev.cambium.segment.runtime;

/** Time: elapsed and of day. */
public interface Clock {
    /** Nanoseconds since an arbitrary moment; only differences mean something. */
    long nanoTime();

    /** Milliseconds since 1970-01-01T00:00Z. */
    long wallMillis();

    Clock SYSTEM = new Clock() {
        @Override
        public long nanoTime() {
            return System.nanoTime();
        }

        @Override
        public long wallMillis() {
            return System.currentTimeMillis();
        }
    };
}
