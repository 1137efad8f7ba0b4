package dev.cambium.compaction;

import dev.cambium.error.CorruptionException;
import dev.cambium.segment.log.Operation;
import dev.cambium.segment.log.OperationCode;
import dev.cambium.segment.manifest.ManifestRecord;
import dev.cambium.segment.memory.Bytes;
import dev.cambium.segment.memory.Memory;
import dev.cambium.segment.page.Aggregation;
import dev.cambium.segment.page.FilterBuilder;
import dev.cambium.segment.page.KeyPage;
import dev.cambium.segment.page.KeyPageBuilder;
import dev.cambium.segment.page.LeafBuilder;
import dev.cambium.segment.page.LeafPage;
import dev.cambium.segment.page.PageFlags;
import dev.cambium.segment.page.PageHeader;
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
    /** Most leaves below a key page of level 1: what the base is merged by, and a filter speaks for. */
    static final int MOST_LEAVES = 128;

    /** Values of so many bytes and more stand in value pages. */
    public static final int SEPARATE_FROM = 1024;

    /** A page of level 1 that is less full is not ended before one that could be linked. */
    private static final double LEAST_FILL = 0.25;

    /** Two leaves as full as this and more may not fit into one, and no smaller leaf ends before a linked page. */
    private static final double LEAST_MOVED_FILL = 0.5;

    /** The same where all is to take as little room as it can. */
    private static final double LEAST_PACKED_FILL = 0.875;

    /** Of the leaves that a key page is moved with, as a share, so many may be such as would better be merged. */
    private static final double MOST_MISFITS = 0.25;

    private static final int KEY_SLACK = 4; // see KeyedPage.copySuffix
    private static final byte[] NO_KEY = {};

    private final ZoneSink zones;
    private final ZoneSink valueZones;
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
    private Memory linkedKey; // or null
    private byte[] firstKey;
    private byte[] lastKey = new byte[64];
    private int lastKeyLength;
    private final PageChanges changes = new PageChanges();
    private int mostValues = Integer.MAX_VALUE; // in a page
    private long appendedBytes;
    private long linkedBytes;
    private long movedBytes;
    private boolean isLinkedLast; // a page was added after the last entry
    private boolean isFirst = true; // nothing was added yet, to the run or to the stretch
    private int mostLeaves = MOST_LEAVES;
    private double leastMovedFill = LEAST_MOVED_FILL;
    private final List<Child> stretchChildren = new ArrayList<>(); // of level 1
    private byte[] stretchLow; // null where a whole run is written

    // Where pages that are too small to end before one that could be linked are cut instead: in the middle of both. 0
    // where they are not.
    private int cutLeafAt; // in bytes
    private double cutKeysAt; // a share of a full page of level 1

    /** One level of key pages: the page that is being filled, and the separator before it. */
    private final class Level {
        private final KeyPageBuilder page = new KeyPageBuilder(pool, sizes.keys());
        private final ReservedVector lead = new ReservedVector(pool, VectorGeometry.of(1 << 8, Integer.MAX_VALUE));
    }

    /**
     * @param zones where the pages of the tree go
     * @param valueZones where values go that have pages of their own
     * @param run number of the run, the owner of its pages
     * @param birth number of this flush or merge
     * @param filterSeed of the store
     */
    public RunWriter(
            ZoneSink zones,
            ZoneSink valueZones,
            BufferPool pool,
            PageSizes sizes,
            byte[] storeId,
            long run,
            long birth,
            long filterSeed) {
        this.zones = zones;
        this.valueZones = valueZones;
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

    /**
     * Appends the entry of a memtable, whose key is above all those before: the chunks of its value, where it has some, become part of the run.
     */
    public void addNew(Entry entry) {
        if (entry.isChunked()) {
            noteChunks(entry::zone, entry.valueMemory(), entry.valueOffset());
        }
        add(entry);
    }

    /**
     * Appends the entry that a merge stands on, whose key is above all those before. A value in a page of values stays where it is, where the merge
     * lets it.
     */
    public void addMerged(PageMerge merge) {
        if (merge.canValueStay()) {
            addReference(merge, merge.reference(), merge.referenceOffset());
            return;
        }
        add(merge);
        if (merge.isElsewhere()) {
            merge.noteValueGone();
        }
    }

    /** Appends an entry whose key is above all those before. */
    private void add(Entry entry) {
        if (entry.isChunked()) {
            addReference(entry, entry.valueMemory(), entry.valueOffset());
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
            if (values.count() == mostValues || values.isFullFor(valueLength)) {
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
    private void addReference(Entry entry, Memory reference, int referenceOffset) {
        Memory key = entry.keyMemory();
        makeRoom(key, entry.keyOffset(), entry.keyLength(), OperationCode.PUT_REF, ValueReference.LENGTH);
        leaf.add(
                key,
                entry.keyOffset(),
                entry.keyLength(),
                OperationCode.PUT_REF,
                reference,
                referenceOffset,
                ValueReference.LENGTH,
                entry.keyLength() + ValueReference.valueLength(reference, referenceOffset));
        noteKey(key, entry.keyOffset(), entry.keyLength());
    }

    /** Where a page of the value is damaged, who reads it is told, and the entry is kept all the same. */
    private void noteChunks(LongFunction<SharedZone> zones, Memory reference, int offset) {
        try (ChunkedValue value = ChunkedValue.open(zones, storeId, reference, offset)) {
            value.forEachPage(changes::addLive);
        } catch (CorruptionException e) {
            changes.addLive(ValueReference.home(reference, offset), ValueReference.storedLength(reference, offset));
        }
    }

    /** Writes the leaf where the next entry does not fit any more. */
    private void makeRoom(Memory key, int keyOffset, int keyLength, int operation, int valueLength) {
        if (isLinkedLast) {
            isLinkedLast = false;
            separator.clear();
            separator.append(key, keyOffset, separatorLength(key, keyOffset, keyLength));
        } else if (leaf.isFullFor(key, keyOffset, keyLength, operation, valueLength)
                || cutLeafAt > 0 && leaf.rawLength() >= cutLeafAt) {
            int nextLength = leaf.separatorLength(key, keyOffset, keyLength);
            writeLeaf();
            separator.clear();
            separator.append(key, keyOffset, nextLength);
        }
    }

    /** How much of a key is above all keys of the page that was linked last, of which none is above {@code lastKey}. */
    private int separatorLength(Memory key, int keyOffset, int keyLength) {
        int shorter = Math.min(keyLength, lastKeyLength);
        int common = 0;
        while (common < shorter && key.getByte(keyOffset + common) == lastKey[common]) {
            common++;
        }
        return Math.min(keyLength, common + 1);
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
        isFirst = false;
        lastKey = room(lastKey, keyLength);
        key.get(keyOffset, lastKey, 0, keyLength);
        lastKeyLength = keyLength;
    }

    private static byte[] room(byte[] array, int length) {
        return array.length >= length ? array : new byte[Math.max(length, 2 * array.length)];
    }

    /**
     * Adds the page that a merge stands before as it is, if the pages around it stay well filled. What of it lies in a zone that is to be left is
     * moved: copied as it is stored.
     *
     * @return false where it is to be taken apart
     */
    public boolean link(PageMerge merge) {
        long movedBefore = movedBytes;
        boolean linked = merge.pageLevel() == 1 ? linkKeys(merge) : linkLeaf(merge);
        if (linked) {
            byte[] last = merge.last();
            firstKey = firstKey == null ? merge.low() : firstKey;
            lastKey = room(lastKey, last.length);
            lastKeyLength = last.length;
            System.arraycopy(last, 0, lastKey, 0, lastKeyLength);
            isFirst = false;
            sum.add(merge.held());
            linkedBytes += merge.held().bytes - (movedBytes - movedBefore);
            isLinkedLast = true;
        }
        return linked;
    }

    private boolean linkLeaf(PageMerge merge) {
        LeafPage page = null;
        if (merge.mustMove()) {
            page = merge.readLeaf();
            if (isMisfit(page.memory(), page.count()) || !merge.canValuesStay(page)) {
                return false;
            }
        }
        if (isLeafSmall()) {
            return false;
        }
        if (leaf.count() > 0) {
            writeLeaf();
        }
        // The filter is over all keys below its page, so they have to be read.
        page = page == null ? merge.readLeaf() : page;
        int count = page.count();
        copyPrefix(page);
        if (leafHashes.length < count) {
            leafHashes = new long[Math.max(count, 2 * leafHashes.length)];
        }
        for (int i = 0; i < count; i++) {
            page.copySuffix(i, linkedKey);
            leafHashes[i] = KeyHash.of(linkedKey, 0, page.keyLength(i));
        }
        long pointer = merge.mustMove() ? moveLeaf(merge, page, merge.held().bytes) : merge.pointer();
        lead(merge);
        addChild(0, separator, pointer, merge.payloadCrc());
        for (int i = 0; i < count; i++) {
            filter.add(leafHashes[i]);
        }
        return true;
    }

    private void copyPrefix(LeafPage page) {
        if (linkedKey == null) {
            linkedKey = Memory.allocate(Operation.MAX_KEY_LENGTH + KEY_SLACK);
        }
        page.copyPrefix(linkedKey);
    }

    /**
     * Whether a leaf is worth being merged with its neighbours where it is to be moved: it has less than a leaf should, or was made for longer pages.
     *
     * @param page begins with its header
     * @param count of its entries
     */
    private boolean isMisfit(Memory page, long count) {
        int length = PageHeader.rawLength(page, 0);
        return length < leastMovedFill * sizes.leaf() || length > sizes.leaf() && count > 1;
    }

    /** Moves the leaf that a merge has read last, whose prefix stands in {@link #linkedKey}; returns where it is now. */
    private long moveLeaf(PageMerge merge, LeafPage page, long bytes) {
        page.copySuffix(0, linkedKey);
        int from = Operation.KEYSPACE_ID_LENGTH;
        movedBytes += bytes;
        return move(merge, linkedKey.head(from, page.keyLength(0) - from));
    }

    /** Moves the leaf or filter that a merge has read last; returns where it is now. */
    private long move(PageMerge merge, long firstKey) {
        Memory stored = merge.stored();
        int at = merge.storedAt();
        int length = PageHeader.storedLength(stored, at);
        ZoneWriter zone = zones.writerFor(length);
        int before = zone.length();
        zone.appendMoved(stored, at, firstKey);
        noteAppended(zone, before);
        merge.noteMoved(PageHeader.self(stored, at), length);
        return zone.pointer();
    }

    /** Whether the leaf that is being filled is too small to end here; it is to be cut later then, with what comes next. */
    private boolean isLeafSmall() {
        boolean isSmall = leaf.count() > 0 && leaf.rawLength() < sizes.leaf() / 2;
        if (isSmall && cutLeafAt == 0) {
            cutLeafAt = (leaf.rawLength() + sizes.leaf()) / 2;
        }
        return isSmall;
    }

    /** How full a page of level 1 is, as a share. */
    private double fill(KeyPageBuilder page) {
        return page.count() == 0
                ? 0
                : Math.max((double) page.count() / MOST_LEAVES, (double) page.rawLength() / sizes.keys());
    }

    private boolean linkKeys(PageMerge merge) {
        if (levels.isEmpty()) {
            levels.add(new Level());
        }
        KeyPage moving = merge.mustMove() ? merge.readKeys() : null;
        if (moving != null && !isWorthMoving(merge, moving)) {
            return false;
        }
        double fill = fill(levels.get(0).page);
        if (isLeafSmall()) {
            return false;
        }
        if (fill < LEAST_FILL && (fill > 0 || leaf.count() > 0)) {
            cutKeysAt = cutKeysAt > 0 ? cutKeysAt : (fill + 1) / 2;
            return false;
        }
        if (leaf.count() > 0) {
            writeLeaf();
        }
        if (levels.get(0).page.count() > 0) {
            writeKeyPage(0, true);
        }
        if (moving == null) {
            lead(merge);
            addChild(1, separator, merge.pointer(), merge.payloadCrc());
        } else {
            ZoneWriter zone = moveKeys(merge, moving);
            lead(merge);
            written.newestBirth = Math.max(written.newestBirth, birth);
            addChild(1, separator, zone.pointer(), zone.payloadCrc());
        }
        return true;
    }

    /** Whether those leaves of a key page that are to move can, for their values, and few of them would better be merged. */
    private boolean isWorthMoving(PageMerge merge, KeyPage keys) {
        int moving = 0;
        int misfits = 0;
        for (int i = 0; i < keys.count(); i++) {
            if (!merge.canStay(keys.child(i))) {
                Memory header = merge.readHeader(keys.child(i));
                moving++;
                misfits += isMisfit(header, keys.entries(i)) ? 1 : 0;
                if ((PageHeader.flags(header, 0) & PageFlags.OPERATIONS) != 0
                        && !merge.canValuesStay(merge.readLeaf(keys.child(i), keys.payloadCrc(i)))) {
                    return false;
                }
            }
        }
        return misfits <= moving * MOST_MISFITS;
    }

    /**
     * Moves what of a key page, its leaves and its filter is to move, and writes the page anew, which says where they are now; returns its zone's
     * writer, which knows its pointer.
     */
    private ZoneWriter moveKeys(PageMerge merge, KeyPage keys) {
        int length = PageHeader.rawLength(keys.memory(), 0);
        Memory page = page(length);
        page.put(0, keys.memory(), 0, length);
        for (int i = 0; i < keys.count(); i++) {
            if (!merge.canStay(keys.child(i))) {
                LeafPage below = merge.readLeaf(keys.child(i), keys.payloadCrc(i));
                copyPrefix(below);
                KeyPage.putChild(page, i, moveLeaf(merge, below, keys.bytes(i)));
            }
        }
        if (keys.filter() != Pointer.NULL && !merge.canStay(keys.filter())) {
            merge.readFilter(keys.filter(), keys.filterCrc());
            KeyPage.putFilter(page, move(merge, 0));
        }
        byte[] first = keys.count() > 1 ? keys.key(0) : NO_KEY;
        long firstKey = Bytes.head(first, Operation.KEYSPACE_ID_LENGTH, first.length);
        int flags = PageHeader.flags(keys.memory(), 0);
        ZoneWriter zone = append(page, length, PageKind.KEYS, 1, flags, run, firstKey);
        merge.noteMoved(merge.pointer(), PageHeader.storedLength(keys.memory(), 0));
        return zone;
    }

    private void lead(PageMerge merge) {
        separator.clear();
        if (!isFirst) {
            separator.append(merge.low(), 0, merge.low().length);
        }
        written.clear();
        written.add(merge.held());
    }

    private void writeValues() {
        int count = values.count();
        if (count == 0) {
            return;
        }
        int length = values.rawLength();
        Memory page = page(length);
        values.build(page);
        ZoneWriter zone = valueZones.writerFor(length);
        int before = zone.length();
        if (zone.appendValues(page, length, count, birth)) {
            mostValues = Math.max(1, count / 2);
        }
        noteAppended(zone, before);
        for (int i = 0; i < count; i++) {
            leaf.putReference(
                    referencesAt[i],
                    zone.pointer(),
                    referencedLengths[i],
                    zone.payloadCrc(),
                    zone.storedLength(),
                    i,
                    count);
        }
        values.clear();
    }

    private void writeLeaf() {
        cutLeafAt = 0;
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
        if (index == 1 && stretchLow != null) {
            Aggregation held = new Aggregation();
            held.add(written);
            byte[] low = stretchChildren.isEmpty() ? stretchLow : lead.memory().toArray(0, lead.used());
            stretchChildren.add(new Child(low, pointer, payloadCrc, held));
            return;
        }
        if (index == levels.size()) {
            levels.add(new Level());
        }
        Level level = levels.get(index);
        if (level.page.count() > 0) {
            boolean isFull =
                    index == 0 && (level.page.count() == mostLeaves || cutKeysAt > 0 && fill(level.page) >= cutKeysAt);
            if (!isFull && !level.page.isFullFor(lead.memory(), 0, lead.used())) {
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
            cutKeysAt = 0;
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
        noteAppended(zone, before);
        return zone;
    }

    private void noteAppended(ZoneWriter zone, int lengthBefore) {
        changes.addLive(zone.pointer(), zone.storedLength());
        appendedBytes += zone.length() - lengthBefore;
    }

    /** From now on leaves are moved as they are only where merging them would make hardly fewer of them. */
    public void packTightly() {
        leastMovedFill = LEAST_PACKED_FILL;
    }

    /** What it has added to the pages of runs, and what whoever merges into it takes away. */
    public PageChanges changes() {
        return changes;
    }

    /** Bytes of keys and values appended so far, for progress. */
    public long bytes() {
        return sum.bytes + leaf.sum().bytes;
    }

    /** Bytes of keys and values in leaves that it has only linked. */
    public long linkedBytes() {
        return linkedBytes;
    }

    /** Bytes of keys and values in leaves that it has moved as they are. */
    public long movedBytes() {
        return movedBytes;
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
     * Begins a stretch of keys whose pages are to replace others in a tree, up to level 1; with {@link #endStretch} the whole of it is written.
     *
     * @param low where the stretch begins
     * @param leaves how many there will be, as far as that is known; the pages above them become about equally full
     */
    public void beginStretch(byte[] low, long leaves) {
        stretchLow = low;
        stretchChildren.clear();
        isFirst = true;
        isLinkedLast = false;
        separator.clear();
        long pages = Math.max(1, (leaves + MOST_LEAVES - 1) / MOST_LEAVES);
        mostLeaves = pages == 1 ? MOST_LEAVES : (int) Math.min(MOST_LEAVES, (leaves + pages - 1) / pages + 2);
    }

    /** Writes what is left of a stretch; returns its pages of level 1. */
    public List<Child> endStretch() {
        if (leaf.count() > 0) {
            writeLeaf();
        }
        if (!levels.isEmpty() && levels.get(0).page.count() > 0) {
            writeKeyPage(0, true);
        }
        return List.copyOf(stretchChildren);
    }

    /** Writes a key page over children; returns it, or null where one does not hold them all. */
    Child writeKeys(int level, List<Child> children) {
        KeyPageBuilder page = new KeyPageBuilder(pool, sizes.keys());
        try {
            for (Child child : children) {
                if (page.count() == 0) {
                    page.addFirst(child.pointer(), child.payloadCrc(), child.held());
                    continue;
                }
                separator.clear();
                separator.append(child.low(), 0, child.low().length);
                if (page.isFullFor(separator.memory(), 0, separator.used())) {
                    return null;
                }
                page.add(separator.memory(), 0, separator.used(), child.pointer(), child.payloadCrc(), child.held());
            }
            int length = page.rawLength();
            Memory target = page(length);
            page.build(target, Pointer.NULL, 0);
            ZoneWriter zone = append(
                    target,
                    length,
                    PageKind.KEYS,
                    level,
                    page.flags(),
                    run,
                    page.firstKeyHead(Operation.KEYSPACE_ID_LENGTH));
            Aggregation held = new Aggregation();
            held.add(page.sum());
            held.newestBirth = Math.max(held.newestBirth, birth);
            return new Child(children.get(0).low(), zone.pointer(), zone.payloadCrc(), held);
        } finally {
            page.release();
        }
    }

    /** Number of the run, the owner of its pages. */
    public long run() {
        return run;
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
        if (leaf.count() > 0) {
            writeLeaf();
        }
        ZoneWriter zone = null;
        for (int index = 0; index < levels.size(); index++) {
            boolean isRoot = index == levels.size() - 1;
            if (levels.get(index).page.count() > 0) { // else a page of that level was the last that was linked
                zone = writeKeyPage(index, !isRoot);
            }
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
                Arrays.copyOf(lastKey, lastKeyLength));
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
        if (linkedKey != null) {
            linkedKey.release();
        }
    }
}
