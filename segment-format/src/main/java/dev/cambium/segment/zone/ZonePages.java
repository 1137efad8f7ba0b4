package dev.cambium.segment.zone;

import dev.cambium.error.CorruptionException;
import dev.cambium.segment.disk.ZoneFile;
import dev.cambium.segment.disk.ZoneFileSystem;
import dev.cambium.segment.memory.Memory;
import dev.cambium.segment.page.Pointer;
import java.util.Arrays;
import org.roaringbitmap.RoaringBitmap;

/**
 * Where the pages of a sealed zone begin and end, as its directory says, and so where holes may be: a page is read as a whole, so it lives as long as
 * one of its units does, and only what lies in pages that do not live may be punched. Immutable.
 */
public final class ZonePages {
    private static final int HOLE_UNITS = ZoneFileSystem.HOLE_ALIGNMENT / Pointer.ALIGNMENT;

    private final int[] offsets; // of the pages, ascending; behind the last one where it ends

    private ZonePages(int[] offsets) {
        this.offsets = offsets;
    }

    /**
     * Reads a zone's directory.
     *
     * @param length what counts of the file, which footer and directory end
     * @throws CorruptionException where those do not hold, or pages do not follow each other
     */
    public static ZonePages read(ZoneFile file, int zone, long length) {
        try (ZoneEnd end = ZoneEnd.read(file, zone, length)) {
            return of(end.directory(), end.count(), end.dataEnd(), file.name());
        }
    }

    /** Those in a directory that holds. */
    static ZonePages of(Memory directory, int count, int dataEnd, String file) {
        int[] offsets = new int[count + 1];
        offsets[count] = dataEnd;
        int end = ZoneHeader.LENGTH;
        for (int i = 0; i < count; i++) {
            int at = i * ZoneDirectory.ENTRY_LENGTH;
            offsets[i] = directory.getInt(at + ZoneDirectory.OFFSET_OFFSET);
            long next = Pointer.paddedLength(directory.getInt(at + ZoneDirectory.STORED_LENGTH_OFFSET)) + (long) end;
            if (offsets[i] != end || next <= end || next > dataEnd) {
                throw new CorruptionException(
                        file,
                        dataEnd + (long) at,
                        "a page at " + end + " that ends by " + dataEnd,
                        "one at " + offsets[i] + " that ends at " + next);
            }
            end = (int) next;
        }
        if (end != dataEnd) {
            throw new CorruptionException(file, dataEnd, "pages up to here", "pages up to " + end);
        }
        return new ZonePages(offsets);
    }

    /** The units of the whole blocks that lie in pages of which nothing lives. */
    public RoaringBitmap dead(RoaringBitmap live) {
        RoaringBitmap dead = new RoaringBitmap();
        for (int i = 0; i + 1 < offsets.length; ) {
            int from = i;
            while (i + 1 < offsets.length && isDead(i, live)) {
                i++;
            }
            int first = (offsets[from] + ZoneFileSystem.HOLE_ALIGNMENT - 1) / ZoneFileSystem.HOLE_ALIGNMENT;
            int end = offsets[i] / ZoneFileSystem.HOLE_ALIGNMENT;
            if (first < end) {
                dead.add((long) first * HOLE_UNITS, (long) end * HOLE_UNITS);
            }
            i = from == i ? i + 1 : i;
        }
        return dead;
    }

    private boolean isDead(int index, RoaringBitmap live) {
        return !live.intersects(offsets[index] / Pointer.ALIGNMENT, offsets[index + 1] / Pointer.ALIGNMENT);
    }

    /**
     * Where the page ends that begins at an offset and does not hold, because a hole is in it: one of its blocks is dead and reads as zeros. -1 where
     * no page begins, or it is damaged otherwise.
     *
     * @param dead what {@link #dead} has given
     */
    public int endOfPunched(ZoneFile file, long offset, RoaringBitmap dead) {
        int index = Arrays.binarySearch(offsets, (int) offset);
        if (index < 0 || index + 1 == offsets.length) {
            return -1;
        }
        Memory block = Memory.allocate(ZoneFileSystem.HOLE_ALIGNMENT);
        try {
            long at = offset & -ZoneFileSystem.HOLE_ALIGNMENT;
            for (; at < offsets[index + 1]; at += ZoneFileSystem.HOLE_ALIGNMENT) {
                if (dead.contains((int) (at / Pointer.ALIGNMENT))) { // then so is every page that it is in
                    file.read(at, block, 0, ZoneFileSystem.HOLE_ALIGNMENT);
                    if (block.isZero(0, ZoneFileSystem.HOLE_ALIGNMENT)) {
                        return offsets[index + 1];
                    }
                }
            }
            return -1;
        } finally {
            block.release();
        }
    }
}
