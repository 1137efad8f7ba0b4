package dev.cambium.segment.log;

import dev.cambium.error.CorruptionException;
import dev.cambium.segment.format.RangeChecksums;
import dev.cambium.segment.memory.Memory;
import java.util.zip.CRC32C;

/**
 * A walk over the records of a log, from its first to the first that is not valid.
 *
 * <p>The file's bytes are read into the caller's memory, in steps of 1 MiB as the walk proceeds, and stay there as they are in
 * the file: the byte at position p stands at {@code contentOffset + p - basePosition}. The records may be used from there after
 * the walk. Nothing is allocated per record. What {@link #next} accepts is a whole record of this place with the batch number
 * that follows, whose operations have been checked.
 *
 * <p>Where the walk stops is a fact; what it means is for {@link #judge}. One thread at a time.
 */
public final class LogScan {
    private static final int STEP = 1 << 20;

    private final LogFile log;
    private final Memory content;
    private final int contentOffset;
    private final int dataLength;
    private final long basePosition;
    private final CRC32C crc = new CRC32C();

    private int loaded;
    private int cursor;
    private boolean stopped;
    private int recordStart = -1;
    private long lastBatch;
    private long evidence;

    private boolean searched;
    private int laterRecords;
    private int firstLater = -1;
    private long firstLaterBatch;

    /**
     * @param log started; stays the caller's
     * @param limitPosition where the walk ends at the latest: the end of a log whose end is known, else
     *     {@link LogFile#limitPosition}
     * @param content receives {@code limitPosition - basePosition} bytes at {@code contentOffset}; stays the caller's
     */
    public LogScan(LogFile log, long limitPosition, Memory content, int contentOffset) {
        this.log = log;
        this.basePosition = log.begin().basePosition();
        if (limitPosition < basePosition
                || limitPosition > log.limitPosition()
                || limitPosition % LogRecord.ALIGNMENT != 0) {
            throw new IllegalArgumentException("limitPosition is " + limitPosition + ", must be " + basePosition
                    + " to " + log.limitPosition() + " and a multiple of " + LogRecord.ALIGNMENT);
        }
        this.dataLength = (int) (limitPosition - basePosition);
        if (contentOffset < 0
                || contentOffset % LogRecord.ALIGNMENT != 0
                || content.capacity() - contentOffset < dataLength) {
            throw new IllegalArgumentException(
                    dataLength + " bytes at " + contentOffset + " do not fit into " + content.capacity());
        }
        this.content = content;
        this.contentOffset = contentOffset;
        this.lastBatch = log.begin().previousLastBatch();
        this.evidence = Math.max(log.begin().forcedThrough(), log.slotsAtOpen().position());
    }

    /**
     * Goes to the next record. Returns false, from then on always, where none that is valid stands next.
     *
     * @throws CorruptionException where a valid record holds what its writer cannot have written
     * @throws dev.cambium.error.FormatVersionException where it holds what a newer writer can have written
     */
    public boolean next() {
        if (stopped || !isValidAt(cursor)) {
            stopped = true;
            recordStart = -1;
            return false;
        }
        int at = contentOffset + cursor;
        long fileOffset = LogHeader.LENGTH + (long) cursor;
        LogRecord.check(content, at, basePosition + cursor, log.name(), fileOffset);
        long batch = LogRecord.batch(content, at);
        if (batch != lastBatch + 1) {
            throw new CorruptionException(
                    log.name(),
                    fileOffset + LogRecord.BATCH_OFFSET,
                    "batch " + (lastBatch + 1),
                    Long.toUnsignedString(batch));
        }
        int length = LogRecord.length(content, at);
        Operations.check(
                content,
                at + LogRecord.OPERATIONS_OFFSET,
                length - LogRecord.HEADER_LENGTH,
                LogRecord.count(content, at),
                log.name(),
                fileOffset + LogRecord.OPERATIONS_OFFSET);
        recordStart = cursor;
        lastBatch = batch;
        evidence = Math.max(evidence, LogRecord.forcedThrough(content, at));
        cursor += LogRecord.paddedLength(length);
        return true;
    }

    private boolean isValidAt(int start) {
        if (!load(start + LogRecord.HEADER_LENGTH)) {
            return false;
        }
        int length = LogRecord.length(content, contentOffset + start);
        if (length < LogRecord.HEADER_LENGTH || length > dataLength - start) {
            return false;
        }
        return load(start + LogRecord.paddedLength(length))
                && LogRecord.isValid(
                        content,
                        contentOffset + start,
                        contentOffset + dataLength,
                        log.salt(),
                        basePosition + start,
                        crc);
    }

    /** Reads up to the given offset behind the header, or more; false where the log has less. */
    private boolean load(int end) {
        if (end <= loaded) {
            return true;
        }
        if (end > dataLength) {
            return false;
        }
        while (loaded < end) {
            int step = Math.min(STEP, dataLength - loaded);
            log.read(LogHeader.LENGTH + (long) loaded, content, contentOffset + loaded, step);
            loaded += step;
        }
        return true;
    }

    /** Where in the content the current record starts. */
    public int recordOffset() {
        return contentOffset + requireRecord();
    }

