package dev.cambium.run;

import dev.cambium.compaction.PageSizes;
import dev.cambium.compaction.RunWriter;
import dev.cambium.compaction.ZoneUse;
import dev.cambium.epoch.ReadEpochs;
import dev.cambium.error.CorruptionException;
import dev.cambium.error.StoreException;
import dev.cambium.log.Manifest;
import dev.cambium.segment.manifest.ManifestRecord;
import dev.cambium.segment.manifest.ManifestState;
import dev.cambium.segment.manifest.Stretch;
import dev.cambium.segment.pool.BufferPool;
import dev.cambium.version.Versions;
import java.util.Deque;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.function.BooleanSupplier;
import java.util.function.IntPredicate;
import java.util.function.LongConsumer;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.roaringbitmap.RoaringBitmap;

/**
 * The merges of a store, one at a time and in steps: what somebody waits for; else tiers of young runs; else stretches of the base of which younger runs hide
 * too much, or zones that are to be given back, whichever is further from what it should be.
 *
 * <p>Errors: a step that throws leaves version and manifest as they were; {@link #noteFailed} and {@link #giveUp} follow it. Threads: the background lane; wishes come and
 * go from any thread, as do questions.
 */
final class Merges implements AutoCloseable {
    private static final long STEP_BYTES = 1 << 20;

    /** While nobody writes, younger runs are to hide less: this part of what they may. */
    private static final double TRIGGER_WHEN_IDLE = 0.5;

    /** Which part of files may be dead beyond what was before while all is written anew, and what that is brought back to. */
    private static final double TOLERATED_DEAD = 0.03;

    private static final double AIMED_AT_DEAD = 0.01;

    private final Versions versions;
    private final Manifest manifest;
    private final Zones zones;
    private final BufferPool pool;
    private final ReadEpochs epochs;
    private final VersionEdits edits;
    private final LongConsumer madeRun;
    private final BooleanSupplier giveBack;
    private final Workers workers;
    private final MergeChoice choice = new MergeChoice();
    private final BaseChoice baseChoice;
    private final CleanerChoice cleaner;
    private final ScanChoice scanChoice;
    private final ConcurrentLinkedDeque<CompactionWish> wishes = new ConcurrentLinkedDeque<>();
    private volatile long mergedBytes;

    private MergeWork merge; // that is under way, or null
    private CompactionWish granted; // by the merge; or null
    private long workDone; // by the latest step
    private boolean isForScans; // the merge, and there are writes
    private boolean hasGivenBack; // the latest step, without a merge
    private long compactedBase; // number of a base of which all has just been written anew; 0 where there is none

    /**
     * @param madeRun is told the number of each run that a merge has made
     * @param giveBack gives room back without a merge; returns whether there was something to do
     * @param workers merge stretches of the base at the same time
     */
    Merges(
            Versions versions,
            Manifest manifest,
            Zones zones,
            BufferPool pool,
            ReadEpochs epochs,
            LongValues longValues,
            PageSizes sizes,
            LongConsumer madeRun,
            BooleanSupplier giveBack,
            Workers workers) {
        this.versions = versions;
        this.manifest = manifest;
        this.zones = zones;
        this.pool = pool;
        this.epochs = epochs;
        this.madeRun = madeRun;
        this.giveBack = giveBack;
        this.workers = workers;
        this.baseChoice = new BaseChoice(epochs, sizes.leaf());
        this.cleaner = new CleanerChoice(epochs, choice, baseChoice);
        this.scanChoice = new ScanChoice(baseChoice, zones::scannedOften);
        this.edits = new VersionEdits(
                versions,
                manifest,
                zones,
                pool,
                longValues,
                sizes,
                () -> merge == null ? Set.of() : merge.zonesBegun());
    }

    /** How what is written gets its name, for flushes too. */
    VersionEdits edits() {
        return edits;
    }

