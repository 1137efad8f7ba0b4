package dev.cambium.run;

import dev.cambium.compaction.Child;
import dev.cambium.compaction.PageChanges;
import dev.cambium.compaction.PageMerge;
import dev.cambium.compaction.RunWriter;
import dev.cambium.compaction.StreamedRuns;
import dev.cambium.compaction.TreeEdit;
import dev.cambium.compaction.ValueSearch;
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
import java.util.List;
import java.util.Map;
import java.util.function.IntPredicate;
import java.util.function.LongPredicate;

/**
 * Stretches of the base that are being merged with what all younger runs have there, one after the other. The pages of other stretches become part
 * of the new base as they are; the younger runs lose what was merged. Tombstones go: nothing older is left for them to hide.
 */
final class BaseMerge implements MergeWork {
    private static final int MOST_PASSED = 1 << 14; // entries in a step

    /** To look through a leaf takes about as long as to write so much. */
    private static final int SEARCHED_LEAF_BYTES = 1 << 11;

    /** Of a step's bytes, how many it looks through leaves for at most. */
    private static final int SEARCHED_OF_STEP = 4;

    private final List<LiveRun> young; // newest first
    private final LiveRun base;
    private final HeldZones zones;
    private final RunWriter writer;
    private final ReadEpochs epochs;
    private final Deque<BaseChoice.Range> planned;
    private final IntPredicate zonesToLink;
    private final IntPredicate valuesToMove;
    private final long mostBytes;
    private final StreamedRuns runs;
    private final List<TreeEdit.Replacement> replacements = new ArrayList<>();
    private final Map<LiveRun, Stretches> merged = new HashMap<>();
    private final Map<LiveRun, Long> passed = new HashMap<>();
    private ValueSearch search; // in the stretch that comes next, or null
    private long searchedBytes;
    private PageMerge entries; // of the stretch that it is in, or null
    private BaseChoice.Range range;
    private boolean mustEnter;

    /**
     * Takes a reference of each run and of the zones, and the writer.
     *
     * @param runs newest first; the last is the base
     * @param zones that they have pages in
     * @param planned ranges to be merged, in the order of keys; those that were are taken out of it
     * @param zonesToLink says of which zones a page may become part of the new base as it is
     * @param valuesToMove says of which zones no value may stay there; null where that is for {@code zonesToLink} to say as values are met
     * @param mostBytes of pages to be written, and no stretch is begun behind that
     */
    BaseMerge(
            List<LiveRun> runs,
            HeldZones zones,
            RunWriter writer,
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
        this.writer = writer;
        this.epochs = epochs;
        this.planned = planned;
        this.zonesToLink = zonesToLink;
        this.valuesToMove = valuesToMove;
        this.mostBytes = mostBytes;
        this.runs = new StreamedRuns(storeId, pool);
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
        long until = writer.bytes() + bytes;
        long searchUntil = searchedBytes + bytes / SEARCHED_OF_STEP;
        for (int moves = 0; moves < MOST_PASSED && writer.bytes() < until && searchedBytes < searchUntil; moves++) {
            if (entries == null && search == null && !beginStretch()) {
                return false;
            }
            if (entries == null) {
                continueSearch();
                continue;
            }
            if (!advance()) {
                endStretch();
                continue;
            }
            mustEnter = false;
            if (entries.isPage()) {
                mustEnter = entries.hasTombstones() || !writer.link(entries);
            } else if (!entries.isTombstone()) {
                writer.addMerged(entries);
            }
        }
        return true;
    }

    private boolean beginStretch() {
        if (planned.isEmpty() || !replacements.isEmpty() && writer.appendedBytes() >= mostBytes) {
            return false;
        }
        range = planned.peek();
        if (valuesToMove == null) {
            beginMerge(leaf -> true);
        } else {
            search = runs.search(sources(), valuesToMove);
            continueSearch();
        }
        return true;
    }

    private List<StreamedRuns.Source> sources() {
        Stretch stretch = range.stretch();
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

    /** Looks at one more leaf, or begins with what the search was for. */
    private void continueSearch() {
        boolean on;
        int slot = epochs.enter();
        try {
            on = search.step();
        } finally {
            epochs.exit(slot);
        }
        if (on) {
            searchedBytes += SEARCHED_LEAF_BYTES;
            return;
        }
        ValueSearch ended = search;
        search = null;
        if (ended.hasFoundAny() || range.hasVictims()) {
            beginMerge(leaf -> !ended.hasFound(leaf));
        } else {
            planned.remove();
        }
    }

    private void beginMerge(LongPredicate leavesToLink) {
        Stretch stretch = range.stretch();
        entries = runs.merge(sources(), zonesToLink, leavesToLink, writer.changes());
        for (LiveRun run : young) {
            if (!run.left(stretch).isEmpty()) {
                merged.put(run, merged.get(run).with(stretch));
            }
        }
        mustEnter = false;
        writer.beginStretch(stretch.from(), range.leaves());
    }

    /** See {@link Merge}. */
    private boolean advance() {
        int slot = epochs.enter();
        try {
            return mustEnter ? entries.enter() : entries.next();
        } finally {
            epochs.exit(slot);
        }
    }

    private void endStretch() {
        replacements.add(new TreeEdit.Replacement(range.stretch(), writer.endStretch()));
        runs.forEachPassed((tree, count) -> passed.replaceAll((run, sum) -> run.tree() == tree ? sum + count : sum));
        planned.remove();
        entries = null;
    }

    @Override
    public long bytesDone() {
        return writer.bytes();
    }

    @Override
    public long bytesLinked() {
        return writer.linkedBytes();
    }

    @Override
    public long workBytes() {
        return writer.appendedBytes() + writer.linkedBytes() / LINKED_OF_WRITTEN + searchedBytes;
    }

    @Override
    public long appendedBytes() {
        return writer.appendedBytes();
    }

    @Override
    public PageChanges changes() {
        return writer.changes();
    }

    @Override
    public Stretch stuckStretch() {
        return entries == null && search == null ? null : range.stretch();
    }

    @Override
    public List<LiveRun> stuckInputs() {
        return List.of();
    }

    @Override
    public Result finish() {
        if (replacements.isEmpty()) {
            return null;
        }
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
        return new Result(inputs, record(edit.write(writer), firstKey, lastKey, minBatch, maxBatch), lost, left);
    }

    private ManifestRecord.Run record(Child root, byte[] firstKey, byte[] lastKey, long minBatch, long maxBatch) {
        if (root == null) {
            return null;
        }
        Aggregation held = root.held();
        return new ManifestRecord.Run(
                writer.run(),
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
        writer.close();
        runs.close();
        young.forEach(LiveRun::release);
        base.release();
        zones.release();
    }
}
