package dev.cambium.run;

import dev.cambium.compaction.RangeEstimates;
import dev.cambium.compaction.Scatter;
import dev.cambium.segment.manifest.Stretches;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.function.LongSupplier;

/**
 * Which ranges of the base are merged for the sake of scans (decision 0018): those that are scanned often and suffer, from younger runs, that a scan has to merge
 * while it reads, or from what lies apart. While there are writes, no more is written for them than a budget says.
 *
 * <p>Threads: one chooses, any may say that there have been scans.
 */
final class ScanChoice {
    /** What younger runs may have in a range that is scanned often, as a part of what the base has. */
    private static final double YOUNG = 1.0 / 64;

    /** Ranges to be merged, in the order of keys, in which the same lies apart; whoever merges them takes them out. */
    record Chosen(Deque<BaseChoice.Range> ranges, Scatter scatter) {}

    private record Scanned(BaseChoice.Range range, Scatter scatter) {}

    private final BaseChoice base;
    private final LongSupplier scannedOften;
    private final Deque<Scanned> planned = new ArrayDeque<>();
    private Chosen chosen = new Chosen(new ArrayDeque<>(), Scatter.NONE);
    private Stretches together = Stretches.NONE; // values were brought together there, and few have changed since
    private long written; // bytes of pages, while there were writes
    private volatile long scansSeen; // of scannedOften
    private volatile boolean isDue;

    /**
     * @param base knows the ranges, and which of them are damaged
     * @param scannedOften how often a range has come to be scanned often; from any thread
     */
    ScanChoice(BaseChoice base, LongSupplier scannedOften) {
        this.base = base;
        this.scannedOften = scannedOften;
    }

    /** Whether ranges have been scanned often since they were to be looked at last. From any thread. */
    boolean hasNew() {
        return scannedOften.getAsLong() != scansSeen;
    }

    /** The next choice is to look for more. From any thread. */
    void lookAgain() {
        scansSeen = scannedOften.getAsLong();
        isDue = true;
    }

    /** Forgets what was to be merged, since the base will be another: whoever comes by again will ask for it. */
    void forget() {
        planned.clear();
        chosen.ranges.clear();
    }

    /** As {@link #forget}, where what younger runs hide is merged: values may lie apart again. */
    void forgetTogether() {
        forget();
        together = Stretches.NONE;
    }

    /** So much was written for a choice while there were writes. */
    void noteWritten(long bytes) {
        written += bytes;
    }

    /**
     * What is to be merged next.
     *
     * @param most bytes of pages that may have been written for choices while there were writes; {@code Long.MAX_VALUE} while there are none
     * @param live bytes of pages: no more than that is saved up
     * @return null where there is nothing, or nothing may be
     */
    Chosen next(List<LiveRun> runs, long most, long live) {
        if (most < Long.MAX_VALUE) {
            written = Math.max(written, most - live);
        }
        if (written > most) {
            return null;
        }
        boolean looks = isDue;
        isDue = false;
        if (!chosen.ranges.isEmpty()) {
            return chosen;
        }
        if (looks && planned.isEmpty() && BaseChoice.hasBase(runs)) {
            plan(runs);
        }
        planned.removeIf(one -> base.isSetAside(one.range.stretch())); // known to be damaged since
        if (planned.isEmpty()) {
            return null;
        }
        Scatter scatter = planned.peek().scatter;
        chosen = new Chosen(new ArrayDeque<>(), scatter);
        while (!planned.isEmpty() && planned.peek().scatter == scatter) {
            chosen.ranges.add(planned.remove().range);
        }
        return chosen;
    }

    private void plan(List<LiveRun> runs) {
        RangeEstimates estimates = base.estimates(runs, true);
        for (int i = 0; i < estimates.count(); i++) {
            Scatter scatter = estimates.scatter(i);
            if (scatter == Scatter.VALUES
                    && together.leftOf(estimates.stretch(i)).isEmpty()) {
                scatter = Scatter.NONE; // who reads a value here and there finds them apart however they lie
            }
            boolean suffers = scatter != Scatter.NONE || BaseChoice.fullness(estimates, i) >= YOUNG;
            if (estimates.isScannedOften(i) && suffers) {
                BaseChoice.Range range = base.range(runs, estimates, i, i);
                if (!base.isSetAside(range.stretch())) {
                    planned.add(new Scanned(range, scatter));
                    together = scatter == Scatter.VALUES ? together.with(range.stretch()) : together;
                }
            }
        }
    }
}
