package dev.cambium.segment.log;

import dev.cambium.error.CorruptionException;
import dev.cambium.error.FormatVersionException;
import dev.cambium.segment.format.Name;
import dev.cambium.segment.memory.Memory;
import dev.cambium.segment.page.ValueReference;

/** The operations of one record, seen as bytes from disk. Stateless; safe for any thread. */
public final class Operations {
    private Operations() {}

    /**
     * Throws unless {@code count} operations fill the range exactly and this version can apply each. Allocates nothing for
     * puts and deletes.
     *
     * @param offset first byte in {@code memory}
     * @param length bytes of all operations together
     * @param file name of the log, for the message
     * @param fileOffset where the range starts in that file, for the message
     * @throws CorruptionException where lengths do not fit
     * @throws FormatVersionException where a code or a flag is not of this version
     */
    public static void check(Memory memory, int offset, int length, int count, String file, long fileOffset) {
        int at = offset;
        int end = offset + length;
        for (int i = 0; i < count; i++) {
            if (end - at < Operation.MIN_LENGTH) {
                throw new CorruptionException(
                        file, fileOffset + (at - offset), count + " operations in " + length + " bytes", "" + i);
            }
            long header = memory.getLong(at);
            int code = (int) header & 0xFF;
            int flags = (int) (header >>> 8) & 0xFF;
            int keyLength = (int) (header >>> 16) & 0xFFFF;
            long valueLength = header >>> 32;
            if (flags != 0 || !OperationCode.isSupported(code)) {
                throw unsupported(code, flags, file, fileOffset + (at - offset));
            }
            if (keyLength < Operation.MIN_KEY_LENGTH || keyLength > Operation.MAX_KEY_LENGTH) {
                throw new CorruptionException(
                        file,
                        fileOffset + (at - offset) + Operation.KEY_LENGTH_OFFSET,
                        "a key length of " + Operation.MIN_KEY_LENGTH + " to " + Operation.MAX_KEY_LENGTH,
                        "" + keyLength);
            }
            if (valueLength > end - at - Operation.HEADER_LENGTH - keyLength) {
                throw new CorruptionException(
                        file,
                        fileOffset + (at - offset) + Operation.VALUE_LENGTH_OFFSET,
                        "an operation that ends with its record",
                        "a key of " + keyLength + " and a value of " + valueLength + " bytes where " + (end - at)
                                + " are left");
            }
            if (code != OperationCode.PUT) {
                checkRare(memory, at, code, keyLength, (int) valueLength, file, fileOffset + (at - offset));
            }
            at += Operation.length(keyLength, (int) valueLength);
        }
        if (at != end) {
            throw new CorruptionException(
                    file,
                    fileOffset + (at - offset),
                    count + " operations in " + length + " bytes",
                    (end - at) + " more bytes");
        }
    }

    private static void checkRare(
            Memory memory, int at, int code, int keyLength, int valueLength, String file, long fileOffset) {
        if (code == OperationCode.DELETE && valueLength != 0) {
            throw new CorruptionException(
                    file, fileOffset + Operation.VALUE_LENGTH_OFFSET, "a DELETE without a value", "" + valueLength);
        }
        if (code == OperationCode.PUT_REF) {
            if (valueLength != ValueReference.LENGTH) {
                throw new CorruptionException(
                        file,
                        fileOffset + Operation.VALUE_LENGTH_OFFSET,
                        "a PUT_REF with a reference of " + ValueReference.LENGTH + " bytes",
                        "" + valueLength);
            }
            int reference = Operation.KEY_OFFSET + keyLength;
            ValueReference.checkLogged(memory, at + reference, file, fileOffset + reference);
        }
        if (code == OperationCode.KEYSPACE) {
            if (keyLength != Operation.KEYSPACE_ID_LENGTH) {
                throw new CorruptionException(
                        file, fileOffset + Operation.KEY_LENGTH_OFFSET, "a KEYSPACE with a key of 4", "" + keyLength);
            }
            if (Name.decode(memory, at + Operation.KEY_OFFSET + keyLength, valueLength) == null) {
                throw new CorruptionException(
                        file,
                        fileOffset + Operation.KEY_OFFSET + keyLength,
                        "the name of a keyspace, 1 to " + Name.MAX_LENGTH + " bytes of UTF-8",
                        valueLength + " other bytes");
            }
        }
    }

    private static RuntimeException unsupported(int code, int flags, String file, long fileOffset) {
        if (code == 0) {
            return new CorruptionException(file, fileOffset, "an operation code", "0");
        }
        String name = OperationCode.name(code);
        String what = "the operation " + name + (flags == 0 ? "" : " with flags 0x" + Integer.toHexString(flags));
        return new FormatVersionException(file, what + " at offset " + fileOffset, "PUT, DELETE, PUT_REF and KEYSPACE");
    }
}
