package dev.cambium.memtable;

import java.util.concurrent.RecursiveAction;

/**
 * Builds a tree bottom-up from sorted entries: what recovery does with everything a log holds. Large input is built by several
 * threads of the common pool, with the same result.
 *
 * <p>Cost: one access to the arena per leaf where keys are short, else one per entry.
 */
final class TreeBuilder {
    private static final int PARALLEL_FROM_LEAVES = 128;

    private final Arena arena;
    private final int fanOut;
    private final int leafRoom;
    private final long stamp;
    private final SortedEntries entries;
    private final Object[] leaves;

    /** @param leafRoom entries that can be appended to each leaf before it is built anew */
    TreeBuilder(Arena arena, int fanOut, int leafRoom, long stamp, SortedEntries entries) {
        this.arena = arena;
        this.fanOut = fanOut;
        this.leafRoom = leafRoom;
        this.stamp = stamp;
        this.entries = entries;
        int perLeaf = Math.max(1, fanOut - leafRoom);
        this.leaves = new Object[(entries.count() + perLeaf - 1) / perLeaf];
    }

    Root build() {
        if (leaves.length == 0) {
            return Root.empty(stamp);
        }
        if (leaves.length >= PARALLEL_FROM_LEAVES) {
            new Leaves(0, leaves.length).invoke();
        } else {
            buildLeaves(0, leaves.length);
        }
        Nodes level = new Nodes();
        for (int i = 0; i < leaves.length; i++) {
            level.add(leaves[i], entries.references()[start(i)]);
        }
        return level.toRoot(arena, fanOut, stamp, 0);
    }

    private int start(int leaf) {
        return (int) ((long) entries.count() * leaf / leaves.length);
    }

    private void buildLeaves(int from, int to) {
        for (int i = from; i < to; i++) {
            leaves[i] = leaf(start(i), start(i + 1));
        }
    }

    private long[] leaf(int from, int to) {
        int room = Math.min(leafRoom, fanOut - (to - from));
        int lengthen = entries.lengthenable(from, to);
        int prefixLength = entries.prefixLength() + lengthen;
        long[] references = entries.references();
        int shared = arena.commonPrefix(references[from], references[to - 1], KeyBlock.LONGEST_PREFIX);
        return to - from > 1 && shared >= prefixLength + KeyBlock.LENGTHEN_BY
                ? KeyBlock.build(arena, references, from, to, room, stamp)
                : KeyBlock.buildShifted(
                        arena, entries.heads(), lengthen, references, from, to, room, stamp, prefixLength);
    }

    /** The leaves {@code [from, to)}, halved until a half is small. */
    @SuppressWarnings("serial")
    private final class Leaves extends RecursiveAction {
        private final int from;
        private final int to;

        Leaves(int from, int to) {
            this.from = from;
            this.to = to;
        }

        @Override
        protected void compute() {
            if (to - from < PARALLEL_FROM_LEAVES) {
                buildLeaves(from, to);
            } else {
                int middle = (from + to) >>> 1;
                invokeAll(new Leaves(from, middle), new Leaves(middle, to));
            }
        }
    }
}
