package dev.cambium.testkit.explore;

import dev.cambium.testkit.SimulatedEnvironment;
import dev.cambium.testkit.disk.CrashOutcome;
import dev.cambium.testkit.disk.DiskOperation;
import dev.cambium.testkit.disk.FaultPlan;
import dev.cambium.testkit.disk.SimulatedDisk;
import dev.cambium.testkit.model.CrashHistory;
import dev.cambium.testkit.model.WorkloadStep;
import dev.cambium.testkit.runtime.SeededRandom;
import dev.cambium.testkit.runtime.StepExecutor;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * Replays a workload once for each place where the process can die, lets it die there, and has a new subject recover what is
 * left and check it.
 *
 * <p>A workload is a list of steps between an open and a close. It first runs without a crash, which counts the operations on
 * the disk; then, for each of them, again from scratch up to there, and inside writes and stores up to each cut. The disk it
 * leaves is followed into every outcome of the {@link CrashPlan}; recoveries can be made to die in the same way.
 *
 * <p>Throws {@link CrashFailure} at the first crash that is not survived as promised, whatever the subject throws; it names
 * the {@link CrashPoint}, and {@link #replay} goes there directly. A subject whose replay does other operations than its
 * first run is refused with an {@link IllegalStateException}. One thread; deterministic for one seed.
 */
public final class CrashExplorer<O extends WorkloadStep> {
    /**
     * What an exploration has seen.
     *
     * @param operations on the disk, in the run without a crash
     * @param deaths places at which a process died
     * @param recoveries that were checked
     */
    public record Exploration(long operations, long deaths, long recoveries) {}

    private final Supplier<? extends Subject<O>> subjects;
    private final long seed;
    private final CrashPlan plan;
    private final StepExecutor.Mode mode;
    private final Consumer<FaultPlan> faults;
    private final boolean mappedStoresAreSafe;

    /** An explorer of every crash, with background steps inline and a disk without faults. */
    public CrashExplorer(Supplier<? extends Subject<O>> subjects, long seed) {
        this(subjects, seed, CrashPlan.everywhere(seed), StepExecutor.Mode.INLINE, null, true);
    }

    private CrashExplorer(
            Supplier<? extends Subject<O>> subjects,
            long seed,
            CrashPlan plan,
            StepExecutor.Mode mode,
            Consumer<FaultPlan> faults,
            boolean mappedStoresAreSafe) {
        this.subjects = subjects;
        this.seed = seed;
        this.plan = plan;
        this.mode = mode;
        this.faults = faults;
        this.mappedStoresAreSafe = mappedStoresAreSafe;
    }

    public CrashExplorer<O> with(CrashPlan other) {
        return new CrashExplorer<>(subjects, seed, other, mode, faults, mappedStoresAreSafe);
    }

    /** Runs background steps inline or when the workload asks for it. */
    public CrashExplorer<O> with(StepExecutor.Mode other) {
        return new CrashExplorer<>(subjects, seed, plan, other, faults, mappedStoresAreSafe);
    }

    /**
     * Lets operations of the first life fail. Then a step may throw a {@code StoreException}: it may have happened or not, and
     * ends the life, unless its type says that nothing happened.
     */
    public CrashExplorer<O> withFaults(Consumer<FaultPlan> injected) {
        return new CrashExplorer<>(subjects, seed, plan, mode, injected, mappedStoresAreSafe);
    }

    /** Uses disks on which {@link SimulatedDisk#mappedStoresAreSafe} says no. */
    public CrashExplorer<O> withoutMappedStores() {
        return new CrashExplorer<>(subjects, seed, plan, mode, faults, false);
    }

    /** Goes through all crashes of the plan. */
    public Exploration explore(List<O> workload) {
        Life<O> whole = live(workload);
        List<DiskOperation> operations = whole.disk().operations();
        SeededRandom random = new SeededRandom(seed);
        long deaths = 0;
        long recoveries = 0;
        for (long point : plan.points(operations.size(), random)) {
            recoveries += dieAt(workload, operations, point, 0, random);
            deaths++;
            if (point < operations.size()) {
                for (int cut : plan.cuts(operations.get((int) point), random)) {
                    recoveries += dieAt(workload, operations, point, cut, random);
                    deaths++;
                }
            }
        }
        return new Exploration(operations.size(), deaths, recoveries);
    }

    /** Goes to one crash, as {@link CrashFailure} names it. */
    public void replay(List<O> workload, CrashPoint point) {
        Life<O> whole = live(workload);
        Life<O> life = liveUntil(workload, whole.disk().operations(), point.operation(), point.cut());
        recover(workload, life, point);
    }

    private long dieAt(List<O> workload, List<DiskOperation> expected, long operation, int cut, SeededRandom random) {
        Life<O> life = liveUntil(workload, expected, operation, cut);
        long recoveries = 0;
        for (CrashOutcome outcome : plan.outcomes()) {
            if (cut != 0 && !plan.isWorthCutting(outcome)) {
                continue;
            }
            CrashPoint point = new CrashPoint(operation, cut, plan.at(operation, cut, outcome));
            long count = recover(workload, life, point);
            recoveries++;
            for (long again : plan.recoveryPoints(count, random)) {
                for (CrashOutcome next : plan.recoveryOutcomes()) {
                    recover(
                            workload,
                            life,
                            new CrashPoint(operation, cut, point.outcome(), new CrashPoint(again, 0, next)));
                    recoveries++;
                }
            }
        }
        return recoveries;
    }

    /** Recovers what a life has left, in as many lives as the point has deaths, and checks; returns the operations it took. */
    private long recover(List<O> workload, Life<O> first, CrashPoint point) {
        try {
            SimulatedDisk left = first.disk().afterCrash(point.outcome());
            CrashHistory<O> history = first.history(point.outcome().kind());
            int lives = 1;
            for (CrashPoint next = point.next(); next != null; next = next.next()) {
                left.crashAt(next.operation(), next.cut());
                Subject<O> dying = subjects.get();
                Life.dieWhileOpening(dying, environment(left, ++lives));
                left = left.afterCrash(next.outcome());
                history = history.andThen(next.outcome().kind());
            }
            Subject<O> subject = subjects.get();
            boolean survived = false;
            try {
                subject.open(environment(left, ++lives));
                long count = left.operationCount();
                subject.check(history);
                subject.close();
                survived = true;
                return count;
            } finally {
                if (!survived) {
                    left.crash();
                    subject.abandon();
                }
            }
        } catch (Exception | AssertionError failure) {
            throw new CrashFailure(seed, point, first.place(), workload, failure);
        }
    }

    private Life<O> live(List<O> workload) {
        SimulatedDisk disk = newDisk();
        Life<O> life = new Life<>(disk, faults != null);
        life.run(subjects.get(), environment(disk, 1), workload);
        return life;
    }

    private Life<O> liveUntil(List<O> workload, List<DiskOperation> expected, long operation, int cut) {
        SimulatedDisk disk = newDisk();
        disk.crashAt(operation, cut);
        Life<O> life = new Life<>(disk, faults != null);
        life.run(subjects.get(), environment(disk, 1), workload);
        life.checkSame(expected, operation);
        return life;
    }

    private SimulatedDisk newDisk() {
        SimulatedDisk disk = new SimulatedDisk(seed, mappedStoresAreSafe);
        if (faults != null) {
            faults.accept(disk.faults());
        }
        return disk;
    }

    private SimulatedEnvironment environment(SimulatedDisk disk, int life) {
        return new SimulatedEnvironment(disk, SeededRandom.mix(seed, life), mode);
    }
}
