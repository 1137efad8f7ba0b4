package dev.cambium.run;

import dev.cambium.compaction.RunTree;
import dev.cambium.compaction.TreePages;
import dev.cambium.compaction.ZoneSink;
import dev.cambium.error.CorruptionException;
import dev.cambium.error.StoreException;
import dev.cambium.log.ReferredPages;
import dev.cambium.memtable.Memtable;
import dev.cambium.segment.disk.ZoneFileSystem;
import dev.cambium.segment.frame.FrameCache;
import dev.cambium.segment.manifest.ManifestEdit;
import dev.cambium.segment.manifest.ManifestRecord;
import dev.cambium.segment.manifest.ManifestRecord.ZoneState;
import dev.cambium.segment.manifest.ManifestState;
import dev.cambium.segment.manifest.Stretches;
import dev.cambium.segment.page.Pointer;
import dev.cambium.segment.pool.BufferPool;
import dev.cambium.segment.runtime.BackgroundExecutor;
import dev.cambium.segment.runtime.Clock;
import dev.cambium.segment.runtime.Reclaimer;
import dev.cambium.segment.zone.SharedZone;
import dev.cambium.segment.zone.ZoneFiles;
import dev.cambium.segment.zone.ZoneReader;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntSupplier;
import java.util.function.Predicate;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The zones of an open store: those that pages are appended to, readers of all that are named, and the files of those that died.
 *
 * <p>There are six streams, for pages that die together: pages of young runs, those of the base, pages of values, and of values that were moved, which the background lane
 * appends through {@link #sink}, parts of a merge to zones of their own; and two of long values, in chunks and in a page each, which {@link LongValues} appends. Order of a change: pages; {@link #force}; {@link #openReaders}; an edit with {@link #describe};
 * {@link #named} once that is forced. All that can fail comes before the edit. A zone that nothing refers to any more is dropped by the
 * same edit; its file is deleted once that edit cannot be lost and nobody reads it.
 *
 * <p>Threads: the pages' background lane appends and names, a lane of its own forces zones that have ended; runs are released by any thread; what is said of long values only, by who
 * holds their lock.
 */
public final class Zones implements AutoCloseable {
    /** Pages of young runs, which die together. */
    static final int STREAM_YOUNG = 0;

    /** Chunks of long values and their lists. */
    static final int STREAM_CHUNKS = 1;

    /** Pages of the base. */
    static final int STREAM_BASE = 2;

    /** Pages of values, which merges leave where they are. */
    static final int STREAM_VALUES = 3;

    /** Pages of values that were moved, since they outlived those around them: they will live on longer than new ones. */
    static final int STREAM_MOVED_VALUES = 4;

    /** Pages of values, one each, that puts write before the log names them. */
    static final int STREAM_PUT_VALUES = 5;

    /** A zone is to be this part of what is live, so that what is dead can be given back bit by bit. */
    private static final int ZONES_OF_LIVE = 64;

    private static final int LEAST_LENGTH = 2 << 20;

    /** To begin one that puts append to takes three forces, which are to be few beside what is written. */
    private static final int LEAST_PUT_LENGTH = 64 << 20;

    /** Zones of young runs are shorter: a run that goes into the base stretch by stretch gives them back one by one. */
    private static final int YOUNG_ZONES_OF_ONE = 8;

    private static final int LEAST_YOUNG_LENGTH = 512 << 10;

    /** And yet a memtable becomes no more than 16 of them or so: its pages are half as long as it is. */
    private static final int YOUNG_ZONES_OF_MEMTABLE = 32;

    private final ZoneFileSystem disk;
    private final byte[] storeId;
    private final TreePages treePages;
    private final Reclaimer reclaimer;
    private final BackgroundExecutor lane;
    private final DeadZones dead;
    private final ZoneViews views;
    private final AtomicInteger nextZone;
    private final Map<Integer, SharedZone> readers = new ConcurrentHashMap<>(); // of zones that are named
    private final Map<Integer, SharedZone> held =
            new ConcurrentHashMap<>(); // and of those that were, and somebody holds

    /*
     * By stream, one for each part of a merge that appends to it; the lane's own. What is said of them in an edit is the same in each life: they are in order.
     */
    private final SortedMap<Integer, List<OpenZone>> pages = new TreeMap<>();
    private final int capacity;
    private final int leastYoungLength;
    private volatile int length; // of the zones that are begun
    private final PutZones chunks; // of LongValues, as the next
    private final PutZones wholeValues;

    /**
     * Opens readers of all zones that the manifest names, and changes nothing.
     *
     * @param lane deletes files
     * @param forces forces zones that have ended, beside whoever appends
     * @param cleanClose whether the last writer closed the store, so that an open zone may be appended to
     * @param capacity bytes of a zone's header and pages
     * @param memtableBytes of writes in a full memtable
     * @param mergeParts how many parts of a merge append at the same time
     */
    public Zones(
            ZoneFileSystem disk,
            byte[] storeId,
            ManifestState state,
            Clock clock,
            BufferPool pool,
            FrameCache frames,
            Reclaimer reclaimer,
            BackgroundExecutor lane,
            BackgroundExecutor forces,
            boolean cleanClose,
            int capacity,
            long memtableBytes,
            int mergeParts) {
        this.disk = disk;
        this.storeId = storeId.clone();
        this.treePages = new TreePages(this::find, frames);
        this.reclaimer = reclaimer;
        this.lane = lane;
        this.dead = new DeadZones(disk);
        this.views = new ZoneViews(state);
        int next = state.next().zone();
        for (String name : disk.list()) {
            long number = ZoneFiles.numberOf(name);
            if (number > 0 && number <= Pointer.MOST_ZONE) {
                next = Math.max(next, (int) number + 1);
            }
        }
        this.nextZone = new AtomicInteger(next);
        this.capacity = capacity;
        this.leastYoungLength =
                (int) Math.min(capacity, Math.max(LEAST_YOUNG_LENGTH, memtableBytes / YOUNG_ZONES_OF_MEMTABLE));
        noteLive(state);
        for (int stream : new int[] {STREAM_YOUNG, STREAM_BASE, STREAM_VALUES, STREAM_MOVED_VALUES}) {
            IntSupplier zoneLength = stream == STREAM_YOUNG ? this::youngLength : this::length;
            int parts = stream == STREAM_BASE || stream == STREAM_MOVED_VALUES ? mergeParts : 1;
            Supplier<OpenZone> open =
                    () -> new OpenZone(disk, this.storeId, stream, clock, pool, zoneLength, this::takeNumber, forces);
            pages.put(stream, Stream.generate(open).limit(parts).toList());
        }
        this.chunks =
                new PutZones(disk, this.storeId, STREAM_CHUNKS, clock, pool, () -> capacity, this::takeNumber, forces);
        this.wholeValues = new PutZones(
                disk, this.storeId, STREAM_PUT_VALUES, clock, pool, this::putLength, this::takeNumber, forces);
        try {
            for (ManifestRecord.Zone zone : state.zones().values()) {
                openReader(zone.number(), zone.length());
                if (zone.state() == ZoneState.OPEN) {
                    takeOver(zone, cleanClose);
                }
            }
        } catch (RuntimeException | Error e) {
            close();
            throw e;
        }
    }

    private void takeOver(ManifestRecord.Zone zone, boolean cleanClose) {
        if (isOfPuts(zone.stream())) {
            (zone.stream() == STREAM_CHUNKS ? chunks : wholeValues).takeOver(zone, cleanClose);
        } else {
            List<OpenZone> ofStream = pages.getOrDefault(zone.stream(), pages.get(STREAM_YOUNG));
            ofStream.stream()
                    .filter(open -> open.number() == 0)
                    .findFirst()
                    .orElse(ofStream.get(0))
                    .takeOver(zone, cleanClose);
        }
    }

    private int takeNumber() {
        int number = nextZone.getAndUpdate(next -> Math.min(next + 1, Pointer.MOST_ZONE + 1));
        if (number > Pointer.MOST_ZONE) {
            throw new StoreException(
                    "all " + Pointer.MOST_ZONE + " zone numbers have been used; copy the content to a new store");
        }
        return number;
    }

    private void openReader(int zone, long length) {
        SharedZone reader = new SharedZone(ZoneReader.open(disk, zone, storeId, length), () -> closed(zone));
        held.put(zone, reader);
        readers.put(zone, reader);
    }

    private void closed(int zone) {
        held.remove(zone);
        if (dead.close(zone)) {
            lane.execute(dead::delete);
        }
    }

    /** Bytes that the disk has left for zones, about. */
    long usableBytes() {
        return disk.usableBytes();
    }

    byte[] storeId() {
        return storeId;
    }

    /** Where values go that puts write to several pages. */
    PutZones ofChunks() {
        return chunks;
    }

    /** Where values go that puts write to a page each. */
    PutZones ofWholeValues() {
        return wholeValues;
    }

    List<PutZones> ofPuts() {
        return List.of(chunks, wholeValues);
    }

    /** The pages of long values, as whoever forces the log has to know them. */
    public ReferredPages referredPages() {
        return new ReferredPages() {
            @Override
            public void force() {
                ofPuts().forEach(PutZones::forceReferred);
            }

            @Override
            public void throwIfLost() {
                chunks.throwIfLost();
                wholeValues.throwIfLost();
            }
        };
    }

    /**
     * Where the pages of a stream are appended, for the lane.
     *
     * @param part of a merge; 0 for what has but one
     */
    ZoneSink sink(int stream, int part) {
        return pages.get(stream).get(part);
    }

    private Stream<OpenZone> allOpen() {
        return pages.values().stream().flatMap(List::stream);
    }

    /** Whether pages of runs stand in zones of a stream that merges can move, and not what stays where it is. */
    static boolean isOfRuns(int stream) {
        return stream != STREAM_CHUNKS;
    }

    /** Whether pages of values stand in zones of a stream, and no others. */
    static boolean isOfValues(int stream) {
        return stream == STREAM_VALUES || stream == STREAM_MOVED_VALUES || stream == STREAM_PUT_VALUES;
    }

    /** Whether puts append to zones of a stream, so that the log may refer to pages behind their named ends as long as they are open. */
    public static boolean isOfPuts(int stream) {
        return stream == STREAM_CHUNKS || stream == STREAM_PUT_VALUES;
    }

    /**
     * Zones that puts append to, or memtables refer to: what is dead there cannot be told yet, for what memtables refer to is not called live. They do not count as long,
     * and nothing is moved out of them.
     */
    static Predicate<ManifestRecord.Zone> unsettled(Stream<Memtable> memtables) {
        Set<Integer> referred = memtables
                .flatMap(memtable -> memtable.zones().stream())
                .map(SharedZone::number)
                .collect(Collectors.toSet());
        return zone -> isOfPuts(zone.stream()) && (zone.state() == ZoneState.OPEN || referred.contains(zone.number()));
    }

    /** See {@link TreePages#scannedOften}. */
    long scannedOften() {
        return treePages.scannedOften();
    }

    /** How long the zones are that are begun now. */
    int length() {
        return length;
    }

    private int youngLength() {
        return Math.max(leastYoungLength, length / YOUNG_ZONES_OF_ONE);
    }

    private int putLength() {
        return Math.max(Math.min(capacity, LEAST_PUT_LENGTH), length);
    }

    /** Lets the zones to come be as long as goes with what is live. */
    private void noteLive(ManifestState state) {
        long live = state.live().keySet().stream().mapToLong(state::liveBytes).sum();
        length = (int) Math.min(capacity, Math.max(LEAST_LENGTH, live / ZONES_OF_LIVE));
    }

    /** Ends the zones that pages are appended to; the next edit says so. */
    void seal() {
        allOpen().forEach(OpenZone::seal);
    }

    /** Makes every page appended so far survive a power loss. */
    void force() {
        allOpen().forEach(OpenZone::force);
    }

    /**
     * After a failure: gives the zone up that pages are appended to where its writer has failed, and deletes zones that nothing names, so
     * that an attempt that met a full disk leaves it no fuller. To be called when no page is needed but those of named runs.
     *
     * @param state what the manifest names
     * @param mayNameMore whether the manifest's last edit failed, so that it may name more than {@code state}
     */
    void abandonFailed(ManifestState state, boolean mayNameMore) {
        for (OpenZone open : allOpen().toList()) {
            open.giveUpFailed(state, mayNameMore, this::discard);
            if (!mayNameMore) {
                open.discardEnded(state, number -> false, this::discard);
            }
        }
    }

    /** Deletes a zone that was never named. */
    void discard(int zone) {
        forget(zone);
        DeadZones.delete(disk, zone);
    }

    /**
     * Makes what was forced readable: to be called before the edit that names it. Also what only a merge needs that is not finished: a zone
     * that has ended is described once.
     */
    void openReaders(ManifestState state, Set<Integer> needed) {
        allOpen()
                .flatMap(open -> open.forced(state).stream())
                .filter(zone -> needed.contains(zone.number()))
                .forEach(this::openReader);
    }

    /** Makes so much of a zone readable. */
    void openReader(ManifestRecord.Zone zone) {
        if (readers.containsKey(zone.number())) {
            grow(zone.number(), zone.length());
        } else {
            openReader(zone.number(), zone.length());
        }
    }

    /** Makes more of a zone readable that has a reader: pages up to {@code length} have been written to the file. */
    public void grow(int zone, long length) {
        SharedZone known = readers.get(zone);
        if (length > known.reader().length()) {
            known.reader().grow(length);
        }
    }

    /**
     * Says what has changed: zones that ended, how long the open one is, and which are no longer needed.
     *
     * @param state before the edit
     * @param needed zones that are referred to, by what the edit names and by what is still being written
     */
    void describe(ManifestEdit.Builder edit, ManifestState state, Set<Integer> needed) {
        allOpen().forEach(open -> open.describe(edit, state, needed));
        for (int zone : state.zones().keySet()) {
            if (!needed.contains(zone) && allOpen().noneMatch(open -> open.number() == zone)) {
                edit.add(new ManifestRecord.ZoneDrop(zone));
            }
        }
    }

    /** Says which named zones have ended since the last edit: for the one that says that the store was closed. */
    public void describeEnded(ManifestEdit.Builder edit, ManifestState state) {
        allOpen().forEach(open -> open.describeEnded(edit, state));
    }

    /** A number that no zone has had. */
    int nextZone() {
        return nextZone.get();
    }

    /** To be called once the edit with {@link #describe} is forced. */
    void named(ManifestState before, ManifestState after) {
        dead.confirm(); // what the edit before dropped
        dead.delete();
        allOpen().forEach(open -> open.named(after, this::discard)); // it ended before any run was finished in it
        noteLive(after);
        views.named(after);
        for (int zone : before.zones().keySet()) {
            if (!after.zones().containsKey(zone)) {
                dead.drop(zone);
                forget(zone);
            }
        }
    }

    private void forget(int zone) {
        SharedZone reader = readers.remove(zone);
        if (reader != null) {
            reclaimer.retire(reader::release);
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

    /** Once the store is said to be closed: deletes the zones that unfinished work has begun. */
    public void discardUnnamed(ManifestState state) {
        allOpen().forEach(open -> open.discardUnnamed(state, this::discard));
        ofPuts().forEach(puts -> puts.discardUnnamed(state));
    }

    /** Deletes the files of zones that cannot come back and that nobody reads. */
    public void deleteDead() {
        dead.delete();
    }

    /**
     * A zone that is named, held for the caller.
     *
     * @throws CorruptionException where there is none of that number
     */
    public SharedZone hold(int zone) {
        SharedZone reader = readers.get(zone);
        if (reader == null) {
            throw new CorruptionException(ZoneFiles.name(zone), 0, "a zone that the manifest names", "another");
        }
        return reader.retain();
    }

    /** A zone that somebody holds, or null; not held for the caller, who is inside an epoch slot or holds it. */
    SharedZone find(int zone) {
        return held.get(zone);
    }

    /** Holds all zones of a version of the manifest, the latest. */
    public HeldZones holdAll(ManifestState state) {
        return views.hold(state, state.zones().keySet().stream().map(this::hold).toList(), reclaimer);
    }

    /** Who may still look at which pages. */
    ZoneViews views() {
        return views;
    }

    /** All zones that chunks of long values stand in; none of them held for the caller. */
    public List<SharedZone> withChunks(ManifestState state) {
        return state.zones().values().stream()
                .filter(zone -> zone.stream() == STREAM_CHUNKS)
                .map(zone -> readers.get(zone.number()))
                .toList();
    }

    /**
     * Opens a run whose zones have readers.
     *
     * @param overlap which part of its keys the base has too, about
     */
    LiveRun open(ManifestRecord.Run run, double overlap) {
        return new LiveRun(new RunTree(run, treePages), Stretches.NONE, run.entries(), overlap, reclaimer);
    }

    /** Opens all runs that the manifest names, newest first. */
    public List<LiveRun> openAll(ManifestState state) {
        return state.runs().stream()
                .map(run -> new LiveRun(
                        new RunTree(run, treePages),
                        state.merged(run.id()),
                        LiveRun.UNKNOWN,
                        LiveRun.UNKNOWN,
                        reclaimer))
                .toList();
    }

    /** Closes files. The background lane is closed, runs have been released or will be by whoever holds them. */
    @Override
    public void close() {
        allOpen().forEach(OpenZone::close);
        ofPuts().forEach(PutZones::close);
        List.copyOf(readers.keySet()).forEach(this::forget);
    }
}
