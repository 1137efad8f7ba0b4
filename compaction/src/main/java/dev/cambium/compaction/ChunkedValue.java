package dev.cambium.compaction;

import dev.cambium.error.CorruptionException;
import dev.cambium.error.StoreException;
import dev.cambium.segment.memory.Memory;
import dev.cambium.segment.page.ChunkList;
import dev.cambium.segment.page.PageHeader;
import dev.cambium.segment.page.PageKind;
import dev.cambium.segment.page.PageOpener;
import dev.cambium.segment.page.Pointer;
import dev.cambium.segment.page.ValuePage;
import dev.cambium.segment.page.ValueReference;
import dev.cambium.segment.zone.SharedZone;
import dev.cambium.segment.zone.ZoneReader;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.LongFunction;

/**
 * A long value, open for reading: its list of chunks is in memory, and its zones are held, so that it can be read outside
 * epoch slots and for as long as it is open. Chunks are read past the frame cache, one at a time, each verified. A value that has a page of its own is one of a single
 * chunk, without a list.
 *
 * <p>Memory: the list, and two pages of a chunk once one is read. Ownership: {@link #close} gives memory and zones back. For one thread
 * at a time.
 */
public final class ChunkedValue implements AutoCloseable {
    private static final int SINGLE_VALUE_AT = ValuePage.VALUE_START_OFFSET + 8;
    private static final int LONGEST_ARRAY = Integer.MAX_VALUE - 8;

    /** Receives the pages of a value. */
    public interface PageConsumer {
        /** @param storedLength of the page, without padding */
        void accept(long pointer, int storedLength);
    }

    private final byte[] storeId;
    private final List<SharedZone> zones = new ArrayList<>(1); // retained
    private final long home;
    private final int payloadCrc; // of the page there
    private final long length;
    private Memory list;
    private ChunkList chunks; // null where `home` is the only chunk
    private int homeLength; // of that page, as it is stored
    private Memory stored; // of a chunk
    private Memory raw;

    private ChunkedValue(byte[] storeId, Memory reference, int offset) {
        this.storeId = storeId;
        this.home = ValueReference.home(reference, offset);
        this.payloadCrc = ValueReference.payloadCrc(reference, offset);
        this.length = ValueReference.valueLength(reference, offset);
        this.homeLength = ValueReference.storedLength(reference, offset);
    }

    /**
     * Opens a value. To be called inside the epoch slot in which the reference was found.
     *
     * @param zoneOf the zone that a pointer leads into, open as long as the slot is held
     * @param reference where the {@link ValueReference} stands, at {@code offset}: to a list of chunks, or a page with one value
     */
    public static ChunkedValue open(LongFunction<SharedZone> zoneOf, byte[] storeId, Memory reference, int offset) {
        ChunkedValue value = new ChunkedValue(storeId, reference, offset);
        try {
            value.hold(zoneOf, value.home);
            if (ValueReference.isChunked(reference, offset)) {
                value.readList(zoneOf);
            }
            return value;
        } catch (RuntimeException | Error e) {
            value.close();
            throw e;
        }
    }

    private void readList(LongFunction<SharedZone> zoneOf) {
        Memory page = Memory.allocate(Pointer.storedBytes(home));
        ZoneReader zone;
        try {
            zone = read(home, payloadCrc, page);
            homeLength = PageHeader.storedLength(page, 0);
            list = Memory.allocate(PageHeader.rawLength(page, 0));
            PageOpener.unpack(page, 0, zone.name(), Pointer.offset(home), list);
            requireKind(list, PageKind.CHUNKS, zone, home);
        } finally {
            page.release();
        }
        ChunkList found = new ChunkList(list);
        if (found.length() != length) {
            throw new CorruptionException(
                    zone.name(),
                    Pointer.offset(home),
                    "a list of chunks of " + length + " bytes",
                    found.length() + " bytes");
        }
        chunks = found;
        for (int i = 0; i < chunks.count(); i++) {
            hold(zoneOf, chunks.home(i));
        }
    }

    private void hold(LongFunction<SharedZone> zoneOf, long pointer) {
        for (SharedZone held : zones) {
            if (held.number() == Pointer.zone(pointer)) {
                return;
            }
        }
        zones.add(zoneOf.apply(pointer).retain());
    }

    private ZoneReader zone(long pointer) {
        for (SharedZone held : zones) {
            if (held.number() == Pointer.zone(pointer)) {
                return held.reader();
            }
        }
        throw new IllegalStateException("the value is closed");
    }

    private ZoneReader read(long pointer, int payloadCrc, Memory target) {
        ZoneReader zone = zone(pointer);
        int available = zone.read(pointer, target, 0);
        PageOpener.verify(target, 0, available, storeId, pointer, payloadCrc, zone.name());
        return zone;
    }

    private static void requireKind(Memory page, int kind, ZoneReader zone, long pointer) {
        int found = PageHeader.kind(page, 0);
        if (found != kind) {
            throw new CorruptionException(
                    zone.name(),
                    Pointer.offset(pointer) + (long) PageHeader.KIND_OFFSET,
                    "a page of " + PageKind.name(kind),
                    PageKind.name(found));
        }
    }

