package dev.cambium.benchmarks.simulation;

/** A page of entries in a zone, or a value that has one of its own. */
final class SimulatedPage {
    private final int entries;
    private final int size;
    private SimulatedZones.Zone zone;
    private int left; // entries that its run still refers to; when there are none, it is dead
    private boolean linked; // by the merge that is under way, into what that makes

    SimulatedPage(int entries, int size) {
        this.entries = entries;
        this.size = size;
        this.left = entries;
    }

    int entries() {
        return entries;
    }

    int size() {
        return size;
    }

    SimulatedZones.Zone zone() {
        return zone;
    }

    void moveTo(SimulatedZones.Zone newZone) {
        zone = newZone;
    }

    void link() {
        linked = true;
    }

    /** A merge has taken so many of its entries; returns whether it is dead with that. */
    boolean take(int count) {
        left -= count;
        if (left > 0) {
            return false;
        }
        boolean dead = !linked;
        linked = false;
        left = entries;
        return dead;
    }
}
