package dev.cambium.commit;

import dev.cambium.compaction.MergeCursor;
import dev.cambium.compaction.SortedCursor;
import dev.cambium.log.WriteAheadLog;
import dev.cambium.memtable.Memtable;
import dev.cambium.segment.log.LogRecord;
import dev.cambium.segment.log.Operation;
import dev.cambium.segment.memory.Memory;
import dev.cambium.segment.memory.MemoryBudget;
import dev.cambium.version.Version;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.CRC32C;

/**
 * Makes what was written without a log durable: the newest entry of every key, where it stands in no log, is appended to the log
 * as one batch (one for each 256 MiB), and everything is forced. Run by the commit leader, so that no write comes between.
 */
public final class UnloggedFlush {
    private static final int MOST_BYTES = 1 << 28;

    private final Version version;
    private final WriteAheadLog log;
    private final MemoryBudget budget;
    private final CRC32C crc = new CRC32C();

    public UnloggedFlush(Version version, WriteAheadLog log, MemoryBudget budget) {
        this.version = version;
        this.log = log;
        this.budget = budget;
    }

    /** Appends and forces; afterwards everything that is visible survives a power loss. */
    public void run() {
        List<Memtable> memtables = new ArrayList<>();
        memtables.add(version.active());
        memtables.addAll(version.sealed());
        if (memtables.stream().anyMatch(Memtable::hasUnlogged)) {
            SortedCursor cursor = new MergeCursor(memtables.stream()
                    .map(memtable -> memtable.cursor(memtable.snapshot()))
                    .toArray(SortedCursor[]::new));
            while (append(cursor)) {
                // what was appended is no longer unlogged; the next round finds the rest
            }
        }
        if (!log.isForced()) {
            log.force();
        }
        memtables.forEach(Memtable::clearUnlogged);
    }

    /** Appends one record with as many unlogged entries as it takes; returns false where there was none. */
    private boolean append(SortedCursor cursor) {
        long bytes = LogRecord.HEADER_LENGTH;
        int count = 0;
        for (boolean on = cursor.first(); on && bytes < MOST_BYTES && count < LogRecord.MAX_COUNT; on = cursor.next()) {
            if (isUnlogged(cursor)) {
                bytes += Operation.length(cursor.keyMemory(), operation(cursor));
                count++;
            }
        }
        if (count == 0) {
            return false;
        }
        int padded = LogRecord.paddedLength((int) bytes);
        if (log.room() < padded) {
            log.goToNextFile(padded);
        }
        budget.reserveBeyondLimit(padded);
        Memory record = Memory.allocate(padded);
        try {
            fill(record, (int) bytes, count, cursor);
            log.append(record, 0, padded, false);
        } finally {
            record.release();
            budget.release(padded);
        }
        return true;
    }

    private void fill(Memory record, int length, int count, SortedCursor cursor) {
        int at = LogRecord.OPERATIONS_OFFSET;
        cursor.first();
        for (int copied = 0; copied < count; cursor.next()) {
            if (isUnlogged(cursor)) {
                Memory memory = cursor.keyMemory();
                int operation = operation(cursor);
                int operationLength = Operation.length(memory, operation);
                record.put(at, memory, operation, operationLength);
                Operation.setFlags(record, at, 0);
                Operation.setFlags(memory, operation, 0); // readers never look at flags
                at += operationLength;
                copied++;
            }
        }
        LogRecord.putHeader(record, 0, length, log.lastBatch() + 1, count, log.forcedThrough());
        LogRecord.seal(record, 0, log.salt(), log.position(), crc);
    }

    private static int operation(SortedCursor cursor) {
        return cursor.keyOffset() - Operation.KEY_OFFSET;
    }

    private static boolean isUnlogged(SortedCursor cursor) {
        return Operation.flags(cursor.keyMemory(), operation(cursor)) == Operation.UNLOGGED;
    }
}
