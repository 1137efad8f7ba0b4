package dev.cambium.log;

import dev.cambium.compaction.ChunkedValue;
import dev.cambium.error.CorruptionException;
import dev.cambium.run.Zones;
import dev.cambium.segment.disk.ZoneFile;
import dev.cambium.segment.disk.ZoneFileSystem;
import dev.cambium.segment.log.LogRecord;
import dev.cambium.segment.log.Operation;
import dev.cambium.segment.log.OperationCode;
import dev.cambium.segment.manifest.ManifestRecord;
import dev.cambium.segment.manifest.ManifestRecord.ZoneState;
import dev.cambium.segment.manifest.ManifestState;
import dev.cambium.segment.memory.Memory;
import dev.cambium.segment.page.PageHeader;
import dev.cambium.segment.page.Pointer;
import dev.cambium.segment.page.ValueReference;
import dev.cambium.segment.zone.SharedZone;
import dev.cambium.segment.zone.ZoneFiles;
import dev.cambium.segment.zone.ZoneReader;
import dev.cambium.segment.zone.ZoneWalk;
import dev.cambium.segment.zone.ZoneWriter;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * The pages of long values that the log of a dead writer refers to behind the named ends of zones: which are there, and so how long those zones are. Changes nothing on disk.
 *
 * <p>What a record refers to that was promised is there, or damage; whoever reads the value is told. What any other record refers to may be lost, so it is read and verified, and
 * all that stands before it in its zone with it: what is named as part of a zone is whole. Each byte is read once, a page at a time. For one thread.
 */
final class UnnamedPages implements AutoCloseable {
    private final ZoneFileSystem disk;
    private final byte[] storeId;
    private final ManifestState state;
    private final Map<Integer, OpenedZone> zones = new HashMap<>();
    private final SortedMap<Integer, Long> ends = new TreeMap<>();

    UnnamedPages(ZoneFileSystem disk, byte[] storeId, ManifestState state) {
        this.disk = disk;
        this.storeId = storeId;
        this.state = state;
    }

    /** A page that a record refers to. */
    private record Page(long pointer, int payloadCrc, int storedLength) {
        long end() {
            return Pointer.offset(pointer) + (long) Pointer.paddedLength(storedLength);
        }
    }

    /** Whether there is a zone in which the log may refer to more than is named. */
    boolean canBe() {
        return state.zones().values().stream().anyMatch(UnnamedPages::canBeIn);
    }

    private static boolean canBeIn(ManifestRecord.Zone zone) {
        return Zones.isOfPuts(zone.stream()) && zone.state() == ZoneState.OPEN;
    }

    /** How long zones are of which the log refers to more than is named, by what was noted. */
    SortedMap<Integer, Long> ends() {
        return ends;
    }

    /**
     * Notes what a record refers to that was promised.
     *
     * @throws CorruptionException where a zone ends before that
     */
    void require(Memory content, int record) {
        for (int reference : references(content, record)) {
            for (Page page : pages(content, reference, false)) {
                if (!isNamed(page)) {
                    OpenedZone zone = zone(Pointer.zone(page.pointer));
                    if (page.end() > zone.length) {
                        throw new CorruptionException(
                                ZoneFiles.name(Pointer.zone(page.pointer)),
                                Pointer.offset(page.pointer),
                                "a page of " + page.storedLength + " bytes, which a log refers to",
                                "a file of " + zone.length);
                    }
                    note(page);
                }
            }
        }
    }

    /** Whether all is there that a record refers to which may be lost; notes it where it is. */
    boolean holds(Memory content, int record) {
        List<Page> found = new ArrayList<>();
        try {
            for (int reference : references(content, record)) {
                for (Page page : pages(content, reference, true)) {
                    if (!isNamed(page)) {
                        if (!zone(Pointer.zone(page.pointer)).holds(page)) {
                            return false;
                        }
                        found.add(page);
                    }
                }
            }
        } catch (CorruptionException e) {
            return false; // the list of chunks, or the header of one
        }
        found.forEach(this::note);
        return true;
    }

    private void note(Page page) {
        ends.merge(Pointer.zone(page.pointer), page.end(), Math::max);
    }

    /** Whether it counts already, or is not for this class to judge: a page of a zone that can have no more than is named. */
    private boolean isNamed(Page page) {
        ManifestRecord.Zone zone = state.zones().get(Pointer.zone(page.pointer));
        return zone == null || page.end() <= zone.length() || !canBeIn(zone);
    }

    /** Where in the content a record's references stand. */
    private static List<Integer> references(Memory content, int record) {
        List<Integer> references = List.of();
        int at = record + LogRecord.OPERATIONS_OFFSET;
        for (int i = LogRecord.count(content, record); i > 0; i--) {
            if (Operation.code(content, at) == OperationCode.PUT_REF) {
                references = references.isEmpty() ? new ArrayList<>() : references;
                references.add(Operation.valueOffset(content, at));
            }
            at += Operation.length(content, at);
        }
        return references;
    }

