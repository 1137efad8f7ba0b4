package dev.cambium;

import dev.cambium.commit.Committer;
import dev.cambium.commit.GroupWriter;
import dev.cambium.commit.IdleWatch;
import dev.cambium.commit.WriteRequest;
import dev.cambium.compaction.PageSizes;
import dev.cambium.epoch.ReadEpochs;
import dev.cambium.error.StoreException;
import dev.cambium.error.WriterFailedException;
import dev.cambium.log.Manifest;
import dev.cambium.log.Recovery;
import dev.cambium.log.Verification;
import dev.cambium.log.WriteAheadLog;
import dev.cambium.memtable.Memtable;
import dev.cambium.run.CompactionOutlook;
import dev.cambium.run.Flusher;
import dev.cambium.run.Holes;
import dev.cambium.run.LiveRun;
import dev.cambium.run.LongValues;
import dev.cambium.run.WarmStart;
import dev.cambium.run.Workers;
import dev.cambium.run.Zones;
import dev.cambium.segment.disk.DirectoryLock;
import dev.cambium.segment.disk.RealFileSystem;
import dev.cambium.segment.format.Name;
import dev.cambium.segment.frame.Frame;
import dev.cambium.segment.frame.FrameCache;
import dev.cambium.segment.manifest.ManifestRecord;
import dev.cambium.segment.manifest.ManifestState;
import dev.cambium.segment.manifest.Stretch;
import dev.cambium.segment.pool.BufferPool;
import dev.cambium.segment.pool.MemoryAccount;
import dev.cambium.segment.pool.MemoryUse;
import dev.cambium.segment.runtime.Clock;
import dev.cambium.segment.runtime.Environment;
import dev.cambium.segment.runtime.Parker;
import dev.cambium.segment.runtime.RandomSource;
import dev.cambium.version.Gaps;
import dev.cambium.version.Lookup;
import dev.cambium.version.Pin;
import dev.cambium.version.Version;
import dev.cambium.version.Versions;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;

/**
 * An ordered map from byte arrays to byte arrays in a directory. One process has it open at a time.
 *
 * <p>Keys are 0 to 32,767 bytes, in the order of unsigned bytes; values up to 1 GiB, as arrays or as streams. A write is atomic, and
 * visible to readers when its call returns; how durable it is by then, its {@link Durability} says. Reads take no lock and see the
 * latest write.
 *
 * <p>Errors: {@link IllegalArgumentException} for a bad argument; {@link IllegalStateException} after {@link #close}; else a
 * {@link StoreException}. Where a write throws {@link dev.cambium.error.MemoryBudgetException} or
 * {@link dev.cambium.error.DiskFullException}, it did not happen, and others may still succeed. After any other failure of a write
 * it is not visible, and whether it is on disk is unknown; as a rule the store takes no more writes then, and says so with a
 * {@link dev.cambium.error.WriterFailedException}, until it is reopened. Reads go on.
 *
 * <p>Threads: all methods from any thread, {@link #close} included. Interrupts are kept and change nothing.
 *
 * <pre>{@code
 * try (Store store = Store.open(Path.of("my.db"))) {
 *     store.put(key, value);
 *     byte[] found = store.get(key);
 * }
 * }</pre>
 */
public final class Store implements AutoCloseable {
    /** From so many bytes on, what is in memory becomes a run when the store is closed; less is replayed from the log. */
    private static final long LAY_DOWN_FROM = 1 << 20;

    private static final int INDEX_BYTES = 26; // of an entry, on the heap

    private final Environment environment;
    private final DirectoryLock lock;
    private final Lanes lanes;
    private final BufferPool pool;
    private final BudgetChange budgetChange;
    private final WarmStart warmStart;
    private final ReadEpochs epochs;
    private final Manifest manifest;
    private final WriteAheadLog log;
    private final FrameCache frames;
    private final Zones zones;
    private final Versions versions;
    private final LongValues longValues;
    private final Holes holes;
    private final Flusher flusher;
    private final GroupWriter writer;
    private final Committer committer;
    private final Writes writes;
    private final StoreCompaction compaction;
    private final Keyspace own;
    private final PointReads reads;
    private final RecoveryReport recoveryReport;
    private final AtomicLong openSnapshots = new AtomicLong();
    private final Lookup[] lookups =
            Stream.generate(Lookup::new).limit(ReadEpochs.SLOTS).toArray(Lookup[]::new);

