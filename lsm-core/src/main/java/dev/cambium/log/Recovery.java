package dev.cambium.log;

import dev.cambium.Options;
import dev.cambium.RecoveryReport;
import dev.cambium.epoch.ReadEpochs;
import dev.cambium.error.CorruptionException;
import dev.cambium.error.NoStoreException;
import dev.cambium.memtable.Memtable;
import dev.cambium.run.LiveRun;
import dev.cambium.run.Zones;
import dev.cambium.segment.disk.DirectoryLock;
import dev.cambium.segment.disk.ZoneFile;
import dev.cambium.segment.disk.ZoneFileSystem;
import dev.cambium.segment.frame.FrameCache;
import dev.cambium.segment.frame.WarmPages;
import dev.cambium.segment.log.LogFile;
import dev.cambium.segment.log.LogRecord;
import dev.cambium.segment.manifest.ManifestFile;
import dev.cambium.segment.manifest.ManifestReading;
import dev.cambium.segment.manifest.ManifestRecord;
import dev.cambium.segment.manifest.ManifestRecord.ZoneState;
import dev.cambium.segment.manifest.ManifestState;
import dev.cambium.segment.manifest.SuperblockFile;
import dev.cambium.segment.memory.Memory;
import dev.cambium.segment.page.Pointer;
import dev.cambium.segment.page.ValueReference;
import dev.cambium.segment.pool.BufferPool;
import dev.cambium.segment.runtime.BackgroundExecutor;
import dev.cambium.segment.runtime.Environment;
import dev.cambium.segment.zone.SharedZone;
import dev.cambium.segment.zone.ZoneFiles;
import dev.cambium.version.Version;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * One open of a store, in steps: {@link #find} or create it, {@link #readManifest}, {@link #openRuns}, {@link #replay} the logs into
 * memtables, {@link #settle} on disk what was found and take the store over for a new writer.
 *
 * <p>Up to {@code settle} nothing on disk is changed, but for the creation of a missing store; what is damaged is reported with
 * file and offset and stays as it is. No log of before a crash is ever appended to. A crash at any point of {@code settle} leads
 * to the same content at the next open.
 */
public final class Recovery implements AutoCloseable {
    private static final int MOST_LOGS = 4;
    private static final int WRITTEN_AT_ONCE = 1 << 20;

    private final Environment environment;
    private final ZoneFileSystem disk;
    private final Options options;
    private final BufferPool pool;
    private final ReadEpochs epochs;
    private final long startedNanos;

    private boolean created;
    private SuperblockFile superblocks;
    private ManifestReading manifestReading;
    private boolean cleanClose;
    private LogChain chain;
    private long operations;

    private FrameCache frames;
    private Zones zones;
    private List<LiveRun> runs = List.of(); // newest first
    private final List<Memtable> memtables = new ArrayList<>(); // oldest first
    private Memtable.Loader loader;

    private Manifest manifest;
    private WriteAheadLog log;
    private boolean handedOver;

    public Recovery(Environment environment, Options options, BufferPool pool, ReadEpochs epochs) {
        this.environment = environment;
        this.disk = environment.disk();
        this.options = options;
        this.pool = pool;
        this.epochs = epochs;
        this.startedNanos = environment.clock().nanoTime();
    }

    /** Step 1: makes the directory if it may, and takes the lock, which the caller owns from then on. */
    public DirectoryLock lock() {
        if (!disk.directoryExists()) {
            if (!options.createIfMissing()) {
                throw new NoStoreException("there is no store at " + disk.describe() + ": no such directory");
            }
            disk.createDirectory();
        } else if (!disk.exists(SuperblockFile.NAME)) {
            requireCreatable();
        }
        return disk.lock();
    }

    /** Step 2: makes sure that there is a store. */
    public void find() {
        if (!disk.exists(SuperblockFile.NAME)) {
            requireCreatable();
            for (String name : disk.list()) {
                if (isLeftover(name)) {
                    disk.delete(name);
                }
            }
            Manifest.create(
                    disk,
                    environment.random(),
                    environment.clock().wallMillis(),
                    WriteAheadLog.smallestCapacity(options.memtableBytes()));
            created = true;
        }
    }

    /** A directory becomes a store if it is empty, or holds only what a creation leaves that did not come to its end. */
    private void requireCreatable() {
        for (String name : disk.list()) {
            if (name.equals("LOCK") || name.equals("OWNER") || name.equals(WarmPages.NAME)) {
                continue;
            }
            if (!isLeftover(name)) {
                if (LogFile.idOf(name) >= 0 || ManifestFile.idOf(name) >= 0) {
                    throw new CorruptionException(
                            SuperblockFile.NAME, 0, "the file beside " + name + ", which has been in use", "no file");
                }
                throw new NoStoreException("there is no store at " + disk.describe()
                        + ": the directory holds other files, such as " + name);
            }
        }
        if (!options.createIfMissing()) {
            throw new NoStoreException("there is no store at " + disk.describe() + ": the directory is empty");
        }
    }

    private boolean isLeftover(String name) {
        if (name.equals(SuperblockFile.NEW_NAME) || name.equals(ManifestFile.name(1))) {
            return true;
        }
        return name.equals(LogFile.name(1)) && !UnnamedLogs.hasBeenUsed(disk, name);
    }

    /** Step 3: reads superblock and manifest. */
    public void readManifest() {
        superblocks = SuperblockFile.open(disk);
        long id = superblocks.current().manifestId();
        if (!disk.exists(ManifestFile.name(id))) {
            throw new CorruptionException(
                    ManifestFile.name(id), 0, "the manifest that the superblock names", "no file");
        }
        manifestReading = ManifestFile.read(
                disk, id, superblocks.current().storeId(), superblocks.current().manifestLength());
        UnnamedLogs.check(disk, id, manifestReading);
        cleanClose = superblocks.provesCleanClose(manifestReading.state().clean());
    }

    /**
     * Step 4: opens zones and runs.
     *
     * @param lane deletes zones later
     * @param forces forces zones later
     */
    public void openRuns(BackgroundExecutor lane, BackgroundExecutor forces) {
        byte[] storeId = superblocks.current().storeId();
        ManifestState state = manifestReading.state();
        frames = new FrameCache(storeId, pool, options.leastFrameBytes(), epochs);
        zones = new Zones(
                disk,
                storeId,
                state,
                environment.clock(),
                pool,
                frames,
                epochs,
                lane,
                forces,
                cleanClose,
                options.zoneBytes(),
                options.memtableBytes(),
                options.mergeThreads());
        runs = zones.openAll(state);
    }

    /** Step 5: replays the logs into memtables, as far as no run has taken their batches over. */
    public void replay() {
        chain = new LogChain(disk, superblocks.current().storeId(), manifestReading.state(), cleanClose, false, pool);
        chain.open();
        chain.read(this::load);
        chain.foundEnds().forEach(zones::grow);
        finishLoading();
    }

    private void finishLoading() {
        if (loader != null) {
            Memtable memtable = memtables.get(memtables.size() - 1);
            Set<Integer> held = new HashSet<>();
            boolean[] holdsChunks = {false};
            loader.forEachReference((memory, offset) -> {
                long home = ValueReference.home(memory, offset);
                requireNamed(home);
                memtable.noteLongBytes(ValueReference.valueLength(memory, offset));
                if (!ValueReference.isChunked(memory, offset)) {
                    if (held.add(Pointer.zone(home))) {
                        holdFor(memtable, home);
                    }
                } else if (!holdsChunks[0]) {
                    // Where the chunks stand, only their list says. All zones that can have some stay until the
                    // memtable is laid down.
                    holdsChunks[0] = true;
                    zones.withChunks(manifestReading.state()).forEach(memtable::hold);
                }
            });
            loader.finish();
            loader = null;
        }
    }

    private void holdFor(Memtable memtable, long home) {
        SharedZone zone = zones.hold(Pointer.zone(home));
        memtable.hold(zone);
        zone.release();
    }

    /** The zones of long values are named before a log refers to them; how long those are that were open, the log says. */
    private void requireNamed(long pointer) {
        ManifestRecord.Zone zone = manifestReading.state().zones().get(Pointer.zone(pointer));
        long found = chain.foundEnds().getOrDefault(Pointer.zone(pointer), 0L);
        if (zone == null || Pointer.offset(pointer) >= Math.max(zone.length(), found)) {
            throw new CorruptionException(
                    ManifestFile.name(superblocks.current().manifestId()),
                    0,
                    "a zone with a page at " + Pointer.zone(pointer) + ":" + Pointer.offset(pointer)
                            + ", which a log refers to",
                    zone == null ? "no such zone" : "a zone of " + zone.length() + " bytes");
        }
    }

    private void load(LogFile log, BufferPool.Buffer block, int length, int[] records, int count) {
        Memory content = block.memory();
        int first = 0;
        while (first < count
                && LogRecord.batch(content, records[first])
                        <= manifestReading.state().flushedThrough()) {
            first++;
        }
        if (first == count) {
            pool.free(block);
            return;
        }
        if (loader == null || isFull(memtables.get(memtables.size() - 1))) {
            finishLoading();
            Memtable memtable;
            try {
                memtable = newMemtable(log.id());
            } catch (RuntimeException | Error e) {
                pool.free(block);
                throw e;
            }
            memtables.add(memtable);
            loader = memtable.loader();
        }
        Memtable memtable = memtables.get(memtables.size() - 1);
        long base = memtable.arena().adopt(block, length);
        for (int i = first; i < count; i++) {
            int record = records[i];
            int operationCount = LogRecord.count(content, record);
            operations += operationCount;
            loader.add(base + record + LogRecord.OPERATIONS_OFFSET, operationCount);
        }
        memtable.noteLogged(
                LogRecord.batch(content, records[first]),
                LogRecord.batch(content, records[count - 1]),
                log.begin().basePosition() + length);
    }

    private boolean isFull(Memtable memtable) {
        return memtable.arena().filledBytes() >= options.memtableBytes();
    }

    private Memtable newMemtable(long log) {
        return new Memtable(pool, epochs, options.memtableBytes(), log);
    }

    /** Step 6: takes the store over for a new writer, and puts on disk what was found about the old one. */
    public void settle(BackgroundExecutor background) {
        LogFile current = null;
        LogFile next = null;
        manifest = Manifest.open(disk, superblocks, manifestReading, options.manifestBytes());
        try {
            LogFile prepared = unusedBehindLast();
            if (cleanClose) {
                current = continueLast();
                next = prepared == null ? null : openUnused(prepared);
            } else {
                current = startAfter(prepared);
            }
            manifest.deleteGarbage();
            if (memtables.isEmpty() || isFull(memtables.get(memtables.size() - 1))) {
                memtables.add(newMemtable(current.id()));
            }
            log = new WriteAheadLog(
                    disk,
                    manifest,
                    environment.random(),
                    background,
                    current,
                    next,
                    WriteAheadLog.largestCapacity(options.memtableBytes()),
                    zones.referredPages());
        } finally {
            chain.close();
            if (log == null) {
                closeAll(current, next);
            }
        }
    }

    private static void closeAll(LogFile... files) {
        for (LogFile file : files) {
            if (file != null) {
                file.close();
            }
        }
    }

    /** The log that the last writer had prepared but not used, or null. */
    private LogFile unusedBehindLast() {
        LogFile found = null;
        for (LogFile unused : chain.unused()) {
            if (chain.last() == null || unused.id() > chain.last().id()) {
                found = unused;
            }
        }
        return found;
    }

    private LogFile openUnused(LogFile unused) {
        return LogFile.open(disk, unused.id(), manifest.storeId());
    }

    private LogFile continueLast() {
        LogFile current = LogFile.open(disk, chain.last().id(), manifest.storeId());
        if (!current.begin().isOfBoot(disk.bootId())) {
            current.restart(disk.bootId());
        }
        current.continueAt(chain.end(), chain.lastBatch());
        return current;
    }

    /**
     * After a crash: what counts of the last log, and the pages that it refers to, is forced and settled, and a new log takes over from there. One edit says where the
     * log ends and how long the zones are: if we crash before it, the next recovery finds the same once more.
     */
    private LogFile startAfter(LogFile unused) {
        LogFile last = chain.last();
        if (last != null && !manifest.state().ends().containsKey(last.id())) {
            for (int zone : chain.foundEnds().keySet()) { // before the log: see ReferredPages
                writeAgain(
                        zone,
                        manifest.state().zones().get(zone).length(),
                        chain.foundEnds().get(zone));
            }
            for (LogFile counted : chain.counted()) {
                try (LogFile file = LogFile.open(disk, counted.id(), manifest.storeId())) {
                    file.forceContent(); // a dead process may have left the records in the page cache only
                }
            }
            manifest.append(edit -> {
                edit.logEnded(last.id(), chain.end(), chain.lastBatch());
                chain.settlements().forEach(edit::add);
                chain.foundEnds()
                        .forEach((zone, end) -> edit.add(new ManifestRecord.Zone(
                                zone, end, manifest.state().zones().get(zone).stream(), ZoneState.CUT)));
            });
        }
        LogFile following = unused == null
                ? manifest.prepareLog(WriteAheadLog.smallestCapacity(options.memtableBytes()), environment.random())
                : openUnused(unused);
        following.start(
                disk.bootId(), chain.end(), last == null ? 0 : last.id(), chain.end(), chain.lastBatch(), chain.end());
        return following;
    }

    /**
     * Writes what stands in a range of a zone again, and forces it. A dead process may have seen its force fail: then the system has given those pages up, and another force
     * alone would say that they are on the disk.
     */
    private void writeAgain(int zone, long from, long to) {
        Memory block = Memory.allocate((int) Math.min(to - from, WRITTEN_AT_ONCE));
        try (ZoneFile file = disk.open(ZoneFiles.name(zone))) {
            for (long at = from; at < to; at += block.capacity()) {
                int length = (int) Math.min(block.capacity(), to - at);
                file.read(at, block, 0, length);
                file.write(at, block, 0, length);
            }
            file.force(true);
        } finally {
            block.release();
        }
    }

    /** What readers see first. */
    public Version version() {
        List<Memtable> sealed = new ArrayList<>(memtables.subList(0, memtables.size() - 1));
        Collections.reverse(sealed);
        return new Version(memtables.get(memtables.size() - 1), sealed, runs, zones.holdAll(manifest.state()));
    }

    public FrameCache frames() {
        return frames;
    }

    public Zones zones() {
        return zones;
    }

    /** Whether so many logs were replayed that their content is better laid down now than replayed again. */
    public boolean hasManyLogs() {
        return chain.counted().size() > MOST_LOGS;
    }

    public WriteAheadLog log() {
        return log;
    }

    public Manifest manifest() {
        return manifest;
    }

    /** Names by id, of all keyspaces but the first, which has no name. */
    public SortedMap<Integer, String> keyspaces() {
        TreeMap<Integer, String> keyspaces =
                new TreeMap<>(manifestReading.state().keyspaces());
        memtables.forEach(memtable -> keyspaces.putAll(memtable.keyspaces()));
        return keyspaces;
    }

    public RecoveryReport report() {
        long entries = 0;
        for (Memtable memtable : memtables) {
            entries += memtable.entries();
        }
        return new RecoveryReport(
                disk.describe(),
                superblocks.current().incarnation(),
                created,
                cleanClose,
                manifestReading.edits().size(),
                manifestReading.tornTail(),
                chain.reports(),
                chain.batches(),
                operations,
                entries,
                chain.setAside(),
                environment.clock().nanoTime() - startedNanos);
    }

    /** Says that the caller owns memtables, log and manifest from now on. */
    public void handOver() {
        handedOver = true;
    }

    /** Gives back everything that was not handed over. */
    @Override
    public void close() {
        if (handedOver) {
            return;
        }
        memtables.forEach(Memtable::release);
        runs.forEach(LiveRun::release);
        if (zones != null) {
            zones.close();
        }
        if (frames != null) {
            frames.close();
        }
        if (log != null) {
            log.close();
        }
        if (manifest != null) {
            manifest.close();
        }
        if (chain != null) {
            chain.close();
        }
    }
}
