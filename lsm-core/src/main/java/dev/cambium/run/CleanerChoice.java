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
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;

/**
 * When zones are cleaned, and which: once zone files are longer than what is live in them by more than the target says, those that are worth most
 * by (1 - u) · age / (1 + u), where u is the part that is live of what they take, holes left out (Rosenblum, Ousterhout: <i>The Design and Implementation of a Log-Structured File
 * System</i>, 1992). Cleaning is a merge of the stretches of the base that have pages there, in which those pages may not be linked; so what
 * is left of a zone moves on, and the zone is dropped. Zones in which younger runs have pages wait until those are merged; where they are what takes the
 * room, a young run of which much has gone into the base is written anew. For one thread.
 */
final class CleanerChoice {
    /** Share of a zone that is live, below which a merge of a single young run takes its pages along. */
    static final double LEAST_LIVE = 0.55;

    /** To write what is left of a young run anew is worth it where it gives back so much of a zone. */
    private static final long GAINS_OF_ZONE = 8;

    private static final int MOST_VICTIMS = 16;

    private final ReadEpochs epochs;
    private final MergeChoice choice;
    private final BaseChoice baseChoice;
    private final Deque<BaseChoice.Range> planned = new ArrayDeque<>();
    private final Map<Integer, Long> tried = new HashMap<>(); // zone: what was live there when it was last chosen
    private Set<Integer> victims = Set.of();
    private boolean haveValues; // the victims
    private byte[] sweptTo; // where to go on with a sweep that was left off; or null
    private LiveRun leftover; // a young run to be written anew, or null
    private double
            due; // bytes that files are to be shorter by when what was planned last is done; 0 where it was left off
    private long filesBefore; // bytes of files then
    private long flushBefore; // number of the newest flush then

    /**
     * @param choice knows which runs are damaged, and so not written anew
     * @param baseChoice knows which stretches are, and so not merged; and is told
     */
    CleanerChoice(ReadEpochs epochs, MergeChoice choice, BaseChoice baseChoice) {
        this.epochs = epochs;
        this.choice = choice;
        this.baseChoice = baseChoice;
    }

    /** Zones that are being cleaned. */
    Set<Integer> victims() {
        return victims;
    }

    /** Forgets what was planned: the base is another, or a merge has failed. Where values have to be moved, that goes on where it was. */
    void forgetPlan() {
        if (!planned.isEmpty()) {
            if (haveValues) {
                sweptTo = planned.peek().stretch().from();
            } else {
                tried.keySet().removeAll(victims);
            }
        }
        due = 0;
        planned.clear();
        leftover = null;
    }

    /**
     * The stretches of the base to be merged next, ascending; whoever merges them takes them out.
     *
     * @param runs newest first
     * @param excess bytes of zone files beyond what is aimed at: none where it is not positive
     * @param before zones with this number and above are no victims
     * @param isOut other zones that are none
     * @param use of the zones as the state has them
     * @param zoneLength of the zones that are written now
     */
    Deque<BaseChoice.Range> next(
            List<LiveRun> runs,
            ManifestState state,
            double excess,
            int before,
            Predicate<ManifestRecord.Zone> isOut,
            SpaceUse use,
            long zoneLength) {
        if (!BaseChoice.hasBase(runs)) {
            planned.clear();
            sweptTo = null;
        } else if (planned.isEmpty() && sweptTo != null) {
            planRest(runs);
        }
        if (planned.isEmpty() && BaseChoice.hasBase(runs) && excess > 0) {
            plan(runs, state, excess, before, isOut, use, zoneLength);
        }
        return planned;
    }

