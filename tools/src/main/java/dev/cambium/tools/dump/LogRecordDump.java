package dev.cambium.tools.dump;

import dev.cambium.segment.log.LogRecord;
import dev.cambium.segment.log.Operation;
import dev.cambium.segment.log.OperationCode;
import dev.cambium.segment.memory.Memory;

/** Shows a record of a log and its operations. Stateless. */
final class LogRecordDump {
    private static final Layout RECORD = Layout.empty()
            .hex("crc", 4)
            .u32("length")
            .u64("batch")
            .u8("type")
            .u8("flags")
            .zero(2)
            .u32("count")
            .u64("forcedThrough");
    private static final Layout OPERATION =
            Layout.empty().u8("code").u8("flags").u16("keyLength").u32("valueLength");

    private LogRecordDump() {}

    /** A record that holds and has been checked, at the start of {@code record}. */
    static Part read(Memory record, int fileOffset, long position) {
        Part part = new Part("record", fileOffset, Part.Style.LINE).field("position", fileOffset, position);
        RECORD.read(part, record, 0, fileOffset);
        int at = LogRecord.OPERATIONS_OFFSET;
        for (int i = 0; i < LogRecord.count(record, 0); i++) {
            part.child(operation(record, at, fileOffset + at));
            at += Operation.length(record, at);
        }
        return part;
    }

    private static Part operation(Memory record, int at, long fileOffset) {
        int code = Operation.code(record, at);
        Part part = new Part(OperationCode.name(code), fileOffset, Part.Style.LINE);
        OPERATION.read(part, record, at, fileOffset);
        int key = Operation.keyOffset(record, at);
        int userKeyLength = Operation.keyLength(record, at) - Operation.KEYSPACE_ID_LENGTH;
        part.field("keyspace", fileOffset + key - at, Operation.keyspaceId(record, at) & 0xFFFF_FFFFL);
        if (code != OperationCode.KEYSPACE) {
            int userKey = key + Operation.KEYSPACE_ID_LENGTH;
            part.field("key", fileOffset + userKey - at, record.toArray(userKey, userKeyLength));
        }
        int value = Operation.valueOffset(record, at);
        if (code == OperationCode.PUT_REF) {
            LeafContent.REFERENCE.read(part, record, value, fileOffset + value - at);
        } else if (code != OperationCode.DELETE) {
            part.field("value", fileOffset + value - at, record.toArray(value, Operation.valueLength(record, at)));
        }
        return part;
    }
}
