package dev.cambium.compaction;

/** Brings the pages of a run into memory, in the order of keys, some at a time. For one thread; the caller holds the run. */
public final class RunLoader {
    private final RunCursor cursor;

    public RunLoader(RunTree tree) {
        this.cursor = new RunCursor(tree);
    }

    /** Loads so many leaves more, with filters and values; to be called inside an epoch slot. Returns whether there may be more. */
    public boolean step(int leaves) {
        for (int i = 0; i < leaves; i++) {
            if (!cursor.nextPage()) {
                return false;
            }
            cursor.loadBeside();
        }
        return true;
    }
}
