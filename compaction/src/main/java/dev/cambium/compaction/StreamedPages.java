package dev.cambium.compaction;

import dev.cambium.error.CorruptionException;
import dev.cambium.segment.memory.Memory;
import dev.cambium.segment.memory.MemoryBudget;
import dev.cambium.segment.memory.ReservedVector;
import dev.cambium.segment.page.LeafPage;
import dev.cambium.segment.page.PageHeader;
import dev.cambium.segment.page.PageKind;
import dev.cambium.segment.page.PageOpener;
import dev.cambium.segment.page.Pointer;
import dev.cambium.segment.page.ValuePage;
import dev.cambium.segment.page.ValueReference;
import dev.cambium.segment.zone.ZoneReader;

/**
 * Pages read past the frames, for a merge that needs each once: what readers have in memory stays there. Neighbouring pages are read
 * together, some hundred KiB at a time; each is verified.
 */
final class StreamedPages implements PageSource {
    private final RunTree tree;
    private final byte[] storeId;
    private final Stream leaves;
    private final Stream values;
    private ValuePage valuePage;
    private long valuesPointer;

    StreamedPages(RunTree tree, byte[] storeId, MemoryBudget budget) {
        this.tree = tree;
        this.storeId = storeId;
        this.leaves = new Stream(budget);
        this.values = new Stream(budget);
    }

    /** The part of a zone that was read last, and the page that was unpacked last. */
    private final class Stream {
        private static final int WINDOW_BYTES = 1 << 18;

        private final ReservedVector window;
        private final ReservedVector raw;
        private ZoneReader zone;
        private int from;
        private int to; // in the zone
        private Memory page;

        Stream(MemoryBudget budget) {
            window = new ReservedVector(budget, 1 << 12, Integer.MAX_VALUE);
            raw = new ReservedVector(budget, 1 << 12, Integer.MAX_VALUE);
        }

        Memory read(ZoneReader of, long pointer, int payloadCrc) {
            int at = Pointer.offset(pointer);
            int stored = Pointer.storedBytes(pointer);
            if (of != zone || at < from || (to - at < stored && to < of.length())) {
                zone = null;
                from = at;
                int most = Math.max(stored, WINDOW_BYTES);
                to = at + of.readAhead(pointer, most, window.reserve(most));
                zone = of;
            }
            Memory bytes = window.memory();
            PageOpener.verify(bytes, at - from, Math.min(stored, to - at), storeId, pointer, payloadCrc, of.name());
            int length = PageHeader.rawLength(bytes, at - from);
            if (page != null) {
                page.release();
            }
            page = raw.reserve(length).view(0, length);
            PageOpener.unpack(bytes, at - from, of.name(), at, page);
            return page;
        }

        void release() {
            if (page != null) {
                page.release();
            }
            window.release();
            raw.release();
        }
    }

    @Override
    public LeafPage leaf(KeyNode parent, int child) {
        long pointer = parent.page().child(child);
        Memory page = leaves.read(tree.zone(pointer), pointer, parent.page().payloadCrc(child));
        require(page, PageKind.LEAF, pointer);
        return new LeafPage(page);
    }

    @Override
    public ValuePage values(LeafPage from, int referenceAt) {
        long home = ValueReference.home(from.memory(), referenceAt);
        if (home != valuesPointer) {
            valuesPointer = Pointer.NULL;
            Memory page = values.read(tree.zone(home), home, ValueReference.payloadCrc(from.memory(), referenceAt));
            require(page, PageKind.VALUES, home);
            valuePage = new ValuePage(page);
            valuesPointer = home;
        }
        tree.requireValue(valuePage, from, referenceAt);
        return valuePage;
    }

    private void require(Memory page, int kind, long pointer) {
        if (PageHeader.kind(page, 0) != kind) {
            throw new CorruptionException(
                    tree.zone(pointer).name(),
                    Pointer.offset(pointer) + (long) PageHeader.KIND_OFFSET,
                    "a page of " + PageKind.name(kind),
                    PageKind.name(PageHeader.kind(page, 0)));
        }
    }

    @Override
    public boolean isLeafThere() {
        return true;
    }

    @Override
    public boolean areValuesThere() {
        return true;
    }

    @Override
    public void release() {
        leaves.release();
        values.release();
    }
}
