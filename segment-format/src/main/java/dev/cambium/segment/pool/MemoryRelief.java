package dev.cambium.segment.pool;

/** Gives kept buffers up where a pool has no memory left. */
public interface MemoryRelief {
    /** Frees so many bytes, as far as they can go at once, without waiting: callers may be reading. */
    void relieveNow(int bytes);

    /** Whether so many bytes may be given up. */
    boolean mayGiveUp(int bytes);

    /** Frees buffers, as far as they are not pinned; waits for readers, so no caller may be one. */
    void giveUp(long[] tags);
}
