package dev.cambium.testkit.explore;

import dev.cambium.testkit.disk.CrashKind;
import dev.cambium.testkit.disk.CrashOutcome;
import dev.cambium.testkit.disk.DiskOperation;
import dev.cambium.testkit.runtime.SeededRandom;
import java.util.ArrayList;
import java.util.List;

/**
 * Which of all crashes an exploration visits. Limits choose by the seed, evenly over the whole, and never leave out the last.
 *
 * @param outcomes what each crash is followed into; a seeded one gets another seed at each place
 * @param mostPoints most operations to crash at
 * @param mostCuts most places to crash at inside one write or store
 * @param recoveryOutcomes what each crash inside a recovery is followed into; empty to let recoveries be
 * @param mostRecoveryPoints most operations to crash at inside one recovery
 */
public record CrashPlan(
        List<CrashOutcome> outcomes,
        int mostPoints,
        int mostCuts,
        List<CrashOutcome> recoveryOutcomes,
        int mostRecoveryPoints) {
    private static final int ALL = Integer.MAX_VALUE;

    public CrashPlan {
        outcomes = List.copyOf(outcomes);
        recoveryOutcomes = List.copyOf(recoveryOutcomes);
        if (outcomes.isEmpty() || mostPoints < 1 || mostCuts < 0 || mostRecoveryPoints < 0) {
            throw new IllegalArgumentException("a plan needs an outcome and a point, and no negative limit");
        }
    }

    /** Every operation and every cut, by kill, both extremes of power loss and two seeded ones; recoveries are let be. */
    public static CrashPlan everywhere(long seed) {
        return new CrashPlan(
                List.of(
                        CrashOutcome.PROCESS_KILL,
                        CrashOutcome.NOTHING_UNFORCED,
                        CrashOutcome.EVERYTHING,
                        CrashOutcome.powerLoss(SeededRandom.mix(seed, 1) >>> 1),
                        CrashOutcome.powerLoss(SeededRandom.mix(seed, 2) >>> 1)),
                ALL,
                ALL,
                List.of(),
                ALL);
    }

    /** Follows each crash into these outcomes. */
    public CrashPlan into(CrashOutcome... into) {
        return new CrashPlan(List.of(into), mostPoints, mostCuts, recoveryOutcomes, mostRecoveryPoints);
    }

    /** Limits the operations to crash at, and the cuts inside each. */
    public CrashPlan atMost(int points, int cutsEach) {
        return new CrashPlan(outcomes, points, cutsEach, recoveryOutcomes, mostRecoveryPoints);
    }

    /** Crashes inside recoveries too, at so many operations of each, by kill and by power loss without the unforced. */
    public CrashPlan alsoInRecovery(int mostPointsEach) {
        return new CrashPlan(
                outcomes,
                mostPoints,
                mostCuts,
                List.of(CrashOutcome.PROCESS_KILL, CrashOutcome.NOTHING_UNFORCED),
                mostPointsEach);
    }

    /** Places to crash at in a life of these operations: in place of each, and after the last. */
    List<Long> points(long operationCount, SeededRandom random) {
        return choose(operationCount + 1, mostPoints, random);
    }

    List<Integer> cuts(DiskOperation operation, SeededRandom random) {
        List<Integer> cuts = operation.cuts();
        return choose(cuts.size(), mostCuts, random).stream()
                .map(index -> cuts.get(index.intValue()))
                .toList();
    }

    List<Long> recoveryPoints(long operationCount, SeededRandom random) {
        return recoveryOutcomes.isEmpty() ? List.of() : choose(operationCount, mostRecoveryPoints, random);
    }

    /** The outcome with a seed of its own for each place, so that a few seeded ones see many different losses. */
    CrashOutcome at(long operation, int cut, CrashOutcome outcome) {
        return outcome.survival() == CrashOutcome.Survival.SEEDED
                ? CrashOutcome.powerLoss(SeededRandom.mix(SeededRandom.mix(outcome.seed(), operation), cut) >>> 1)
                : outcome;
    }

    /**
     * Whether an outcome of a crash inside an operation shows anything new. A power loss may keep any subset of the sectors
     * of an operation that was done, so a part of it is of interest only where nothing else is lost.
     */
    boolean isWorthCutting(CrashOutcome outcome) {
        return outcome.kind() == CrashKind.PROCESS_KILL || outcome.survival() == CrashOutcome.Survival.EVERYTHING;
    }

    /** At most {@code most} of the numbers from 0 to {@code count}: one, by chance, out of each of as many equal parts. */
    private static List<Long> choose(long count, int most, SeededRandom random) {
        List<Long> chosen = new ArrayList<>();
        long parts = Math.min(count, most);
        for (long part = 0; part < parts; part++) {
            long from = count * part / parts;
            long to = count * (part + 1) / parts;
            chosen.add(part == parts - 1 ? count - 1 : from + Long.remainderUnsigned(random.nextLong(), to - from));
        }
        return chosen;
    }
}
