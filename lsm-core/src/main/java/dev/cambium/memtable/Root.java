package dev.cambium.memtable;

/**
 * A whole tree, by its topmost node. Immutable as an object; what it reaches is frozen once the writer's stamp has been raised.
 *
 * @param node a leaf ({@code long[]}, see {@link KeyBlock}) where {@code height} is 0, else an {@link Inner}
 * @param height levels above the leaves
 */
public record Root(Object node, int height) {
    static Root empty(long stamp) {
        return new Root(KeyBlock.empty(stamp), 0);
    }

    long stamp() {
        return Inner.stampOf(node);
    }

    /** Whether there is no entry, not even a tombstone. */
    public boolean isEmpty() {
        return height == 0 && KeyBlock.count((long[]) node) == 0;
    }
}
