package dev.cambium.memtable;

import dev.cambium.segment.memory.Bytes;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * An ordered block of references with eight-byte key heads, in one {@code long[]}: a leaf of the tree, or the separators of an
 * inner node.
 * <pre>
 *   0        1        2        3 …        prefixAt   groupsAt
 *   +--------+--------+--------+----------+----------+-------------------------+-------------------------+---
 *   | shape  | count  | stamp  | samples  | prefix   | 8 heads  · 8 references | 8 heads  · 8 references | …
 *   +--------+--------+--------+----------+----------+-------------------------+-------------------------+---
 *   shape: prefixLength u16 · capacity u16 · sorted u16 · groupsAt u16
 * </pre>
 * All keys of a block share their first {@code prefixLength} bytes, which stand in the prefix words, most significant byte
 * first, the last word padded with zeros. A head is the next eight bytes of the key (zero beyond its end), so heads compare as
 * keys do, and only equal heads need the arena. Entries stand in groups of eight; a sample is the last head of a group that is all
 * sorted, so that the samples say which group a key is in.
 *
 * <p>Entries {@code [0, sorted)} are in key order; entries {@code [sorted, count)} are the <em>tail</em>: in order of arrival,
 * no key twice. Only a leaf that carries the writer's current stamp is ever changed, in two ways: an entry is appended to the
 * tail by a release store of {@code count}, or a reference is replaced by a release store. Separators have no tail.
 *
 * <p>Cost of a search: the first two cache lines with shape and samples, at once; then the two of a group, and those of the tail, at once;
 * then the arena, to compare the key. So three misses one after the other, where a leaf is in no cache.
 */
final class KeyBlock {
    /*
     * Why one array: the node, its count, its samples and its prefix come with the same cache miss. Why references beside their heads: their
     * line is known with that of the heads, and fetched with it (apart, each get waited for one miss more). Why heads after the
     * common prefix: eight bytes of `user:0000…` tell nothing apart (740/650 ns a put/get with useful heads, 1,050/1,190 without).
     *
     * The prefix only has to be *a* common prefix. It is lengthened when a block is built anew from the arena (bulk, or a split
     * that gains LENGTHEN_BY bytes or more: anything less leaves four distinguishing bytes in the heads, and reading every key
     * again costs a cache miss each), and shortened when a key arrives that does not share it.
     */
    static final int LONGEST_PREFIX = 128;
    static final int LENGTHEN_BY = 4;

    static final int SHAPE = 0;
    static final int COUNT = 1;
    static final int STAMP = 2;
    private static final int SAMPLES = 3;

    /** Entries of a group: their heads fill a cache line, as do their references. */
    private static final int GROUP = 8;

    private static final int GROUP_SHIFT = 3;

    static final VarHandle WORD = MethodHandles.arrayElementVarHandle(long[].class);

    private KeyBlock() {}

    static int prefixLength(long[] block) {
        return (int) block[SHAPE] & 0xFFFF;
    }

    static int capacity(long[] block) {
        return (int) (block[SHAPE] >>> 16) & 0xFFFF;
    }

    static int sorted(long[] block) {
        return (int) (block[SHAPE] >>> 32) & 0xFFFF;
    }

    private static int groupsAt(long[] block) {
        return (int) (block[SHAPE] >>> 48);
    }

    private static int prefixAt(long[] block) {
        return SAMPLES + (sorted(block) >>> GROUP_SHIFT);
    }

    /** Where an entry's head stands; its reference stands {@link #GROUP} words further on. */
    private static int at(int groupsAt, int index) {
        return groupsAt + (index & -GROUP) + index;
    }

    /** Entries published so far. */
    static int count(long[] block) {
        return (int) (long) WORD.getAcquire(block, COUNT);
    }

    static long stamp(long[] block) {
        return block[STAMP];
    }

    static long head(long[] block, int index) {
        return block[at(groupsAt(block), index)];
    }

    static long reference(long[] block, int index) {
        return (long) WORD.getAcquire(block, at(groupsAt(block), index) + GROUP);
    }

    /** Replaces a reference by one to the same key; visible at once. */
    static void replace(long[] block, int index, long reference) {
        WORD.setRelease(block, at(groupsAt(block), index) + GROUP, reference);
    }

    /** Appends an entry to the tail; visible at once. The caller has checked that there is room. */
    static void append(long[] block, int count, long head, long reference) {
        int at = at(groupsAt(block), count);
        block[at] = head;
        block[at + GROUP] = reference;
        WORD.setRelease(block, COUNT, (long) count + 1);
    }

    private static long[] blank(int prefixLength, int sorted, int capacity, long stamp) {
        int groupsAt = SAMPLES + (sorted >>> GROUP_SHIFT) + (prefixLength + 7) / 8;
        int groups = (capacity + GROUP - 1) >>> GROUP_SHIFT;
        long[] block = new long[groupsAt + 2 * GROUP * groups];
        block[SHAPE] = prefixLength | (long) capacity << 16 | (long) sorted << 32 | (long) groupsAt << 48;
        block[COUNT] = sorted;
        block[STAMP] = stamp;
        return block;
    }

