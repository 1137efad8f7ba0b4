package dev.cambium.tools.dump;

import dev.cambium.error.CorruptionException;
import dev.cambium.error.FormatVersionException;
import dev.cambium.segment.disk.ZoneFile;
import dev.cambium.segment.disk.ZoneFileSystem;
import dev.cambium.segment.manifest.ManifestRecord;
import dev.cambium.segment.manifest.ManifestRecord.ZoneState;
import dev.cambium.segment.memory.Memory;
import dev.cambium.segment.page.PageHeader;
import dev.cambium.segment.page.PageOpener;
import dev.cambium.segment.page.Pointer;
import dev.cambium.segment.zone.ZoneFiles;
import dev.cambium.segment.zone.ZoneFooter;
import dev.cambium.segment.zone.ZoneHeader;
import dev.cambium.segment.zone.ZonePages;
import dev.cambium.segment.zone.ZoneWalk;
import dev.cambium.segment.zone.ZoneWriter;
import dev.cambium.tools.CommandException;
import dev.cambium.tools.ExitCode;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.roaringbitmap.RoaringBitmap;

/** Shows zones: docs/FORMAT.md, section 8. */
public final class ZoneDump {
    /*
     * A writer may have the store open. What the manifest names of a zone was forced before it was named and never changes; what
     * stands behind it is looked at only in a zone that is not named at all. Such a zone may end in the middle of a page: that
     * is told, and is no damage. Nor are holes: a page that does not hold is passed over where one of its blocks is zeros and, as the
     * manifest and the directory say, nothing lives in it.
     */
    private final PartWriter out;
    private final ZoneFile file;
    private final int zone;
    private final long limit;
    private final List<DirectoryEntry> pages = new ArrayList<>();
    private final Set<Long> damaged = new HashSet<>();
    private ZonePages where; // the pages are, of a sealed zone whose directory holds; or null
    private RoaringBitmap dead; // units that may be holes
    private boolean sound = true;

    private ZoneDump(PartWriter out, ZoneFile file, int zone, long limit) {
        this.out = out;
        this.file = file;
        this.zone = zone;
        this.limit = limit;
    }

    /**
     * Shows one zone, or all that the manifest names or that have a file; returns whether all holds that is named.
     *
     * @param asked number of a zone, 0 for all
     * @param limit pages to be shown of each
     */
    public static boolean run(ZoneFileSystem disk, long asked, long limit, PartWriter out) {
        if (asked > Pointer.MOST_ZONE) {
            throw new CommandException(ExitCode.USAGE, "the zone is " + asked + ", must be 1 to " + Pointer.MOST_ZONE);
        }
        StoreFacts facts = StoreFacts.read(disk);
        if (asked == 0) {
            return all(disk, facts, limit, out);
        }
        try (ZoneFile file = FileReader.open(disk, ZoneFiles.name((int) asked))) {
            return one(file, facts, (int) asked, limit, out);
        }
    }

    private static boolean all(ZoneFileSystem disk, StoreFacts facts, long limit, PartWriter out) {
        TreeSet<Integer> zones = new TreeSet<>(facts.state().zones().keySet());
        for (String name : disk.list()) {
            long number = ZoneFiles.numberOf(name);
            if (number > 0 && number <= Pointer.MOST_ZONE) {
                zones.add((int) number);
            }
        }
        if (zones.isEmpty()) {
            out.write(new Part("zones", 0, Part.Style.LINE).remark("there are none"));
        }
        boolean sound = true;
        for (int zone : zones) {
            if (out.isClosed()) {
                break;
            }
            try (ZoneFile file = FileReader.openIfThere(disk, ZoneFiles.name(zone))) {
                if (file != null) {
                    sound &= one(file, facts, zone, limit, out);
                } else if (facts.zone(zone) != null
                        && !StoreFacts.read(disk).isUnnamed(zone)) { // not dropped meanwhile
                    sound = false;
                    out.write(new Part(ZoneFiles.name(zone), 0, Part.Style.LINE)
                            .remark(facts.describe(zone))
                            .broken("there is no such file"));
                }
            }
        }
        return sound;
    }

    private static boolean one(ZoneFile file, StoreFacts facts, int zone, long limit, PartWriter out) {
        return new ZoneDump(out, file, zone, limit).run(facts) || facts.isUnnamed(zone);
    }

