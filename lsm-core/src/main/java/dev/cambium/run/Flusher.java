package dev.cambium.run;

import dev.cambium.CompactionListener;
import dev.cambium.compaction.PageChanges;
import dev.cambium.compaction.PageSizes;
import dev.cambium.compaction.RunTree;
import dev.cambium.compaction.RunWriter;
import dev.cambium.compaction.SortedCursor;
import dev.cambium.epoch.ReadEpochs;
import dev.cambium.error.CorruptionException;
import dev.cambium.error.MemoryBudgetException;
import dev.cambium.error.StoreException;
import dev.cambium.error.StoreIOException;
import dev.cambium.log.Manifest;
import dev.cambium.log.WriteAheadLog;
import dev.cambium.memtable.Memtable;
import dev.cambium.segment.frame.FrameCache;
import dev.cambium.segment.manifest.ManifestEdit;
import dev.cambium.segment.manifest.ManifestRecord;
import dev.cambium.segment.manifest.ManifestState;
import dev.cambium.segment.manifest.Stretch;
import dev.cambium.segment.manifest.Stretches;
import dev.cambium.segment.pool.BufferPool;
import dev.cambium.segment.runtime.BackgroundExecutor;
import dev.cambium.segment.runtime.Clock;
import dev.cambium.segment.runtime.Parker;
import dev.cambium.version.Version;
import dev.cambium.version.Versions;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BiConsumer;
import java.util.function.BooleanSupplier;
import java.util.function.IntPredicate;

