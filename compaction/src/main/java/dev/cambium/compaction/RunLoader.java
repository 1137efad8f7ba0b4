package dev.cambium.compaction;

import dev.cambium.segment.manifest.Stretches;
import java.util.function.BooleanSupplier;

/** Brings the pages of a run into memory, in the order of keys, some at a time. For one thread; the caller holds the run. */
public final class RunLoader {
    private final RunCursor cursor;

    /** @param merged what of the run counts no more */
    public RunLoader(RunTree tree, Stretches merged) {
        this.cursor = new RunCursor(tree, merged);
    }

    /**
     * Loads some pages more: leaves, with filters and values. To be called inside an epoch slot.
     *
     * @param pages how many, about
     * @param hasRoom is asked before each, and once there is none nothing more is loaded: a slot that waits for room keeps it from coming
     * @return whether there may be more
     */
    public boolean step(int pages, BooleanSupplier hasRoom) {
        for (int loaded = 0; loaded < pages; loaded++) {
            if (!hasRoom.getAsBoolean() || !cursor.nextPage()) {
                return false;
            }
            loaded += cursor.loadBeside(hasRoom);
        }
        return true;
    }
}
