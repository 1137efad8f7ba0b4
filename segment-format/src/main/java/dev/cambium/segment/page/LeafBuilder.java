package dev.cambium.segment.page;

import dev.cambium.segment.log.OperationCode;
import dev.cambium.segment.memory.Memory;
import dev.cambium.segment.pool.BufferPool;
import dev.cambium.segment.pool.ReservedVector;
import dev.cambium.segment.pool.VectorGeometry;
import java.util.Arrays;

/**
 * Collects sorted entries until one more would make the raw page longer than its target, then writes the page: see {@link LeafPage}.
 * Used for page after page; for one thread. Allocates nothing per entry.
 */
public final class LeafBuilder {
    /** Most entries of a leaf. */
    public static final int MOST_ENTRIES = 0xFFFF;

    private static final int LONGEST_NARROW = 0xFFFF;

    private final int targetLength;
    private final KeyColumn keys;
    private final ReservedVector values;
    private int[] valueEnds = new int[256];
    private byte[] operations = new byte[256];
    private boolean hasOperations;
    private boolean fixedValues;
    private final Aggregation sum = new Aggregation();

    /** @param targetLength of a raw page, header included; only a page of one entry may be longer */
    public LeafBuilder(BufferPool pool, int targetLength) {
        this.targetLength = targetLength;
        this.keys = new KeyColumn(pool, Math.min(targetLength, 1 << 13));
        this.values = new ReservedVector(
                pool, VectorGeometry.of(Math.min(targetLength, 1 << 13), 2 * PageHeader.MAX_PAGE_LENGTH));
    }

    /** Entries collected. */
    public int count() {
        return keys.count();
    }

    /** Whether one more entry would make the page too long; an empty builder takes every entry. */
    public boolean isFullFor(Memory key, int keyOffset, int keyLength, int operation, int valueLength) {
        int count = keys.count();
        if (count == 0) {
            return false;
        }
        if (count == MOST_ENTRIES || !keys.hasRoomFor(keyLength)) {
            return true;
        }
        boolean fixed = fixedValues && valueLength == valueEnds[0];
        boolean coded = hasOperations || operation != OperationCode.PUT;
        int length = KeyedPage.HEADS_OFFSET
                + keys.lengthWith(key, keyOffset, keyLength, 2)
                + (fixed ? 0 : 2 * (count + 2))
                + (coded ? count + 1 : 0)
                + values.used()
                + valueLength;
        if (length > LONGEST_NARROW) {
            length += keys.lengthWith(key, keyOffset, keyLength, 4)
                    - keys.lengthWith(key, keyOffset, keyLength, 2)
                    + (fixed ? 0 : 2 * (count + 2));
        }
        return length > targetLength;
    }

    /**
     * Appends an entry whose key is above all those before.
     *
     * @param operation PUT, DELETE (with an empty value), or PUT_REF (with a {@link ValueReference})
     * @param entryBytes what the entry counts for in the augmentation
     */
    public void add(
            Memory key,
            int keyOffset,
            int keyLength,
            int operation,
            Memory value,
            int valueOffset,
            int valueLength,
            long entryBytes) {
        int count = keys.count();
        assert count == 0 || keys.compareLast(key, keyOffset, keyLength) < 0 : "keys must ascend";
        if (count == valueEnds.length) {
            valueEnds = Arrays.copyOf(valueEnds, 2 * count);
            operations = Arrays.copyOf(operations, 2 * count);
        }
        keys.add(key, keyOffset, keyLength);
        values.append(value, valueOffset, valueLength);
        fixedValues = count == 0 || fixedValues && valueLength == valueEnds[0];
        valueEnds[count] = values.used();
        operations[count] = (byte) operation;
        hasOperations |= operation != OperationCode.PUT;
        sum.addEntry(entryBytes, operation == OperationCode.DELETE);
    }

    /**
     * Where the value added last stands among the values, for {@link #putReference}: a reference to a page that is not written yet is
     * completed later.
     */
    public int lastValueAt() {
        return keys.count() == 1 ? 0 : valueEnds[keys.count() - 2];
    }

    /** Completes a reference. */
    public void putReference(
            int valueAt, long home, long length, int payloadCrc, int storedLength, int index, int count) {
        ValueReference.put(values.memory(), valueAt, home, length, payloadCrc, storedLength, index, count);
    }

    /** Flags of the page, for its header. */
    public int flags() {
        return (keys.isFixed() ? PageFlags.FIXED_KEYS : 0)
                | (fixedValues ? PageFlags.FIXED_VALUES : 0)
                | (hasOperations ? PageFlags.OPERATIONS : 0)
                | (narrowLength() > LONGEST_NARROW ? PageFlags.WIDE : 0);
    }

    private int narrowLength() {
        return length(2);
    }

    private int length(int width) {
        return KeyedPage.HEADS_OFFSET
                + keys.length(width)
                + (fixedValues ? 0 : width * (keys.count() + 1))
                + (hasOperations ? keys.count() : 0)
                + values.used();
    }

    /** Bytes of the raw page, header included. */
    public int rawLength() {
        int length = narrowLength();
        return length > LONGEST_NARROW ? length(4) : length;
    }

    /** Writes the raw page but for its header; {@code page} has room for {@link #rawLength} bytes. */
    public void build(Memory page) {
        int count = keys.count();
        boolean wide = narrowLength() > LONGEST_NARROW;
        page.putShort(KeyedPage.COUNT_OFFSET, count);
        keys.putFields(page);
        page.putInt(LeafPage.VALUE_LENGTH_OFFSET, fixedValues ? valueEnds[0] : 0);
        page.putInt(LeafPage.ZERO_2_OFFSET, 0);
        int at = keys.putTailStarts(page, keys.putHeads(page), wide);
        if (!fixedValues) {
            at = KeyColumn.putElement(page, at, 0, wide);
            for (int i = 0; i < count; i++) {
                at = KeyColumn.putElement(page, at, valueEnds[i], wide);
            }
        }
        if (hasOperations) {
            page.put(at, operations, 0, count);
            at += count;
        }
        at = keys.putPrefixAndTails(page, at);
        page.put(at, values.memory(), 0, values.used());
        assert at + values.used() == rawLength() : at + values.used() + " bytes instead of " + rawLength();
    }

    /** What the entries come to. */
    public Aggregation sum() {
        return sum;
    }

    /** Eight bytes of the first key from {@code from} on, most significant first. */
    public long firstKeyHead(int from) {
        return keys.firstKeyHead(from);
    }

    /**
     * Bytes that the shortest separator between the last entry and a greater key has, as the beginning of that key: one more than the
     * two share.
     */
    public int separatorLength(Memory key, int keyOffset, int keyLength) {
        return keys.commonWithLast(key, keyOffset, keyLength) + 1;
    }

    /** Forgets the entries. */
    public void clear() {
        keys.clear();
        values.clear();
        hasOperations = false;
        sum.clear();
    }

    /** Gives the memory back. */
    public void release() {
        keys.release();
        values.release();
    }
}
