package dev.cambium.memtable;

/**
 * A position in a frozen tree, moved both ways. It holds the path to its leaf, and the order of the leaf where that has a tail;
 * a move inside a leaf costs a few loads, and no move allocates. For one thread at a time.
 */
final class TreeCursor {
    private static final int DEEPEST = 24;

    private final Arena arena;
    private final Root root;
    private final Inner[] path = new Inner[DEEPEST];
    private final int[] slot = new int[DEEPEST];

    private long[] leaf;
    private int count;
    private int at = -1;
    private boolean hasTail;
    private long[] heads = new long[0];
    private long[] references = new long[0];
    private int touched; // nobody needs it; but loads whose result nobody has are not done

    TreeCursor(Arena arena, Root root) {
        this.arena = arena;
        this.root = root;
    }

    /** The entry under the cursor. Only after a move that returned true. */
    long reference() {
        return hasTail ? references[at] : KeyBlock.reference(leaf, at);
    }

    boolean first() {
        descend(0, root.node(), false);
        return settleForward(0);
    }

    boolean last() {
        descend(0, root.node(), true);
        return settleBackward(count - 1);
    }

    /** Moves to the first key that is not below {@code key}. */
    boolean seek(byte[] key, int offset, int length) {
        descendTo(key, offset, length);
        return settleForward(lowerBound(key, offset, length));
    }

    /** Moves to the last key that is not above {@code key}. */
    boolean seekFloor(byte[] key, int offset, int length) {
        descendTo(key, offset, length);
        int index = lowerBound(key, offset, length);
        boolean exact = index < count && arena.compareKey(entry(index), key, offset, length) == 0;
        return settleBackward(exact ? index : index - 1);
    }

    boolean next() {
        return settleForward(at + 1);
    }

    boolean previous() {
        return settleBackward(at - 1);
    }

    private long entry(int index) {
        return hasTail ? references[index] : KeyBlock.reference(leaf, index);
    }

    private int lowerBound(byte[] key, int offset, int length) {
        if (!hasTail && count > 0) {
            int order = KeyBlock.comparePrefix(leaf, key, offset, length);
            if (order != 0) {
                return order < 0 ? 0 : count;
            }
            int index =
                    KeyBlock.searchSorted(leaf, arena, key, offset, length, KeyBlock.headOf(leaf, key, offset, length));
            return index < 0 ? -1 - index : index;
        }
        int low = 0;
        int high = count;
        while (low < high) {
            int middle = (low + high) >>> 1;
            if (arena.compareKey(entry(middle), key, offset, length) < 0) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return low;
    }

    private void descendTo(byte[] key, int offset, int length) {
        Object node = root.node();
        for (int depth = 0; depth < root.height(); depth++) {
            Inner inner = (Inner) node;
            path[depth] = inner;
            slot[depth] = KeyBlock.childFor(inner.separators, arena, key, offset, length);
            node = inner.child(slot[depth]);
        }
        enter((long[]) node);
    }

    private void descend(int depth, Object node, boolean toLast) {
        for (; depth < root.height(); depth++) {
            Inner inner = (Inner) node;
            path[depth] = inner;
            slot[depth] = toLast ? inner.children.length - 1 : 0;
            node = inner.child(slot[depth]);
        }
        enter((long[]) node);
    }

    private void enter(long[] entered) {
        leaf = entered;
        count = KeyBlock.count(entered);
        hasTail = count > KeyBlock.sorted(entered);
        if (hasTail) {
            if (references.length < count) {
                heads = new long[Math.max(MemTree.FAN_OUT, count)];
                references = new long[Math.max(MemTree.FAN_OUT, count)];
            }
            KeyBlock.inOrder(entered, arena, count, heads, references, 0);
        }
    }

    /**
     * Has the entries of a leaf that was entered from its neighbour come into the cache together: who passes through them one by one would wait for
     * memory with each, since they lie in the order in which they were written.
     */
    private void touchEntries() {
        int sum = 0;
        for (int i = 0; i < count; i++) {
            sum += arena.touch(entry(i));
        }
        for (int i = 0; i < count; i++) {
            sum += arena.touchRest(entry(i));
        }
        touched = sum;
    }

    /** Stands on {@code index} of the leaf, or on the first entry after the leaf where that is its end. */
    private boolean settleForward(int index) {
        at = index;
        while (at >= count) {
            int depth = root.height() - 1;
            while (depth >= 0 && slot[depth] == path[depth].children.length - 1) {
                depth--;
            }
            if (depth < 0) {
                return false;
            }
            slot[depth]++;
            descend(depth + 1, path[depth].child(slot[depth]), false);
            at = 0;
            touchEntries();
        }
        return true;
    }

    private boolean settleBackward(int index) {
        at = index;
        while (at < 0) {
            int depth = root.height() - 1;
            while (depth >= 0 && slot[depth] == 0) {
                depth--;
            }
            if (depth < 0) {
                return false;
            }
            slot[depth]--;
            descend(depth + 1, path[depth].child(slot[depth]), true);
            at = count - 1;
        }
        return true;
    }
}
