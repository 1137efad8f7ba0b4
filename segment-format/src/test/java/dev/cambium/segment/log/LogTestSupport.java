package dev.cambium.segment.log;

import dev.cambium.segment.format.TestDisk;
import dev.cambium.segment.memory.Memory;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.CRC32C;

/** Writes small logs and reads them back, record by record. */
final class LogTestSupport {
    static final byte[] STORE_ID = "store-id-16bytes".getBytes(StandardCharsets.US_ASCII);
    static final byte[] BOOT = "boot-id-16-bytes".getBytes(StandardCharsets.US_ASCII);
    static final byte[] OTHER_BOOT = "boot-id-16-other".getBytes(StandardCharsets.US_ASCII);
    static final long SALT = 0x5A17_5A17_0000_0001L;

    private LogTestSupport() {}

    static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }

    /** The operations of one put in keyspace 1. */
    static byte[] put(String key, byte[] value) {
        byte[] operation = new byte[Operation.length(4 + key.length(), value.length)];
        Operation.put(operation, 0, OperationCode.PUT, 1, ascii(key), 0, key.length(), value, 0, value.length);
        return operation;
    }

    static byte[] put(String key, String value) {
        return put(key, ascii(value));
    }

    static byte[] delete(String key) {
        byte[] operation = new byte[Operation.length(4 + key.length(), 0)];
        Operation.put(operation, 0, OperationCode.DELETE, 1, ascii(key), 0, key.length(), new byte[0], 0, 0);
        return operation;
    }

    /** Appends one record that holds the given operations. */
    static void append(LogFile log, boolean mapped, byte[]... operations) {
        int length = LogRecord.HEADER_LENGTH;
        for (byte[] operation : operations) {
            length += operation.length;
        }
        Memory record = Memory.allocate(LogRecord.paddedLength(length));
        int at = LogRecord.OPERATIONS_OFFSET;
        for (byte[] operation : operations) {
            record.put(at, operation, 0, operation.length);
            at += operation.length;
        }
        LogRecord.putHeader(record, 0, length, log.lastBatch() + 1, operations.length, log.forcedPosition());
        LogRecord.seal(record, 0, log.salt(), log.position(), new CRC32C());
        log.append(record, 0, record.capacity(), mapped);
        record.release();
    }

    /** Log 1 of 8 KiB: batches 1 and 2 forced, batch 3 forced, batch 4 not forced. */
    static LogFile smallLog(TestDisk disk) {
        LogFile log = LogFile.prepare(disk, 1, STORE_ID, SALT, 8192);
        log.start(BOOT, 1 << 20, 0, 0, 0, 0);
        append(log, true, put("a", "1"));
        append(log, false, put("bb", "22"), delete("a"));
        log.force();
        append(log, true, put("ccc", "a value of some length"));
        log.force();
        append(log, true, put("d", "4"));
        return log;
    }

    /** What a scan accepts: each record's header and operations. */
    static List<byte[]> records(LogScan scan, Memory content) {
        List<byte[]> records = new ArrayList<>();
        while (scan.next()) {
            records.add(content.toArray(scan.recordOffset(), scan.recordLength()));
        }
        return records;
    }
}
