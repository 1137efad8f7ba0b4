package dev.cambium.memtable;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.RecursiveAction;

/**
 * Whole trees as values: join, split, union and ranges, by key and by rank. Every result shares what it can with its inputs,
 * which stay as they are; new nodes carry one stamp. Inputs must be frozen and lie in the same arena.
 *
 * <p>Cost: {@code join} and {@code split} O(log n); {@code union} O(m log(n/m + 1)), by several threads of the common pool where
 * both trees are large; ranges O(log n).
 *
 * <p>Paper: Blelloch, Ferizovic, Sun, "Just Join for Parallel Ordered Sets" (SPAA 2016), carried over to B+trees: everything is
 * made of {@code join}, which alone keeps nodes between a quarter full and full.
 */
public final class TreeAlgebra {
    private final Arena arena;
    private final int fanOut;
    private final int leafRoom;
    private final long stamp;

    /** @param stamp what new nodes carry; at least that of every input */
    public TreeAlgebra(Arena arena, int fanOut, int leafRoom, long stamp) {
        this.arena = arena;
        this.fanOut = fanOut;
        this.leafRoom = leafRoom;
        this.stamp = stamp;
    }

    /**
     * A tree cut in two.
     *
     * @param below entries with smaller keys
     * @param rest the others
     */
    public record Split(Root below, Root rest) {}

    /** One tree of two, where every key of {@code left} is below every key of {@code right}. */
    public Root join(Root left, Root right) {
        if (left.isEmpty()) {
            return right;
        }
        if (right.isEmpty()) {
            return left;
        }
        long separator = firstReference(right);
        assert arena.compareKeys(lastReference(left), separator) < 0 : "join of overlapping trees";
        Nodes level = new Nodes();
        if (left.height() >= right.height()) {
            joinRight(left.node(), left.height(), 0, right, separator, level);
        } else {
            joinLeft(left, right.node(), right.height(), separator, level);
        }
        return level.toRoot(arena, fanOut, stamp, Math.max(left.height(), right.height()));
    }

    private void joinRight(Object node, int level, long nodeSeparator, Root right, long separator, Nodes out) {
        if (level == right.height()) {
            concatenate(node, nodeSeparator, right.node(), separator, level, out);
            return;
        }
        Inner inner = (Inner) node;
        int last = inner.children.length - 1;
        Nodes children = new Nodes();
        for (int i = 0; i < last; i++) {
            children.add(inner.child(i), i == 0 ? nodeSeparator : KeyBlock.reference(inner.separators, i - 1));
        }
        long lastSeparator = last == 0 ? nodeSeparator : KeyBlock.reference(inner.separators, last - 1);
        joinRight(inner.child(last), level - 1, lastSeparator, right, separator, children);
        children.cut(arena, fanOut, stamp, out);
    }

    private void joinLeft(Root left, Object node, int level, long separator, Nodes out) {
        if (level == left.height()) {
            concatenate(left.node(), 0, node, separator, level, out);
            return;
        }
        Inner inner = (Inner) node;
        Nodes children = new Nodes();
        joinLeft(left, inner.child(0), level - 1, separator, children);
        for (int i = 1; i < inner.children.length; i++) {
            children.add(inner.child(i), KeyBlock.reference(inner.separators, i - 1));
        }
        children.cut(arena, fanOut, stamp, out);
    }

    /** Puts two neighbours of one level onto {@code out}: as one node, as they are, or evened out. */
    private void concatenate(Object left, long leftSeparator, Object right, long separator, int level, Nodes out) {
        int leftCount = entries(left);
        int rightCount = entries(right);
        if (leftCount + rightCount > fanOut && Math.min(leftCount, rightCount) >= fanOut / 4) {
            out.add(left, leftSeparator);
            out.add(right, separator);
            return;
        }
        if (level > 0) {
            Nodes children = new Nodes();
            addChildren((Inner) left, leftSeparator, children);
            addChildren((Inner) right, separator, children);
            children.cut(arena, fanOut, stamp, out);
            return;
        }
        int total = leftCount + rightCount;
        long[] heads = new long[total];
        long[] references = new long[total];
        KeyBlock.inOrder((long[]) left, arena, leftCount, heads, references, 0);
        KeyBlock.inOrder((long[]) right, arena, rightCount, heads, references, leftCount);
        if (total <= fanOut) {
            out.add(leaf(references, 0, total), leftSeparator);
        } else {
            out.add(leaf(references, 0, total / 2), leftSeparator);
            out.add(leaf(references, total / 2, total), references[total / 2]);
        }
    }

