package dev.cambium.run;

import dev.cambium.compaction.RunTree;
import dev.cambium.segment.frame.FrameCache;
import dev.cambium.segment.manifest.ManifestRecord;
import dev.cambium.segment.runtime.Reclaimer;
import dev.cambium.segment.runtime.References;
import dev.cambium.segment.zone.SharedZone;
import java.util.List;

/**
 * A run that versions and snapshots hold. With the last reference its memory and its zones go, once no reader can be inside. Safe for
 * any thread.
 */
public final class LiveRun {
    private final RunTree tree;
    private final List<SharedZone> zones;
    private final Reclaimer reclaimer;
    private final References references = new References();

    LiveRun(ManifestRecord.Run run, List<SharedZone> zones, FrameCache frames, Reclaimer reclaimer) {
        this.zones = List.copyOf(zones);
        this.tree = new RunTree(run, this.zones, frames);
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

    /** Gives a reference back. */
    public void release() {
        if (references.release()) {
            reclaimer.retire(() -> {
                tree.release();
                zones.forEach(SharedZone::release);
            });
        }
    }
}
