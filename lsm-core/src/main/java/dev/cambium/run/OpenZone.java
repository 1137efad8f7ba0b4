package dev.cambium.run;

import dev.cambium.compaction.ZoneSink;
import dev.cambium.error.StoreException;
import dev.cambium.segment.disk.ZoneFile;
import dev.cambium.segment.disk.ZoneFileSystem;
import dev.cambium.segment.manifest.ManifestEdit;
import dev.cambium.segment.manifest.ManifestRecord;
import dev.cambium.segment.manifest.ManifestRecord.ZoneState;
import dev.cambium.segment.manifest.ManifestState;
import dev.cambium.segment.pool.BufferPool;
import dev.cambium.segment.runtime.BackgroundExecutor;
import dev.cambium.segment.runtime.Clock;
import dev.cambium.segment.zone.ZoneFiles;
import dev.cambium.segment.zone.ZoneWriter;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.function.IntConsumer;
import java.util.function.IntPredicate;
import java.util.function.IntSupplier;
import java.util.function.Predicate;

/**
 * Where the pages of one stream are appended, or those that one part of a merge has of it: the zone that takes the next page, and those that ended since an edit said so. A zone that has ended is
 * forced beside whoever appends to the next one. For one thread at a time.
 */
final class OpenZone implements ZoneSink, AutoCloseable {
    private final ZoneFileSystem disk;
    private final byte[] storeId;
    private final int stream;
    private final Clock clock;
    private final BufferPool pool;
    private final IntSupplier capacity;
    private final IntSupplier newNumber;
    private final BackgroundExecutor forces;

    private ZoneWriter writer; // null where the next page opens or continues a zone
    private ManifestRecord.Zone continued; // left open by a clean close, takes the next page; or null
    private boolean directoryChanged;

    /** Sealed since the last edit, not forced yet, or by another thread that has not said so. */
    private final List<EndedZone> unforced = new ArrayList<>();

    /** Sealed and forced, or given up, since the last edit, which has yet to say so. */
    private final List<ManifestRecord.Zone> ended = new ArrayList<>();

    /** Of all these zones, those that an edit has named. */
    private final Set<Integer> named = new HashSet<>();

    /**
     * @param stream that its zones are of
     * @param capacity bytes of a zone's header and pages, of the next one
     * @param newNumber gives a number that no zone has had
     * @param forces forces zones that have ended; whoever needs them forced does not wait for it to begin
     */
    OpenZone(
            ZoneFileSystem disk,
            byte[] storeId,
            int stream,
            Clock clock,
            BufferPool pool,
            IntSupplier capacity,
            IntSupplier newNumber,
            BackgroundExecutor forces) {
        this.disk = disk;
        this.storeId = storeId;
        this.stream = stream;
        this.clock = clock;
        this.pool = pool;
        this.capacity = capacity;
        this.newNumber = newNumber;
        this.forces = forces;
    }

    /** Takes over a zone of the stream that the last writer left open, to go on with it, or to say that it is cut. */
    void takeOver(ManifestRecord.Zone zone, boolean cleanClose) {
        named.add(zone.number());
        if (cleanClose && continued == null && zone.length() < capacity.getAsInt()) {
            continued = zone;
        } else {
            ended.add(cut(zone));
        }
    }

