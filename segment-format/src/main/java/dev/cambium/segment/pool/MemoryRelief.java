package dev.cambium.segment.pool;

/** Gives memory up where a pool has none left. */
public interface MemoryRelief {
    /** Gives up what can go at once, without waiting: callers may be reading. */
    void relieveNow();

    /**
     * Gives up so much that a buffer of {@code length} bytes can be had, unless another is faster; waits for readers, so no caller may be
     * one.
     *
     * @return whether anything was given up
     */
    boolean relieve(int length);
}
