package dev.cambium.testkit.disk;

/** How a process ended without closing its store. */
public enum CrashKind {
    /** The process died, the machine runs on: everything written so far is still seen by the next process. */
    PROCESS_KILL,
    /** The machine lost power: what was not forced survives in parts, or not at all. */
    POWER_LOSS;

    /** The kind that loses more. */
    public CrashKind worse(CrashKind other) {
        return compareTo(other) >= 0 ? this : other;
    }
}
