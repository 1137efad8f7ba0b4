package dev.cambium.compaction;

import dev.cambium.error.CorruptionException;
import dev.cambium.segment.log.OperationCode;
import dev.cambium.segment.manifest.ManifestRecord;
import dev.cambium.segment.manifest.Stretches;
import dev.cambium.segment.memory.Memory;
import dev.cambium.segment.page.Aggregation;
import dev.cambium.segment.page.ChunkList;
import dev.cambium.segment.page.FilterPage;
import dev.cambium.segment.page.KeyPage;
import dev.cambium.segment.page.LeafPage;
import dev.cambium.segment.page.PageHeader;
import dev.cambium.segment.page.PageKind;
import dev.cambium.segment.page.PageOpener;
import dev.cambium.segment.page.Pointer;
import dev.cambium.segment.page.ValuePage;
import dev.cambium.segment.page.ValueReference;
import dev.cambium.segment.zone.ZoneReader;
import java.util.Arrays;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.IntFunction;
import org.roaringbitmap.RoaringBitmap;

/**
 * Goes through a run as a tree, from its root to every value, and checks that each page is what its parent says, that keys ascend and
 * keep within their separators, that filters know every key, and that sums agree up to what the manifest says. Reads each page once,
 * past any cache; changes nothing; goes on beside what is damaged. For one thread.
 */
public final class RunVerification {
    private final ManifestRecord.Run run;
    private final byte[] storeId;
    private final IntFunction<ZoneReader> zones;
    private final Consumer<CorruptionException> findings;

    private final Stretches merged;
    private final Map<Integer, RoaringBitmap> live;
    private Memory values; // the value page that was read last
    private long valuesPointer;
    private FilterPage filter; // of the level-1 page that the leaves belong to
    private byte[] lastKey; // of the entries so far
    private byte[] firstKey;
    private boolean isWhole = true; // whether nothing had to be left out

    private RunVerification(
            ManifestRecord.Run run,
            byte[] storeId,
            Stretches merged,
            IntFunction<ZoneReader> zones,
            Map<Integer, RoaringBitmap> live,
            Consumer<CorruptionException> findings) {
        this.run = run;
        this.merged = merged;
        this.storeId = storeId;
        this.zones = zones;
        this.live = live;
        this.findings = findings;
    }

    /**
     * What was found in a run.
     *
     * @param entries that were read
     * @param isWhole whether every page could be read
     */
    public record Found(long entries, boolean isWhole) {}

    /**
     * Verifies a run.
     *
     * @param merged what of it counts no more; pages that have nothing else are not looked at
     * @param zones a zone's reader by its number, or null where it cannot be read, which has been told
     * @param live receives the units of all its pages, by zone
     */
    public static Found run(
            ManifestRecord.Run run,
            byte[] storeId,
            Stretches merged,
            IntFunction<ZoneReader> zones,
            Map<Integer, RoaringBitmap> live,
            Consumer<CorruptionException> findings) {
        RunVerification verification = new RunVerification(run, storeId, merged, zones, live, findings);
        Aggregation found = new Aggregation();
        try {
            verification.checkKeyPage(
                    run.root(), run.rootCrc(), -1, run.firstKey(), PageCursor.after(run.lastKey()), found);
            if (verification.isWhole) {
                verification.compareWithManifest(found);
            }
        } finally {
            verification.forgetValues();
        }
        return new Found(found.entries, verification.isWhole);
    }

    /** A page that has been read and unpacked; or null, where it cannot be, which has been told. */
    private Memory load(long pointer, int payloadCrc, int kind, int level) {
        ZoneReader zone = zones.apply(Pointer.zone(pointer));
        if (zone == null) {
            isWhole = false;
            return null;
        }
        Memory stored = Memory.allocate(Pointer.storedBytes(pointer));
        Memory raw = null;
        try {
            int available = zone.read(pointer, stored, 0);
            PageOpener.verify(stored, 0, available, storeId, pointer, payloadCrc, zone.name());
            raw = Memory.allocate(PageHeader.rawLength(stored, 0));
            PageOpener.unpack(stored, 0, zone.name(), Pointer.offset(pointer), raw);
            int foundLevel = PageHeader.level(raw, 0);
            require(
                    PageHeader.kind(raw, 0) == kind
                            && (level < 0 || foundLevel == level)
                            && (isOwner(PageHeader.owner(raw, 0))
                                    || kind == PageKind.VALUES
                                    || kind == PageKind.CHUNKS),
                    pointer,
                    "a " + PageKind.name(kind) + " page of run " + run.id() + (level < 0 ? "" : " and level " + level),
                    "a " + PageKind.name(PageHeader.kind(raw, 0)) + " page of " + PageHeader.owner(raw, 0)
                            + " and level " + foundLevel);
            if (kind != PageKind.VALUES) { // of which each value is live by itself
                note(pointer, PageHeader.storedLength(stored, 0));
            }
            return raw;
        } catch (CorruptionException e) {
            isWhole = false;
            findings.accept(e);
            if (raw != null) {
                raw.release();
            }
            return null;
        } finally {
            stored.release();
        }
    }

