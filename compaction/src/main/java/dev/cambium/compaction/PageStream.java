package dev.cambium.compaction;

import dev.cambium.segment.memory.Memory;
import dev.cambium.segment.memory.MemoryBudget;
import dev.cambium.segment.page.PageHeader;
import dev.cambium.segment.page.PageOpener;
import dev.cambium.segment.page.Pointer;
import dev.cambium.segment.zone.ZoneReader;

/**
 * Pages read one after the other, mostly neighbours, and so some at a time: a window of the zone, and the page that was unpacked last. Its
 * memory is counted in the budget, beyond its limit if need be. For one thread.
 */
final class PageStream {
    private final byte[] storeId;
    private final MemoryBudget budget;
    private final int windowBytes;
    private Memory window;
    private Memory raw;
    private Memory page; // a view of `raw`
    private ZoneReader zone;
    private int from; // of the window, in the zone
    private int to;

    /** @param windowBytes how much is read at a time, if the page is not longer */
    PageStream(byte[] storeId, MemoryBudget budget, int windowBytes) {
        this.storeId = storeId;
        this.budget = budget;
        this.windowBytes = windowBytes;
    }

    /** Reads and verifies a page: the raw page, valid until the next. */
    Memory read(ZoneReader of, long pointer, int payloadCrc) {
        int at = Pointer.offset(pointer);
        int stored = Pointer.storedBytes(pointer);
        if (of != zone || at < from || to - at < stored && to < of.length()) {
            zone = null;
            from = at;
            int most = Math.max(stored, windowBytes);
            window = ofAtLeast(window, most);
            to = at + of.readAhead(pointer, most, window);
            zone = of;
        }
        PageOpener.verify(window, at - from, Math.min(stored, to - at), storeId, pointer, payloadCrc, of.name());
        int length = PageHeader.rawLength(window, at - from);
        if (page != null) {
            page.release();
            page = null;
        }
        raw = ofAtLeast(raw, length);
        page = raw.view(0, length);
        PageOpener.unpack(window, at - from, of.name(), at, page);
        return page;
    }

    private Memory ofAtLeast(Memory memory, int capacity) {
        if (memory != null && memory.capacity() >= capacity) {
            return memory;
        }
        Memory longer = Memory.allocate(capacity);
        budget.reserveBeyondLimit(capacity);
        release(memory);
        return longer;
    }

    private void release(Memory memory) {
        if (memory != null) {
            budget.release(memory.capacity());
            memory.release();
        }
    }

    /** Gives the memory back. */
    void release() {
        if (page != null) {
            page.release();
        }
        release(window);
        release(raw);
    }
}
