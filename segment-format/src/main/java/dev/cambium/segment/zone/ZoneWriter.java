package dev.cambium.segment.zone;

import dev.cambium.error.StoreException;
import dev.cambium.error.WriterFailedException;
import dev.cambium.segment.disk.ZoneFile;
import dev.cambium.segment.disk.ZoneFileSystem;
import dev.cambium.segment.format.FormatHead;
import dev.cambium.segment.memory.Memory;
import dev.cambium.segment.page.PageHeader;
import dev.cambium.segment.page.PageKind;
import dev.cambium.segment.page.PageSealer;
import dev.cambium.segment.page.Pointer;
import dev.cambium.segment.pool.BufferPool;
import dev.cambium.segment.pool.ReservedVector;
import dev.cambium.segment.pool.VectorGeometry;

/**
 * Appends pages to one zone. They are gathered in memory and written some hundred KiB at a time, each byte once.
 *
 * <p>Durability: a page is on disk once {@link #force} has returned; only then may anything name it. Readers may read pages that
 * {@link #flush} has written.
 *
 * <p>Ownership: the file is the writer's until {@link #close}, which forces nothing; memory until {@link #seal}. For one thread, but for
 * {@link #forceFlushed}, which may run beside appends. Errors: a failed write or force
 * is final; every later call throws {@link WriterFailedException}, and what was named before stays good. After a failed write {@link #cut} saves what stands before.
 */
public final class ZoneWriter implements AutoCloseable {
    /** Most bytes of header and pages: 256 MiB. */
    public static final int MAX_LENGTH = 1 << 28;

    private static final int WRITE_FROM = 1 << 18;

    private final ZoneFile file;
    private final int zone;
    private final int capacity;
    private final PageSealer sealer;
    private final ReservedVector pending; // pages from `written` on
    private final ReservedVector directory;
    private volatile int written;
    private volatile int forced;
    private int pages;
    private boolean sealed;
    private boolean closed;
    private volatile Throwable failure;
    private volatile boolean forceFailed; // which is what `failure` says then

    private ZoneWriter(ZoneFile file, int zone, byte[] storeId, int capacity, BufferPool pool, int written) {
        this.file = file;
        this.zone = zone;
        this.capacity = capacity;
        this.sealer = new PageSealer(storeId);
        this.pending = new ReservedVector(pool, new VectorGeometry(1 << 14, Integer.MAX_VALUE, 2, WRITE_FROM));
        this.directory = new ReservedVector(pool, VectorGeometry.of(1 << 10, Integer.MAX_VALUE));
        this.written = written;
    }

    /**
     * Makes a zone file with its header, not forced yet.
     *
     * @param zone a number never used before
     * @param capacity bytes of header and pages at most, up to {@link #MAX_LENGTH}; a first page may be longer
     */
    public static ZoneWriter create(
            ZoneFileSystem disk,
            int zone,
            byte[] storeId,
            int stream,
            long createdMillis,
            int capacity,
            BufferPool pool) {
        ZoneFile file = disk.create(ZoneFiles.name(zone));
        ZoneWriter writer = new ZoneWriter(file, zone, storeId, capacity, pool, 0);
        ZoneHeader.put(writer.pending.reserve(ZoneHeader.LENGTH), zone, storeId, stream, createdMillis);
        writer.pending.advance(ZoneHeader.LENGTH);
        return writer;
    }

    /**
     * Continues a zone that a clean close left open. What stands in the file behind {@code length} is written over: it was never
     * named.
     *
     * @param length where the zone's last named page ends, padding included
     */
    public static ZoneWriter resume(
            ZoneFileSystem disk, int zone, byte[] storeId, int length, int capacity, BufferPool pool) {
        ZoneFile file = disk.open(ZoneFiles.name(zone));
        ZoneWriter writer = new ZoneWriter(file, zone, storeId, capacity, pool, length);
        writer.forced = length;
        try (ZoneWalk walk = new ZoneWalk(file, zone, storeId, length)) {
            while (walk.next()) {
                writer.addToDirectory(walk.page(), 0, walk.offset(), walk.firstKey());
            }
            return writer;
        } catch (RuntimeException | Error e) {
            writer.close();
            throw e;
        }
    }

    public int zone() {
        return zone;
    }

