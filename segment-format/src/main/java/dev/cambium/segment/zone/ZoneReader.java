package dev.cambium.segment.zone;

import dev.cambium.error.CorruptionException;
import dev.cambium.segment.disk.ZoneFile;
import dev.cambium.segment.disk.ZoneFileSystem;
import dev.cambium.segment.memory.Memory;
import dev.cambium.segment.page.PageHeader;
import dev.cambium.segment.page.Pointer;

/**
 * A zone, open for reading, positionally: open zones and sealed ones alike (decision 0009).
 *
 * <p>Ownership: whoever opened it closes it, when no other thread can be inside a read (the epoch rule). Safe for any thread.
 */
public final class ZoneReader implements AutoCloseable {
    private final ZoneFile file;
    private final int zone;
    private volatile long length;
    private boolean closed;

    private ZoneReader(ZoneFile file, int zone, long length) {
        this.file = file;
        this.zone = zone;
        this.length = length;
    }

    /**
     * Opens a zone that the manifest names, and checks its header.
     *
     * @param length what the manifest says
     */
    public static ZoneReader open(ZoneFileSystem disk, int zone, byte[] storeId, long length) {
        String name = ZoneFiles.name(zone);
        if (!disk.exists(name)) {
            throw new CorruptionException(name, 0, "the zone that the manifest names", "no file");
        }
        ZoneFile file = disk.openReadOnly(name);
        Memory header = Memory.allocate(ZoneHeader.LENGTH);
        try {
            if (file.length() < length) {
                throw new CorruptionException(
                        name, file.length(), "a zone of " + length + " bytes", file.length() + " bytes");
            }
            file.read(0, header, 0, ZoneHeader.LENGTH);
            ZoneHeader.check(header, zone, storeId, name);
            return new ZoneReader(file, zone, length);
        } catch (RuntimeException | Error e) {
            file.close();
            throw e;
        } finally {
            header.release();
        }
    }

    public int zone() {
        return zone;
    }

    public String name() {
        return file.name();
    }

    /** Bytes that may be read. */
    public long length() {
        return length;
    }

    /** Says that more of the zone may be read: the writer has written it. */
    public void grow(long newLength) {
        length = newLength;
    }

    /**
     * Reads what a pointer leads to, positionally.
     *
     * @param target has room for {@link Pointer#storedBytes}
     * @return bytes read: those of the stored class, or fewer at the zone's end
     */
    public int read(long pointer, Memory target, int targetOffset) {
        return read(Pointer.offset(pointer), Pointer.storedBytes(pointer), target, targetOffset);
    }

    /**
     * Reads what a pointer leads to and what follows it.
     *
     * @param most bytes, at least {@link Pointer#storedBytes}; {@code target} has room for so many
     * @return bytes read: fewer at the zone's end
     */
    public int readAhead(long pointer, int most, Memory target) {
        return read(Pointer.offset(pointer), most, target, 0);
    }

    private int read(int offset, int most, Memory target, int targetOffset) {
        int available = (int) Math.min(most, length - offset);
        if (available <= 0) {
            throw new CorruptionException(file.name(), offset, "a page before the end at " + length, "the end");
        }
        file.read(offset, target, targetOffset, available);
        return available;
    }

    /** Reads the header of the page that a pointer leads to into {@code target}, which has room for {@link PageHeader#LENGTH} bytes. */
    public void readHeader(long pointer, Memory target) {
        int offset = Pointer.offset(pointer);
        if (offset > length - PageHeader.LENGTH) {
            throw new CorruptionException(file.name(), offset, "a page before the end at " + length, "the end");
        }
        file.read(offset, target, 0, PageHeader.LENGTH);
    }

    /**
     * Where the pages are, of a sealed zone: reads its directory.
     *
     * @param sealedLength of the zone, with directory and footer, which this reader may not know of
     * @throws CorruptionException where those do not hold
     */
    public ZonePages pages(long sealedLength) {
        return ZonePages.read(file, zone, sealedLength);
    }

    @Override
    public void close() {
        if (!closed) {
            closed = true;
            file.close();
        }
    }
}
