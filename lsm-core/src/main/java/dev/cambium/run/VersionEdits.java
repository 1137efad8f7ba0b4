package dev.cambium.run;

import dev.cambium.compaction.PageChanges;
import dev.cambium.compaction.PageSizes;
import dev.cambium.compaction.RunWriter;
import dev.cambium.compaction.ZoneSink;
import dev.cambium.log.Manifest;
import dev.cambium.memtable.Memtable;
import dev.cambium.segment.manifest.ManifestEdit;
import dev.cambium.segment.manifest.ManifestRecord;
import dev.cambium.segment.manifest.ManifestState;
import dev.cambium.segment.manifest.Stretch;
import dev.cambium.segment.manifest.Stretches;
import dev.cambium.segment.pool.BufferPool;
import dev.cambium.version.Versions;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BiConsumer;
import java.util.function.Supplier;

/**
 * From pages to a version: hands out the writers of runs, makes what they have written durable, names it in an edit of the manifest and installs the version.
 *
 * <p>Order: zones forced; readers opened; one edit; the version. All that can fail comes before the edit. What an edit stops naming is given back once that
 * edit cannot be lost. For the background lane.
 */
final class VersionEdits {
    private final Versions versions;
    private final Manifest manifest;
    private final Zones zones;
    private final BufferPool pool;
    private final LongValues longValues;
    private final PageSizes sizes;
    private final Supplier<Set<Integer>> unfinished;
    private long nextRun;
    private long nextBirth;

    /** @param unfinished says in which zones a merge that is under way has pages, which nothing names yet */
    VersionEdits(
            Versions versions,
            Manifest manifest,
            Zones zones,
            BufferPool pool,
            LongValues longValues,
            PageSizes sizes,
            Supplier<Set<Integer>> unfinished) {
        this.versions = versions;
        this.manifest = manifest;
        this.zones = zones;
        this.pool = pool;
        this.longValues = longValues;
        this.sizes = sizes;
        this.unfinished = unfinished;
        this.nextRun = manifest.state().next().run();
        this.nextBirth = manifest.state().next().birth();
    }

    /** A number for a flush or merge. */
    long takeBirth() {
        return nextBirth++;
    }

    /** Ends the zones that are appended to, so that what is dead in them can be given back. The next edit says so. */
    void sealZones() {
        zones.seal();
        longValues.seal();
    }

    /** The writer of what a memtable becomes. */
    RunWriter newYoungRun(long birth) {
        return newWriter(nextRun++, birth, zones.sink(Zones.STREAM_YOUNG, 0), zones.sink(Zones.STREAM_VALUES, 0));
    }

    /** The writer of what a merge makes. Values that it writes were written before: they lie apart from new ones, which die sooner. */
    RunWriter newMergedRun(boolean isBase) {
        return newMergedRun(isBase, 1).get(0);
    }

    /** As above, of a run that several parts of a merge write to at the same time, each to zones of its own. */
    List<RunWriter> newMergedRun(boolean isBase, int parts) {
        manifest.throwIfFailed(); // else each try would fill the disk with pages that cannot be named
        long run = nextRun++;
        long birth = takeBirth();
        List<RunWriter> writers = new ArrayList<>();
        try {
            for (int part = 0; part < parts; part++) {
                writers.add(newWriter(
                        run,
                        birth,
                        zones.sink(isBase ? Zones.STREAM_BASE : Zones.STREAM_YOUNG, part),
                        zones.sink(Zones.STREAM_MOVED_VALUES, part)));
            }
            return writers;
        } catch (RuntimeException | Error e) {
            writers.forEach(RunWriter::close);
            throw e;
        }
    }

    private RunWriter newWriter(long run, long birth, ZoneSink pages, ZoneSink values) {
        return new RunWriter(pages, values, pool, sizes, zones.storeId(), run, birth, manifest.hashSeed());
    }

    /**
     * A memtable has been written as a run.
     *
     * @param run null where nothing of it was left
     * @param overlap which part of the run's keys the base has too, about
     * @param also what else the edit says
     * @return the run, or null
     */
    LiveRun nameFlushed(
            Memtable memtable,
            ManifestRecord.Run run,
            PageChanges changes,
            double overlap,
            BiConsumer<ManifestEdit.Builder, ManifestState> also) {
        MergeWork.Result result = new MergeWork.Result(List.of(), run, Map.of(), Map.of());
        Named named = name(memtable, result, changes, overlap, also);
        versions.install(memtable, named.run, named.zones);
        manifest.rollIfLong();
        return named.run;
    }

    /**
     * Runs have been merged.
     *
     * @return the run that takes their place, or null where nothing was left
     */
    LiveRun nameMerged(MergeWork.Result result, PageChanges changes, double overlap) {
        Named named = name(null, result, changes, overlap, (edit, state) -> {});
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
        oldest.diesWith(changes.deadPages());
        versions.install(replacements, named.zones);
        manifest.rollIfLong();
        if (zones.hasUnconfirmedDrops()) {
            manifest.confirm();
            zones.confirmDrops();
            zones.deleteDead();
        }
        return named.run;
    }

    /** Says that a run, the oldest, is the base; it has neither tombstones nor lost stretches. */
    void nameBase(LiveRun oldest) {
        manifest.throwIfFailed();
        ManifestRecord.Run run = oldest.record().asBase(nextRun++);
        nameMerged(new MergeWork.Result(List.of(oldest), run, Map.of(), Map.of()), new PageChanges(), 1);
    }

    /**
     * What an edit has named.
     *
     * @param run open; or null, where nothing was left
     * @param zones of the version, held
     */
    private record Named(LiveRun run, HeldZones zones) {}

    /**
     * Makes pages durable and names them.
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
        if (flushed != null) { // its entries become leaves, and what they refer to is named with those
            zones.referredPages().force();
        }
        ManifestState before = manifest.state();
        Set<Integer> needed = new HashSet<>();
        changes.addZonesAfter(before.live(), needed);
        needed.addAll(unfinished.get());
        List<ManifestRecord.Zone> ofPuts = longValues.addNeeded(
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
            ofPuts.forEach(edit::add);
            changes.describe(edit);
            if (result.run() != null) {
                edit.add(result.run());
            }
            edit.add(new ManifestRecord.Next(zones.nextZone(), nextRun, nextBirth));
            also.accept(edit, before);
        });
        zones.named(before, after);
        longValues.named(after);
        LiveRun open = result.run() == null ? null : zones.open(result.run(), overlap);
        return new Named(open, zones.holdAll(after));
    }
}