    /** A page is of the run, or of an earlier one that was merged into it. */
    private boolean isOwner(long owner) {
        return owner > 0 && owner <= run.id();
    }

    private void note(long pointer, int storedLength) {
        long first = Pointer.offset(pointer) / Pointer.ALIGNMENT;
        live.computeIfAbsent(Pointer.zone(pointer), zone -> new RoaringBitmap())
                .add(first, first + Pointer.paddedLength(storedLength) / Pointer.ALIGNMENT);
    }

    /**
     * Checks a key page and everything below.
     *
     * @param level that it has, or -1
     * @param from no key below is smaller
     * @param to every key below is smaller; null where there is no bound
     * @param found receives what is below
     */
    private void checkKeyPage(long pointer, int payloadCrc, int level, byte[] from, byte[] to, Aggregation found) {
        Memory raw = load(pointer, payloadCrc, PageKind.KEYS, level);
        if (raw == null) {
            return;
        }
        Memory filterRaw = null;
        try {
            KeyPage page = new KeyPage(raw);
            int ownLevel = PageHeader.level(raw, 0);
            if (ownLevel == 1 && page.filter() != Pointer.NULL) {
                filterRaw = load(page.filter(), page.filterCrc(), PageKind.FILTER, 0);
            }
            filter = filterRaw == null ? null : new FilterPage(filterRaw);
            byte[] lower = from;
            for (int i = 0; i < page.count(); i++) {
                byte[] upper = i + 1 < page.count() ? page.key(i) : to;
                requireOrTell(
                        upper == null || Arrays.compareUnsigned(lower, upper) < 0,
                        pointer,
                        "ascending separators within those of its parent",
                        "separator " + i + " beyond them");
                Aggregation below = new Aggregation();
                if (merged.covers(lower, upper)) {
                    page.addTo(found, i);
                    lower = upper;
                    continue;
                }
                boolean before = isWhole;
                isWhole = true;
                if (ownLevel > 1) {
                    checkKeyPage(page.child(i), page.payloadCrc(i), ownLevel - 1, lower, upper, below);
                } else {
                    checkLeaf(page.child(i), page.payloadCrc(i), lower, upper, below);
                }
                if (isWhole) {
                    compareWithParent(pointer, page, i, below);
                }
                isWhole &= before;
                found.add(below);
                lower = upper;
            }
            found.newestBirth = Math.max(found.newestBirth, PageHeader.birth(raw, 0));
        } finally {
            filter = null;
            raw.release();
            if (filterRaw != null) {
                filterRaw.release();
            }
        }
    }

    private void compareWithParent(long pointer, KeyPage page, int child, Aggregation below) {
        Aggregation said = new Aggregation();
        said.entries = page.entries(child);
        said.bytes = page.bytes(child);
        said.tombstones = page.tombstones(child);
        said.newestBirth = page.newestBirth(child);
        requireOrTell(
                said.toString().equals(below.toString()),
                pointer,
                "of child " + child + ": " + below + ", which is what stands below it",
                said.toString());
    }

    private void checkLeaf(long pointer, int payloadCrc, byte[] from, byte[] to, Aggregation found) {
        Memory raw = load(pointer, payloadCrc, PageKind.LEAF, 0);
        if (raw == null) {
            return;
        }
        try {
            LeafPage leaf = new LeafPage(raw);
            for (int i = 0; i < leaf.count(); i++) {
                byte[] key = leaf.key(i);
                requireOrTell(
                        Arrays.compareUnsigned(from, key) <= 0
                                && (to == null || Arrays.compareUnsigned(key, to) < 0)
                                && (lastKey == null || Arrays.compareUnsigned(lastKey, key) < 0),
                        pointer,
                        "keys that ascend and keep within the separators",
                        "entry " + i + ", which does not");
                requireOrTell(
                        leaf.search(key, 0, key.length) == i, pointer, "entry " + i + " to be found by its key", "not");
                requireOrTell(
                        filter == null || filter.mayContain(KeyHash.of(key, 0, key.length)),
                        pointer,
                        "entry " + i + " to be in the filter",
                        "not");
                int operation = leaf.operation(i);
                long valueLength = operation == OperationCode.PUT_REF
                        ? checkReference(pointer, leaf, leaf.valueOffset(i), merged.of(key, 0, key.length) == null)
                        : leaf.valueLength(i);
                found.addEntry(key.length + valueLength, operation == OperationCode.DELETE);
                firstKey = firstKey == null ? key : firstKey;
                lastKey = key;
            }
            found.newestBirth = PageHeader.birth(raw, 0);
        } finally {
            raw.release();
        }
    }

