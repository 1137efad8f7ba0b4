package dev.cambium.run;

import dev.cambium.CompactionListener;
import dev.cambium.compaction.PageChanges;
import dev.cambium.compaction.PageSizes;
import dev.cambium.compaction.RunTree;
import dev.cambium.compaction.RunWriter;
import dev.cambium.compaction.SortedCursor;
import dev.cambium.epoch.ReadEpochs;
import dev.cambium.error.DiskFullException;
import dev.cambium.error.MemoryBudgetException;
import dev.cambium.error.StoreException;
import dev.cambium.error.StoreIOException;
import dev.cambium.log.Manifest;
import dev.cambium.log.WriteAheadLog;
import dev.cambium.memtable.Memtable;
import dev.cambium.segment.frame.FrameCache;
import dev.cambium.segment.manifest.ManifestRecord;
import dev.cambium.segment.pool.BufferPool;
import dev.cambium.segment.runtime.BackgroundExecutor;
import dev.cambium.segment.runtime.Clock;
import dev.cambium.segment.runtime.Parker;
import dev.cambium.version.GapSearch;
import dev.cambium.version.Version;
import dev.cambium.version.Versions;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;

/**
 * Lays sealed memtables down as runs, oldest first, and merges young runs, T of a tier at a time. Everything happens in steps on a
 * background lane of its own; a memtable that waits comes before a merge that is under way, unless merges have fallen behind.
 *
 * <p>Order of a flush: pages; log forced as far as the memtable goes (which has begun by itself, elsewhere); zones forced; one edit that names zones and run, lists the
 * keyspaces, and drops the logs that are no longer needed; the new version.
 *
 * <p>Errors: a step that fails leaves version and manifest as they were, and what it appended is garbage. The failure of a flush is
 * told to who waits, and the next {@link #wake} tries again. Threads: {@link #wake} and the waits from any thread.
 */
public final class Flusher implements AutoCloseable {
    /** With more runs than that, merges take their share of the time before the next memtable is laid down. */
    private static final int TOLERATED_RUNS = 20;

    /** Sealed memtables that may wait; a writer that needs another waits itself. */
    private static final int MOST_SEALED = 2;

    /** Steps of merges that a write waits for where nothing is being laid down that would give it memory. */
    private static final int MOST_STEPS_AWAITED = 64;

    /** How much more than aimed at zone files may take before flushes wait for merges. */
    private static final double TOLERATED_EXCESS = 1.02;

    /** Bytes to be merged for each that is laid down, where it is twice as much as it should be; and at most. */
    private static final double OWED_PER_EXCESS = 100;

    private static final double MOST_OWED = 40;

    /** What is moved for each byte that is given back, about. */
    private static final double MOVED_OF_EXCESS = 3;

    private static final double DUE_MARGIN = 1.5;

    /** Scans are heard of this often at most: to look for what they suffer from takes a look at many key pages. */
    private static final long SCANS_NOT_BEFORE_NANOS = 1_000_000_000;

    /** While there are writes, merges for the sake of scans may write this part of what memtables are laid down in. */
    private static final int FLUSHED_OF_SCANS = 4;

    /** A hole takes as long as to merge so many bytes, about. */
    private static final long HOLE_OF_OWED = 1 << 20;

    /** Keys of a memtable that are looked up in the base, to know how much of it is hidden. */
    private static final int SAMPLED_KEYS = 64;

    private final Versions versions;

    private final WriteAheadLog log;
    private final Manifest manifest;
    private final ReadEpochs epochs;
    private final BackgroundExecutor lane;
    private final Clock clock;
    private final StepWaits waits;
    private final WritePace pace;
    private final Merges merges;
    private final GapSearch gapSearch;

    private volatile long scansNotedAt;
    private volatile boolean isPaused = true; // nobody has written since the last pause
    private final AtomicInteger pauses = new AtomicInteger(); // of the writers
    private volatile boolean isMerging;
    private volatile long stepsEnded;
    private volatile long flushesBegun;
    private volatile long flushesEnded;
    private volatile long flushedBytes;

    // The lane's own.
    private final WarmStart warmStart;
    private final IdleLoading loading;
    private int pausesUsed; // so far: what is worth doing in a pause only was done
    /*
     * Bytes to be merged before the next memtable is laid down: else a writer that is always ahead would leave no time for merges, and runs without
     * end. The further it is from what is aimed at, the more.
     */
    private long owed;

    private boolean isOutOfRoom; // for the memtable that comes next, and merges may help
    private long flushDone; // by the present step, in bytes of pages laid down
    private long mergeDone; // and merged, or as much work
    private volatile double pagesOfMemtable = 0.5; // bytes of pages that a byte of a memtable came to, the last time