    private final long mostLongBytes; // that a memtable may keep alive when the store is idle or closed
    private final Map<String, Keyspace> keyspaces = new ConcurrentHashMap<>();
    private final Object keyspaceCreation = new Object();
    private int nextKeyspaceId;

    private volatile boolean open = true;
    private final Object closing = new Object();
    private boolean closed;

    /**
     * Opens the store in {@code directory} with {@link Options#DEFAULT}; a missing or empty directory becomes a new one.
     *
     * @throws dev.cambium.error.StoreLockedException if it is open already, here or in another process
     * @throws dev.cambium.error.CorruptionException if what is on disk is not what was written; nothing has been changed
     * @throws dev.cambium.error.FormatVersionException if a newer Cambium wrote it
     * @throws dev.cambium.error.NoStoreException if the directory holds other files
     */
    public static Store open(Path directory) {
        return open(directory, Options.DEFAULT);
    }

    /** As {@link #open(Path)}, with options. */
    public static Store open(Path directory, Options options) {
        Limits.checkNotNull(directory, "directory");
        Limits.checkNotNull(options, "options");
        return open(
                new Environment(
                        new RealFileSystem(directory),
                        Clock.SYSTEM,
                        RandomSource.SYSTEM,
                        Parker.SYSTEM,
                        BackgroundThread::new),
                options.settledFor(Runtime.getRuntime().availableProcessors()));
    }

    /** Opens a store on the given disk, with the given clock and threads: one for merges, unless the options say more. */
    static Store open(Environment environment, Options given) {
        Limits.checkNotNull(given, "options");
        Options options = given.settledFor(1);
        BufferPool pool = new BufferPool(options.memoryBudget(), options.largestBufferBytes());
        ReadEpochs epochs = new ReadEpochs();
        Lanes lanes = Lanes.of(environment, options.mergeThreads());
        DirectoryLock lock = null;
        Recovery recovery = new Recovery(environment, options, pool, epochs);
        try {
            lock = recovery.lock();
            recovery.find();
            recovery.readManifest();
            recovery.openRuns(lanes.pages(), lanes.forces());
            recovery.replay();
            recovery.settle(lanes.logs());
            Store store = new Store(environment, options, lock, lanes, pool, epochs, recovery);
            recovery.handOver();
            store.begin(recovery.hasManyLogs());
            return store;
        } catch (RuntimeException | Error e) {
            lanes.close();
            recovery.close();
            pool.close();
            if (lock != null) {
                lock.close();
            }
            throw e;
        }
    }

    /**
     * Reads every used byte of a store that is not open and reports what is damaged; changes nothing.
     *
     * @throws dev.cambium.error.NoStoreException if there is none
     * @throws dev.cambium.error.StoreLockedException if it is open, here or in another process
     * @throws dev.cambium.error.FormatVersionException if a newer Cambium wrote it
     */
    public static VerifyReport verify(Path directory) {
        Limits.checkNotNull(directory, "directory");
        return new Verification(new RealFileSystem(directory)).run();
    }

    private Store(
            Environment environment,
            Options options,
            DirectoryLock lock,
            Lanes lanes,
            BufferPool pool,
            ReadEpochs epochs,
            Recovery recovery) {
        this.environment = environment;
        this.lock = lock;
        this.lanes = lanes;
        this.pool = pool;
        this.epochs = epochs;
        this.manifest = recovery.manifest();
        this.log = recovery.log();
        this.frames = recovery.frames();
        this.zones = recovery.zones();
        this.versions = new Versions(
                recovery.version(),
                firstLog -> new Memtable(pool, epochs, options.memtableBytes(), firstLog),
                options.memtableBytes());
        this.longValues = new LongValues(zones, manifest, pool);
        this.warmStart =
                new WarmStart(environment.disk(), manifest.storeId(), pool, frames, epochs, zones, environment.clock());
        this.holes = new Holes(zones, manifest, environment.disk(), longValues, options.leastHoleBytes());
        this.flusher = new Flusher(
                versions,
                log,
                manifest,
                zones,
                pool,
                epochs,
                lanes.pages(),
                new Workers(lanes.merges()),
                environment.parker(),
                environment.clock(),
                longValues,
                frames,
                warmStart,
                holes,
                PageSizes.of(options.pageBytes()));
        this.writer = new GroupWriter(
                versions,
                log,
                flusher,
                new IdleWatch(lanes.logs(), this::layDownWhenIdle),
                options.memtableBytes(),
                options.zoneBytes());
        this.mostLongBytes = options.zoneBytes();
        this.committer = new Committer(writer, environment.parker());
        this.writes = new Writes(this, committer, writer, longValues, flusher);
        this.own = new Keyspace(this, Keyspace.DEFAULT_ID, "");
        this.compaction = new StoreCompaction(this, flusher, manifest, environment.clock());
        this.budgetChange = new BudgetChange(options, pool, frames, writes, writer, flusher);
        this.reads = new PointReads(this) {
            @Override
            int enter() {
                return Store.this.enter();
            }

            @Override
            void find(Lookup lookup) {
                versions.current().find(lookup);
            }
        };
        this.nextKeyspaceId = Keyspace.DEFAULT_ID + 1;
        recovery.keyspaces().forEach((id, name) -> {
            keyspaces.put(name, new Keyspace(this, id, name));
            nextKeyspaceId = Math.max(nextKeyspaceId, id + 1);
        });
        this.recoveryReport = recovery.report();
    }

