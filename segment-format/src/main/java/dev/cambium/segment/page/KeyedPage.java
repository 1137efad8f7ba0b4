package dev.cambium.segment.page;

import dev.cambium.error.CorruptionException;
import dev.cambium.error.FormatVersionException;
import dev.cambium.segment.log.Operation;
import dev.cambium.segment.memory.Bytes;
import dev.cambium.segment.memory.Memory;
import java.util.Arrays;

/**
 * A raw page that holds sorted keys: a {@link LeafPage} or the separators of a {@link KeyPage}. A view: the memory stays the
 * caller's, and must not change or go while the view is used.
 * <pre>
 *   48      50             52           53     54           56      64        64 + 4 n
 *   +-------+--------------+------------+------+------------+-------+-----------+--
 *   | count | prefixLength | headLength | zero | tailLength | …     | heads     | …
 *   +-------+--------------+------------+------+------------+-------+-----------+--
 *     u16     u16            u8           u8     u16                  u32 big-endian
 * </pre>
 * Key i is the prefix, the first {@code headLength} bytes of head i, and tail i; see FORMAT.md, "Keys inside a page".
 *
 * <p>Cost of a search: the heads of one cache line each sixteenth entry, all fetched at once, one line more, then the tails of the
 * keys whose heads are equal. Safe for any thread.
 */
public abstract class KeyedPage {
    public static final int COUNT_OFFSET = PageHeader.LENGTH;
    public static final int PREFIX_LENGTH_OFFSET = 50;
    public static final int HEAD_LENGTH_OFFSET = 52;
    public static final int ZERO_OFFSET = 53;
    public static final int TAIL_LENGTH_OFFSET = 54;
    public static final int HEADS_OFFSET = 64;

    /** Bytes of a head. */
    public static final int HEAD_BYTES = 4;

    private static final int HEADS_PER_LINE = 16;

    /** Up to so many heads are searched by lines; more are halved first. */
    private static final int MOST_BY_LINES = 16 * HEADS_PER_LINE;

    /** The raw page. */
    protected final Memory page;

    private final int keys;
    private final int prefixLength;
    private final int headLength;
    private final int tailLength; // of all, or -1
    private final boolean wide;

    // Set by place(): where the variable parts stand.
    private int tailStartAt;
    private int prefixAt;
    private int tailsAt;

    /** @param keys how many keys the page has, by its kind */
    KeyedPage(Memory page, int keys) {
        this.page = page;
        int flags = PageHeader.flags(page, 0);
        this.keys = keys;
        this.prefixLength = page.getUnsignedShort(PREFIX_LENGTH_OFFSET);
        this.headLength = page.getUnsignedByte(HEAD_LENGTH_OFFSET);
        this.tailLength = (flags & PageFlags.FIXED_KEYS) == 0 ? -1 : page.getUnsignedShort(TAIL_LENGTH_OFFSET);
        this.wide = (flags & PageFlags.WIDE) != 0;
    }

    /** Says where the parts stand; the constructor of the subclass calls it before anything else is asked. */
    final void place(int tailStartAt, int prefixAt) {
        this.tailStartAt = tailStartAt;
        this.prefixAt = prefixAt;
        this.tailsAt = prefixAt + prefixLength;
    }

    /** Bytes of an element of an offset array. */
    static int width(boolean wide) {
        return wide ? 4 : 2;
    }

    final boolean isWide() {
        return wide;
    }

    final boolean hasFixedKeys() {
        return tailLength >= 0;
    }

    final int element(int arrayAt, int index) {
        return wide ? page.getInt(arrayAt + 4 * index) : page.getUnsignedShort(arrayAt + 2 * index);
    }

    /** Where a key's tail starts among the tails; of the key behind the last, where they end. */
    final int tailStart(int index) {
        return tailLength >= 0 ? index * tailLength : element(tailStartAt, index);
    }

    /** Offset behind the last tail. */
    final int tailsEnd() {
        return tailsAt + tailStart(keys);
    }

    final int prefixAt() {
        return prefixAt;
    }

    final int tailsAt() {
        return tailsAt;
    }

    /** How many keys there are. */
    public final int keyCount() {
        return keys;
    }

    public final int prefixLength() {
        return prefixLength;
    }

    /** Bytes of a suffix that stand in its head alone. */
    public final int headLength() {
        return headLength;
    }

    /** Bytes of a key. */
    public final int keyLength(int index) {
        return prefixLength + headLength + tailStart(index + 1) - tailStart(index);
    }

