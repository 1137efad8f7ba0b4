package dev.cambium.memtable;

import dev.cambium.segment.log.OperationCode;
import java.util.Arrays;
import java.util.concurrent.RecursiveAction;
import java.util.concurrent.atomic.LongAdder;

/**
 * The insertion of many sorted entries at once: O(m log(n/m + 1)) for m entries into a tree of n. Makes new nodes only, all of
 * one stamp; what it does not touch is shared with the old tree.
 *
 * <p>Above {@value #PARALLEL_FROM} entries the children of a node are filled by several threads of the common pool; the result
 * does not depend on it. For one use by one caller.
 */
public final class BulkInsert {
    static final int PARALLEL_FROM = 4096;

    private final Arena arena;
    private final int fanOut;
    private final int leafRoom;
    private final long stamp;
    private final boolean incomingWins;
    private final Scratch ownScratch;
    private final LongAdder added = new LongAdder();
    private final LongAdder addedTombstones = new LongAdder();

    /**
     * What an insertion changed.
     *
     * @param added keys that were not there before
     * @param addedTombstones tombstones now, less tombstones before
     */
    public record Outcome(long added, long addedTombstones) {}

    /**
     * Arrays for one leaf at a time, used again for the next: what is written once and read at once must not come from fresh memory,
     * which costs a cache miss a line. For one thread.
     */
    static final class Scratch {
        private long[] oldHeads = {};
        private long[] oldReferences = {};
        private long[] heads = {};
        private long[] references = {};

        private void reserve(int old, int all) {
            if (oldHeads.length < old) {
                oldHeads = new long[2 * old];
                oldReferences = new long[2 * old];
            }
            if (heads.length < all) {
                heads = new long[2 * all];
                references = new long[2 * all];
            }
        }
    }

    /**
     * @param scratch of the calling thread
     * @param leafRoom entries that can be appended to a leaf made here
     * @param incomingWins whether an entry replaces one of the same key that is there already
     */
    BulkInsert(Scratch scratch, Arena arena, int fanOut, int leafRoom, long stamp, boolean incomingWins) {
        this.ownScratch = scratch;
        this.arena = arena;
        this.fanOut = fanOut;
        this.leafRoom = leafRoom;
        this.stamp = stamp;
        this.incomingWins = incomingWins;
    }

    Outcome outcome() {
        return new Outcome(added.sum(), addedTombstones.sum());
    }

    /** Inserts {@code sorted[from, to)}, in key order and no key twice, and returns the new tree. */
    Root insert(Root into, long[] sorted, int from, int to) {
        if (from == to) {
            return into;
        }
        Nodes level = new Nodes();
        insert(ownScratch, into.node(), into.height(), sorted, from, to, 0, level);
        return level.toRoot(arena, fanOut, stamp, into.height());
    }

    /** Inserts into a subtree; the nodes that take its place go to {@code out}, the first under {@code separator}. */
    private void insert(
            Scratch scratch, Object node, int level, long[] sorted, int from, int to, long separator, Nodes out) {
        if (level == 0) {
            insertIntoLeaf(scratch, (long[]) node, sorted, from, to, separator, out);
            return;
        }
        Inner inner = (Inner) node;
        int childCount = inner.children.length;
        int[] start = new int[childCount + 1];
        start[0] = from;
        partition(inner.separators, sorted, from, to, start);
        start[childCount] = to;
        Nodes children = new Nodes();
        if (to - from >= PARALLEL_FROM) {
            Nodes[] perChild = new Nodes[childCount];
            new Children(inner, level, sorted, start, perChild, 0, childCount).invoke();
            for (int i = 0; i < childCount; i++) {
                children.addAll(perChild[i], separatorOf(inner, i, separator));
            }
        } else {
            for (int i = 0; i < childCount; i++) {
                insertIntoChild(scratch, inner, i, level, sorted, start, separatorOf(inner, i, separator), children);
            }
        }
        if (children.size == childCount) { // none was split, so the separators are those of before
            out.add(new Inner(stamp, inner.separators, Arrays.copyOf(children.nodes, childCount)), separator);
        } else {
            children.cut(arena, fanOut, stamp, out);
        }
    }

    private static long separatorOf(Inner inner, int child, long first) {
        return child == 0 ? first : KeyBlock.reference(inner.separators, child - 1);
    }

    private void insertIntoChild(
            Scratch scratch, Inner inner, int child, int level, long[] sorted, int[] start, long separator, Nodes out) {
        if (start[child] == start[child + 1]) {
            out.add(inner.child(child), separator);
        } else {
            insert(scratch, inner.child(child), level - 1, sorted, start[child], start[child + 1], separator, out);
        }
    }

    /** The children {@code [from, to)} of a node, halved until a half has little to insert. */
    @SuppressWarnings("serial")
    private final class Children extends RecursiveAction {
        private final Inner inner;
        private final int level;
        private final long[] sorted;
        private final int[] start;
        private final Nodes[] perChild;
        private final int from;
        private final int to;

        Children(Inner inner, int level, long[] sorted, int[] start, Nodes[] perChild, int from, int to) {
            this.inner = inner;
            this.level = level;
            this.sorted = sorted;
            this.start = start;
            this.perChild = perChild;
            this.from = from;
            this.to = to;
        }