    /** @param counts whether the entry does; else its value may be gone */
    private long checkReference(long leafPointer, LeafPage leaf, int at, boolean counts) {
        long home = ValueReference.home(leaf.memory(), at);
        long length = ValueReference.valueLength(leaf.memory(), at);
        int index = ValueReference.index(leaf.memory(), at);
        if (!counts) {
            return length;
        }
        if (ValueReference.isChunked(leaf.memory(), at)) {
            checkChunks(home, ValueReference.payloadCrc(leaf.memory(), at), length);
            return length;
        }
        live.computeIfAbsent(Pointer.zone(home), zone -> new RoaringBitmap())
                .add(ValueReference.firstUnit(leaf.memory(), at), ValueReference.endUnit(leaf.memory(), at));
        if (home != valuesPointer) {
            forgetValues();
            values = load(home, ValueReference.payloadCrc(leaf.memory(), at), PageKind.VALUES, 0);
            valuesPointer = home;
        }
        if (values != null) {
            ValuePage page = new ValuePage(values);
            requireOrTell(
                    index < page.count()
                            && page.valueLength(index) == length
                            && page.count() == ValueReference.count(leaf.memory(), at)
                            && PageHeader.storedLength(values, 0) == ValueReference.storedLength(leaf.memory(), at),
                    leafPointer,
                    "a reference to one of " + page.count() + " values",
                    "value " + index + " of " + length + " bytes");
        }
        return length;
    }

    private void checkChunks(long listPointer, int payloadCrc, long length) {
        Memory list = load(listPointer, payloadCrc, PageKind.CHUNKS, 0);
        if (list == null) {
            return;
        }
        try {
            ChunkList chunks = new ChunkList(list);
            requireOrTell(
                    chunks.length() == length,
                    listPointer,
                    "a list of chunks of " + length + " bytes",
                    chunks.length() + " bytes");
            for (int i = 0; i < chunks.count(); i++) {
                Memory chunk = load(chunks.home(i), chunks.payloadCrc(i), PageKind.VALUES, 0);
                if (chunk != null) {
                    note(chunks.home(i), PageHeader.storedLength(chunk, 0));
                    ValuePage page = new ValuePage(chunk);
                    requireOrTell(
                            page.count() == 1 && page.valueLength(0) == chunks.chunkLength(i),
                            chunks.home(i),
                            "a page with one value of " + chunks.chunkLength(i) + " bytes",
                            page.count() + " values, the first of " + page.valueLength(0) + " bytes");
                    chunk.release();
                }
            }
        } finally {
            list.release();
        }
    }

    private void forgetValues() {
        if (values != null) {
            values.release();
        }
        values = null;
        valuesPointer = Pointer.NULL;
    }

    private void compareWithManifest(Aggregation found) {
        requireOrTell(
                found.entries == run.entries() && found.bytes == run.bytes() && found.tombstones == run.tombstones(),
                run.root(),
                "what the manifest says of run " + run.id() + ": " + run.entries() + " entries, " + run.bytes()
                        + " bytes, " + run.tombstones() + " tombstones",
                found.toString());
        requireOrTell(
                firstKey == null
                        || Arrays.compareUnsigned(run.firstKey(), firstKey) <= 0
                                && Arrays.compareUnsigned(lastKey, run.lastKey()) <= 0,
                run.root(),
                "keys between the first and the last that the manifest says of run " + run.id(),
                "others");
    }

    private void requireOrTell(boolean holds, long pointer, String expected, String found) {
        try {
            require(holds, pointer, expected, found);
        } catch (CorruptionException e) {
            findings.accept(e);
        }
    }

    private void require(boolean holds, long pointer, String expected, String found) {
        if (!holds) {
            ZoneReader zone = zones.apply(Pointer.zone(pointer));
            throw new CorruptionException(zone.name(), Pointer.offset(pointer), expected, found);
        }
    }
}
