package dev.cambium.segment.page;

import dev.cambium.segment.memory.Memory;
import dev.cambium.segment.pool.BufferPool;
import dev.cambium.segment.pool.ReservedVector;
import dev.cambium.segment.pool.VectorGeometry;
import java.util.Arrays;

/**
 * Collects values until one more would make the raw page longer than its target, then writes the page: see {@link ValuePage}. Used for
 * page after page; for one thread. Allocates nothing per value.
 */
public final class ValuePageBuilder {
    private static final int MOST_VALUES = 0xFFFF;

    private final int targetLength;
    private final ReservedVector values;
    private int[] ends = new int[64];
    private int count;

    /** @param targetLength of a raw page, header included; only a page of one value may be longer */
    public ValuePageBuilder(BufferPool pool, int targetLength) {
        this.targetLength = targetLength;
        this.values = new ReservedVector(pool, VectorGeometry.of(1 << 12, 2 * PageHeader.MAX_PAGE_LENGTH));
    }

    public int count() {
        return count;
    }

    /** Whether one more value would make the page too long; an empty builder takes every value. */
    public boolean isFullFor(int length) {
        return count == MOST_VALUES
                || count > 0 && ValuePage.VALUE_START_OFFSET + 4L * (count + 2) + values.used() + length > targetLength;
    }

    /** Appends a value of up to {@link ChunkList#CHUNK_LENGTH} bytes; returns its index. */
    public int add(Memory source, int offset, int length) {
        if (count == ends.length) {
            ends = Arrays.copyOf(ends, 2 * count);
        }
        values.append(source, offset, length);
        ends[count] = values.used();
        return count++;
    }

    /** Bytes of the raw page, header included. */
    public int rawLength() {
        return ValuePage.VALUE_START_OFFSET + 4 * (count + 1) + values.used();
    }

    /** Writes the raw page but for its header; {@code page} has room for {@link #rawLength} bytes. */
    public void build(Memory page) {
        page.putInt(ValuePage.COUNT_OFFSET, count);
        page.putInt(ValuePage.ZERO_OFFSET, 0);
        int at = ValuePage.VALUE_START_OFFSET;
        page.putInt(at, 0);
        for (int i = 0; i < count; i++) {
            at += 4;
            page.putInt(at, ends[i]);
        }
        page.put(at + 4, values.memory(), 0, values.used());
    }

    /** Forgets the values. */
    public void clear() {
        count = 0;
        values.clear();
    }

    /** Gives the memory back. */
    public void release() {
        values.release();
    }
}
