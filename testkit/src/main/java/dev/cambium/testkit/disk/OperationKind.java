package dev.cambium.testkit.disk;

/** What a call on the simulated disk does. All kinds but {@link #READ} change it and are numbered. */
public enum OperationKind {
    CREATE_DIRECTORY,
    CREATE,
    WRITE,
    TRUNCATE,
    STORE,
    /** A hole: whole or not at all, until a power loss, which may undo it block by block. */
    PUNCH,
    FORCE,
    FORCE_DIRECTORY,
    RENAME,
    DELETE,
    /** A read or a mapping for reads: can fail, but is not an operation to crash at. */
    READ
}
