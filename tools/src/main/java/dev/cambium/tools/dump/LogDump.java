package dev.cambium.tools.dump;

import dev.cambium.error.CorruptionException;
import dev.cambium.error.FormatVersionException;
import dev.cambium.segment.disk.ZoneFile;
import dev.cambium.segment.disk.ZoneFileSystem;
import dev.cambium.segment.log.LogFile;
import dev.cambium.segment.log.LogHeader;
import dev.cambium.segment.log.LogRecord;
import dev.cambium.segment.log.Operations;
import dev.cambium.segment.memory.Memory;
import java.util.zip.CRC32C;

/** Shows a log: docs/FORMAT.md, section 7. */
public final class LogDump implements AutoCloseable {
    /*
     * A writer may have the log open. What it appends is passed over or seen whole, for a record counts by its
     * checksum; but a log can also be recycled while it is read. So every record is copied out of the mapping before it
     * is checked, and what was checked is what is shown.
     */
    private final PartWriter out;
    private final ZoneFile file;
    private final int length;
    private final LogHeaderDump header;
    private final Memory content; // null where there are no records
    private final CRC32C crc = new CRC32C();
    private Memory record = Memory.allocate(1 << 12);
    private boolean sound = true;

    private LogDump(PartWriter out, ZoneFile file, LogHeaderDump header) {
        this.out = out;
        this.file = file;
        this.header = header;
        this.length = (int) Math.min(file.length(), LogFile.MAX_CAPACITY);
        this.content = length > LogHeader.LENGTH ? file.mapReadOnly() : null;
    }

    /**
     * Shows it; returns whether it holds all that is known to have been forced.
     *
     * @param limit records to be shown
     */
    public static boolean run(ZoneFileSystem disk, long id, long limit, PartWriter out) {
        try (ZoneFile file = FileReader.open(disk, LogFile.name(id))) {
            out.write(new Part(file.name(), 0, Part.Style.LINE).remark(file.length() + " bytes"));
            LogHeaderDump header = LogHeaderDump.run(file, id, out);
            try (LogDump dump = new LogDump(out, file, header)) {
                dump.sound = header.holds();
                if (header.canReadRecords() && dump.content != null) {
                    dump.records(limit);
                } else {
                    out.write(new Part("end", LogHeader.LENGTH, Part.Style.LINE)
                            .remark(header.holds() ? "the log has not been started" : "the header does not hold"));
                }
                return dump.sound;
            }
        }
    }

    private void records(long limit) {
        int at = LogHeader.LENGTH;
        long batch = header.previousLastBatch();
        long evidence = header.forcedThrough();
        String reason;
        long shown = 0;
        while (true) {
            reason = out.isClosed() ? "nobody reads" : invalid(at);
            if (reason == null) {
                reason = refused(at, batch);
                sound &= reason == null;
            }
            if (reason != null) {
                break;
            }
            if (shown++ == limit) {
                out.write(new Part("end", at, Part.Style.LINE).remark("stops here: --limit is reached"));
                return;
            }
            batch = LogRecord.batch(record, 0);
            evidence = Math.max(evidence, LogRecord.forcedThrough(record, 0));
            out.write(LogRecordDump.read(record, at, header.position(at)));
            at += LogRecord.paddedLength(LogRecord.length(record, 0));
        }
        if (!out.isClosed()) {
            out.write(end(at, batch, evidence, reason));
        }
    }

    /** Why no record that was sealed for this place stands at an offset, or null; it is in {@code record} then. */
    private String invalid(int at) {
        if (length - at < LogRecord.HEADER_LENGTH) {
            return "the file ends";
        }
        int recordLength = content.getInt(at + LogRecord.LENGTH_OFFSET);
        if (recordLength == 0 && content.isZero(at, LogRecord.HEADER_LENGTH)) {
            return "nothing has been written here";
        }
        if (recordLength < LogRecord.HEADER_LENGTH
                || recordLength > LogRecord.MAX_LENGTH
                || LogRecord.paddedLength(recordLength) > length - at) {
            return "the length " + Integer.toUnsignedString(recordLength) + " is not one of a record in "
                    + (length - at) + " bytes";
        }
        int padded = LogRecord.paddedLength(recordLength);
        if (record.capacity() < padded) {
            record.release();
            record = Memory.allocate(Math.max(padded, Math.min(2 * padded, LogRecord.MAX_LENGTH)));
        }
        record.put(0, content, at, padded);
        return LogRecord.isValid(record, 0, padded, header.salt(), header.position(at), crc)
                ? null
                : "the crc of the record does not hold (an earlier life's bytes, a torn record, or damage)";
    }

    /** Why the record, whose checksum holds, cannot be one of this version's, or null. */
    private String refused(int at, long previousBatch) {
        try {
            LogRecord.check(record, 0, header.position(at), file.name(), at);
            Operations.check(
                    record,
                    LogRecord.OPERATIONS_OFFSET,
                    LogRecord.length(record, 0) - LogRecord.HEADER_LENGTH,
                    LogRecord.count(record, 0),
                    file.name(),
                    at + (long) LogRecord.OPERATIONS_OFFSET);
        } catch (CorruptionException | FormatVersionException e) {
            return e.getMessage();
        }
        long batch = LogRecord.batch(record, 0);
        return batch == previousBatch + 1 ? null : "batch " + batch + " does not follow batch " + previousBatch;
    }

    private Part end(int at, long batch, long evidence, String reason) {
        long position = header.position(at);
        Part end = new Part("end", at, Part.Style.LINE)
                .field("position", at, position)
                .field("lastBatch", at, batch)
                .field("forcedThrough", at, evidence)
                .remark("stops here: " + reason);
        if (position < evidence) {
            sound = false;
            end.broken("DAMAGED, records up to position " + evidence + " were forced");
        }
        int later = firstLater(at, batch);
        return later < 0
                ? end
                : end.remark("a later record that holds stands at " + later + " (batch " + LogRecord.batch(record, 0)
                        + "): set aside, or damage before it");
    }

    private int firstLater(int end, long lastBatch) {
        for (int at = end + LogRecord.ALIGNMENT; length - at >= LogRecord.MIN_LENGTH; at += LogRecord.ALIGNMENT) {
            int recordLength = content.getInt(at + LogRecord.LENGTH_OFFSET);
            boolean plausible = recordLength >= LogRecord.MIN_LENGTH
                    && recordLength <= length - at
                    && content.getLong(at + LogRecord.BATCH_OFFSET) > lastBatch
                    && content.getLong(at + LogRecord.BATCH_OFFSET) - lastBatch <= length / LogRecord.MIN_LENGTH;
            if (plausible && invalid(at) == null) {
                return at;
            }
        }
        return -1;
    }

    @Override
    public void close() {
        record.release();
        if (content != null) {
            content.release();
        }
    }
}
