package dev.cambium.run;

import dev.cambium.CompactionEstimate;
import dev.cambium.ZoneStats;
import dev.cambium.ZoneStats.Stream;
import dev.cambium.compaction.RangeEstimates;
import dev.cambium.segment.manifest.ManifestRecord;
import dev.cambium.segment.manifest.ManifestRecord.ZoneState;
import dev.cambium.segment.manifest.ManifestState;
import dev.cambium.segment.manifest.Stretch;
import java.util.List;

/** What zones there are, and what a compaction or cleaning would do, for those who ask; changes nothing. Stateless. */
public final class CompactionOutlook {
    private CompactionOutlook() {}

    /** All zones, by number. */
    public static List<ZoneStats> zones(ManifestState state) {
        return state.zones().values().stream().map(zone -> stats(zone, state)).toList();
    }

    /** The zones that would be cleaned, best first. */
    public static List<ZoneStats> toClean(ManifestState state, double target) {
        SpaceUse use = SpaceUse.of(state, Zones.unsettled(java.util.stream.Stream.empty()), 0, Long.MAX_VALUE);
        double excess = use.excessBytes(target);
        return CleanerChoice.victims(state, use, excess, Integer.MAX_VALUE, Long.MAX_VALUE, zone -> false).stream()
                .map(zone -> stats(zone, state))
                .toList();
    }

    private static ZoneStats stats(ManifestRecord.Zone zone, ManifestState state) {
        Stream stream =
                switch (zone.stream()) {
                    case Zones.STREAM_YOUNG -> Stream.YOUNG;
                    case Zones.STREAM_BASE -> Stream.BASE;
                    case Zones.STREAM_VALUES, Zones.STREAM_PUT_VALUES -> Stream.VALUES;
                    case Zones.STREAM_MOVED_VALUES -> Stream.MOVED_VALUES;
                    default -> Stream.LONG_VALUES;
                };
        return new ZoneStats(
                zone.number(),
                stream,
                zone.length(),
                state.punchedBytes(zone.number()),
                state.liveBytes(zone.number()),
                zone.state() == ZoneState.OPEN);
    }

    /**
     * What it would be to merge a stretch into the base. Reads key pages; to be called inside an epoch slot.
     *
     * @param runs newest first
     * @param rewrites whether stretches are merged that younger runs have nothing in
     */
    public static CompactionEstimate estimate(
            List<LiveRun> runs, Stretch of, boolean rewrites, List<ZoneStats> zonesToClean) {
        if (runs.isEmpty()) {
            return new CompactionEstimate(0, 0, 0, 0, zonesToClean);
        }
        LiveRun oldest = runs.get(runs.size() - 1);
        RangeEstimates estimates = new RangeEstimates(oldest.tree(), (damaged, reason) -> {}, false);
        for (LiveRun run : runs.subList(0, runs.size() - 1)) {
            estimates.add(run.tree(), run.merged());
        }
        double bytesOfEntry = runs.stream()
                        .mapToLong(run -> run.record().bytes())
                        .sum()
                / (double) Math.max(
                        1,
                        runs.stream().mapToLong(run -> run.record().entries()).sum());
        int all = 0;
        int merged = 0;
        double young = 0;
        double entries = 0;
        for (int i = 0; i < estimates.count(); i++) {
            Stretch stretch = estimates.stretch(i);
            if (stretch.endsBehind(of.from()) && of.endsBehind(stretch.from())) {
                all++;
                if (rewrites || estimates.youngEntries(i) > 0) {
                    merged++;
                    young += estimates.youngEntries(i);
                    entries += estimates.youngEntries(i) + estimates.baseEntries(i);
                }
            }
        }
        return new CompactionEstimate(merged, all, (long) (entries * bytesOfEntry), Math.round(young), zonesToClean);
    }
}
