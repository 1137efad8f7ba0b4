package dev.cambium.run;

import dev.cambium.error.StoreIOException;
import dev.cambium.log.Manifest;
import dev.cambium.memtable.Memtable;
import dev.cambium.segment.manifest.ManifestEdit;
import dev.cambium.segment.manifest.ManifestRecord;
import dev.cambium.segment.manifest.ManifestState;
import dev.cambium.segment.memory.Memory;
import dev.cambium.segment.page.ChunkList;
import dev.cambium.segment.page.PageKind;
import dev.cambium.segment.page.Pointer;
import dev.cambium.segment.page.ValuePage;
import dev.cambium.segment.page.ValueReference;
import dev.cambium.segment.pool.BufferPool;
import dev.cambium.segment.pool.MemoryUse;
import dev.cambium.segment.zone.SharedZone;
import dev.cambium.segment.zone.ZoneWriter;
import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.stream.Stream;

/**
 * Writes values of more than 1 MiB, chunk by chunk, before the log names them: value pages and their list, appended to zones of their
 * own, forced, and named by an edit. What the log and the memtable get is a {@link ValueReference}. Flushes and merges leave the chunks
 * where they are.
 *
 * <p>Order of a write: pages; zone forced; directory forced where the zone is new; an edit that names the zones as far as they are forced;
 * then the caller's record. A crash before the record leaves pages that nothing refers to.
 *
 * <p>Memory: one chunk a write. Threads: any; pages are appended one at a time, so that chunks of several values may stand between each
 * other. Errors: a write that fails leaves garbage that is never named, or nothing, and fails alone.
 */
public final class LongValues {
    private static final int CHUNK_AT = ValuePage.VALUE_START_OFFSET + 8;
    private static final int COPY_BYTES = 1 << 16;

    private final Zones zones;
    private final OpenZone open;
    private final Manifest manifest;
    private final BufferPool pool;

    // Guarded by this object.
    private final Map<Integer, Integer> inUse =
            new HashMap<>(); // zone: writes with pages there whose record is not applied yet
    private boolean closed;

    public LongValues(Zones zones, Manifest manifest, BufferPool pool) {
        this.zones = zones;
        this.open = zones.chunks();
        this.manifest = manifest;
        this.pool = pool;
    }

    /** A value that has been written and named; its zones stay as long as this is open, or something else refers to it. */
    public final class Written implements AutoCloseable {
        private long[] homes = new long[16];
        private int[] crcs = new int[16];
        private int count;
        private long length;
        private final Map<Integer, Integer> ends = new HashMap<>(); // zone: where the value's last page in it ends
        private List<SharedZone> held = List.of();
        private long listPointer;
        private int listCrc;
        private int listStoredLength;

        private Written() {}

        /** Bytes of the value. */
        public long length() {
            return length;
        }

        /** The value's {@link ValueReference}. */
        public byte[] reference() {
            Memory memory = Memory.allocate(ValueReference.LENGTH);
            try {
                ValueReference.put(memory, 0, listPointer, length, listCrc, listStoredLength, 0, 1);
                return memory.toArray(0, ValueReference.LENGTH);
            } finally {
                memory.release();
            }
        }

        /** The zones that it stands in. */
        public List<SharedZone> zones() {
            return held;
        }

        private void add(ZoneWriter zone, int chunkLength) {
            if (count == homes.length) {
                homes = Arrays.copyOf(homes, 2 * count);
                crcs = Arrays.copyOf(crcs, 2 * count);
            }
            homes[count] = zone.pointer();
            crcs[count++] = zone.payloadCrc();
            length += chunkLength;
        }

        /** To be called when the record is applied, or will never be. */
        @Override
        public void close() {
            held.forEach(SharedZone::release);
            held = List.of();
            synchronized (LongValues.this) {
                ends.keySet().forEach(zone -> inUse.merge(zone, -1, (was, change) -> was == 1 ? null : was + change));
                ends.clear();
                if (!closed && !manifest.hasFailed()) { // else who closes the store discards what is not named
                    open.discardEnded(manifest.state(), inUse::containsKey, zones::discard);
                }
            }
        }
    }

    /**
     * Writes a value of more than 1 MiB.
     *
     * @param in is read to its end
     * @param most bytes that it may have
     * @param withMemory runs what needs memory, again and again until there is some
     * @throws IllegalArgumentException where it has more
     * @throws IOException what {@code in} throws; nothing is put then
     */
    public Written write(InputStream in, long most, Consumer<Runnable> withMemory) throws IOException {
        manifest.throwIfFailed(); // else it would write what cannot be named
        int capacity = CHUNK_AT + ChunkList.CHUNK_LENGTH;
        BufferPool.Buffer[] buffer = new BufferPool.Buffer[1];
        withMemory.accept(() -> buffer[0] = pool.hold(MemoryUse.WRITING, capacity));
        Memory page = buffer[0].memory();
        Written value = new Written();
        try {
            byte[] copied = new byte[COPY_BYTES];
            for (int length = fill(page, in, copied); length > 0; length = fill(page, in, copied)) {
                if (value.length + length > most) {
                    throw new IllegalArgumentException(
                            "the value has more than " + most + " bytes, which is the limit");
                }
                appendChunk(value, page, length);
            }
            appendList(value);
            name(value);
            return value;
        } catch (Throwable t) {
            value.close();
            throw t;
        } finally {
            pool.free(buffer[0]);
        }
    }

