package dev.cambium.run;

import dev.cambium.error.StoreException;
import dev.cambium.segment.disk.ZoneFileSystem;
import dev.cambium.segment.zone.ZoneFiles;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;

/**
 * Zones that the manifest no longer names, until their files are deleted: not before a lost edit can no longer bring them back, and
 * nobody has them open. Safe for any thread.
 */
final class DeadZones {
    private final ZoneFileSystem disk;
    private final TreeSet<Integer> droppedByLatest = new TreeSet<>();
    private final TreeSet<Integer> dropped = new TreeSet<>();
    private final TreeSet<Integer> closed = new TreeSet<>();

    DeadZones(ZoneFileSystem disk) {
        this.disk = disk;
    }

    /** The latest edit dropped this zone. */
    synchronized void drop(int zone) {
        droppedByLatest.add(zone);
    }

    /** Nobody has the zone's file open any more; returns whether it can be deleted now. */
    synchronized boolean close(int zone) {
        closed.add(zone);
        return dropped.contains(zone);
    }

    /** Whether the latest edit dropped a zone, and could be lost. */
    synchronized boolean areUnconfirmed() {
        return !droppedByLatest.isEmpty();
    }

    /** The latest edit cannot be lost any more: a later one has been forced, or the superblock names it. */
    synchronized void confirm() {
        dropped.addAll(droppedByLatest);
        droppedByLatest.clear();
    }

    /** Deletes what can be deleted. What the system refuses is garbage that the next open deletes. */
    void delete() {
        List<Integer> dead = new ArrayList<>();
        synchronized (this) {
            dropped.removeIf(zone -> closed.remove(zone) && dead.add(zone));
        }
        for (int zone : dead) {
            delete(disk, zone);
        }
    }

    /** Deletes the file of a zone that nothing names, or leaves it to the next open. */
    static void delete(ZoneFileSystem disk, int zone) {
        try {
            disk.delete(ZoneFiles.name(zone));
        } catch (StoreException e) {
            System.getLogger("dev.cambium")
                    .log(System.Logger.Level.WARNING, "a dead zone is not deleted yet: {0}", e.getMessage());
        }
    }
}
