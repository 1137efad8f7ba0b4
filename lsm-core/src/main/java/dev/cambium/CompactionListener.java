package dev.cambium;

/** Is told how far a {@linkplain Store#compact(CompactionListener) compaction} has come, in the thread that asked for it. */
@FunctionalInterface
public interface CompactionListener {
    /**
     * Called every now and then; what it throws comes to who waits, and ends the compaction: what has been merged by then stays merged.
     *
     * @param doneBytes of keys and values merged so far
     * @param totalBytes of keys and values of all that is to be merged, about; 0 before the merge has begun, where none is needed, and while zones are cleaned, of
     *     which nobody knows before
     */
    void progress(long doneBytes, long totalBytes);
}
