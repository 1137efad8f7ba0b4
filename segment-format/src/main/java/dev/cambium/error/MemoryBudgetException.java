package dev.cambium.error;

/**
 * More off-heap memory is needed than the store's budget has left, or than the JVM gives. Where a write throws this, it did not
 * happen; reads go on.
 */
public final class MemoryBudgetException extends StoreException {
    private static final long serialVersionUID = 1;

    /**
     * @param holders who holds what, in words
     */
    public MemoryBudgetException(long neededBytes, long usedBytes, long budgetBytes, String holders) {
        super(neededBytes + " bytes of memory are needed, but " + usedBytes + " of the budget of " + budgetBytes
                + " bytes are in use (" + holders + "); give the store a larger memory budget");
    }

    /** A single thing grew beyond what is allowed for it. */
    public MemoryBudgetException(String what, long neededBytes, long mostBytes) {
        super(what + " needs " + neededBytes + " bytes of memory, must be " + mostBytes + " or less");
    }

    /** The JVM refused memory that the budget still had. */
    public MemoryBudgetException(long neededBytes, OutOfMemoryError refusal) {
        super("the JVM has no " + neededBytes + " bytes of direct memory left (" + refusal.getMessage()
                + "); start it with a larger -XX:MaxDirectMemorySize (the maximum heap unless set), or open the store with a"
                + " smaller Options.memoryBudget");
        initCause(refusal);
    }
}
