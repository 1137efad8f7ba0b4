package dev.cambium.error;

/** A write needs more memory than the store's budget has left. The write did not happen; reads go on. */
public final class MemoryBudgetException extends StoreException {
    private static final long serialVersionUID = 1;

    public MemoryBudgetException(long neededBytes, long usedBytes, long budgetBytes) {
        super("the write needs " + neededBytes + " bytes of memory, but " + usedBytes + " of the budget of "
                + budgetBytes + " bytes are in use; open the store with a larger Options.memoryBudget");
    }
}
