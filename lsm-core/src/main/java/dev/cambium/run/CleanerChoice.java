package dev.cambium.run;

import dev.cambium.compaction.RunTree;
import dev.cambium.compaction.ZoneUse;
import dev.cambium.epoch.ReadEpochs;
import dev.cambium.segment.manifest.ManifestRecord;
import dev.cambium.segment.manifest.ManifestRecord.ZoneState;
import dev.cambium.segment.manifest.ManifestState;
import dev.cambium.segment.manifest.Stretch;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.IntPredicate;

/**
 * When zones are cleaned, and which: once zone files are longer than what is live in them by more than the target says, those that are worth most
 * by (1 - u) · age / (1 + u), where u is the part that is live (Rosenblum, Ousterhout: <i>The Design and Implementation of a Log-Structured File
 * System</i>, 1992). Cleaning is a merge of the stretches of the base that have pages there, in which those pages may not be linked; so what
 * is left of a zone moves on, and the zone is dropped. Zones in which younger runs have pages wait until those are merged; where they are what takes the
 * room, a young run of which much has gone into the base is written anew. For one thread.
 */
final class CleanerChoice {
    /** Bytes of zone files for each that is live; together with what younger runs hide it makes 1.32 (decision 0011). */
    private static final double TARGET = 1.1;

    /** Zones that are fuller are not worth it. */
    private static final double MOST_LIVE = 0.95;

    /** A young run of which less has gone is not worth it. */
    private static final double LEAST_GONE = 0.3;

    private static final int MOST_VICTIMS = 16;

    private final ReadEpochs epochs;
    private final Deque<BaseChoice.Range> planned = new ArrayDeque<>();
    private final Map<Integer, Long> tried = new HashMap<>(); // zone: what was live there when it was last chosen
    private Set<Integer> victims = Set.of();
    private LiveRun leftover; // a young run to be written anew, or null

    CleanerChoice(ReadEpochs epochs) {
        this.epochs = epochs;
    }

    /** Zones that are being cleaned. */
    Set<Integer> victims() {
        return victims;
    }

    /** Forgets what was planned: the base is another, or a merge has failed. */
    void forgetPlan() {
        planned.clear();
        leftover = null;
    }

    /**
     * The stretches of the base to be merged next, ascending; whoever merges them takes them out.
     *
     * @param runs newest first
     * @param counts says which streams count
     * @param zoneLength of the zones that are written now: less than two of them is not worth it
     */
    Deque<BaseChoice.Range> next(List<LiveRun> runs, ManifestState state, IntPredicate counts, long zoneLength) {
        if (!BaseChoice.hasBase(runs)) {
            planned.clear();
        } else if (planned.isEmpty()) {
            plan(runs, state, counts, zoneLength);
        }
        return planned;
    }

    private void plan(List<LiveRun> runs, ManifestState state, IntPredicate counts, long zoneLength) {
        List<ManifestRecord.Zone> zones = state.zones().values().stream()
                .filter(zone -> counts.test(zone.stream()))
                .toList();
        long bytes = zones.stream().mapToLong(ManifestRecord.Zone::length).sum();
        long live =
                zones.stream().mapToLong(zone -> state.liveBytes(zone.number())).sum();
        double excess = bytes - TARGET * live;
        if (excess <= 0 || bytes - live < 2 * zoneLength) {
            return;
        }
        tried.keySet().retainAll(state.zones().keySet());
        List<ManifestRecord.Zone> candidates = new ArrayList<>(zones);
        candidates.removeIf(zone -> zone.state() == ZoneState.OPEN
                || state.liveBytes(zone.number()) > MOST_LIVE * zone.length()
                || tried.getOrDefault(zone.number(), -1L) == state.liveBytes(zone.number()));
        if (candidates.isEmpty()) {
            return;
        }
        int newest = state.next().zone();
        candidates.sort(Comparator.comparingDouble(
                (ManifestRecord.Zone zone) -> -score(state.liveBytes(zone.number()), zone, newest)));
        int slot = epochs.enter();
        try {
            Set<Integer> young = new HashSet<>();
            for (LiveRun run : runs.subList(0, runs.size() - 1)) {
                young.addAll(ZoneUse.of(run.tree(), run.merged()));
            }
            Set<Integer> chosen = new HashSet<>();
            for (ManifestRecord.Zone zone : candidates) {
                if (excess <= 0 || chosen.size() == MOST_VICTIMS) {
                    break;
                }
                if (!young.contains(zone.number())) {
                    chosen.add(zone.number());
                    tried.put(zone.number(), state.liveBytes(zone.number()));
                    excess -= zone.length() - state.liveBytes(zone.number());
                }
            }
            victims = chosen;
            leftover = excess > zoneLength ? mostGone(runs) : null;
            RunTree base = runs.get(runs.size() - 1).tree();
            for (Stretch stretch : ZoneUse.ranges(base, chosen::contains)) {
                planned.add(new BaseChoice.Range(stretch, 1, 0));
            }
        } finally {
            epochs.exit(slot);
        }
    }

    /** The young run of which most has gone into the base; null where none has lost much. */
    private static LiveRun mostGone(List<LiveRun> runs) {
        LiveRun most = null;
        double mostGone = LEAST_GONE;
        for (LiveRun run : runs.subList(0, runs.size() - 1)) {
            double gone = 1 - (double) run.countedEntries() / run.record().entries();
            if (gone > mostGone) {
                mostGone = gone;
                most = run;
            }
        }
        return most;
    }

    /** A young run that is to be written anew, so that the zones of what it has lost can go; or null. Asked after {@link #next}. */
    LiveRun takeLeftover(List<LiveRun> runs) {
        LiveRun taken = leftover;
        leftover = null;
        return taken != null && runs.contains(taken) ? taken : null;
    }

    private static double score(long live, ManifestRecord.Zone zone, int newest) {
        double part = (double) live / zone.length();
        return (1 - part) * (newest - zone.number()) / (1 + part);
    }
}
