package dev.cambium.testkit.explore;

import dev.cambium.error.DiskFullException;
import dev.cambium.error.MemoryBudgetException;
import dev.cambium.error.StoreException;
import dev.cambium.error.WriterFailedException;
import dev.cambium.testkit.SimulatedEnvironment;
import dev.cambium.testkit.disk.CrashKind;
import dev.cambium.testkit.disk.DiskOperation;
import dev.cambium.testkit.disk.SimulatedDisk;
import dev.cambium.testkit.model.CrashHistory;
import dev.cambium.testkit.model.CrashHistory.Begun;
import dev.cambium.testkit.model.CrashHistory.End;
import dev.cambium.testkit.model.WorkloadStep;
import java.util.ArrayList;
import java.util.List;

/**
 * One process life on a disk, from the open to the close or the death, and what had been acknowledged by then.
 *
 * <p>Whatever comes out of a subject once its disk is dead counts as the death: a store may wrap the error or swallow it.
 * On a disk with faults a write may be refused and the life goes on; a flush or reopen that fails ends it.
 */
final class Life<O extends WorkloadStep> {
    private final SimulatedDisk disk;
    private final boolean mayFail;
    private final List<Begun<O>> steps = new ArrayList<>();
    private boolean closed;

    /** @param mayFail whether the disk has faults, so that a step may fail */
    Life(SimulatedDisk disk, boolean mayFail) {
        this.disk = disk;
        this.mayFail = mayFail;
    }

    SimulatedDisk disk() {
        return disk;
    }

    CrashHistory<O> history(CrashKind crash) {
        return new CrashHistory<>(crash, steps, closed);
    }

    void run(Subject<O> subject, SimulatedEnvironment environment, List<O> workload) {
        boolean finished = false;
        try {
            subject.open(environment);
            for (O step : workload) {
                if (disk.hasCrashed() || !apply(subject, step)) {
                    break;
                }
            }
            if (!disk.hasCrashed()) {
                subject.close();
                closed = !disk.hasCrashed() && !endsUnknown();
                finished = true;
            }
        } catch (Exception | Error failure) {
            if (!disk.hasCrashed() && !(mayFail && failure instanceof StoreException)) {
                throw failure;
            }
        } finally {
            if (!finished) {
                disk.crash();
                subject.abandon();
            }
        }
    }

    /** Does a step; false if the life ends with it. */
    private boolean apply(Subject<O> subject, O step) {
        int index = steps.size();
        steps.add(new Begun<>(step, End.UNKNOWN));
        try {
            subject.apply(step);
        } catch (StoreException failure) {
            if (disk.hasCrashed() || !mayFail) {
                throw failure;
            }
            if (step.makesAllDurable() || !saysNothingHappened(failure)) {
                return false;
            }
            steps.set(index, new Begun<>(step, End.REFUSED));
            return true;
        }
        if (disk.hasCrashed()) {
            return false;
        }
        steps.set(index, new Begun<>(step, End.ACKNOWLEDGED));
        return true;
    }

    private static boolean saysNothingHappened(StoreException failure) {
        return failure instanceof DiskFullException
                || failure instanceof WriterFailedException
                || failure instanceof MemoryBudgetException;
    }

    private boolean endsUnknown() {
        return !steps.isEmpty() && steps.get(steps.size() - 1).end() == End.UNKNOWN;
    }

    /** Opens a subject whose disk dies meanwhile. */
    static <O extends WorkloadStep> void dieWhileOpening(Subject<O> subject, SimulatedEnvironment environment) {
        SimulatedDisk disk = environment.disk();
        try {
            subject.open(environment);
        } catch (Exception | Error failure) {
            if (!disk.hasCrashed()) {
                throw failure;
            }
        } finally {
            disk.crash();
            subject.abandon();
        }
    }

    /** Checks that this life did what another one did up to where this one died. */
    void checkSame(List<DiskOperation> expected, long diedAt) {
        List<DiskOperation> done = disk.operations();
        long common = Math.min(diedAt + 1, expected.size());
        for (int i = 0; i < common; i++) {
            if (i >= done.size() || !done.get(i).equals(expected.get(i))) {
                throw new IllegalStateException("the workload is not deterministic: operation " + expected.get(i)
                        + " was " + (i < done.size() ? done.get(i) : "missing") + " in a replay");
            }
        }
    }

    /** In words, where on the disk and in the workload this life ended. */
    String place() {
        List<DiskOperation> operations = disk.operations();
        String last = operations.isEmpty()
                ? "before any operation"
                : "last operation " + operations.get(operations.size() - 1);
        if (closed) {
            return last + ", after a clean close";
        }
        if (steps.isEmpty()) {
            return last + ", while opening";
        }
        int index = steps.size() - 1;
        return last + ", " + (endsUnknown() ? "in" : "after") + " step " + index + " "
                + steps.get(index).step();
    }
}