    /** Has what recovery found too much of laid down; nobody waits for that. */
    private void begin(boolean layDownAll) {
        pool.enforce();
        pool.growAheadOn(lanes.logs()::execute);
        if (layDownAll && versions.current().sealed().isEmpty()) {
            try {
                writes.commit(WriteRequest.action(writer::seal));
            } catch (StoreException e) {
                System.getLogger("dev.cambium")
                        .log(System.Logger.Level.WARNING, "the logs are replayed again next time: {0}", e.getMessage());
            }
        } else {
            flusher.wake();
        }
    }

    /** Puts a value with {@link Durability#SYNC}. Replaces what the key had. */
    public void put(byte[] key, byte[] value) {
        writes.put(Keyspace.DEFAULT_ID, key, value, Durability.SYNC);
    }

    /** Puts a value. Replaces what the key had. */
    public void put(byte[] key, byte[] value, Durability durability) {
        writes.put(Keyspace.DEFAULT_ID, key, value, durability);
    }

    /**
     * Puts what a stream holds, up to 1 GiB, with {@link Durability#SYNC}. Replaces what the key had once the whole of it has been read and
     * is durable. Takes a few MiB of memory, on the heap and off it, however long the value is. The stream is read to its end, and not
     * closed.
     *
     * @throws IOException what the stream throws; then nothing was put
     */
    public void put(byte[] key, InputStream value) throws IOException {
        writes.put(Keyspace.DEFAULT_ID, key, value, Durability.SYNC);
    }

    /**
     * As {@link #put(byte[], InputStream)}, with a durability of the put.
     */
    public void put(byte[] key, InputStream value, Durability durability) throws IOException {
        writes.put(Keyspace.DEFAULT_ID, key, value, durability);
    }

    /** Deletes a key with {@link Durability#SYNC}, whether it is there or not. */
    public void delete(byte[] key) {
        writes.delete(Keyspace.DEFAULT_ID, key, Durability.SYNC);
    }

    /** Deletes a key, whether it is there or not. */
    public void delete(byte[] key, Durability durability) {
        writes.delete(Keyspace.DEFAULT_ID, key, durability);
    }

    /** Writes a batch with {@link Durability#SYNC}: all of it or nothing, also for readers and snapshots. */
    public void write(WriteBatch batch) {
        write(batch, Durability.SYNC);
    }

    /** Writes a batch: all of it or nothing, also for readers and snapshots. An empty one does nothing. */
    public void write(WriteBatch batch, Durability durability) {
        writes.write(batch, durability);
    }

    /** A copy of the value of {@code key}, or null. Takes no lock; allocates the copy and nothing else. */
    public byte[] get(byte[] key) {
        return reads.get(Keyspace.DEFAULT_ID, key);
    }

    /**
     * The value of {@code key} as a stream, or null. What it reads is the value as it is now, whatever is written meanwhile. Takes the memory
     * of the value, and of two MiB at most. Close it; one that was forgotten is closed after the garbage collector found it, with a warning.
     *
     * <p>A read throws a {@link StoreException} where bytes are damaged, and {@link IllegalStateException} after the close of stream or
     * store.
     */
    public InputStream getStream(byte[] key) {
        return reads.getStream(Keyspace.DEFAULT_ID, key);
    }

