package dev.cambium.benchmarks.simulation;

import java.util.ArrayList;
import java.util.List;

/**
 * Zones, which pages are appended to, each by one stream; and the cleaner, which moves what lives in some of them and gives them back. Sizes are
 * those of entries in leaves.
 */
final class SimulatedZones {
    /** What is appended, by how long it is likely to live. */
    enum Stream {
        FLUSHED,
        YOUNG,
        BASE,
        VALUES,
        RELOCATED
    }

    /** A file of pages. */
    static final class Zone {
        private final List<SimulatedPage> pages = new ArrayList<>();
        private long appended;
        private long live;
        private long sealedAt = -1;

        private double liveShare() {
            return (double) live / appended;
        }
    }

    private static final double MOST_VICTIM_SHARE = 0.98;

    private final long capacity;
    private final double target;
    private final double liveThreshold;
    private final int streams;
    private final Zone[] open = new Zone[Stream.values().length];
    private final List<Zone> sealed = new ArrayList<>();
    private long clock; // appended in all
    private long relocated;
    private long copied;
    private long files;
    private long live;

    SimulatedZones(SimulationSettings settings, long capacity) {
        this.capacity = capacity;
        this.target = settings.target();
        this.liveThreshold = settings.liveThreshold();
        this.streams = settings.streams();
    }

    long appended() {
        return clock;
    }

    long relocated() {
        return relocated;
    }

    /** Of merges that could have linked a page. */
    long copied() {
        return copied;
    }

    long fileSize() {
        return files;
    }

    long liveSize() {
        return live;
    }

    SimulatedPage append(int entries, int size, Stream stream) {
        SimulatedPage page = new SimulatedPage(entries, size);
        live += size;
        place(page, stream);
        return page;
    }

    private void place(SimulatedPage page, Stream stream) {
        int slot = slot(stream);
        Zone zone = open[slot];
        if (zone == null || zone.appended + page.size() > capacity && zone.appended > 0) {
            if (zone != null) {
                zone.sealedAt = clock;
                sealed.add(zone);
                dropIfDead(zone);
            }
            zone = new Zone();
            open[slot] = zone;
        }
        zone.pages.add(page);
        zone.appended += page.size();
        zone.live += page.size();
        clock += page.size();
        files += page.size();
        page.moveTo(zone);
    }

    /** Streams that are one share a zone. */
    private int slot(Stream stream) {
        Stream one =
                switch (stream) {
                    case FLUSHED -> streams < 4 ? Stream.YOUNG : stream;
                    case RELOCATED -> streams < 3 ? Stream.BASE : stream;
                    default -> stream;
                };
        return streams == 1 ? 0 : one.ordinal();
    }

    void kill(SimulatedPage page) {
        live -= page.size();
        leave(page);
    }

    private void leave(SimulatedPage page) {
        Zone zone = page.zone();
        zone.live -= page.size();
        page.moveTo(null);
        dropIfDead(zone);
    }

    private void dropIfDead(Zone zone) {
        if (zone.live == 0 && zone.sealedAt >= 0 && sealed.remove(zone)) {
            files -= zone.appended;
        }
    }

    /** Links a page that a merge need not touch; out of a zone that is mostly dead it is copied. */
    void link(SimulatedPage page) {
        if (page.zone().sealedAt >= 0 && page.zone().liveShare() < liveThreshold) {
            copied += page.size();
            leave(page);
            place(page, Stream.BASE);
        }
    }

    /** Cleans until files are as small as they should be. */
    void clean() {
        while (files > target * live) {
            Zone victim = victim();
            if (victim == null) {
                return;
            }
            relocated += victim.live;
            for (SimulatedPage page : List.copyOf(victim.pages)) {
                if (page.zone() == victim) {
                    leave(page);
                    place(page, Stream.RELOCATED);
                }
            }
        }
    }

    private Zone victim() {
        Zone best = null;
        double most = 0;
        for (Zone zone : sealed) {
            double share = zone.liveShare();
            double score = (1 - share) * (clock - zone.sealedAt + 1) / (1 + share);
            if (share < MOST_VICTIM_SHARE && score > most) {
                most = score;
                best = zone;
            }
        }
        return best;
    }
}