    private boolean run(StoreFacts facts) {
        long length = file.length();
        ManifestRecord.Zone named = facts.zone(zone);
        Part whole = new Part(file.name(), 0, Part.Style.LINE).remark(length + " bytes; " + facts.describe(zone));
        if (named != null && length < named.length()) {
            whole.broken("the file is shorter");
        }
        write(whole);
        ZoneHeaderDump header = ZoneHeaderDump.read(file, zone, facts.storeId());
        write(header.part());
        long end = named == null ? length : Math.min(length, named.length());
        boolean sealed = named == null ? ZoneEndDump.isThere(file, end) : named.state() == ZoneState.SEALED;
        boolean hasRoom = end >= ZoneHeader.LENGTH + ZoneFooter.LENGTH;
        ZoneEndDump ending = sealed && hasRoom ? ZoneEndDump.read(file, zone, end) : null;
        if (ending != null && ending.holds()) {
            findDead(facts, end);
            pages(header.storeId(), ending.dataEnd(), "the directory begins");
        } else {
            pages(header.storeId(), end, named == null ? "the file ends" : "the manifest names no more");
        }
        if (ending != null) {
            sound &= ending.show(pages, damaged, limit, out);
        }
        if (length > end) {
            out.write(new Part("unnamed", end, Part.Style.LINE)
                    .remark((length - end) + " bytes stand here that were never named: being written, or garbage"));
        }
        return sound;
    }

    private void findDead(StoreFacts facts, long end) {
        if (facts.zone(zone) != null) {
            try {
                where = ZonePages.read(file, zone, end);
                dead = where.dead(facts.state().live().getOrDefault(zone, new RoaringBitmap()));
            } catch (CorruptionException e) {
                where = null; // which is told where the directory is shown
            }
        }
    }

    private void write(Part part) {
        sound &= part.holds();
        out.write(part);
    }

    private void pages(byte[] storeId, long end, String reason) {
        long wholeEnd = Math.min(end, ZoneWriter.MAX_LENGTH) & -Pointer.ALIGNMENT;
        if (wholeEnd < ZoneHeader.LENGTH) {
            return;
        }
        try (ZoneWalk walk = ZoneWalk.ofPages(file, zone, storeId, wholeEnd)) {
            for (long shown = 0; !out.isClosed(); shown++) {
                String problem = null;
                try {
                    if (!walk.next()) {
                        break;
                    }
                } catch (CorruptionException | FormatVersionException e) {
                    problem = e.getMessage();
                }
                if (shown == limit) {
                    end(walk.offset(), shown, "--limit is reached");
                    return;
                }
                int punchedTo = problem == null || where == null ? -1 : where.endOfPunched(file, walk.offset(), dead);
                if (punchedTo >= 0) {
                    punched(walk.offset(), punchedTo);
                    walk.skipTo(punchedTo);
                    continue;
                }
                page(walk, problem);
                if (problem != null && !walk.skip()) {
                    end(wholeEnd, shown + 1, "no page that holds follows");
                    return;
                }
            }
            if (!out.isClosed()) {
                end(wholeEnd, pages.size() + damaged.size(), reason);
            }
        }
    }

    private void end(long at, long shown, String reason) {
        out.write(new Part("end", at, Part.Style.LINE).field("pages", at, shown).remark("stops here: " + reason));
    }

    private void punched(long from, long to) {
        damaged.add(from);
        out.write(new Part("punched", from, Part.Style.LINE)
                .field("end", from, to)
                .remark("of this page nothing lives, and a hole is in it"));
    }

    /** Shows the page that the walk stands on. */
    private void page(ZoneWalk walk, String problem) {
        Part part = PageHeaderDump.line(walk.page(), walk.offset()).brokenUnlessNull(problem);
        if (problem == null) {
            try {
                check(walk.page(), walk.offset());
                pages.add(DirectoryEntry.of(walk.page(), walk.offset(), walk.firstKey()));
                part.brokenUnlessNull(PageHeaderDump.ownerProblem(walk.page()));
            } catch (CorruptionException | FormatVersionException e) {
                part.broken(e.getMessage());
            }
        }
        if (!part.holds()) {
            damaged.add((long) walk.offset());
        }
        write(part);
    }

    /** Throws unless what is in a page lies inside it. */
    private void check(Memory stored, long offset) {
        Memory raw = Memory.allocate(PageHeader.rawLength(stored, 0));
        try {
            PageOpener.unpack(stored, 0, file.name(), offset, raw);
        } finally {
            raw.release();
        }
    }
}
