package dev.cambium.run;

import dev.cambium.compaction.RunTree;
import dev.cambium.segment.frame.FrameCache;
import dev.cambium.segment.manifest.ManifestRecord;
import dev.cambium.segment.runtime.Reclaimer;
import dev.cambium.segment.runtime.References;
import dev.cambium.segment.zone.SharedZone;
import java.util.function.IntFunction;

/**
 * A run that versions and snapshots hold; whoever holds it holds the {@link HeldZones} of a version that names it, too. With the last
 * reference the memory of the pages goes that died with it, once no reader can be inside. Safe for any thread.
 */
public final class LiveRun {
    private static final long[] NONE = {};

    private final RunTree tree;
    private final Reclaimer reclaimer;
    private final References references = new References();
    private volatile long[] deadPages = NONE;

    LiveRun(ManifestRecord.Run run, IntFunction<SharedZone> zones, FrameCache frames, Reclaimer reclaimer) {
        this.tree = new RunTree(run, zones, frames);
        this.reclaimer = reclaimer;
    }

    public RunTree tree() {
        return tree;
    }

    /** What the manifest says of it. */
    public ManifestRecord.Run record() {
        return tree.run();
    }

    /** Takes a reference, unless the last one is gone. To be called inside an epoch slot. */
    public boolean tryRetain() {
        return references.tryRetain();
    }

    /** Says which pages no version will name any more once this run is gone. */
    void diesWith(long[] pages) {
        deadPages = pages;
    }

    /** Gives a reference back. */
    public void release() {
        if (references.release()) {
            reclaimer.retire(() -> tree.evict(deadPages));
        }
    }
}
