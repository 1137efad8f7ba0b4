package dev.cambium.compaction;

import dev.cambium.error.CorruptionException;
import dev.cambium.segment.log.Operation;
import dev.cambium.segment.log.OperationCode;
import dev.cambium.segment.manifest.ManifestRecord;
import dev.cambium.segment.memory.Memory;
import dev.cambium.segment.page.Aggregation;
import dev.cambium.segment.page.FilterBuilder;
import dev.cambium.segment.page.KeyPageBuilder;
import dev.cambium.segment.page.LeafBuilder;
import dev.cambium.segment.page.PageKind;
import dev.cambium.segment.page.Pointer;
import dev.cambium.segment.page.ValuePageBuilder;
import dev.cambium.segment.page.ValueReference;
import dev.cambium.segment.pool.BufferPool;
import dev.cambium.segment.pool.ReservedVector;
import dev.cambium.segment.pool.VectorGeometry;
import dev.cambium.segment.zone.SharedZone;
import dev.cambium.segment.zone.ZoneWriter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.LongFunction;

/**
 * Lays sorted entries down as a run: leaves, the value pages they refer to, filters and key pages, bottom-up, each page written once
 * and as soon as it is full. Allocates nothing per entry.
 *
 * <p>Durability: none; the caller forces the zones and names the run. Ownership: {@link #close} gives all memory back, whether the run was
 * finished or not; pages of an unfinished run are garbage. For one thread.
 */
public final class RunWriter implements AutoCloseable {
    /** Values of so many bytes and more stand in value pages. */
    public static final int SEPARATE_FROM = 1024;

    private final ZoneSink zones;
    private final BufferPool pool;
    private final PageSizes sizes;
    private final byte[] storeId;
    private final long run;
    private final long birth;
    private final LeafBuilder leaf;
    private final ValuePageBuilder values;
    private final FilterBuilder filter;
    private final List<Level> levels = new ArrayList<>(); // [0] is level 1
    private final ReservedVector raw;
    private final Memory noReference = Memory.allocate(ValueReference.LENGTH);
    private final Aggregation sum = new Aggregation();
    private final Aggregation written = new Aggregation();

    private long[] leafHashes = new long[512];
    private int[] referencesAt = new int[16]; // in the leaf, of the values that wait in `values`
    private long[] referencedLengths = new long[16];
    private final ReservedVector separator; // before the leaf that is being filled; empty before the run's first
    private byte[] firstKey;
    private byte[] lastKey = new byte[64];
    private int lastKeyLength;
    private final List<Extent> extents = new ArrayList<>();
    private long appendedBytes;

    /** What of a zone is the run's, so far. */
    private static final class Extent {
        private final int zone;
        private int pages;
        private long bytes;

        private Extent(int zone) {
            this.zone = zone;
        }
    }

    /** One level of key pages: the page that is being filled, and the separator before it. */
    private final class Level {
        private final KeyPageBuilder page = new KeyPageBuilder(pool, sizes.keys());
        private final ReservedVector lead = new ReservedVector(pool, VectorGeometry.of(1 << 8, Integer.MAX_VALUE));
    }

    /**
     * @param run number of the run, the owner of its pages
     * @param birth number of this flush or merge
     * @param filterSeed of the store
     */
    public RunWriter(
            ZoneSink zones, BufferPool pool, PageSizes sizes, byte[] storeId, long run, long birth, long filterSeed) {
        this.zones = zones;
        this.pool = pool;
        this.sizes = sizes;
        this.storeId = storeId.clone();
        this.run = run;
        this.birth = birth;
        this.leaf = new LeafBuilder(pool, sizes.leaf());
        this.values = new ValuePageBuilder(pool, sizes.values());
        this.filter = new FilterBuilder(pool, filterSeed);
        this.raw = new ReservedVector(pool, VectorGeometry.of(1 << 14, Integer.MAX_VALUE));
        this.separator = new ReservedVector(pool, VectorGeometry.of(1 << 8, Integer.MAX_VALUE));
    }

    /** Appends the entry that a source stands on, whose key is above all those before. */
    public void add(SortedCursor entry) {
        if (entry.isChunked()) {
            addChunked(entry);
            return;
        }
        add(
                entry.keyMemory(),
                entry.keyOffset(),
                entry.keyLength(),
                entry.isTombstone() ? OperationCode.DELETE : OperationCode.PUT,
                entry.valueMemory(),
                entry.valueOffset(),
                entry.valueLength());
    }