    private static ManifestRecord.Zone cut(ManifestRecord.Zone zone) {
        return new ManifestRecord.Zone(zone.number(), zone.length(), zone.stream(), ZoneState.CUT);
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
            writer = ZoneWriter.create(
                    disk, newNumber.getAsInt(), storeId, stream, clock.wallMillis(), capacity.getAsInt(), pool);
            directoryChanged = true;
        }
        return writer;
    }

    /** Appends to the zone that was left open; where it cannot be read through, it is cut instead. */
    private void continueOpen() {
        ManifestRecord.Zone zone = continued;
        continued = null;
        try {
            writer = ZoneWriter.resume(disk, zone.number(), storeId, (int) zone.length(), capacity.getAsInt(), pool);
        } catch (StoreException e) {
            ended.add(cut(zone));
            System.getLogger("dev.cambium")
                    .log(System.Logger.Level.WARNING, "a zone is not continued: {0}", e.getMessage());
        }
    }

    /** Ends the zone that is appended to, and has it forced; the next edit says so. */
    void seal() {
        if (continued != null) {
            continueOpen();
        }
        if (writer != null) {
            long length = writer.seal();
            EndedZone zone =
                    new EndedZone(writer, new ManifestRecord.Zone(writer.zone(), length, stream, ZoneState.SEALED));
            writer = null;
            unforced.add(zone);
            forces.execute(zone::forceAhead);
        }
    }

    /** Makes every page appended so far survive a power loss. */
    void force() {
        while (!unforced.isEmpty()) {
            unforced.get(0).force();
            ended.add(unforced.remove(0).record());
        }
        if (writer != null) {
            writer.force();
        }
        if (directoryChanged) {
            disk.forceDirectory();
            directoryChanged = false;
        }
    }

    /**
     * Gives the zones up whose writers have failed. What stands in them and is not named is given back to the disk, so that an attempt that
     * met a full disk leaves it no fuller.
     *
     * @param state what the manifest names
     * @param mayNameMore whether the manifest's last edit failed, so that it may name more than {@code state}; then all stays as it is
     * @param discard receives the zones that nothing names
     */
    void giveUpFailed(ManifestState state, boolean mayNameMore, IntConsumer discard) {
        List<Integer> failed = giveUpUnforced(EndedZone::hasFailed);
        if (writer != null && writer.hasFailed()) {
            failed.add(writer.zone());
            closeWriter();
        }
        if (mayNameMore) {
            return;
        }
        for (int number : failed) {
            ManifestRecord.Zone known = state.zones().get(number);
            if (known != null) {
                ended.add(cut(known));
                cutOff(known);
            } else {
                discard.accept(number);
            }
        }
    }

    /** Closes those that nobody is to force any more; returns their numbers. */
    private List<Integer> giveUpUnforced(Predicate<EndedZone> which) {
        List<EndedZone> taken = unforced.stream().filter(which).toList();
        unforced.removeAll(taken);
        taken.forEach(EndedZone::close);
        return new ArrayList<>(taken.stream().map(EndedZone::number).toList());
    }

    private void cutOff(ManifestRecord.Zone zone) {
        try (ZoneFile file = disk.open(ZoneFiles.name(zone.number()))) {
            file.truncate(zone.length());
        } catch (StoreException e) {
            System.getLogger("dev.cambium")
                    .log(System.Logger.Level.WARNING, "a zone stays longer than it counts: {0}", e.getMessage());
        }
    }

    /**
     * Forgets ended zones that were never named and are of no use to anybody.
     *
     * @param isNeeded whether somebody is going to name the zone
     * @param discard receives them
     */
    void discardEnded(ManifestState state, IntPredicate isNeeded, IntConsumer discard) {
        IntPredicate isUnnamed = number -> !state.zones().containsKey(number) && !isNeeded.test(number);
        List<Integer> unnamed = giveUpUnforced(zone -> isUnnamed.test(zone.number()));
        ended.removeIf(zone -> isUnnamed.test(zone.number()) && unnamed.add(zone.number()));
        unnamed.stream().filter(number -> !named.contains(number)).forEach(discard::accept);
    }

    /**
     * Where pages are forced, and how far: what an edit may say of the stream.
     *
     * @param state before the edit: what it has dropped, nobody may name again
     */
    List<ManifestRecord.Zone> forced(ManifestState state) {
        List<ManifestRecord.Zone> zones = new ArrayList<>(ended);
        if (writer != null && writer.forcedLength() > 0) {
            zones.add(new ManifestRecord.Zone(writer.zone(), writer.forcedLength(), stream, ZoneState.OPEN));
        }
        zones.removeIf(zone -> named.contains(zone.number()) && !state.zones().containsKey(zone.number()));
        return zones;
    }

    /** As {@link #forced}, of the zones that an edit needs. */
    void describe(ManifestEdit.Builder edit, ManifestState state, Set<Integer> needed) {
        forced(state).stream().filter(zone -> needed.contains(zone.number())).forEach(edit::add);
    }

    /**
     * Says which named zones have ended since the last edit: for the one that says that the store was closed. What was appended to one that
     * is not forced yet, nothing will name.
     */
    void describeEnded(ManifestEdit.Builder edit, ManifestState state) {
        unforced.stream()
                .map(zone -> state.zones().get(zone.number()))
                .filter(Objects::nonNull)
                .map(OpenZone::cut)
                .forEach(edit::add);
        ended.stream().filter(zone -> state.zones().containsKey(zone.number())).forEach(edit::add);
    }

    /** The zone that the next page may go to, or 0. */
    int number() {
        return writer != null ? writer.zone() : continued != null ? continued.number() : 0;
    }

    /**
     * To be called once the edit that describes the stream is forced.
     *
     * @param discard receives zones that ended before anything in them was needed; not those that were named and dropped since, which are
     *     whose who dropped them
     */
    void named(ManifestState after, IntConsumer discard) {
        for (ManifestRecord.Zone zone : ended) {
            int number = zone.number();
            if (!after.zones().containsKey(number) && !named.contains(number)) {
                discard.accept(number);
            }
        }
        ended.clear();
        named.clear();
        if (after.zones().containsKey(number())) {
            named.add(number());
        }
    }

    /** Once the store is said to be closed: gives up what nothing names. */
    void discardUnnamed(ManifestState state, IntConsumer discard) {
        if (writer != null && !state.zones().containsKey(writer.zone())) {
            int zone = writer.zone();
            closeWriter();
            discard.accept(zone);
        }
        giveUpFailed(state, false, discard);
        discardEnded(state, number -> false, discard);
        giveUpUnforced(zone -> true).forEach(number -> cutOff(state.zones().get(number)));
    }

    private void closeWriter() {
        if (writer != null) {
            writer.close();
            writer = null;
        }
    }

    /** Closes the files; nothing is forced. */
    @Override
    public void close() {
        closeWriter();
        giveUpUnforced(zone -> true);
    }
}
