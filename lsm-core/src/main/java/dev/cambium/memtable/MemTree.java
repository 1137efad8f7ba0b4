package dev.cambium.memtable;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * A persistent, ordered map from keys to references into an {@link Arena}: a B+tree of the PAM family with one writer and any
 * number of readers that take no lock.
 *
 * <p>Visibility: {@link #put} is one store, its linearization point; {@link #putAll} is one store of the root, so a batch is
 * seen wholly or not at all. {@link #snapshot} is O(1) and copies nothing.
 *
 * <p>Threads: the writer brackets its changes by {@link #beginStep} and {@link #endStep}; everything else is for any thread. A
 * reader keeps the arena alive by other means (see the epochs of the store).
 *
 * <p>Cost: put and get descend two or three inner nodes (in cache at a million entries), then one leaf and one key in the arena.
 * A put into an owned leaf writes 24 bytes; every eighth one builds the leaf anew.
 *
 * <p>Papers: Blelloch, Ferizovic, Sun, "Just Join for Parallel Ordered Sets" (SPAA 2016); Dhulipala et al., "PaC-trees" (PLDI 2022).
 */
public final class MemTree {
    /*
     * Stamps. Every node carries the stamp under which the writer made it. The writer owns exactly the nodes that carry the stamp
     * it read at the start of its step, and changes only those. A snapshot raises the stamp, so that nothing reachable is owned
     * any more, waits for a step that began under an older stamp (it may still be changing nodes), and takes the root. A step
     * that began after the raise may have published nodes of the new stamp meanwhile; then the root's stamp tells (no node's
     * stamp is above its parent's), and the snapshot tries again.
     *
     * Publication. A change that touches one child reference goes into the lowest owned slot above it; nodes between that slot
     * and the change are copied. A split or a shorter prefix copies every node whose keys change first. A batch takes a stamp of
     * its own, so it owns nothing visible; it builds aside and stores the root.
     *
     * Invariants, checked by the tests after every operation
     *  - keys ascend over all leaves; separator i is above every key of child i and not above any key of child i + 1;
     *  - stamp(child) <= stamp(parent) <= current stamp; all leaves are on one level;
     *  - heads and prefix of every block agree with the arena.
     */
    public static final int FAN_OUT = 64;

    public static final int TAIL_CAPACITY = 8;

    private static final int DEEPEST = 24;

    private static final VarHandle STAMP;
    private static final VarHandle APPLYING;

    static {
        try {
            MethodHandles.Lookup lookup = MethodHandles.lookup();
            STAMP = lookup.findVarHandle(MemTree.class, "stamp", long.class);
            APPLYING = lookup.findVarHandle(MemTree.class, "applying", long.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private final Arena arena;
    private final int fanOut;
    private final int tailCapacity;

    private volatile Root root;

    @SuppressWarnings("FieldMayBeFinal") // through STAMP
    private volatile long stamp = 1;

    private volatile long applying; // odd inside a step; through APPLYING

    // The writer's own: the stamp of its step, the path of its latest descent, scratch space for one node.
    private long owned;
    private final Inner[] path = new Inner[DEEPEST];
    private final int[] slot = new int[DEEPEST];
    private int height;
    private final long[] heads;
    private final long[] references;
    private final BulkInsert.Scratch batchScratch = new BulkInsert.Scratch();

    public MemTree(Arena arena) {
        this(arena, FAN_OUT, TAIL_CAPACITY);
    }

    /**
     * @param fanOut most entries of a leaf and most children of an inner node, 4 or more
     * @param tailCapacity most unsorted entries of a leaf; 0 builds a leaf anew for each put
     */
    public MemTree(Arena arena, int fanOut, int tailCapacity) {
        this.arena = arena;
        this.fanOut = fanOut;
        this.tailCapacity = tailCapacity;
        this.heads = new long[fanOut + 2];
        this.references = new long[fanOut + 2];
        this.root = Root.empty(1);
    }

    /** The tree as it is now; the writer may still change what it reaches. */
    public Root current() {
        return root;
    }

    public long currentStamp() {
        return stamp;
    }

    Arena arena() {
        return arena;
    }

    /** Replaces the whole tree by one of these entries; for recovery, before anybody reads. */
    void install(SortedEntries entries) {
        root = new TreeBuilder(arena, fanOut, tailCapacity, stamp, entries).build();
    }

    /** The reference of a key, or 0 where there is none. */
    public long find(Root from, byte[] key, int offset, int length) {
        Object node = from.node();
        for (int level = from.height(); level > 0; level--) {
            Inner inner = (Inner) node;
            node = inner.child(KeyBlock.childFor(inner.separators, arena, key, offset, length));
        }
        return KeyBlock.find((long[]) node, arena, key, offset, length);
    }

    /** Begins a step of the writer: the changes up to {@link #endStep} may be made in place, one by one. */
    public void beginStep() {
        APPLYING.setVolatile(this, applying + 1); // a full fence: a snapshot that raises the stamp later sees it
        owned = stamp;
    }

    /** Ends the step. */
    public void endStep() {
        APPLYING.setRelease(this, applying + 1);
    }

    /** The tree as it is now, frozen for ever: later changes are made to copies. */
    public Root snapshot() {
        for (; ; ) {
            long raised = raiseStamp();
            awaitOlderStep();
            Root taken = rootBelow(raised);
            if (taken != null) {
                return taken;
            }
        }
    }

    /** Takes what is reachable now out of the writer's hands; returns the new stamp. */
    long raiseStamp() {
        return (long) STAMP.getAndAdd(this, 1L) + 1;
    }

    /** The root, unless a step that began after the raise has published one, which the writer still owns. */
    Root rootBelow(long raised) {
        Root taken = root;
        return taken.stamp() < raised ? taken : null;
    }

    private void awaitOlderStep() {
        long step = (long) APPLYING.getVolatile(this);
        if ((step & 1) == 0) {
            return;
        }
        for (int spins = 0; (long) APPLYING.getVolatile(this) == step; spins++) {
            if (spins < 256) {
                Thread.onSpinWait();
            } else {
                Thread.yield();
            }
        }
    }

    /**
     * Puts one entry, inside a step. Visible to readers at once.
     *
     * @param key the heap's copy of the key that {@code reference} names
     * @return the reference that it replaced, or 0
     */
    public long put(long reference, byte[] key, int offset, int length) {
        Root from = root;
        Object node = from.node();
        height = from.height();
        for (int depth = 0; depth < height; depth++) {
            Inner inner = (Inner) node;
            int child = KeyBlock.childFor(inner.separators, arena, key, offset, length);
            path[depth] = inner;
            slot[depth] = child;
            node = inner.children[child];
        }
        long[] leaf = (long[]) node;
        boolean mine = KeyBlock.stamp(leaf) == owned;
        int count = KeyBlock.count(leaf);
        int order = KeyBlock.comparePrefix(leaf, key, offset, length);
        if (order != 0) {
            insertBesidePrefix(leaf, count, reference, order < 0, key, offset, length);
            return 0;
        }
        long head = KeyBlock.headOf(leaf, key, offset, length);
        int index = KeyBlock.searchTail(leaf, arena, count, key, offset, length, head);
        if (index < 0) {
            index = KeyBlock.searchSorted(leaf, arena, key, offset, length, head);
        }
        if (index >= 0) {
            long previous = KeyBlock.reference(leaf, index);
            if (mine) {
                KeyBlock.replace(leaf, index, reference);
            } else {
                long[] copy = KeyBlock.copy(leaf, owned);
                KeyBlock.replace(copy, index, reference);
                publish(height, copy);
            }
            return previous;
        }
        if (mine && count < KeyBlock.capacity(leaf)) {
            KeyBlock.append(leaf, count, head, reference);
        } else {
            insert(leaf, count, head, reference);
        }
        return 0;
    }

    /** Builds the leaf anew with one more entry that shares its prefix. */
    private void insert(long[] leaf, int count, long head, long reference) {
        KeyBlock.inOrder(leaf, arena, count, heads, references, 0);
        int at = count;
        while (at > 0) {
            int order = Long.compareUnsigned(head, heads[at - 1]);
            if (order > 0 || order == 0 && arena.compareKeys(reference, references[at - 1]) > 0) {
                break;
            }
            heads[at] = heads[at - 1];
            references[at] = references[at - 1];
            at--;
        }
        heads[at] = head;
        references[at] = reference;
        int total = count + 1;
        if (total <= fanOut) {
            publish(height, KeyBlock.buildLike(leaf, heads, references, 0, total, room(total), owned));
            return;
        }
        int middle = splitPoint(total, at == 0, at == count);
        long separator = references[middle];
        split(height, half(leaf, 0, middle), separator, half(leaf, middle, total));
    }

    /** Builds the leaf anew with one more entry that is below or above all others and does not share their prefix. */
    private void insertBesidePrefix(
            long[] leaf, int count, long reference, boolean below, byte[] key, int offset, int length) {
        int first = below ? 1 : 0;
        KeyBlock.inOrder(leaf, arena, count, heads, references, first);
        references[below ? 0 : count] = reference;
        int prefixLength =
                Math.min(KeyBlock.prefixLength(leaf), arena.commonPrefix(references[first], key, offset, length));
        int total = count + 1;
        if (total <= fanOut) {
            publish(height, KeyBlock.buildWithPrefix(arena, references, 0, total, room(total), owned, prefixLength));
            return;
        }
        int middle = splitPoint(total, below, !below);
        long separator = references[middle];
        Object left = KeyBlock.build(arena, references, 0, middle, room(middle), owned);
        Object right = KeyBlock.build(arena, references, middle, total, room(total - middle), owned);
        split(height, left, separator, right);
    }

    private int room(int count) {
        return Math.min(tailCapacity, fanOut - count);
    }

    private long[] half(long[] like, int from, int to) {
        int room = room(to - from);
        boolean lengthen = to - from >= 8
                && arena.commonPrefix(references[from], references[to - 1], KeyBlock.LONGEST_PREFIX)
                        >= KeyBlock.prefixLength(like) + KeyBlock.LENGTHEN_BY;
        return lengthen
                ? KeyBlock.build(arena, references, from, to, room, owned)
                : KeyBlock.buildLike(like, heads, references, from, to, room, owned);
    }

    /** Where to cut an overflowing node: in the middle, but ascending and descending loads leave full nodes behind. */
    private int splitPoint(int total, boolean newIsFirst, boolean newIsLast) {
        if (newIsLast && isOnEdge(false)) {
            return total - 1;
        }
        if (newIsFirst && isOnEdge(true)) {
            return 1;
        }
        return total / 2;
    }

    private boolean isOnEdge(boolean leftmost) {
        for (int depth = 0; depth < height; depth++) {
            if (slot[depth] != (leftmost ? 0 : path[depth].children.length - 1)) {
                return false;
            }
        }
        return true;
    }

    /** Puts {@code node} in the place of the one at {@code depth} of the path, in the lowest owned slot above it. */
    private void publish(int depth, Object node) {
        for (int at = depth; at > 0; at--) {
            Inner parent = path[at - 1];
            if (parent.stamp == owned) {
                parent.publish(slot[at - 1], node);
                return;
            }
            node = parent.withChild(slot[at - 1], node, owned);
        }
        root = new Root(node, height);
    }

    /** Puts two nodes in the place of the one at {@code depth} of the path. */
    private void split(int depth, Object left, long separator, Object right) {
        for (int at = depth; at > 0; at--) {
            Inner parent = path[at - 1];
            int child = slot[at - 1];
            int total = parent.children.length + 1;
            Object[] children = new Object[total];
            System.arraycopy(parent.children, 0, children, 0, child);
            children[child] = left;
            children[child + 1] = right;
            System.arraycopy(parent.children, child + 1, children, child + 2, total - child - 2);
            long[] separators = withSeparator(parent.separators, child, separator);
            if (total <= fanOut) {
                publish(at - 1, new Inner(owned, separators, children));
                return;
            }
            int middle = child == total - 2 && isOnEdge(false) ? total - 2 : total / 2;
            separator = KeyBlock.reference(separators, middle - 1);
            left = Nodes.inner(arena, separators, children, 0, middle, owned);
            right = Nodes.inner(arena, separators, children, middle, total, owned);
        }
        Object[] children = {left, right};
        root = new Root(
                new Inner(owned, KeyBlock.build(arena, new long[] {separator}, 0, 1, 0, owned), children), height + 1);
    }

    private long[] withSeparator(long[] block, int at, long separator) {
        int count = KeyBlock.sorted(block);
        KeyBlock.inOrder(block, arena, count, heads, references, 0);
        System.arraycopy(heads, at, heads, at + 1, count - at);
        System.arraycopy(references, at, references, at + 1, count - at);
        references[at] = separator;
        int prefixLength = KeyBlock.prefixLength(block);
        int shared = count == 0 ? 0 : arena.commonPrefix(references[at == 0 ? 1 : 0], separator, prefixLength);
        if (count == 0 || shared < prefixLength) {
            return KeyBlock.buildWithPrefix(arena, references, 0, count + 1, 0, owned, shared);
        }
        heads[at] = arena.head(separator, prefixLength);
        return KeyBlock.buildLike(block, heads, references, 0, count + 1, 0, owned);
    }

    /**
     * Puts a batch, inside a step of its own: all of it becomes visible by one store of the root.
     *
     * @param sorted references in key order, no key twice
     * @return what it added and what it replaced
     */
    public BulkInsert.Outcome putAll(long[] sorted, int count) {
        owned = (long) STAMP.getAndAdd(this, 1L) + 1;
        BulkInsert insert = new BulkInsert(batchScratch, arena, fanOut, tailCapacity, owned, true);
        root = insert.insert(root, sorted, 0, count);
        return insert.outcome();
    }

    /** What the tree holds now; exact when no writer is inside a step. */
    public Aggregate aggregate(Root of) {
        return Aggregate.of(of.node(), arena, stamp);
    }

    int fanOut() {
        return fanOut;
    }
}
