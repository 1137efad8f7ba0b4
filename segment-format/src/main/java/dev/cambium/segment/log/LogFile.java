package dev.cambium.segment.log;

import dev.cambium.error.CorruptionException;
import dev.cambium.error.WriterFailedException;
import dev.cambium.segment.disk.ZoneFile;
import dev.cambium.segment.disk.ZoneFileSystem;
import dev.cambium.segment.format.FormatHead;
import dev.cambium.segment.memory.Memory;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * One log file, open: a header page, then records, in a file that never changes its length.
 *
 * <p>Life: {@link #prepare} or {@link #recycle}; the caller forces the directory and names the log in the manifest;
 * {@link #start}; then {@link #append} and {@link #force} until there is no {@link #room}. A log that was closed cleanly goes on
 * with {@link #open}, {@link #restart} in another boot, and {@link #continueAt}.
 *
 * <p>Ownership: whoever made it closes it; that forces nothing. Threads: appends exclude each other, and so do forces; an append
 * may run beside a force. {@link #start}, {@link #restart}, {@link #continueAt} and {@link #close} exclude all.
 *
 * <p>Errors: a failed append or force is final: every later one throws {@link WriterFailedException} with the first failure as
 * its cause.
 */
public final class LogFile implements AutoCloseable {
    /** Capacities are multiples of this. */
    public static final int CAPACITY_UNIT = 4096;

    public static final long MIN_CAPACITY = 2L * CAPACITY_UNIT;

    /** So that a whole log fits into one {@link Memory}. */
    public static final long MAX_CAPACITY = (1L << 31) - CAPACITY_UNIT;

    private static final VarHandle POSITION;

    static {
        try {
            POSITION = MethodHandles.lookup().findVarHandle(LogFile.class, "position", long.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    /*
     * append() publishes `position` after the bytes are in the file, and `lastBatch` after that; force() reads them the other
     * way round before it forces. So what it writes into the slot is true for both: a batch number that was read belongs to
     * bytes before the position read after it.
     */
    private final ZoneFile file;
    private final long id;
    private final long salt;
    private final long capacity;
    private final Memory slot = Memory.allocate(ForcedSlots.STORED_LENGTH);
    private final ForcedSlots slotsAtOpen;

    private LogStart start;
    private boolean mappedForStores;
    private long sequence;

    @SuppressWarnings("FieldMayBeFinal") // written through POSITION
    private long position;

    private volatile long lastBatch;
    private volatile long forcedPosition;
    private volatile RuntimeException failure;
    private boolean closed;

    private LogFile(ZoneFile file, long id, byte[] storeId) {
        this.file = file;
        this.id = id;
        this.capacity = checkCapacity(file);
        Memory page = Memory.allocate(LogHeader.LENGTH);
        try {
            file.read(0, page, 0, LogHeader.LENGTH);
            LogHeader.check(page, storeId, capacity, file.name());
            if (LogHeader.logId(page) != id) {
                throw new CorruptionException(
                        file.name(), LogHeader.LOG_ID_OFFSET, "the log id " + id, "" + LogHeader.logId(page));
            }
            salt = LogHeader.salt(page);
            start = LogStart.read(page, LogHeader.START_SECTOR, salt, file.name(), LogHeader.START_SECTOR);
            if (start == null) {
                // The first force of START comes before that of any slot.
                int unused = LogHeader.ZERO_OFFSET - LogHeader.SLOT_0_SECTOR;
                FormatHead.checkZero(page, LogHeader.SLOT_0_SECTOR, unused, file.name(), LogHeader.SLOT_0_SECTOR);
                slotsAtOpen = ForcedSlots.NONE;
            } else {
                slotsAtOpen = ForcedSlots.read(page, salt, start.basePosition(), limitPosition());
                forcedPosition = Math.max(start.forcedThrough(), slotsAtOpen.position());
                continueAt(start.basePosition(), start.previousLastBatch());
            }
            sequence = slotsAtOpen.sequence();
        } finally {
            page.release();
        }
    }

    private static long checkCapacity(ZoneFile file) {
        long length = file.length();
        if (length < MIN_CAPACITY || length > MAX_CAPACITY || length % CAPACITY_UNIT != 0) {
            throw new CorruptionException(
                    file.name(),
                    0,
                    "a length of " + MIN_CAPACITY + " to " + MAX_CAPACITY + ", a multiple of " + CAPACITY_UNIT,
                    "" + length);
        }
        return length;
    }

    /** The file name of a log: {@code log-} and 16 hexadecimal digits. */
    public static String name(long id) {
        return LogFiles.logName(id);
    }

    /** The id in the file name of a log, or -1 where the name is none. */
    public static long idOf(String name) {
        return LogFiles.idOf(name);
    }

    /** Whether the name is that of a file between two lives; no manifest names it. */
    public static boolean isSpareName(String name) {
        return LogFiles.isSpareName(name);
    }

    /**
     * Makes a new log file: its blocks written with zeros, its header in place, both forced. It survives a power loss once the
     * caller has forced the directory, and may be used once a forced LOG_NEXT names it.
     *
     * @param id 1 or more, never used before
     * @param capacity length of the file
     */
    public static LogFile prepare(ZoneFileSystem disk, long id, byte[] storeId, long salt, long capacity) {
        requireId(id);
        requireStoreId(storeId);
        if (capacity < MIN_CAPACITY || capacity > MAX_CAPACITY || capacity % CAPACITY_UNIT != 0) {
            throw new IllegalArgumentException("capacity is " + capacity + ", must be " + MIN_CAPACITY + " to "
                    + MAX_CAPACITY + " and a multiple of " + CAPACITY_UNIT);
        }
        return over(disk, LogFiles.prepare(disk, id, storeId, salt, capacity), id, storeId, true);
    }

    /**
     * Makes an old log file the new log {@code newId} without writing its blocks again; forces one page and the directory. Then
     * as after {@link #prepare}. To be called only once no manifest that recovery can fall back to names the old log.
     *
     * @param oldName the file of an old log, or a spare that an interrupted call left; {@link #canRecycle} it
     */
    public static LogFile recycle(ZoneFileSystem disk, String oldName, long newId, byte[] storeId, long newSalt) {
        requireId(newId);
        requireStoreId(storeId);
        if (idOf(oldName) <= 0 && !isSpareName(oldName)) {
            throw new IllegalArgumentException("not the name of a log: " + oldName);
        }
        return over(disk, LogFiles.recycle(disk, oldName, newId, storeId, newSalt), newId, storeId, true);
    }

    /** Whether the file is a log or a spare of this store that was prepared to the end and has this capacity. */
    public static boolean canRecycle(ZoneFileSystem disk, String name, byte[] storeId, long capacity) {
        return LogFiles.canRecycle(disk, name, storeId, capacity);
    }

    /** Opens a log to continue it. */
    public static LogFile open(ZoneFileSystem disk, long id, byte[] storeId) {
        requireId(id);
        return over(disk, disk.open(name(id)), id, storeId, true);
    }

    /** Opens a log to read it. */
    public static LogFile openReadOnly(ZoneFileSystem disk, long id, byte[] storeId) {
        requireId(id);
        return over(disk, disk.openReadOnly(name(id)), id, storeId, false);
    }

    private static LogFile over(ZoneFileSystem disk, ZoneFile file, long id, byte[] storeId, boolean writable) {
        try {
            LogFile log = new LogFile(file, id, storeId);
            if (writable && disk.mappedStoresAreSafe()) {
                file.mapForStores();
                log.mappedForStores = true;
            }
            return log;
        } catch (RuntimeException | Error e) {
            LogFiles.closeAfter(file, e);
            throw e;
        }
    }

    private static void requireId(long id) {
        if (id <= 0) {
            throw new IllegalArgumentException("the id of a log is 1 or more, not " + id);
        }
    }

    private static void requireStoreId(byte[] storeId) {
        if (storeId.length != LogHeader.STORE_ID_LENGTH) {
            throw new IllegalArgumentException("a store id has 16 bytes, not " + storeId.length);
        }
    }

    /**
     * Puts the log into use: START is written and forced. Appends go to {@code first.basePosition()}. To be called only once the
     * predecessor is forced up to {@code first.previousEnd()}: recovery takes that as evidence.
     */
    public void start(LogStart first) {
        if (start != null) {
            throw new IllegalStateException(file.name() + " has been started already");
        }
        writeStart(first);
        forcedPosition = first.forcedThrough();
        continueAt(first.basePosition(), first.previousLastBatch());
    }

    /** As {@link #start(LogStart)}. */
    public void start(
            byte[] bootId,
            long basePosition,
            long previousId,
            long previousEnd,
            long previousLastBatch,
            long forcedThrough) {
        start(new LogStart(bootId, basePosition, previousId, previousEnd, previousLastBatch, forcedThrough));
    }

    /** Makes a log that was closed cleanly one of the running boot, before it is continued; START is forced. */
    public void restart(byte[] bootId) {
        writeStart(requireStarted().withBootId(bootId));
    }

    private void writeStart(LogStart next) {
        throwIfFailed();
        Memory sector = Memory.allocate(LogHeader.SECTOR_LENGTH);
        try {
            next.put(sector, 0, salt);
            file.write(LogHeader.START_SECTOR, sector, 0, LogHeader.SECTOR_LENGTH);
            file.force(false);
        } catch (RuntimeException e) {
            failure = e;
            throw e;
        } finally {
            sector.release();
        }
        start = next;
    }

    /** Says where the next append goes, and which batch stands before it. */
    public void continueAt(long atPosition, long batch) {
        LogStart known = requireStarted();
        if (atPosition < known.basePosition()
                || atPosition > limitPosition()
                || atPosition % LogRecord.ALIGNMENT != 0
                || batch < known.previousLastBatch()) {
            throw new IllegalArgumentException("cannot continue " + file.name() + " at position " + atPosition
                    + " after batch " + batch + ": it holds " + known.basePosition() + " to " + limitPosition()
                    + " after batch " + known.previousLastBatch());
        }
        POSITION.setRelease(this, atPosition);
        lastBatch = batch;
    }

    /** Bytes that can still be appended; 0 before {@link #start}. */
    public long room() {
        return start == null ? 0 : limitPosition() - position();
    }

    /** Position behind the last record appended. */
    public long position() {
        return (long) POSITION.getAcquire(this);
    }

    /** The last batch appended. */
    public long lastBatch() {
        return lastBatch;
    }

    /**
     * Appends sealed records, one or more, each with its padding. They survive the death of the process when this returns, and
     * a power loss once a {@link #force} that began later has returned.
     *
     * @param length bytes of all records with their padding, at most {@link #room}
     * @param mapped stores them through the mapping, without a system call, where there is one; else writes them
     */
    public void append(Memory source, int offset, int length, boolean mapped) {
        throwIfFailed();
        long at = position();
        if (length > room()) {
            throw new IllegalArgumentException(
                    length + " bytes do not fit into " + file.name() + ", which has room for " + room());
        }
        long batch = lastBatchOf(source, offset, length);
        long fileOffset = fileOffset(at);
        try {
            if (mapped && mappedForStores) {
                file.store(fileOffset, source, offset, length);
            } else {
                file.write(fileOffset, source, offset, length);
            }
        } catch (RuntimeException e) {
            failure = e;
            throw e;
        }
        POSITION.setRelease(this, at + length);
        lastBatch = batch;
    }

    /** Walks the records to be appended: a wrong length or batch number here would cut the log at the next recovery. */
    private long lastBatchOf(Memory source, int offset, int length) {
        long from = position();
        long batch = lastBatch;
        int end = offset + length;
        int at = offset;
        while (at < end) {
            int recordLength = LogRecord.length(source, at);
            if (recordLength < LogRecord.MIN_LENGTH
                    || LogRecord.paddedLength(recordLength) > end - at
                    || LogRecord.batch(source, at) != ++batch
                    || LogRecord.forcedThrough(source, at) > from + (at - offset)) {
                throw new IllegalArgumentException("not a record of batch " + batch + " within " + (end - at)
                        + " bytes: batch " + LogRecord.batch(source, at) + " of " + recordLength + " bytes");
            }
            at += LogRecord.paddedLength(recordLength);
        }
        return batch;
    }

    /** Makes all that was appended before this call survive a power loss, and then says so in a header slot. */
    public synchronized void force() { // excludes other forces: the system reports a failed one to one caller only
        throwIfFailed();
        requireStarted();
        long batch = lastBatch;
        long through = position();
        try {
            file.force(false);
            long next = sequence + 1;
            int at = ForcedSlots.offsetOf(next);
            ForcedSlots.put(slot, 0, salt, next, through, batch);
            // Not through the mapping: a page that a mapping has dirtied makes the next force 2.5 times as slow.
            file.write(at, slot, 0, ForcedSlots.STORED_LENGTH);
            sequence = next;
        } catch (RuntimeException e) {
            failure = e;
            throw e;
        }
        forcedPosition = through;
    }

    /**
     * Makes all bytes of the file survive a power loss and changes none. Recovery calls this before anything else says where the
     * log ends: records that a dead process left in the page cache are valid, but need not be on the medium. Does nothing once the file
     * is closed: whoever leaves a file in use behind forces it first.
     */
    public synchronized void forceContent() {
        throwIfFailed();
        if (closed) {
            return;
        }
        try {
            file.force(false);
        } catch (RuntimeException e) {
            failure = e;
            throw e;
        }
    }

    /** Throws where an append or force has failed, which is final. From any thread. */
    public void throwIfFailed() {
        RuntimeException first = failure;
        if (first != null) {
            throw new WriterFailedException(first);
        }
    }

    private LogStart requireStarted() {
        if (start == null) {
            throw new IllegalStateException(file.name() + " has not been started");
        }
        return start;
    }

    /** All bytes before this position are known to be forced, here or in logs before. */
    public long forcedPosition() {
        return forcedPosition;
    }

    /** Whether the log is in use: {@link #begin} is there. */
    public boolean isStarted() {
        return start != null;
    }

    /** What START says; null before {@link #start}. */
    public LogStart begin() {
        return start;
    }

    /** The slots as they were when the file was opened. */
    public ForcedSlots slotsAtOpen() {
        return slotsAtOpen;
    }

    public long id() {
        return id;
    }

    /** What the checksums of this life of the file are seeded with. */
    public long salt() {
        return salt;
    }

    /** Bytes in the file, header included. */
    public long capacity() {
        return capacity;
    }

    /** File name, for messages. */
    public String name() {
        return file.name();
    }

    /** The first position for which the file has no room. */
    public long limitPosition() {
        return requireStarted().basePosition() + capacity - LogHeader.LENGTH;
    }

    /** Where in the file a position of this log stands. */
    public long fileOffset(long atPosition) {
        return LogHeader.LENGTH + atPosition - requireStarted().basePosition();
    }

    /** Whether {@link #append} can store through a mapping. */
    public boolean isMappedForStores() {
        return mappedForStores;
    }

    /** Reads {@code length} bytes at {@code fileOffset}; for {@link LogScan}. */
    void read(long fileOffset, Memory target, int targetOffset, int length) {
        file.read(fileOffset, target, targetOffset, length);
    }

    /** Closes the file and forces nothing. Idempotent. */
    @Override
    public synchronized void close() {
        if (closed) {
            return;
        }
        closed = true;
        slot.release();
        file.close();
    }
}
