package dev.cambium.run;

import dev.cambium.segment.runtime.Reclaimer;
import dev.cambium.segment.runtime.References;
import dev.cambium.segment.zone.SharedZone;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.roaringbitmap.RoaringBitmap;

/**
 * The zones that a version of the store names, which stay as long as somebody holds the version. With the last reference they are let go, once
 * no reader can be inside. Safe for any thread.
 */
public final class HeldZones {
    private final List<SharedZone> zones;
    private final Map<Integer, RoaringBitmap> live;
    private final Reclaimer reclaimer;
    private final Consumer<HeldZones> letGo;
    private final References references = new References();

    /**
     * @param zones each held once, for this
     * @param live of each zone, the units in which pages live; not changed
     * @param letGo is told when nobody can be looking any more; calls {@link #letZonesGo}
     */
    HeldZones(
            List<SharedZone> zones, Map<Integer, RoaringBitmap> live, Reclaimer reclaimer, Consumer<HeldZones> letGo) {
        this.zones = List.copyOf(zones);
        this.live = live;
        this.reclaimer = reclaimer;
        this.letGo = letGo;
    }

    /** The units of a zone in which pages live; null where there are none. Not to be changed. */
    RoaringBitmap live(int zone) {
        return live.get(zone);
    }

    /** Whether it holds a zone. */
    boolean holds(SharedZone zone) {
        return zones.contains(zone);
    }

    /** Takes a reference, unless the last one is gone. To be called inside an epoch slot, or by who holds one. */
    public boolean tryRetain() {
        return references.tryRetain();
    }

    /** Gives a reference back. */
    public void release() {
        if (references.release()) {
            reclaimer.retire(() -> letGo.accept(this));
        }
    }

    /** Gives the zones back; once. */
    void letZonesGo() {
        zones.forEach(SharedZone::release);
    }
}