    /** An empty block that entries can be appended to. */
    static long[] empty(long stamp) {
        return blank(0, 0, 0, stamp);
    }

    /** The same entries and tail, owned by {@code stamp}. */
    static long[] copy(long[] block, long stamp) {
        long[] copy = block.clone();
        copy[STAMP] = stamp;
        return copy;
    }

    /** Builds a block of sorted references, with the longest common prefix, reading every key. */
    static long[] build(Arena arena, long[] references, int from, int to, int room, long stamp) {
        int count = to - from;
        int prefixLength = count == 0
                ? 0
                : count == 1
                        ? Math.min(LONGEST_PREFIX, arena.keyLength(references[from]))
                        : arena.commonPrefix(references[from], references[to - 1], LONGEST_PREFIX);
        return buildWithPrefix(arena, references, from, to, room, stamp, prefixLength);
    }

    /** Builds a block of sorted references that share {@code prefixLength} bytes, reading every key. */
    static long[] buildWithPrefix(
            Arena arena, long[] references, int from, int to, int room, long stamp, int prefixLength) {
        int count = to - from;
        long[] block = blank(prefixLength, count, count + room, stamp);
        if (prefixLength > 0) {
            putPrefix(block, arena, references[from]);
        }
        int groupsAt = groupsAt(block);
        for (int i = 0; i < count; i++) {
            put(block, at(groupsAt, i), arena.head(references[from + i], prefixLength), references[from + i]);
        }
        putSamples(block);
        return block;
    }

    private static void put(long[] block, int at, long head, long reference) {
        block[at] = head;
        block[at + GROUP] = reference;
    }

    private static void putPrefix(long[] block, Arena arena, long reference) {
        int prefixLength = prefixLength(block);
        for (int at = 0, word = prefixAt(block); at < prefixLength; at += 8, word++) {
            block[word] = mask(arena.head(reference, at), prefixLength - at);
        }
    }

    private static void putSamples(long[] block) {
        int groupsAt = groupsAt(block);
        for (int group = 0, full = sorted(block) >>> GROUP_SHIFT; group < full; group++) {
            block[SAMPLES + group] = block[groupsAt + 2 * GROUP * group + GROUP - 1];
        }
    }

    /**
     * Builds a block of sorted entries from heads that were taken {@code shift} bytes before the end of its prefix and hold all
     * that follows; reads one key.
     */
    static long[] buildShifted(
            Arena arena,
            long[] heads,
            int shift,
            long[] references,
            int from,
            int to,
            int room,
            long stamp,
            int prefixLength) {
        int count = to - from;
        if (prefixLength > LONGEST_PREFIX || shift > 7) {
            return build(arena, references, from, to, room, stamp);
        }
        long[] block = blank(prefixLength, count, count + room, stamp);
        putPrefix(block, arena, references[from]);
        int groupsAt = groupsAt(block);
        for (int i = 0; i < count; i++) {
            put(block, at(groupsAt, i), heads[from + i] << 8 * shift, references[from + i]);
        }
        putSamples(block);
        return block;
    }

    /** Builds a block of sorted entries whose heads were taken after the prefix of {@code like}; reads no key. */
    static long[] buildLike(long[] like, long[] heads, long[] references, int from, int to, int room, long stamp) {
        int count = to - from;
        long[] block = blank(prefixLength(like), count, count + room, stamp);
        int groupsAt = groupsAt(block);
        int prefixAt = prefixAt(block);
        System.arraycopy(like, prefixAt(like), block, prefixAt, groupsAt - prefixAt);
        for (int i = 0; i < count; i += GROUP) {
            int group = Math.min(GROUP, count - i);
            System.arraycopy(heads, from + i, block, at(groupsAt, i), group);
            System.arraycopy(references, from + i, block, at(groupsAt, i) + GROUP, group);
        }
        putSamples(block);
        return block;
    }

    private static long mask(long word, int bytes) {
        return bytes >= 8 ? word : word & -1L << (64 - 8 * bytes);
    }

    /**
     * Compares a key with the block's prefix.
     *
     * @return 0 if the key begins with it; negative if the key is smaller than every entry, positive if greater
     */
    static int comparePrefix(long[] block, byte[] key, int offset, int length) {
        int prefixLength = prefixLength(block);
        for (int at = 0, word = prefixAt(block); at < prefixLength; at += 8, word++) {
            long theirs = mask(Bytes.head(key, offset + at, offset + length), prefixLength - at);
            if (theirs != block[word]) {
                return Long.compareUnsigned(theirs, block[word]);
            }
        }
        return length < prefixLength ? -1 : 0; // as far as it goes it is equal, and it ends inside: smaller
    }

    /** Whether the key of an operation begins with the block's prefix; touches no other key. */
    static boolean sharesPrefix(long[] block, Arena arena, long reference) {
        int prefixLength = prefixLength(block);
        for (int at = 0, word = prefixAt(block); at < prefixLength; at += 8, word++) {
            if (mask(arena.head(reference, at), prefixLength - at) != block[word]) {
                return false;
            }
        }
        return arena.keyLength(reference) >= prefixLength;
    }

