package dev.cambium.run;

import dev.cambium.error.CorruptionException;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Which runs are merged: neighbours, T of a tier at a time; and never one with a page that cannot be read, which is left alone until the
 * store is reopened.
 *
 * <p>Threads: one chooses, any may ask for damage.
 */
final class MergeChoice {
    /** Runs of one tier that are merged at once; while nobody writes, two are enough. */
    private static final int TIER_SIZE = 4;

    private static final int TIER_SIZE_WHEN_IDLE = 2;

    /** Runs that come to more than this part of the base go into that, stretch by stretch, and are not merged whole before: it takes their room twice. */
    private static final int LARGE_TO_BASE = 16;

    /** A run of which less counts is what a merge of the base has left. */
    private static final int LEAST_OF_RUN = 8;

    private static final long NEVER_LARGE = 4 << 20;

    /** But where there are more young runs than that, they are merged all the same. */
    private static final int MOST_YOUNG_RUNS = 20;

    private final Set<Long> damaged = ConcurrentHashMap.newKeySet(); // ids of runs

    /** Leaves damaged runs out of all merges to come. */
    void setAside(List<LiveRun> runs, CorruptionException reason) {
        for (LiveRun run : runs) {
            damaged.add(run.record().id());
            System.getLogger("dev.cambium")
                    .log(
                            System.Logger.Level.WARNING,
                            "run {0} is left out of merges: {1}",
                            run.record().id(),
                            reason.getMessage());
        }
    }

    /** Whether a run has a page that a merge could not read. */
    boolean isDamaged(LiveRun run) {
        return damaged.contains(run.record().id());
    }

    /** How many of {@code runs} have a page that a merge could not read. */
    int damagedOf(List<LiveRun> runs) {
        return (int) runs.stream().filter(this::isDamaged).count();
    }

    /**
     * The runs to be merged next, newest first: neighbours of the lowest tier that has enough; or none.
     *
     * @param all runs, newest first, the base included
     */
    List<LiveRun> next(List<LiveRun> all, boolean isIdle) {
        boolean hasBase = BaseChoice.hasBase(all);
        List<LiveRun> runs = hasBase ? all.subList(0, all.size() - 1) : all;
        long mostBytes = hasBase && runs.size() <= MOST_YOUNG_RUNS
                ? Math.max(NEVER_LARGE, all.get(all.size() - 1).record().bytes() / LARGE_TO_BASE)
                : Long.MAX_VALUE;
        int enough = isIdle ? TIER_SIZE_WHEN_IDLE : TIER_SIZE;
        for (int from = 0; from < runs.size(); ) {
            int tier = runs.get(from).record().tier();
            int to = from;
            long bytes = 0;
            while (to < runs.size() && runs.get(to).record().tier() <= tier && !isDamaged(runs.get(to))) {
                bytes += runs.get(to).record().bytes();
                to++;
            }
            if (to - from >= enough && bytes <= mostBytes) {
                return runs.subList(from, to);
            }
            from = Math.max(to, from + 1);
        }
        return remnants(runs);
    }

    /** Neighbours of which nearly all has gone into the base, newest first, if there are some; or none. They cost little, and reads ask one in their place. */
    private List<LiveRun> remnants(List<LiveRun> runs) {
        for (int from = 0, to; from < runs.size(); from = to + 1) {
            for (to = from; to < runs.size() && isRemnant(runs.get(to)); ) {
                to++;
            }
            if (to - from >= TIER_SIZE) {
                return runs.subList(from, to);
            }
        }
        return List.of();
    }

    private boolean isRemnant(LiveRun run) {
        return run.countedEntries() < run.record().entries() / LEAST_OF_RUN && !isDamaged(run);
    }

    /** Neighbours without damage that are more than one, newest first; or none. */
    List<LiveRun> soundNeighbours(List<LiveRun> runs) {
        for (int from = 0, to; from < runs.size(); from = to + 1) {
            for (to = from; to < runs.size() && !isDamaged(runs.get(to)); ) {
                to++;
            }
            if (to - from > 1) {
                return runs.subList(from, to);
            }
        }
        return List.of();
    }
}