    /**
     * Copies the value of {@code key} to {@code target} at its position, as far as it has room; the position moves by what was
     * copied. Allocates nothing, but for a value of 64 KiB and more.
     *
     * @return the length of the whole value, or -1 where the key is absent
     */
    public int get(byte[] key, ByteBuffer target) {
        return reads.get(Keyspace.DEFAULT_ID, key, target);
    }

    /** The lookup that belongs to a claimed slot. */
    Lookup lookup(int slot) {
        return lookups[slot];
    }

    /** The content as it is now, for as long as the snapshot is open. O(1). */
    public Snapshot snapshot() {
        int slot = enter();
        try {
            long latestGap = versions.gaps().latest(); // before the view is taken
            Pin pin = null;
            while (pin == null) { // again where a part went out of the version before it was held
                pin = Pin.tryTake(versions.current());
            }
            return new Snapshot(this, new Snapshot.Held(this, pin, latestGap, openSnapshots));
        } finally {
            epochs.exit(slot);
        }
    }

    Gaps gaps() {
        return versions.gaps();
    }

    /** A cursor over the store's own keyspace as it is now, with a snapshot of its own. */
    public Cursor cursor() {
        return cursor(KeyRange.all());
    }

    /** A cursor over a part of the store's own keyspace as it is now, with a snapshot of its own. */
    public Cursor cursor(KeyRange range) {
        return Cursor.owning(snapshot(), Keyspace.DEFAULT_ID, range);
    }

    /**
     * The keyspace of that name, created (with {@link Durability#SYNC}) if there is none.
     *
     * @param name 1 to 255 bytes in UTF-8
     */
    public Keyspace keyspace(String name) {
        Limits.checkNotNull(name, "name");
        byte[] encoded = Name.encode(name);
        epochs.exit(enter());
        Keyspace known = keyspaces.get(name);
        if (known != null) {
            return known;
        }
        synchronized (keyspaceCreation) {
            known = keyspaces.get(name);
            if (known != null) {
                return known;
            }
            writes.createKeyspace(nextKeyspaceId, encoded);
            Keyspace created = new Keyspace(this, nextKeyspaceId++, name);
            keyspaces.put(name, created);
            return created;
        }
    }

    /** What the store's own methods work in, as a keyspace; its name is empty, and it is not among {@link #keyspaces}. */
    public Keyspace ownKeyspace() {
        return own;
    }

    /** Names of all keyspaces but the store's own, sorted. */
    public List<String> keyspaces() {
        epochs.exit(enter());
        return keyspaces.keySet().stream().sorted().toList();
    }

    int idOf(Keyspace keyspace) {
        Limits.checkNotNull(keyspace, "keyspace");
        if (keyspace.store() != this) {
            throw new IllegalArgumentException("keyspace '" + keyspace.name() + "' is of another store");
        }
        return keyspace.id();
    }

    /** Makes every write that returned survive a power loss, those with {@link Durability#NONE} excepted. */
    public void sync() {
        writes.commit(WriteRequest.force());
    }

    /**
     * Makes every write that returned survive a power loss, those with {@link Durability#NONE} included: everything in memory is laid
     * down as a run. Returns when that is done; other calls go on meanwhile.
     *
     * @throws dev.cambium.error.StoreIOException where it cannot be laid down; what was logged is in the log all the same
     */
    public void flush() {
        Memtable[] newest = new Memtable[1];
        writes.commit(WriteRequest.action(() -> newest[0] = writer.seal()));
        if (newest[0] != null) {
            flusher.awaitFlushed(newest[0]);
        }
    }

    /**
     * Gives the store another {@linkplain Options#memoryBudget memory budget}. Where it is smaller, what is beyond it goes back to the
     * system before this returns: pages give way first; where that is not enough, memtables are laid down. What snapshots, cursors and
     * calls under way hold goes as they let go of it.
     *
     * @throws IllegalArgumentException where it is below 16 MiB or four memtables, or above 64 GiB; nothing has changed
     * @throws dev.cambium.error.StoreIOException where memtables cannot be laid down; the budget is changed all the same
     */
    public void setMemoryBudget(long bytes) {
        requireOpen();
        budgetChange.to(bytes);
    }

