package dev.cambium.run;

import dev.cambium.compaction.PageChanges;
import dev.cambium.compaction.PageMerge;
import dev.cambium.compaction.RunWriter;
import dev.cambium.compaction.StreamedRuns;
import dev.cambium.epoch.ReadEpochs;
import dev.cambium.segment.manifest.ManifestRecord;
import dev.cambium.segment.manifest.Stretch;
import dev.cambium.segment.manifest.Stretches;
import dev.cambium.segment.pool.BufferPool;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.IntPredicate;

/**
 * Neighbouring runs that are being merged into one, a step at a time, so that what is more urgent can come between. Names nothing. For
 * one thread.
 */
final class Merge implements MergeWork {
    private static final int MOST_PASSED = 1 << 14; // entries in a step

    private final List<LiveRun> inputs; // newest first
    private final HeldZones zones;
    private final RunWriter writer;
    private final ReadEpochs epochs;
    private final boolean dropTombstones;
    private final boolean isBase;
    private final StreamedRuns runs;
    private final PageMerge entries;
    private boolean ended;

    /**
     * Takes a reference of each input and of the zones, and the writer.
     *
     * @param inputs neighbours, newest first
     * @param zones that they have pages in
     * @param dropTombstones whether no older run is left that they could hide anything in
     * @param isBase whether the new run is the base
     * @param zonesToLink says of which zones a page in whose stretch of keys only one input has entries may become part of the new run as it is
     */
    Merge(
            List<LiveRun> inputs,
            HeldZones zones,
            RunWriter writer,
            byte[] storeId,
            BufferPool pool,
            ReadEpochs epochs,
            boolean dropTombstones,
            boolean isBase,
            IntPredicate zonesToLink) {
        this.inputs = List.copyOf(inputs);
        this.zones = zones;
        this.writer = writer;
        this.epochs = epochs;
        this.dropTombstones = dropTombstones;
        this.isBase = isBase;
        this.runs = new StreamedRuns(storeId, pool);
        this.entries = runs.merge(
                inputs.stream()
                        .map(input -> new StreamedRuns.Source(
                                input.tree(), input.merged().leftOf(Stretch.ALL), Stretches.ALL))
                        .toList(),
                zonesToLink,
                leaf -> true,
                writer.changes());
        boolean retained = zones.tryRetain();
        for (LiveRun input : inputs) {
            retained &= input.tryRetain();
        }
        assert retained : "the version holds them, and only this thread installs another";
    }

    @Override
    public Stretch stuckStretch() {
        return null;
    }

    @Override
    public List<LiveRun> stuckInputs() {
        int stuck = runs.stuck();
        if (stuck >= 0) {
            return List.of(inputs.get(stuck));
        }
        return inputs;
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
    public long bytesCopied() {
        return writer.movedBytes();
    }

    @Override
    public boolean step(long bytes) {
        if (ended) {
            return false;
        }
        long until = writer.bytes() + bytes;
        boolean more = advance(false);
        for (int passed = 0; more; passed++) {
            boolean taken = true;
            if (entries.isPage()) {
                taken = !(dropTombstones && entries.hasTombstones()) && writer.link(entries);
            } else if (!dropTombstones || !entries.isTombstone()) {
                writer.addMerged(entries);
            }
            if (taken && (writer.bytes() >= until || passed >= MOST_PASSED)) {
                return true;
            }
            more = advance(!taken);
        }
        ended = true;
        return false;
    }

    /**
     * Moves on. What is there to be read of an entry is in memory of the merge's own, so nothing has to be resumed; only key pages on the
     * way are others', and only for them is there an epoch slot: what is evicted meanwhile waits for it, and the writer may need the memory.
     *
     * @param enter whether the page that it stands before is taken apart
     */
    private boolean advance(boolean enter) {
        int slot = epochs.enter();
        try {
            return enter ? entries.enter() : entries.next();
        } finally {
            epochs.exit(slot);
        }
    }

    @Override
    public long workBytes() {
        return writer.appendedBytes() + writer.linkedBytes() / LINKED_OF_WRITTEN;
    }

    @Override
    public long appendedBytes() {
        return writer.appendedBytes();
    }

    @Override
    public Set<Integer> zonesBegun() {
        return writer.changes().liveZones();
    }

    @Override
    public PageChanges changes() {
        return writer.changes();
    }

    @Override
    public Result finish() {
        int tier = 0;
        long oldest = Long.MAX_VALUE;
        long newest = 0;
        long minBatch = Long.MAX_VALUE;
        long maxBatch = 0;
        for (LiveRun input : inputs) {
            ManifestRecord.Run run = input.record();
            tier = Math.max(tier, run.tier());
            oldest = Math.min(oldest, run.oldest());
            newest = Math.max(newest, run.newest());
            if (run.maxBatch() > 0) {
                minBatch = Math.min(minBatch, run.minBatch());
                maxBatch = Math.max(maxBatch, run.maxBatch());
            }
        }
        ManifestRecord.Run run = writer.finish(
                isBase ? ManifestRecord.BASE_TIER : inputs.size() > 1 ? tier + 1 : tier,
                oldest,
                newest,
                Math.min(minBatch, maxBatch),
                maxBatch);
        return new Result(inputs, run, Map.of(), Map.of());
    }

    @Override
    public void close() {
        writer.close();
        runs.close();
        inputs.forEach(LiveRun::release);
        zones.release();
    }
}
