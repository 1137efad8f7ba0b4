package dev.cambium.run;

import dev.cambium.compaction.Child;
import dev.cambium.compaction.PageChanges;
import dev.cambium.compaction.PageMerge;
import dev.cambium.compaction.RunWriter;
import dev.cambium.compaction.StreamedRuns;
import dev.cambium.compaction.ValueSearch;
import dev.cambium.epoch.ReadEpochs;
import dev.cambium.error.CorruptionException;
import dev.cambium.segment.manifest.Stretch;
import java.util.List;
import java.util.function.IntPredicate;
import java.util.function.LongPredicate;

/**
 * One stretch of the base after the other, each merged with what younger runs have there, as a {@link Plan} hands them out: several of these may do so at
 * the same time, each with readers and a writer of its own. For one thread at a time.
 */
final class StretchMerge implements AutoCloseable {
    private static final int MOST_PASSED = 1 << 14; // entries in a step

    /** To look through a leaf takes about as long as to write so much. */
    private static final int SEARCHED_LEAF_BYTES = 1 << 11;

    /** Of a step's bytes, how many it looks through leaves for at most. */
    private static final int SEARCHED_OF_STEP = 4;

    /** Which stretches there are, and what becomes of them. Threads: any. */
    interface Plan {
        /** A stretch that nobody else has, or null where there is no more. */
        BaseChoice.Range take();

        /** What is to be looked through for values in a stretch. */
        List<StreamedRuns.Source> sources(Stretch stretch);

        /** As {@link #sources}, of a stretch that is going to be merged: the younger runs lose it. */
        List<StreamedRuns.Source> begin(Stretch stretch);

        /**
         * A stretch has been merged.
         *
         * @param children its new pages of level 1
         * @param runs say how many entries of each has been passed
         * @param appendedBytes bytes of pages that were written for it
         */
        void end(Stretch stretch, List<Child> children, StreamedRuns runs, long appendedBytes);
    }

    private final Plan plan;
    private final RunWriter writer;
    private final ReadEpochs epochs;
    private final IntPredicate zonesToLink;
    private final IntPredicate valuesToMove;
    private final StreamedRuns runs;
    private BaseChoice.Range range; // that it is in, or null
    private ValueSearch search; // in the stretch that comes next, or null
    private PageMerge entries; // of the stretch that it is in, or null
    private boolean mustEnter;
    private boolean isAtEnd;
    private boolean isStuck;
    private long searchedBytes;
    private long appendedBefore; // the stretch

    /**
     * Takes the writer and the readers; both are closed with it.
     *
     * @param zonesToLink says of which zones a page may become part of the new base as it is
     * @param valuesToMove says of which zones no value may stay there; null where that is for {@code zonesToLink} to say as values are met
     */
    StretchMerge(
            Plan plan,
            RunWriter writer,
            StreamedRuns runs,
            ReadEpochs epochs,
            IntPredicate zonesToLink,
            IntPredicate valuesToMove) {
        this.plan = plan;
        this.writer = writer;
        this.runs = runs;
        this.epochs = epochs;
        this.zonesToLink = zonesToLink;
        this.valuesToMove = valuesToMove;
    }

    /** Takes the next stretch, if it is in none. */
    void take() {
        isAtEnd = range == null && !beginStretch();
    }

    /** Merges about so many bytes more. */
    void step(long bytes) {
        try {
            isAtEnd = !merge(bytes);
        } catch (CorruptionException e) {
            isStuck = true;
            throw e;
        }
    }

    /** Returns whether there may be more to do. */
    private boolean merge(long bytes) {
        long until = writer.bytes() + bytes;
        long searchUntil = searchedBytes + bytes / SEARCHED_OF_STEP;
        for (int moves = 0; moves < MOST_PASSED && writer.bytes() < until && searchedBytes < searchUntil; moves++) {
            if (range == null && !beginStretch()) {
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
        range = plan.take();
        if (range == null) {
            return false;
        }
        if (valuesToMove == null) {
            beginMerge(leaf -> true);
        } else {
            search = runs.search(plan.sources(range.stretch()), valuesToMove);
        }
        return true;
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
            range = null;
        }
    }

    private void beginMerge(LongPredicate leavesToLink) {
        Stretch stretch = range.stretch();
        appendedBefore = writer.appendedBytes();
        entries = runs.merge(plan.begin(stretch), zonesToLink, leavesToLink, writer.changes());
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
        List<Child> children = writer.endStretch();
        plan.end(range.stretch(), children, runs, writer.appendedBytes() - appendedBefore);
        range = null;
        entries = null;
    }

    /** Whether there was no stretch left to take. */
    boolean isAtEnd() {
        return isAtEnd;
    }

    /** Where all pages go. */
    RunWriter writer() {
        return writer;
    }

    /** What it adds and takes away. */
    PageChanges changes() {
        return writer.changes();
    }

    /** See {@link MergeWork#workBytes}. */
    long workBytes() {
        return writer.appendedBytes() + writer.linkedBytes() / MergeWork.LINKED_OF_WRITTEN + searchedBytes;
    }

    /** The stretch in which a step has met a damaged page, or null. */
    Stretch stuckStretch() {
        return isStuck && range != null ? range.stretch() : null;
    }

    @Override
    public void close() {
        writer.close();
        runs.close();
    }
}