    /** Bytes of the current record's header and operations, without padding. */
    public int recordLength() {
        return LogRecord.length(content, recordOffset());
    }

    /** Where in the content the current record's operations start; they end at recordOffset + recordLength. */
    public int operationsOffset() {
        return recordOffset() + LogRecord.OPERATIONS_OFFSET;
    }

    /** How many operations the current record has. */
    public int count() {
        return LogRecord.count(content, recordOffset());
    }

    /** Position of the current record. */
    public long position() {
        return basePosition + requireRecord();
    }

    /** Batch number of the current record. */
    public long batch() {
        return LogRecord.batch(content, recordOffset());
    }

    private int requireRecord() {
        if (recordStart < 0) {
            throw new IllegalStateException("the scan of " + log.name() + " stands at no record");
        }
        return recordStart;
    }

    /**
     * Takes the walk back to before a record that it has gone to, since that refers to what is not there: it ends there, and the record and those that follow
     * it are later ones. What they say of positions that are forced stays known.
     *
     * @param recordOffset of the record, as {@link #recordOffset} was
     */
    public void endBefore(int recordOffset) {
        int start = recordOffset - contentOffset;
        if (!stopped || start < 0 || start >= cursor) {
            throw new IllegalStateException("the scan of " + log.name() + " has not ended behind " + recordOffset);
        }
        cursor = start;
        lastBatch = LogRecord.batch(content, recordOffset) - 1;
        searched = false;
        laterRecords = 0;
        firstLater = -1;
    }

    /** Position behind the last record that {@link #next} went to. */
    public long end() {
        return basePosition + cursor;
    }

    /** Batch number of the last record that {@link #next} went to; of the log before this one, where there was none. */
    public long lastBatch() {
        return lastBatch;
    }

    /** The greatest position that this file says is forced: by START, its slots, and all valid records seen so far. */
    public long evidence() {
        return evidence;
    }

    /**
     * Looks behind the end for valid records with greater batch numbers, at every multiple of eight bytes; counts them all. To
     * be called once {@link #next} has returned false. Reads what is left of the log.
     *
     * @return whether there is one
     */
    public boolean findLaterValidRecord() {
        if (!stopped) {
            throw new IllegalStateException("the scan of " + log.name() + " has not reached its end");
        }
        if (searched) {
            return laterRecords > 0;
        }
        searched = true;
        load(dataLength);
        RangeChecksums checksums = new RangeChecksums(content, contentOffset, dataLength);
        long newest = lastBatch;
        for (int at = cursor; dataLength - at >= LogRecord.MIN_LENGTH; ) {
            if (!isPlausible(at, newest) || !isLaterValid(checksums, at)) {
                at += LogRecord.ALIGNMENT;
                continue;
            }
            newest = LogRecord.batch(content, contentOffset + at);
            if (laterRecords++ == 0) {
                firstLater = at;
                firstLaterBatch = newest;
            }
            evidence = Math.max(evidence, LogRecord.forcedThrough(content, contentOffset + at));
            at += LogRecord.paddedLength(LogRecord.length(content, contentOffset + at));
        }
        return laterRecords > 0;
    }

    private boolean isPlausible(int start, long newest) {
        int at = contentOffset + start;
        int length = LogRecord.length(content, at);
        if (length < LogRecord.MIN_LENGTH || length > dataLength - start) {
            return false;
        }
        int count = LogRecord.count(content, at);
        long batch = LogRecord.batch(content, at);
        long forcedThrough = LogRecord.forcedThrough(content, at);
        return count > 0
                && count <= length / Operation.MIN_LENGTH
                && batch > newest
                && batch - lastBatch <= dataLength / LogRecord.MIN_LENGTH
                && forcedThrough >= 0
                && forcedThrough <= basePosition + start;
    }

    private boolean isLaterValid(RangeChecksums checksums, int start) {
        int padded = LogRecord.paddedLength(LogRecord.length(content, contentOffset + start));
        return padded <= dataLength - start
                && LogRecord.isSealedWith(
                        content,
                        contentOffset + start,
                        checksums.of(start + LogRecord.LENGTH_OFFSET, start + padded),
                        log.salt(),
                        basePosition + start);
    }

    /** How many valid records stand behind the end. */
    public int laterRecords() {
        return laterRecords;
    }

    /** Position of the first of them, or -1. */
    public long laterPosition() {
        return firstLater < 0 ? -1 : basePosition + firstLater;
    }

    /** Batch number of the first of them, or -1. */
    public long laterBatch() {
        return firstLater < 0 ? -1 : firstLaterBatch;
    }

    /**
     * What the end means; looks for later records if that has not been done.
     *
     * @param runningBootId of the machine
     * @param evidenceElsewhere the greatest position that other files say is forced
     * @param closedCleanly whether the writer closed the store
     */
    public LogTail judge(byte[] runningBootId, long evidenceElsewhere, boolean closedCleanly) {
        findLaterValidRecord();
        return LogTail.judge(
                end(),
                Math.max(evidence, evidenceElsewhere),
                log.begin().isOfBoot(runningBootId),
                closedCleanly,
                log.slotsAtOpen().damaged(),
                laterRecords);
    }
}
