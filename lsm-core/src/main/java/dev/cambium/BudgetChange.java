package dev.cambium;

import dev.cambium.commit.GroupWriter;
import dev.cambium.commit.WriteRequest;
import dev.cambium.memtable.Memtable;
import dev.cambium.run.Flusher;
import dev.cambium.segment.frame.FrameCache;
import dev.cambium.segment.pool.BufferPool;

/** Gives an open store another memory budget. One change at a time; safe for any thread outside an epoch slot. */
final class BudgetChange {
    private final Options options;
    private final BufferPool pool;
    private final FrameCache frames;
    private final Writes writes;
    private final GroupWriter writer;
    private final Flusher flusher;

    BudgetChange(
            Options options, BufferPool pool, FrameCache frames, Writes writes, GroupWriter writer, Flusher flusher) {
        this.options = options;
        this.pool = pool;
        this.frames = frames;
        this.writes = writes;
        this.writer = writer;
        this.flusher = flusher;
    }

    /** See {@link Store#setMemoryBudget}. */
    synchronized void to(long bytes) {
        long leastFrameBytes = options.leastFrameBytes(bytes);
        pool.limit(bytes);
        frames.fitToLimit(leastFrameBytes);
        if (pool.excessBytes() > 0) {
            layDownAll();
            frames.fitToLimit(leastFrameBytes);
        }
    }

    private void layDownAll() {
        Memtable[] newest = new Memtable[1];
        writes.commit(WriteRequest.action(() -> newest[0] = writer.renewActive()));
        if (newest[0] != null) {
            flusher.awaitFlushed(newest[0]);
        }
    }
}