    public Flusher(
            Versions versions,
            WriteAheadLog log,
            Manifest manifest,
            Zones zones,
            BufferPool pool,
            ReadEpochs epochs,
            BackgroundExecutor lane,
            Workers workers,
            Parker parker,
            Clock clock,
            LongValues longValues,
            FrameCache frames,
            WarmStart warmStart,
            Holes holes,
            PageSizes sizes) {
        this.versions = versions;
        this.log = log;
        this.manifest = manifest;
        this.epochs = epochs;
        this.lane = lane;
        this.clock = clock;
        this.scansNotedAt = clock.nanoTime() - SCANS_NOT_BEFORE_NANOS;
        this.waits = new StepWaits(parker, clock);
        this.pace = new WritePace(clock, parker);
        this.gapSearch = new GapSearch(versions, epochs);
        this.warmStart = warmStart;
        this.loading = new IdleLoading(frames, epochs);
        this.merges = new Merges(
                versions, manifest, zones, pool, epochs, longValues, sizes, loading::add, holes::step, workers);
        holes.begin(this::wake);
    }

    /** Nobody writes now: asks for merges that would not be worth it yet, and for pages to be loaded. */
    public void noteIdle() {
        isPaused = true;
        pauses.incrementAndGet();
        wake();
    }

    /** Scans have come to an end: what they suffer from is merged, where they come by often. From any thread, outside of epoch slots. */
    public void noteScans() {
        if (!merges.scans().hasNew()) {
            return;
        }
        long now = clock.nanoTime();
        if (now - scansNotedAt >= SCANS_NOT_BEFORE_NANOS) {
            scansNotedAt = now;
            merges.scans().lookAgain();
            wake();
        }
    }

    /** Asks for a step; there may be nothing to do. */
    public void wake() {
        lane.execute(this::step);
    }

    private void step() {
        boolean more = false;
        boolean isSearching = false;
        StoreException failure = null;
        flushDone = 0;
        mergeDone = 0;
        pace.stepBegins();
        try {
            epochs.reclaim(); // what steps before took out of use while it was being read
            isSearching = gapSearch.step();
            pace.stepBegins(); // a search is no work of those that it knows
            more = doWork();
        } catch (StoreException e) {
            giveUp(e);
            more = e instanceof DiskFullException && makesRoom();
            failure = more ? null : e;
            System.getLogger("dev.cambium")
                    .log(
                            System.Logger.Level.WARNING,
                            more ? "a flush waits for zones to be given back: {0}" : "a flush failed: {0}",
                            e.getMessage());
        } catch (RuntimeException | Error e) {
            giveUp(e);
            failure = new StoreException("the background work failed: " + e, e);
            throw e;
        } finally {
            pace.stepEnded(flushDone, mergeDone);
            pace.owes(owed);
            isMerging = merges.isUnderWay();
            stepsEnded = stepsEnded + 1;
            waits.stepEnded(failure);
        }
        if (more || isSearching) {
            wake();
        }
    }

    /** One step of what is most urgent; returns whether there is more to do. */
    private boolean doWork() {
        Memtable oldest = versions.current().oldestSealed();
        if (oldest != null && owed <= 0) {
            flushesBegun = flushesBegun + 1;
            try {
                flush(oldest);
                isOutOfRoom = false;
            } finally {
                flushesEnded = flushesEnded + 1;
            }
            warmStart.saveNowAndThen();
            return true;
        }
        int pausesNow = pauses.get();
        boolean isIdle = pausesNow != pausesUsed;
        try {
            if (merge(isIdle)
                    || warmStart.step()
                    || isIdle && loading.step(versions.current().runs())) {
                return true;
            }
            pausesUsed = pausesNow;
            return false;
        } catch (StoreException e) {
            // Whoever waits for a memtable can have it all the same; only who wished for this merge is told.
            boolean isDamage = merges.noteFailed(e);
            giveUp(e);
            if (isOutOfRoom && e instanceof DiskFullException) {
                throw e; // neither can be had
            }
            return isDamage || versions.current().oldestSealed() != null;
        }
    }

    /** A flush has met a full disk: merges may give room back, which is tried once before whoever waits is told. */
    private boolean makesRoom() {
        Memtable oldest = versions.current().oldestSealed();
        isOutOfRoom = !isOutOfRoom && oldest != null;
        owed = isOutOfRoom ? (long) (MOST_OWED * pagesOf(oldest)) : 0;
        return isOutOfRoom;
    }