    private void plan(
            List<LiveRun> runs,
            ManifestState state,
            double excess,
            int before,
            Predicate<ManifestRecord.Zone> isOut,
            SpaceUse use,
            long zoneLength) {
        tried.keySet().retainAll(state.zones().keySet());
        boolean isHopeless = state.zones().values().stream()
                .noneMatch(zone -> isWorthIt(zone, state, use)
                        && !isTried(zone, state)
                        && zone.number() < before
                        && !isOut.test(zone));
        boolean isAsked =
                before < Integer.MAX_VALUE; // which comes to an end by itself, since what it makes is no victim
        if (isHopeless || !isAsked && hasBeenInVain(runs, use)) {
            return; // which is told without a look at any page
        }
        int slot = epochs.enter();
        try {
            Set<Integer> young = new HashSet<>();
            double mostGain = 0;
            for (LiveRun run : runs.subList(0, runs.size() - 1)) {
                Set<Integer> own = ZoneUse.of(run.tree(), run.merged());
                double gain = gain(own, state);
                if (gain > mostGain
                        && gain >= zoneLength / GAINS_OF_ZONE
                        && !run.merged().isEmpty()
                        && !choice.isDamaged(run)) {
                    mostGain = gain;
                    leftover = run;
                }
                young.addAll(own);
            }
            if (leftover == null) {
                chooseVictims(runs, young, state, isAsked ? excess : excess - stuckBytes(state), before, isOut, use);
            }
        } finally {
            epochs.exit(slot);
        }
    }

    /**
     * Whether the last plan has given back little of what it was to, and nothing is new since: then zones that are made hold as much that is dead, as in
     * a store of few pages they may, and to go on would never end.
     */
    private boolean hasBeenInVain(List<LiveRun> runs, SpaceUse use) {
        return due > 0
                && filesBefore - use.fileBytes() < due / 2
                && runs.get(0).record().newest() == flushBefore;
    }

    /** Bytes of what is dead in zones that could not be cleaned, as something there cannot be read: to clean others does not make up for them. */
    private double stuckBytes(ManifestState state) {
        return state.zones().values().stream()
                .filter(zone -> isTried(zone, state))
                .mapToLong(zone -> state.takenBytes(zone) - state.liveBytes(zone.number()))
                .sum();
    }

    /** What it gains to move what is live out of those zones of a run that are mostly dead: bytes of files, less what is written for it. */
    private static double gain(Set<Integer> ofRun, ManifestState state) {
        double gain = 0;
        for (int number : ofRun) {
            ManifestRecord.Zone zone = state.zones().get(number);
            long live = state.liveBytes(number);
            if (zone != null && zone.state() != ZoneState.OPEN && live < LEAST_LIVE * state.takenBytes(zone)) {
                gain += state.takenBytes(zone) - 2 * live;
            }
        }
        return gain;
    }

    private void chooseVictims(
            List<LiveRun> runs,
            Set<Integer> young,
            ManifestState state,
            double excess,
            int before,
            Predicate<ManifestRecord.Zone> isOut,
            SpaceUse use) {
        Set<Integer> chosen = new HashSet<>();
        boolean hasValues = false;
        due = 0;
        for (ManifestRecord.Zone zone : victims(
                state,
                use,
                excess,
                MOST_VICTIMS,
                use.mostMovedBytes(),
                zone -> zone.number() >= before
                        || young.contains(zone.number())
                        || isTried(zone, state)
                        || isOut.test(zone))) {
            chosen.add(zone.number());
            tried.put(zone.number(), state.liveBytes(zone.number()));
            hasValues |= Zones.isOfValues(zone.stream());
            due += state.takenBytes(zone) - state.liveBytes(zone.number());
        }
        filesBefore = use.fileBytes();
        flushBefore = runs.get(0).record().newest();
        victims = chosen;
        haveValues = hasValues;
        sweptTo = null;
        if (!chosen.isEmpty()) {
            planFrom(runs.get(runs.size() - 1).tree(), new byte[0], false);
        }
    }

    /** Whether a zone has been chosen before, and nothing has changed in it since. */
    private boolean isTried(ManifestRecord.Zone zone, ManifestState state) {
        return tried.getOrDefault(zone.number(), -1L) == state.liveBytes(zone.number());
    }

    /** Whether so much of a zone is dead that it pays to move the rest. */
    private static boolean isWorthIt(ManifestRecord.Zone zone, ManifestState state, SpaceUse use) {
        return zone.state() != ZoneState.OPEN
                && Zones.isOfRuns(zone.stream())
                && state.liveBytes(zone.number()) <= use.mostLive() * state.takenBytes(zone);
    }

