package dev.cambium.run;

import dev.cambium.segment.manifest.ManifestRecord;
import dev.cambium.segment.manifest.ManifestState;
import java.util.function.Predicate;

/**
 * What the zones of runs take, what is live in them, and how much room the disk has left. From the share of values in pages of their own follow the two
 * settings of decision 0011: how much younger runs may hide of the base, and how much longer zone files may be than what is live. Together they come to
 * 1.2 to 1.31. Where the disk has little room beside the store, both become stricter bit by bit: what is dead has to be given back while there is room for
 * what is moved, since on a full disk nothing can be moved any more (decision 0014).
 *
 * @param fileBytes that zones take which pages of runs go to: their length, less the holes in them
 * @param liveBytes of the pages that live in them, padding included
 * @param valueBytes of those, in the stream of values
 * @param roomBytes that the disk has left
 * @param zoneLength of the zones that are begun now
 */
record SpaceUse(long fileBytes, long liveBytes, long valueBytes, long roomBytes, long zoneLength) {
    private static final double TRIGGER = 0.13;
    private static final double TRIGGER_OF_VALUES = 0.05;
    private static final double TARGET = 1.06;
    private static final double TARGET_OF_VALUES = 1.22;

    /** While the disk has more room than this part of what is live, all is as it is elsewhere. */
    private static final double AMPLE_ROOM = 0.2;

    /** With no more than this part of it, as much is given back as can be. */
    private static final double LEAST_ROOM = 0.1;

    private static final double TARGET_WITHOUT_ROOM = 1.05;
    private static final double TRIGGER_WITHOUT_ROOM = 0.5; // of what it is else

    /** Zones of which a greater part is live are not worth to be cleaned. */
    private static final double MOST_LIVE = 0.9;

    private static final double MOST_LIVE_WITHOUT_ROOM = 0.94;

    /** Less than so many zones say nothing, for the zones that are being written make up for them. */
    private static final int FEW_ZONES = 2;

    /** About this part of what is live is moved before victims are given back, whose room is taken twice until then. */
    private static final int MOVED_AT_ONCE = 20;

    /** And this part is merged before what it takes the place of is. */
    private static final int COMMITS = 64;

    private static final long LEAST_COMMIT_BYTES = 2 << 20;

    /**
     * @param isOut zones that do not count, as {@link Zones#unsettled} says
     * @param roomBytes that the disk has left
     * @param zoneLength of the zones that are begun now
     */
    static SpaceUse of(ManifestState state, Predicate<ManifestRecord.Zone> isOut, long zoneLength, long roomBytes) {
        long files = 0;
        long live = 0;
        long values = 0;
        for (ManifestRecord.Zone zone : state.zones().values()) {
            if (isOut.test(zone)) {
                continue;
            }
            if (Zones.isOfRuns(zone.stream())) {
                files += state.takenBytes(zone);
                live += state.liveBytes(zone.number());
            }
            if (Zones.isOfValues(zone.stream())) {
                values += state.liveBytes(zone.number());
            }
        }
        return new SpaceUse(files, live, values, roomBytes, zoneLength);
    }

    /** Whether no more is dead than says anything. */
    private boolean isSmall() {
        return fileBytes - liveBytes < FEW_ZONES * zoneLength && shortage() == 0;
    }

    /** From 0, where the disk has room enough, to 1, where it has too little. */
    double shortage() {
        double ample = AMPLE_ROOM * liveBytes + FEW_ZONES * zoneLength;
        double least = LEAST_ROOM * liveBytes + FEW_ZONES * zoneLength;
        return roomBytes >= ample ? 0 : roomBytes <= least ? 1 : (ample - roomBytes) / (ample - least);
    }

    /** Bytes of files for each that is live; 1 where that says nothing. */
    double ratio() {
        return isSmall() ? 1 : (double) fileBytes / Math.max(1, liveBytes);
    }

    private double valueShare() {
        return (double) valueBytes / Math.max(1, liveBytes);
    }

    /** Bytes of files for each that is live, beyond which zones are cleaned. */
    double target() {
        double withRoom = TARGET + (TARGET_OF_VALUES - TARGET) * valueShare();
        return withRoom + (TARGET_WITHOUT_ROOM - withRoom) * shortage();
    }

    /** What younger runs may have of keys that the base has too, as a share of the base. */
    double trigger() {
        double withRoom = TRIGGER + (TRIGGER_OF_VALUES - TRIGGER) * valueShare();
        return withRoom * (1 + (TRIGGER_WITHOUT_ROOM - 1) * shortage());
    }

    /** Which part of a zone may be live that is to be cleaned. */
    double mostLive() {
        return MOST_LIVE + (MOST_LIVE_WITHOUT_ROOM - MOST_LIVE) * shortage();
    }

    /** Bytes of files beyond the target; not positive where there are none, or too few to be worth it. */
    double excessBytes() {
        return isSmall() ? 0 : excessBytes(target());
    }

    /** Bytes of files beyond another target; not positive where there are none. */
    double excessBytes(double otherTarget) {
        return fileBytes - otherTarget * liveBytes;
    }

    /** How many bytes are moved, about, before the zones are given back that they are moved out of. */
    long mostMovedBytes() {
        return Math.min(liveBytes / MOVED_AT_ONCE, roomBytes / 2);
    }

    /** How many bytes of pages a merge of the base writes before what they take the place of is given back. */
    long mostCommitBytes() {
        long most = Math.max(LEAST_COMMIT_BYTES, liveBytes / COMMITS);
        return shortage() == 0 ? most : Math.min(most, Math.max(zoneLength, roomBytes / 4));
    }
}
