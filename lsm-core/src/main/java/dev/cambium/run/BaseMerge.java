package dev.cambium.run;

import dev.cambium.compaction.Child;
import dev.cambium.compaction.PageChanges;
import dev.cambium.compaction.RunWriter;
import dev.cambium.compaction.StreamedRuns;
import dev.cambium.compaction.TreeEdit;
import dev.cambium.epoch.ReadEpochs;
import dev.cambium.segment.manifest.ManifestRecord;
import dev.cambium.segment.manifest.Stretch;
import dev.cambium.segment.manifest.Stretches;
import dev.cambium.segment.page.Aggregation;
import dev.cambium.segment.pool.BufferPool;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.IntPredicate;
import java.util.function.ToLongFunction;

/**
 * Stretches of the base that are being merged with what all younger runs have there, several of them at the same time where there are {@link Workers}. The pages
 * of other stretches become part of the new base as they are; the younger runs lose what was merged. Tombstones go: nothing older is left for them to hide.
 *
 * <p>Stretches are begun in the order of keys. Between steps all is one thread's; within one, only the plan is shared.
 */
final class BaseMerge implements MergeWork, StretchMerge.Plan {
    private final List<LiveRun> young; // newest first
    private final LiveRun base;
    private final HeldZones zones;
    private final ReadEpochs epochs;
    private final Workers workers;
    private final long mostBytes;
    private final List<StretchMerge> parts = new ArrayList<>();

    // Guarded by this object.
    private final Deque<BaseChoice.Range> planned;
    private final List<TreeEdit.Replacement> replacements = new ArrayList<>();
    private final Map<LiveRun, Stretches> merged = new HashMap<>();
    private final Map<LiveRun, Long> passed = new HashMap<>();
    private long appendedBytes; // for the stretches that have ended

    /**
     * Takes a reference of each run and of the zones, and the writers.
     *
     * @param runs newest first; the last is the base
     * @param zones that they have pages in
     * @param writers of one run, as many as stretches are to be merged at the same time; as many as the workers are at most
     * @param planned ranges to be merged, in the order of keys; those that have been begun are taken out of it
     * @param zonesToLink says of which zones a page may become part of the new base as it is; asked by any thread
     * @param valuesToMove says of which zones no value may stay there, to any thread; null where that is for {@code zonesToLink} to say as values are met
     * @param mostBytes of pages: once the stretches that have ended took so many, no other is begun
     */
    BaseMerge(
            List<LiveRun> runs,
            HeldZones zones,
            List<RunWriter> writers,
            Workers workers,
            byte[] storeId,
            BufferPool pool,
            ReadEpochs epochs,
            Deque<BaseChoice.Range> planned,
            IntPredicate zonesToLink,
            IntPredicate valuesToMove,
            long mostBytes) {
        this.young = List.copyOf(runs.subList(0, runs.size() - 1));
        this.base = runs.get(runs.size() - 1);
        this.zones = zones;
        this.workers = workers;
        this.epochs = epochs;
        this.planned = planned;
        this.mostBytes = mostBytes;
        writers.forEach(writer -> parts.add(
                new StretchMerge(this, writer, new StreamedRuns(storeId, pool), epochs, zonesToLink, valuesToMove)));
        young.forEach(run -> {
            merged.put(run, run.merged());
            passed.put(run, 0L);
        });
        boolean retained = zones.tryRetain();
        for (LiveRun run : runs) {
            retained &= run.tryRetain();
        }
        assert retained : "the version holds them, and only this thread installs another";
    }

    @Override
    public boolean step(long bytes) {
        parts.forEach(StretchMerge::take); // none leaves the others without
        List<StretchMerge> busy = parts.stream().filter(part -> !part.isAtEnd()).toList();
        workers.runAll(
                busy.stream().map(part -> (Runnable) () -> part.step(bytes)).toList());
        return busy.stream().anyMatch(part -> !part.isAtEnd());
    }

    @Override
    public synchronized BaseChoice.Range take() {
        return replacements.isEmpty() || appendedBytes < mostBytes ? planned.poll() : null;
    }

    @Override
    public synchronized List<StreamedRuns.Source> sources(Stretch stretch) {
        List<StreamedRuns.Source> sources = new ArrayList<>();
        for (LiveRun run : young) {
            List<Stretch> left = run.left(stretch);
            if (!left.isEmpty()) {
                sources.add(new StreamedRuns.Source(
                        run.tree(), left, merged.get(run).with(stretch)));
            }
        }
        sources.add(new StreamedRuns.Source(base.tree(), List.of(stretch), Stretches.ALL));
        return sources;
    }

