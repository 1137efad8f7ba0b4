package dev.cambium.run;

import dev.cambium.compaction.PageSizes;
import dev.cambium.compaction.RunWriter;
import dev.cambium.compaction.SortedCursor;
import dev.cambium.epoch.ReadEpochs;
import dev.cambium.error.StoreException;
import dev.cambium.error.StoreIOException;
import dev.cambium.log.Manifest;
import dev.cambium.log.WriteAheadLog;
import dev.cambium.memtable.Memtable;
import dev.cambium.segment.log.OperationCode;
import dev.cambium.segment.manifest.ManifestEdit;
import dev.cambium.segment.manifest.ManifestRecord;
import dev.cambium.segment.manifest.ManifestState;
import dev.cambium.segment.memory.MemoryBudget;
import dev.cambium.segment.runtime.BackgroundExecutor;
import dev.cambium.segment.runtime.Clock;
import dev.cambium.segment.runtime.Parker;
import dev.cambium.version.Version;
import dev.cambium.version.Versions;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.Supplier;

/**
 * Lays sealed memtables down as runs, oldest first, and merges young runs, T of a tier at a time. Everything happens in steps on a
 * background lane of its own; a memtable that waits comes before a merge that is under way.
 *
 * <p>Order of a flush: log forced as far as the memtable goes; pages; zones forced; one edit that names zones and run, lists the
 * keyspaces, and drops the logs that are no longer needed; the new version.
 *
 * <p>Errors: a step that fails leaves version and manifest as they were, and what it appended is garbage. The failure is told to who
 * waits, and the next {@link #wake} tries again. Threads: {@link #wake} and the waits from any thread.
 */
public final class Flusher implements AutoCloseable {
    /** Runs of one tier that are merged at once. */
    static final int TIER_SIZE = 4;

    /** Sealed memtables that may wait; a writer that needs another waits itself. */
    private static final int MOST_SEALED = 2;

    private static final long STEP_BYTES = 1 << 20;
    private static final long LONGEST_WAIT_NANOS = 60_000_000_000L;

    private final Versions versions;
    private final WriteAheadLog log;
    private final Manifest manifest;
    private final Zones zones;
    private final MemoryBudget budget;
    private final ReadEpochs epochs;
    private final BackgroundExecutor lane;
    private final Parker parker;
    private final Clock clock;
    private final PageSizes sizes;
    private final Supplier<SortedMap<Integer, String>> keyspaces;

    private final ConcurrentLinkedQueue<Thread> waiting = new ConcurrentLinkedQueue<>();
    private volatile long attempts;
    private volatile StoreException failure; // of the latest attempt
    private volatile boolean mergeAll;

    // The lane's own.
    private Merge merge;
    private long nextRun;
    private long nextBirth;

    public Flusher(
            Versions versions,
            WriteAheadLog log,
            Manifest manifest,
            Zones zones,
            MemoryBudget budget,
            ReadEpochs epochs,
            BackgroundExecutor lane,
            Parker parker,
            Clock clock,
            PageSizes sizes,
            Supplier<SortedMap<Integer, String>> keyspaces) {
        this.versions = versions;
        this.log = log;
        this.manifest = manifest;
        this.zones = zones;
        this.budget = budget;
        this.epochs = epochs;
        this.lane = lane;
        this.parker = parker;
        this.clock = clock;
        this.sizes = sizes;
        this.keyspaces = keyspaces;
    }

    /** Asks for a step; there may be nothing to do. */
    public void wake() {
        lane.execute(this::step);
    }

    private void step() {
        boolean more = false;
        try {
            more = doWork();
            failure = null;
        } catch (StoreException e) {
            failure = e;
        } catch (RuntimeException | Error e) {
            failure = new StoreException("the background work failed: " + e, e);
            throw e;
        } finally {
            if (failure != null) {
                giveUp();
            }
            attempts = attempts + 1;
            for (Thread thread = waiting.poll(); thread != null; thread = waiting.poll()) {
                parker.unpark(thread);
            }
        }
        if (failure != null) {
            System.getLogger("dev.cambium")
                    .log(System.Logger.Level.WARNING, "a flush or merge failed: {0}", failure.getMessage());
        } else if (more) {
            wake();
        }
    }

    /** One step of what is most urgent; returns whether there is more to do. */
    private boolean doWork() {
        Version version = versions.current();
        if (version.oldestSealed() != null) {
            flush(version.oldestSealed());
            return true;
        }
        if (merge == null) {
            List<LiveRun> inputs = toMerge(version.runs());
            if (inputs.isEmpty()) {
                return false;
            }
            begin(inputs, version.runs());
        }
        if (!merge.step(STEP_BYTES)) {
            finishMerge();
        }
        return true;
    }

    private void giveUp() {
        if (merge != null) {
            merge.close();
            merge = null;
        }
        zones.abandon();
    }

    /** A number that no run has had; one that is not used in the end is not used again in this life. */
    private long takeRun() {
        nextRun = Math.max(nextRun, manifest.state().next().run());
        return nextRun++;
    }

    private long takeBirth() {
        nextBirth = Math.max(nextBirth, manifest.state().next().birth());
        return nextBirth++;
    }

    private RunWriter newRun(long run, long birth) {
        return new RunWriter(zones, budget, sizes, run, birth, manifest.hashSeed());
    }

