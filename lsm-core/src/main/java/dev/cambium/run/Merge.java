package dev.cambium.run;

import dev.cambium.compaction.MergeCursor;
import dev.cambium.compaction.RunCursor;
import dev.cambium.compaction.RunTree;
import dev.cambium.compaction.RunWriter;
import dev.cambium.compaction.SortedCursor;
import dev.cambium.compaction.StreamedRuns;
import dev.cambium.epoch.ReadEpochs;
import dev.cambium.segment.manifest.ManifestRecord;
import dev.cambium.segment.pool.BufferPool;
import java.util.List;

/**
 * Neighbouring runs that are being merged into one, a step at a time, so that what is more urgent can come between. Names nothing. For
 * one thread.
 */
final class Merge implements AutoCloseable {
    private static final int MOST_PASSED = 1 << 14; // entries in a step

    private final List<LiveRun> inputs; // newest first
    private final RunWriter writer;
    private final ReadEpochs epochs;
    private final boolean dropTombstones;
    private final StreamedRuns runs;
    private final List<RunCursor> cursors; // one an input
    private final SortedCursor entries;
    private boolean begun;
    private boolean ended;

    /**
     * Takes a reference of each input, and the writer.
     *
     * @param inputs neighbours, newest first
     * @param dropTombstones whether no older run is left that they could hide anything in
     */
    Merge(
            List<LiveRun> inputs,
            RunWriter writer,
            byte[] storeId,
            BufferPool pool,
            ReadEpochs epochs,
            boolean dropTombstones) {
        this.inputs = List.copyOf(inputs);
        this.writer = writer;
        this.epochs = epochs;
        this.dropTombstones = dropTombstones;
        this.runs = new StreamedRuns(storeId, pool);
        this.cursors = inputs.stream().map(run -> runs.cursor(run.tree())).toList();
        this.entries = new MergeCursor(
                RunTree.commonPrefix(inputs.stream().map(LiveRun::record).toList()),
                cursors.toArray(new SortedCursor[0]));
        for (LiveRun input : inputs) {
            boolean retained = input.tryRetain();
            assert retained : "the version holds it, and only this thread installs another";
        }
    }

    List<LiveRun> inputs() {
        return inputs;
    }

    /** After a step that threw: the input whose page could not be loaded; all of them where that is not known. */
    List<LiveRun> stuckInputs() {
        for (int i = 0; i < cursors.size(); i++) {
            if (cursors.get(i).isStuck()) {
                return List.of(inputs.get(i));
            }
        }
        return inputs;
    }

    /** Bytes of keys and values written so far. */
    long bytesDone() {
        return writer.bytes();
    }

    /** Bytes of keys and values of all inputs. */
    long bytesTotal() {
        return inputs.stream().mapToLong(run -> run.record().bytes()).sum();
    }

    /** Merges about so many bytes more; returns whether there is more to do. */
    boolean step(long bytes) {
        if (ended) {
            return false;
        }
        long until = writer.bytes() + bytes;
        for (int passed = 0; advance(); passed++) {
            if (!dropTombstones || !entries.isTombstone()) {
                writer.add(entries);
            }
            if (writer.bytes() >= until || passed == MOST_PASSED) {
                return true;
            }
        }
        ended = true;
        return false;
    }

    /**
     * Moves to the next entry. What is there to be read of it is in memory of the merge's own, so nothing has to be resumed; only key pages on the
     * way are others', and only for them is there an epoch slot: what is evicted meanwhile waits for it, and the writer may need the memory.
     */
    private boolean advance() {
        int slot = epochs.enter();
        try {
            if (begun) {
                return entries.next();
            }
            begun = true;
            return entries.first();
        } finally {
            epochs.exit(slot);
        }
    }

    /** Bytes of pages written so far. */
    long appendedBytes() {
        return writer.appendedBytes();
    }

    /** Where it has written pages so far. */
    List<ManifestRecord.Extent> extents() {
        return writer.extents();
    }

    /** Writes the rest of the new run, or returns null where nothing is left of the inputs. */
    ManifestRecord.Run finish() {
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
        return writer.finish(tier + 1, oldest, newest, Math.min(minBatch, maxBatch), maxBatch);
    }

    @Override
    public void close() {
        writer.close();
        runs.close();
        inputs.forEach(LiveRun::release);
    }
}