    /** Where the next page goes: the end of what was appended, a multiple of {@link Pointer#ALIGNMENT}. */
    public int length() {
        return sealed ? written : written + pending.used();
    }

    /** What of {@link #length} was written to the file, and so survives the death of the process. */
    public int flushedLength() {
        return written;
    }

    /** What of {@link #length} is forced, and so may be named. */
    public int forcedLength() {
        return forced;
    }

    /** How many pages were appended. */
    public int pages() {
        return pages;
    }

    /** The file, for readers of what was flushed; it is closed with the writer. */
    public ZoneFile file() {
        return file;
    }

    /** Whether a raw page of this length can be appended. */
    public boolean hasRoomFor(int rawLength) {
        int length = length();
        return !sealed
                && length + (long) PageHeader.LENGTH + rawLength + Pointer.ALIGNMENT
                        <= (length <= ZoneHeader.LENGTH ? MAX_LENGTH : capacity);
    }

    /**
     * Seals a raw page and appends it; there is room. Pointer and payload checksum: {@link #pointer}, {@link #payloadCrc}.
     *
     * @param owner number of the run; of a page that is its own home, {@link Pointer#NULL}
     * @param firstKey eight bytes of the first user key, for the directory
     */
    public void append(
            Memory raw, int rawLength, int kind, int level, int flags, long birth, long owner, long firstKey) {
        append(raw, rawLength, kind, level, flags, birth, owner, firstKey, 0);
    }

    /**
     * As above, of a page of values: each is to have a unit of {@link Pointer#ALIGNMENT} bytes of its own, so that the zone's live pages can say
     * whether it lives.
     *
     * @param count of the values, each of which is longer than such a unit
     * @return whether it is stored as it is for that reason only: with fewer values it would have shrunk
     */
    public boolean appendValues(Memory raw, int rawLength, int count, long birth) {
        int leastStored = (count - 1) * Pointer.ALIGNMENT + 1;
        append(raw, rawLength, PageKind.VALUES, 0, 0, birth, Pointer.NULL, 0, leastStored);
        return sealer.wasTooShort();
    }

    private void append(
            Memory raw,
            int rawLength,
            int kind,
            int level,
            int flags,
            long birth,
            long owner,
            long firstKey,
            int leastStored) {
        requireRoomFor(rawLength);
        int offset = length();
        Memory target = pending.reserve(PageSealer.room(rawLength) + Pointer.ALIGNMENT);
        int at = pending.used();
        int stored =
                sealer.seal(raw, rawLength, kind, level, flags, zone, offset, birth, owner, leastStored, target, at);
        advance(target, at, stored, offset, firstKey);
    }

    /**
     * Appends a stored page that stands elsewhere, as it is; there is room for a raw page of its stored length. Where it stands now:
     * {@link #pointer}.
     *
     * @param stored an intact stored page at {@code storedAt}
     * @param firstKey as of {@link #append}
     */
    public void appendMoved(Memory stored, int storedAt, long firstKey) {
        int length = PageHeader.storedLength(stored, storedAt);
        requireRoomFor(length);
        int offset = length();
        Memory target = pending.reserve(length + Pointer.ALIGNMENT);
        int at = pending.used();
        sealer.move(stored, storedAt, zone, offset, target, at);
        advance(target, at, length, offset, firstKey);
    }

    private void requireRoomFor(int rawLength) {
        throwIfFailed();
        if (!hasRoomFor(rawLength)) {
            throw new IllegalStateException("zone " + zone + " has no room for a page of " + rawLength + " bytes");
        }
    }

    private void advance(Memory target, int at, int stored, int offset, long firstKey) {
        int padded = Pointer.paddedLength(stored);
        target.zero(at + stored, padded - stored);
        pending.advance(padded);
        addToDirectory(target, at, offset, firstKey);
        if (pending.fillsChannel()) {
            flush();
        }
    }

    private void addToDirectory(Memory page, int pageAt, int offset, long firstKey) {
        ZoneDirectory.putEntry(
                directory.reserve(ZoneDirectory.ENTRY_LENGTH), directory.used(), offset, page, pageAt, firstKey);
        directory.advance(ZoneDirectory.ENTRY_LENGTH);
        pages++;
    }

    /** Pointer to the page appended last. */
    public long pointer() {
        return sealer.pointer();
    }