    /** A step of a merge; returns whether there was something to do. */
    private boolean merge(boolean isIdle) {
        boolean hasWorked = merges.step(isIdle, isPaused ? Long.MAX_VALUE : flushedBytes / FLUSHED_OF_SCANS);
        mergeDone = merges.workDone();
        boolean hasMemtableWaited = !hasWorked && owed > 0; // for merges that cannot be had
        owed = hasWorked ? owed - (merges.hasGivenBack() ? HOLE_OF_OWED : mergeDone) : 0;
        return hasWorked || hasMemtableWaited;
    }

    private void giveUp(Throwable reason) {
        owed = 0;
        merges.giveUp(reason);
    }

    /** Bytes of pages that memtables have been laid down in since the store was opened. */
    public long flushedBytes() {
        return flushedBytes;
    }

    /** Bytes of pages that merges have written since the store was opened. */
    public long mergedBytes() {
        return merges.mergedBytes();
    }

    /** Bytes of pages that there are to be written, about, before all is as it should be. From any thread. */
    public long debtBytes() {
        Version version = versions.current();
        SpaceUse use = merges.space();
        double sealedPages =
                version.sealed().stream().mapToDouble(this::pagesOf).sum();
        double hidden = BaseChoice.hiddenShare(version.runs(), use.trigger()) - 1;
        return (long)
                (sealedPages + Math.max(0, use.excessBytes()) + Math.max(0, hidden) * use.trigger() * use.liveBytes());
    }

    /** How many runs have a page that a merge could not read. */
    public int damagedRuns() {
        return merges.damagedRuns();
    }

    private void flush(Memtable memtable) {
        manifest.throwIfFailed(); // else each try would fill the disk with pages that cannot be named
        log.throwIfLost(memtable.lastPosition());
        List<LiveRun> before = versions.current().runs();
        SpaceUse use = merges.space();
        int tooMany = Math.max(0, before.size() - TOLERATED_RUNS);
        owed += (long) (pagesOf(memtable) * (pressure(before, use) + tooMany));
        owed = tooMany > 0 ? owed : Math.min(owed, dueMerges(before, use));
        pace.owes(owed);
        long birth = merges.edits().takeBirth();
        ManifestRecord.Run run;
        PageChanges changes;
        List<byte[]> sampled = new ArrayList<>();
        long every = Math.max(1, memtable.entries() / SAMPLED_KEYS);
        try (RunWriter writer = merges.edits().newYoungRun(birth)) {
            changes = writer.changes();
            boolean dropTombstones = versions.current().runs().isEmpty();
            SortedCursor entries = memtable.cursor(memtable.snapshot());
            for (boolean on = entries.first(); on; on = entries.next()) {
                if (!dropTombstones || !entries.isTombstone()) {
                    writer.addNew(entries);
                    if (writer.entries() % every == 0 && sampled.size() < SAMPLED_KEYS) {
                        sampled.add(entries.key(0));
                    }
                }
            }
            int tier = versions.current().runs().isEmpty() ? ManifestRecord.BASE_TIER : 0;
            run = writer.finish(tier, birth, birth, memtable.firstBatch(), memtable.lastBatch());
            long appended = writer.appendedBytes();
            flushedBytes = flushedBytes + appended;
            flushDone = appended;
            pagesOfMemtable = (double) appended / Math.max(1, memtable.arena().filledBytes());
        }
        log.forceThrough(memtable.lastPosition());
        long firstLiveLog = versions.current().newerThan(memtable).firstLog();
        log.letGo(firstLiveLog);
        LiveRun named = merges.edits().nameFlushed(memtable, run, changes, overlap(sampled), (edit, state) -> {
            memtable.keyspaces().forEach((id, name) -> {
                if (!state.keyspaces().containsKey(id)) {
                    edit.keyspace(id, name);
                }
            });
            if (memtable.lastBatch() > state.flushedThrough()) {
                edit.add(new ManifestRecord.Flushed(memtable.lastBatch()));
            }
            if (firstLiveLog > state.firstLiveLog()) {
                edit.logDrop(firstLiveLog);
            }
        });
        if (named != null) {
            loading.add(named.record().id());
        }
    }

    /** Which part of some keys the base has. */
    private double overlap(List<byte[]> keys) {
        List<LiveRun> runs = versions.current().runs();
        if (keys.isEmpty() || !BaseChoice.hasBase(runs)) {
            return 1;
        }
        RunTree base = runs.get(runs.size() - 1).tree();
        int found = 0;
        for (byte[] key : keys) {
            int slot = epochs.enter();
            try {
                found += base.contains(key) ? 1 : 0;
            } catch (StoreException e) {
                found++; // whoever needs that page is told
            } finally {
                epochs.exit(slot);
            }
        }
        return (double) found / keys.size();
    }

