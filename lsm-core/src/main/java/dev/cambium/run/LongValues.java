package dev.cambium.run;

import dev.cambium.log.Manifest;
import dev.cambium.memtable.Memtable;
import dev.cambium.segment.manifest.ManifestRecord;
import dev.cambium.segment.manifest.ManifestState;
import dev.cambium.segment.memory.Memory;
import dev.cambium.segment.page.ChunkList;
import dev.cambium.segment.page.PageKind;
import dev.cambium.segment.page.ValuePage;
import dev.cambium.segment.page.ValueReference;
import dev.cambium.segment.pool.BufferPool;
import dev.cambium.segment.pool.MemoryUse;
import dev.cambium.segment.zone.SharedZone;
import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.stream.Stream;

/**
 * Writes long values before the log names them: one of up to {@link ChunkList#CHUNK_LENGTH} bytes to a page of its own, a longer one chunk by chunk to several and a list of
 * them, in zones that puts append to ({@link PutZones}). What the log and the memtable get is a {@link ValueReference}. Flushes leave the pages where they are, and so do
 * merges, but for pages of whole values that a cleaner moves.
 *
 * <p>Order of a write: the zone named, where a new one is begun; pages, flushed to the file; {@link Written#force}, where the record is to be forced; {@link Written#refer};
 * the caller's record. Whoever forces the log forces first what it refers to ({@link Zones#referredPages}). A crash before the record leaves pages that nothing refers to.
 *
 * <p>Memory: one chunk a write. Threads: any; pages are appended one at a time, so that chunks of several values may stand between each
 * other; forces hold nobody up who appends. Errors: a write that fails leaves garbage that nothing refers to, or nothing, and fails alone.
 */
public final class LongValues {
    private static final int CHUNK_AT = ValuePage.VALUE_START_OFFSET + 8;
    private static final int COPY_BYTES = 1 << 16;

    private final Zones zones;
    private final Manifest manifest;
    private final BufferPool pool;

    private boolean closed; // guarded by this object, as the zones of puts are, but for their forces

    public LongValues(Zones zones, Manifest manifest, BufferPool pool) {
        this.zones = zones;
        this.manifest = manifest;
        this.pool = pool;
    }

    /** A value that has been written; its zones stay as long as this is open, or something else refers to it. */
    public final class Written implements AutoCloseable {
        private final PutZones puts;
        private long[] homes = new long[1];
        private int[] crcs = new int[1];
        private int count;
        private long length;
        private final Map<Integer, Integer> ends = new HashMap<>(); // zone: where the value's last page in it ends
        private List<SharedZone> held = List.of();
        private PutZones.Place home; // of the value's only page, or of the list

        private Written(PutZones puts) {
            this.puts = puts;
        }

        /** Bytes of the value. */
        public long length() {
            return length;
        }

        /** The value's {@link ValueReference}. */
        public byte[] reference() {
            Memory memory = Memory.allocate(ValueReference.LENGTH);
            try {
                ValueReference.put(memory, 0, home.pointer(), length, home.payloadCrc(), home.storedLength(), 0, 1);
                return memory.toArray(0, ValueReference.LENGTH);
            } finally {
                memory.release();
            }
        }

        /** The zones that it stands in. */
        public List<SharedZone> zones() {
            return held;
        }

        private void add(PutZones.Place chunk, int chunkLength) {
            if (count == homes.length) {
                homes = Arrays.copyOf(homes, 4 * count);
                crcs = Arrays.copyOf(crcs, 4 * count);
            }
            homes[count] = chunk.pointer();
            crcs[count++] = chunk.payloadCrc();
            length += chunkLength;
        }

        /**
         * Makes the value survive a power loss, for a record that is going to. What others have written to its zones is forced too, and what others force, this does not.
         *
         * @throws dev.cambium.error.StoreException where it fails; no record may refer to the value then
         */
        public void force() {
            puts.force(ends);
        }

        /**
         * Says that from now on a record may refer to the value. To be called before there is one.
         *
         * @throws dev.cambium.error.StoreException where none may: its pages can never be forced any more
         */
        public void refer() {
            synchronized (LongValues.this) {
                throwIfClosed();
                puts.refer(ends);
            }
        }

        /** To be called when the record is applied, or will never be. */
        @Override
        public void close() {
            held.forEach(SharedZone::release);
            held = List.of();
            synchronized (LongValues.this) {
                puts.release(ends.keySet());
                ends.clear();
            }
        }
    }

