package dev.cambium.segment.memory;

import dev.cambium.error.MemoryBudgetException;

/**
 * A growing sequence of bytes outside the heap: metadata (used, capacity) here, the bytes in one block. What fits into the capacity
 * that is reserved already copies nothing; what does not moves to a block of the next power of two.
 *
 * <p>Ownership: the block is the vector's, counted in the budget, until {@link #release}. For one thread.
 */
public final class ReservedVector {
    private final MemoryBudget budget;
    private final int maxCapacity;
    private Memory bytes;
    private int used;

    /**
     * Reserves {@code minCapacity} bytes.
     *
     * @param maxCapacity beyond it an append fails with {@link MemoryBudgetException}
     */
    public ReservedVector(MemoryBudget budget, int minCapacity, int maxCapacity) {
        this.budget = budget;
        this.maxCapacity = maxCapacity;
        this.bytes = Memory.allocate(minCapacity);
        budget.reserveBeyondLimit(minCapacity);
    }

    /** Bytes appended since the last {@link #clear}. */
    public int used() {
        return used;
    }

    /** Forgets the bytes, keeps the block. */
    public void clear() {
        used = 0;
    }

    /** The block; another one after an append. */
    public Memory memory() {
        return bytes;
    }

    /** Makes room for so many more bytes; the caller writes them at {@link #used} and calls {@link #advance}. */
    public Memory reserve(int length) {
        if (length > bytes.capacity() - used) {
            grow((long) used + length);
        }
        return bytes;
    }

    /** Says that {@code length} bytes at {@link #used} were written. */
    public void advance(int length) {
        assert length <= bytes.capacity() - used : length;
        used += length;
    }

    /** Appends a copy of a range. */
    public void append(Memory source, int offset, int length) {
        reserve(length).put(used, source, offset, length);
        used += length;
    }

    /** Appends a copy of a range. */
    public void append(byte[] source, int offset, int length) {
        reserve(length).put(used, source, offset, length);
        used += length;
    }

    private void grow(long needed) {
        if (needed > maxCapacity) {
            throw new MemoryBudgetException(needed, used, maxCapacity);
        }
        int capacity = (int) Math.min(maxCapacity, Long.highestOneBit(needed - 1) << 1);
        Memory larger = Memory.allocate(capacity);
        budget.reserveBeyondLimit(capacity);
        larger.put(0, bytes, 0, used);
        release();
        bytes = larger;
    }

    /** Gives the block back. */
    public void release() {
        budget.release(bytes.capacity());
        bytes.release();
    }
}
