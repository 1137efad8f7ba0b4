package dev.cambium.segment.zone;

import dev.cambium.error.CorruptionException;
import dev.cambium.segment.disk.ZoneFile;
import dev.cambium.segment.format.FormatHead;
import dev.cambium.segment.memory.Bytes;
import dev.cambium.segment.memory.Memory;
import dev.cambium.segment.page.KeyPage;
import dev.cambium.segment.page.KeyedPage;
import dev.cambium.segment.page.LeafPage;
import dev.cambium.segment.page.PageHeader;
import dev.cambium.segment.page.PageKind;
import dev.cambium.segment.page.PageOpener;
import dev.cambium.segment.page.Pointer;

/**
 * Goes through the pages of a zone in the order of their offsets, from what each header says of its length. Checks every byte that it
 * passes: header page, page headers, payload checksums, the zeros between. Reads positionally, a page at a time; for one thread.
 */
public final class ZoneWalk implements AutoCloseable {
    private static final int KEYSPACE_ID_LENGTH = 4;

    private final ZoneFile file;
    private final int zone;
    private final byte[] storeId;
    private final long end;
    private Memory stored = Memory.allocate(1 << 16);
    private long offset = -1;
    private long next = ZoneHeader.LENGTH;

    /**
     * Checks the header.
     *
     * @param file stays the caller's
     * @param end where the last page ends, padding included
     */
    public ZoneWalk(ZoneFile file, int zone, byte[] storeId, long end) {
        this(file, zone, storeId, end, true);
    }

    /** A walk that passes over the header: for tools that have shown what is wrong with it. */
    public static ZoneWalk ofPages(ZoneFile file, int zone, byte[] storeId, long end) {
        return new ZoneWalk(file, zone, storeId, end, false);
    }

    /** A walk over the pages behind {@code start}, where a page ends, padding included. */
    public static ZoneWalk behind(ZoneFile file, int zone, byte[] storeId, long start, long end) {
        ZoneWalk walk = new ZoneWalk(file, zone, storeId, end);
        walk.next = start;
        return walk;
    }

    private ZoneWalk(ZoneFile file, int zone, byte[] storeId, long end, boolean checkHeader) {
        this.file = file;
        this.zone = zone;
        this.storeId = storeId;
        this.end = end;
        try {
            if (end < ZoneHeader.LENGTH
                    || end > Math.min(file.length(), ZoneWriter.MAX_LENGTH)
                    || end % Pointer.ALIGNMENT != 0) {
                throw new CorruptionException(
                        file.name(),
                        0,
                        "pages up to a multiple of 64 that is at most " + ZoneWriter.MAX_LENGTH + " and in the file",
                        "an end at " + end + " in a file of " + file.length() + " bytes");
            }
            if (checkHeader) {
                file.read(0, stored, 0, ZoneHeader.LENGTH);
                ZoneHeader.check(stored, zone, storeId, file.name());
            }
        } catch (RuntimeException | Error e) {
            stored.release();
            throw e;
        }
    }

    /**
     * Goes to the next page; false at the end.
     *
     * @throws CorruptionException where what stands next is no intact page; {@link #skip} goes on behind it
     */
    public boolean next() {
        offset = next;
        if (offset >= end) {
            return false;
        }
        int available = (int) Math.min(end - offset, PageHeader.MAX_PAGE_LENGTH + Pointer.ALIGNMENT);
        read(Math.min(available, PageHeader.LENGTH));
        PageHeader.check(stored, 0, available, storeId, zone, offset, file.name());
        int length = PageHeader.storedLength(stored, 0);
        int padded = (length + Pointer.ALIGNMENT - 1) & -Pointer.ALIGNMENT; // not beyond `end`, which is a multiple too
        read(padded);
        PageOpener.verifyPayload(stored, 0, file.name(), offset);
        FormatHead.checkZero(stored, length, padded - length, file.name(), offset + length);
        next = offset + padded;
        return true;
    }

    private void read(int length) {
        if (stored.capacity() < length) {
            stored.release();
            stored = Memory.allocate(length);
        }
        file.read(offset, stored, 0, length);
    }

    /** After damage: looks for the next intact page header behind {@code offset}; whether there is one. */
    public boolean skip() {
        for (long at = offset + Pointer.ALIGNMENT; at + PageHeader.LENGTH <= end; at += Pointer.ALIGNMENT) {
            file.read(at, stored, 0, PageHeader.LENGTH);
            if (PageHeader.isIntact(stored, 0, storeId)) {
                next = at;
                return true;
            }
        }
        next = end;
        return false;
    }

    /** Goes on at an offset: where the next page begins behind one that does not hold. */
    public void skipTo(long pageOffset) {
        next = pageOffset;
    }

    /** Where the current page stands in the zone. */
    public int offset() {
        return (int) offset;
    }

    /** Where the current page ends, padding included. */
    public long end() {
        return next;
    }

    /** The current page as it is stored, at offset 0; valid until the next move. */
    public Memory page() {
        return stored;
    }

    /** Eight bytes of the current page's first user key, as its directory entry has them; unpacks the page. */
    public long firstKey() {
        int kind = PageHeader.kind(stored, 0);
        if (kind != PageKind.LEAF && kind != PageKind.KEYS) {
            return 0;
        }
        Memory raw = Memory.allocate(PageHeader.rawLength(stored, 0));
        try {
            PageOpener.unpack(stored, 0, file.name(), offset, raw);
            KeyedPage keys = kind == PageKind.LEAF ? new LeafPage(raw) : new KeyPage(raw);
            if (keys.keyCount() == 0) {
                return 0;
            }
            byte[] key = keys.key(0);
            return Bytes.head(key, KEYSPACE_ID_LENGTH, key.length);
        } finally {
            raw.release();
        }
    }

    /** Gives the memory back; the file stays open. */
    @Override
    public void close() {
        stored.release();
    }
}