    /** Bytes of pages that merges have written since the store was opened. From any thread. */
    long mergedBytes() {
        return mergedBytes;
    }

    /** How many runs have a page that a merge could not read. From any thread. */
    int damagedRuns() {
        return choice.damagedOf(versions.current().runs()) + (baseChoice.isDamaged() ? 1 : 0);
    }

    /** What the zones of runs take now. From any thread. */
    SpaceUse space() {
        return SpaceUse.of(manifest.state(), unsettled(), zones.length(), zones.usableBytes());
    }

    private Predicate<ManifestRecord.Zone> unsettled() {
        return Zones.unsettled(versions.current().memtables());
    }

    /** Somebody waits for it. From any thread. */
    void add(CompactionWish wish) {
        wishes.add(wish);
    }

    /** Nobody waits for it any more: what is done stays done, and the rest is not begun. From any thread. */
    void remove(CompactionWish wish) {
        wish.abandon();
        wishes.remove(wish);
    }

    /** Which ranges scans ask for. */
    ScanChoice scans() {
        return scanChoice;
    }

    /** Whether a merge is under way. */
    boolean isUnderWay() {
        return merge != null;
    }

    /** How much the latest step has done, in bytes of pages whose writing takes as long, about. */
    long workDone() {
        return workDone;
    }

    /** Whether the latest step has given room back without a merge, which says nothing of how fast those go. */
    boolean hasGivenBack() {
        return hasGivenBack;
    }

    /**
     * Merges a little.
     *
     * @param isIdle whether nobody writes, so that more is worth it
     * @param mostForScans bytes of pages that merges may have written for the sake of scans alone while there were writes; {@code Long.MAX_VALUE} while there are none
     * @return whether there was something to do
     */
    boolean step(boolean isIdle, long mostForScans) {
        workDone = 0;
        hasGivenBack = false;
        if (merge == null && !beginNext(versions.current().runs(), isIdle, mostForScans)) {
            return false;
        }
        if (merge != null) {
            long before = merge.workBytes();
            boolean unfinished = merge.step(STEP_BYTES);
            workDone = merge.workBytes() - before;
            if (!unfinished) {
                finish();
            }
        }
        if (granted != null) {
            if (merge != null) {
                granted.noteProgress(merge);
            } else {
                putBack(granted); // there may be more to do for it
            }
        }
        return true;
    }

    private void putBack(CompactionWish wish) {
        granted = null;
        wish.mergeEnded();
        if (!wish.isAbandoned()) {
            wishes.addFirst(wish);
            if (wish.isAbandoned()) { // in between
                wishes.remove(wish);
            }
        }
    }

    /** A step has thrown; returns whether that was damage, of which all is left alone that it touches. */
    boolean noteFailed(StoreException failure) {
        boolean isDamage = failure instanceof CorruptionException
                && merge != null
                && (merge.stuckStretch() != null || !merge.stuckInputs().isEmpty());
        if (!isDamage) {
            System.getLogger("dev.cambium")
                    .log(
                            System.Logger.Level.WARNING,
                            "a merge failed, and is begun anew later: {0}",
                            failure.getMessage());
            return false;
        }
        CorruptionException damage = (CorruptionException) failure;
        Stretch stretch = merge.stuckStretch();
        if (stretch != null) {
            baseChoice.setAside(stretch, damage);
        } else {
            choice.setAside(merge.stuckInputs(), damage);
        }
        if (granted != null) { // who wished for it gets what can be had without them
            granted.damage = damage;
            putBack(granted);
        }
        return true;
    }

