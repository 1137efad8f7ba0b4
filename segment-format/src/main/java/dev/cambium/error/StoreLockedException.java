package dev.cambium.error;

/** Another opener has the store: a process, or this one. */
public final class StoreLockedException extends StoreException {
    private static final long serialVersionUID = 1;

    private final long ownerPid;

    /** @param ownerPid the process that has the store open, or -1 when it is not known */
    public StoreLockedException(String store, long ownerPid) {
        super(store + " is open already, by "
                + (ownerPid < 0
                        ? "a process that has not written its number yet"
                        : ownerPid == ProcessHandle.current().pid()
                                ? "this process (pid " + ownerPid + ")"
                                : "process " + ownerPid)
                + ". A store has one opener at a time.");
        this.ownerPid = ownerPid;
    }

    /** The process that has the store open, or -1 when it is not known. */
    public long ownerPid() {
        return ownerPid;
    }
}
