package dev.cambium.run;

import dev.cambium.error.CorruptionException;
import dev.cambium.error.StoreException;
import dev.cambium.segment.manifest.ManifestRecord;
import dev.cambium.segment.manifest.Stretch;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What somebody waits for: that a stretch of keys goes into the base, or that zones are cleaned. The background lane grants it in merges of its own,
 * one after the other, each of which is named by itself: so what is done stays done, and needs little room meanwhile.
 *
 * <p>Threads: the background lane moves it on; who waits looks at the progress.
 */
public final class CompactionWish {
    /** Where pages of values stay as they are, zones are cleaned to that. */
    private static final double TARGET_OF_VALUES = 1.05;

    final Stretch stretch; // what goes into the base; null for nothing
    final boolean rewrites; // whether pages that could stay as they are are written anew
    final double target; // what zones are cleaned to; 0 where they are not
    final Set<Integer> zones; // that are cleaned in any case

    // The lane's.
    int zonesBefore; // zones with this number and above were made since; 0 where it has not been begun
    double deadBefore; // bytes of zone files that nothing lived in, when it was begun
    final Map<Integer, Long> taken = new HashMap<>(); // zones that were taken out of order, and what lived there
    CorruptionException damage; // that was left where it is
    private final Deque<BaseChoice.Range> planned =
            new ArrayDeque<>(); // of the stretch, for the merge that is under way
    private Stretch left; // of the stretch, as far as it has not been merged; null where all has
    private boolean hasBegun;
    private boolean isSweeping; // whether the merge that is under way is one of the stretch
    private boolean isInOrder; // and takes what comes next there
    private boolean areZonesTaken;

    private volatile boolean isAbandoned;
    private volatile long bytesBefore; // of merges that have ended
    private volatile long bytesDone;
    private volatile long bytesTotal;
    private volatile long linkedBytes;
    private volatile long copiedBytes;
    private volatile long writtenBytes;
    private volatile boolean isDone;
    private volatile StoreException failure;

    private CompactionWish(Stretch stretch, boolean rewrites, double target, Set<Integer> zones) {
        this.stretch = stretch;
        this.rewrites = rewrites;
        this.target = target;
        this.zones = zones;
        this.left = stretch;
    }

    /**
     * All of a stretch into the base, all pages of it written anew but for those of values, which lie anywhere: where all keys are meant, what is live
     * in zones that are mostly dead is moved, too.
     */
    public static CompactionWish rewriting(Stretch stretch) {
        return new CompactionWish(stretch, true, stretch.equals(Stretch.ALL) ? TARGET_OF_VALUES : 0, Set.of());
    }

    /** All of a stretch into the base; then zones are cleaned until files come to {@code target} times what is live, or no further. */
    public static CompactionWish merging(Stretch stretch, double target) {
        return new CompactionWish(stretch, false, target, Set.of());
    }

    /** Zones are cleaned until files come to {@code target} times what is live, or no further. */
    public static CompactionWish cleaning(double target) {
        return new CompactionWish(null, false, target, Set.of());
    }

    /** Some zones are cleaned. */
    public static CompactionWish cleaning(Set<Integer> zones) {
        return new CompactionWish(null, false, 0, Set.copyOf(zones));
    }

    /** Whether a zone of the base was made for it, or since. */
    boolean hasMade(ManifestRecord.Zone zone) {
        return zone.stream() == Zones.STREAM_BASE && zone.number() >= zonesBefore;
    }

    /** Whether there is something of the stretch that has not been merged. */
    boolean hasToSweep() {
        return left != null;
    }

    /** What of the stretch has not been merged. */
    Stretch left() {
        return left;
    }

    /** Whether a part of the stretch has been merged, or is being. */
    boolean hasBegun() {
        return hasBegun;
    }

    /**
     * Ranges of what is left are merged next.
     *
     * @param inOrder whether they are all that is left; else they are met again, when those before them have been merged
     * @return them, for the merge, which takes out what it has merged
     */
    Deque<BaseChoice.Range> sweep(List<BaseChoice.Range> ranges, boolean inOrder) {
        isInOrder = inOrder;
        planned.clear();
        planned.addAll(ranges);
        isSweeping = !planned.isEmpty();
        if (!hasBegun) {
            hasBegun = true;
            bytesTotal = ranges.stream().mapToLong(BaseChoice.Range::bytes).sum();
        }
        return planned;
    }

    /** The merge for it has ended, or failed. */
    void mergeEnded() {
        isSweeping = false;
    }

    /** Nothing is left of the stretch. */
    void endSweep() {
        left = null;
    }

    /** Whether zones were named that nobody has begun to clean; says so once. */
    boolean takeZones() {
        boolean isNew = !areZonesTaken && !zones.isEmpty();
        areZonesTaken = true;
        return isNew;
    }

    /** A merge for it has come so far. */
    void noteProgress(MergeWork merge) {
        if (isSweeping && !isInOrder) {
            return; // what it merges comes again
        }
        bytesDone = bytesBefore + (isSweeping ? merge.bytesDone() : merge.appendedBytes());
        if (hasBegun) { // else nobody knows how much there is
            bytesTotal = Math.max(bytesTotal, bytesDone);
        }
    }

    /** A merge for it is named. Returns whether with it all there is has been written anew. */
    boolean noteNamed(MergeWork merge) {
        noteProgress(merge);
        bytesBefore = bytesDone;
        linkedBytes =
                linkedBytes + (isSweeping && !rewrites ? merge.bytesLinked() : 0); // else what it has written itself
        copiedBytes = copiedBytes + merge.bytesCopied();
        writtenBytes = writtenBytes + merge.appendedBytes();
        if (!isSweeping || !isInOrder) {
            return false;
        }
        if (planned.isEmpty()) {
            left = null;
            return rewrites && stretch.equals(Stretch.ALL) && damage == null;
        }
        left = new Stretch(planned.peek().stretch().from(), stretch.to());
        return false;
    }

    /** Nobody waits for it any more. */
    void abandon() {
        isAbandoned = true;
    }

    boolean isAbandoned() {
        return isAbandoned;
    }

    /** All has been done that can be. */
    void end() {
        failure = damage;
        bytesDone = Math.max(bytesDone, bytesTotal);
        isDone = true;
    }

    void fail(StoreException reason) {
        failure = reason;
    }

    boolean isDone() {
        return isDone;
    }

    /** Why it cannot be granted, or not all of it; null where that is not so. */
    StoreException failure() {
        return failure;
    }

    long bytesDone() {
        return bytesDone;
    }

    long bytesTotal() {
        return bytesTotal;
    }

    /** What went through merges that have been named, in bytes of keys and values. */
    public long mergedBytes() {
        return bytesBefore;
    }

    /** Of what was merged, what became part of the new base as it was, in bytes of keys and values. */
    public long linkedBytes() {
        return linkedBytes;
    }

    /** Of what was merged, what was copied in pages as they are stored, in bytes of keys and values. */
    public long copiedBytes() {
        return copiedBytes;
    }

    /** Bytes of pages that were written. */
    public long writtenBytes() {
        return writtenBytes;
    }
}