    /**
     * Writes everything anew in one run, in order, in which overwritten and deleted entries are gone, and gives the zones of before back to the
     * system, as far as no snapshot needs them: stretch by stretch, so that it takes little more room than there is taken now. What is in memory is
     * laid down first. Returns when that is done; reads and writes go on meanwhile.
     *
     * @throws dev.cambium.error.StoreIOException where it cannot be written; nothing is lost, and what was done stays done
     * @throws dev.cambium.error.CorruptionException where a page cannot be read: the stretch of keys that it is in is left alone, everything
     *     else is merged
     */
    public CompactionReport compact() {
        return compact((done, total) -> {});
    }

    /** As {@link #compact()}, and tells how far it has come. */
    public CompactionReport compact(CompactionListener progress) {
        return compact(Compaction.EVERYTHING, progress);
    }

    /** As {@link #compact()}, of a range of keys of the store's own keyspace; null for no bound. */
    public CompactionReport compact(byte[] from, byte[] to, CompactionListener progress) {
        return compact(Compaction.EVERYTHING.withKeyspace(own).withRange(from, to), progress);
    }

    /**
     * Merges a part of what there is, stretch by stretch: what is done stays done, whatever happens later, and needs little room besides what there is.
     * What is in memory is laid down first. Returns when that is done; reads and writes go on meanwhile. Errors as of {@link #compact()}.
     *
     * @param progress is told, in the calling thread, how far it has come
     */
    public CompactionReport compact(Compaction what, CompactionListener progress) {
        Limits.checkNotNull(what, "what");
        Limits.checkNotNull(progress, "progress");
        return compaction.run(compaction.wish(what), progress);
    }

    /**
     * Moves what is live out of zones that are mostly dead, until zone files come to {@code targetSpaceAmplification} times what is live, or there is
     * nothing that it pays to move. As {@link #compact(Compaction, CompactionListener)} otherwise.
     *
     * @param targetSpaceAmplification 1.05 or more
     */
    public CompactionReport clean(double targetSpaceAmplification, CompactionListener progress) {
        Limits.checkNotNull(progress, "progress");
        return compaction.run(compaction.cleaning(targetSpaceAmplification), progress);
    }

    /**
     * Moves what is live out of some zones, which are given back.
     *
     * @param zones numbers, as {@link #zoneStats} has them
     * @throws IllegalArgumentException where one is not a zone of the store, or takes the chunks of long values, which stay where they are
     */
    public CompactionReport clean(Collection<Integer> zones, CompactionListener progress) {
        Limits.checkNotNull(zones, "zones");
        Limits.checkNotNull(progress, "progress");
        return compaction.run(compaction.cleaning(zones), progress);
    }

    /** What {@link #compact(Compaction, CompactionListener)} would do now. Reads key pages only. */
    public CompactionEstimate estimate(Compaction what) {
        Limits.checkNotNull(what, "what");
        return compaction.estimate(what);
    }

    /** Which zones {@link #clean(double, CompactionListener)} would clean now, the first one first; which they are in the end, merges meanwhile decide too. */
    public List<ZoneStats> estimateClean(double targetSpaceAmplification) {
        requireOpen();
        Compaction.checkTarget(targetSpaceAmplification);
        return compaction.zonesToClean(targetSpaceAmplification);
    }

    /**
     * The zones that {@link #clean(Collection, CompactionListener)} would give back.
     *
     * @throws IllegalArgumentException where it would throw one
     */
    public List<ZoneStats> estimateClean(Collection<Integer> zones) {
        Limits.checkNotNull(zones, "zones");
        requireOpen();
        return compaction.zonesToClean(zones);
    }

    /** What it would be to merge a stretch of internal keys. */
    CompactionEstimate estimate(Stretch stretch, boolean rewrites, List<ZoneStats> zonesToClean) {
        int slot = enter();
        try {
            return CompactionOutlook.estimate(versions.current().runs(), stretch, rewrites, zonesToClean);
        } finally {
            epochs.exit(slot);
        }
    }

    /** All zone files, by number. */
    public List<ZoneStats> zoneStats() {
        requireOpen();
        return compaction.zoneStats();
    }

    /** All runs, newest first; the last one may be the base. */
    public List<RunStats> runStats() {
        int slot = enter();
        try {
            return versions.current().runs().stream().map(LiveRun::stats).toList();
        } finally {
            epochs.exit(slot);
        }
    }