    /**
     * The pages that a value stands in.
     *
     * @param strictly whether to throw where some cannot be told, since a page that says so is damaged; else those are left out
     */
    private List<Page> pages(Memory content, int reference, boolean strictly) {
        List<Page> pages = new ArrayList<>();
        pages.add(new Page(
                ValueReference.home(content, reference),
                ValueReference.payloadCrc(content, reference),
                ValueReference.storedLength(content, reference)));
        if (!ValueReference.isChunked(content, reference)) {
            return pages;
        }
        boolean mayBeLost = strictly && !isNamed(pages.get(0));
        if (mayBeLost && !zone(Pointer.zone(pages.get(0).pointer)).holds(pages.get(0))) {
            return pages; // not there, which is all that matters
        }
        try (ChunkedValue value =
                ChunkedValue.open(pointer -> zone(Pointer.zone(pointer)).shared, storeId, content, reference)) {
            for (int i = 0; i < value.count(); i++) {
                pages.add(chunk(value.chunkHome(i), value.chunkPayloadCrc(i), strictly));
            }
        } catch (CorruptionException e) {
            if (mayBeLost) {
                throw e;
            }
        }
        return pages;
    }

    private Page chunk(long pointer, int payloadCrc, boolean strictly) {
        Memory header = Memory.allocate(PageHeader.LENGTH);
        try {
            ZoneReader zone = zone(Pointer.zone(pointer)).shared.reader();
            zone.readHeader(pointer, header);
            PageHeader.check(
                    header, 0, Integer.MAX_VALUE, storeId, Pointer.zone(pointer), Pointer.offset(pointer), zone.name());
            return new Page(pointer, payloadCrc, PageHeader.storedLength(header, 0));
        } catch (CorruptionException e) {
            Page least = new Page(pointer, payloadCrc, PageHeader.LENGTH);
            if (strictly && !isNamed(least)) {
                throw e;
            }
            return least;
        } finally {
            header.release();
        }
    }

    /** A zone's file, as far as it reaches. */
    private final class OpenedZone {
        private final SharedZone shared;
        private final ZoneFile file;
        private final long length;
        private ZoneWalk walk; // null until something may be lost
        private long wholeTo;
        private boolean isBroken;

        OpenedZone(int number) {
            file = disk.openReadOnly(ZoneFiles.name(number));
            try {
                length = Math.min(file.length(), ZoneWriter.MAX_LENGTH) & -Pointer.ALIGNMENT;
                shared = new SharedZone(ZoneReader.open(disk, number, storeId, length), () -> {});
            } catch (RuntimeException | Error e) {
                file.close();
                throw e;
            }
        }

        /** Whether a page is what is meant, and it and all before it is whole. */
        boolean holds(Page page) {
            int number = Pointer.zone(page.pointer);
            if (page.end() > length) {
                return false;
            }
            if (walk == null) { // what was promised is there, and all before it
                wholeTo = Math.max(state.zones().get(number).length(), ends.getOrDefault(number, 0L));
                walk = ZoneWalk.behind(file, number, storeId, wholeTo, length);
            }
            while (wholeTo < page.end() && !isBroken) {
                goOn();
            }
            return wholeTo >= page.end() && isAt(page);
        }

        private void goOn() {
            try {
                isBroken = !walk.next();
                wholeTo = isBroken ? wholeTo : walk.end();
            } catch (CorruptionException e) {
                isBroken = true;
            }
        }

        private boolean isAt(Page page) {
            Memory header = Memory.allocate(PageHeader.LENGTH);
            try {
                shared.reader().readHeader(page.pointer, header);
                return PageHeader.self(header, 0) == page.pointer
                        && PageHeader.payloadCrc(header, 0) == page.payloadCrc
                        && PageHeader.storedLength(header, 0) == page.storedLength;
            } finally {
                header.release();
            }
        }

        void close() {
            shared.release();
            if (walk != null) {
                walk.close();
            }
            file.close();
        }
    }

    private OpenedZone zone(int number) {
        OpenedZone known = zones.get(number);
        if (known == null) {
            if (!state.zones().containsKey(number) || !disk.exists(ZoneFiles.name(number))) {
                throw new CorruptionException(
                        ZoneFiles.name(number), 0, "a zone with a page that a log refers to", "none that is named");
            }
            known = new OpenedZone(number);
            zones.put(number, known);
        }
        return known;
    }

    /** Closes the files. */
    @Override
    public void close() {
        zones.values().forEach(OpenedZone::close);
        zones.clear();
    }
}
