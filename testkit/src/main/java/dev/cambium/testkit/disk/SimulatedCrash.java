package dev.cambium.testkit.disk;

/**
 * The end of a simulated process: thrown by the call a disk crashes at, and by every later one.
 *
 * <p>An {@link Error}, so that no handling of failures takes it for one: a dead process handles nothing.
 */
public final class SimulatedCrash extends Error {
    private static final long serialVersionUID = 1;

    SimulatedCrash(String message) {
        super(message);
    }
}
