package dev.cambium.benchmarks;

/** The process of an engine ended otherwise than with a measurement. */
final class EngineFailedException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    EngineFailedException(String message) {
        super(message);
    }
}
