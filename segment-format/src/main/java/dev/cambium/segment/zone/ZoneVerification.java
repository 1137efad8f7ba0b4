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
        long footerAt = length - ZoneFooter.LENGTH;
        if (file.length() < length || footerAt < ZoneHeader.LENGTH) {
            throw new CorruptionException(
                    file.name(), 0, "a sealed zone of " + length + " bytes", file.length() + " bytes");
        }
        Memory footer = Memory.allocate(ZoneFooter.LENGTH);
        Memory directory = null;
        try {
            file.read(footerAt, footer, 0, ZoneFooter.LENGTH);
            ZoneFooter.check(footer, 0, zone, file.name(), footerAt);
            int count = footer.getInt(ZoneFooter.COUNT_OFFSET);
            long dataEnd = footer.getUnsignedInt(ZoneFooter.DATA_END_OFFSET);
            directory = Memory.allocate((int) ZoneDirectory.paddedLength(count));
            file.read(dataEnd, directory, 0, directory.capacity());
            ZoneDirectory.check(directory, 0, count, file.name(), dataEnd);
            checkPages(dataEnd, directory, pagesOf(directory, count, (int) dataEnd));
            if (pages > count) {
                throw new CorruptionException(
                        file.name(),
                        footerAt + ZoneFooter.COUNT_OFFSET,
                        "as many directory entries as pages, " + pages,
                        count + "");
            }
        } finally {
            footer.release();
            if (directory != null) {
                directory.release();
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
