package dev.cambium;

import dev.cambium.segment.runtime.BackgroundExecutor;
import dev.cambium.segment.runtime.Environment;
import java.util.List;
import java.util.stream.Stream;

/**
 * The lanes of background work of an open store, each in order and independent of the others.
 *
 * @param logs prepares logs, and watches whether anybody writes
 * @param pages lays memtables down, merges, cleans, and looks for gaps
 * @param forces forces zones that the lane of pages has ended
 * @param merges run parts of merges beside the lane of pages
 */
record Lanes(
        BackgroundExecutor logs, BackgroundExecutor pages, BackgroundExecutor forces, List<BackgroundExecutor> merges)
        implements AutoCloseable {
    /** @param mergeThreads threads that merge at the same time, that of the lane of pages included */
    static Lanes of(Environment environment, int mergeThreads) {
        return new Lanes(
                environment.executor().get(),
                environment.executor().get(),
                environment.executor().get(),
                Stream.generate(environment.executor()).limit(mergeThreads - 1).toList());
    }

    /** Returns once no step can run any more. Idempotent. */
    @Override
    public void close() {
        logs.close();
        pages.close();
        forces.close();
        merges.forEach(BackgroundExecutor::close);
    }
}
