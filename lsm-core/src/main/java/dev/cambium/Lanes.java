package dev.cambium;

import dev.cambium.segment.runtime.BackgroundExecutor;
import dev.cambium.segment.runtime.Environment;

/**
 * The lanes of background work of an open store, each in order and independent of the others.
 *
 * @param logs prepares logs, and watches whether anybody writes
 * @param pages lays memtables down, merges, cleans, and looks for gaps
 * @param forces forces zones that the lane of pages has ended
 */
record Lanes(BackgroundExecutor logs, BackgroundExecutor pages, BackgroundExecutor forces) implements AutoCloseable {
    static Lanes of(Environment environment) {
        return new Lanes(
                environment.executor().get(),
                environment.executor().get(),
                environment.executor().get());
    }

    /** Returns once no step can run any more. Idempotent. */
    @Override
    public void close() {
        logs.close();
        pages.close();
        forces.close();
    }
}
