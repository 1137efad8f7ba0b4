package dev.cambium.log;

import dev.cambium.error.DiskFullException;
import dev.cambium.error.StoreException;
import dev.cambium.error.WriterFailedException;
import dev.cambium.segment.disk.ZoneFileSystem;
import dev.cambium.segment.frame.WarmPages;
import dev.cambium.segment.log.LogFile;
import dev.cambium.segment.manifest.ManifestEdit;
import dev.cambium.segment.manifest.ManifestFile;
import dev.cambium.segment.manifest.ManifestReading;
import dev.cambium.segment.manifest.ManifestRecord;
import dev.cambium.segment.manifest.ManifestState;
import dev.cambium.segment.manifest.Superblock;
import dev.cambium.segment.manifest.SuperblockFile;
import dev.cambium.segment.memory.Bytes;
import dev.cambium.segment.runtime.RandomSource;
import dev.cambium.segment.zone.ZoneFiles;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import org.roaringbitmap.RoaringBitmap;

/**
 * The manifest of an open store: what it says now, and the only way to say more. An edit is durable when {@link #append} returns,
 * and takes part in {@link #state} from then on.
 *
 * <p>Threads: any; edits exclude each other.
 */
public final class Manifest implements AutoCloseable {
    /** A manifest is not replaced before it is so much longer than what it began with. */
    private static final int ROLL_FACTOR = 4;

    /** What an edit says of live pages at most where a manifest begins: much less than an edit may have, which is written and read at once. */
    private static final long MOST_LIVE_BYTES = 64 << 20;

    /** There is room for many edits behind, before the file is as long as it may be. */
    private static final long MOST_ROLL_BYTES = ManifestFile.MAX_FILE_LENGTH / 4 * 3;

    /** Logs that are kept to be recycled. */
    private static final int MOST_FREE = 2;

    private final ZoneFileSystem disk;
    private final SuperblockFile superblocks;
    private final long leastRollBytes;
    private ManifestFile file;
    private long rollFrom; // bytes
    private volatile ManifestState state;

    /** The version that cannot be lost any more: a later edit has been forced, or the superblock names it. */
    private long confirmed;

    /** Logs that no manifest names any more: those of the latest edit, which a lost edit could name again, and the free ones. */
    private List<String> droppedByLatest = List.of();

    private final List<String> free = new ArrayList<>();

    /** Why an edit could not be appended; it may be on disk all the same, so nothing may contradict it. */
    private StoreException failure;

    private Manifest(
            ZoneFileSystem disk,
            SuperblockFile superblocks,
            ManifestFile file,
            ManifestState state,
            long leastRollBytes,
            long snapshotLength) {
        this.disk = disk;
        this.superblocks = superblocks;
        this.file = file;
        this.state = state;
        this.leastRollBytes = leastRollBytes;
        this.rollFrom = rollFrom(leastRollBytes, snapshotLength);
        this.confirmed =
                superblocks.current().manifestLength() >= file.length() ? state.version() : state.version() - 1;
    }

    private static long rollFrom(long least, long snapshotLength) {
        long most = Math.max(MOST_ROLL_BYTES, snapshotLength + snapshotLength / ROLL_FACTOR);
        return Math.max(least, Math.min(most, ROLL_FACTOR * snapshotLength));
    }

    /** Writes the files of an empty store; with the superblock, the last of them, the store exists. */
    static void create(ZoneFileSystem disk, RandomSource random, long createdMillis, long logCapacity) {
        byte[] storeId = bytes(random);
        long logId = 1;
        LogFile.prepare(disk, logId, storeId, random.nextLong(), logCapacity).close();
        ManifestEdit first = ManifestEdit.to(1).logNext(logId, logCapacity).build();
        long length;
        try (ManifestFile file = ManifestFile.create(disk, 1, storeId, first)) {
            length = file.length();
        }
        disk.forceDirectory();
        SuperblockFile.create(
                disk, new Superblock(storeId, bytes(random), 0, random.nextLong(), 1, length, 1, createdMillis));
    }

    private static byte[] bytes(RandomSource random) {
        byte[] bytes = new byte[16];
        Bytes.putLong(bytes, 0, random.nextLong());
        Bytes.putLong(bytes, 8, random.nextLong());
        return bytes;
    }

    /**
     * Takes the store over for a new writer, whose number is forced before anything else is changed; from now on no CLEAN of before
     * says where the log ends. A manifest that is long or has a torn tail is replaced.
     *
     * @param leastRollBytes a shorter manifest is not replaced because of its length
     */
    static Manifest open(
            ZoneFileSystem disk, SuperblockFile superblocks, ManifestReading reading, long leastRollBytes) {
        superblocks.write(superblocks.nextWriter());
        long id = superblocks.current().manifestId();
        long snapshotLength = snapshotLength(reading);
        if (!reading.tornTail() && reading.fileLength() < rollFrom(leastRollBytes, snapshotLength)) {
            ManifestFile file = ManifestFile.openForAppend(disk, id, reading);
            return new Manifest(disk, superblocks, file, reading.state(), leastRollBytes, snapshotLength);
        }
        List<ManifestEdit> snapshot = reading.state().toSnapshotEdits(MOST_LIVE_BYTES);
        ManifestFile next = createNext(disk, superblocks, snapshot);
        superblocks.write(superblocks.current().withManifest(next.id(), next.length()));
        disk.delete(ManifestFile.name(id));
        return new Manifest(disk, superblocks, next, stateAfter(snapshot, next), leastRollBytes, next.length());
    }

