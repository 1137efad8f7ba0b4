package dev.cambium.run;

import dev.cambium.segment.manifest.ManifestRecord;
import dev.cambium.segment.manifest.ManifestState;

/**
 * What the zones of runs take, and what is live in them. From the share of values in pages of their own follow the two settings of decision 0011: how
 * much younger runs may hide of the base, and how much longer zone files may be than what is live. Together they come to 1.2 to 1.31.
 *
 * @param fileBytes of zones that pages of runs go to
 * @param liveBytes of the pages that live in them, padding included
 * @param valueBytes of those, in the stream of values
 * @param isSmall whether no more is dead than the zones that are being written make up for
 */
record SpaceUse(long fileBytes, long liveBytes, long valueBytes, boolean isSmall) {
    private static final double TRIGGER = 0.11;
    private static final double TRIGGER_OF_VALUES = 0.05;
    private static final double TARGET = 1.08;
    private static final double TARGET_OF_VALUES = 1.25;

    /** @param zoneLength of the zones that are begun now */
    static SpaceUse of(ManifestState state, long zoneLength) {
        long files = 0;
        long live = 0;
        long values = 0;
        for (ManifestRecord.Zone zone : state.zones().values()) {
            if (Zones.isOfRuns(zone.stream())) {
                files += zone.length();
                live += state.liveBytes(zone.number());
            }
            if (Zones.isOfValues(zone.stream())) {
                values += state.liveBytes(zone.number());
            }
        }
        return new SpaceUse(files, live, values, files - live < 2 * zoneLength);
    }

    /** Bytes of files for each that is live; 1 where that says nothing. */
    double ratio() {
        return isSmall ? 1 : (double) fileBytes / Math.max(1, liveBytes);
    }

    private double valueShare() {
        return (double) valueBytes / Math.max(1, liveBytes);
    }

    /** Bytes of files for each that is live, beyond which zones are cleaned. */
    double target() {
        return TARGET + (TARGET_OF_VALUES - TARGET) * valueShare();
    }

    /** What younger runs may have of keys that the base has too, as a share of the base. */
    double trigger() {
        return TRIGGER + (TRIGGER_OF_VALUES - TRIGGER) * valueShare();
    }

    /** Bytes of files beyond the target; not positive where there are none, or too few to be worth it. */
    double excessBytes() {
        return isSmall ? 0 : excessBytes(target());
    }

    /** Bytes of files beyond another target; not positive where there are none. */
    double excessBytes(double otherTarget) {
        return fileBytes - otherTarget * liveBytes;
    }
}