    /**
     * How many bytes are to be merged for each that is laid down, so that neither what younger runs hide nor what is dead in zone files goes on
     * growing: more, the further it is beyond what was aimed at.
     */
    private double pressure(List<LiveRun> runs, SpaceUse use) {
        double space = use.ratio() / (use.target() * TOLERATED_EXCESS) - 1;
        double hidden = BaseChoice.hiddenShare(runs, use.trigger()) - 1;
        return Math.min(MOST_OWED, Math.max(0, Math.max(hidden, space) * OWED_PER_EXCESS));
    }

    /** Bytes of pages that merges will write, about, before all is as it should be: no more is owed, however far it is beyond. */
    private long dueMerges(List<LiveRun> runs, SpaceUse use) {
        double hidden = BaseChoice.hiddenShare(runs, use.trigger());
        double ofBase = hidden > 1 ? use.liveBytes() * (1 - 1 / hidden) : 0;
        double cleaned = Math.max(0, use.excessBytes()) * MOVED_OF_EXCESS;
        return (long) (DUE_MARGIN * (ofBase + cleaned));
    }

    private double pagesOf(Memtable memtable) {
        return memtable.arena().filledBytes() * pagesOfMemtable;
    }

    /** Some bytes were written; returns whether it is time to {@link #pace}. For the commit leader. */
    public boolean noteWritten(long bytes) {
        if (isPaused) {
            isPaused = false;
        }
        return pace.noteWritten(bytes);
    }

    /**
     * Slows the writer down where the background would not keep up; for the commit leader.
     *
     * @param room bytes that the active memtable has left
     * @param memtableBytes of a full one
     */
    public void pace(long room, long memtableBytes) {
        List<Memtable> sealed = versions.current().sealed();
        double sealedWork = 0;
        for (Memtable memtable : sealed) {
            sealedWork += pagesOf(memtable);
        }
        long roomForMore = sealed.size() < MOST_SEALED ? memtableBytes / 2 : 0;
        pace.pace((long) sealedWork, Math.max(0, room) + roomForMore);
    }

    /**
     * Waits until another memtable may be sealed; for the commit leader.
     *
     * @throws StoreIOException where memtables cannot be laid down
     */
    public void awaitRoom() {
        await(() -> versions.current().sealed().size() < MOST_SEALED);
    }

    /** Waits until a memtable, which has been sealed, has been laid down. */
    public void awaitFlushed(Memtable memtable) {
        await(() -> !versions.current().sealed().contains(memtable));
    }

    /**
     * Waits until a memtable has been laid down since there were {@code before}, and gives its memory back; false where none is being or
     * will be.
     */
    private boolean awaitMemory(long before) {
        await(() ->
                flushesEnded != before || versions.current().oldestSealed() == null && flushesBegun == flushesEnded);
        epochs.reclaim();
        return flushesEnded != before;
    }

    /**
     * Runs what needs memory. Where the budget has none, pages in memory give way; where they cannot any more, waits for what is being laid
     * down, and tries again.
     *
     * @throws MemoryBudgetException where nothing is being laid down
     */
    public void withMemory(Runnable allocation) {
        int stepsAwaited = 0;
        for (boolean last = false; ; ) {
            long laidDown = flushesEnded;
            try {
                allocation.run();
                return;
            } catch (MemoryBudgetException e) {
                if (!last) {
                    last = !awaitMemory(
                            laidDown); // which gives back what was laid down before the caller came here, too
                } else if (isMerging && stepsAwaited++ < MOST_STEPS_AWAITED) {
                    long before = stepsEnded;
                    await(() -> stepsEnded != before || !isMerging); // a merge gives its buffers back when it ends
                    epochs.reclaim();
                } else {
                    throw e;
                }
            }
        }
    }

    /**
     * Has something compacted or cleaned, and waits for it.
     *
     * @param progress is told in the calling thread how far it has come
     */
    public void compact(CompactionWish wish, CompactionListener progress) {
        merges.add(wish);
        try {
            await(() -> {
                if (wish.failure() != null) {
                    throw StepWaits.failure("not all can be merged: ", wish.failure());
                }
                progress.progress(wish.bytesDone(), wish.bytesTotal());
                return wish.isDone();
            });
        } finally {
            merges.remove(wish);
        }
    }

    private void await(BooleanSupplier done) {
        waits.await(done, this::wake);
    }

    /** Ends all waits. The lane is closed or will be; nothing is laid down any more. */
    public void stop() {
        waits.close();
    }

    /** Gives back what an unfinished merge holds. The lane is closed. */
    @Override
    public void close() {
        merges.close();
    }
}
