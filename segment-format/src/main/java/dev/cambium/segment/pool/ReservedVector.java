package dev.cambium.segment.pool;

import dev.cambium.error.MemoryBudgetException;
import dev.cambium.segment.memory.Memory;

/**
 * A growing sequence of bytes outside the heap: metadata (used, capacity, geometry) here, the bytes in one buffer of a pool. What fits into
 * the buffer, all of its size class, copies nothing; what does not moves to a buffer of a larger class.
 *
 * <p>Ownership: the buffer is the vector's until {@link #release}. It is had even beyond the pool's limit where nothing gives way, for
 * what it holds makes written data durable. For one thread, which is no reader: it may have to wait for readers.
 */
public final class ReservedVector {
    private final BufferPool pool;
    private final VectorGeometry geometry;
    private BufferPool.Buffer buffer;
    private int used;

    /** Reserves the least that the geometry says. */
    public ReservedVector(BufferPool pool, VectorGeometry geometry) {
        this.pool = pool;
        this.geometry = geometry;
        this.buffer = hold(geometry.minBytes());
    }

    private BufferPool.Buffer hold(int least) {
        int length = (int) Math.min(geometry.maxBytes(), pool.classBytes(least));
        return pool.holdOrExceed(MemoryUse.WRITING, length);
    }

    /** Bytes appended since the last {@link #clear}. */
    public int used() {
        return used;
    }

    /** Bytes that can be appended before the vector moves to another buffer, and those that have been. */
    public int capacity() {
        return buffer.memory().capacity();
    }

    /** Whether so much has been gathered that it is worth handing to a channel. */
    public boolean fillsChannel() {
        return used >= geometry.channelBytes();
    }

    /** Forgets the bytes, keeps the buffer. */
    public void clear() {
        used = 0;
        leavePlaceThatGoes();
    }

    /** The buffer; another one after an append. */
    public Memory memory() {
        return buffer.memory();
    }

    /**
     * Makes room for so many more bytes; the caller writes them at {@link #used} and calls {@link #advance}.
     *
     * @throws MemoryBudgetException where the vector would be longer than its geometry allows; nothing has changed
     */
    public Memory reserve(int length) {
        if (length > capacity() - used) {
            grow((long) used + length);
        }
        return buffer.memory();
    }

    /** Says that {@code length} bytes at {@link #used} were written. */
    public void advance(int length) {
        assert length <= capacity() - used : length;
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
        if (needed > geometry.maxBytes()) {
            throw new MemoryBudgetException("a vector", needed, geometry.maxBytes());
        }
        long grown = Math.min(geometry.maxBytes(), (long) geometry.growthFactor() * capacity());
        BufferPool.Buffer larger = hold((int) Math.max(needed, grown));
        larger.memory().put(0, buffer.memory(), 0, used);
        pool.free(buffer);
        buffer = larger;
    }

    /** Moves to another buffer where the pool is to give this one's place back to the system. */
    public void leavePlaceThatGoes() {
        BufferPool.Buffer moved = pool.betterPlace(buffer);
        if (moved != null) {
            moved.memory().put(0, buffer.memory(), 0, used);
            pool.free(buffer);
            buffer = moved;
        }
    }

    /** Gives the buffer back. */
    public void release() {
        pool.free(buffer);
    }
}
