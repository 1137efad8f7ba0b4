package dev.cambium.tools.dump;

import dev.cambium.segment.disk.ZoneFile;
import dev.cambium.segment.disk.ZoneFileSystem;
import dev.cambium.segment.manifest.ManifestRecord;
import dev.cambium.segment.manifest.Stretches;
import dev.cambium.segment.page.ChunkList;
import dev.cambium.segment.page.LeafPage;
import dev.cambium.segment.page.PageHeader;
import dev.cambium.segment.page.PageKind;
import dev.cambium.segment.page.Pointer;
import dev.cambium.segment.page.ValuePage;
import dev.cambium.segment.page.ValueReference;
import dev.cambium.segment.zone.ZoneFiles;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.function.LongPredicate;
import org.roaringbitmap.RoaringBitmap;

/** Reads the pages of one run, and keeps its zones open meanwhile. One thread. */
final class RunPages implements AutoCloseable {
    /** @param end behind which nothing is named */
    private record OpenZone(ZoneFile file, byte[] storeId, long end) {}

    private final ZoneFileSystem disk;
    private final StoreFacts facts;
    private final Map<Integer, OpenZone> zones = new HashMap<>();
    private final Set<Long> values = new HashSet<>();

    RunPages(ZoneFileSystem disk, StoreFacts facts) {
        this.disk = disk;
        this.facts = facts;
    }

    /** The zone, open; null where there is no such file. */
    private OpenZone zone(int number) {
        OpenZone known = zones.get(number);
        if (known != null) {
            return known;
        }
        ZoneFile file = FileReader.openIfThere(disk, ZoneFiles.name(number));
        if (file == null) {
            return null;
        }
        byte[] storeId = ZoneHeaderDump.read(file, number, facts.storeId()).storeId();
        ManifestRecord.Zone named = facts.zone(number);
        long end = named == null ? file.length() : Math.min(file.length(), named.length());
        OpenZone zone = new OpenZone(file, storeId, end);
        zones.put(number, zone);
        return zone;
    }

    /**
     * Reads the page that a pointer leads to. Says in {@code part} what is wrong with it.
     *
     * @param payloadCrc that is said of it
     * @param owners one of which it must have
     * @return null where it cannot be looked into
     */
    StoredPage read(long pointer, int payloadCrc, LongPredicate owners, Part part) {
        String name = "the page at " + new PageAddress(pointer).place();
        OpenZone zone = zone(Pointer.zone(pointer));
        if (zone == null) {
            part.broken("there is no " + ZoneFiles.name(Pointer.zone(pointer)));
            return null;
        }
        if (zone.end - Pointer.offset(pointer) < PageHeader.LENGTH) {
            part.broken(name + " lies behind the zone's end at " + zone.end);
            return null;
        }
        StoredPage page =
                StoredPage.read(zone.file, Pointer.zone(pointer), Pointer.offset(pointer), zone.end, zone.storeId);
        part.brokenUnlessNull(page.problem());
        if (page.hasHeader()) {
            if (PageHeader.self(page.stored(), 0) != pointer) {
                part.broken(name + " has the pointer " + new PageAddress(PageHeader.self(page.stored(), 0)));
            } else if (PageHeader.payloadCrc(page.stored(), 0) != payloadCrc) {
                part.broken(name + " has another payloadCrc");
            } else if (!owners.test(PageHeader.owner(page.stored(), 0))) {
                part.broken(name + " has another owner");
            } else if (!isOfManyValues(pointer, page) && !isLive(pointer, PageHeader.storedLength(page.stored(), 0))) {
                part.broken(name + " is not live in the manifest");
            }
        }
        boolean canBeUsed = page.hasHeader()
                && PageHeader.self(page.stored(), 0) == pointer
                && page.raw() != null
                && page.rawProblem() == null;
        if (!canBeUsed) {
            page.close();
            return null;
        }
        return page;
    }

    /** Whether a page has values of which each is live by itself. */
    private static boolean isOfManyValues(long pointer, StoredPage page) {
        return Pointer.kind(pointer) == PageKind.VALUES
                && page.raw() != null
                && page.rawProblem() == null
                && new ValuePage(page.raw()).count() > 1;
    }

    /** Whether the manifest calls all of a page live. */
    private boolean isLive(long pointer, int storedLength) {
        long first = Pointer.offset(pointer) / Pointer.ALIGNMENT;
        return areLive(Pointer.zone(pointer), first, first + Pointer.paddedLength(storedLength) / Pointer.ALIGNMENT);
    }

    private boolean areLive(int zone, long firstUnit, long endUnit) {
        RoaringBitmap units = facts.state().live().get(zone);
        return units != null && units.contains(firstUnit, endUnit);
    }

    /**
     * Reads the pages of values that a leaf refers to, each once, and says in {@code part} what is wrong with them.
     *
     * @param merged what of the run counts no more: of that, the values may be gone
     */
    void noteValues(LeafContent content, Stretches merged, Part part) {
        LeafPage leaf = content.page();
        for (int i = 0; i < leaf.count(); i++) {
            if (content.isReference(i)) {
                int at = leaf.valueOffset(i);
                byte[] key = leaf.key(i);
                if (merged.of(key, 0, key.length) != null) {
                    continue;
                }
                if (!areLive(
                        Pointer.zone(ValueReference.home(leaf.memory(), at)),
                        ValueReference.firstUnit(leaf.memory(), at),
                        ValueReference.endUnit(leaf.memory(), at))) {
                    part.broken("the value of key " + i + " is not live in the manifest");
                }
                noteValues(ValueReference.home(leaf.memory(), at), ValueReference.payloadCrc(leaf.memory(), at), part);
            }
        }
    }

    private void noteValues(long home, int payloadCrc, Part part) {
        if (!values.add(home)) {
            return;
        }
        try (StoredPage page = read(home, payloadCrc, owner -> owner == home, part)) {
            if (page == null || Pointer.kind(home) != PageKind.CHUNKS) {
                return;
            }
            ChunkList list = new ChunkList(page.raw());
            for (int i = 0; i < list.count(); i++) {
                noteValues(list.home(i), list.payloadCrc(i), part);
            }
        }
    }

    @Override
    public void close() {
        zones.values().forEach(zone -> zone.file.close());
    }
}