    /** The first bytes of a key behind the prefix, as an unsigned number. */
    public final int head(int index) {
        return page.getIntBigEndian(HEADS_OFFSET + HEAD_BYTES * index);
    }

    /** Copies a key into {@code target}, which has room for it; returns its length. */
    public final int copyKey(int index, byte[] target, int targetOffset) {
        return copyKey(index, target, 0, targetOffset);
    }

    private int copyKey(int index, byte[] target, int skipped, int targetOffset) {
        int ofPrefix = prefixLength - skipped;
        page.get(prefixAt + skipped, target, targetOffset, ofPrefix);
        int at = targetOffset + ofPrefix;
        page.get(HEADS_OFFSET + HEAD_BYTES * index, target, at, headLength);
        int start = tailStart(index);
        int length = tailStart(index + 1) - start;
        page.get(tailsAt + start, target, at + headLength, length);
        return ofPrefix + headLength + length;
    }

    /**
     * Copies what follows the prefix in a key to where it belongs in {@code target}, which has room for four bytes more than the longest
     * key, and already has the prefix at offset 0.
     */
    public final void copySuffix(int index, Memory target) {
        // All four bytes of the head; the tail goes over what is too much.
        target.putInt(prefixLength, page.getInt(HEADS_OFFSET + HEAD_BYTES * index));
        int start = tailStart(index);
        int length = tailStart(index + 1) - start;
        if (length > 0) {
            target.put(prefixLength + headLength, page, tailsAt + start, length);
        }
    }

    /** Copies the prefix to offset 0 of {@code target}. */
    public final void copyPrefix(Memory target) {
        target.put(0, page, prefixAt, prefixLength);
    }

    /** A copy of a key. */
    public final byte[] key(int index) {
        return key(index, 0);
    }

    /** A copy of a key without its first {@code skipped} bytes. */
    public final byte[] key(int index, int skipped) {
        int length = keyLength(index);
        if (skipped > prefixLength) {
            byte[] key = new byte[length];
            copyKey(index, key, 0);
            return Arrays.copyOfRange(key, skipped, length);
        }
        byte[] key = new byte[length - skipped];
        copyKey(index, key, skipped, 0);
        return key;
    }

    /**
     * Finds a key.
     *
     * @return its index, or {@code -1 - i} where {@code i} is the first index with a greater key
     */
    public final int search(byte[] key, int offset, int length) {
        int order = comparePrefix(key, offset, length);
        if (order != 0) {
            return order < 0 ? -1 : -1 - keys;
        }
        int from = offset + prefixLength;
        int end = offset + length;
        int head = (int) (Bytes.head(key, from, end) >>> 32);
        int low = lowerBound(head);
        if (low == keys || head(low) != head) {
            return -1 - low;
        }
        return searchTails(low, head, key, from, end);
    }

    /** Whether a key of the page is below the given one. */
    public final boolean isBelow(int index, byte[] key, int offset, int length) {
        int order = comparePrefix(key, offset, length);
        if (order != 0) {
            return order > 0;
        }
        int from = offset + prefixLength;
        int end = offset + length;
        int head = (int) (Bytes.head(key, from, end) >>> 32);
        if (head(index) != head) {
            return Integer.compareUnsigned(head(index), head) < 0;
        }
        return end - from >= headLength && compareTail(index, key, from + headLength, end) < 0;
    }

    /**
     * Compares a key with the prefix.
     *
     * @return 0 if the key begins with it; negative if the key is smaller than every key here, positive if greater
     */
    private int comparePrefix(byte[] key, int offset, int length) {
        return -page.compare(prefixAt, prefixLength, key, offset, Math.min(length, prefixLength));
    }

    /** First index whose head is not below {@code head}. */
    private int lowerBound(int head) {
        int low = 0;
        int count = keys;
        while (count > MOST_BY_LINES) {
            int half = count >>> 1;
            if (Integer.compareUnsigned(head(low + half - 1), head) < 0) {
                low += half;
            }
            count -= half;
        }
        int stride = HEAD_BYTES * HEADS_PER_LINE;
        int at = HEADS_OFFSET + HEAD_BYTES * low;
        int lines = page.countBelow(at + stride - HEAD_BYTES, stride, count / HEADS_PER_LINE, head);
        int within = Math.min(HEADS_PER_LINE, count - lines * HEADS_PER_LINE);
        return low + lines * HEADS_PER_LINE + page.countBelow(at + lines * stride, HEAD_BYTES, within, head);
    }

