package dev.cambium;

import dev.cambium.segment.runtime.BackgroundExecutor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/** One daemon thread that runs a store's background steps; there while there is work, gone after ten seconds without. */
final class BackgroundThread implements BackgroundExecutor {
    private final ScheduledThreadPoolExecutor pool;

    BackgroundThread() {
        pool = new ScheduledThreadPoolExecutor(1, step -> {
            Thread thread = new Thread(step, "cambium-background");
            thread.setDaemon(true);
            return thread;
        });
        pool.setKeepAliveTime(10, TimeUnit.SECONDS);
        pool.allowCoreThreadTimeOut(true);
        pool.setExecuteExistingDelayedTasksAfterShutdownPolicy(false);
    }

    @Override
    public void execute(Runnable step) {
        executeLater(step, 0);
    }

    @Override
    public void executeLater(Runnable step, long nanos) {
        try {
            pool.schedule(() -> run(step), nanos, TimeUnit.NANOSECONDS);
        } catch (RejectedExecutionException e) {
            if (!pool.isShutdown()) {
                throw e;
            }
        }
    }

    /** A scheduled step's failure would vanish in its future. */
    private static void run(Runnable step) {
        try {
            step.run();
        } catch (RuntimeException | Error e) {
            Thread thread = Thread.currentThread();
            thread.getUncaughtExceptionHandler().uncaughtException(thread, e);
            throw e;
        }
    }

    @Override
    public void close() {
        pool.getQueue().clear();
        pool.shutdown();
        boolean interrupted = false;
        for (boolean ended = false; !ended; ) {
            try {
                ended = pool.awaitTermination(1, TimeUnit.DAYS);
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