    private static int entries(Object node) {
        return node instanceof Inner inner ? inner.children.length : KeyBlock.count((long[]) node);
    }

    private static void addChildren(Inner inner, long separator, Nodes out) {
        for (int i = 0; i < inner.children.length; i++) {
            out.add(inner.child(i), i == 0 ? separator : KeyBlock.reference(inner.separators, i - 1));
        }
    }

    private long[] leaf(long[] references, int from, int to) {
        return KeyBlock.build(arena, references, from, to, Math.min(leafRoom, fanOut - (to - from)), stamp);
    }

    /** Cuts a tree before the first key that is not below {@code key}. */
    public Split split(Root tree, byte[] key) {
        return split(tree.node(), tree.height(), key);
    }

    private Split split(Object node, int level, byte[] key) {
        if (level == 0) {
            long[] leaf = (long[]) node;
            int count = KeyBlock.count(leaf);
            long[] references = sortedReferences(leaf, count);
            int at = 0;
            while (at < count && arena.compareKey(references[at], key, 0, key.length) < 0) {
                at++;
            }
            return cutLeaf(references, at, count);
        }
        Inner inner = (Inner) node;
        int child = KeyBlock.childFor(inner.separators, arena, key, 0, key.length);
        return around(inner, level, child, split(inner.child(child), level - 1, key));
    }

    /** Cuts a tree after its first {@code rank} entries. */
    public Split splitAtRank(Root tree, long rank) {
        long count = Aggregate.count(tree.node(), arena, stamp);
        if (rank < 0 || rank > count) {
            throw new IllegalArgumentException("rank is " + rank + ", must be 0 to " + count);
        }
        return splitAtRank(tree.node(), tree.height(), rank);
    }

    private Split splitAtRank(Object node, int level, long rank) {
        if (level == 0) {
            long[] leaf = (long[]) node;
            int count = KeyBlock.count(leaf);
            return cutLeaf(sortedReferences(leaf, count), (int) rank, count);
        }
        Inner inner = (Inner) node;
        int child = 0;
        for (; child < inner.children.length - 1; child++) {
            long count = Aggregate.count(inner.child(child), arena, stamp);
            if (rank < count) {
                break;
            }
            rank -= count;
        }
        return around(inner, level, child, splitAtRank(inner.child(child), level - 1, rank));
    }

    private Split cutLeaf(long[] references, int at, int count) {
        return new Split(new Root(leaf(references, 0, at), 0), new Root(leaf(references, at, count), 0));
    }

    private Split around(Inner inner, int level, int child, Split inside) {
        return new Split(
                join(siblings(inner, level, 0, child), inside.below),
                join(inside.rest, siblings(inner, level, child + 1, inner.children.length)));
    }

    private Root siblings(Inner inner, int level, int from, int to) {
        return switch (to - from) {
            case 0 -> Root.empty(stamp);
            case 1 -> new Root(inner.child(from), level - 1);
            default -> new Root(Nodes.inner(arena, inner.separators, inner.children, from, to, stamp), level);
        };
    }