    /** Something has failed: ends the merge, and tells who waits for it. */
    void giveUp(Throwable reason) {
        cleaner.forgetPlan();
        scanChoice.forget();
        if (granted != null) {
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

    /** Begins a merge, or ends a wish for one that is not needed; returns whether there was one of the two to do. */
    private boolean beginNext(List<LiveRun> runs, boolean isIdle, long mostForScans) {
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
        double dead = use.ratio() / use.target();
        boolean isDeadFirst = use.shortage() > 0 ? dead > 1 : dead > BaseChoice.hiddenShare(runs, use.trigger());
        boolean isBegun = isDeadFirst
                ? beginCleaning(runs) || beginHidden(runs, trigger)
                : beginHidden(runs, trigger) || beginCleaning(runs);
        return isBegun || use.shortage() == 0 && beginScanned(runs, mostForScans, use);
    }

    /** Begins a merge of what scans suffer from; returns whether there is any. */
    private boolean beginScanned(List<LiveRun> runs, long most, SpaceUse use) {
        ScanChoice.Chosen next = scanChoice.next(runs, most, use.liveBytes());
        if (next == null) {
            return false;
        }
        cleaner.forgetPlan();
        IntPredicate toLink =
                switch (next.scatter()) {
                    case NONE -> zonesToLink(Set.of());
                    case LEAVES -> zonesToLink(manifest.state(), zone -> Zones.isOfValues(zone.stream()));
                    case VALUES -> zone -> false;
                };
        beginBase(runs, next.ranges(), toLink, null);
        isForScans = most < Long.MAX_VALUE;
        return true;
    }

    /** Does the next thing that a wish is for; returns whether there was any. */
    private boolean beginFor(CompactionWish wish, List<LiveRun> runs) {
        if (runs.isEmpty()) {
            return false;
        }
        if (wish.zonesBefore == 0) {
            wish.zonesBefore = zones.nextZone();
            wish.deadBefore = space().excessBytes(1);
        }
        if (!BaseChoice.hasBase(runs)) {
            makeBase(runs.get(runs.size() - 1));
            return true;
        }
        if (wish.hasToSweep() && beginSweep(wish, runs)) {
            return true;
        }
        wish.endSweep();
        if (wish.damage != null && wish.rewrites) { // what lies behind it can be brought together all the same
            List<LiveRun> inputs = choice.soundNeighbours(young(runs));
            if (!inputs.isEmpty()) {
                begin(inputs, runs);
                return true;
            }
        }
        if (wish.takeZones()) {
            edits.sealZones();
            cleaner.planZones(runs, wish.zones);
        }
        boolean goesOn = !wish.zones.isEmpty() && cleaner.isPlanned();
        double excess = wish.target > 0 ? space().excessBytes(wish.target) : 0;
        return (goesOn || excess > 0) && beginCleaning(runs, excess, wish.zonesBefore);
    }

    private void forgetBasePlans() {
        baseChoice.forgetPlan();
        scanChoice.forget();
    }

    private static List<LiveRun> young(List<LiveRun> runs) {
        return BaseChoice.hasBase(runs) ? runs.subList(0, runs.size() - 1) : runs;
    }

    /** Begins a merge of what comes next of a wish's stretch; returns whether there is any. */
    private boolean beginSweep(CompactionWish wish, List<LiveRun> runs) {
        LiveRun base = runs.get(runs.size() - 1);
        if (wish.rewrites && runs.size() == 1 && base.record().id() == compactedBase) {
            return false;
        }
        Stretch left = wish.left();
        List<BaseChoice.Range> ranges = baseChoice.all(runs, left, wish.rewrites);
        if (baseChoice.isSetAside(left)) {
            wish.damage = baseChoice.damage();
        }
        if (wish.rewrites && !wish.hasBegun()) {
            edits.sealZones(); // so that the zones of before hold nothing that lives on
        }
        Set<Integer> victims = takesRoom(wish) ? zonesThatHoldLeast(wish) : Set.of();
        List<BaseChoice.Range> first = withPagesIn(victims, base, ranges);
        Deque<BaseChoice.Range> planned = first.isEmpty() ? wish.sweep(ranges, true) : wish.sweep(first, false);
        if (planned.isEmpty()) {
            return false;
        }
        forgetBasePlans();
        cleaner.forgetPlan();
        beginBase(runs, planned, first.isEmpty() ? zonesToLink(wish) : zonesToLink(victims), null);
        return true;
    }

    /**
     * Whether a sweep that writes all pages anew has left too much dead: it takes the base in the order of keys, and zones that were not
     * written in that order die bit by bit.
     */
    private boolean takesRoom(CompactionWish wish) {
        return wish.rewrites && wish.hasBegun() && deadSince(wish, TOLERATED_DEAD, space()) > 0;
    }

    private static double deadSince(CompactionWish wish, double tolerated, SpaceUse use) {
        return use.excessBytes(1) - wish.deadBefore - tolerated * use.fileBytes();
    }

    /** The zones of the base which give most room back for what has to be written. */
    private Set<Integer> zonesThatHoldLeast(CompactionWish wish) {
        SpaceUse use = space();
        ManifestState state = manifest.state();
        Set<Integer> victims = CleanerChoice.victims(
                        state,
                        use,
                        deadSince(wish, AIMED_AT_DEAD, use),
                        Integer.MAX_VALUE,
                        use.mostMovedBytes(),
                        zone -> zone.stream() != Zones.STREAM_BASE
                                || wish.hasMade(zone)
                                || wish.taken.getOrDefault(zone.number(), -1L) == state.liveBytes(zone.number()))
                .stream()
                .map(ManifestRecord.Zone::number)
                .collect(Collectors.toSet());
        victims.forEach(zone -> wish.taken.put(zone, state.liveBytes(zone)));
        return victims;
    }

    private List<BaseChoice.Range> withPagesIn(Set<Integer> someZones, LiveRun base, List<BaseChoice.Range> ranges) {
        if (someZones.isEmpty()) {
            return List.of();
        }
        int slot = epochs.enter();
        try {
            Set<Stretch> there = Set.copyOf(ZoneUse.ranges(base.tree(), someZones::contains, baseChoice::setAside));
            return ranges.stream()
                    .filter(range -> there.contains(range.stretch()))
                    .toList();
        } finally {
            epochs.exit(slot);
        }
    }

    /** Begins a merge of stretches of the base of which younger runs hide too much; returns whether there are any. */
    private boolean beginHidden(List<LiveRun> runs, double trigger) {
        Deque<BaseChoice.Range> ranges = baseChoice.next(runs, trigger);
        if (ranges.isEmpty()) {
            return false;
        }
        cleaner.forgetPlan(); // the stretches may become others
        scanChoice.forgetTogether();
        beginBase(runs, ranges, zonesToLink(cleaner.victimsOfSweep()), null);
        return true;
    }

    /**
     * Gives room back where zone files are too long for what lives in them: by a hole, else by a merge, which it begins; returns whether there was
     * anything to do.
     */
    private boolean beginCleaning(List<LiveRun> runs) {
        if (giveBack.getAsBoolean()) {
            hasGivenBack = true;
            return true;
        }
        return beginCleaning(runs, space().excessBytes(), Integer.MAX_VALUE);
    }

    /**
     * @param excess bytes of zone files that are too many; what has been planned goes on in any case
     * @param before zones with this number and above stay as they are: who waits is not to wait for zones that are made meanwhile
     */
    private boolean beginCleaning(List<LiveRun> runs, double excess, int before) {
        Deque<BaseChoice.Range> ranges =
                cleaner.next(runs, manifest.state(), excess, before, unsettled(), space(), zones.length());
        if (!ranges.isEmpty()) {
            forgetBasePlans();
            Set<Integer> victims = cleaner.victims();
            // Without room, the base alone: what younger runs have would take more of it than the victims give back.
            boolean alone = before == Integer.MAX_VALUE && space().shortage() > 0;
            beginBase(
                    alone ? runs.subList(runs.size() - 1, runs.size()) : runs,
                    ranges,
                    zonesToLink(victims),
                    cleaner.victimsHaveValues() ? only(victims) : null);
            return true;
        }
        LiveRun leftover = cleaner.takeLeftover(runs);
        if (leftover != null) {
            begin(List.of(leftover), runs);
        }
        return leftover != null;
    }

    private static IntPredicate only(Set<Integer> zones) {
        RoaringBitmap bitmap = new RoaringBitmap();
        zones.forEach(bitmap::add);
        return bitmap::contains;
    }

    private void begin(List<LiveRun> inputs, List<LiveRun> all) {
        boolean oldest = inputs.get(inputs.size() - 1) == all.get(all.size() - 1);
        forgetBasePlans();
        cleaner.forgetPlan();
        merge = new Merge(
                inputs,
                versions.current().zones(),
                edits.newMergedRun(oldest),
                zones.storeId(),
                pool,
                epochs,
                oldest,
                oldest,
                zonesToLink(Set.of()));
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
        SpaceUse use = space();
        long most = use.mostCommitBytes();
        // Each part writes a stretch before anything is given back, for which there may be no room.
        int parts = use.shortage() > 0 ? 1 : Math.min(workers.count(), ranges.size());
        List<RunWriter> writers = edits.newMergedRun(true, parts);
        if (granted != null && granted.rewrites) {
            writers.forEach(RunWriter::packTightly);
        }
        merge = new BaseMerge(
                runs,
                versions.current().zones(),
                writers,
                workers,
                zones.storeId(),
                pool,
                epochs,
                ranges,
                toLink,
                valuesToMove,
                most);
    }

    /** Says that the oldest run is the base. */
    private void makeBase(LiveRun oldest) {
        if (oldest.record().tombstones() > 0 || !oldest.merged().isEmpty()) {
            begin(List.of(oldest), versions.current().runs()); // which leaves those out
        } else {
            edits.nameBase(oldest);
        }
    }

    /** Zones in which pages may stay: out of those that are mostly dead a merge takes along what it meets, so that they can be given back. */
    private IntPredicate zonesToLink(Set<Integer> victims) {
        return zonesToLink(manifest.state(), zone -> !victims.contains(zone.number()));
    }

    /** Zones in which pages may stay in a sweep: where all is written anew, of the base's only those that it has made itself. */
    private IntPredicate zonesToLink(CompactionWish wish) {
        return zonesToLink(
                manifest.state(), zone -> !wish.rewrites || Zones.isOfValues(zone.stream()) || wish.hasMade(zone));
    }

    /** Of some zones, those that are not mostly dead. */
    private IntPredicate zonesToLink(ManifestState state, Predicate<ManifestRecord.Zone> some) {
        RoaringBitmap worthIt = new RoaringBitmap(); // asked for each value that a merge meets
        Predicate<ManifestRecord.Zone> unsettled = unsettled();
        for (ManifestRecord.Zone zone : state.zones().values()) {
            boolean isMostlyDead = state.liveBytes(zone.number()) < CleanerChoice.LEAST_LIVE * state.takenBytes(zone);
            if (some.test(zone) && (!isMostlyDead || unsettled.test(zone))) {
                worthIt.add(zone.number());
            }
        }
        return worthIt::contains;
    }

    private void finish() {
        MergeWork.Result result = merge.finish();
        if (result != null) {
            mergedBytes = mergedBytes + merge.appendedBytes();
            scanChoice.noteWritten(isForScans ? merge.appendedBytes() : 0);
            LiveRun made = edits.nameMerged(result, merge.changes(), meanOverlap(result.inputs()));
            if (made != null) {
                madeRun.accept(made.record().id());
            }
            if (granted != null && granted.noteNamed(merge)) {
                compactedBase = made == null ? 0 : made.record().id();
            }
        }
        close();
    }

    /** Gives back what an unfinished merge holds. */
    @Override
    public void close() {
        if (merge != null) {
            MergeWork ended = merge;
            merge = null;
            isForScans = false;
            ended.close();
        }
    }
}
