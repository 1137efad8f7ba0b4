package dev.cambium.run;

import dev.cambium.error.StoreException;
import dev.cambium.error.StoreIOException;
import dev.cambium.log.Manifest;
import dev.cambium.segment.disk.ZoneFileSystem;
import dev.cambium.segment.manifest.ManifestRecord;
import dev.cambium.segment.manifest.ManifestRecord.ZoneState;
import dev.cambium.segment.manifest.ManifestState;
import dev.cambium.segment.memory.Memory;
import dev.cambium.segment.pool.BufferPool;
import dev.cambium.segment.runtime.BackgroundExecutor;
import dev.cambium.segment.runtime.Clock;
import dev.cambium.segment.zone.ZoneWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.IntSupplier;

/**
 * The zones of one stream that puts append to before the log names what they have written: the one that takes the next page, and those that an edit has yet to say
 * the last of.
 *
 * <p>A zone is named when it is begun: header forced, directory forced, an edit. After that values cost no edit: records may refer to pages behind the named end of an
 * open zone, and an edit about something else says later how far it is forced. What records refer to is forced before anything says that they are ({@link #forceReferred}).
 *
 * <p>Threads: {@link #forceReferred}, {@link #force} and {@link #throwIfLost} any; the rest is for one thread at a time, beside those.
 */
final class PutZones implements AutoCloseable {
    /** After so many bytes that nobody has forced, the background does: whoever needs them on the disk finds most of it done. */
    private static final int EARLY_BYTES = 16 << 20;

    private final ZoneFileSystem disk;
    private final byte[] storeId;
    private final int stream;
    private final Clock clock;
    private final BufferPool pool;
    private final IntSupplier capacity;
    private final IntSupplier newNumber;
    private final BackgroundExecutor forces;

    private PutZone current; // null where the next page opens or continues a zone
    private ManifestRecord.Zone continued; // left open by a clean close, takes the next page; or null
    private final List<Integer> leftOpen = new ArrayList<>(); // by a crash: an edit has yet to say that they are cut

    /** In the order of their numbers; the current one is the last. */
    private final List<PutZone> zones = new CopyOnWriteArrayList<>();

    private volatile StoreException lost; // why records refer to what can never be forced; or null

    /** As for an {@link OpenZone}. */
    PutZones(
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
        if (cleanClose && continued == null && zone.length() < capacity.getAsInt()) {
            continued = zone;
        } else {
            leftOpen.add(zone.number());
        }
    }

    /** Where a page was appended. */
    record Place(long pointer, int payloadCrc, int storedLength) {}

    /**
     * Appends a page of a value that is not whole yet.
     *
     * @param ends of the value: for each zone, where its last page there ends; the put uses those zones until {@link #release}
     * @param zonesOfStore opens readers of zones that are begun
     * @throws StoreException where that fails, or the zone that it needs cannot be begun; the value fails then
     */
    Place append(Map<Integer, Integer> ends, Memory page, int length, int kind, Manifest manifest, Zones zonesOfStore) {
        PutZone zone = zoneFor(length, manifest, zonesOfStore);
        if (ends.put(zone.number(), 0) == null) {
            zone.addUser();
        }
        try {
            zone.append(page, length, kind);
        } catch (RuntimeException | Error e) {
            cut(zone);
            throw e;
        }
        ZoneWriter writer = zone.writer();
        ends.put(zone.number(), writer.length());
        if (zone.asksForForce(EARLY_BYTES)) {
            forces.execute(() -> forceAhead(zone));
        }
        return new Place(writer.pointer(), writer.payloadCrc(), writer.storedLength());
    }

    private PutZone zoneFor(int length, Manifest manifest, Zones zonesOfStore) {
        if (continued != null) {
            continueOpen();
        }
        if (current != null && !current.hasRoomFor(length)) {
            endCurrent();
        }
        if (current == null) {
            begin(manifest, zonesOfStore);
        }
        return current;
    }