/**
 * Lays sealed memtables down as runs, oldest first, and merges young runs, T of a tier at a time. Everything happens in steps on a
 * background lane of its own; a memtable that waits comes before a merge that is under way, unless merges have fallen behind.
 *
 * <p>Order of a flush: log forced as far as the memtable goes; pages; zones forced; one edit that names zones and run, lists the
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

    private static final long STEP_BYTES = 1 << 20;

    /** Steps of merges that a write waits for where nothing is being laid down that would give it memory. */
    private static final int MOST_STEPS_AWAITED = 64;

    /** How much more than aimed at zone files may take before flushes wait for merges. */
    private static final double TOLERATED_EXCESS = 1.02;

    /** Bytes to be merged for each that is laid down, where it is twice as much as it should be; and at most. */
    private static final double OWED_PER_EXCESS = 100;

    private static final double MOST_OWED = 40;

    /** While nobody writes, younger runs are to hide less: this part of what they may. */
    private static final double TRIGGER_WHEN_IDLE = 0.5;

    /** A merge of the base is named, and its inputs given back, after so many bytes of pages, or this part of what is live. */
    private static final long LEAST_COMMIT_BYTES = 2 << 20;

    private static final int COMMITS = 64;

    /** Keys of a memtable that are looked up in the base, to know how much of it is hidden. */
    private static final int SAMPLED_KEYS = 64;

    private final Versions versions;

    private final WriteAheadLog log;
    private final Manifest manifest;
    private final Zones zones;
    private final BufferPool pool;
    private final ReadEpochs epochs;
    private final BackgroundExecutor lane;
    private final LongValues longValues;
    private final PageSizes sizes;
    private final StepWaits waits;
    private final WritePace pace;
    private final MergeChoice choice = new MergeChoice();
    private final BaseChoice baseChoice;
    private final CleanerChoice cleaner;

    private final ConcurrentLinkedDeque<CompactionWish> wishes = new ConcurrentLinkedDeque<>();
    private final AtomicInteger pauses = new AtomicInteger(); // of the writers
    private volatile boolean isMerging;
    private volatile long stepsEnded;
    private volatile long flushesBegun;
    private volatile long flushesEnded;
    private volatile long flushedBytes;
    private volatile long mergedBytes;

    // The lane's own.
    private MergeWork merge;
    private CompactionWish granted; // by the merge; or null
    private final Deque<BaseChoice.Range> plannedForWish = new ArrayDeque<>();
    private long compactedBase; // number of a base of which all has just been written anew; 0 where there is none
    private final WarmStart warmStart;
    private final IdleLoading loading;
    private int pausesUsed; // so far: what is worth doing in a pause only was done
    private long owed; // bytes to be merged before the next memtable is laid down
    private long flushDone; // by the present step, in bytes of pages laid down
    private long workDone; // and merged, or as much work
    private volatile double pagesOfMemtable = 0.5; // bytes of pages that a byte of a memtable came to, the last time
    private long nextRun;
    private long nextBirth;

    public Flusher(
            Versions versions,
            WriteAheadLog log,
            Manifest manifest,
            Zones zones,
            BufferPool pool,
            ReadEpochs epochs,
            BackgroundExecutor lane,
            Parker parker,
            Clock clock,
            LongValues longValues,
            FrameCache frames,
            WarmStart warmStart,
            PageSizes sizes) {
        this.versions = versions;
        this.log = log;
        this.manifest = manifest;
        this.zones = zones;
        this.pool = pool;
        this.epochs = epochs;
        this.lane = lane;
        this.waits = new StepWaits(parker, clock);
        this.pace = new WritePace(clock, parker);
        this.longValues = longValues;
        this.sizes = sizes;
        this.baseChoice = new BaseChoice(epochs, sizes.leaf());
        this.cleaner = new CleanerChoice(epochs, choice::isDamaged, baseChoice::isSetAside);
        this.warmStart = warmStart;
        this.loading = new IdleLoading(frames, epochs);
        this.nextRun = manifest.state().next().run();
        this.nextBirth = manifest.state().next().birth();
    }

    /** Nobody writes now: asks for merges that would not be worth it yet, and for pages to be loaded. */
    public void noteIdle() {
        pauses.incrementAndGet();
        wake();
    }

    /** Asks for a step; there may be nothing to do. */
    public void wake() {
        lane.execute(this::step);
    }

    private void step() {
        boolean more = false;
        StoreException failure = null;
        workDone = 0;
        flushDone = 0;
        pace.stepBegins();
        try {
            epochs.reclaim(); // what steps before took out of use while it was being read
            more = doWork();
        } catch (StoreException e) {
            giveUp(e);
            failure = e;
            System.getLogger("dev.cambium").log(System.Logger.Level.WARNING, "a flush failed: {0}", e.getMessage());
        } catch (RuntimeException | Error e) {
            giveUp(e);
            failure = new StoreException("the background work failed: " + e, e);
            throw e;
        } finally {
            pace.stepEnded(flushDone, workDone);
            pace.owes(owed);
            isMerging = merge != null;
            stepsEnded = stepsEnded + 1;
            waits.stepEnded(failure);
        }
        if (more) {
            wake();
        }
    }

    /** One step of what is most urgent; returns whether there is more to do. */
    private boolean doWork() {
        Version version = versions.current();
        Memtable oldest = version.oldestSealed();
        if (oldest != null && !mustMergeFirst()) {
            flushesBegun = flushesBegun + 1;
            try {
                flush(oldest);
            } finally {
                flushesEnded = flushesEnded + 1;
            }
            warmStart.saveNowAndThen();
            return true;
        }
        int pausesNow = pauses.get();
        boolean isIdle = pausesNow != pausesUsed;
        try {
            if (mergeStep(version, isIdle) || warmStart.step() || isIdle && loading.step(version.runs())) {
                return true;
            }
            pausesUsed = pausesNow;
            return false;
        } catch (StoreException e) {
            // Whoever waits for a memtable can have it all the same; only who wished for this merge is told.
            boolean isDamage = e instanceof CorruptionException
                    && merge != null
                    && (merge.stuckStretch() != null || !merge.stuckInputs().isEmpty());
            if (isDamage) {
                Stretch stretch = merge.stuckStretch();
                if (stretch != null) {
                    baseChoice.setAside(stretch, (CorruptionException) e);
                } else {
                    choice.setAside(merge.stuckInputs(), (CorruptionException) e);
                }
                if (granted != null) { // who wished for it gets what can be had without them
                    granted.damage = (CorruptionException) e;
                    wishes.addFirst(granted);
                    granted = null;
                }
            } else {
                System.getLogger("dev.cambium")
                        .log(
                                System.Logger.Level.WARNING,
                                "a merge failed, and is begun anew later: {0}",
                                e.getMessage());
            }
            giveUp(e);
            return isDamage || versions.current().oldestSealed() != null;
        }
    }

    /** Bytes of pages that memtables have been laid down in since the store was opened. */
    public long flushedBytes() {
        return flushedBytes;
    }

    /** Bytes of pages that merges have written since the store was opened. */
    public long mergedBytes() {
        return mergedBytes;
    }

    /** Bytes of pages that there are to be written, about, before all is as it should be. From any thread. */
    public long debtBytes() {
        Version version = versions.current();
        SpaceUse use = space();
        double sealedPages =
                version.sealed().stream().mapToDouble(this::pagesOf).sum();
        double hidden = BaseChoice.hiddenShare(version.runs(), use.trigger()) - 1;
        return (long)
                (sealedPages + Math.max(0, use.excessBytes()) + Math.max(0, hidden) * use.trigger() * use.liveBytes());
    }

    /** How many runs have a page that a merge could not read. */
    public int damagedRuns() {
        return choice.damagedOf(versions.current().runs()) + (baseChoice.isDamaged() ? 1 : 0);
    }

    /**
     * Whether merges have fallen behind so far that memtables wait for them: else a writer that is always ahead would leave no time for
     * merges, and runs without end. The more runs there are, the more is merged between two flushes.
     */
    private boolean mustMergeFirst() {
        return owed > 0;
    }

    private boolean mergeStep(Version version, boolean isIdle) {
        if (merge == null && !beginNext(version.runs(), isIdle)) {
            boolean hasMemtableWaited = owed > 0; // for merges that cannot be had
            owed = 0;
            return hasMemtableWaited;
        }
        if (merge != null) {
            long before = merge.workBytes();
            boolean unfinished = merge.step(STEP_BYTES);
            workDone = merge.workBytes() - before;
            owed -= workDone;
            if (!unfinished) {
                finishMerge();
            }
        }
        if (granted != null) {
            if (merge != null) {
                granted.noteProgress(merge);
            } else {
                wishes.addFirst(granted); // there may be more to do for it
                granted = null;
            }
        }
        return true;
    }

    private void giveUp(Throwable reason) {
        cleaner.forgetPlan();
        owed = 0;
        if (granted != null && !granted.isDone()) {
            granted.fail(
                    reason instanceof StoreException e ? e : new StoreException("the merge failed: " + reason, reason));
            granted = null;
        }
        try {
            close();
            zones.abandonFailed(manifest.state(), manifest.hasFailed());
        } catch (RuntimeException | Error e) {
            reason.addSuppressed(e);
        }
    }

    /** @param isMerge whether values that it writes have been written before: those lie apart from new ones, which die sooner */
    private RunWriter newRun(long birth, boolean isMerge, boolean isBase) {
        return new RunWriter(
                zones.sink(isBase ? Zones.STREAM_BASE : Zones.STREAM_YOUNG),
                zones.sink(isMerge ? Zones.STREAM_MOVED_VALUES : Zones.STREAM_VALUES),
                pool,
                sizes,
                zones.storeId(),
                nextRun++,
                birth,
                manifest.hashSeed());
    }

    private void flush(Memtable memtable) {
        manifest.throwIfFailed(); // else each try would fill the disk with pages that cannot be named
        List<LiveRun> before = versions.current().runs();
        int tooMany = Math.max(0, before.size() - TOLERATED_RUNS);
        owed += (long) (pagesOf(memtable) * (pressure(before) + tooMany));
        pace.owes(owed);
        log.forceThrough(memtable.lastPosition());
        long birth = nextBirth++;
        ManifestRecord.Run run;
        PageChanges changes;
        List<byte[]> sampled = new ArrayList<>();
        long every = Math.max(1, memtable.entries() / SAMPLED_KEYS);
        try (RunWriter writer = newRun(birth, false, false)) {
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
        long firstLiveLog = versions.current().newerThan(memtable).firstLog();
        log.letGo(firstLiveLog);
        MergeWork.Result result = new MergeWork.Result(List.of(), run, Map.of(), Map.of());
        double overlap = overlap(sampled);
        Named named = name(memtable, result, changes, overlap, (edit, state) -> {
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
        versions.install(memtable, named.run, named.zones);
        if (named.run != null) {
            loading.add(named.run.record().id());
        }
        manifest.rollIfLong();
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

    private static List<LiveRun> young(List<LiveRun> runs) {
        return BaseChoice.hasBase(runs) ? runs.subList(0, runs.size() - 1) : runs;
    }

    private SpaceUse space() {
        return SpaceUse.of(manifest.state(), zones.length());
    }

    /**
     * How many bytes are to be merged for each that is laid down, so that neither what younger runs hide nor what is dead in zone files goes on
     * growing: more, the further it is beyond what was aimed at.
     */
    private double pressure(List<LiveRun> runs) {
        SpaceUse use = space();
        double space = use.ratio() / (use.target() * TOLERATED_EXCESS) - 1;
        double hidden = BaseChoice.hiddenShare(runs, use.trigger()) - 1;
        return Math.min(MOST_OWED, Math.max(0, Math.max(hidden, space) * OWED_PER_EXCESS));
    }

    /**
     * What an edit has named.
     *
     * @param run open; or null, where nothing was left
     * @param zones of the version, held
     */
    private record Named(LiveRun run, HeldZones zones) {}

    /**
     * Makes pages durable and names them; nothing can fail behind the edit.
     *
     * @param flushed the memtable that becomes the run, or null
     * @param result what was written, and for what
     * @param overlap which part of the run's keys the base has too, about
     * @param changes which pages that adds and takes away
     */
    private Named name(
            Memtable flushed,
            MergeWork.Result result,
            PageChanges changes,
            double overlap,
            BiConsumer<ManifestEdit.Builder, ManifestState> also) {
        zones.force();
        ManifestState before = manifest.state();
        Set<Integer> needed = new HashSet<>();
        changes.addZonesAfter(before.live(), needed);
        if (merge != null) {
            needed.addAll(merge.changes().liveZones());
        }
        longValues.addNeeded(
                needed, before, () -> versions.current().memtables().filter(other -> other != flushed));
        zones.openReaders(before, needed);
        ManifestState after = manifest.append(edit -> {
            result.inputs()
                    .forEach(input ->
                            edit.add(new ManifestRecord.RunDrop(input.record().id())));
            result.merged()
                    .forEach((lost, stretches) -> stretches.forEach(stretch ->
                            edit.add(new ManifestRecord.RunMerged(lost.record().id(), stretch))));
            zones.describe(edit, before, needed);
            changes.describe(edit);
            if (result.run() != null) {
                edit.add(result.run());
            }
            edit.add(new ManifestRecord.Next(zones.nextZone(), nextRun, nextBirth));
            also.accept(edit, before);
        });
        zones.named(before, after);
        LiveRun open = result.run() == null ? null : zones.open(result.run(), overlap);
        return new Named(open, zones.holdAll(after));
    }

    /** Begins a merge, or ends a wish for one that is not needed; returns whether there was one of the two to do. */
    private boolean beginNext(List<LiveRun> runs, boolean isIdle) {
        granted = wishes.poll();
        if (granted != null) {
            if (!beginFor(granted, runs)) {
                granted.end();
                granted = null;
            }
            return true;
        }
        List<LiveRun> inputs = choice.next(runs, isIdle);
        if (!inputs.isEmpty()) {
            begin(inputs, runs);
            return true;
        }
        if (!runs.isEmpty() && !BaseChoice.hasBase(runs)) {
            makeBase(runs.get(runs.size() - 1));
            return true;
        }
        SpaceUse use = space();
        double trigger = isIdle ? use.trigger() * TRIGGER_WHEN_IDLE : use.trigger();
        return use.ratio() / use.target() > BaseChoice.hiddenShare(runs, use.trigger())
                ? beginCleaning(runs) || beginHidden(runs, trigger)
                : beginHidden(runs, trigger) || beginCleaning(runs);
    }

    /** Does the next thing that a wish is for; returns whether there was any. */
    private boolean beginFor(CompactionWish wish, List<LiveRun> runs) {
        if (runs.isEmpty()) {
            return false;
        }
        if (wish.zonesBefore == 0) {
            wish.zonesBefore = zones.nextZone();
        }
        if (!BaseChoice.hasBase(runs)) {
            makeBase(runs.get(runs.size() - 1));
            return true;
        }
        if (!wish.isSwept && beginSweep(wish, runs)) {
            return true;
        }
        wish.isSwept = true;
        if (!wish.zones.isEmpty() && !wish.areZonesPlanned) {
            wish.areZonesPlanned = true;
            zones.seal();
            cleaner.planZones(runs, wish.zones);
        }
        if (wish.damage != null && wish.rewrites) { // what lies behind it can be brought together all the same
            List<LiveRun> inputs = choice.soundNeighbours(young(runs));
            if (!inputs.isEmpty()) {
                begin(inputs, runs);
                return true;
            }
        }
        return !wish.zones.isEmpty() && cleaner.isPlanned()
                ? beginCleaning(runs, 0, wish.zonesBefore)
                : wish.target > 0 && beginCleaning(runs, space().excessBytes(wish.target), wish.zonesBefore);
    }

    /** Begins a merge of what comes next of a stretch; returns whether there is any. */
    private boolean beginSweep(CompactionWish wish, List<LiveRun> runs) {
        LiveRun base = runs.get(runs.size() - 1);
        if (wish.rewrites && runs.size() == 1 && base.record().id() == compactedBase) {
            return false;
        }
        Stretch left = new Stretch(wish.sweptTo, wish.stretch.to());
        plannedForWish.clear();
        plannedForWish.addAll(baseChoice.all(runs, left, wish.rewrites));
        if (baseChoice.isSetAside(left)) {
            wish.damage = baseChoice.damage();
        }
        if (!wish.hasBegun) {
            wish.begin(
                    plannedForWish.stream().mapToLong(BaseChoice.Range::bytes).sum());
            if (wish.rewrites) {
                zones.seal(); // so that the zones of before hold nothing that lives on
            }
        }
        if (plannedForWish.isEmpty()) {
            return false;
        }
        baseChoice.forgetPlan();
        cleaner.forgetPlan();
        IntPredicate worthIt = zonesToLink();
        ManifestState state = manifest.state();
        beginBase(
                runs,
                plannedForWish,
                wish.rewrites ? zone -> worthIt.test(zone) && isOfValues(state, zone) : worthIt,
                null);
        return true;
    }

    /** Begins a merge of stretches of the base of which younger runs hide too much; returns whether there are any. */
    private boolean beginHidden(List<LiveRun> runs, double trigger) {
        Deque<BaseChoice.Range> ranges = baseChoice.next(runs, trigger);
        if (ranges.isEmpty()) {
            return false;
        }
        cleaner.forgetPlan(); // the stretches may become others
        beginBase(runs, ranges, zonesToLink(cleaner.victimsOfSweep()), null);
        return true;
    }

    /** Begins a merge that gives room back where zone files are too long for what lives in them; returns whether there is any. */
    private boolean beginCleaning(List<LiveRun> runs) {
        return beginCleaning(runs, space().excessBytes(), Integer.MAX_VALUE);
    }

    /**
     * @param excess bytes of zone files that are too many; what has been planned goes on in any case
     * @param before zones with this number and above stay as they are: who waits is not to wait for zones that are made meanwhile
     */
    private boolean beginCleaning(List<LiveRun> runs, double excess, int before) {
        Deque<BaseChoice.Range> ranges = cleaner.next(runs, manifest.state(), excess, before, space(), zones.length());
        if (!ranges.isEmpty()) {
            baseChoice.forgetPlan();
            Set<Integer> victims = cleaner.victims();
            beginBase(runs, ranges, zonesToLink(victims), cleaner.victimsHaveValues() ? victims::contains : null);
            return true;
        }
        LiveRun leftover = cleaner.takeLeftover(runs);
        if (leftover != null) {
            begin(List.of(leftover), runs);
        }
        return leftover != null;
    }

    private void begin(List<LiveRun> inputs, List<LiveRun> all) {
        manifest.throwIfFailed();
        boolean oldest = inputs.get(inputs.size() - 1) == all.get(all.size() - 1);
        baseChoice.forgetPlan();
        cleaner.forgetPlan();
        merge = new Merge(
                inputs,
                versions.current().zones(),
                newRun(nextBirth++, true, oldest),
                zones.storeId(),
                pool,
                epochs,
                oldest,
                oldest,
                zonesToLink());
    }

    private static boolean isOfValues(ManifestState state, int zone) {
        ManifestRecord.Zone named = state.zones().get(zone);
        return named != null && Zones.isOfValues(named.stream());
    }

    private static double meanOverlap(List<LiveRun> inputs) {
        double hidden = 0;
        double all = 0;
        for (LiveRun input : inputs) {
            double entries = Math.max(1, input.record().entries());
            hidden += entries * Math.max(0, input.overlap());
            all += entries;
        }
        return hidden / all;
    }

    /**
     * @param toLink says of which zones a page of the ranges may stay where it is
     * @param valuesToMove see {@link BaseMerge}
     */
    private void beginBase(
            List<LiveRun> runs, Deque<BaseChoice.Range> ranges, IntPredicate toLink, IntPredicate valuesToMove) {
        manifest.throwIfFailed();
        ManifestState state = manifest.state();
        long live = state.live().keySet().stream().mapToLong(state::liveBytes).sum();
        merge = new BaseMerge(
                runs,
                versions.current().zones(),
                newRun(nextBirth++, true, true),
                zones.storeId(),
                pool,
                epochs,
                ranges,
                toLink,
                valuesToMove,
                Math.max(LEAST_COMMIT_BYTES, live / COMMITS));
    }

    /** Says that the oldest run is the base. */
    private void makeBase(LiveRun oldest) {
        if (oldest.record().tombstones() > 0 || !oldest.merged().isEmpty()) {
            begin(List.of(oldest), versions.current().runs()); // which leaves those out
            return;
        }
        manifest.throwIfFailed();
        ManifestRecord.Run run = oldest.record().asBase(nextRun++);
        MergeWork.Result result = new MergeWork.Result(List.of(oldest), run, Map.of(), Map.of());
        Named named = name(null, result, new PageChanges(), 1, (edit, state) -> {});
        Map<LiveRun, LiveRun> replacements = new HashMap<>();
        replacements.put(oldest, named.run);
        versions.install(replacements, named.zones);
    }

    /** Zones that are mostly live: out of others a merge takes the pages along that it meets, so that they can be given back. */
    private IntPredicate zonesToLink(Set<Integer> victims) {
        ManifestState state = manifest.state();
        Set<Integer> worthIt = new HashSet<>(); // once for a merge, which asks for each value that it meets
        for (ManifestRecord.Zone zone : state.zones().values()) {
            if (!victims.contains(zone.number())
                    && state.liveBytes(zone.number()) >= CleanerChoice.LEAST_LIVE * zone.length()) {
                worthIt.add(zone.number());
            }
        }
        return worthIt::contains;
    }

    /** As above, where none is being cleaned. */
    private IntPredicate zonesToLink() {
        return zonesToLink(Set.of());
    }

    private void finishMerge() {
        MergeWork.Result result = merge.finish();
        if (result == null) {
            close();
            return;
        }
        mergedBytes = mergedBytes + merge.appendedBytes();
        boolean isLastOfWish = granted != null && !granted.isSwept && plannedForWish.isEmpty();
        Named named = name(null, result, merge.changes(), meanOverlap(result.inputs()), (edit, state) -> {});
        Map<LiveRun, LiveRun> replacements = new HashMap<>();
        result.inputs().forEach(input -> replacements.put(input, null));
        result.merged().forEach((run, stretches) -> {
            Stretches lost = run.merged();
            for (Stretch stretch : stretches) {
                lost = lost.with(stretch);
            }
            replacements.put(run, run.with(lost, result.left().get(run)));
        });
        LiveRun oldest = result.inputs().get(result.inputs().size() - 1);
        replacements.put(oldest, named.run); // among its neighbours, or the base as before
        oldest.diesWith(merge.changes().deadPages());
        versions.install(replacements, named.zones);
        if (named.run != null && result.merged().isEmpty() && result.inputs().size() > 1) {
            loading.add(named.run.record().id());
        }
        if (granted != null) {
            noteNamedFor(granted, isLastOfWish, named.run);
        }
        close();
        manifest.rollIfLong();
        if (zones.hasUnconfirmedDrops()) {
            manifest.confirm();
            zones.confirmDrops();
            zones.deleteDead();
        }
    }

    /** A merge for a wish is named; to be called while it is known. */
    private void noteNamedFor(CompactionWish wish, boolean isLast, LiveRun base) {
        wish.noteNamed(merge);
        if (isLast) {
            wish.isSwept = true;
            boolean isAll = wish.rewrites && wish.stretch.equals(Stretch.ALL) && wish.damage == null;
            compactedBase = isAll && base != null ? base.record().id() : 0;
        } else if (!wish.isSwept) {
            wish.sweptTo = plannedForWish.peek().stretch().from();
        }
    }

    private double pagesOf(Memtable memtable) {
        return memtable.arena().filledBytes() * pagesOfMemtable;
    }

    /**
     * Some bytes were written: slows the writer down where the background would not keep up; for the commit leader.
     *
     * @param room bytes that the active memtable has left
     * @param memtableBytes of a full one
     */
    public void pace(long bytes, long room, long memtableBytes) {
        List<Memtable> sealed = versions.current().sealed();
        double sealedWork = 0;
        for (Memtable memtable : sealed) {
            sealedWork += pagesOf(memtable);
        }
        long roomForMore = sealed.size() < MOST_SEALED ? memtableBytes / 2 : 0;
        pace.pace(bytes, (long) sealedWork, Math.max(0, room) + roomForMore);
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
        wishes.add(wish);
        try {
            await(() -> {
                if (wish.failure() != null) {
                    throw StepWaits.failure("not all can be merged: ", wish.failure());
                }
                progress.progress(wish.bytesDone(), wish.bytesTotal());
                return wish.isDone();
            });
        } finally {
            wishes.remove(wish);
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
        if (merge != null) {
            MergeWork ended = merge;
            merge = null;
            ended.close();
        }
    }
}
