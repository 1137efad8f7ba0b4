package dev.cambium.compaction;

import dev.cambium.segment.memory.Memory;
import dev.cambium.segment.page.PageHeader;
import dev.cambium.segment.page.PageOpener;
import dev.cambium.segment.page.Pointer;
import dev.cambium.segment.pool.BufferPool;
import dev.cambium.segment.pool.MemoryUse;
import dev.cambium.segment.zone.ZoneReader;

/**
 * Pages read one after the other, mostly neighbours, and so some at a time: a window of the zone, and the page that was unpacked last. Its
 * memory comes from the pool, beyond its limit if need be. For one thread.
 */
final class PageStream {
    private final byte[] storeId;
    private final BufferPool pool;
    private final int windowBytes;
    private BufferPool.Buffer window;
    private BufferPool.Buffer raw;
    private Memory page; // a view of `raw`
    private ZoneReader zone;
    private int from; // of the window, in the zone
    private int to;
    private int storedAt; // of the last page, in the window
    private int ahead; // bytes of the last read, 0 where it did not go on where the one before ended

    /** @param windowBytes how much is read at a time where pages follow each other: twice as much each time, up to that; a page, where one does not */
    PageStream(byte[] storeId, BufferPool pool, int windowBytes) {
        this.storeId = storeId;
        this.pool = pool;
        this.windowBytes = windowBytes;
    }

    /** Reads and verifies a page: the raw page, valid until the next. */
    Memory read(ZoneReader of, long pointer, int payloadCrc) {
        int at = Pointer.offset(pointer);
        int stored = Pointer.storedBytes(pointer);
        if (of != zone || at < from || to - at < stored && to < of.length()) {
            boolean goesOn = of == zone && at >= from && at <= to;
            ahead = goesOn ? Math.min(windowBytes, 2 * Math.max(ahead, stored)) : 0;
            zone = null;
            from = at;
            int most = Math.max(stored, ahead);
            window = ofAtLeast(window, most);
            to = at + of.readAhead(pointer, most, window.memory());
            zone = of;
        }
        storedAt = at - from;
        Memory read = window.memory();
        PageOpener.verify(read, at - from, Math.min(stored, to - at), storeId, pointer, payloadCrc, of.name());
        int length = PageHeader.rawLength(read, at - from);
        if (page != null) {
            page.release();
            page = null;
        }
        raw = ofAtLeast(raw, length);
        page = raw.memory().view(0, length);
        PageOpener.unpack(read, at - from, of.name(), at, page);
        return page;
    }

    /** Where the page that was read last stands as it is stored: at {@link #storedAt}, verified; valid until the next is read. */
    Memory stored() {
        return window.memory();
    }

    /** Where that page begins in {@link #stored}. */
    int storedAt() {
        return storedAt;
    }

    private BufferPool.Buffer ofAtLeast(BufferPool.Buffer buffer, int length) {
        if (buffer != null && buffer.memory().capacity() >= length) {
            BufferPool.Buffer moved = pool.betterPlace(buffer);
            if (moved == null) {
                return buffer;
            }
            release(buffer);
            return moved;
        }
        BufferPool.Buffer longer = pool.holdNow(MemoryUse.WRITING, (int) pool.classBytes(length));
        release(buffer);
        return longer;
    }

    private void release(BufferPool.Buffer buffer) {
        if (buffer != null) {
            pool.free(buffer);
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
