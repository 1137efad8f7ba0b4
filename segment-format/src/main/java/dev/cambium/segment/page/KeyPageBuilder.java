package dev.cambium.segment.page;

import dev.cambium.segment.memory.Memory;
import dev.cambium.segment.pool.BufferPool;
import java.util.Arrays;

/**
 * Collects children and the separators between them until one more would make the raw page longer than its target, then writes the
 * page: see {@link KeyPage}. Used for page after page; for one thread. Allocates nothing per child.
 */
public final class KeyPageBuilder {
    /**
     * Fewer children are not cut, however long their separators: every level is much smaller than the one below, and {@link PageHeader#MOST_LEVEL}
     * levels are enough for all that a store has room for.
     */
    public static final int FEWEST_CHILDREN = 4;

    private static final int MOST_CHILDREN = 0xFFFF;
    private static final int LONGEST_NARROW = 0xFFFF;
    private static final int COLUMNS = 5;

    private final int targetLength;
    private final KeyColumn separators;
    private int count;
    private long[] columns = new long[COLUMNS * 64]; // pointer, entries, bytes, tombstones, newest birth of a child
    private int[] payloadCrcs = new int[64];
    private final Aggregation sum = new Aggregation();

    /** @param targetLength of a raw page, header included */
    public KeyPageBuilder(BufferPool pool, int targetLength) {
        this.targetLength = targetLength;
        this.separators = new KeyColumn(pool, Math.min(targetLength, 1 << 12));
    }

    /** Children collected. */
    public int count() {
        return count;
    }

    /** Whether one more child would make the page too long. */
    public boolean isFullFor(Memory separator, int offset, int length) {
        if (count < FEWEST_CHILDREN) {
            return false;
        }
        return count == MOST_CHILDREN
                || !separators.hasRoomFor(length)
                || KeyPage.pointersAt(count + 1)
                                + KeyPage.CHILD_BYTES * (count + 1)
                                + separators.lengthWith(separator, offset, length, 4)
                                - KeyedPage.HEAD_BYTES * count
                        > targetLength;
    }

    /** Appends the first child. */
    public void addFirst(long pointer, int payloadCrc, Aggregation held) {
        assert count == 0 : count;
        addChild(pointer, payloadCrc, held);
    }

    /** Appends a child; the separator is above every key of the one before and not above any of its own. */
    public void add(Memory separator, int offset, int length, long pointer, int payloadCrc, Aggregation held) {
        assert count > 0 : "the first child has no separator";
        separators.add(separator, offset, length);
        addChild(pointer, payloadCrc, held);
    }

    private void addChild(long pointer, int payloadCrc, Aggregation held) {
        if (count == payloadCrcs.length) {
            columns = Arrays.copyOf(columns, 2 * columns.length);
            payloadCrcs = Arrays.copyOf(payloadCrcs, 2 * count);
        }
        int at = COLUMNS * count;
        columns[at] = pointer;
        columns[at + 1] = held.entries;
        columns[at + 2] = held.bytes;
        columns[at + 3] = held.tombstones;
        columns[at + 4] = held.newestBirth;
        payloadCrcs[count++] = payloadCrc;
        sum.add(held);
    }

    /** Flags of the page, for its header. */
    public int flags() {
        return (separators.isFixed() ? PageFlags.FIXED_KEYS : 0) | (length(2) > LONGEST_NARROW ? PageFlags.WIDE : 0);
    }

    private int length(int width) {
        return KeyPage.pointersAt(count)
                + KeyPage.CHILD_BYTES * count
                + separators.length(width)
                - KeyedPage.HEAD_BYTES * (count - 1);
    }

    /** Bytes of the raw page, header included. */
    public int rawLength() {
        int length = length(2);
        return length > LONGEST_NARROW ? length(4) : length;
    }

    /**
     * Writes the raw page but for its header; {@code page} has room for {@link #rawLength} bytes.
     *
     * @param filter pointer to the filter over the keys below, or {@link Pointer#NULL}
     */
    public void build(Memory page, long filter, int filterCrc) {
        boolean wide = length(2) > LONGEST_NARROW;
        page.putShort(KeyedPage.COUNT_OFFSET, count);
        separators.putFields(page);
        page.putLong(KeyPage.FILTER_OFFSET, filter);
        int at = separators.putHeads(page);
        page.putInt(at, filterCrc);
        at += 4;
        int columnsAt = KeyPage.pointersAt(count);
        page.zero(at, columnsAt - at);
        at = columnsAt;
        for (int column = 0; column < COLUMNS; column++) {
            for (int i = 0; i < count; i++, at += 8) {
                page.putLong(at, columns[COLUMNS * i + column]);
            }
        }
        for (int i = 0; i < count; i++, at += 4) {
            page.putInt(at, payloadCrcs[i]);
        }
        at = separators.putPrefixAndTails(page, separators.putTailStarts(page, at, wide));
        assert at == rawLength() : at + " bytes instead of " + rawLength();
    }

    /** What all children hold. */
    public Aggregation sum() {
        return sum;
    }

    /** Eight bytes of the first separator from {@code from} on, most significant first; 0 where there is none. */
    public long firstKeyHead(int from) {
        return separators.firstKeyHead(from);
    }

    /** Forgets the children. */
    public void clear() {
        separators.clear();
        count = 0;
        sum.clear();
    }

    /** Gives the memory back. */
    public void release() {
        separators.release();
    }
}
