package dev.cambium.memtable;

import dev.cambium.segment.log.OperationCode;

/**
 * What a subtree holds; the augmentation of the tree.
 *
 * @param count entries, tombstones included
 * @param bytes of their keys and values
 * @param tombstones entries that are deletes
 */
public record Aggregate(long count, long bytes, long tombstones) {
    /*
     * PAM keeps the augmentation in every node. Here a child slot of an owned node changes under its ancestors, so a stored sum
     * would be stale for readers; a sum is made when it is asked for and kept by frozen nodes. After k changes the next question
     * costs the paths of those k, as eager maintenance would have, and a put pays nothing.
     */
    static final Aggregate NONE = new Aggregate(0, 0, 0);

    Aggregate plus(Aggregate other) {
        return new Aggregate(count + other.count, bytes + other.bytes, tombstones + other.tombstones);
    }

    static Aggregate of(Object node, Arena arena, long current) {
        if (node instanceof Inner inner) {
            return inner.aggregate(arena, current);
        }
        long[] leaf = (long[]) node;
        int count = KeyBlock.count(leaf);
        long bytes = 0;
        int tombstones = 0;
        for (int i = 0; i < count; i++) {
            long reference = KeyBlock.reference(leaf, i);
            bytes += arena.entryBytes(reference);
            if (Arena.code(reference) == OperationCode.DELETE) {
                tombstones++;
            }
        }
        return new Aggregate(count, bytes, tombstones);
    }

    /** Entries under a node, without touching the arena where it is a leaf. */
    static long count(Object node, Arena arena, long current) {
        return node instanceof Inner inner ? inner.aggregate(arena, current).count : KeyBlock.count((long[]) node);
    }
}
