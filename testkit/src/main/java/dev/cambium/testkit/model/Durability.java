package dev.cambium.testkit.model;

import dev.cambium.testkit.disk.CrashKind;

/** What a write promises once it has returned; the store's own choices, named again because testkit does not know it. */
public enum Durability {
    /** Nothing: it is in no log, and survives only what comes after the next flush or clean close. */
    NONE,
    /** It survives the death of the process. */
    BUFFERED,
    /** It survives a power loss. */
    SYNC;

    /** Whether the write is in the log, and so keeps its place among the others that are. */
    public boolean isLogged() {
        return this != NONE;
    }

    /** Whether a write that has returned is there after such a crash. */
    public boolean survives(CrashKind crash) {
        return crash == CrashKind.PROCESS_KILL ? isLogged() : this == SYNC;
    }
}