    /** A page that lies in several stretches dies with the one that is begun last, which knows of all others. */
    @Override
    public synchronized List<StreamedRuns.Source> begin(Stretch stretch) {
        List<StreamedRuns.Source> sources = sources(stretch);
        for (LiveRun run : young) {
            if (!run.left(stretch).isEmpty()) {
                merged.put(run, merged.get(run).with(stretch));
            }
        }
        return sources;
    }

    @Override
    public synchronized void end(Stretch stretch, List<Child> children, StreamedRuns runs, long bytes) {
        replacements.add(new TreeEdit.Replacement(stretch, children));
        runs.forEachPassed((tree, count) -> passed.replaceAll((run, sum) -> run.tree() == tree ? sum + count : sum));
        appendedBytes += bytes;
    }

    private long sum(ToLongFunction<StretchMerge> amount) {
        return parts.stream().mapToLong(amount).sum();
    }

    @Override
    public long bytesDone() {
        return sum(part -> part.writer().bytes());
    }

    @Override
    public long bytesLinked() {
        return sum(part -> part.writer().linkedBytes());
    }

    @Override
    public long bytesCopied() {
        return sum(part -> part.writer().movedBytes());
    }

    @Override
    public long workBytes() {
        return sum(StretchMerge::workBytes);
    }

    @Override
    public long appendedBytes() {
        return sum(part -> part.writer().appendedBytes());
    }

    @Override
    public Set<Integer> zonesBegun() {
        Set<Integer> begun = new HashSet<>();
        parts.forEach(part -> begun.addAll(part.changes().liveZones()));
        return begun;
    }

    @Override
    public PageChanges changes() {
        return parts.get(0).changes();
    }

    @Override
    public Stretch stuckStretch() {
        return parts.stream()
                .map(StretchMerge::stuckStretch)
                .filter(Objects::nonNull)
                .findFirst()
                .orElse(null);
    }

    @Override
    public List<LiveRun> stuckInputs() {
        return List.of();
    }

    @Override
    public synchronized Result finish() {
        if (replacements.isEmpty()) {
            return null;
        }
        replacements.sort((one, other) ->
                Arrays.compareUnsigned(one.stretch().from(), other.stretch().from()));
        parts.stream().skip(1).forEach(part -> changes().addAll(part.changes()));
        TreeEdit edit;
        int slot = epochs.enter();
        try {
            edit = new TreeEdit(base.tree(), replacements);
        } finally {
            epochs.exit(slot);
        }
        Map<LiveRun, List<Stretch>> lost = new HashMap<>();
        Map<LiveRun, Long> left = new HashMap<>();
        List<LiveRun> inputs = new ArrayList<>();
        byte[] firstKey = base.record().firstKey();
        byte[] lastKey = base.record().lastKey();
        long minBatch = base.record().minBatch();
        long maxBatch = base.record().maxBatch();
        for (LiveRun run : young) {
            Stretches after = merged.get(run);
            if (after.equals(run.merged())) {
                continue;
            }
            ManifestRecord.Run record = run.record();
            firstKey = Arrays.compareUnsigned(record.firstKey(), firstKey) < 0 ? record.firstKey() : firstKey;
            lastKey = Arrays.compareUnsigned(record.lastKey(), lastKey) > 0 ? record.lastKey() : lastKey;
            if (record.maxBatch() > 0) {
                minBatch = minBatch == 0 ? record.minBatch() : Math.min(minBatch, record.minBatch());
                maxBatch = Math.max(maxBatch, record.maxBatch());
            }
            if (run.with(after, 0).left(Stretch.ALL).isEmpty()) {
                inputs.add(run);
            } else {
                lost.put(
                        run,
                        replacements.stream()
                                .map(TreeEdit.Replacement::stretch)
                                .filter(stretch -> !run.left(stretch).isEmpty())
                                .toList());
                left.put(run, Math.max(0, run.countedEntries() - passed.get(run)));
            }
        }
        inputs.add(base);
        return new Result(inputs, record(edit.write(writer()), firstKey, lastKey, minBatch, maxBatch), lost, left);
    }

    private RunWriter writer() {
        return parts.get(0).writer();
    }

    private ManifestRecord.Run record(Child root, byte[] firstKey, byte[] lastKey, long minBatch, long maxBatch) {
        if (root == null) {
            return null;
        }
        Aggregation held = root.held();
        return new ManifestRecord.Run(
                writer().run(),
                root.pointer(),
                root.payloadCrc(),
                ManifestRecord.BASE_TIER,
                base.record().oldest(),
                base.record().newest(),
                minBatch,
                maxBatch,
                held.entries,
                held.tombstones,
                held.bytes,
                firstKey,
                lastKey);
    }

    @Override
    public void close() {
        parts.forEach(StretchMerge::close);
        young.forEach(LiveRun::release);
        base.release();
        zones.release();
    }
}