    /** Appends to the zone that was left open; where it cannot be read through, it is cut instead. */
    private void continueOpen() {
        ManifestRecord.Zone zone = continued;
        continued = null;
        try {
            current = new PutZone(
                    ZoneWriter.resume(disk, zone.number(), storeId, (int) zone.length(), capacity.getAsInt(), pool),
                    stream);
            zones.add(current);
        } catch (StoreException e) {
            leftOpen.add(zone.number());
            System.getLogger("dev.cambium")
                    .log(System.Logger.Level.WARNING, "a zone is not continued: {0}", e.getMessage());
        }
    }

    private void endCurrent() {
        PutZone zone = current;
        if (zone.writer().hasFailed() || zone.hasNothing()) {
            cut(zone);
            return;
        }
        try {
            zone.seal();
        } catch (RuntimeException | Error e) {
            cut(zone);
            throw e;
        }
        current = null;
        forces.execute(() -> forceAhead(zone));
    }

    /** Ends the zone that takes the next page, where it has any that was appended since it was begun or continued. */
    void seal() {
        if (continued != null) {
            continueOpen();
        }
        if (current != null && current.writer().pages() > 0) {
            endCurrent();
        }
    }

    private void cut(PutZone zone) {
        zone.cut();
        if (zone == current) {
            current = null;
        }
    }

    /** Makes a zone without a page and names it. If we crash before the edit, the file is garbage; after it, a zone that nothing refers to. */
    private void begin(Manifest manifest, Zones zonesOfStore) {
        manifest.throwIfFailed();
        int number = newNumber.getAsInt();
        ZoneWriter writer =
                ZoneWriter.create(disk, number, storeId, stream, clock.wallMillis(), capacity.getAsInt(), pool);
        try {
            writer.force();
            disk.forceDirectory();
            ManifestRecord.Zone empty = new ManifestRecord.Zone(number, writer.forcedLength(), stream, ZoneState.OPEN);
            zonesOfStore.openReader(empty);
            manifest.append(edit -> edit.add(empty));
        } catch (RuntimeException | Error e) {
            writer.close();
            if (!manifest.hasFailed()) { // else the edit may be on the disk, and the file is needed
                zonesOfStore.discard(number);
            }
            throw e;
        }
        current = new PutZone(writer, stream);
        zones.add(current);
        manifest.rollIfLong();
    }

    /**
     * Flushes a value's pages, the last of which has been appended: they survive the death of the process, and readers may read them.
     *
     * @throws StoreException where it fails; the value fails then
     */
    void makeWhole(Map<Integer, Integer> ends, Zones zonesOfStore) {
        ends.forEach((number, end) -> {
            PutZone zone = find(number);
            boolean isWhole;
            try {
                isWhole = zone != null && zone.makeWhole(end);
            } catch (RuntimeException | Error e) {
                cut(zone);
                throw e;
            }
            requireNotGivenUp(isWhole);
            zonesOfStore.grow(number, zone.whole());
        });
    }

    private static void requireNotGivenUp(boolean isThere) {
        if (!isThere) {
            throw new StoreIOException(
                    "the zone of a long value was given up, because another write to it, or its force, failed", null);
        }
    }

    private PutZone find(int number) {
        for (PutZone zone : zones) {
            if (zone.number() == number) {
                return zone;
            }
        }
        return null;
    }

    /**
     * Says that from now on a record may refer to a value that is whole.
     *
     * @throws StoreException where none may, since it can never be forced
     */
    void refer(Map<Integer, Integer> ends) {
        ends.forEach((number, end) -> {
            PutZone zone = find(number);
            boolean canRefer = zone != null && zone.refer(end);
            if (zone != null) {
                noteIfLost(zone, null);
            }
            requireNotGivenUp(canRefer);
        });
    }

    /** Makes a value that is whole survive a power loss. A failure is that of the value alone, unless records refer to what stands there. */
    void force(Map<Integer, Integer> ends) {
        for (PutZone zone : zones) {
            Integer end = ends.get(zone.number());
            if (end != null) {
                force(zone, () -> zone.forceTo(end));
            }
        }
    }

    /**
     * Makes all that records refer to survive a power loss: before anything says that those records do.
     *
     * @throws StoreException where it fails, from then on always
     */
    void forceReferred() {
        for (PutZone zone : zones) {
            force(zone, zone::forceReferred);
        }
    }

    private void force(PutZone zone, Runnable force) {
        try {
            force.run();
        } catch (StoreException e) {
            noteIfLost(zone, e);
            throw e;
        }
    }

