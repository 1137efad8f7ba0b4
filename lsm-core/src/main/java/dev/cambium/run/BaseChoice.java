package dev.cambium.run;

import dev.cambium.compaction.RangeEstimates;
import dev.cambium.compaction.RunWriter;
import dev.cambium.epoch.ReadEpochs;
import dev.cambium.error.CorruptionException;
import dev.cambium.segment.manifest.Stretch;
import dev.cambium.segment.manifest.Stretches;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * When stretches of the base are merged with the younger runs, and which (decision 0011): once what those have of keys that the base has too
 * comes to a share of the base, the stretches with the most of it, until it does not any more. Those that can be merged are taken in the order of keys, and
 * a sweep goes on where the last one ended or was left off: so what a run has lost is few stretches, and zones of the base, written in the order of keys, die whole.
 *
 * <p>Threads: one chooses, any may ask for damage.
 */
final class BaseChoice {
    /** What younger runs may have in all, as a share of the base: reads ask them first. */
    private static final double MOST_YOUNG = 1.0;

    /** Keys of a run that are looked up in the base after an open. */
    private static final int SAMPLES = 32;

    /** A range is worth it if it has so much of what the fullest has. */
    private static final double LEAST_OF_FULLEST = 0.5;

    /** Bytes that an entry takes in a leaf, about, whose value stands in a page of values. */
    private static final int REFERENCE_IN_LEAF = 64;

    /** Runs with fewer tombstones are not looked at for stretches that are mostly deleted. */
    private static final int LEAST_TOMBSTONES = 1024;

    /** Tombstones to the entries that the base has, from which on a range is merged though younger runs hide little in all. */
    private static final double DENSE = 0.25;

    /** A range that has so little of the average is merged together with the next. */
    private static final double SMALL = 0.4;

    /**
     * A stretch to be merged.
     *
     * @param leaves how many there will be, about
     * @param bytes of keys and values, about
     * @param hasVictims whether it has pages in zones that are being cleaned
     */
    record Range(Stretch stretch, long leaves, long bytes, boolean hasVictims) {}

    private final ReadEpochs epochs;
    private final int leafBytes;
    private final Deque<Range> planned = new ArrayDeque<>();
    private final SweepPosition sweep = new SweepPosition();
    private final Set<Long> lookedAt = new HashSet<>(); // numbers of runs that were, for tombstones
    private volatile Stretches setAside = Stretches.NONE;
    private CorruptionException damage;

    BaseChoice(ReadEpochs epochs, int leafBytes) {
        this.epochs = epochs;
        this.leafBytes = leafBytes;
    }

    /** Leaves a stretch of the base alone until the store is reopened: a page there cannot be read, of the base or of a younger run. */
    void setAside(Stretch stretch, CorruptionException reason) {
        if (setAside.leftOf(stretch).isEmpty()) {
            return; // it is known
        }
        setAside = setAside.with(stretch);
        damage = reason;
        forgetPlan();
        System.getLogger("dev.cambium")
                .log(System.Logger.Level.WARNING, "a stretch of keys is left out of merges: {0}", reason.getMessage());
    }

    /** Whether a stretch, or a part of it, is left alone. */
    boolean isSetAside(Stretch stretch) {
        return !setAside.leftOf(stretch).equals(List.of(stretch));
    }

    /** Whether there is a stretch that cannot be merged. */
    boolean isDamaged() {
        return !setAside.isEmpty();
    }

    /** Why a stretch cannot be merged; there is one. */
    CorruptionException damage() {
        return damage;
    }

    /** Forgets what was planned, since the base will be another: the next plan begins where this one was left off. */
    void forgetPlan() {
        sweep.leaveOff(planned);
        planned.clear();
    }

