package dev.cambium.compaction;

import dev.cambium.segment.manifest.Stretches;

/** Brings the pages of a run into memory, in the order of keys, some at a time. For one thread; the caller holds the run. */
public final class RunLoader {
    private final RunCursor cursor;

    /** @param merged what of the run counts no more */
    public RunLoader(RunTree tree, Stretches merged) {
        this.cursor = new RunCursor(tree, merged);
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
