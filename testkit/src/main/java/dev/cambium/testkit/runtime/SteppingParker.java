package dev.cambium.testkit.runtime;

import dev.cambium.segment.runtime.Parker;
import java.time.Duration;
import java.util.function.Supplier;

/**
 * A parker for tests with one thread: who would wait lets a background step run instead, or, when there is none, a
 * millisecond pass.
 *
 * <p>A wait that neither steps nor time can end is reported as an {@link IllegalStateException} after a simulated hour. Every
 * return is a spurious one, as the seam allows. For tests with several threads use {@link Parker#SYSTEM}.
 */
public final class SteppingParker implements Parker {
    private static final Duration PAUSE = Duration.ofMillis(1);
    private static final int MOST_FRUITLESS_PARKS = 3_600_000;

    private final ManualClock clock;
    private final Supplier<StepExecutor> executor;
    private int fruitless;

    /** @param executor gives the executor of the store now open, or null */
    public SteppingParker(ManualClock clock, Supplier<StepExecutor> executor) {
        this.clock = clock;
        this.executor = executor;
    }

    @Override
    public void park(Object blocker) {
        StepExecutor steps = executor.get();
        if (steps != null && steps.runNext()) {
            fruitless = 0;
            return;
        }
        if (++fruitless > MOST_FRUITLESS_PARKS) {
            throw new IllegalStateException("waits for ever, no background step is left to run: " + blocker);
        }
        clock.advance(PAUSE);
    }

    @Override
    public void parkNanos(Object blocker, long nanos) {
        park(blocker);
    }

    @Override
    public void unpark(Thread thread) {
        fruitless = 0;
    }
}
