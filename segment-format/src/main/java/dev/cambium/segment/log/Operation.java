package dev.cambium.segment.log;

import dev.cambium.segment.memory.Bytes;
import dev.cambium.segment.memory.Memory;

/**
 * One change of one key, as it stands in a log record and in a memtable's arena.
 * <pre>
 *   0      1       2             4               8             8 + keyLength
 *   +------+-------+-------------+---------------+-------------+-------------+
 *   | code | flags | keyLength   | valueLength   | key         | value       |
 *   +------+-------+-------------+---------------+-------------+-------------+
 *      u8     u8        u16            u32
 * </pre>
 * Little-endian. {@code key} is the internal key: the keyspace id in four bytes, most significant first, then the user's key;
 * so {@code keyLength} is 4 to 32,771. {@code flags} are zero on disk. A DELETE has no value; of a KEYSPACE the key is the id
 * alone and the value the name in UTF-8. Operations follow each other without padding. Lengths are in bytes.
 *
 * <p>The readers trust what they read; bytes from disk pass {@link Operations#check} first. Stateless; safe for any thread.
 */
public final class Operation {
    public static final int CODE_OFFSET = 0;
    public static final int FLAGS_OFFSET = 1;
    public static final int KEY_LENGTH_OFFSET = 2;
    public static final int VALUE_LENGTH_OFFSET = 4;
    public static final int KEY_OFFSET = 8;

    /** Bytes before the key. */
    public static final int HEADER_LENGTH = KEY_OFFSET;

    /** Bytes of the keyspace id that opens every key. */
    public static final int KEYSPACE_ID_LENGTH = 4;

    public static final int MIN_KEY_LENGTH = KEYSPACE_ID_LENGTH;
    public static final int MAX_KEY_LENGTH = KEYSPACE_ID_LENGTH + 32_767;
    public static final int MIN_LENGTH = HEADER_LENGTH + MIN_KEY_LENGTH;

    private Operation() {}

    /** Bytes of an operation with an internal key and a value of these lengths. */
    public static int length(int keyLength, int valueLength) {
        return HEADER_LENGTH + keyLength + valueLength;
    }

    /** Bytes of the operation at {@code offset}. */
    public static int length(Memory memory, int offset) {
        return HEADER_LENGTH + keyLength(memory, offset) + valueLength(memory, offset);
    }

    public static int code(Memory memory, int offset) {
        return memory.getUnsignedByte(offset + CODE_OFFSET);
    }

    public static int flags(Memory memory, int offset) {
        return memory.getUnsignedByte(offset + FLAGS_OFFSET);
    }

    /** Bytes of the internal key. */
    public static int keyLength(Memory memory, int offset) {
        return memory.getUnsignedShort(offset + KEY_LENGTH_OFFSET);
    }

    public static int valueLength(Memory memory, int offset) {
        return memory.getInt(offset + VALUE_LENGTH_OFFSET);
    }

    /** Where the internal key starts. */
    public static int keyOffset(Memory memory, int offset) {
        return offset + KEY_OFFSET;
    }

    /** Where the value starts. */
    public static int valueOffset(Memory memory, int offset) {
        return offset + KEY_OFFSET + keyLength(memory, offset);
    }

    public static int keyspaceId(Memory memory, int offset) {
        return memory.getIntBigEndian(offset + KEY_OFFSET);
    }

    public static int code(byte[] bytes, int offset) {
        return bytes[offset + CODE_OFFSET] & 0xFF;
    }

    /** Bytes of the internal key. */
    public static int keyLength(byte[] bytes, int offset) {
        return Bytes.getUnsignedShort(bytes, offset + KEY_LENGTH_OFFSET);
    }

    public static int valueLength(byte[] bytes, int offset) {
        return Bytes.getInt(bytes, offset + VALUE_LENGTH_OFFSET);
    }

    /** Bytes of the operation at {@code offset}. */
    public static int length(byte[] bytes, int offset) {
        return HEADER_LENGTH + keyLength(bytes, offset) + valueLength(bytes, offset);
    }

    /**
     * Writes the eight bytes before the key, flags zero.
     *
     * @param keyLength bytes of the internal key
     */
    public static void putHeader(byte[] target, int offset, int code, int keyLength, int valueLength) {
        Bytes.putLong(target, offset, header(code, keyLength, valueLength));
    }

    /** As {@link #putHeader(byte[], int, int, int, int)}. */
    public static void putHeader(Memory target, int offset, int code, int keyLength, int valueLength) {
        target.putLong(offset, header(code, keyLength, valueLength));
    }

    private static long header(int code, int keyLength, int valueLength) {
        assert code > 0 && code <= 0xFF && valueLength >= 0 : code + " " + valueLength;
        assert keyLength >= MIN_KEY_LENGTH && keyLength <= MAX_KEY_LENGTH : keyLength;
        return code | (long) keyLength << 16 | (long) valueLength << 32;
    }

    /**
     * Writes one operation.
     *
     * @param key holds the user's key: {@code keyLength} bytes at {@code keyOffset}, without the keyspace id
     * @return the offset behind the operation
     */
    public static int put(
            byte[] target,
            int offset,
            int code,
            int keyspaceId,
            byte[] key,
            int keyOffset,
            int keyLength,
            byte[] value,
            int valueOffset,
            int valueLength) {
        putHeader(target, offset, code, KEYSPACE_ID_LENGTH + keyLength, valueLength);
        int at = offset + KEY_OFFSET;
        Bytes.putIntBigEndian(target, at, keyspaceId);
        at += KEYSPACE_ID_LENGTH;
        System.arraycopy(key, keyOffset, target, at, keyLength);
        at += keyLength;
        System.arraycopy(value, valueOffset, target, at, valueLength);
        return at + valueLength;
    }

    /** As {@link #put(byte[], int, int, int, byte[], int, int, byte[], int, int)}, into off-heap memory. */
    public static int put(
            Memory target,
            int offset,
            int code,
            int keyspaceId,
            byte[] key,
            int keyOffset,
            int keyLength,
            byte[] value,
            int valueOffset,
            int valueLength) {
        putHeader(target, offset, code, KEYSPACE_ID_LENGTH + keyLength, valueLength);
        int at = offset + KEY_OFFSET;
        target.putIntBigEndian(at, keyspaceId);
        at += KEYSPACE_ID_LENGTH;
        target.put(at, key, keyOffset, keyLength);
        at += keyLength;
        target.put(at, value, valueOffset, valueLength);
        return at + valueLength;
    }

    /** Writes the operation that creates a keyspace; returns the offset behind it. */
    public static int putKeyspace(byte[] target, int offset, int keyspaceId, byte[] name) {
        return put(target, offset, OperationCode.KEYSPACE, keyspaceId, name, 0, 0, name, 0, name.length);
    }
}
