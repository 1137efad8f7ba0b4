package dev.cambium.run;

import dev.cambium.error.CorruptionException;
import dev.cambium.error.StoreException;
import dev.cambium.log.Manifest;
import dev.cambium.segment.disk.ZoneFile;
import dev.cambium.segment.disk.ZoneFileSystem;
import dev.cambium.segment.manifest.ManifestRecord;
import dev.cambium.segment.manifest.ManifestRecord.ZoneState;
import dev.cambium.segment.manifest.ManifestState;
import dev.cambium.segment.page.Pointer;
import dev.cambium.segment.zone.SharedZone;
import dev.cambium.segment.zone.ZoneFiles;
import dev.cambium.segment.zone.ZonePages;
import java.util.HashMap;
import java.util.Map;
import org.roaringbitmap.RoaringBitmap;

/**
 * Gives long dead ranges of sealed zones back to the file system, where that can be done: of zones that are mostly live, since the cleaner empties the
 * others, and of those of long values, which are never cleaned. One range a step, before zones are cleaned: what is given back so need not be moved.
 *
 * <p>Order: the edit by which the pages died cannot be lost, and nobody can look at them any more; the hole; the zone forced; an edit that says where
 * holes are. A crash before that edit leaves holes that nothing tells of: the ranges are punched again, which changes nothing.
 *
 * <p>Errors: the first one is logged, and no hole is punched any more until the store is reopened; nothing else is touched by it. Threads: steps are the
 * background lane's, while no merge is under way, for what a merge has written lives in no version yet.
 */
public final class Holes implements AutoCloseable {
    private static final System.Logger LOGGER = System.getLogger("dev.cambium");

    /** With less room on the disk than that, though some has just been given back, accounts go without. */
    private static final int ROOM_FOR_EDIT = 1 << 16;

    /** A zone is looked at again once so large a part of the least hole has died there: to look takes time. */
    private static final int LOOKS_PER_HOLE = 4;

    /**
     * A zone in which there is something to punch, held until that is said.
     *
     * @param left units that are left to punch
     * @param punched units that have been given back
     */
    private record Work(ManifestRecord.Zone zone, SharedZone held, RoaringBitmap left, RoaringBitmap punched) {}

    /**
     * What keeps a zone's dead ranges from being given back.
     *
     * @param view a version in which they live; or null, where somebody else holds the zone
     * @param asOf version of the manifest when that was found
     */
    private record Obstacle(HeldZones view, long asOf) {}

    private final Zones zones;
    private final Manifest manifest;
    private final ZoneFileSystem disk;
    private final LongValues longValues;
    private final int leastUnits;
    private final Map<Integer, Long> seen = new HashMap<>(); // zone: bytes that were dead when it was looked at last
    private final Map<Integer, Obstacle> obstacles = new HashMap<>(); // by zone
    private Work work; // or null
    private long lookedThrough = -1; // version of the manifest in which there was nothing to do
    private volatile boolean isViewGone; // that may have been in the way
    private volatile boolean isWaiting; // for one
    private volatile boolean isOff;

    /** @param leastBytes of a range that is worth a call */
    public Holes(Zones zones, Manifest manifest, ZoneFileSystem disk, LongValues longValues, int leastBytes) {
        this.zones = zones;
        this.manifest = manifest;
        this.disk = disk;
        this.longValues = longValues;
        this.leastUnits = leastBytes / Pointer.ALIGNMENT;
    }

    /** @param wake has {@link #step} called on the lane, where that has nothing else to do */
    void begin(Runnable wake) {
        zones.views().whenLetGo(() -> {
            isViewGone = true;
            if (isWaiting) {
                wake.run();
            }
        });
    }

    /** Whether dead ranges are given back, as far as is known. From any thread. */
    public boolean areOn() {
        return !isOff && disk.canPunchHoles();
    }

    /** Looks at a zone, or punches a hole, or says which there are; returns whether there was something to do. */
    boolean step() {
        if (!areOn() || manifest.hasFailed()) { // then the next writer may find another version than this one has
            letGo();
            return false;
        }
        try {
            if (work == null) {
                return lookAtNext();
            }
            if (work.left.isEmpty()) {
                tell();
            } else {
                punchNext();
            }
            return true;
        } catch (StoreException e) {
            isOff = true;
            letGo();
            LOGGER.log(
                    System.Logger.Level.WARNING,
                    "dead ranges of zones are not given back any more, until the store is reopened: {0}",
                    e.getMessage());
            return false;
        }
    }

    private boolean lookAtNext() {
        ManifestState state = manifest.state();
        if (isViewGone) {
            isViewGone = false; // before zones are looked at: what goes meanwhile is seen the next time
            lookedThrough = -1;
        }
        if (lookedThrough == state.version()) {
            return false;
        }
        for (ManifestRecord.Zone zone : state.zones().values()) {
            if (isWorthALook(zone, state)) {
                lookAt(zone, state);
                return true;
            }
        }
        seen.keySet().retainAll(state.zones().keySet());
        obstacles.keySet().retainAll(state.zones().keySet());
        lookedThrough = state.version();
        isWaiting = obstacles.values().stream().anyMatch(obstacle -> obstacle.view != null);
        return isViewGone; // since then, and nobody was woken
    }

