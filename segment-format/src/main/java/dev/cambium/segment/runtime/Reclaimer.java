package dev.cambium.segment.runtime;

/** Releases what no later reader can find, once no earlier reader can hold it: the epochs of the store. */
public interface Reclaimer {
    /** Runs {@code release}, now or later, when every reader that is inside now has left. */
    void retire(Runnable release);

    /** Waits until every reader that is inside now has left, and releases what has been retired before. */
    void settle();

    /**
     * Marks a moment: what the caller has made unreachable before may be reused once {@link #passed} has come to the mark. Marks ascend.
     */
    long mark();

    /** The latest mark such that all readers that were inside then have left. */
    long passed();
}