    /**
     * Writes a long value: it survives the death of the process, and a power loss once it is {@linkplain Written#force forced}.
     *
     * @param in is read to its end
     * @param likely bytes that it has at most, as far as is known: it takes no more memory than for those
     * @param most bytes that it may have
     * @param withMemory runs what needs memory, again and again until there is some
     * @throws IllegalArgumentException where it has more
     * @throws IOException what {@code in} throws; nothing is put then
     */
    public Written write(InputStream in, long likely, long most, Consumer<Runnable> withMemory) throws IOException {
        manifest.throwIfFailed(); // else it would write what cannot be named
        int capacity = CHUNK_AT + (int) Math.min(likely, ChunkList.CHUNK_LENGTH);
        BufferPool.Buffer[] buffer = new BufferPool.Buffer[1];
        withMemory.accept(() -> buffer[0] = pool.hold(MemoryUse.WRITING, capacity));
        Memory page = buffer[0].memory();
        Written value = null;
        try {
            Chunks chunks = new Chunks(in);
            int length = chunks.next(page);
            value = new Written(chunks.hasNext() ? zones.ofChunks() : zones.ofWholeValues());
            for (; length > 0; length = chunks.next(page)) {
                if (value.length + length > most) {
                    throw new IllegalArgumentException(
                            "the value has more than " + most + " bytes, which is the limit");
                }
                appendChunk(value, page, length);
            }
            if (value.count > 1) {
                appendList(value);
            }
            makeWhole(value);
            return value;
        } catch (Throwable t) {
            if (value != null) {
                value.close();
            }
            throw t;
        } finally {
            pool.free(buffer[0]);
        }
    }

    /** A stream, chunk by chunk; it knows whether there is another. */
    private static final class Chunks {
        private final InputStream in;
        private final byte[] ahead = new byte[COPY_BYTES];
        private int aheadLength; // bytes of the next chunk; -1 at the end

        Chunks(InputStream in) throws IOException {
            this.in = in;
            readAhead(COPY_BYTES);
        }

        private void readAhead(int most) throws IOException {
            do {
                aheadLength = in.read(ahead, 0, most);
            } while (aheadLength == 0); // some streams give nothing now and then, though they may not
        }

        boolean hasNext() {
            return aheadLength > 0;
        }

        /** Reads the next chunk to where it belongs in its page; returns its length, 0 at the end. */
        int next(Memory page) throws IOException {
            int length = 0;
            while (aheadLength > 0 && length < ChunkList.CHUNK_LENGTH) {
                page.put(CHUNK_AT + length, ahead, 0, aheadLength);
                length += aheadLength;
                int room = ChunkList.CHUNK_LENGTH - length;
                readAhead(room == 0 ? COPY_BYTES : Math.min(COPY_BYTES, room));
            }
            return length;
        }
    }

    private void appendChunk(Written value, Memory page, int length) {
        page.putInt(ValuePage.COUNT_OFFSET, 1);
        page.putInt(ValuePage.ZERO_OFFSET, 0);
        page.putInt(ValuePage.VALUE_START_OFFSET, 0);
        page.putInt(ValuePage.VALUE_START_OFFSET + 4, length);
        value.home = append(value, page, CHUNK_AT + length, PageKind.VALUES);
        value.add(value.home, length);
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
            value.home = append(value, page, length, PageKind.CHUNKS);
        } finally {
            pool.free(buffer);
        }
    }

    private synchronized PutZones.Place append(Written value, Memory page, int length, int kind) {
        throwIfClosed();
        return value.puts.append(value.ends, page, length, kind, manifest, zones);
    }

    private synchronized void makeWhole(Written value) {
        throwIfClosed();
        value.puts.makeWhole(value.ends, zones);
        value.held = value.ends.keySet().stream().map(zones::hold).toList();
    }

    private void throwIfClosed() {
        if (closed) {
            throw new IllegalStateException("the store is closed");
        }
    }

    /**
     * Adds the zones that memtables refer to, and those in which a write under way has pages: no edit that begins now may drop them. A zone
     * to which nobody refers is given up, also the one that takes the next page, so that the edit drops it.
     *
     * @param needed has the zones that runs need
     * @param before the edit
     * @param memtables those that there are when it is asked: one that was made later than the others may be what a write has passed its zone to
     * @return what the edit is to say of zones of long values
     */
    public synchronized List<ManifestRecord.Zone> addNeeded(
            Set<Integer> needed, ManifestState before, Supplier<Stream<Memtable>> memtables) {
        zones.ofPuts()
                .forEach(puts ->
                        puts.addUsed(needed)); // before the memtables are looked at, which those writes pass on to
        memtables.get().forEach(memtable -> memtable.zones().forEach(zone -> needed.add(zone.number())));
        zones.ofPuts().forEach(puts -> puts.giveUpUnneeded(before, needed));
        return changes(before, needed);
    }

    /** Ends the zone that takes the next value of up to {@link ChunkList#CHUNK_LENGTH} bytes: merges can move those out of zones that have ended. */
    synchronized void seal() {
        zones.ofWholeValues().seal();
    }

    /** To be called once an edit that may say something of zones of long values is forced. */
    synchronized void named(ManifestState after) {
        zones.ofPuts().forEach(puts -> puts.named(after));
    }

    /** What the edit is to say of zones of long values which says that the store was closed; all that the log refers to is forced. */
    public List<ManifestRecord.Zone> changesAtClose(ManifestState state) {
        return changes(state, state.zones().keySet());
    }

    private synchronized List<ManifestRecord.Zone> changes(ManifestState state, Set<Integer> needed) {
        return zones.ofPuts().stream()
                .flatMap(puts -> puts.changes(state, needed).stream())
                .toList();
    }

    /** Whether a write under way has pages in a zone. Once it has none, and the zone has ended, no write has. */
    synchronized boolean isInUse(int zone) {
        return zones.ofPuts().stream().anyMatch(puts -> puts.isUsed(zone));
    }

    /** Refuses every later write. */
    public synchronized void stop() {
        closed = true;
    }
}