    /** All entries of both; where both have a key, that of {@code newer}. */
    public Root union(Root older, Root newer) {
        if (older.isEmpty()) {
            return newer;
        }
        if (newer.isEmpty()) {
            return older;
        }
        if (newer.height() == 0) {
            return insertLeaf(older, newer, true);
        }
        if (older.height() == 0) {
            return insertLeaf(newer, older, false);
        }
        Inner inner = (Inner) newer.node();
        int pieces = inner.children.length;
        Root[] results = new Root[pieces];
        Root rest = older;
        for (int i = 0; i < pieces - 1; i++) {
            Split split = split(rest, arena.key(KeyBlock.reference(inner.separators, i)));
            results[i] = split.below;
            rest = split.rest;
        }
        results[pieces - 1] = rest;
        if (newer.height() > 1 && older.height() > 1) {
            List<UnionOfPiece> tasks = new ArrayList<>(pieces);
            for (int i = 0; i < pieces; i++) {
                tasks.add(new UnionOfPiece(results, i, new Root(inner.child(i), newer.height() - 1)));
            }
            RecursiveAction.invokeAll(tasks);
        } else {
            for (int i = 0; i < pieces; i++) {
                results[i] = union(results[i], new Root(inner.child(i), newer.height() - 1));
            }
        }
        Root joined = results[0];
        for (int i = 1; i < pieces; i++) {
            joined = join(joined, results[i]);
        }
        return joined;
    }

    @SuppressWarnings("serial")
    private final class UnionOfPiece extends RecursiveAction {
        private final Root[] results;
        private final int index;
        private final Root newer;

        UnionOfPiece(Root[] results, int index, Root newer) {
            this.results = results;
            this.index = index;
            this.newer = newer;
        }

        @Override
        protected void compute() {
            results[index] = union(results[index], newer);
        }
    }

    private Root insertLeaf(Root into, Root leaf, boolean incomingWins) {
        long[] block = (long[]) leaf.node();
        int count = KeyBlock.count(block);
        long[] references = sortedReferences(block, count);
        return new BulkInsert(new BulkInsert.Scratch(), arena, fanOut, leafRoom, stamp, incomingWins)
                .insert(into, references, 0, count);
    }

    private long[] sortedReferences(long[] leaf, int count) {
        long[] references = new long[count];
        KeyBlock.inOrder(leaf, arena, count, new long[count], references, 0);
        return references;
    }

    /** Entries with keys from {@code from} on and below {@code to}. */
    public Root range(Root tree, byte[] from, byte[] to) {
        if (Arrays.compareUnsigned(from, to) >= 0) {
            return Root.empty(stamp);
        }
        return split(split(tree, from).rest, to).below;
    }

    /** The entries at ranks {@code [from, to)}. */
    public Root rangeByRank(Root tree, long from, long to) {
        if (from > to) {
            throw new IllegalArgumentException("from is " + from + ", above to, which is " + to);
        }
        return splitAtRank(splitAtRank(tree, to).below, from).rest;
    }

    /** How many keys are below {@code key}. */
    public long rank(Root tree, byte[] key) {
        Object node = tree.node();
        long rank = 0;
        for (int level = tree.height(); level > 0; level--) {
            Inner inner = (Inner) node;
            int child = KeyBlock.childFor(inner.separators, arena, key, 0, key.length);
            for (int i = 0; i < child; i++) {
                rank += Aggregate.count(inner.child(i), arena, stamp);
            }
            node = inner.child(child);
        }
        long[] leaf = (long[]) node;
        for (int i = 0, count = KeyBlock.count(leaf); i < count; i++) {
            if (arena.compareKey(KeyBlock.reference(leaf, i), key, 0, key.length) < 0) {
                rank++;
            }
        }
        return rank;
    }

    private long firstReference(Root tree) {
        Object node = tree.node();
        for (int level = tree.height(); level > 0; level--) {
            node = ((Inner) node).child(0);
        }
        return sortedReferences((long[]) node, KeyBlock.count((long[]) node))[0];
    }

    private long lastReference(Root tree) {
        Object node = tree.node();
        for (int level = tree.height(); level > 0; level--) {
            Inner inner = (Inner) node;
            node = inner.child(inner.children.length - 1);
        }
        int count = KeyBlock.count((long[]) node);
        return sortedReferences((long[]) node, count)[count - 1];
    }
}
