package dev.cambium.run;

import dev.cambium.compaction.RunTree;
import dev.cambium.segment.frame.FrameCache;
import dev.cambium.segment.manifest.ManifestRecord;
import dev.cambium.segment.runtime.Reclaimer;
import dev.cambium.segment.zone.ZoneReader;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A run that versions and snapshots hold. With the last reference its memory and its zones go, once no reader can be inside. Safe for
 * any thread.
 */
public final class LiveRun {
    private final RunTree tree;
    private final List<ZoneHandle> zones;
    private final Reclaimer reclaimer;
    private final AtomicInteger references = new AtomicInteger(1);

    LiveRun(ManifestRecord.Run run, List<ZoneHandle> zones, FrameCache frames, Reclaimer reclaimer) {
        this.zones = List.copyOf(zones);
        this.tree = new RunTree(run, this.zones.stream().map(ZoneHandle::reader).toArray(ZoneReader[]::new), frames);
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
        for (; ; ) {
            int held = references.get();
            if (held == 0) {
                return false;
            }
            if (references.compareAndSet(held, held + 1)) {
                return true;
            }
        }
    }

    /** Gives a reference back. */
    public void release() {
        int left = references.decrementAndGet();
        assert left >= 0 : "released more often than retained";
        if (left == 0) {
            reclaimer.retire(() -> {
                tree.release();
                zones.forEach(ZoneHandle::release);
            });
        }
    }
}
