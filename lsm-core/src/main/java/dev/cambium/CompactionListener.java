package dev.cambium;

/** Is told how far a {@linkplain Store#compact(CompactionListener) compaction} has come, in the thread that asked for it. */
@FunctionalInterface
public interface CompactionListener {
    /**
     * Called every now and then; what it throws ends the wait, not the compaction.
     *
     * @param doneBytes of keys and values merged so far
     * @param totalBytes of keys and values of all runs that are merged; 0 before the merge has begun, or where none is needed
     */
    void progress(long doneBytes, long totalBytes);
}
