package dev.cambium.run;

import dev.cambium.segment.manifest.ManifestState;
import dev.cambium.segment.runtime.Reclaimer;
import dev.cambium.segment.zone.SharedZone;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.roaringbitmap.RoaringBitmap;

/**
 * Which pages somebody may still look at: those that live in a version that is held, be it by the store, a snapshot, a cursor, a merge, or a reader who
 * is inside an epoch slot.
 *
 * <p>Threads: versions are made, and questions asked, by the background lane; versions are let go by any thread.
 */
final class ZoneViews {
    /*
     * A version is here from before it is installed until its last holder has let it go and every reader who was inside by then has left. So
     * a page that lives in none of them can be found by nobody: a version that is gone does not come back, and no later one has the page.
     *
     * Values that puts have written are found by three ways besides: through a memtable that refers to them, which holds their zones (as long as the log may
     * bring them back, too); by who has one open, and holds its zones; and by who writes one, whose zones are in use. So a zone of theirs is asked
     * for those as a whole: `isHeldElsewhere`, and LongValues.
     */
    private final Set<HeldZones> held = ConcurrentHashMap.newKeySet();
    private long liveSince; // version of the manifest's edit by which pages last came or went
    private volatile Runnable whenLetGo = () -> {};

    ZoneViews(ManifestState state) {
        this.liveSince = state.version();
    }

    /** @param action runs when a version has been let go, in the thread that did so */
    void whenLetGo(Runnable action) {
        whenLetGo = action;
    }

    /** A version of the manifest, held once. */
    HeldZones hold(ManifestState state, List<SharedZone> zones, Reclaimer reclaimer) {
        HeldZones version = new HeldZones(zones, state.live(), reclaimer, this::letGo);
        held.add(version);
        return version;
    }

    private void letGo(HeldZones version) {
        held.remove(version); // before its zones: who counts holders is not to take a stranger for it
        version.letZonesGo();
        whenLetGo.run();
    }

    /** An edit about pages has been forced. */
    void named(ManifestState after) {
        liveSince = after.version();
    }

    /** The version by which pages last came or went: once it cannot be lost, neither can what is dead come to life. */
    long liveSince() {
        return liveSince;
    }

    /** Units of a zone in which something lives, in the latest version or another that is held. */
    RoaringBitmap living(int zone, ManifestState state) {
        RoaringBitmap latest = state.live().getOrDefault(zone, new RoaringBitmap());
        RoaringBitmap living = latest.clone();
        for (HeldZones version : held) {
            RoaringBitmap then = version.live(zone);
            if (then != null && then != latest) {
                living.or(then);
            }
        }
        return living;
    }

    /** An earlier version that is held and has something living among some units of a zone; or null. */
    HeldZones holderOf(int zone, RoaringBitmap units) {
        for (HeldZones version : held) {
            RoaringBitmap then = version.live(zone);
            if (then != null && RoaringBitmap.intersects(then, units)) {
                return version;
            }
        }
        return null;
    }

    /** Whether a version has not been let go. */
    boolean isHeld(HeldZones version) {
        return held.contains(version);
    }

    /**
     * Whether others than versions hold a zone. To be asked after {@link #living}: who comes later finds nothing there that is dead.
     *
     * @param own how many times the caller does
     */
    boolean isHeldElsewhere(SharedZone zone, int own) {
        int holders = zone.holders(); // before versions are counted: they can only become fewer
        int versions = 0;
        for (HeldZones version : held) {
            versions += version.holds(zone) ? 1 : 0;
        }
        return holders > 1 + own + versions; // one is of who names the zone
    }
}
