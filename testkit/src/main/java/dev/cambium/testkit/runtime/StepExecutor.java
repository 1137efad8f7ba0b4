package dev.cambium.testkit.runtime;

import dev.cambium.segment.runtime.BackgroundExecutor;
import dev.cambium.segment.runtime.Clock;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

/**
 * A background executor without a thread: its steps run in the thread that asks for them, one at a time, in order.
 *
 * <p>In mode {@link Mode#MANUAL} a step waits for {@link #runNext}; in mode {@link Mode#INLINE} it runs at the end of
 * {@link #execute}, or, when queued by a step, after that step. What a step throws goes to whoever ran it.
 */
public final class StepExecutor implements BackgroundExecutor {
    /** When a queued step runs. */
    public enum Mode {
        /** When the test asks for it. */
        MANUAL,
        /** Before the call that queued it returns. */
        INLINE
    }

    /** More steps than this in one {@link #runAll} mean that a step queues itself for ever. */
    private static final int MOST_STEPS = 1_000_000;

    private record Delayed(long dueNanos, Runnable step) {}

    private final Mode mode;
    private final Clock clock;
    private final Deque<Runnable> waiting = new ArrayDeque<>();
    private final List<Delayed> delayed = new ArrayList<>(); // in the order in which they were given
    private Thread running;
    private boolean closed;
    private long finished;

    /** An executor for which no time passes. */
    public StepExecutor(Mode mode) {
        this(mode, new ManualClock());
    }

    /** @param clock says when a delayed step is due; it runs when a step is asked for after that */
    public StepExecutor(Mode mode, Clock clock) {
        this.mode = mode;
        this.clock = clock;
    }

    @Override
    public void execute(Runnable step) {
        synchronized (this) {
            if (closed) {
                return;
            }
            waiting.addLast(step);
        }
        if (mode == Mode.INLINE) {
            runAll();
        }
    }

    @Override
    public void executeLater(Runnable step, long nanos) {
        synchronized (this) {
            if (!closed) {
                delayed.add(new Delayed(clock.nanoTime() + nanos, step));
            }
        }
    }

    private void queueWhatIsDue() {
        long now = clock.nanoTime();
        delayed.removeIf(step -> step.dueNanos <= now && waiting.add(step.step));
    }

    /**
     * Runs the step that has waited longest, in the calling thread.
     *
     * @return false if none waits, or one is running already
     */
    public boolean runNext() {
        Runnable step;
        synchronized (this) {
            queueWhatIsDue();
            if (running != null || waiting.isEmpty()) {
                return false;
            }
            step = waiting.removeFirst();
            running = Thread.currentThread();
        }
        try {
            step.run();
        } finally {
            synchronized (this) {
                running = null;
                finished++;
                notifyAll();
            }
        }
        return true;
    }

    /**
     * Runs steps, those queued meanwhile included, until none waits.
     *
     * @return how many ran
     */
    public int runAll() {
        int count = 0;
        while (runNext()) {
            if (++count == MOST_STEPS) {
                throw new IllegalStateException(count + " background steps in a row: one queues itself for ever");
            }
        }
        return count;
    }

    /** Steps that wait. */
    public synchronized int waiting() {
        return waiting.size();
    }

    /** Steps that have run, with or without success. */
    public synchronized long finished() {
        return finished;
    }

    public synchronized boolean isClosed() {
        return closed;
    }

    @Override
    public void close() {
        boolean interrupted = false;
        synchronized (this) {
            closed = true;
            waiting.clear();
            delayed.clear();
            while (running != null && running != Thread.currentThread()) {
                try {
                    wait();
                } catch (InterruptedException e) {
                    interrupted = true;
                }
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
