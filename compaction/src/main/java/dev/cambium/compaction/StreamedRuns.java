package dev.cambium.compaction;

import dev.cambium.segment.pool.BufferPool;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntPredicate;

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
    private final List<StreamedPages> all = new ArrayList<>();
    private final List<PageCursor> cursors = new ArrayList<>();

    public StreamedRuns(byte[] storeId, BufferPool pool) {
        this.storeId = storeId.clone();
        this.pool = pool;
        this.windowBytes = (int) Math.max(LEAST_WINDOW_BYTES, Math.min(MOST_WINDOW_BYTES, pool.limitBytes() / 1024));
        this.longPages = new PageStream(storeId, pool, 0);
    }

    /** A cursor over a run, whose zones the caller holds. */
    private PageCursor cursor(RunTree tree, PageChanges changes) {
        StreamedPages pages = new StreamedPages(
                tree,
                new PageStream(storeId, pool, windowBytes),
                new PageStream(storeId, pool, windowBytes),
                longPages);
        all.add(pages);
        PageCursor cursor = new PageCursor(tree, pages, List.of(Stretch.ALL), changes);
        cursors.add(cursor);
        return cursor;
    }

    /**
     * All runs as one; once.
     *
     * @param newestFirst the runs
     * @param zonesToLink says whether pages of a zone may become part of the new run as they are
     * @param changes receives the pages that do not go on as they are
     */
    public PageMerge merge(List<RunTree> newestFirst, IntPredicate zonesToLink, PageChanges changes) {
        return new PageMerge(
                RunTree.commonPrefix(newestFirst.stream().map(RunTree::run).toList()),
                storeId,
                zonesToLink,
                newestFirst.stream().map(tree -> cursor(tree, changes)).toList());
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
        all.forEach(StreamedPages::release);
        all.clear();
        cursors.forEach(PageCursor::release);
        cursors.clear();
        longPages.release();
    }
}