    /**
     * Appends an entry whose key is above all those before.
     *
     * @param operation PUT or DELETE; of a DELETE the value is empty
     */
    public void add(
            Memory key, int keyOffset, int keyLength, int operation, Memory value, int valueOffset, int valueLength) {
        boolean separate = valueLength >= SEPARATE_FROM;
        int storedOperation = separate ? OperationCode.PUT_REF : operation;
        int storedLength = separate ? ValueReference.LENGTH : valueLength;
        makeRoom(key, keyOffset, keyLength, storedOperation, storedLength);
        if (separate) {
            if (values.isFullFor(valueLength)) {
                writeValues();
            }
            leaf.add(
                    key,
                    keyOffset,
                    keyLength,
                    storedOperation,
                    noReference,
                    0,
                    storedLength,
                    keyLength + (long) valueLength);
            int index = values.add(value, valueOffset, valueLength);
            if (index == referencesAt.length) {
                referencesAt = Arrays.copyOf(referencesAt, 2 * index);
                referencedLengths = Arrays.copyOf(referencedLengths, 2 * index);
            }
            referencesAt[index] = leaf.lastValueAt();
            referencedLengths[index] = valueLength;
        } else {
            leaf.add(
                    key,
                    keyOffset,
                    keyLength,
                    operation,
                    value,
                    valueOffset,
                    valueLength,
                    keyLength + (long) valueLength);
        }
        noteKey(key, keyOffset, keyLength);
    }

    /** Appends an entry whose value stays where it is. */
    private void addChunked(SortedCursor entry) {
        Memory key = entry.keyMemory();
        Memory reference = entry.valueMemory();
        makeRoom(key, entry.keyOffset(), entry.keyLength(), OperationCode.PUT_REF, ValueReference.LENGTH);
        noteChunks(entry::zone, reference, entry.valueOffset());
        leaf.add(
                key,
                entry.keyOffset(),
                entry.keyLength(),
                OperationCode.PUT_REF,
                reference,
                entry.valueOffset(),
                ValueReference.LENGTH,
                entry.keyLength() + ValueReference.valueLength(reference, entry.valueOffset()));
        noteKey(key, entry.keyOffset(), entry.keyLength());
    }

    /** Where a page of the value is damaged, who reads it is told, and the entry is kept all the same: of that page a least length is noted. */
    private void noteChunks(LongFunction<SharedZone> zones, Memory reference, int offset) {
        try (ChunkedValue value = ChunkedValue.open(zones, storeId, reference, offset)) {
            value.forEachPage(this::noteExtent);
        } catch (CorruptionException e) {
            noteExtent(Pointer.zone(ValueReference.home(reference, offset)), Pointer.ALIGNMENT);
        }
    }

    /** Writes the leaf where the next entry does not fit any more. */
    private void makeRoom(Memory key, int keyOffset, int keyLength, int operation, int valueLength) {
        if (leaf.isFullFor(key, keyOffset, keyLength, operation, valueLength)) {
            int nextLength = leaf.separatorLength(key, keyOffset, keyLength);
            writeLeaf();
            separator.clear();
            separator.append(key, keyOffset, nextLength);
        }
    }

    /** Notes the key of the entry added last. */
    private void noteKey(Memory key, int keyOffset, int keyLength) {
        int index = leaf.count() - 1;
        if (index == leafHashes.length) {
            leafHashes = Arrays.copyOf(leafHashes, 2 * index);
        }
        leafHashes[index] = KeyHash.of(key, keyOffset, keyLength);
        if (firstKey == null) {
            firstKey = key.toArray(keyOffset, keyLength);
        }
        lastKey = room(lastKey, keyLength);
        key.get(keyOffset, lastKey, 0, keyLength);
        lastKeyLength = keyLength;
    }

    private static byte[] room(byte[] array, int length) {
        return array.length >= length ? array : new byte[Math.max(length, 2 * array.length)];
    }

    private void writeValues() {
        int count = values.count();
        if (count == 0) {
            return;
        }
        int length = values.rawLength();
        Memory page = page(length);
        values.build(page);
        ZoneWriter zone = append(page, length, PageKind.VALUES, 0, 0, Pointer.NULL, 0);
        for (int i = 0; i < count; i++) {
            leaf.putReference(referencesAt[i], zone.pointer(), referencedLengths[i], zone.payloadCrc(), i);
        }
        values.clear();
    }

    private void writeLeaf() {
        writeValues();
        int count = leaf.count();
        int length = leaf.rawLength();
        Memory page = page(length);
        leaf.build(page);
        ZoneWriter zone = append(
                page, length, PageKind.LEAF, 0, leaf.flags(), run, leaf.firstKeyHead(Operation.KEYSPACE_ID_LENGTH));
        written.clear();
        written.add(leaf.sum());
        written.newestBirth = birth;
        sum.add(written);
        leaf.clear();
        addChild(0, separator, zone.pointer(), zone.payloadCrc());
        for (int i = 0; i < count; i++) {
            filter.add(leafHashes[i]);
        }
    }

