package dev.cambium.segment.page;

import dev.cambium.segment.memory.Memory;
import dev.cambium.segment.pool.BufferPool;
import dev.cambium.segment.pool.ReservedVector;
import dev.cambium.segment.pool.VectorGeometry;
import java.util.Arrays;

/**
 * The sorted keys of a page that is being built, and how many bytes they take in it; the writing side of {@link KeyedPage}. Used
 * for page after page; for one thread. Allocates nothing per key.
 */
final class KeyColumn {
    /** Most bytes of keys as they are: keys that share most of theirs would fit into a page in their thousands, however long. */
    private static final int MOST_BYTES = PageHeader.MAX_PAGE_LENGTH;

    /** Keys as they are, one after the other. */
    private final ReservedVector bytes;

    private int[] ends = new int[256];
    private int count;
    private int prefixLength;
    private int shortest;
    private int longest;

    KeyColumn(BufferPool pool, int minCapacity) {
        this.bytes = new ReservedVector(pool, VectorGeometry.of(minCapacity, 2 * MOST_BYTES));
    }

    int count() {
        return count;
    }

    /** Whether one more key can be added; an empty column takes every key. */
    boolean hasRoomFor(int length) {
        return count == 0 || length <= MOST_BYTES - bytes.used();
    }

    void clear() {
        bytes.clear();
        count = 0;
    }

    void release() {
        bytes.release();
    }

    private int start(int index) {
        return index == 0 ? 0 : ends[index - 1];
    }

    /** How many leading bytes all keys would share with one more. */
    private int prefixWith(Memory source, int offset, int length) {
        if (count == 0) {
            return length;
        }
        Memory memory = bytes.memory();
        int common = Math.min(prefixLength, length);
        int i = 0;
        while (i < common && memory.getByte(i) == source.getByte(offset + i)) { // the first key has the prefix
            i++;
        }
        return i;
    }

    /**
     * Bytes of heads, offsets, prefix and tails with one more key.
     *
     * @param width bytes of an element of an offset array
     */
    int lengthWith(Memory source, int offset, int length, int width) {
        return length(
                count + 1,
                bytes.used() + length,
                prefixWith(source, offset, length),
                count == 0 ? length : Math.min(shortest, length),
                count == 0 ? length : Math.max(longest, length),
                width);
    }

    /** Bytes of heads, offsets, prefix and tails. */
    int length(int width) {
        return length(count, bytes.used(), prefixLength(), shortest, longest, width);
    }

    private static int length(int count, int bytes, int prefix, int shortest, int longest, int width) {
        if (count == 0) {
            return 0;
        }
        int head = Math.min(KeyedPage.HEAD_BYTES, shortest - prefix);
        int offsets = shortest == longest ? 0 : width * (count + 1);
        return KeyedPage.HEAD_BYTES * count + offsets + prefix + (bytes - count * (prefix + head));
    }

    /** Appends a key above all those before. */
    void add(Memory source, int offset, int length) {
        int prefix = prefixWith(source, offset, length);
        shortest = count == 0 ? length : Math.min(shortest, length);
        longest = count == 0 ? length : Math.max(longest, length);
        prefixLength = prefix;
        bytes.append(source, offset, length);
        if (count == ends.length) {
            ends = Arrays.copyOf(ends, 2 * count);
        }
        ends[count++] = bytes.used();
    }

    int prefixLength() {
        return count == 0 ? 0 : prefixLength;
    }

    int headLength() {
        return count == 0 ? 0 : Math.min(KeyedPage.HEAD_BYTES, shortest - prefixLength);
    }

    /** Whether all keys have one length, so that there are no offsets. */
    boolean isFixed() {
        return count == 0 || shortest == longest;
    }

    private int tailLength(int index) {
        return ends[index] - start(index) - prefixLength - headLength();
    }

    /** Writes the page's fields about keys. */
    void putFields(Memory page) {
        page.putShort(KeyedPage.PREFIX_LENGTH_OFFSET, prefixLength());
        page.putByte(KeyedPage.HEAD_LENGTH_OFFSET, headLength());
        page.putByte(KeyedPage.ZERO_OFFSET, 0);
        page.putShort(KeyedPage.TAIL_LENGTH_OFFSET, count > 0 && isFixed() ? tailLength(0) : 0);
    }

    /** Writes the heads; returns the offset behind them. */
    int putHeads(Memory page) {
        Memory memory = bytes.memory();
        int at = KeyedPage.HEADS_OFFSET;
        for (int i = 0; i < count; i++, at += KeyedPage.HEAD_BYTES) {
            int from = start(i) + prefixLength;
            page.putIntBigEndian(at, (int) (memory.head(from, ends[i] - from) >>> 32));
        }
        return at;
    }

    /** Writes the offsets of the tails, unless all have one length; returns the offset behind them. */
    int putTailStarts(Memory page, int at, boolean wide) {
        if (isFixed()) {
            return at;
        }
        int sum = 0;
        at = putElement(page, at, 0, wide);
        for (int i = 0; i < count; i++) {
            sum += tailLength(i);
            at = putElement(page, at, sum, wide);
        }
        return at;
    }

    static int putElement(Memory page, int at, int value, boolean wide) {
        if (wide) {
            page.putInt(at, value);
            return at + 4;
        }
        page.putShort(at, value);
        return at + 2;
    }

    /** Writes prefix and tails; returns the offset behind them. */
    int putPrefixAndTails(Memory page, int at) {
        Memory memory = bytes.memory();
        page.put(at, memory, 0, prefixLength());
        at += prefixLength();
        int skip = prefixLength() + headLength();
        for (int i = 0; i < count; i++) {
            int length = tailLength(i);
            page.put(at, memory, start(i) + skip, length);
            at += length;
        }
        return at;
    }

    /** Copies the first key's leading bytes, most significant first, from {@code from} on. */
    long firstKeyHead(int from) {
        return count == 0 || ends[0] <= from ? 0 : bytes.memory().head(from, ends[0] - from);
    }

    private int lastKeyLength() {
        return ends[count - 1] - start(count - 1);
    }

    /** How many leading bytes the last key shares with another. */
    int commonWithLast(Memory source, int offset, int length) {
        Memory memory = bytes.memory();
        int from = start(count - 1);
        int common = Math.min(length, lastKeyLength());
        int i = 0;
        while (i < common && memory.getByte(from + i) == source.getByte(offset + i)) {
            i++;
        }
        return i;
    }

    /** Compares the last key with another. */
    int compareLast(Memory source, int offset, int length) {
        return bytes.memory().compare(start(count - 1), lastKeyLength(), source, offset, length);
    }
}