    /** Bytes of the page appended last, without padding. */
    public int storedLength() {
        return sealer.storedLength();
    }

    /** Payload checksum of the page appended last. */
    public int payloadCrc() {
        return sealer.payloadCrc();
    }

    /** Writes what was gathered; afterwards readers can read it. */
    public void flush() {
        throwIfFailed();
        if (!sealed) {
            writePending();
            pending.leavePlaceThatGoes();
            directory.leavePlaceThatGoes();
        }
    }

    private void writePending() {
        if (pending.used() > 0) {
            try {
                file.write(written, pending.memory(), 0, pending.used());
            } catch (RuntimeException | Error e) {
                failure = e;
                throw e;
            }
            written += pending.used();
            pending.clear();
        }
    }

    /** Writes what was gathered and makes everything appended survive a power loss, once the directory has been forced too. */
    public void force() {
        flush();
        forceFlushed();
    }

    /**
     * Makes what was {@linkplain #flush flushed} before this call survive a power loss, also where a later write has failed. May run beside appends, but beside no
     * other force, nor {@link #cut} or {@link #close}.
     */
    public void forceFlushed() {
        if (forceFailed || closed) {
            throwIfFailed();
        }
        int through = written; // read before the force, so what is written meanwhile does not count
        if (forced < through) {
            try {
                file.force(true);
            } catch (RuntimeException | Error e) {
                forceFailed = true;
                failure = e;
                throw e;
            }
            forced = through;
        }
    }

    /**
     * Ends the zone behind a page that was written before, after a failed write too, so that what stands before can be forced and named, and
     * gives the rest of the file back, of which nothing was named. Nothing can be appended after. After a failed force nothing can be saved, and nothing is cut.
     *
     * @param length end of a page, padding included, not behind {@link #flushedLength}
     * @return whether it was cut
     */
    public boolean cut(int length) {
        if (length < ZoneHeader.LENGTH || length > written || length % Pointer.ALIGNMENT != 0) {
            throw new IllegalArgumentException("zone " + zone + " cannot be cut at " + length + " of " + written);
        }
        if (closed || forceFailed) {
            return false;
        }
        if (!sealed) {
            sealed = true;
            releaseMemory();
        }
        written = length;
        forced = Math.min(forced, length);
        failure = null;
        try {
            file.truncate(length);
        } catch (StoreException e) {
            System.getLogger("dev.cambium")
                    .log(System.Logger.Level.WARNING, "a zone stays longer than it counts: {0}", e.getMessage());
        }
        return true;
    }

    /**
     * Writes directory and footer and gives the memory back; nothing can be appended after. They and the pages are yet to be forced. Returns
     * the file's length.
     */
    public long seal() {
        throwIfFailed();
        if (sealed) {
            throw new IllegalStateException("zone " + zone + " is sealed already");
        }
        int dataEnd = length();
        int directoryLength = (int) ZoneDirectory.paddedLength(pages);
        Memory target = pending.reserve(directoryLength + ZoneFooter.LENGTH);
        int at = pending.used();
        int entries = directory.used();
        target.put(at, directory.memory(), 0, entries);
        target.zero(at + entries, directoryLength - entries);
        target.putInt(at + entries, FormatHead.crc(target, at, entries));
        ZoneFooter.put(target, at + directoryLength, zone, dataEnd, dataEnd, pages);
        pending.advance(directoryLength + ZoneFooter.LENGTH);
        writePending();
        sealed = true;
        releaseMemory();
        return written;
    }

    private void releaseMemory() {
        pending.release();
        directory.release();
    }

    /** Whether a write or force has failed, so that nothing more can be appended. */
    public boolean hasFailed() {
        return failure != null;
    }

    /** Whether a force has failed, so that what was not forced before never will be. */
    public boolean hasForceFailed() {
        return forceFailed;
    }

    private void throwIfFailed() {
        if (failure != null) {
            throw new WriterFailedException(failure);
        }
        if (closed) {
            throw new IllegalStateException("zone " + zone + " is closed");
        }
    }

    /** Closes the file and gives the memory back. Idempotent. */
    @Override
    public void close() {
        if (!closed) {
            closed = true;
            if (!sealed) {
                releaseMemory();
            }
            file.close();
        }
    }
}
