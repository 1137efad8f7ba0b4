package dev.cambium.benchmarks;

/** The process of an engine ended otherwise than with a measurement. */
public final class EngineFailedException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public EngineFailedException(String message) {
        super(message);
    }
}