        @Override
        protected void compute() {
            if (to - from > 1 && start[to] - start[from] >= PARALLEL_FROM / 2) {
                int middle = (from + to) >>> 1;
                invokeAll(
                        new Children(inner, level, sorted, start, perChild, from, middle),
                        new Children(inner, level, sorted, start, perChild, middle, to));
                return;
            }
            Scratch scratch = new Scratch();
            for (int i = from; i < to; i++) {
                perChild[i] = new Nodes();
                insertIntoChild(scratch, inner, i, level, sorted, start, 0, perChild[i]);
            }
        }
    }

    /**
     * Finds which entries belong under which child: {@code start[i]} is the first that is not below separator {@code i - 1}. Entries
     * that share the separators' prefix are compared by heads; a separator's key is read only where heads are equal.
     */
    private void partition(long[] separators, long[] sorted, int from, int to, int[] start) {
        int count = KeyBlock.sorted(separators);
        boolean shares = count > 0
                && KeyBlock.sharesPrefix(separators, arena, sorted[from])
                && KeyBlock.sharesPrefix(separators, arena, sorted[to - 1]);
        int prefixLength = KeyBlock.prefixLength(separators);
        int at = from;
        long head = shares ? arena.head(sorted[at], prefixLength) : 0;
        for (int i = 0; i < count; i++) {
            long separator = KeyBlock.reference(separators, i);
            while (at < to) {
                int order = shares ? Long.compareUnsigned(head, KeyBlock.head(separators, i)) : 0;
                if (order > 0 || order == 0 && arena.compareKeys(sorted[at], separator) >= 0) {
                    break;
                }
                at++;
                head = shares && at < to ? arena.head(sorted[at], prefixLength) : 0;
            }
            start[i + 1] = at;
        }
    }

    private void insertIntoLeaf(
            Scratch scratch, long[] leaf, long[] sorted, int from, int to, long separator, Nodes out) {
        int count = KeyBlock.count(leaf);
        int most = count + to - from;
        scratch.reserve(count, most);
        long[] heads = scratch.heads;
        long[] references = scratch.references;
        int prefixLength = KeyBlock.prefixLength(leaf);
        boolean shares = count > 0
                && KeyBlock.sharesPrefix(leaf, arena, sorted[from])
                && KeyBlock.sharesPrefix(leaf, arena, sorted[to - 1]);
        int total;
        if (count == 0) {
            System.arraycopy(sorted, from, references, 0, most);
            total = most;
            added.add(total);
            addedTombstones.add(tombstones(references, 0, total));
        } else {
            long[] oldHeads = scratch.oldHeads;
            long[] oldReferences = scratch.oldReferences;
            KeyBlock.inOrder(leaf, arena, count, oldHeads, oldReferences, 0);
            total = merge(
                    oldHeads, oldReferences, count, sorted, from, to, shares ? prefixLength : -1, heads, references);
        }
        int pieces = (total + fanOut - 1) / fanOut;
        for (int piece = 0, at = 0; piece < pieces; piece++) {
            int end = (int) ((long) total * (piece + 1) / pieces);
            int room = Math.min(leafRoom, fanOut - (end - at));
            boolean like = shares
                    && (pieces == 1
                            || arena.commonPrefix(references[at], references[end - 1], KeyBlock.LONGEST_PREFIX)
                                    < prefixLength + KeyBlock.LENGTHEN_BY);
            Object block = like
                    ? KeyBlock.buildLike(leaf, heads, references, at, end, room, stamp)
                    : KeyBlock.build(arena, references, at, end, room, stamp);
            out.add(block, piece == 0 ? separator : references[at]);
            at = end;
        }
    }

    /** @param prefixLength where heads are taken, or -1 to compare whole keys and leave the heads alone */
    private int merge(
            long[] oldHeads,
            long[] old,
            int oldCount,
            long[] sorted,
            int from,
            int to,
            int prefixLength,
            long[] heads,
            long[] references) {
        int i = 0;
        int n = 0;
        int replaced = 0;
        long tombstonesGone = 0;
        for (int j = from; j < to; j++) {
            long head = prefixLength < 0 ? 0 : arena.head(sorted[j], prefixLength);
            int order = -1;
            while (i < oldCount) {
                order = prefixLength < 0 ? 0 : Long.compareUnsigned(oldHeads[i], head);
                if (order == 0) {
                    order = arena.compareKeys(old[i], sorted[j]);
                }
                if (order >= 0) {
                    break;
                }
                heads[n] = oldHeads[i];
                references[n++] = old[i++];
            }
            boolean same = i < oldCount && order == 0;
            long kept = same && !incomingWins ? old[i] : sorted[j];
            if (same) {
                replaced++;
                tombstonesGone += isTombstone(old[i]);
                i++;
            }
            tombstonesGone -= isTombstone(kept);
            heads[n] = head;
            references[n++] = kept;
        }
        System.arraycopy(oldHeads, i, heads, n, oldCount - i);
        System.arraycopy(old, i, references, n, oldCount - i);
        added.add(to - from - replaced);
        addedTombstones.add(-tombstonesGone);
        return n + oldCount - i;
    }

    private static int isTombstone(long reference) {
        return Arena.code(reference) == OperationCode.DELETE ? 1 : 0;
    }

    private static long tombstones(long[] references, int from, int to) {
        long sum = 0;
        for (int i = from; i < to; i++) {
            sum += isTombstone(references[i]);
        }
        return sum;
    }
}
