package dev.cambium.compaction;

import dev.cambium.error.CorruptionException;
import dev.cambium.segment.frame.Frame;
import dev.cambium.segment.frame.FrameCache;
import dev.cambium.segment.page.KeyPage;
import dev.cambium.segment.page.PageHeader;
import dev.cambium.segment.page.Pointer;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * A key page with direct references to the frames of itself, its filter and those of its children that are in memory. The node stays as
 * long as its run does; the frames come and go, those of key pages seldom, for every use of what is below is a use of theirs.
 */
final class KeyNode {
    private static final VarHandle CHILD = MethodHandles.arrayElementVarHandle(Object[].class);

    private final TreePages pages;
    private final long pointer;
    private final int payloadCrc;
    private final int level;

    /** {@link KeyNode} above level 1, else {@link Frame}; null where the child is not in memory. */
    private final Object[] children;

    private int touches; // about: nobody waits for another to count
    private volatile Frame frame;
    private volatile Frame filter; // or null
    private final ScanCount scans = new ScanCount();

    private KeyNode(TreePages pages, Frame frame, int payloadCrc, int level) {
        this.pages = pages;
        this.pointer = frame.pointer();
        this.payloadCrc = payloadCrc;
        this.level = level;
        this.children = new Object[frame.keys().count()];
        this.frame = frame;
    }

    /**
     * Loads a key page.
     *
     * @param level that the parent says it has, or -1 for a root
     */
    static KeyNode load(TreePages pages, long pointer, int payloadCrc, int level) {
        Frame frame = pages.fetch(pointer, payloadCrc, null, 0);
        int found = PageHeader.level(frame.page(), 0);
        if (frame.keys() == null || level >= 0 && found != level) {
            throw new CorruptionException(
                    pages.zone(pointer).name(),
                    Pointer.offset(pointer) + (long) PageHeader.LEVEL_OFFSET,
                    "a key page of level " + level,
                    "level " + found);
        }
        return new KeyNode(pages, frame, payloadCrc, found);
    }

    /** The page; valid until the caller's epoch slot is freed. */
    KeyPage page() {
        Frame known = frame;
        if (!known.isResident()) {
            known = pages.fetch(pointer, payloadCrc, null, 0);
            frame = known;
        }
        return known.keys();
    }

    /** Whether it is the page that a parent means. */
    boolean isThat(int crc, int wantedLevel) {
        return payloadCrc == crc && (wantedLevel < 0 || level == wantedLevel);
    }

    int level() {
        return level;
    }

    /** Tells what decides which frames stay that this one was used: now and then, for it is used as often as all below it. */
    void touch() {
        if (!FrameCache.isNoted(++touches)) {
            return;
        }
        pages.frames().touch(frame);
        Frame known = filter;
        if (known != null) {
            pages.frames().touch(known);
        }
    }

    /** A scan has gone from one leaf below to the next; see {@link ScanCount#note}. */
    void noteScanned(int valuesRead, int valuesApart) {
        if (scans.note(children.length, valuesRead, valuesApart)) {
            pages.noteScannedOften();
        }
    }

    /** What scans have done in a child that is a key page of level 1, and begins to count anew. */
    ScanCount.Taken takeScans(int index) {
        KeyNode child = (KeyNode) CHILD.getAcquire(children, index);
        return child == null ? ScanCount.Taken.NOTHING : child.takeScans();
    }

    /** The same of this one, which is of level 1; nothing where it cannot be read, which whoever needs it is told. */
    ScanCount.Taken takeScans() {
        try {
            return scans.take(children.length, this::page);
        } catch (CorruptionException e) {
            return ScanCount.Taken.NOTHING;
        }
    }

    /** A child that is a key page. */
    KeyNode keys(int index) {
        Object child = CHILD.getAcquire(children, index);
        if (child != null) {
            return (KeyNode) child;
        }
        KeyPage page = page();
        KeyNode loaded = pages.node(page.child(index), page.payloadCrc(index), level - 1);
        Object first = CHILD.compareAndExchange(children, index, null, loaded);
        return first == null ? loaded : (KeyNode) first; // another thread may have been faster
    }

    /**
     * A child that is a leaf: valid until the caller's epoch slot is freed.
     *
     * @param noteUse whether a hit is to be told to what decides which frames stay; one in some is enough
     */
    Frame leaf(int index, boolean noteUse) {
        Frame child = (Frame) CHILD.getAcquire(children, index);
        if (noteUse) {
            touch();
        }
        if (child != null && child.isResident()) {
            if (noteUse) {
                pages.frames().touch(child);
            }
            return child;
        }
        KeyPage page = page();
        long leaf = page.child(index);
        return pages.fetch(leaf, page.payloadCrc(index), children, index);
    }

    /** Whether a key with this hash may be below; only at level 1. */
    boolean mayContain(long hash) {
        Frame known = filter;
        if (known == null || !known.isResident()) {
            KeyPage page = page();
            if (page.filter() == Pointer.NULL) {
                return true;
            }
            known = fetchFilter(page.filter(), page.filterCrc());
        }
        return known.filter().mayContain(hash);
    }

    private Frame fetchFilter(long filterPointer, int filterCrc) {
        Frame fetched = pages.fetch(filterPointer, filterCrc, null, 0);
        if (fetched.filter() == null) {
            throw new CorruptionException(
                    pages.zone(filterPointer).name(), Pointer.offset(filterPointer), "a filter page", "another page");
        }
        filter = fetched;
        return fetched;
    }
}