    private void flush(Memtable memtable) {
        if (memtable.lastPosition() > 0) {
            log.forceThrough(memtable.lastPosition());
        }
        boolean dropTombstones = versions.current().runs().isEmpty();
        long birth = takeBirth();
        ManifestRecord.Run run;
        try (RunWriter writer = newRun(takeRun(), birth)) {
            SortedCursor entries = memtable.cursor(memtable.snapshot());
            for (boolean on = entries.first(); on; on = entries.next()) {
                boolean tombstone = entries.isTombstone();
                if (!tombstone || !dropTombstones) {
                    writer.add(
                            entries.keyMemory(),
                            entries.keyOffset(),
                            entries.keyLength(),
                            tombstone ? OperationCode.DELETE : OperationCode.PUT,
                            entries.valueMemory(),
                            entries.valueOffset(),
                            entries.valueLength());
                }
            }
            run = writer.finish(0, birth, birth, memtable.firstBatch(), memtable.lastBatch());
        }
        long firstLiveLog = firstLogBehind(memtable);
        LiveRun live = name(List.of(), run, edit -> {
            ManifestState state = manifest.state();
            keyspaces.get().forEach((id, name) -> {
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
        versions.install(memtable, live);
    }

    /** The log that the memtable after this one begins in. */
    private long firstLogBehind(Memtable memtable) {
        Version version = versions.current();
        List<Memtable> sealed = version.sealed();
        int at = sealed.indexOf(memtable);
        return at > 0 ? sealed.get(at - 1).firstLog() : version.active().firstLog();
    }

    /** Makes pages durable and names them; returns the run, or null where there is none. */
    private LiveRun name(
            List<LiveRun> inputs, ManifestRecord.Run run, java.util.function.Consumer<ManifestEdit.Builder> also) {
        zones.force();
        ManifestState before = manifest.state();
        List<ManifestRecord.Run> left = new ArrayList<>(before.runs());
        left.removeIf(known -> inputs.stream().anyMatch(input -> input.record().id() == known.id()));
        if (run != null) {
            left.add(run);
        }
        manifest.commit(edit -> {
            inputs.forEach(
                    input -> edit.add(new ManifestRecord.RunDrop(input.record().id())));
            zones.describe(edit, left);
            if (run != null) {
                edit.add(run);
            }
            also.accept(edit);
        });
        zones.named(before);
        return run == null ? null : zones.open(run);
    }

    /** The runs to be merged next, newest first: all where that was asked for, else those of the lowest tier that has enough. */
    private List<LiveRun> toMerge(List<LiveRun> runs) {
        if (mergeAll) {
            mergeAll = false;
            boolean isCompact =
                    runs.isEmpty() || runs.size() == 1 && runs.get(0).record().tombstones() == 0;
            return isCompact ? List.of() : runs;
        }
        for (int from = 0; from < runs.size(); ) {
            int tier = runs.get(from).record().tier();
            int to = from;
            while (to < runs.size() && runs.get(to).record().tier() <= tier) {
                to++;
            }
            if (to - from >= TIER_SIZE) {
                return runs.subList(from, to);
            }
            from = to;
        }
        return List.of();
    }

    private void begin(List<LiveRun> inputs, List<LiveRun> all) {
        boolean oldest = inputs.get(inputs.size() - 1) == all.get(all.size() - 1);
        if (inputs.size() == all.size()) {
            zones.seal(); // so that the zones of before hold nothing that lives on
        }
        merge = new Merge(inputs, newRun(takeRun(), takeBirth()), epochs, oldest);
    }

    private void finishMerge() {
        ManifestRecord.Run run = merge.finish();
        List<LiveRun> inputs = merge.inputs();
        LiveRun live = name(inputs, run, edit -> {});
        versions.install(inputs, live);
        merge.close();
        merge = null;
    }

    /**
     * Waits until another memtable may be sealed; for the commit leader.
     *
     * @throws StoreException where what the background did last failed, or nothing moves for a minute
     */
    public void awaitRoom() {
        if (versions.current().sealed().size() >= MOST_SEALED) {
            await(() -> versions.current().sealed().size() < MOST_SEALED);
        }
    }

    /** Waits until a memtable has been laid down. */
    public void awaitFlushed(Memtable memtable) {
        await(() -> !versions.current().sealed().contains(memtable));
    }

    /** Waits until one of the sealed memtables has been laid down; false where there is none. */
    public boolean awaitMemory() {
        Memtable oldest = versions.current().oldestSealed();
        if (oldest == null) {
            return false;
        }
        awaitFlushed(oldest);
        return true;
    }

    private void await(java.util.function.BooleanSupplier done) {
        long from = attempts;
        long deadline = clock.nanoTime() + LONGEST_WAIT_NANOS;
        boolean interrupted = false;
        wake();
        try {
            while (!done.getAsBoolean()) {
                StoreException failed = failure;
                if (attempts > from && failed != null) {
                    throw new StoreIOException("memtables cannot be laid down: " + failed.getMessage(), failed);
                }
                if (clock.nanoTime() - deadline >= 0) {
                    throw new StoreException("no memtable was laid down for " + LONGEST_WAIT_NANOS / 1_000_000_000
                            + " seconds; the disk is stuck or far too slow");
                }
                waiting.add(Thread.currentThread());
                if (!done.getAsBoolean() && (attempts == from || failure == null)) {
                    parker.parkNanos(this, LONGEST_WAIT_NANOS / 60);
                    interrupted |= Thread.interrupted();
                }
            }
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    /** Gives back what an unfinished merge holds. The lane is closed. */
    @Override
    public void close() {
        if (merge != null) {
            merge.close();
            merge = null;
        }
    }
}