    /** How long what a manifest began with was, about: its first edit, or what it says of live pages now, if that is more. */
    private static long snapshotLength(ManifestReading reading) {
        long first = reading.offsets().size() > 1 ? reading.offsets().get(1) : reading.validLength();
        long live = reading.state().live().values().stream()
                .mapToLong(RoaringBitmap::serializedSizeInBytes)
                .sum();
        return live > MOST_LIVE_BYTES ? Math.max(first, live) : first;
    }

    private static ManifestState stateAfter(List<ManifestEdit> snapshot, ManifestFile file) {
        ManifestState state = ManifestState.EMPTY;
        for (ManifestEdit edit : snapshot) {
            state = state.apply(edit, ManifestFile.name(file.id()), 0);
        }
        return state;
    }

    /** Writes a manifest that begins with these edits; nothing names it yet. */
    private static ManifestFile createNext(
            ZoneFileSystem disk, SuperblockFile superblocks, List<ManifestEdit> snapshot) {
        long id = superblocks.current().manifestId() + 1;
        String name = ManifestFile.name(id);
        if (disk.exists(name)) {
            disk.delete(name); // of a roll that did not come to its end: no superblock names it
        }
        ManifestFile next = null;
        try {
            next = ManifestFile.create(disk, id, superblocks.current().storeId(), snapshot);
            disk.forceDirectory();
            return next;
        } catch (RuntimeException | Error e) {
            if (next != null) {
                next.close();
            }
            deleteAfter(disk, name, e); // the disk may be full
            if (e instanceof IllegalArgumentException) {
                throw new StoreException("no manifest has room for what there is to say: " + e.getMessage(), e);
            }
            throw e;
        }
    }

    private static void deleteAfter(ZoneFileSystem disk, String name, Throwable failure) {
        try {
            if (disk.exists(name)) {
                disk.delete(name);
            }
        } catch (RuntimeException e) {
            failure.addSuppressed(e);
        }
    }

    /**
     * Replaces the manifest by a snapshot of itself where it has become long. Where the new one cannot be written, the old one stays.
     */
    public synchronized void rollIfLong() {
        if (failure != null || file.length() < rollFrom) {
            return;
        }
        List<ManifestEdit> snapshot = state.toSnapshotEdits(MOST_LIVE_BYTES);
        ManifestFile next;
        try {
            next = createNext(disk, superblocks, snapshot);
        } catch (StoreException e) {
            rollFrom = 2 * file.length();
            System.getLogger("dev.cambium")
                    .log(System.Logger.Level.WARNING, "the manifest stays as long as it is: {0}", e.getMessage());
            return;
        }
        String old = ManifestFile.name(file.id());
        try {
            superblocks.write(superblocks.current().withManifest(next.id(), next.length()));
        } catch (StoreException e) {
            failure = e; // either of the two may be named
            next.close();
            throw e;
        }
        file.close();
        file = next;
        rollFrom = rollFrom(leastRollBytes, next.length());
        state = stateAfter(snapshot, next);
        confirmed = state.version();
        free.addAll(droppedByLatest);
        droppedByLatest = List.of();
        delete(old);
    }

    /** Deletes a file that nothing names. What the system refuses is left to the next open. */
    private void delete(String name) {
        try {
            disk.delete(name);
        } catch (StoreException e) {
            System.getLogger("dev.cambium")
                    .log(System.Logger.Level.WARNING, "a file that is no longer needed stays: {0}", e.getMessage());
        }
    }

    /**
     * Appends an edit and forces it. Where that fails, it may be on disk or not, and every later one is refused. Logs that the edit drops
     * are recycled or deleted once it cannot be lost any more.
     *
     * @return the state after it
     */
    public synchronized ManifestState append(Consumer<ManifestEdit.Builder> statements) {
        ManifestEdit.Builder builder = ManifestEdit.to(state.version() + 1);
        statements.accept(builder);
        ManifestEdit edit = builder.build();
        ManifestState next = state.apply(edit, ManifestFile.name(file.id()), file.length());
        throwIfFailed();
        try {
            file.append(edit);
        } catch (StoreException e) {
            failure = e;
            throw e;
        }
        List<ManifestRecord.LogNext> before = state.logs();
        confirmed = state.version();
        state = next;
        free.addAll(droppedByLatest);
        droppedByLatest = before.stream()
                .filter(log -> log.id() < next.firstLiveLog())
                .map(log -> LogFile.name(log.id()))
                .toList();
        return next;
    }

