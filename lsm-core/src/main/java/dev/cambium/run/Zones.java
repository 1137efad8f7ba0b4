package dev.cambium.run;

import dev.cambium.compaction.ZoneSink;
import dev.cambium.error.StoreException;
import dev.cambium.log.Manifest;
import dev.cambium.segment.disk.ZoneFileSystem;
import dev.cambium.segment.frame.FrameCache;
import dev.cambium.segment.manifest.ManifestEdit;
import dev.cambium.segment.manifest.ManifestRecord;
import dev.cambium.segment.manifest.ManifestRecord.ZoneState;
import dev.cambium.segment.manifest.ManifestState;
import dev.cambium.segment.memory.MemoryBudget;
import dev.cambium.segment.page.Pointer;
import dev.cambium.segment.runtime.Clock;
import dev.cambium.segment.runtime.Reclaimer;
import dev.cambium.segment.zone.ZoneFiles;
import dev.cambium.segment.zone.ZoneReader;
import dev.cambium.segment.zone.ZoneWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * The zones of an open store: the one that pages are appended to, readers of all that are named, and the files of those that died.
 *
 * <p>Order of a change: pages through {@link #writerFor}; {@link #force}; an edit with {@link #describe}; {@link #named} once that
 * is forced. A zone in which no run has pages any more is dropped by the same edit, and its file is deleted once a later edit is forced
 * and nobody reads it.
 *
 * <p>Threads: the pages' background lane appends and names; {@link #open} and the release of runs from any thread.
 */
public final class Zones implements ZoneSink, AutoCloseable {
    private static final int STREAM_ALL = 0;

    private final ZoneFileSystem disk;
    private final Manifest manifest;
    private final Clock clock;
    private final MemoryBudget budget;
    private final FrameCache frames;
    private final Reclaimer reclaimer;
    private final int capacity;
    private final Map<Integer, ZoneHandle> handles = new TreeMap<>(); // guarded by itself

    private ZoneWriter writer; // null where the next page opens a zone
    private int nextZone;
    private boolean directoryChanged;

    /** Sealed or given up since the last edit, which has yet to say so. */
    private final List<ManifestRecord.Zone> ended = new ArrayList<>();

    // Files of dropped zones: dropped by the latest edit, by an earlier one, and of those the ones that nobody reads
    // any more.
    private final TreeSet<Integer> droppedByLatest = new TreeSet<>();
    private final TreeSet<Integer> dropped = new TreeSet<>();
    private final TreeSet<Integer> closed = new TreeSet<>();

    /**
     * Opens readers of all zones that the manifest names.
     *
     * @param continued whether the last writer closed the store, so that open zones may be appended to
     * @param capacity bytes of a zone's header and pages
     */
    public Zones(
            ZoneFileSystem disk,
            Manifest manifest,
            Clock clock,
            MemoryBudget budget,
            FrameCache frames,
            Reclaimer reclaimer,
            boolean continued,
            int capacity) {
        this.disk = disk;
        this.manifest = manifest;
        this.clock = clock;
        this.budget = budget;
        this.frames = frames;
        this.reclaimer = reclaimer;
        this.capacity = capacity;
        ManifestState state = manifest.state();
        this.nextZone = state.next().zone();
        for (String name : disk.list()) {
            long number = ZoneFiles.numberOf(name);
            if (number > 0 && number <= Pointer.MOST_ZONE) {
                nextZone = Math.max(nextZone, (int) number + 1);
            }
        }
        try {
            for (ManifestRecord.Zone zone : state.zones().values()) {
                addHandle(zone.number(), zone.length());
                if (zone.state() == ZoneState.OPEN) {
                    reopen(zone, continued);
                }
            }
        } catch (RuntimeException | Error e) {
            close();
            throw e;
        }
    }

    /** Continues an open zone, or says with the next edit that it is cut. */
    private void reopen(ManifestRecord.Zone zone, boolean continued) {
        if (continued && writer == null && zone.length() < capacity) {
            writer = ZoneWriter.resume(disk, zone.number(), manifest.storeId(), (int) zone.length(), capacity, budget);
        } else {
            ended.add(cut(zone));
        }
    }

    private static ManifestRecord.Zone cut(ManifestRecord.Zone zone) {
        return new ManifestRecord.Zone(zone.number(), zone.length(), zone.stream(), ZoneState.CUT);
    }

    private void addHandle(int zone, long length) {
        ZoneReader reader = ZoneReader.open(disk, zone, manifest.storeId(), length);
        synchronized (handles) {
            handles.put(zone, new ZoneHandle(reader, () -> closed(zone)));
        }
    }

    @Override
    public ZoneWriter writerFor(int rawLength) {
        if (writer != null && !writer.hasRoomFor(rawLength)) {
            seal();
        }
        if (writer == null) {
            if (nextZone > Pointer.MOST_ZONE) {
                throw new StoreException(
                        "all " + Pointer.MOST_ZONE + " zone numbers have been used; copy the content to a new store");
            }
            writer = ZoneWriter.create(
                    disk, nextZone++, manifest.storeId(), STREAM_ALL, clock.wallMillis(), capacity, budget);
            directoryChanged = true;
        }
        return writer;
    }

    /** Ends the zone that is appended to; the next edit says so. */
    public void seal() {
        if (writer != null) {
            long length = writer.seal();
            ended.add(new ManifestRecord.Zone(writer.zone(), length, STREAM_ALL, ZoneState.SEALED));
            writer.close();
            writer = null;
        }
    }

    /** Makes every page appended so far survive a power loss. */
    public void force() {
        if (writer != null) {
            writer.force();
        }
        if (directoryChanged) {
            disk.forceDirectory();
            directoryChanged = false;
        }
    }

    /** Gives the zone up that is appended to, after a failure: what was named of it stays, the rest is garbage. */
    void abandon() {
        if (writer == null) {
            return;
        }
        int zone = writer.zone();
        ZoneWriter failed = writer;
        writer = null;
        failed.close();
        ManifestRecord.Zone known = manifest.state().zones().get(zone);
        if (known != null) {
            ended.add(cut(known));
        }
    }

    /**
     * Says what has changed: zones that ended, how long the open one is, and which zones have no page of any run left.
     *
     * @param runs those that the edit leaves
     */
    void describe(ManifestEdit.Builder edit, List<ManifestRecord.Run> runs) {
        TreeSet<Integer> live = new TreeSet<>();
        runs.forEach(run -> run.extents().forEach(extent -> live.add(extent.zone())));
        Map<Integer, ManifestRecord.Zone> named = manifest.state().zones();
        for (ManifestRecord.Zone zone : ended) {
            boolean isNamed = named.containsKey(zone.number());
            if (live.contains(zone.number())) {
                edit.add(zone);
            } else if (isNamed) {
                edit.add(new ManifestRecord.ZoneDrop(zone.number()));
            }
        }
        if (writer != null && writer.forcedLength() > 0 && live.contains(writer.zone())) {
            edit.add(new ManifestRecord.Zone(writer.zone(), writer.forcedLength(), STREAM_ALL, ZoneState.OPEN));
        }
        for (int zone : named.keySet()) {
            boolean isOpen = writer != null && writer.zone() == zone;
            if (!live.contains(zone) && !isOpen && ended.stream().noneMatch(known -> known.number() == zone)) {
                edit.add(new ManifestRecord.ZoneDrop(zone));
            }
        }
        edit.add(new ManifestRecord.Next(
                nextZone, manifest.state().next().run(), manifest.state().next().birth()));
    }

    /** To be called once the edit with {@link #describe} is forced: readers may read what it names, files of earlier drops go. */
    void named(ManifestState before) {
        Map<Integer, ManifestRecord.Zone> now = manifest.state().zones();
        for (ManifestRecord.Zone zone : now.values()) {
            ZoneHandle known;
            synchronized (handles) {
                known = handles.get(zone.number());
            }
            if (known == null) {
                addHandle(zone.number(), zone.length());
            } else {
                known.reader().grow(zone.length());
            }
        }
        for (ManifestRecord.Zone zone : ended) {
            if (!now.containsKey(zone.number()) && !before.zones().containsKey(zone.number())) {
                disk.delete(ZoneFiles.name(zone.number())); // it ended before any run was finished in it
            }
        }
        ended.clear();
        synchronized (closed) {
            dropped.addAll(droppedByLatest);
            droppedByLatest.clear();
        }
        for (int zone : before.zones().keySet()) {
            if (!now.containsKey(zone)) {
                synchronized (closed) {
                    droppedByLatest.add(zone);
                }
                ZoneHandle handle;
                synchronized (handles) {
                    handle = handles.remove(zone);
                }
                reclaimer.retire(handle::release);
            }
        }
        deleteDead();
    }

    private void closed(int zone) {
        synchronized (closed) {
            closed.add(zone);
        }
    }

    /** Deletes the files of dropped zones that no edit can bring back and nobody reads. */
    private void deleteDead() {
        List<Integer> dead = new ArrayList<>();
        synchronized (closed) {
            dropped.removeIf(zone -> closed.remove(zone) && dead.add(zone));
        }
        dead.forEach(zone -> disk.delete(ZoneFiles.name(zone)));
    }

    /** Opens a run that the manifest names. */
    LiveRun open(ManifestRecord.Run run) {
        List<ZoneHandle> needed = new ArrayList<>();
        synchronized (handles) {
            for (ManifestRecord.Extent extent : run.extents()) {
                needed.add(handles.get(extent.zone()).retain());
            }
        }
        return new LiveRun(run, needed, frames, reclaimer);
    }

    /** Opens all runs that the manifest names, newest first. */
    public List<LiveRun> openAll() {
        return manifest.state().runs().stream().map(this::open).toList();
    }

    /** Bytes of a zone's header and pages, at most. */
    int capacity() {
        return capacity;
    }

    /** Closes files. The background lane is closed, runs have been released or will be by whoever holds them. */
    @Override
    public void close() {
        if (writer != null) {
            writer.close();
            writer = null;
        }
        List<ZoneHandle> all;
        synchronized (handles) {
            all = new ArrayList<>(handles.values());
            handles.clear();
        }
        all.forEach(handle -> reclaimer.retire(handle::release));
    }
}
