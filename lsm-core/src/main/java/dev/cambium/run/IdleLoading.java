package dev.cambium.run;

import dev.cambium.compaction.RunLoader;
import dev.cambium.epoch.ReadEpochs;
import dev.cambium.error.StoreException;
import dev.cambium.segment.frame.FrameCache;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * While nobody writes: brings what was laid down or merged back into memory, as far as there is room, so that it can be read as fast as it
 * was before. For one thread at a time.
 */
final class IdleLoading {
    private static final int STEP_PAGES = 64;
    private static final int MOST_UNLOADED = 1 << 10;

    private final FrameCache frames;
    private final ReadEpochs epochs;
    private final Set<Long> unloaded = new HashSet<>(); // runs that were made and not brought into memory yet
    private LiveRun loading; // the one of them that is being brought; or null
    private RunLoader loader; // of it

    IdleLoading(FrameCache frames, ReadEpochs epochs) {
        this.frames = frames;
        this.epochs = epochs;
    }

    /** A run was made. */
    void add(long run) {
        if (unloaded.size() >= MOST_UNLOADED) {
            unloaded.clear(); // nobody has paused for long: there is no room for all of them
        }
        unloaded.add(run);
    }

    /**
     * Loads some pages.
     *
     * @param runs there are now
     * @return whether there was something to do
     */
    boolean step(List<LiveRun> runs) {
        if (unloaded.isEmpty()) {
            return false;
        }
        if (!frames.hasRoom()) {
            unloaded.clear();
            loading = null;
            return false;
        }
        if (loading == null || !runs.contains(loading)) {
            beginNext(runs);
            return true;
        }
        boolean more = false;
        int slot = epochs.enter();
        try {
            more = loader.step(STEP_PAGES, frames::hasRoom);
        } catch (StoreException e) {
            // Whoever needs the page is told.
        } finally {
            epochs.exit(slot);
        }
        if (!more) {
            unloaded.remove(loading.record().id());
            loading = null;
        }
        return true;
    }

    private void beginNext(List<LiveRun> runs) {
        unloaded.retainAll(runs.stream().map(run -> run.record().id()).toList());
        for (LiveRun run : runs) {
            if (unloaded.contains(run.record().id())) {
                loading = run;
                loader = new RunLoader(run.tree(), run.merged());
                return;
            }
        }
    }
}
