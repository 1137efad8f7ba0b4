package dev.cambium.testkit.explore;

import dev.cambium.testkit.SimulatedEnvironment;
import dev.cambium.testkit.model.CrashHistory;
import dev.cambium.testkit.model.WorkloadStep;

/**
 * What the crash explorer drives: something that keeps its state on a disk and makes promises about crashes.
 *
 * <p>One subject lives through one process life: {@link #open}, any number of {@link #apply} (or one {@link #check}), then
 * {@link #close} or {@link #abandon}. It is deterministic: the same steps in an equal environment do the same operations on
 * the disk, from one thread.
 */
public interface Subject<O extends WorkloadStep> {
    /** Opens, which includes recovery. On an empty disk it creates. */
    void open(SimulatedEnvironment environment);

    /** Does one step; its promise holds once this returns. */
    void apply(O step);

    /** Closes cleanly; everything that was applied is durable once this returns. */
    void close();

    /**
     * Throws an {@link AssertionError} unless what was recovered is allowed. The subject is open and no crash is ahead: it may
     * also write, close and open again to see that what was recovered can be lived with. It is closed by the explorer.
     */
    void check(CrashHistory<O> history);

    /** Frees what a dead process's subject holds in this one. The disk is dead; nothing may be expected of it. */
    default void abandon() {}
}