    static long headOf(long[] block, byte[] key, int offset, int length) {
        return Bytes.head(key, offset + prefixLength(block), offset + length);
    }

    /** First sorted index whose head is not below {@code head}. */
    private static int lowerBound(long[] block, int sorted, long head) {
        /*
         * There is no branch to mispredict, and no load of one step depends on another one of it: first the samples, which come with the
         * block's first lines, then the eight heads of one group.
         */
        int groupsBelow = 0;
        for (int at = SAMPLES, end = SAMPLES + (sorted >>> GROUP_SHIFT); at < end; at++) {
            groupsBelow += isBelow(block[at], head);
        }
        int first = groupsBelow << GROUP_SHIFT;
        int low = groupsAt(block) + 2 * first;
        int below = 0;
        for (int at = low, last = low + Math.min(GROUP, sorted - first); at < last; at++) {
            below += isBelow(block[at], head);
        }
        return first + below;
    }

    /** 1 where {@code a} is below {@code b} as unsigned words, 0 elsewhere; in arithmetic only. */
    private static int isBelow(long a, long b) {
        return (int) ((~a & b | (~a | b) & (a - b)) >>> 63);
    }

    /**
     * Finds a key that begins with the block's prefix among the sorted entries.
     *
     * @return its index, or {@code -1 - i} where {@code i} is the first index with a greater key
     */
    static int searchSorted(long[] block, Arena arena, byte[] key, int offset, int length, long head) {
        int sorted = sorted(block);
        int groupsAt = groupsAt(block);
        int low = lowerBound(block, sorted, head);
        if (low == sorted || block[at(groupsAt, low)] != head) {
            return -1 - low;
        }
        int high =
                low + 1; // one entry in nearly all cases; where heads tell nothing apart, the rest is found by halving
        if (high < sorted && block[at(groupsAt, high)] == head) {
            int beyond = sorted;
            while (high < beyond) {
                int middle = (high + beyond) >>> 1;
                if (block[at(groupsAt, middle)] == head) {
                    high = middle + 1;
                } else {
                    beyond = middle;
                }
            }
        }
        while (low < high) {
            int middle = (low + high) >>> 1;
            int order = arena.compareKey(reference(block, middle), key, offset, length);
            if (order == 0) {
                return middle;
            }
            if (order < 0) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return -1 - low;
    }

    /** Finds a key that begins with the block's prefix in the tail: its index, or -1. */
    static int searchTail(long[] block, Arena arena, int count, byte[] key, int offset, int length, long head) {
        int groupsAt = groupsAt(block);
        for (int i = count - 1, sorted = sorted(block); i >= sorted; i--) {
            if (block[at(groupsAt, i)] == head && arena.compareKey(reference(block, i), key, offset, length) == 0) {
                return i;
            }
        }
        return -1;
    }

    /** The reference of a key, or 0 where the block has none. */
    static long find(long[] block, Arena arena, byte[] key, int offset, int length) {
        int count = count(block);
        if (comparePrefix(block, key, offset, length) != 0) {
            return 0;
        }
        long head = headOf(block, key, offset, length);
        int index = searchTail(block, arena, count, key, offset, length, head);
        if (index < 0) {
            index = searchSorted(block, arena, key, offset, length, head);
        }
        return index < 0 ? 0 : reference(block, index);
    }

    /** How many separators are not above a key: the child that covers it. */
    static int childFor(long[] separators, Arena arena, byte[] key, int offset, int length) {
        int order = comparePrefix(separators, key, offset, length);
        if (order != 0) {
            return order < 0 ? 0 : sorted(separators);
        }
        int index = searchSorted(separators, arena, key, offset, length, headOf(separators, key, offset, length));
        return index < 0 ? -1 - index : index + 1;
    }

    /**
     * Writes the entries in key order, tail merged in.
     *
     * @param heads receives the heads, from {@code at} on
     * @param references receives the references, from {@code at} on
     * @return how many
     */
    static int inOrder(long[] block, Arena arena, int count, long[] heads, long[] references, int at) {
        int sorted = sorted(block);
        int groupsAt = groupsAt(block);
        for (int i = 0; i < sorted; i += GROUP) {
            int group = Math.min(GROUP, sorted - i);
            System.arraycopy(block, at(groupsAt, i), heads, at + i, group);
            System.arraycopy(block, at(groupsAt, i) + GROUP, references, at + i, group);
        }
        for (int i = sorted; i < count; i++) {
            long head = block[at(groupsAt, i)];
            long reference = block[at(groupsAt, i) + GROUP];
            int to = at + i;
            while (to > at && isBelow(arena, head, reference, heads[to - 1], references[to - 1])) {
                heads[to] = heads[to - 1];
                references[to] = references[to - 1];
                to--;
            }
            heads[to] = head;
            references[to] = reference;
        }
        return count;
    }

    private static boolean isBelow(Arena arena, long head, long reference, long otherHead, long other) {
        int order = Long.compareUnsigned(head, otherHead);
        return order != 0 ? order < 0 : arena.compareKeys(reference, other) < 0;
    }
}