    /** Names the manifest as it is now in the superblock: its last edit cannot be lost any more, so what it dropped may go. */
    public synchronized void confirm() {
        throwIfFailed();
        try {
            superblocks.write(superblocks.current().withManifest(file.id(), file.length()));
        } catch (StoreException e) {
            failure = e;
            throw e;
        }
        confirmed = state.version();
        free.addAll(droppedByLatest);
        droppedByLatest = List.of();
    }

    /** As {@link #confirm}, unless a version cannot be lost anyway. */
    public synchronized void confirmThrough(long version) {
        if (confirmed < version) {
            confirm();
        }
    }

    /** What the filters of this store are seeded with. */
    public synchronized long hashSeed() {
        return superblocks.current().hashSeed();
    }

    /** Whether an edit or superblock failed, so that it may be on disk or not, and every later one is refused. */
    public synchronized boolean hasFailed() {
        return failure != null;
    }

    /** Throws where every edit is refused: before work that only an edit gives a meaning. */
    public synchronized void throwIfFailed() {
        if (failure != null) {
            throw new WriterFailedException(failure);
        }
    }

    /**
     * Makes a log file and names it: blocks written, header forced, directory forced, LOG_NEXT forced. A file that is no longer
     * named is recycled where one of this capacity is there.
     */
    synchronized LogFile prepareLog(long capacity, RandomSource random) {
        throwIfFailed(); // the file of the edit that failed stays as it is: the edit may name it
        long id = state.nextLogId();
        String name = LogFile.name(id);
        LogFile prepared = recycled(id, capacity, random);
        try {
            if (prepared == null) {
                if (disk.exists(name)) {
                    disk.delete(name); // of a preparation that did not come to its end: no edit names it
                }
                throwIfTooLong(name, capacity);
                prepared = LogFile.prepare(disk, id, superblocks.current().storeId(), random.nextLong(), capacity);
            }
            disk.forceDirectory();
            append(edit -> edit.logNext(id, capacity));
            return prepared;
        } catch (StoreException e) {
            if (prepared != null) {
                prepared.close();
            }
            if (failure == null
                    && state.logs().stream()
                            .noneMatch(log -> LogFile.name(log.id()).equals(name))) {
                deleteAfter(disk, name, e);
            }
            throw e;
        }
    }

    /** Where all of a file cannot be had, none of it is written: what room there is may be needed for zones to be cleaned. */
    private void throwIfTooLong(String name, long capacity) {
        long usable = disk.usableBytes();
        if (usable < capacity) {
            throw new DiskFullException(
                    "cannot create " + name + " of " + capacity + " bytes: the disk has room for " + usable, null);
        }
    }

    /** A free file of this capacity as the new log, or null; others are deleted: files only grow, so they are of no use any more. */
    private LogFile recycled(long id, long capacity, RandomSource random) {
        byte[] storeId = superblocks.current().storeId();
        LogFile recycled = null;
        for (String name : List.copyOf(free)) {
            if (recycled == null && LogFile.canRecycle(disk, name, storeId, capacity)) {
                free.remove(name);
                recycled = LogFile.recycle(disk, name, id, storeId, random.nextLong());
            } else if (recycled != null || free.size() > MOST_FREE) {
                deleteFree(name);
            }
        }
        return recycled;
    }

    private void deleteFree(String name) {
        free.remove(name);
        delete(name);
    }

    /**
     * Says that the store was closed and where its log ends, both forced; and deletes the logs that are no longer named.
     *
     * @param also what else the same edit says
     */
    public synchronized void writeClean(
            long logId, long position, long batch, BiConsumer<ManifestEdit.Builder, ManifestState> also) {
        append(edit -> {
            also.accept(edit, state);
            edit.clean(superblocks.current().incarnation(), logId, position, batch);
        });
        confirm();
        List.copyOf(free).forEach(this::deleteFree);
    }

    public ManifestState state() {
        return state;
    }

    /** How many times a writer has opened the store, this one included. */
    public synchronized long incarnation() {
        return superblocks.current().incarnation();
    }

    public byte[] storeId() {
        return superblocks.current().storeId();
    }

    /** Deletes files that an interrupted preparation, flush, roll or creation left and nothing names. */
    synchronized void deleteGarbage() {
        List<String> garbage = disk.list().stream().filter(this::isGarbage).toList();
        if (!garbage.isEmpty()) {
            confirm(); // the last edit may be what stopped naming them
            garbage.forEach(disk::delete);
        }
    }

    private boolean isGarbage(String name) {
        long log = LogFile.idOf(name);
        long zone = ZoneFiles.numberOf(name);
        return LogFile.isSpareName(name)
                || log >= 0 && state.logs().stream().noneMatch(named -> named.id() == log)
                || zone >= 0 && state.zones().keySet().stream().noneMatch(named -> named == zone)
                || ManifestFile.idOf(name) >= 0 && ManifestFile.idOf(name) != file.id()
                || name.equals(SuperblockFile.NEW_NAME)
                || name.equals(WarmPages.NEW_NAME);
    }

    @Override
    public synchronized void close() {
        file.close();
    }
}