    /** After a second without writes: what is worth a run becomes one, and young runs are merged, so that reads have less to search. */
    private void layDownWhenIdle() {
        committer.tryRun(() -> {
            Version version = versions.current();
            boolean isWorthIt = isWorthARun(version.active());
            if (open
                    && writer.failure() == null
                    && isWorthIt
                    && version.sealed().isEmpty()) {
                try {
                    writer.seal();
                } catch (StoreException e) {
                    System.getLogger("dev.cambium")
                            .log(System.Logger.Level.WARNING, "not laid down while idle: {0}", e.getMessage());
                }
            }
        });
        flusher.noteIdle();
    }

    /** A cursor was closed: merges are chosen by what scans suffer from, too. */
    void noteScans() {
        flusher.noteScans();
    }

    /** What the store holds and uses now. */
    public StoreStats stats() {
        int slot = enter();
        try {
            Version version = versions.current();
            long entries = version.memtables().mapToLong(Memtable::entries).sum();
            long indexBytes = entries * INDEX_BYTES;
            long tombstones =
                    version.memtables().mapToLong(Memtable::tombstones).sum();
            for (LiveRun run : version.runs()) {
                entries += run.countedEntries();
                tombstones += run.countedTombstones();
            }
            ManifestState state = manifest.state();
            Collection<ManifestRecord.Zone> named = state.zones().values();
            return new StoreStats(
                    entries,
                    tombstones,
                    1 + version.sealed().size(),
                    version.runs().size(),
                    flusher.damagedRuns(),
                    version.runs().stream()
                            .mapToLong(run -> run.record().bytes())
                            .sum(),
                    state.live().keySet().stream().mapToLong(state::liveBytes).sum(),
                    named.size(),
                    named.stream().mapToLong(ManifestRecord.Zone::length).sum(),
                    state.punched().keySet().stream()
                            .mapToLong(state::punchedBytes)
                            .sum(),
                    holes.areOn(),
                    flusher.flushedBytes(),
                    flusher.mergedBytes(),
                    flusher.debtBytes(),
                    frames.loads(),
                    frames.loadedBytes(),
                    memoryStats(indexBytes),
                    log.position(),
                    log.forcedThrough(),
                    log.lastBatch(),
                    openSnapshots.get(),
                    keyspaces.size(),
                    environment.disk().mappedStoresAreSafe());
        } finally {
            epochs.exit(slot);
        }
    }

    private MemoryStats memoryStats(long indexBytes) {
        MemoryAccount account = pool.account();
        return new MemoryStats(
                account.limitBytes(),
                account.totalBytes(),
                account.of(MemoryUse.MEMTABLES),
                account.of(MemoryUse.PAGES),
                account.of(MemoryUse.KEY_PAGES),
                account.of(MemoryUse.FILTERS),
                account.of(MemoryUse.WRITING),
                account.of(MemoryUse.READING),
                account.freeBytes(),
                log.mappedBytes(),
                indexBytes);
    }

    /** What {@link #open} found on disk, and what it did about it. */
    public RecoveryReport recoveryReport() {
        return recoveryReport;
    }

    Writes writes() {
        return writes;
    }

    LongValues longValues() {
        return longValues;
    }

    PointReads reads() {
        return reads;
    }

    byte[] storeId() {
        return manifest.storeId();
    }

    ReadEpochs epochs() {
        return epochs;
    }

    boolean isOpen() {
        return open;
    }

    /** Off-heap bytes that are counted in the budget; may be asked for after {@link #close}. */
    long memoryUsedBytes() {
        return pool.totalBytes();
    }

    BufferPool pool() {
        return pool;
    }

    void requireOpen() {
        if (!open) {
            throw new IllegalStateException("the store is closed");
        }
    }

    private int enter() {
        int slot = epochs.enter();
        if (open) {
            return slot;
        }
        epochs.exit(slot);
        throw new IllegalStateException("the store is closed");
    }

    /**
     * Makes everything durable, writes with {@link Durability#NONE} included, says on disk that the store was closed, and lets the next
     * opener in. Calls under way finish; later ones throw {@link IllegalStateException}. Idempotent; in any order with snapshots
     * and cursors. Where it throws, the store is closed all the same, and the next open recovers it as after a kill.
     */
    @Override
    public void close() {
        synchronized (closing) {
            if (closed) {
                return;
            }
            closed = true;
            open = false;
            try (lock) {
                Throwable failure = null;
                try {
                    finishWriting();
                } catch (RuntimeException | Error e) {
                    failure = e;
                }
                releaseAll(failure);
            }
        }
    }

