package dev.cambium.run;

import dev.cambium.epoch.ReadEpochs;
import dev.cambium.error.StoreException;
import dev.cambium.segment.disk.ZoneFileSystem;
import dev.cambium.segment.frame.FrameCache;
import dev.cambium.segment.frame.WarmPages;
import dev.cambium.segment.page.Pointer;
import dev.cambium.segment.pool.BufferPool;
import dev.cambium.segment.runtime.Clock;
import dev.cambium.segment.zone.SharedZone;
import java.util.Comparator;
import java.util.stream.IntStream;

/**
 * Brings the pages that were in memory when the store was closed, or at its last checkpoint, back after it was opened: hottest first, some at
 * a time, as far as there is room. And notes which are there now. What it cannot do is logged, and does no harm. For one thread at a time.
 */
public final class WarmStart {
    private static final System.Logger LOGGER = System.getLogger("dev.cambium");
    private static final int STEP_PAGES = 64;
    private static final long LEAST_BETWEEN_SAVES_NANOS = 60_000_000_000L;

    private final ZoneFileSystem disk;
    private final byte[] storeId;
    private final BufferPool pool;
    private final FrameCache frames;
    private final ReadEpochs epochs;
    private final Zones zones;
    private final Clock clock;
    private WarmPages wanted; // null till they are read
    private int next;
    private long savedAt;

    public WarmStart(
            ZoneFileSystem disk,
            byte[] storeId,
            BufferPool pool,
            FrameCache frames,
            ReadEpochs epochs,
            Zones zones,
            Clock clock) {
        this.disk = disk;
        this.storeId = storeId;
        this.pool = pool;
        this.frames = frames;
        this.epochs = epochs;
        this.zones = zones;
        this.clock = clock;
        this.savedAt = clock.nanoTime();
    }

    private WarmPages read() {
        try {
            return WarmPages.read(disk, storeId, pool);
        } catch (StoreException e) {
            LOGGER.log(System.Logger.Level.INFO, "the store begins without its pages in memory: {0}", e.getMessage());
            return WarmPages.NONE;
        }
    }

    /** Loads some pages; returns whether there may be more. */
    boolean step() {
        if (wanted == null) {
            wanted = read();
        }
        int end = Math.min(wanted.count(), next + STEP_PAGES);
        if (next == end || !frames.hasRoom()) {
            wanted = WarmPages.NONE;
            next = 0;
            return false;
        }
        // As they lie, so that the disk reads ahead.
        int[] order = IntStream.range(next, end)
                .boxed()
                .sorted(Comparator.comparingLong(i -> wanted.pointers()[i]))
                .mapToInt(Integer::intValue)
                .toArray();
        next = end;
        for (int i : order) {
            load(wanted.pointers()[i], wanted.payloadCrcs()[i]);
        }
        return true;
    }

    private void load(long pointer, int payloadCrc) {
        if (!Pointer.isPlausible(pointer)) {
            return;
        }
        int slot = epochs.enter();
        try {
            SharedZone zone = zones.find(Pointer.zone(pointer));
            if (zone != null) {
                frames.prefetch(zone.reader(), pointer, payloadCrc);
            }
        } catch (StoreException e) {
            // The page is not what it was, or damaged: whoever needs it is told.
            LOGGER.log(System.Logger.Level.DEBUG, "a page is not brought back: {0}", e.getMessage());
        } finally {
            epochs.exit(slot);
        }
    }

    /** Notes which pages are in memory, unless that was done a short time ago. */
    void saveNowAndThen() {
        if (clock.nanoTime() - savedAt >= LEAST_BETWEEN_SAVES_NANOS) {
            save();
        }
    }

    /** Notes which pages are in memory. */
    public void save() {
        savedAt = clock.nanoTime();
        try {
            if (wanted == null) {
                wanted = read();
            }
            // What was not brought back yet is not forgotten: the store may have been open for a moment only.
            WarmPages pages = frames.residentPages(WarmPages.MOST_PAGES).followedBy(wanted, next);
            if (pages.count() > 0 || disk.exists(WarmPages.NAME)) {
                pages.write(disk, storeId, pool);
            }
        } catch (StoreException e) {
            LOGGER.log(
                    System.Logger.Level.INFO,
                    "which pages are in memory is not noted for the next open: {0}",
                    e.getMessage());
        }
    }
}
