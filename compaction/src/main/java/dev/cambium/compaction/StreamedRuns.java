package dev.cambium.compaction;

import dev.cambium.segment.pool.BufferPool;
import java.util.ArrayList;
import java.util.List;

/**
 * Cursors for a merge, which reads every page once: past the frames, so that what readers have in memory stays there. Each has a window for
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

    public StreamedRuns(byte[] storeId, BufferPool pool) {
        this.storeId = storeId.clone();
        this.pool = pool;
        this.windowBytes = (int) Math.max(LEAST_WINDOW_BYTES, Math.min(MOST_WINDOW_BYTES, pool.limitBytes() / 1024));
        this.longPages = new PageStream(storeId, pool, 0);
    }

    /** A cursor over a run, which the caller holds. */
    public RunCursor cursor(RunTree tree) {
        StreamedPages pages = new StreamedPages(
                tree,
                new PageStream(storeId, pool, windowBytes),
                new PageStream(storeId, pool, windowBytes),
                longPages);
        all.add(pages);
        return new RunCursor(tree, pages);
    }

    @Override
    public void close() {
        all.forEach(StreamedPages::release);
        all.clear();
        longPages.release();
    }
}
