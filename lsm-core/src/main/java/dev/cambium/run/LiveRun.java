package dev.cambium.run;

import dev.cambium.RunStats;
import dev.cambium.compaction.RunTree;
import dev.cambium.segment.manifest.ManifestRecord;
import dev.cambium.segment.manifest.Stretch;
import dev.cambium.segment.manifest.Stretches;
import dev.cambium.segment.runtime.Reclaimer;
import dev.cambium.segment.runtime.References;
import java.util.Arrays;
import java.util.List;

/**
 * A run that versions and snapshots hold; whoever holds it holds the {@link HeldZones} of a version that names it, too. With the last
 * reference the memory of the pages goes that died with it, once no reader can be inside. Safe for any thread.
 */
public final class LiveRun {
    /** Of how many entries count: nobody has looked yet. */
    static final long UNKNOWN = -1;

    private static final long[] NONE = {};

    private final RunTree tree;
    private final Stretches merged;
    private volatile double overlap;
    private volatile long liveEntries;
    private final Reclaimer reclaimer;
    private final References references = new References();
    private volatile long[] deadPages = NONE;

    /**
     * @param merged what of it has gone into the base, and counts no more
     * @param liveEntries how many count, about; or {@link #UNKNOWN}
     * @param overlap which part of its keys the base has too, about; or {@link #UNKNOWN}
     */
    LiveRun(RunTree tree, Stretches merged, long liveEntries, double overlap, Reclaimer reclaimer) {
        this.tree = tree;
        this.merged = merged;
        this.liveEntries = liveEntries;
        this.overlap = overlap;
        this.reclaimer = reclaimer;
    }

    /** The same run, for a version in which more of it counts no more. */
    LiveRun with(Stretches nowMerged, long nowLive) {
        return new LiveRun(tree, nowMerged, nowLive, overlap, reclaimer);
    }

    /** How many entries count, as far as that is known. */
    public long countedEntries() {
        return liveEntries == UNKNOWN ? record().entries() : liveEntries;
    }

    /** How many of its tombstones count, about. */
    public long countedTombstones() {
        ManifestRecord.Run run = record();
        return merged.isEmpty() ? run.tombstones() : run.tombstones() * countedEntries() / Math.max(1, run.entries());
    }

    /** How many entries count, about; or {@link #UNKNOWN}. */
    long liveEntries() {
        return liveEntries;
    }

    /** Settles how many entries count, and which part of its keys the base has too, where that was not known. */
    void settle(long entries, double ofBase) {
        liveEntries = entries;
        overlap = ofBase;
    }

    /** Which part of its keys the base has too, about. */
    double overlap() {
        return overlap;
    }

    /** Whether a key that it has would count, and its page is there: not outside of its keys, where the nearest page may have gone. */
    public boolean mayHave(byte[] key, int length) {
        if (merged.isEmpty()) {
            return true;
        }
        byte[] first = record().firstKey();
        byte[] last = record().lastKey();
        return Arrays.compareUnsigned(first, 0, first.length, key, 0, length) <= 0
                && Arrays.compareUnsigned(key, 0, length, last, 0, last.length) <= 0
                && merged.of(key, 0, length) == null;
    }

    /** What of a stretch of keys still counts in it, ascending; nothing where it has no keys there. */
    List<Stretch> left(Stretch of) {
        Stretch own = stretch();
        byte[] from = Arrays.compareUnsigned(own.from(), of.from()) > 0 ? own.from() : of.from();
        byte[] to = of.endsBehind(own.to()) ? own.to() : of.to();
        return Arrays.compareUnsigned(from, to) < 0 ? merged.leftOf(new Stretch(from, to)) : List.of();
    }

    /** The keys that it lies between. */
    Stretch stretch() {
        byte[] last = record().lastKey();
        return new Stretch(record().firstKey(), Arrays.copyOf(last, last.length + 1));
    }

    /** What of it has gone into the base, and counts no more. */
    public Stretches merged() {
        return merged;
    }

    public RunTree tree() {
        return tree;
    }

    /** What the manifest says of it. */
    public ManifestRecord.Run record() {
        return tree.run();
    }

    /** What there is to tell of it. */
    public RunStats stats() {
        ManifestRecord.Run run = record();
        return new RunStats(
                run.id(), run.isBase() ? -1 : run.tier(), countedEntries(), countedTombstones(), run.bytes(), overlap);
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