    /** Ends writing: what is worth a run is laid down, the rest is in the log; then no step runs any more, and CLEAN is said. */
    private void finishWriting() {
        longValues.stop();
        try {
            committer.commit(WriteRequest.action(this::endWrites));
            if (writer.failure() == null) {
                layDownRest();
                if (!log.isForced()) {
                    log.force();
                }
            }
        } finally {
            lanes.close();
            flusher.stop();
        }
        if (writer.failure() == null) {
            writeClean();
            warmStart.save();
        }
    }

    /** Says that the store is closed, and keeps no more on disk than the next open needs. */
    private void writeClean() {
        boolean isLaidDown = manifest.state().flushedThrough() == log.lastBatch();
        if (isLaidDown) {
            shrinkLog();
        }
        List<ManifestRecord.Zone> ofPuts = longValues.changesAtClose(manifest.state());
        manifest.writeClean(log.currentId(), log.position(), log.lastBatch(), (edit, state) -> {
            zones.describeEnded(edit, state);
            ofPuts.forEach(edit::add);
            if (isLaidDown && log.currentId() > state.firstLiveLog()) {
                edit.logDrop(log.currentId());
            }
        });
        zones.confirmDrops();
        zones.discardUnnamed(manifest.state());
    }

    private void shrinkLog() {
        try {
            log.goToSmallestFile();
        } catch (WriterFailedException e) {
            throw e; // whether a log follows this one is unknown
        } catch (StoreException e) {
            System.getLogger("dev.cambium")
                    .log(System.Logger.Level.WARNING, "the log stays as long as it is: {0}", e.getMessage());
        }
    }

    private void endWrites() {
        Memtable active = versions.current().active();
        try {
            if (writer.failure() == null && (active.hasUnlogged() || isWorthARun(active))) {
                writer.seal();
            }
        } catch (StoreException e) {
            throwIfUnlogged(active, e);
        } finally {
            writer.close();
        }
    }

    private boolean isWorthARun(Memtable memtable) {
        return memtable.arena().filledBytes() >= LAY_DOWN_FROM || memtable.longBytes() >= mostLongBytes;
    }

    private void layDownRest() {
        for (Memtable memtable : versions.current().sealed()) {
            try {
                flusher.awaitFlushed(memtable);
            } catch (StoreException e) {
                throwIfUnlogged(memtable, e);
            }
        }
    }

    /** What stands in the log is safe: the next open lays it down. */
    private static void throwIfUnlogged(Memtable memtable, StoreException failure) {
        if (memtable.hasUnlogged()) {
            throw failure;
        }
    }

    private void releaseFrames() {
        List<Throwable> pinners = frames.closePinned();
        epochs.awaitReaders();
        epochs.reclaim();
        if (openSnapshots.get() == 0) { // else views may have pinned them
            reportLeaks(pinners);
        }
    }

    private static void reportLeaks(List<Throwable> pinners) {
        if (!pinners.isEmpty()) {
            System.getLogger("dev.cambium")
                    .log(
                            System.Logger.Level.WARNING,
                            pinners.size() + " pages were pinned and never unpinned; released now",
                            pinners.get(0));
            if (Frame.DEBUG_PINS) {
                throw new IllegalStateException("a pin leaks", pinners.get(0));
            }
        }
    }

    /** Gives everything back, whatever else fails; throws the first failure. */
    private void releaseAll(Throwable before) {
        Throwable failure = before;
        List<Runnable> steps = List.of(
                flusher::close,
                holes::close,
                log::close,
                manifest::close,
                epochs::awaitReaders, // who still saw the store open may be taking a snapshot: the version must hold
                // till then
                versions::release,
                zones::close,
                this::releaseFrames,
                pool::close,
                zones::deleteDead);
        for (Runnable step : steps) {
            try {
                step.run();
            } catch (RuntimeException | Error e) {
                if (failure == null) {
                    failure = e;
                } else {
                    failure.addSuppressed(e);
                }
            }
        }
        if (failure instanceof RuntimeException e) {
            throw e;
        }
        if (failure instanceof Error e) {
            throw e;
        }
    }
}
