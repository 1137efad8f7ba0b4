package dev.cambium.tools.dump;

import dev.cambium.error.CorruptionException;
import dev.cambium.segment.disk.ZoneFile;
import dev.cambium.segment.memory.Memory;
import dev.cambium.segment.zone.ZoneDirectory;
import dev.cambium.segment.zone.ZoneFooter;
import java.util.List;
import java.util.Set;

/** Shows what ends a sealed zone, its directory and footer, and compares the directory with the pages. */
final class ZoneEndDump {
    private static final Layout FOOTER = Layout.empty()
            .text("magic", 8)
            .u64("zoneNumber")
            .u32("dataEnd")
            .u32("directoryOffset")
            .u32("count")
            .zero(4)
            .zero(28)
            .hex("crc", 4);

    private final ZoneFile file;
    private final long footerAt;
    private final Part footer;
    private final int dataEnd;
    private final int count;

    private ZoneEndDump(ZoneFile file, long footerAt, Part footer, int dataEnd, int count) {
        this.file = file;
        this.footerAt = footerAt;
        this.footer = footer;
        this.dataEnd = dataEnd;
        this.count = count;
    }

    /** Reads the footer that ends at {@code end}; there are at least as many bytes in the file. */
    static ZoneEndDump read(ZoneFile file, int zone, long end) {
        long at = end - ZoneFooter.LENGTH;
        Memory memory = Memory.allocate(ZoneFooter.LENGTH);
        try {
            file.read(at, memory, 0, ZoneFooter.LENGTH);
            Part part = FOOTER.read(new Part("footer", at, Part.Style.BLOCK), memory, 0, at);
            try {
                ZoneFooter.check(memory, 0, zone, file.name(), at);
            } catch (CorruptionException e) {
                part.broken(e.getMessage());
            }
            return new ZoneEndDump(
                    file,
                    at,
                    part,
                    part.holds() ? memory.getInt(ZoneFooter.DATA_END_OFFSET) : 0,
                    part.holds() ? memory.getInt(ZoneFooter.COUNT_OFFSET) : 0);
        } finally {
            memory.release();
        }
    }

    /** Whether something that calls itself a footer ends at {@code end}. */
    static boolean isThere(ZoneFile file, long end) {
        if (end < 4096 + ZoneFooter.LENGTH) {
            return false;
        }
        Memory memory = Memory.allocate(ZoneFooter.LENGTH);
        try {
            file.read(end - ZoneFooter.LENGTH, memory, 0, ZoneFooter.LENGTH);
            return memory.getLong(0) == ZoneFooter.MAGIC;
        } finally {
            memory.release();
        }
    }

    boolean holds() {
        return footer.holds();
    }

    /** Where the pages end and the directory begins, if the footer holds. */
    int dataEnd() {
        return dataEnd;
    }

    /**
     * Shows both; returns whether they hold and agree with the pages.
     *
     * @param pages what the walk found, in order
     * @param damaged offsets at which the walk found a page that does not hold
     * @param limit entries to be shown; only so many pages were walked
     */
    boolean show(List<DirectoryEntry> pages, Set<Long> damaged, long limit, PartWriter out) {
        boolean sound = footer.holds();
        if (footer.holds()) {
            Memory directory = Memory.allocate((int) (footerAt - dataEnd));
            try {
                file.read(dataEnd, directory, 0, directory.capacity());
                sound &= directory(directory, pages, damaged, limit, out);
            } finally {
                directory.release();
            }
        }
        out.write(footer);
        return sound;
    }

    private boolean directory(
            Memory directory, List<DirectoryEntry> pages, Set<Long> damaged, long limit, PartWriter out) {
        Part head = new Part("directory", dataEnd, Part.Style.LINE).field("count", footerAt + 24, (long) count);
        try {
            ZoneDirectory.check(directory, 0, count, file.name(), dataEnd);
        } catch (CorruptionException e) {
            head.broken(e.getMessage());
        }
        out.write(head);
        boolean sound = head.holds();
        int next = 0; // of the pages, which are in order as the entries must be
        long before = 0;
        for (int i = 0; i < count && !out.isClosed(); i++) {
            if (i == limit) {
                out.write(new Part("end", dataEnd + (long) ZoneDirectory.ENTRY_LENGTH * i, Part.Style.LINE)
                        .remark("stops here: --limit is reached"));
                return sound;
            }
            int at = i * ZoneDirectory.ENTRY_LENGTH;
            DirectoryEntry entry = DirectoryEntry.read(directory, at);
            for (; next < pages.size() && pages.get(next).offset() < entry.offset(); next++) {
                sound = false;
                out.write(missing(pages.get(next)));
            }
            Part shown = DirectoryEntry.show(directory, at, dataEnd + (long) at);
            DirectoryEntry page = next < pages.size() && pages.get(next).offset() == entry.offset() //
                    ? pages.get(next++)
                    : null;
            if (entry.offset() <= before) {
                shown.broken("it is not behind the one before");
            } else if (page == null) {
                compareWithNone(shown, damaged.contains(entry.offset()));
            } else if (!entry.equals(page)) {
                shown.broken("the page has another " + String.join(", ", entry.differences(page)));
            }
            before = entry.offset();
            sound &= shown.holds();
            out.write(shown);
        }
        for (; next < pages.size() && !out.isClosed(); next++) {
            sound = false;
            out.write(missing(pages.get(next)));
        }
        return sound;
    }

    private static void compareWithNone(Part entry, boolean isDamaged) {
        if (isDamaged) {
            entry.remark("the page does not hold");
        } else {
            entry.broken("no page that holds begins there");
        }
    }

    private Part missing(DirectoryEntry page) {
        return new Part("missing entry", dataEnd, Part.Style.LINE)
                .field("offset", dataEnd, page.offset())
                .broken("the directory does not have the page");
    }
}
