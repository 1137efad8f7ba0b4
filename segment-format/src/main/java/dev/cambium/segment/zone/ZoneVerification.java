package dev.cambium.segment.zone;

import dev.cambium.error.CorruptionException;
import dev.cambium.segment.disk.ZoneFile;
import dev.cambium.segment.disk.ZoneFileSystem;
import dev.cambium.segment.memory.Memory;
import java.util.HexFormat;
import java.util.function.Consumer;
import org.roaringbitmap.RoaringBitmap;

/**
 * Reads every used byte of one zone: header, pages, the zeros between, and of a sealed zone directory and footer, which have to agree
 * with the pages. Where nothing lives, holes may be: a page that has one is passed over. Changes nothing; goes on behind what is damaged. For one thread.
 */
public final class ZoneVerification {
    private final ZoneFile file;
    private final int zone;
    private final byte[] storeId;
    private final long length;
    private final RoaringBitmap live;
    private final Consumer<CorruptionException> findings;
    private int pages;

    private ZoneVerification(
            ZoneFile file,
            int zone,
            byte[] storeId,
            long length,
            RoaringBitmap live,
            Consumer<CorruptionException> findings) {
        this.file = file;
        this.zone = zone;
        this.storeId = storeId;
        this.length = length;
        this.live = live;
        this.findings = findings;
    }

    /**
     * Verifies a zone that the manifest names.
     *
     * @param length what counts of the file, as the manifest says
     * @param isSealed whether directory and footer end it
     * @param live units of it in which something lives, as the manifest says
     * @return how many intact pages it has
     */
    public static int run(
            ZoneFileSystem disk,
            int zone,
            byte[] storeId,
            long length,
            boolean isSealed,
            RoaringBitmap live,
            Consumer<CorruptionException> findings) {
        String name = ZoneFiles.name(zone);
        if (!disk.exists(name)) {
            findings.accept(new CorruptionException(name, 0, "the zone that the manifest names", "no file"));
            return 0;
        }
        try (ZoneFile file = disk.openReadOnly(name)) {
            ZoneVerification verification = new ZoneVerification(file, zone, storeId, length, live, findings);
            try {
                if (isSealed) {
                    verification.checkSealed();
                } else {
                    verification.checkPages(length, null, null);
                }
            } catch (CorruptionException e) {
                findings.accept(e);
            }
            return verification.pages;
        }
    }

    private void checkSealed() {
        try (ZoneEnd end = ZoneEnd.read(file, zone, length)) {
            checkPages(end.dataEnd(), end.directory(), pagesOf(end.directory(), end.count(), end.dataEnd()));
            if (pages > end.count()) {
                throw new CorruptionException(
                        file.name(),
                        length - ZoneFooter.LENGTH + ZoneFooter.COUNT_OFFSET,
                        "as many directory entries as pages, " + pages,
                        end.count() + "");
            }
        }
    }

    /** Where holes may be; nowhere where the directory contradicts itself, which the pages will show. */
    private ZonePages pagesOf(Memory directory, int count, int dataEnd) {
        try {
            return ZonePages.of(directory, count, dataEnd, file.name());
        } catch (CorruptionException e) {
            return null;
        }
    }

    /** Goes through the pages; those that are intact stand in the directory, where there is one. */
    private void checkPages(long end, Memory directory, ZonePages where) {
        RoaringBitmap dead = where == null ? null : where.dead(live);
        Memory expected = Memory.allocate(ZoneDirectory.ENTRY_LENGTH);
        try (ZoneWalk walk = new ZoneWalk(file, zone, storeId, end)) {
            int index = 0;
            boolean on = true;
            while (on) {
                try {
                    on = walk.next();
                    if (on) {
                        pages++;
                        ZoneDirectory.putEntry(expected, 0, walk.offset(), walk.page(), 0, walk.firstKey());
                        index = compare(directory, index, expected, end);
                    }
                } catch (CorruptionException e) {
                    int punchedTo = where == null ? -1 : where.endOfPunched(file, walk.offset(), dead);
                    if (punchedTo >= 0) {
                        walk.skipTo(punchedTo);
                        continue;
                    }
                    findings.accept(e);
                    on = walk.skip();
                }
            }
        } finally {
            expected.release();
        }
    }

    /** Looks for a page in the directory, from an entry on; returns the entry behind it. */
    private int compare(Memory directory, int index, Memory expected, long directoryAt) {
        if (directory == null) {
            return index;
        }
        int offset = expected.getInt(ZoneDirectory.OFFSET_OFFSET);
        int count = (int) ((length - ZoneFooter.LENGTH - directoryAt - 4) / ZoneDirectory.ENTRY_LENGTH);
        int at = index;
        while (at < count && directory.getInt(at * ZoneDirectory.ENTRY_LENGTH) < offset) {
            at++; // of a damaged page
        }
        int entryAt = at * ZoneDirectory.ENTRY_LENGTH;
        byte[] found = at < count ? directory.toArray(entryAt, ZoneDirectory.ENTRY_LENGTH) : new byte[0];
        if (found.length == 0 || !expected.equal(0, found, 0, ZoneDirectory.ENTRY_LENGTH)) {
            HexFormat hex = HexFormat.of();
            findings.accept(new CorruptionException(
                    file.name(),
                    directoryAt + entryAt,
                    "the directory entry " + hex.formatHex(expected.toArray(0, ZoneDirectory.ENTRY_LENGTH)),
                    found.length == 0 ? "none" : hex.formatHex(found)));
        }
        return at < count ? at + 1 : at;
    }
}