    /**
     * The zones that it pays to clean first, best first.
     *
     * @param excess bytes of files to be given back, about
     * @param most zones that are chosen
     * @param mostToMove bytes of live pages, about
     * @param isOut zones that are not to be among them
     */
    static List<ManifestRecord.Zone> victims(
            ManifestState state,
            SpaceUse use,
            double excess,
            int most,
            long mostToMove,
            Predicate<ManifestRecord.Zone> isOut) {
        List<ManifestRecord.Zone> candidates = new ArrayList<>(state.zones().values());
        candidates.removeIf(zone -> !isWorthIt(zone, state, use) || isOut.test(zone));
        int newest = state.next().zone();
        candidates.sort(Comparator.comparingDouble((ManifestRecord.Zone zone) -> -score(zone, state, newest)));
        List<ManifestRecord.Zone> chosen = new ArrayList<>();
        double left = excess;
        long toMove = 0;
        for (ManifestRecord.Zone zone : candidates) {
            if (left <= 0 || chosen.size() == most || toMove > mostToMove) {
                break;
            }
            chosen.add(zone);
            toMove += state.liveBytes(zone.number());
            left -= state.takenBytes(zone) - state.liveBytes(zone.number());
        }
        return chosen;
    }

    /** Goes on with a sweep for values that was left off. */
    private void planRest(List<LiveRun> runs) {
        byte[] from = sweptTo;
        sweptTo = null;
        int slot = epochs.enter();
        try {
            planFrom(runs.get(runs.size() - 1).tree(), from, false);
        } finally {
            epochs.exit(slot);
        }
    }

    /** @param all whether younger runs have pages in victims, so that all of them go into the base */
    private void planFrom(RunTree base, byte[] from, boolean all) {
        Set<Stretch> withPages = new LinkedHashSet<>(ZoneUse.ranges(base, victims::contains, baseChoice::setAside));
        // Where values lie, only leaves say: all ranges are looked through, as they come.
        for (Stretch stretch : haveValues ? ZoneUse.ranges(base, zone -> true, baseChoice::setAside) : withPages) {
            if (stretch.endsBehind(from) && !baseChoice.isSetAside(stretch)) {
                planned.add(new BaseChoice.Range(stretch, 1, 0, all || !haveValues || withPages.contains(stretch)));
            }
        }
    }

    /** Zones out of which a merge takes along what it meets, since a sweep is going to. */
    Set<Integer> victimsOfSweep() {
        return sweptTo == null ? Set.of() : victims;
    }

    /** Plans to clean some zones, whatever else is planned. */
    void planZones(List<LiveRun> runs, Set<Integer> zones) {
        forgetPlan();
        sweptTo = null;
        victims = zones;
        haveValues = true; // which has all ranges looked through, and young runs' pages among them
        int slot = epochs.enter();
        try {
            boolean hasYoung = runs.subList(0, runs.size() - 1).stream()
                    .anyMatch(
                            run -> ZoneUse.of(run.tree(), run.merged()).stream().anyMatch(zones::contains));
            planFrom(runs.get(runs.size() - 1).tree(), new byte[0], hasYoung);
        } finally {
            epochs.exit(slot);
        }
    }

    /** Whether something is planned, or was and is to go on. */
    boolean isPlanned() {
        return !planned.isEmpty() || sweptTo != null;
    }

    /** Whether values stand in some of the victims, so that leaves have to be searched for them. */
    boolean victimsHaveValues() {
        return haveValues;
    }

    /** A young run that is to be written anew, so that the zones of what it has lost can go; or null. Asked after {@link #next}. */
    LiveRun takeLeftover(List<LiveRun> runs) {
        LiveRun taken = leftover;
        leftover = null;
        return taken != null && runs.contains(taken) ? taken : null;
    }

    private static double score(ManifestRecord.Zone zone, ManifestState state, int newest) {
        double part = (double) state.liveBytes(zone.number()) / state.takenBytes(zone);
        return (1 - part) * (newest - zone.number()) / (1 + part);
    }
}