    /** Bytes of the value. */
    public long length() {
        return length;
    }

    /** How many chunks it has; all but the last are {@link ChunkList#CHUNK_LENGTH} bytes long, or there is one only. */
    public int count() {
        return chunks == null ? 1 : chunks.count();
    }

    public int chunkLength(int index) {
        return chunks == null ? (int) length : chunks.chunkLength(index);
    }

    /** Home pointer of a chunk's page. */
    public long chunkHome(int index) {
        return chunks == null ? home : chunks.home(index);
    }

    /** Payload checksum of a chunk's page. */
    public int chunkPayloadCrc(int index) {
        return chunks == null ? payloadCrc : chunks.payloadCrc(index);
    }

    /** Reads a chunk, which is then at {@link #chunkMemory} and {@link #chunkOffset} until the next one is read. */
    public void load(int index) {
        long chunk = chunkHome(index);
        if (stored == null || stored.capacity() < Pointer.storedBytes(chunk)) {
            stored = exchange(stored, Pointer.storedBytes(chunk));
        }
        ZoneReader zone = read(chunk, chunkPayloadCrc(index), stored);
        int rawLength = PageHeader.rawLength(stored, 0);
        if (rawLength != SINGLE_VALUE_AT + chunkLength(index)) {
            throw new CorruptionException(
                    zone.name(),
                    Pointer.offset(chunk) + (long) PageHeader.RAW_LENGTH_OFFSET,
                    "a page with one value of " + chunkLength(index) + " bytes",
                    "a page of " + rawLength);
        }
        if (raw == null || raw.capacity() != rawLength) {
            raw = exchange(raw, rawLength);
        }
        PageOpener.unpack(stored, 0, zone.name(), Pointer.offset(chunk), raw);
        requireKind(raw, PageKind.VALUES, zone, chunk);
        ValuePage page = new ValuePage(raw);
        if (page.count() != 1) {
            throw new CorruptionException(
                    zone.name(), Pointer.offset(chunk), "a page with one value", page.count() + " values");
        }
    }

    private static Memory exchange(Memory old, int capacity) {
        Memory fresh = Memory.allocate(capacity);
        if (old != null) {
            old.release();
        }
        return fresh;
    }

    public Memory chunkMemory() {
        return raw;
    }

    public int chunkOffset() {
        return SINGLE_VALUE_AT;
    }

    private int arrayLength() {
        if (length() > LONGEST_ARRAY) {
            throw new StoreException(
                    "the value has " + length() + " bytes, more than an array can have; read it as a stream");
        }
        return (int) length();
    }

    /** Copies as much of the value as there is room for; returns its whole length. */
    public int copyTo(ByteBuffer target) {
        int length = arrayLength();
        for (int i = 0; i < count() && target.hasRemaining(); i++) {
            load(i);
            raw.get(SINGLE_VALUE_AT, target, Math.min(chunkLength(i), target.remaining()));
        }
        return length;
    }

    /** Reads the whole value into memory that is the caller's, or the collector's. */
    public Memory toMemory() {
        Memory value = Memory.allocate(arrayLength());
        for (int i = 0, at = 0; i < count(); i++) {
            load(i);
            value.put(at, raw, SINGLE_VALUE_AT, chunkLength(i));
            at += chunkLength(i);
        }
        return value;
    }

    /** Reads the whole value. */
    public byte[] toArray() {
        byte[] value = new byte[arrayLength()];
        for (int i = 0, at = 0; i < count(); i++) {
            load(i);
            raw.get(SINGLE_VALUE_AT, value, at, chunkLength(i));
            at += chunkLength(i);
        }
        return value;
    }

    /** Says where list and chunks stand and how long they are, by their headers; a chunk whose header is damaged counts as short as can be. */
    public void forEachPage(PageConsumer consumer) {
        consumer.accept(home, homeLength);
        if (chunks == null) {
            return;
        }
        Memory header = Memory.allocate(PageHeader.LENGTH);
        try {
            for (int i = 0; i < chunks.count(); i++) {
                consumer.accept(chunks.home(i), storedLength(chunks.home(i), header));
            }
        } finally {
            header.release();
        }
    }

    private int storedLength(long chunk, Memory header) {
        ZoneReader zone = zone(chunk);
        try {
            zone.readHeader(chunk, header);
            PageHeader.check(
                    header, 0, Integer.MAX_VALUE, storeId, Pointer.zone(chunk), Pointer.offset(chunk), zone.name());
            return PageHeader.storedLength(header, 0);
        } catch (CorruptionException e) {
            return PageHeader.LENGTH; // who reads the chunk is told
        }
    }

    /** Gives everything back. Idempotent. */
    @Override
    public void close() {
        for (Memory memory : Arrays.asList(list, stored, raw)) {
            if (memory != null) {
                memory.release();
            }
        }
        zones.forEach(SharedZone::release);
        zones.clear();
    }
}