    /**
     * What younger runs have, in entries.
     *
     * @param all of them, about
     * @param hidden in how many the base has the key too, about
     * @param ofBase in the base
     */
    private record Young(double all, double hidden, double ofBase) {
        static Young of(List<LiveRun> runs) {
            double all = 0;
            double hidden = 0;
            for (LiveRun run : runs.subList(0, runs.size() - 1)) {
                all += run.countedEntries();
                hidden += run.countedEntries() * Math.max(0, run.overlap());
            }
            return new Young(all, hidden, base(runs).record().entries());
        }

        /** How many of them are too many. */
        double excess(double trigger) {
            double tooMuch = Math.max(
                    1 - trigger * ofBase / hidden, 1 - MOST_YOUNG * ofBase / all); // -Infinity where there are none
            return Math.max(0, tooMuch) * all;
        }
    }

    /** What younger runs hide of the base, or have in all, as a share of what they may. */
    static double hiddenShare(List<LiveRun> runs, double trigger) {
        if (!hasBase(runs)) {
            return 0;
        }
        Young young = Young.of(runs);
        return Math.max(young.hidden / (trigger * young.ofBase), young.all / (MOST_YOUNG * young.ofBase));
    }

    private static LiveRun base(List<LiveRun> runs) {
        return runs.get(runs.size() - 1);
    }

    static boolean hasBase(List<LiveRun> runs) {
        return !runs.isEmpty() && base(runs).record().isBase();
    }

    /**
     * The ranges to be merged next, in the order of keys; whoever merges them takes them out.
     *
     * @param runs newest first
     * @param trigger see {@link SpaceUse#trigger}
     */
    Deque<Range> next(List<LiveRun> runs, double trigger) {
        if (!hasBase(runs) || runs.size() == 1) {
            planned.clear();
        } else if (planned.isEmpty()) {
            settleUnknown(runs);
            double excess = Young.of(runs).excess(trigger);
            if (excess > 0) {
                plan(runs, excess);
            }
            if (planned.isEmpty() && haveNewTombstones(runs)) {
                planDense(runs);
            }
        }
        return planned;
    }

    /** Whether there is a run that has not been looked at, with tombstones enough to be looked at. */
    private boolean haveNewTombstones(List<LiveRun> runs) {
        lookedAt.retainAll(runs.stream().map(run -> run.record().id()).toList());
        boolean found = false;
        for (LiveRun run : runs.subList(0, runs.size() - 1)) {
            found |= run.record().tombstones() >= LEAST_TOMBSTONES
                    && lookedAt.add(run.record().id());
        }
        return found;
    }

    /** Plans the ranges of which younger runs delete a good part: whoever seeks there passes all of that one by one. */
    private void planDense(List<LiveRun> runs) {
        RangeEstimates estimates = estimates(runs);
        for (int i = 0; i < estimates.count(); i++) {
            boolean isDense =
                    estimates.youngTombstones(i) >= Math.max(LEAST_TOMBSTONES / 8, DENSE * estimates.baseEntries(i));
            Range range = range(runs, estimates, i, i);
            if (isDense && !isSetAside(range.stretch)) {
                planned.add(range);
            }
        }
    }

    private RangeEstimates estimates(List<LiveRun> runs) {
        return estimates(runs, false);
    }

    /** @param takesScans whether it also says what was scanned since that was asked last */
    RangeEstimates estimates(List<LiveRun> runs, boolean takesScans) {
        int slot = epochs.enter();
        try {
            RangeEstimates estimates = new RangeEstimates(base(runs).tree(), this::setAside, takesScans);
            for (LiveRun run : runs.subList(0, runs.size() - 1)) {
                estimates.add(run.tree(), run.merged());
            }
            return estimates;
        } finally {
            epochs.exit(slot);
        }
    }

