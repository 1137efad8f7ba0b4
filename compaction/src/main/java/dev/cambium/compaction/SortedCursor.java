package dev.cambium.compaction;

import dev.cambium.segment.memory.Memory;
import dev.cambium.segment.page.EntryBlock;

/**
 * A position among the entries of one sorted source, moved both ways. Keys are internal keys (keyspace id, then the user's
 * key), in the order of unsigned bytes; tombstones are entries.
 *
 * <p>A move returns whether the cursor stands on an entry; only then may the entry be asked for, until the next move. After
 * {@code next} ran off the end or {@code previous} off the start, only {@code first}, {@code last} and the seeks may follow.
 * No method allocates per entry. For one thread at a time, under the protection of an epoch slot.
 */
public interface SortedCursor extends Entry {
    boolean first();

    boolean last();

    /** Moves to the first key that is not below the given one. */
    boolean seek(byte[] key, int offset, int length);

    /** Moves to the last key that is not above the given one. */
    boolean seekFloor(byte[] key, int offset, int length);

    boolean next();

    boolean previous();

    /**
     * Copies the entry that the cursor stands on and those that come next, as far as they lie together, are plain puts with their values
     * beside them, and lie on the near side of a bound; moves to the last of them. A source that cannot do better than one at a time copies
     * none.
     *
     * @param most entries that are copied
     * @param bound where they come in ascending order, the first key that is not copied; else the last one that may be
     * @param boundLength bytes of it
     * @return how many were copied; where none were, the cursor has not moved
     */
    default int copyOn(EntryBlock target, int most, boolean ascending, byte[] bound, int boundLength) {
        return 0;
    }

    /**
     * To be called first in each new epoch slot: what the cursor stands on may have left memory since, and is brought back. Memory and
     * offsets that were asked for before are void.
     */
    void resume();

    /** A copy of the key, without its first bytes. */
    default byte[] key(int skipped) {
        return keyMemory().toArray(keyOffset() + skipped, keyLength() - skipped);
    }

    /**
     * Whether the key is below another.
     *
     * @param head the first eight bytes of {@code other}, padded with zeros, as a number: for most keys it is enough
     */
    default boolean isBelow(byte[] other, long head) {
        Memory key = keyMemory();
        int length = keyLength();
        if (length >= Long.BYTES) {
            long keyHead = key.getLongBigEndian(keyOffset());
            if (keyHead != head) {
                return Long.compareUnsigned(keyHead, head) < 0;
            }
        }
        return key.compare(keyOffset(), length, other, 0, other.length) < 0;
    }
}
