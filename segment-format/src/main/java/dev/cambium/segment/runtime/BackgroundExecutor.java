package dev.cambium.segment.runtime;

/**
 * Runs background steps one after the other, in the order they were given. A step is short or preemptible, and reports its own
 * failures. The real one has a single daemon thread, owned by the store; a test's one runs a step when told to.
 */
public interface BackgroundExecutor extends AutoCloseable {
    /** Queues a step. After {@link #close} it is dropped. */
    void execute(Runnable step);

    /** Queues a step that is not due before {@code nanos} have passed. After {@link #close} it is dropped. */
    void executeLater(Runnable step, long nanos);

    /** Finishes the step that runs, drops those that wait, and returns once no step can run any more. Idempotent. */
    @Override
    void close();
}
