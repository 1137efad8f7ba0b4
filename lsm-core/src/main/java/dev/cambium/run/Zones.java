package dev.cambium.run;

import dev.cambium.compaction.ZoneSink;
import dev.cambium.error.StoreException;
import dev.cambium.segment.disk.ZoneFileSystem;
import dev.cambium.segment.frame.FrameCache;
import dev.cambium.segment.manifest.ManifestEdit;
import dev.cambium.segment.manifest.ManifestRecord;
import dev.cambium.segment.manifest.ManifestRecord.ZoneState;
import dev.cambium.segment.manifest.ManifestState;
import dev.cambium.segment.memory.MemoryBudget;
import dev.cambium.segment.page.Pointer;
import dev.cambium.segment.runtime.BackgroundExecutor;
import dev.cambium.segment.runtime.Clock;
import dev.cambium.segment.runtime.Reclaimer;
import dev.cambium.segment.zone.ZoneFiles;
import dev.cambium.segment.zone.ZoneReader;
import dev.cambium.segment.zone.ZoneWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * The zones of an open store: the one that pages are appended to, readers of all that are named, and the files of those that died.
 *
 * <p>Order of a change: pages through {@link #writerFor}; {@link #force}; {@link #openReaders}; an edit with {@link #describe};
 * {@link #named} once that is forced. All that can fail comes before the edit. A zone in which no run has pages any more is dropped by
 * the same edit; its file is deleted once that edit cannot be lost and nobody reads it.
 *
 * <p>Threads: the pages' background lane appends and names; runs are released by any thread.
 */
public final class Zones implements ZoneSink, AutoCloseable {
    private static final int STREAM_ALL = 0;

    private final ZoneFileSystem disk;
    private final byte[] storeId;
    private final Clock clock;
    private final MemoryBudget budget;
    private final FrameCache frames;
    private final Reclaimer reclaimer;
    private final BackgroundExecutor lane;
    private final int capacity;
    private final DeadZones dead;

    // The lane's own.
    private final Map<Integer, ZoneHandle> handles = new TreeMap<>();
    private ZoneWriter writer; // null where the next page opens or continues a zone
    private ManifestRecord.Zone continued; // left open by a clean close, takes the next page; or null
    private int nextZone;
    private boolean directoryChanged;

    /** Sealed or given up since the last edit, which has yet to say so. */
    private final List<ManifestRecord.Zone> ended = new ArrayList<>();

    /**
     * Opens readers of all zones that the manifest names, and changes nothing.
     *
     * @param lane deletes files
     * @param cleanClose whether the last writer closed the store, so that an open zone may be appended to
     * @param capacity bytes of a zone's header and pages
     */
    public Zones(
            ZoneFileSystem disk,
            byte[] storeId,
            ManifestState state,
            Clock clock,
            MemoryBudget budget,
            FrameCache frames,
            Reclaimer reclaimer,
            BackgroundExecutor lane,
            boolean cleanClose,
            int capacity) {
        this.disk = disk;
        this.storeId = storeId.clone();
        this.clock = clock;
        this.budget = budget;
        this.frames = frames;
        this.reclaimer = reclaimer;
        this.lane = lane;
        this.capacity = capacity;
        this.dead = new DeadZones(disk);
        this.nextZone = state.next().zone();
        for (String name : disk.list()) {
            long number = ZoneFiles.numberOf(name);
            if (number > 0 && number <= Pointer.MOST_ZONE) {
                nextZone = Math.max(nextZone, (int) number + 1);
            }
        }
        try {
            for (ManifestRecord.Zone zone : state.zones().values()) {
                openReader(zone.number(), zone.length());
                if (zone.state() == ZoneState.OPEN) {
                    if (cleanClose && continued == null && zone.length() < capacity) {
                        continued = zone;
                    } else {
                        ended.add(cut(zone));
                    }
                }
            }
        } catch (RuntimeException | Error e) {
            close();
            throw e;
        }
    }

    private static ManifestRecord.Zone cut(ManifestRecord.Zone zone) {
        return new ManifestRecord.Zone(zone.number(), zone.length(), zone.stream(), ZoneState.CUT);
    }

    private void openReader(int zone, long length) {
        handles.put(zone, new ZoneHandle(ZoneReader.open(disk, zone, storeId, length), () -> closed(zone)));
    }

    private void closed(int zone) {
        if (dead.close(zone)) {
            lane.execute(dead::delete);
        }
    }

    @Override
    public ZoneWriter writerFor(int rawLength) {
        if (continued != null) {
            continueOpen();
        }
        if (writer != null && !writer.hasRoomFor(rawLength)) {
            seal();
        }
        if (writer == null) {
            if (nextZone > Pointer.MOST_ZONE) {
                throw new StoreException(
                        "all " + Pointer.MOST_ZONE + " zone numbers have been used; copy the content to a new store");
            }
            writer = ZoneWriter.create(disk, nextZone++, storeId, STREAM_ALL, clock.wallMillis(), capacity, budget);
            directoryChanged = true;
        }
        return writer;
    }

    /** Appends to the zone that was left open; where it cannot be read through, it is cut instead. */
    private void continueOpen() {
        ManifestRecord.Zone zone = continued;
        continued = null;
        try {
            writer = ZoneWriter.resume(disk, zone.number(), storeId, (int) zone.length(), capacity, budget);
        } catch (StoreException e) {
            ended.add(cut(zone));
            System.getLogger("dev.cambium")
                    .log(System.Logger.Level.WARNING, "a zone is not continued: {0}", e.getMessage());
        }
    }

    /** Ends the zone that is appended to; the next edit says so. */
    void seal() {
        if (continued != null) {
            continueOpen();
        }
        if (writer != null) {
            long length = writer.seal();
            ended.add(new ManifestRecord.Zone(writer.zone(), length, STREAM_ALL, ZoneState.SEALED));
            writer.close();
            writer = null;
        }
    }

    /** Makes every page appended so far survive a power loss. */
    void force() {
        if (writer != null) {
            writer.force();
        }
        if (directoryChanged) {
            disk.forceDirectory();
            directoryChanged = false;
        }
    }

    /**
     * After a failure: gives the zone up that is appended to where its writer has failed, and deletes zones that nothing names, so that
     * an attempt that met a full disk leaves it no fuller. To be called when no page is needed but those of named runs.
     *
     * @param state what the manifest names
     * @param mayNameMore whether the manifest's last edit failed, so that it may name more than {@code state}
     */
    void abandonFailed(ManifestState state, boolean mayNameMore) {
        if (writer != null && writer.hasFailed()) {
            ManifestRecord.Zone known = state.zones().get(writer.zone());
            ended.add(
                    known != null
                            ? cut(known)
                            : new ManifestRecord.Zone(writer.zone(), writer.length(), STREAM_ALL, ZoneState.CUT));
            writer.close();
            writer = null;
        }
        if (!mayNameMore) {
            ended.removeIf(zone -> {
                boolean unnamed = !state.zones().containsKey(zone.number());
                if (unnamed) {
                    discard(zone.number());
                }
                return unnamed;
            });
        }
    }

    /** Deletes a zone that was never named. */
    private void discard(int zone) {
        forget(zone);
        DeadZones.delete(disk, zone);
    }

    /** Makes what was forced readable: to be called before the edit that names the run. */
    void openReaders(ManifestRecord.Run run) {
        for (ManifestRecord.Extent extent : run.extents()) {
            int zone = extent.zone();
            long length = writer != null && writer.zone() == zone ? writer.forcedLength() : endedLength(zone);
            ZoneHandle known = handles.get(zone);
            if (known == null) {
                openReader(zone, length);
            } else if (length > known.reader().length()) {
                known.reader().grow(length);
            }
        }
    }

    private long endedLength(int zone) {
        return ended.stream()
                .filter(known -> known.number() == zone)
                .mapToLong(ManifestRecord.Zone::length)
                .findFirst()
                .orElse(0);
    }

    /**
     * Says what has changed: zones that ended, how long the open one is, and which are no longer needed.
     *
     * @param state before the edit
     * @param needed zones in which runs have pages, those of the edit and what is still being written
     */
    void describe(ManifestEdit.Builder edit, ManifestState state, Set<Integer> needed) {
        for (ManifestRecord.Zone zone : ended) {
            if (needed.contains(zone.number())) {
                edit.add(zone);
            }
        }
        if (writer != null && writer.forcedLength() > 0 && needed.contains(writer.zone())) {
            edit.add(new ManifestRecord.Zone(writer.zone(), writer.forcedLength(), STREAM_ALL, ZoneState.OPEN));
        }
        for (int zone : state.zones().keySet()) {
            if (!needed.contains(zone) && !isOpen(zone)) {
                edit.add(new ManifestRecord.ZoneDrop(zone));
            }
        }
    }

    /** Says which named zones have ended since the last edit: for the one that says that the store was closed. */
    public void describeEnded(ManifestEdit.Builder edit, ManifestState state) {
        for (ManifestRecord.Zone zone : ended) {
            if (state.zones().containsKey(zone.number())) {
                edit.add(zone);
            }
        }
    }

    private boolean isOpen(int zone) {
        return writer != null && writer.zone() == zone || continued != null && continued.number() == zone;
    }

    /** A number that no zone has had. */
    int nextZone() {
        return nextZone;
    }

    /** To be called once the edit with {@link #describe} is forced. */
    void named(ManifestState before, ManifestState after) {
        dead.confirm(); // what the edit before dropped
        for (ManifestRecord.Zone zone : ended) {
            int number = zone.number();
            if (!after.zones().containsKey(number) && !before.zones().containsKey(number)) {
                discard(number); // it ended before any run was finished in it
            }
        }
        ended.clear();
        for (int zone : before.zones().keySet()) {
            if (!after.zones().containsKey(zone)) {
                dead.drop(zone);
                forget(zone);
            }
        }
    }

    private void forget(int zone) {
        ZoneHandle handle = handles.remove(zone);
        if (handle != null) {
            reclaimer.retire(handle::release);
        }
    }

    /** What is dropped and could come back if the manifest's last edit were lost. */
    boolean hasUnconfirmedDrops() {
        return dead.areUnconfirmed();
    }

    /** The manifest's last edit cannot be lost any more. */
    public void confirmDrops() {
        dead.confirm();
    }

    /** Once the store is said to be closed: deletes the zones that an unfinished merge has begun. */
    public void discardUnnamed(ManifestState state) {
        if (writer != null && !state.zones().containsKey(writer.zone())) {
            int zone = writer.zone();
            writer.close();
            writer = null;
            discard(zone);
        }
        abandonFailed(state, false);
    }

    /** Deletes the files of zones that cannot come back and that nobody reads. */
    public void deleteDead() {
        dead.delete();
    }

    /** Opens a run whose zones have readers. */
    LiveRun open(ManifestRecord.Run run) {
        List<ZoneHandle> needed = run.extents().stream()
                .map(extent -> handles.get(extent.zone()).retain())
                .toList();
        return new LiveRun(run, needed, frames, reclaimer);
    }

    /** Opens all runs that the manifest names, newest first. */
    public List<LiveRun> openAll(ManifestState state) {
        return state.runs().stream().map(this::open).toList();
    }

    /** Closes files. The background lane is closed, runs have been released or will be by whoever holds them. */
    @Override
    public void close() {
        if (writer != null) {
            writer.close();
            writer = null;
        }
        List.copyOf(handles.keySet()).forEach(this::forget);
    }
}
