package dev.cambium.compaction;

import dev.cambium.error.CorruptionException;
import dev.cambium.segment.frame.Frame;
import dev.cambium.segment.frame.FrameCache;
import dev.cambium.segment.page.FilterPage;
import dev.cambium.segment.page.KeyPage;
import dev.cambium.segment.page.PageHeader;
import dev.cambium.segment.page.PageKind;
import dev.cambium.segment.page.Pointer;
import dev.cambium.segment.pool.BufferPool;
import dev.cambium.segment.pool.MemoryUse;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * A key page in memory, with direct references to those of its children that are there too. Stays as long as its run does; key pages
 * are small beside what is below them.
 */
final class KeyNode {
    private static final VarHandle CHILD = MethodHandles.arrayElementVarHandle(Object[].class);
    private static final VarHandle FILTER;

    static {
        try {
            FILTER = MethodHandles.lookup().findVarHandle(KeyNode.class, "filter", Filter.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    /** A filter page in memory. */
    private record Filter(BufferPool.Buffer buffer, FilterPage page) {}

    private final RunTree tree;
    private BufferPool.Buffer buffer; // replaced by who has the tree's lock
    private volatile KeyPage page; // in the buffer, or in one before: that is there as long as a reader who has seen it
    private final int level;

    /** {@link KeyNode} above level 1, else {@link Frame}; null where the child is not in memory. */
    private final Object[] children;

    @SuppressWarnings("unused") // through FILTER
    private Filter filter;

    private KeyNode(RunTree tree, BufferPool.Buffer buffer) {
        this.tree = tree;
        this.buffer = buffer;
        this.page = new KeyPage(buffer.memory());
        this.level = PageHeader.level(buffer.memory(), 0);
        this.children = new Object[page.count()];
    }

    /**
     * Loads a key page.
     *
     * @param level that the parent says it has, or -1 for a root
     */
    static KeyNode load(RunTree tree, long pointer, int payloadCrc, int level) {
        BufferPool.Buffer buffer = tree.frames().read(tree.zone(pointer), pointer, payloadCrc, MemoryUse.KEY_PAGES);
        int found = PageHeader.level(buffer.memory(), 0);
        if (PageHeader.kind(buffer.memory(), 0) != PageKind.KEYS || level >= 0 && found != level) {
            tree.frames().free(buffer);
            throw new CorruptionException(
                    tree.zone(pointer).name(),
                    Pointer.offset(pointer) + (long) PageHeader.LEVEL_OFFSET,
                    "a key page of level " + level,
                    "level " + found);
        }
        return new KeyNode(tree, buffer);
    }

    KeyPage page() {
        return page;
    }

    int level() {
        return level;
    }

    /** A child that is a key page. */
    KeyNode keys(int index) {
        Object child = CHILD.getAcquire(children, index);
        if (child != null) {
            return (KeyNode) child;
        }
        KeyNode loaded = load(tree, page.child(index), page.payloadCrc(index), level - 1);
        Object first = CHILD.compareAndExchange(children, index, null, loaded);
        if (first == null) {
            return loaded;
        }
        loaded.release(); // another thread was faster
        return (KeyNode) first;
    }

    /**
     * A child that is a leaf: valid until the caller's epoch slot is freed.
     *
     * @param noteUse whether a hit is to be told to what decides which frames stay; one in some is enough
     */
    Frame leaf(int index, boolean noteUse) {
        Frame child = (Frame) CHILD.getAcquire(children, index);
        if (child != null && child.isResident()) {
            if (noteUse) {
                tree.frames().touch(child);
            }
            return child;
        }
        long pointer = page.child(index);
        return tree.frames().fetch(tree.zone(pointer), pointer, page.payloadCrc(index), children, index);
    }

    /** Whether a key with this hash may be below; only at level 1. */
    boolean mayContain(long hash) {
        Filter known = (Filter) FILTER.getAcquire(this);
        if (known == null) {
            if (page.filter() == Pointer.NULL) {
                return true;
            }
            known = loadFilter();
        }
        return known.page.mayContain(hash);
    }

    private Filter loadFilter() {
        long pointer = page.filter();
        BufferPool.Buffer read = tree.frames().read(tree.zone(pointer), pointer, page.filterCrc(), MemoryUse.FILTERS);
        Filter loaded = new Filter(read, new FilterPage(read.memory()));
        Filter first = (Filter) FILTER.compareAndExchange(this, (Filter) null, loaded);
        if (first == null) {
            return loaded;
        }
        tree.frames().free(read);
        return first;
    }

    /** Moves what stands in memory that is to go; the caller has the tree's lock. */
    void leavePlacesThatGo() {
        FrameCache frames = tree.frames();
        for (int i = 0; i < children.length; i++) {
            if (CHILD.getAcquire(children, i) instanceof KeyNode node) {
                node.leavePlacesThatGo();
            }
        }
        Filter known = (Filter) FILTER.getAcquire(this);
        BufferPool.Buffer moved = known == null ? null : frames.moved(known.buffer, MemoryUse.FILTERS);
        if (moved != null) {
            FILTER.setRelease(this, new Filter(moved, new FilterPage(moved.memory())));
            frames.free(known.buffer);
        }
        moved = frames.moved(buffer, MemoryUse.KEY_PAGES);
        if (moved != null) {
            BufferPool.Buffer before = buffer;
            buffer = moved;
            page = new KeyPage(moved.memory());
            frames.free(before);
        }
    }

    /** Gives everything below back. No later reader can find the run. */
    void release() {
        FrameCache frames = tree.frames();
        for (int i = 0; i < children.length; i++) {
            Object child = CHILD.getAcquire(children, i);
            if (child instanceof KeyNode node) {
                node.release();
            } else if (child instanceof Frame frame) {
                frames.evict(frame.pointer());
            }
        }
        Filter known = (Filter) FILTER.getAcquire(this);
        if (known != null) {
            frames.free(known.buffer);
        }
        frames.free(buffer);
    }
}