    private void forceAhead(PutZone zone) {
        zone.forceAhead();
        noteIfLost(zone, null);
    }

    private void noteIfLost(PutZone zone, StoreException reason) {
        if (lost == null && zone.isLost()) {
            lost = reason != null
                    ? reason
                    : new StoreIOException("the force of a zone failed that the log refers to", null);
        }
    }

    /** Throws where {@link #forceReferred} never returns any more. */
    void throwIfLost() {
        StoreException reason = lost;
        if (reason != null) {
            throw new StoreIOException("what the log refers to cannot be forced: " + reason.getMessage(), reason);
        }
    }

    /** A put uses zones no longer: its record is applied, or will never be. Where nothing else was ever put there, the disk gets the room back. */
    void release(Set<Integer> used) {
        for (int number : used) {
            PutZone zone = find(number);
            if (zone != null) {
                zone.removeUser();
                if (zone.hasNothing()) { // before an edit can say that it is sealed
                    cut(zone);
                }
            }
        }
    }

    /** Whether a put uses a zone that is under way. */
    boolean isUsed(int number) {
        PutZone zone = find(number);
        return zone != null && zone.isUsed();
    }

    /** Adds the zones that puts use which are under way. */
    void addUsed(Set<Integer> needed) {
        zones.stream().filter(PutZone::isUsed).forEach(zone -> needed.add(zone.number()));
    }

    /** Lets nobody append to zones that are named and not needed: the next edit drops them. The zone that takes the next page is needed, where there is one left. */
    void giveUpUnneeded(ManifestState before, Set<Integer> needed) {
        if (current != null && isUnneeded(current.number(), before, needed)) {
            current = null;
        }
        if (continued != null && isUnneeded(continued.number(), before, needed)) {
            continued = null;
        }
        if (current != null) {
            needed.add(current.number());
        }
        if (continued != null) {
            needed.add(continued.number());
        }
    }

    private static boolean isUnneeded(int number, ManifestState before, Set<Integer> needed) {
        return before.zones().containsKey(number) && !needed.contains(number);
    }

    /**
     * What an edit may say of zones that are needed, where it says something new.
     *
     * @param before the edit
     */
    List<ManifestRecord.Zone> changes(ManifestState before, Set<Integer> needed) {
        List<ManifestRecord.Zone> changes = new ArrayList<>();
        for (int number : leftOpen) {
            ManifestRecord.Zone known = before.zones().get(number);
            if (known != null && known.state() == ZoneState.OPEN && needed.contains(number)) {
                changes.add(new ManifestRecord.Zone(number, known.length(), stream, ZoneState.CUT));
            }
        }
        for (PutZone zone : zones) {
            ManifestRecord.Zone known = before.zones().get(zone.number());
            if (known != null && known.state() == ZoneState.OPEN && needed.contains(zone.number())) {
                ManifestRecord.Zone record = zone.record();
                if (!record.equals(known)) {
                    changes.add(record);
                }
            }
        }
        return changes;
    }

    /** To be called once an edit is forced: closes the zones that it has dropped, and those of which it has said the last; not those begun since. */
    void named(ManifestState after) {
        leftOpen.removeIf(number -> !isOpen(number, after));
        for (PutZone zone : zones) {
            boolean isKnown = after.zonesSince().contains(zone.number());
            if (zone != current && !zone.isUsed() && isKnown && !isOpen(zone.number(), after)) {
                zone.close();
                zones.remove(zone);
            }
        }
    }

    private static boolean isOpen(int number, ManifestState state) {
        ManifestRecord.Zone zone = state.zones().get(number);
        return zone != null && zone.state() == ZoneState.OPEN;
    }

    /** Once the store is said to be closed: gives back what stands behind the named ends of zones that take no more pages. */
    void discardUnnamed(ManifestState state) {
        named(state);
        for (PutZone zone : zones) {
            if (zone.hasEnded()) {
                zone.cut();
            }
        }
    }

    /** Closes the files; nothing is forced. */
    @Override
    public void close() {
        for (PutZone zone : zones) {
            zone.close();
        }
        zones.clear();
        current = null;
        continued = null;
    }
}
