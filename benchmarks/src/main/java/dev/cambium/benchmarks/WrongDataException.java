package dev.cambium.benchmarks;

/** An engine returned something else than what was written; whatever it was timed at is worth nothing. */
public final class WrongDataException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    WrongDataException(long number, byte[] found) {
        super("key " + number + " reads wrong: " + (found == null ? "absent" : found.length + " bytes"));
    }
}