    /**
     * Adds the page written last, which holds {@link #written}, to the level above it.
     *
     * @param lead the separator before the page; empty before the first of its level
     */
    private void addChild(int index, ReservedVector lead, long pointer, int payloadCrc) {
        if (index == levels.size()) {
            levels.add(new Level());
        }
        Level level = levels.get(index);
        if (level.page.count() > 0) {
            if (!level.page.isFullFor(lead.memory(), 0, lead.used())) {
                level.page.add(lead.memory(), 0, lead.used(), pointer, payloadCrc, written);
                return;
            }
            Aggregation held = new Aggregation(); // one for a page of hundreds of children
            held.add(written);
            writeKeyPage(index, true);
            written.clear();
            written.add(held);
        }
        level.lead.clear();
        level.lead.append(lead.memory(), 0, lead.used());
        level.page.addFirst(pointer, payloadCrc, written);
    }

    /** Writes the key page of a level, and the filter below it; returns its zone's writer, which knows its pointer. */
    private ZoneWriter writeKeyPage(int index, boolean addToParent) {
        Level level = levels.get(index);
        long filterPointer = Pointer.NULL;
        int filterCrc = 0;
        if (index == 0 && filter.count() > 0 && filter.count() <= FilterBuilder.MOST_KEYS) {
            int length = filter.rawLength();
            Memory page = page(length);
            if (filter.build(page)) {
                ZoneWriter zone = append(page, length, PageKind.FILTER, 0, 0, run, 0);
                filterPointer = zone.pointer();
                filterCrc = zone.payloadCrc();
            }
        }
        if (index == 0) {
            filter.clear();
        }
        int length = level.page.rawLength();
        Memory page = page(length);
        level.page.build(page, filterPointer, filterCrc);
        ZoneWriter zone = append(
                page,
                length,
                PageKind.KEYS,
                index + 1,
                level.page.flags(),
                run,
                level.page.firstKeyHead(Operation.KEYSPACE_ID_LENGTH));
        written.clear();
        written.add(level.page.sum());
        written.newestBirth = birth;
        level.page.clear();
        if (addToParent) {
            addChild(index + 1, level.lead, zone.pointer(), zone.payloadCrc());
        }
        return zone;
    }

    private Memory page(int rawLength) {
        raw.clear();
        return raw.reserve(rawLength);
    }

    private ZoneWriter append(Memory page, int length, int kind, int level, int flags, long owner, long firstKey) {
        ZoneWriter zone = zones.writerFor(length);
        int before = zone.length();
        zone.append(page, length, kind, level, flags, birth, owner, firstKey);
        noteExtent(zone.zone(), zone.length() - before);
        appendedBytes += zone.length() - before;
        return zone;
    }

    private void noteExtent(int zone, int bytes) {
        for (int i = extents.size() - 1; i >= 0; i--) {
            Extent extent = extents.get(i);
            if (extent.zone == zone) {
                extent.pages++;
                extent.bytes += bytes;
                return;
            }
        }
        Extent extent = new Extent(zone);
        extent.pages = 1;
        extent.bytes = bytes;
        extents.add(extent);
    }

    /** Where pages have been appended so far. */
    public List<ManifestRecord.Extent> extents() {
        return extents.stream()
                .map(extent -> new ManifestRecord.Extent(extent.zone, extent.pages, extent.bytes))
                .toList();
    }

    /** Bytes of keys and values appended so far, for progress. */
    public long bytes() {
        return sum.bytes + leaf.sum().bytes;
    }

    /** Bytes of pages that it has appended, those excepted that it only refers to. */
    public long appendedBytes() {
        return appendedBytes;
    }

    /** Entries appended so far. */
    public long entries() {
        return sum.entries + leaf.sum().entries;
    }

    /**
     * Writes what is left, up to the root.
     *
     * @param oldest number of the oldest flush whose entries are here
     * @param newest number of the newest
     * @return what the manifest is to say of the run, or null where no entry was added
     */
    public ManifestRecord.Run finish(int tier, long oldest, long newest, long minBatch, long maxBatch) {
        if (leaf.count() == 0 && sum.entries == 0) {
            return null;
        }
        writeLeaf();
        ZoneWriter zone = null;
        for (int index = 0; index < levels.size(); index++) {
            boolean isRoot = index == levels.size() - 1;
            zone = writeKeyPage(index, !isRoot);
        }
        return new ManifestRecord.Run(
                run,
                zone.pointer(),
                zone.payloadCrc(),
                tier,
                oldest,
                newest,
                minBatch,
                maxBatch,
                sum.entries,
                sum.tombstones,
                sum.bytes,
                firstKey,
                Arrays.copyOf(lastKey, lastKeyLength),
                extents());
    }

    @Override
    public void close() {
        leaf.release();
        values.release();
        filter.release();
        for (Level level : levels) {
            level.page.release();
            level.lead.release();
        }
        raw.release();
        separator.release();
        noReference.release();
    }
}
