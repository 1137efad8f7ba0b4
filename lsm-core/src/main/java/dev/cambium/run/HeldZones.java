package dev.cambium.run;

import dev.cambium.segment.runtime.Reclaimer;
import dev.cambium.segment.runtime.References;
import dev.cambium.segment.zone.SharedZone;
import java.util.List;

/**
 * The zones that a version of the store names, which stay as long as somebody holds the version. With the last reference they are let go, once
 * no reader can be inside. Safe for any thread.
 */
public final class HeldZones {
    private final List<SharedZone> zones;
    private final Reclaimer reclaimer;
    private final References references = new References();

    /** @param zones each held once, for this */
    HeldZones(List<SharedZone> zones, Reclaimer reclaimer) {
        this.zones = List.copyOf(zones);
        this.reclaimer = reclaimer;
    }

    /** Takes a reference, unless the last one is gone. To be called inside an epoch slot, or by who holds one. */
    public boolean tryRetain() {
        return references.tryRetain();
    }

    /** Gives a reference back. */
    public void release() {
        if (references.release()) {
            reclaimer.retire(() -> zones.forEach(SharedZone::release));
        }
    }
}
