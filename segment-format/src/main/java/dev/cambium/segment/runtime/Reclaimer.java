package dev.cambium.segment.runtime;

/** Releases what no later reader can find, once no earlier reader can hold it: the epochs of the store. */
public interface Reclaimer {
    /** Runs {@code release}, now or later, when every reader that is inside now has left. */
    void retire(Runnable release);

    /** Waits until every reader that is inside now has left, and releases what has been retired before. */
    void settle();
}
