package dev.cambium.segment.page;

import dev.cambium.segment.memory.Bytes;
import dev.cambium.segment.memory.Memory;
import java.util.Arrays;

/**
 * A few entries, copied to the heap, so that they can be read when their pages are gone: what a cursor reads ahead. Entries of a leaf are
 * copied column by column: all values at once, then each key from the prefix, its head and its tail.
 *
 * <p>Fixed in size; allocates nothing once it is there, but the copies that are asked for. For one thread at a time.
 */
public final class EntryBlock {
    private static final int SLACK = KeyedPage.HEAD_BYTES; // a head is copied whole, however little of it is the key's
    private static final int PLACES = 4; // of an entry: where key and value begin and end

    private final int skipped;
    private final byte[] bytes;
    private final int[] places;
    private int filled; // bytes
    private int count;

    /**
     * @param capacity bytes of keys and values that it has room for
     * @param mostEntries that it has room for
     * @param skipped bytes at the start of each key that are left out: alike in all of them
     */
    public EntryBlock(int capacity, int mostEntries, int skipped) {
        this.bytes = new byte[capacity + 2 * SLACK]; // one behind the last key, one behind the tails
        this.places = new int[PLACES * mostEntries];
        this.skipped = skipped;
    }

    /** Bytes of keys and values that it has room for. */
    public int capacity() {
        return bytes.length - 2 * SLACK;
    }

    /** How many entries there are. */
    public int count() {
        return count;
    }

    /** Forgets all entries. */
    public void clear() {
        count = 0;
        filled = 0;
    }

    /** A copy of a key, without what is left out. */
    public byte[] key(int index) {
        return Arrays.copyOfRange(bytes, places[PLACES * index], places[PLACES * index + 1]);
    }

    /** A copy of a value. */
    public byte[] value(int index) {
        return Arrays.copyOfRange(bytes, places[PLACES * index + 2], places[PLACES * index + 3]);
    }

    private int room() {
        return capacity() - filled;
    }

    /** Copies one entry behind the others; false where there is no room for it. */
    public boolean add(Memory keyMemory, int keyAt, int keyLength, Memory valueMemory, int valueAt, int valueLength) {
        int userLength = keyLength - skipped;
        if (PLACES * count == places.length || userLength > room() || valueLength > room() - userLength) {
            return false;
        }
        keyMemory.get(keyAt + skipped, bytes, filled, userLength);
        int valueFrom = filled + userLength;
        valueMemory.get(valueAt, bytes, valueFrom, valueLength);
        place(count, filled, valueFrom, valueFrom, valueFrom + valueLength);
        filled = valueFrom + valueLength;
        count++;
        return true;
    }

    private void place(int index, int keyFrom, int keyTo, int valueFrom, int valueTo) {
        int at = PLACES * index;
        places[at] = keyFrom;
        places[at + 1] = keyTo;
        places[at + 2] = valueFrom;
        places[at + 3] = valueTo;
    }

    /**
     * Copies entries of a leaf behind the others: that at {@code from}, then its neighbours to one side, up to the first that is no plain
     * put, or for which there is no room.
     *
     * @param most entries that are copied
     * @param ascending whether to the side of the greater keys
     * @return how many were copied; may be none although there is room for some, where keys differ in the bytes that are left out
     */
    public int addAll(LeafPage leaf, int from, int most, boolean ascending) {
        if (leaf.prefixLength() < skipped) {
            return 0;
        }
        int added = leaf.puts(from, Math.min(most, places.length / PLACES - count), ascending);
        while (added > 0 && room(leaf, ascending ? from : from - added + 1, added) > room()) {
            added >>>= 1;
        }
        if (added > 0) {
            int first = ascending ? from : from - added + 1;
            addColumns(leaf, first, added, ascending);
            count += added;
        }
        return added;
    }

    /** Bytes that the entries take, the tails twice. */
    private long room(LeafPage leaf, int first, int added) {
        int tails = leaf.tailStart(first + added) - leaf.tailStart(first);
        int last = first + added - 1;
        return (long) added * (leaf.prefixLength() - skipped + leaf.headLength())
                + 2L * tails
                + leaf.valueOffset(last)
                + leaf.valueLength(last)
                - leaf.valueOffset(first);
    }

    private void addColumns(LeafPage leaf, int first, int added, boolean ascending) {
        Memory page = leaf.memory();
        int last = first + added - 1;
        int valuesAt = leaf.valueOffset(first);
        int valuesLength = leaf.valueOffset(last) + leaf.valueLength(last) - valuesAt;
        int toBlock = filled - valuesAt; // from an offset in the page to one in the block
        page.get(valuesAt, bytes, filled, valuesLength);

        int prefixLength = leaf.prefixLength() - skipped;
        int headLength = leaf.headLength();
        int at = filled + valuesLength;
        int tailsAt = leaf.tailStart(first);
        int tailsLength = leaf.tailStart(first + added) - tailsAt;
        int tails = at + added * (prefixLength + headLength) + tailsLength + SLACK; // for now: behind the keys
        if (tailsLength > 0) {
            page.get(leaf.tailsAt() + tailsAt, bytes, tails, tailsLength);
        }
        page.get(leaf.prefixAt() + skipped, bytes, at, prefixLength);
        int prefixFrom = at;
        int tailFrom = tails;
        for (int i = 0; i < added; i++) {
            int entry = first + i;
            int keyFrom = at;
            if (i > 0) {
                System.arraycopy(bytes, prefixFrom, bytes, at, prefixLength);
            }
            at += prefixLength;
            int tailLength = leaf.tailStart(entry + 1) - leaf.tailStart(entry);
            Bytes.putIntBigEndian(
                    bytes, at, leaf.head(entry)); // what is too much goes under the tail, the next key or the slack
            at += headLength;
            if (tailLength > 0) {
                System.arraycopy(bytes, tailFrom, bytes, at, tailLength);
                tailFrom += tailLength;
                at += tailLength;
            }
            int valueFrom = leaf.valueOffset(entry) + toBlock;
            int index = ascending ? count + i : count + added - 1 - i;
            place(index, keyFrom, at, valueFrom, valueFrom + leaf.valueLength(entry));
        }
        filled = at;
    }
}