    /** Reads the next chunk to where it belongs in its page; returns its length. */
    private static int fill(Memory page, InputStream in, byte[] copied) throws IOException {
        int filled = 0;
        while (filled < ChunkList.CHUNK_LENGTH) {
            int read = in.read(copied, 0, Math.min(copied.length, ChunkList.CHUNK_LENGTH - filled));
            if (read < 0) {
                break;
            }
            page.put(CHUNK_AT + filled, copied, 0, read);
            filled += read;
        }
        return filled;
    }

    private void appendChunk(Written value, Memory page, int length) {
        page.putInt(ValuePage.COUNT_OFFSET, 1);
        page.putInt(ValuePage.ZERO_OFFSET, 0);
        page.putInt(ValuePage.VALUE_START_OFFSET, 0);
        page.putInt(ValuePage.VALUE_START_OFFSET + 4, length);
        synchronized (this) {
            value.add(append(value, page, CHUNK_AT + length, PageKind.VALUES), length);
        }
    }

    private void appendList(Written value) {
        int length = ChunkList.pageLength(value.count);
        BufferPool.Buffer buffer = pool.holdOrExceed(MemoryUse.WRITING, length);
        try {
            Memory page = buffer.memory();
            ChunkList.begin(page, value.count, value.length);
            for (int i = 0; i < value.count; i++) {
                long left = value.length - (long) i * ChunkList.CHUNK_LENGTH;
                ChunkList.putChunk(
                        page, i, value.homes[i], value.crcs[i], (int) Math.min(ChunkList.CHUNK_LENGTH, left));
            }
            synchronized (this) {
                ZoneWriter zone = append(value, page, length, PageKind.CHUNKS);
                value.listPointer = zone.pointer();
                value.listCrc = zone.payloadCrc();
                value.listStoredLength = zone.storedLength();
            }
        } finally {
            pool.free(buffer);
        }
    }

    private ZoneWriter append(Written value, Memory page, int length, int kind) {
        if (closed) {
            throw new IllegalStateException("the store is closed");
        }
        try {
            ZoneWriter zone = open.writerFor(length);
            if (value.ends.put(zone.zone(), 0) == null) {
                inUse.merge(zone.zone(), 1, Integer::sum);
            }
            zone.append(page, length, kind, 0, 0, 0, Pointer.NULL, 0);
            value.ends.put(zone.zone(), zone.length());
            return zone;
        } catch (RuntimeException | Error e) {
            abandon(e);
            throw e;
        }
    }

    private void abandon(Throwable reason) {
        try {
            open.giveUpFailed(manifest.state(), manifest.hasFailed(), zones::discard);
        } catch (RuntimeException | Error e) {
            reason.addSuppressed(e);
        }
    }

    /** Forces and names what was appended, unless another write has done so meanwhile. */
    private synchronized void name(Written value) {
        if (closed) {
            throw new IllegalStateException("the store is closed");
        }
        if (!isNamed(value)) {
            try {
                open.force();
                open.forced(manifest.state()).stream()
                        .filter(zone -> inUse.containsKey(zone.number()))
                        .forEach(zones::openReader);
                ManifestState after = manifest.append(edit -> describe(edit, manifest.state()));
                open.named(after, zones::discard);
                manifest.rollIfLong();
            } catch (RuntimeException | Error e) {
                abandon(e);
                throw e;
            }
            if (!isNamed(value)) {
                throw new StoreIOException(
                        "the zone of a long value was given up, because another write to it failed", null);
            }
        }
        value.held = value.ends.keySet().stream().map(zones::hold).toList();
    }

    /** Says how long zones are and which have ended, but nothing of those in which only writes have pages that failed. */
    private void describe(ManifestEdit.Builder edit, ManifestState state) {
        Set<Integer> needed = new HashSet<>(inUse.keySet());
        needed.addAll(state.zones().keySet());
        open.describe(edit, state, needed);
    }

    private boolean isNamed(Written value) {
        ManifestState state = manifest.state();
        return value.ends.entrySet().stream().allMatch(end -> {
            ManifestRecord.Zone zone = state.zones().get(end.getKey());
            return zone != null && zone.length() >= end.getValue();
        });
    }

    /**
     * Adds the zones that memtables refer to, and those in which a write under way has pages: no edit that begins now may drop them. A zone
     * to which nobody refers is given up, also the one that takes the next page, so that the edit drops it.
     *
     * @param needed has the zones that runs need
     * @param before the edit
     * @param memtables those that there are when it is asked: one that was made later than the others may be what a write has passed its zone to
     */
    public synchronized void addNeeded(
            Set<Integer> needed, ManifestState before, Supplier<Stream<Memtable>> memtables) {
        needed.addAll(inUse.keySet()); // before the memtables are looked at, which those writes pass on to
        memtables.get().forEach(memtable -> memtable.zones().forEach(zone -> needed.add(zone.number())));
        open.giveUpUnneeded(before, needed);
        needed.add(open.number());
    }

    /** Whether a write under way has pages in a zone. Once it has none, and the zone has ended, no write has. */
    synchronized boolean isInUse(int zone) {
        return inUse.containsKey(zone);
    }

    /** Refuses every later write. */
    public synchronized void stop() {
        closed = true;
    }
}
