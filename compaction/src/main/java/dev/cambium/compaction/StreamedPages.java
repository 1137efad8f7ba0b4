package dev.cambium.compaction;

import dev.cambium.error.CorruptionException;
import dev.cambium.segment.memory.Memory;
import dev.cambium.segment.page.KeyPage;
import dev.cambium.segment.page.LeafPage;
import dev.cambium.segment.page.PageHeader;
import dev.cambium.segment.page.PageKind;
import dev.cambium.segment.page.Pointer;
import dev.cambium.segment.page.ValuePage;
import dev.cambium.segment.page.ValueReference;

/** Pages of one run, read past the frames; see {@link StreamedRuns}. */
final class StreamedPages {
    /** A page that is longer when it is unpacked has one value only, so it is read once. */
    private static final int LONG_PAGE_BYTES = 1 << 16;

    private final RunTree tree;
    private final PageStream leaves;
    private final PageStream values;
    private final PageStream longPages; // of all runs
    private ValuePage valuePage;
    private long valuesPointer;

    StreamedPages(RunTree tree, PageStream leaves, PageStream values, PageStream longPages) {
        this.tree = tree;
        this.leaves = leaves;
        this.values = values;
        this.longPages = longPages;
    }

    /** A leaf; valid until the next. */
    LeafPage leaf(long pointer, int payloadCrc) {
        return new LeafPage(read(leaves, pointer, payloadCrc, PageKind.LEAF));
    }

    /** A filter, unpacked; read as leaves are, and valid until the next of those. */
    Memory filter(long pointer, int payloadCrc) {
        return read(leaves, pointer, payloadCrc, PageKind.FILTER);
    }

    /** A key page, for one that is written anew; valid until the next, or the next long value. */
    KeyPage keys(long pointer, int payloadCrc) {
        return new KeyPage(read(longPages, pointer, payloadCrc, PageKind.KEYS));
    }

    /** The leaf or filter that was read last as it is stored: at {@link #storedAt}. */
    Memory stored() {
        return leaves.stored();
    }

    /** Where that page begins in {@link #stored}. */
    int storedAt() {
        return leaves.storedAt();
    }

    /** The page with the value of an entry of a leaf, which refers to it; valid until the next. */
    ValuePage values(LeafPage from, int entry) {
        int referenceAt = from.valueOffset(entry);
        long home = ValueReference.home(from.memory(), referenceAt);
        int payloadCrc = ValueReference.payloadCrc(from.memory(), referenceAt);
        if (Pointer.rawBytes(home) > LONG_PAGE_BYTES) {
            ValuePage page = new ValuePage(read(longPages, home, payloadCrc, PageKind.VALUES));
            tree.requireValue(page, from, referenceAt);
            return page;
        }
        if (home != valuesPointer) {
            valuesPointer = Pointer.NULL;
            valuePage = new ValuePage(read(values, home, payloadCrc, PageKind.VALUES));
            valuesPointer = home;
        }
        tree.requireValue(valuePage, from, referenceAt);
        return valuePage;
    }

    private Memory read(PageStream stream, long pointer, int payloadCrc, int kind) {
        Memory page = stream.read(tree.zone(pointer), pointer, payloadCrc);
        int found = PageHeader.kind(page, 0);
        if (found != kind) {
            throw new CorruptionException(
                    tree.zone(pointer).name(),
                    Pointer.offset(pointer) + (long) PageHeader.KIND_OFFSET,
                    "a page of " + PageKind.name(kind),
                    PageKind.name(found));
        }
        return page;
    }

    /** Gives back its own windows. */
    void release() {
        leaves.release();
        values.release();
    }
}
