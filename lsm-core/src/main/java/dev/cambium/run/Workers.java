package dev.cambium.run;

import dev.cambium.segment.runtime.BackgroundExecutor;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;

/**
 * Runs parts of one background step at the same time: the first in the thread that asks, the others on lanes of their own. A part that its lane
 * has not begun by the time the first is done is run by who asks, too: so nobody waits for a thread to wake up, and where lanes are stepped by hand,
 * all parts run one after the other, in order.
 *
 * <p>Ownership: the lanes are the caller's. For one thread.
 */
public final class Workers {
    private final List<BackgroundExecutor> lanes;

    /** @param lanes beside the one that asks, each of which runs nothing else */
    public Workers(List<BackgroundExecutor> lanes) {
        this.lanes = List.copyOf(lanes);
    }

    /** How many parts run at the same time at most. */
    int count() {
        return 1 + lanes.size();
    }

    /**
     * Returns once all parts, {@link #count} at most, have ended.
     *
     * @throws RuntimeException the failure of the first that failed, in their order; those of others are suppressed there
     */
    void runAll(List<? extends Runnable> parts) {
        List<FutureTask<Void>> tasks = new ArrayList<>();
        for (Runnable part : parts) {
            tasks.add(new FutureTask<>(part, null));
        }
        for (int i = 1; i < tasks.size(); i++) {
            askFor(tasks.get(i), lanes.get(i - 1));
        }
        Throwable failure = null;
        for (FutureTask<Void> task : tasks) {
            task.run(); // does nothing where its lane has begun
            failure = combined(failure, failureOf(task));
        }
        if (failure instanceof RuntimeException e) {
            throw e;
        }
        if (failure instanceof Error e) {
            throw e;
        }
    }

    private static void askFor(Runnable task, BackgroundExecutor lane) {
        try {
            lane.execute(task);
        } catch (RuntimeException | Error e) { // no thread can be had: it is run here, and nobody is left behind
            System.getLogger("dev.cambium")
                    .log(System.Logger.Level.WARNING, "a part of a merge has no thread of its own: {0}", e.toString());
        }
    }

    private static Throwable combined(Throwable first, Throwable next) {
        if (first == null || next == null || first == next) {
            return first == null ? next : first;
        }
        first.addSuppressed(next);
        return first;
    }

    /** Waits for a task to end; what it has thrown, or null. */
    private static Throwable failureOf(FutureTask<Void> task) {
        boolean interrupted = false;
        try {
            while (true) {
                try {
                    task.get();
                    return null;
                } catch (ExecutionException e) {
                    return e.getCause();
                } catch (InterruptedException e) {
                    interrupted = true; // what it does cannot be left half done
                }
            }
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }
}
