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
import dev.cambium.segment.runtime.Clock;
import dev.cambium.segment.zone.ZoneFiles;
import dev.cambium.segment.zone.ZoneWriter;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.IntConsumer;
import java.util.function.IntPredicate;
import java.util.function.IntSupplier;

/**
 * Where the pages of one stream are appended: the zone that takes the next page, and those that ended since an edit said so. For one
 * thread at a time.
 */
final class OpenZone implements ZoneSink, AutoCloseable {
    private final ZoneFileSystem disk;
    private final byte[] storeId;
    private final int stream;
    private final Clock clock;
    private final BufferPool pool;
    private final IntSupplier capacity;
    private final IntSupplier newNumber;

    private ZoneWriter writer; // null where the next page opens or continues a zone
    private ManifestRecord.Zone continued; // left open by a clean close, takes the next page; or null
    private boolean directoryChanged;

    /** Sealed or given up since the last edit, which has yet to say so. */
    private final List<ManifestRecord.Zone> ended = new ArrayList<>();

    /** Of these zones, those that an edit has named. */
    private final Set<Integer> named = new HashSet<>();

    /**
     * @param stream that its zones are of
     * @param capacity bytes of a zone's header and pages, of the next one
     * @param newNumber gives a number that no zone has had
     */
    OpenZone(
            ZoneFileSystem disk,
            byte[] storeId,
            int stream,
            Clock clock,
            BufferPool pool,
            IntSupplier capacity,
            IntSupplier newNumber) {
        this.disk = disk;
        this.storeId = storeId;
        this.stream = stream;
        this.clock = clock;
        this.pool = pool;
        this.capacity = capacity;
        this.newNumber = newNumber;
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

    /** Ends the zone that is appended to; the next edit says so. */
    void seal() {
        if (continued != null) {
            continueOpen();
        }
        if (writer != null) {
            long length = writer.seal();
            ended.add(new ManifestRecord.Zone(writer.zone(), length, stream, ZoneState.SEALED));
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
     * Gives the zone up that is appended to where its writer has failed. What stands in it and is not named is given back to the disk, so
     * that an attempt that met a full disk leaves it no fuller.
     *
     * @param state what the manifest names
     * @param mayNameMore whether the manifest's last edit failed, so that it may name more than {@code state}; then all stays as it is
     * @param discard receives the zone where nothing names it
     */
    void giveUpFailed(ManifestState state, boolean mayNameMore, IntConsumer discard) {
        if (writer == null || !writer.hasFailed()) {
            return;
        }
        int number = writer.zone();
        ManifestRecord.Zone known = state.zones().get(number);
        close();
        if (mayNameMore) {
            return;
        }
        if (known != null) {
            ended.add(cut(known));
            cutOff(known);
        } else {
            discard.accept(number);
        }
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
        ended.removeIf(zone -> {
            int number = zone.number();
            boolean unnamed = !state.zones().containsKey(number) && !isNeeded.test(number);
            if (unnamed && !named.contains(number)) {
                discard.accept(number);
            }
            return unnamed;
        });
    }

    /** Ends the zone that the next page would go to, without a word: an edit drops it, or nothing ever named it. */
    void giveUp() {
        close();
        continued = null;
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

    /** Says which named zones have ended since the last edit: for the one that says that the store was closed. */
    void describeEnded(ManifestEdit.Builder edit, ManifestState state) {
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

    /** Once the store is said to be closed: gives up a zone that holds nothing that is named. */
    void discardUnnamed(ManifestState state, IntConsumer discard) {
        if (writer != null && !state.zones().containsKey(writer.zone())) {
            int zone = writer.zone();
            close();
            discard.accept(zone);
        }
        giveUpFailed(state, false, discard);
        discardEnded(state, number -> false, discard);
    }

    /** Closes the file; nothing is forced. */
    @Override
    public void close() {
        if (writer != null) {
            writer.close();
            writer = null;
        }
    }
}