    private boolean isWorthALook(ManifestRecord.Zone zone, ManifestState state) {
        int number = zone.number();
        long live = state.liveBytes(number);
        long dead = state.takenBytes(zone) - live;
        long least = (long) leastUnits * Pointer.ALIGNMENT;
        boolean stays = !Zones.isOfRuns(zone.stream()) || live >= CleanerChoice.LEAST_LIVE * zone.length();
        if (zone.state() != ZoneState.SEALED || !stays || dead < least) {
            return false;
        }
        Obstacle obstacle = obstacles.get(number);
        if (obstacle != null) {
            return obstacle.view == null
                    ? obstacle.asOf != state.version()
                    : !zones.views().isHeld(obstacle.view);
        }
        return dead - seen.getOrDefault(number, -least) >= least / LOOKS_PER_HOLE;
    }

    /** Looks for ranges to punch in a zone, and for what is in the way of that. */
    private void lookAt(ManifestRecord.Zone zone, ManifestState state) {
        int number = zone.number();
        ZoneViews views = zones.views();
        obstacles.remove(number);
        seen.put(number, state.takenBytes(zone) - state.liveBytes(number));
        RoaringBitmap holes = state.punched().getOrDefault(number, new RoaringBitmap());
        RoaringBitmap latest = state.live().getOrDefault(number, new RoaringBitmap());
        if (longRanges(complement(RoaringBitmap.or(latest, holes), zone)).isEmpty()) {
            return; // which is told without a look at the file
        }
        SharedZone held = zones.hold(number);
        try {
            ZonePages pages = held.reader().pages(zone.length());
            RoaringBitmap wanted = longRanges(RoaringBitmap.andNot(pages.dead(latest), holes));
            RoaringBitmap free = longRanges(RoaringBitmap.andNot(pages.dead(views.living(number, state)), holes));
            if (!free.equals(wanted)) {
                HeldZones view = views.holderOf(number, RoaringBitmap.andNot(wanted, free));
                obstacles.put(number, new Obstacle(view, state.version()));
            }
            // Nobody finds what is free through a run any more. Of what puts have written, who is about to hold the
            // zone is asked for first, and then who does.
            if (!free.isEmpty()
                    && Zones.isOfPuts(zone.stream())
                    && (longValues.isInUse(number) || views.isHeldElsewhere(held, 1))) {
                obstacles.put(number, new Obstacle(null, state.version()));
            } else if (!free.isEmpty()) {
                work = new Work(zone, held.retain(), free, new RoaringBitmap());
            }
        } catch (CorruptionException e) {
            seen.put(number, Long.MAX_VALUE); // it stays as it is; who verifies the store is told
            LOGGER.log(System.Logger.Level.DEBUG, "dead ranges of a zone are not given back: {0}", e.getMessage());
        } finally {
            held.release();
        }
    }

    private static RoaringBitmap complement(RoaringBitmap units, ManifestRecord.Zone zone) {
        return RoaringBitmap.flip(units, 0L, zone.length() / Pointer.ALIGNMENT);
    }

    /** Of some units, the ranges that are worth a call. */
    private RoaringBitmap longRanges(RoaringBitmap units) {
        RoaringBitmap found = new RoaringBitmap();
        for (long first = units.nextValue(0); first >= 0; ) {
            long end = units.nextAbsentValue((int) first);
            if (end - first >= leastUnits) {
                found.add(first, end);
            }
            first = units.nextValue((int) end);
        }
        return found;
    }

    private void punchNext() {
        manifest.confirmThrough(zones.views().liveSince());
        int first = work.left.first();
        long end = work.left.nextAbsentValue(first);
        boolean isPunched;
        try (ZoneFile file = disk.open(ZoneFiles.name(work.zone.number()))) {
            isPunched = file.punch((long) first * Pointer.ALIGNMENT, (end - first) * Pointer.ALIGNMENT);
        }
        if (isPunched) {
            work.left.remove(first, end);
            work.punched.add(first, end);
        } else {
            work.left.clear(); // the file has another name, or the file system turns out to have no holes
        }
    }

    /** Says which holes a zone has now. */
    private void tell() {
        Work done = work;
        if (!done.punched.isEmpty() && manifest.state().zones().containsKey(done.zone.number())) {
            try (ZoneFile file = disk.open(ZoneFiles.name(done.zone.number()))) {
                file.force(true);
            }
            done.punched.runOptimize();
            if (disk.usableBytes() < ROOM_FOR_EDIT) {
                letGo(); // an edit that fails would end all writing; the ranges are punched again some time
                return;
            }
            manifest.append(edit -> edit.add(new ManifestRecord.ZonePunched(done.zone.number(), done.punched)));
            manifest.rollIfLong();
            seen.merge(done.zone.number(), -done.punched.getLongCardinality() * Pointer.ALIGNMENT, Long::sum);
        }
        letGo();
    }

    private void letGo() {
        if (work != null) {
            SharedZone held = work.held;
            work = null;
            held.release();
        }
    }

    /** Gives back what it holds. The lane is closed. */
    @Override
    public void close() {
        letGo();
    }
}
