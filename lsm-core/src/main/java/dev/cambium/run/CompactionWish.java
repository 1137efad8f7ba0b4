package dev.cambium.run;

import dev.cambium.error.CorruptionException;
import dev.cambium.error.StoreException;
import dev.cambium.segment.manifest.Stretch;
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
    boolean hasBegun;
    boolean isSwept; // whether the stretch has been merged
    boolean areZonesPlanned;
    int zonesBefore; // zones with this number and above were made since; 0 where it has not been begun
    byte[] sweptTo;
    CorruptionException damage; // that was left where it is

    private volatile long bytesBefore; // of merges that have ended
    private volatile long bytesDone;
    private volatile long bytesTotal;
    private volatile long linkedBytes;
    private volatile long writtenBytes;
    private volatile boolean isDone;
    private volatile StoreException failure;

    private CompactionWish(Stretch stretch, boolean rewrites, double target, Set<Integer> zones) {
        this.stretch = stretch;
        this.rewrites = rewrites;
        this.target = target;
        this.zones = zones;
        this.sweptTo = stretch == null ? null : stretch.from();
        this.isSwept = stretch == null;
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

    /** How much there is to do, as far as that is known now, in bytes of keys and values. */
    void begin(long bytes) {
        hasBegun = true;
        bytesTotal = bytes;
    }

    /** A merge for it has come so far. */
    void noteProgress(MergeWork merge) {
        bytesDone = bytesBefore + (isSwept ? merge.appendedBytes() : merge.bytesDone());
        if (hasBegun) { // else nobody knows how much there is
            bytesTotal = Math.max(bytesTotal, bytesDone);
        }
    }

    /** A merge for it is at its end, and named. */
    void noteNamed(MergeWork merge) {
        noteProgress(merge);
        bytesBefore = bytesDone;
        linkedBytes = linkedBytes + (isSwept ? 0 : merge.bytesLinked());
        writtenBytes = writtenBytes + merge.appendedBytes();
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

    /** Bytes of pages that were written. */
    public long writtenBytes() {
        return writtenBytes;
    }
}
