package dev.cambium.run;

import dev.cambium.error.StoreException;
import dev.cambium.segment.disk.ZoneFile;
import dev.cambium.segment.disk.ZoneFileSystem;
import dev.cambium.segment.memory.Memory;

/**
 * Room on the disk that is kept for the day on which there is none: the file {@code RESERVE}, of zeros, about a 64th of what is live. A cleaner has to write
 * before it can give back; on a full disk this file is deleted for it, and made again once there is room. The store is whole without it.
 *
 * <p>Errors: none; where it cannot be made, there is none. For one thread.
 */
final class DiskReserve {
    static final String NAME = "RESERVE";

    private static final int PART_OF_LIVE = 64;
    private static final long MOST = 256L << 20;
    private static final int STEP_BYTES = 1 << 20;

    private final ZoneFileSystem disk;
    private final long leastLive;
    private long length;
    private long wanted; // while it is being made; else 0
    private boolean isGivenUp;
    private boolean isHopeless; // until room is given back

    /** @param leastLive bytes of pages; a store with less that is live has none */
    DiskReserve(ZoneFileSystem disk, long leastLive) {
        this.disk = disk;
        this.leastLive = leastLive;
        if (disk.exists(NAME)) {
            try (ZoneFile file = disk.openReadOnly(NAME)) {
                length = file.length();
            } catch (StoreException e) {
                length = 0; // it is written anew
            }
        }
    }

    /** The disk is full: deletes it; returns whether that has made room. */
    boolean giveUp() {
        isGivenUp = true;
        isHopeless = true;
        return delete();
    }

    private boolean delete() {
        wanted = 0;
        boolean wasThere = length > 0;
        length = 0;
        try {
            if (disk.exists(NAME)) {
                disk.delete(NAME);
            }
            return wasThere;
        } catch (StoreException e) {
            System.getLogger("dev.cambium")
                    .log(System.Logger.Level.WARNING, "the reserve cannot be given up: {0}", e.getMessage());
            return false;
        }
    }

    /** Whether the disk has been full, and it has not been made again since. */
    boolean isGivenUp() {
        return isGivenUp;
    }

    /** Room was given back: there may be some for it. */
    void noteRoom() {
        isHopeless = false;
    }

    /**
     * Makes some of it, where it is too short for what is live; returns whether there was something to do.
     *
     * @param liveBytes of the pages that are live
     */
    boolean step(long liveBytes) {
        long due = liveBytes < leastLive ? 0 : Math.min(MOST, liveBytes / PART_OF_LIVE);
        if (isHopeless) {
            return false;
        }
        if (wanted == 0) {
            if (length >= due / 2) {
                isGivenUp = false;
                return false;
            }
            wanted = due;
        }
        try {
            grow();
        } catch (StoreException e) {
            isHopeless = true; // who is short of room is not to be shorter for this
            delete();
        }
        return true;
    }

    private void grow() {
        int more = (int) Math.min(STEP_BYTES, wanted - length);
        Memory zeros = Memory.allocate(more);
        try (ZoneFile file = disk.exists(NAME) ? disk.open(NAME) : disk.create(NAME)) {
            zeros.zero(0, more);
            file.write(length, zeros, 0, more);
            length += more;
            if (length >= wanted) {
                file.force(true);
                wanted = 0;
                isGivenUp = false;
            }
        } finally {
            zeros.release();
        }
        if (wanted == 0) {
            disk.forceDirectory();
        }
    }
}
