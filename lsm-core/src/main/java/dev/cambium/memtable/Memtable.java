package dev.cambium.memtable;

import dev.cambium.compaction.BlockedBloomFilter;
import dev.cambium.compaction.SortedCursor;
import dev.cambium.epoch.ReadEpochs;
import dev.cambium.error.CorruptionException;
import dev.cambium.segment.log.Operation;
import dev.cambium.segment.log.OperationCode;
import dev.cambium.segment.memory.Memory;
import dev.cambium.segment.page.Pointer;
import dev.cambium.segment.pool.BufferPool;
import dev.cambium.segment.runtime.References;
import dev.cambium.segment.zone.SharedZone;
import dev.cambium.segment.zone.ZoneFiles;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Recent writes in memory: a tree of references, the arena they point into, and a Bloom filter.
 *
 * <p>Threads: one writer, which appends records to the arena and then applies them; any reader, inside an epoch slot. A read
 * that outlives its slot holds a reference: {@link #tryRetain}, {@link #release}.
 *
 * <p>Ownership: made with one reference, which belongs to the version that names it. With the last reference the memory is retired
 * to the epochs and goes back to the budget once no reader can be inside.
 */
public final class Memtable {
    /** One filter key for so many bytes of memtable: entries are rarely smaller. */
    private static final int FILTER_BYTES_PER_KEY = 64;

    private static final int LEAST_CHUNK = 4 << 10;

    private final Arena arena;
    private final MemTree tree;
    private final BlockedBloomFilter filter;
    private final ReadEpochs epochs;
    private final References references = new References();

    private volatile long entries;
    private volatile long tombstones;
    private volatile boolean hasUnlogged;

    // The writer's own until the memtable is sealed: where its batches stand in the log, and which keyspaces they
    // create.
    private final SortedMap<Integer, String> keyspaces = new TreeMap<>();
    private final long firstLog;
    private long firstBatch;
    private long lastBatch;
    private long lastPosition;
    private long[] batch = new long[64];

    /** Where the pages of long values stand that its entries refer to; held until the memory goes. Never changed, but replaced. */
    private volatile List<SharedZone> zones = List.of();

    private volatile long longBytes;

    /**
     * @param capacityBytes how much is to be written into it; sizes chunks and filter
     * @param firstLog the log that its first record stands in, or will
     */
    public Memtable(BufferPool pool, ReadEpochs epochs, long capacityBytes, long firstLog) {
        this.firstLog = firstLog;
        this.arena = new Arena(pool, (int) Math.min(1 << 20, Math.max(LEAST_CHUNK, capacityBytes / 4)));
        this.tree = new MemTree(arena);
        this.filter = new BlockedBloomFilter(pool, capacityBytes / FILTER_BYTES_PER_KEY);
        this.epochs = epochs;
    }

    public Arena arena() {
        return arena;
    }

    /** Entries, tombstones included. */
    public long entries() {
        return entries;
    }

    public long tombstones() {
        return tombstones;
    }

    /** Whether an operation in it stands in no log. */
    public boolean hasUnlogged() {
        return hasUnlogged;
    }

    /** Says that records of these batches, the last of which ends at this position, are in it. */
    public void noteLogged(long first, long last, long position) {
        if (firstBatch == 0) {
            firstBatch = first;
        }
        lastBatch = last;
        lastPosition = position;
    }

    /** The log that its first record stands in: earlier logs it does not need. */
    public long firstLog() {
        return firstLog;
    }

    /** The first batch in it that was logged; 0 where none was. */
    public long firstBatch() {
        return firstBatch;
    }

    public long lastBatch() {
        return lastBatch;
    }

    /** Position in the log behind its last record. */
    public long lastPosition() {
        return lastPosition;
    }

    /** Keyspaces that its batches create: names by id. */
    public SortedMap<Integer, String> keyspaces() {
        return keyspaces;
    }

    /** Says that entries refer to so many more bytes of long values; for the writer. */
    public void noteLongBytes(long bytes) {
        longBytes = longBytes + bytes;
    }

    /** Bytes of long values that its entries have referred to, those of overwritten entries too. */
    public long longBytes() {
        return longBytes;
    }

    /** Zones that its entries may refer to. */
    public List<SharedZone> zones() {
        return zones;
    }

    /** Holds a zone that an entry refers to which is going to be applied; for the writer. The caller holds it too. */
    public void hold(SharedZone zone) {
        if (!zones.contains(zone)) {
            List<SharedZone> more = new ArrayList<>(zones);
            more.add(zone.retain());
            zones = List.copyOf(more);
        }
    }

    /**
     * The zone that a pointer of an entry leads into. To be called inside an epoch slot, or while the memtable is held.
     *
     * @throws CorruptionException where no entry can refer to it
     */
    public SharedZone zone(long pointer) {
        int number = Pointer.zone(pointer);
        for (SharedZone zone : zones) {
            if (zone.number() == number) {
                return zone;
            }
        }
        throw new CorruptionException(
                ZoneFiles.name(number), Pointer.offset(pointer), "a zone of long values", "another, or none");
    }

    public void beginStep() {
        tree.beginStep();
    }

    public void endStep() {
        tree.endStep();
    }

    /**
     * Applies one put or delete, inside a step: visible at once.
     *
     * @param key the internal key, on the heap
     */
    public void apply(long reference, byte[] key, int length, boolean logged) {
        if (!logged) {
            hasUnlogged = true;
        }
        filter.add(BlockedBloomFilter.hash(key, 0, length));
        long replaced = tree.put(reference, key, 0, length);
        if (replaced == 0) {
            entries = entries + 1;
        }
        int change = isTombstone(reference) - isTombstone(replaced);
        if (change != 0) {
            tombstones = tombstones + change;
        }
    }

    private static int isTombstone(long reference) {
        return Arena.code(reference) == OperationCode.DELETE ? 1 : 0;
    }

    /**
     * Applies the puts and deletes of a batch, inside a step of its own: all become visible at once.
     *
     * @param place of the first operation in the arena
     */
    public void applyBatch(long place, int count, boolean logged) {
        if (!logged) {
            hasUnlogged = true;
        }
        int n = collect(place, count);
        n = ReferenceSort.sortNewestOnly(arena, batch, n).count();
        if (n == 0) {
            return;
        }
        BulkInsert.Outcome outcome = tree.putAll(batch, n);
        entries = entries + outcome.added();
        tombstones = tombstones + outcome.addedTombstones();
        if (batch.length > 1 << 16) {
            batch = new long[64];
        }
    }

    /** Gathers the references of the puts and deletes among {@code count} operations, adds their keys to the filter, notes keyspaces. */
    private int collect(long place, int count) {
        if (batch.length < count) {
            batch = new long[Math.max(count, 2 * batch.length)];
        }
        return collect(place, count, batch, 0);
    }

    private int collect(long place, int count, long[] into, int at) {
        Memory memory = arena.memory(place);
        int offset = Arena.offset(place);
        long chunk = place & ~0xFFFF_FFFFL;
        for (int i = 0; i < count; i++) {
            int code = Operation.code(memory, offset);
            if (code == OperationCode.PUT || code == OperationCode.DELETE || code == OperationCode.PUT_REF) {
                filter.add(BlockedBloomFilter.hash(
                        memory, Operation.keyOffset(memory, offset), Operation.keyLength(memory, offset)));
                into[at++] = Arena.reference(code, chunk | offset);
            } else if (code == OperationCode.KEYSPACE) {
                noteKeyspace(memory, offset);
            }
            offset += Operation.length(memory, offset);
        }
        return at;
    }

    private void noteKeyspace(Memory memory, int operation) {
        byte[] name =
                memory.toArray(Operation.valueOffset(memory, operation), Operation.valueLength(memory, operation));
        keyspaces.put(Operation.keyspaceId(memory, operation), new String(name, StandardCharsets.UTF_8));
    }

    /** Receives the references to chunks that recovery meets. */
    public interface ReferenceConsumer {
        /** @param offset of the {@link dev.cambium.segment.page.ValueReference} */
        void accept(Memory memory, int offset);
    }

    /** Builds the tree of a memtable that nobody reads yet from everything recovery has found. */
    public final class Loader {
        private long[] found = new long[1 << 16];
        private int count;

        /** Notes the operations of one record, in the order of the log. */
        public void add(long place, int operations) {
            if (found.length - count < operations) {
                found = Arrays.copyOf(found, Math.max(count + operations, 2 * found.length));
            }
            count = collect(place, operations, found, count);
        }

        /** Shows every reference to a long value that was noted, whether it still counts or not. */
        public void forEachReference(ReferenceConsumer consumer) {
            for (int i = 0; i < count; i++) {
                if (Arena.code(found[i]) == OperationCode.PUT_REF) {
                    Memory memory = arena.memory(found[i]);
                    consumer.accept(memory, Operation.valueOffset(memory, Arena.offset(found[i])));
                }
            }
        }

        /** Sorts what was noted, keeps the newest of each key, and installs the tree. */
        public void finish() {
            SortedEntries kept = ReferenceSort.sortNewestOnly(arena, found, count);
            tree.install(kept);
            entries = kept.count();
            long deletes = 0;
            for (int i = 0; i < kept.count(); i++) {
                deletes += isTombstone(kept.references()[i]);
            }
            tombstones = deletes;
        }
    }

    /** A loader; only for a memtable that is empty. */
    public Loader loader() {
        return new Loader();
    }

    /** Whether the key may be here, by the filter. */
    public boolean mayContain(long hash) {
        return filter.mayContain(hash);
    }

    /** The tree as the writer publishes it. */
    public Root current() {
        return tree.current();
    }

    /** The tree as it is now, frozen. */
    public Root snapshot() {
        return tree.snapshot();
    }

    /** The reference of a key, or 0. */
    public long find(Root root, byte[] key, int length) {
        return tree.find(root, key, 0, length);
    }

    /** What a frozen tree of this memtable holds. */
    public Aggregate aggregate(Root root) {
        return tree.aggregate(root);
    }

    /** A cursor over a frozen tree of this memtable. The caller keeps the memtable alive. */
    public SortedCursor cursor(Root root) {
        return new MemtableCursor(this, root);
    }

    /** Takes a reference, unless the last one is gone. To be called inside an epoch slot. */
    public boolean tryRetain() {
        return references.tryRetain();
    }

    /** Gives a reference back. */
    public void release() {
        if (references.release()) {
            epochs.retire(this::free);
        }
    }

    private void free() {
        arena.release();
        filter.release();
        zones.forEach(SharedZone::release);
    }
}