    private void settleUnknown(List<LiveRun> runs) {
        for (LiveRun run : runs) {
            if (run.liveEntries() == LiveRun.UNKNOWN) {
                int slot = epochs.enter();
                try {
                    double overlap = run.record().isBase()
                            ? 0
                            : RangeEstimates.overlap(
                                    run.tree(), run.merged(), base(runs).tree(), SAMPLES);
                    run.settle(RangeEstimates.left(run.tree(), run.merged()), overlap);
                } catch (CorruptionException e) {
                    run.settle(run.record().entries(), 1); // whoever needs that page is told
                } finally {
                    epochs.exit(slot);
                }
            }
        }
    }

    private void plan(List<LiveRun> runs, double excess) {
        RangeEstimates estimates = estimates(runs);
        int count = estimates.count();
        double fullest = 0;
        for (int i = 0; i < count; i++) {
            fullest = Math.max(fullest, fullness(estimates, i));
        }
        int first = sweep.first(count, estimates::stretch) % count;
        double average = (double) base(runs).record().entries() / count;
        List<Range> chosen = new ArrayList<>();
        double taken = 0;
        for (int n = 0; n < count && taken < excess; n++) {
            int i = (first + n) % count;
            if (i < first && !chosen.isEmpty()) {
                break; // a plan that went on at the beginning would be carried out from there
            }
            if (estimates.youngEntries(i) > 0 && fullness(estimates, i) >= LEAST_OF_FULLEST * fullest) {
                boolean isNextFree = n + 1 < count && i + 1 < count; // else it is where the sweep began
                int last = estimates.baseEntries(i) < SMALL * average && isNextFree ? i + 1 : i;
                Range range = range(runs, estimates, i, last);
                if (!isSetAside(range.stretch) && isYoungIn(runs, range.stretch)) {
                    chosen.add(range);
                    taken += estimates.youngEntries(i) + (last > i ? estimates.youngEntries(last) : 0);
                }
                n += last - i;
                sweep.passTo(range.stretch);
            }
        }
        chosen.sort((one, other) -> Arrays.compareUnsigned(one.stretch.from(), other.stretch.from()));
        planned.addAll(chosen);
    }

    /** What younger runs have in a range, as a part of what the base has. */
    static double fullness(RangeEstimates estimates, int range) {
        return estimates.youngEntries(range) / Math.max(1, estimates.baseEntries(range));
    }

    /** The ranges from one to another as one. */
    Range range(List<LiveRun> runs, RangeEstimates estimates, int first, int last) {
        double entries = 0;
        for (int i = first; i <= last; i++) {
            entries += estimates.baseEntries(i) + estimates.youngEntries(i);
        }
        double bytes =
                entries * base(runs).record().bytes() / base(runs).record().entries();
        Stretch stretch = new Stretch(
                estimates.stretch(first).from(), estimates.stretch(last).to());
        double inLeaves = bytes >= entries * RunWriter.SEPARATE_FROM ? entries * REFERENCE_IN_LEAF : bytes;
        return new Range(stretch, (long) (inLeaves / leafBytes) + 1, (long) bytes, false);
    }

    /**
     * Every range that has keys of a stretch, in the order of keys, those excepted that are set aside.
     *
     * @param untouched whether ranges are among them in which younger runs have nothing
     */
    List<Range> all(List<LiveRun> runs, Stretch of, boolean untouched) {
        settleUnknown(runs);
        RangeEstimates estimates = estimates(runs);
        List<Range> all = new ArrayList<>();
        for (int i = 0; i < estimates.count(); i++) {
            Stretch stretch = estimates.stretch(i);
            boolean isIn = stretch.endsBehind(of.from()) && of.endsBehind(stretch.from());
            if (isIn && !isSetAside(stretch) && (untouched || isYoungIn(runs, stretch))) {
                all.add(range(runs, estimates, i, i));
            }
        }
        return all;
    }

    /** Whether younger runs have something of a stretch. */
    private static boolean isYoungIn(List<LiveRun> runs, Stretch stretch) {
        return runs.stream()
                .anyMatch(run -> !run.record().isBase() && !run.left(stretch).isEmpty());
    }
}
