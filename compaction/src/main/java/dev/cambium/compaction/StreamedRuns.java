package dev.cambium.compaction;

import dev.cambium.segment.manifest.Stretch;
import dev.cambium.segment.manifest.Stretches;
import dev.cambium.segment.pool.BufferPool;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntPredicate;
import java.util.function.LongPredicate;

/**
 * Runs for a merge, which reads every page once at most: past the frames, so that what readers have in memory stays there. Each has a window for
 * leaves and one for values; pages of a single long value share one, for only the entry that is written next needs its value.
 *
 * <p>Ownership: {@link #close} gives back what all of them have read. For one thread.
 */
public final class StreamedRuns implements AutoCloseable {
    private static final int LEAST_WINDOW_BYTES = 1 << 14;
    private static final int MOST_WINDOW_BYTES = 1 << 18;

    private final byte[] storeId;
    private final BufferPool pool;
    private final int windowBytes;
    private final PageStream longPages;
    private final Map<Long, StreamedPages> all = new HashMap<>(); // by run
    private final List<PageCursor> cursors = new ArrayList<>();

    public StreamedRuns(byte[] storeId, BufferPool pool) {
        this.storeId = storeId.clone();
        this.pool = pool;
        this.windowBytes = (int) Math.max(LEAST_WINDOW_BYTES, Math.min(MOST_WINDOW_BYTES, pool.limitBytes() / 1024));
        this.longPages = new PageStream(storeId, pool, 0);
    }

    /**
     * A run that is merged, whose zones the caller holds.
     *
     * @param stretches of keys that are merged, ascending and apart
     * @param dying what of the run counts no more afterwards: its pages that have nothing else die
     */
    public record Source(RunTree tree, List<Stretch> stretches, Stretches dying) {}

    /**
     * Runs as one. The merge before this one is at its end.
     *
     * @param newestFirst the runs
     * @param zonesToLink says whether pages and values of a zone may become part of the new run where they are
     * @param leavesToLink says of a leaf, by its pointer, whether all its values may stay where they are
     * @param changes receives the pages that do not go on as they are
     */
    public PageMerge merge(
            List<Source> newestFirst, IntPredicate zonesToLink, LongPredicate leavesToLink, PageChanges changes) {
        passThrough(newestFirst, changes);
        int commonPrefix = newestFirst.isEmpty()
                ? 0
                : RunTree.commonPrefix(
                        newestFirst.stream().map(source -> source.tree.run()).toList());
        return new PageMerge(commonPrefix, storeId, zonesToLink, leavesToLink, cursors);
    }

    private void passThrough(List<Source> sources, PageChanges changes) {
        cursors.forEach(PageCursor::release);
        cursors.clear();
        for (Source source : sources) {
            StreamedPages pages = all.computeIfAbsent(source.tree.run().id(), run -> open(source.tree));
            cursors.add(new PageCursor(source.tree, pages, source.stretches, changes, source.dying));
        }
    }

    /** A search for the leaves that refer to values in some zones. The merge or search before this one is at its end. */
    public ValueSearch search(List<Source> sources, IntPredicate zones) {
        passThrough(
                sources.stream()
                        .map(source -> new Source(source.tree, source.stretches, Stretches.NONE))
                        .toList(),
                new PageChanges()); // to which nothing is added, where nothing dies
        return new ValueSearch(cursors, zones);
    }

    private StreamedPages open(RunTree tree) {
        return new StreamedPages(
                tree,
                new PageStream(storeId, pool, windowBytes),
                new PageStream(storeId, pool, windowBytes),
                longPages);
    }

    /** Receives how many entries of a run a merge has passed. */
    public interface PassedConsumer {
        void accept(RunTree run, long entries);
    }

    /** Says how many entries of each of its runs the last merge has passed. */
    public void forEachPassed(PassedConsumer consumer) {
        cursors.forEach(cursor -> consumer.accept(cursor.tree(), cursor.passed()));
    }

    /** After a merge that threw: which of its runs has a page that could not be read, or -1. */
    public int stuck() {
        for (int i = 0; i < cursors.size(); i++) {
            if (cursors.get(i).isStuck()) {
                return i;
            }
        }
        return -1;
    }

    @Override
    public void close() {
        all.values().forEach(StreamedPages::release);
        all.clear();
        cursors.forEach(PageCursor::release);
        cursors.clear();
        longPages.release();
    }
}