    private int searchTails(int low, int head, byte[] key, int from, int end) {
        if (end - from < headLength) {
            // The key ends inside the head of longer ones, and its padded head is theirs: it is smaller.
            return -1 - low;
        }
        int tail = from + headLength;
        int order = compareTail(low, key, tail, end);
        if (order >= 0) {
            return order == 0 ? low : -1 - low;
        }
        int high = low + 1;
        int last = keys;
        if (high < last && head(high) == head) { // several keys with this head: find where they end, then halve
            int beyond = last;
            while (high < beyond) {
                int middle = (high + beyond) >>> 1;
                if (head(middle) == head) {
                    high = middle + 1;
                } else {
                    beyond = middle;
                }
            }
        }
        int first = low + 1;
        while (first < high) {
            int middle = (first + high) >>> 1;
            order = compareTail(middle, key, tail, end);
            if (order == 0) {
                return middle;
            }
            if (order < 0) {
                first = middle + 1;
            } else {
                high = middle;
            }
        }
        return -1 - first;
    }

    private int compareTail(int index, byte[] key, int from, int end) {
        int start = tailStart(index);
        return page.compare(tailsAt + start, tailStart(index + 1) - start, key, from, end - from);
    }

    /**
     * Throws unless the parts of the keys lie inside the page, their offsets and heads ascend, and each has a length that a key
     * can have.
     *
     * @param parts where the tails begin
     * @param shortest bytes that a key of this kind of page has at least
     * @param limit bytes of the page
     */
    final void checkKeys(int parts, int shortest, int limit, String file, long zoneOffset) {
        int flags = PageHeader.flags(page, 0);
        require(
                headLength <= HEAD_BYTES && page.getUnsignedByte(ZERO_OFFSET) == 0,
                file,
                zoneOffset + HEAD_LENGTH_OFFSET,
                "a head length of 0 to 4 and a zero",
                headLength + " and " + page.getUnsignedByte(ZERO_OFFSET));
        require(
                (flags & PageFlags.FIXED_KEYS) != 0 || page.getUnsignedShort(TAIL_LENGTH_OFFSET) == 0,
                file,
                zoneOffset + TAIL_LENGTH_OFFSET,
                "no tail length in a page whose tails differ",
                Integer.toString(page.getUnsignedShort(TAIL_LENGTH_OFFSET)));
        require(parts <= limit, file, zoneOffset, "a page of " + parts + " bytes or more", limit + " bytes");
        if (tailLength < 0) {
            checkAscending(tailStartAt, keys, limit - tailsAt, file, zoneOffset);
        }
        require(
                (long) tailsAt + (tailLength >= 0 ? (long) keys * tailLength : element(tailStartAt, keys)) <= limit,
                file,
                zoneOffset,
                "keys that end inside the page",
                "keys that end beyond " + limit);
        for (int i = 0; i < keys; i++) {
            int length = keyLength(i);
            if (length < shortest || length > Operation.MAX_KEY_LENGTH) {
                throw new CorruptionException(
                        file,
                        zoneOffset,
                        "keys of " + shortest + " to " + Operation.MAX_KEY_LENGTH + " bytes",
                        "key " + i + " of " + length);
            }
            if (i > 0 && Integer.compareUnsigned(head(i - 1), head(i)) > 0) {
                throw new CorruptionException(
                        file,
                        zoneOffset + HEADS_OFFSET + (long) HEAD_BYTES * i,
                        "ascending heads",
                        "head " + i + " below the one before");
            }
        }
    }

    /** Throws unless an offset array begins with 0, never descends and stays within {@code limit}. */
    final void checkAscending(int arrayAt, int count, int limit, String file, long zoneOffset) {
        int before = 0;
        for (int i = 0; i <= count; i++) {
            int start = element(arrayAt, i);
            if (i == 0 ? start != 0 : start < before || start > limit) {
                throw new CorruptionException(
                        file,
                        zoneOffset + arrayAt + (long) width(wide) * i,
                        "an offset of " + before + " to " + (i == 0 ? 0 : limit),
                        Integer.toUnsignedString(start));
            }
            before = start;
        }
    }

    static void checkFlags(Memory page, int known, String file, long zoneOffset) {
        int unknown = PageHeader.flags(page, 0) & ~known;
        if (unknown != 0) {
            throw new FormatVersionException(
                    file,
                    "a " + PageKind.name(PageHeader.kind(page, 0)) + " page with the flags 0x"
                            + Integer.toHexString(unknown) + " at offset " + zoneOffset,
                    "the flags 0x" + Integer.toHexString(known));
        }
    }

    static void require(boolean holds, String file, long offset, String expected, String found) {
        if (!holds) {
            throw new CorruptionException(file, offset, expected, found);
        }
    }
}
