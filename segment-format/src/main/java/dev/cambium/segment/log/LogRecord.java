package dev.cambium.segment.log;

import dev.cambium.error.CorruptionException;
import dev.cambium.error.FormatVersionException;
import dev.cambium.segment.format.ChecksumSeed;
import dev.cambium.segment.memory.Memory;
import java.util.zip.CRC32C;

/**
 * One batch in a log: a header, then its operations, then zeros up to a multiple of eight bytes.
 * <pre>
 *   0      4         8          16     17      18     20       24               32          length    padded
 *   +------+---------+----------+------+-------+------+--------+----------------+-----------+---------+
 *   | crc  | length  | batch    | type | flags | zero | count  | forcedThrough  | operations | zero   |
 *   +------+---------+----------+------+-------+------+--------+----------------+-----------+---------+
 *     u32     u32       u64       u8      u8     u16     u32        u64
 * </pre>
 * Little-endian. {@code length} counts header and operations, not the padding. {@code batch} is the predecessor's plus one,
 * from 1 on in the life of a store. {@code forcedThrough} is the greatest position known to be forced when the record was
 * written: at most the record's own. {@code crc} is CRC32C over bytes [4, padded) XOR the {@link ChecksumSeed} of the log's
 * salt and the record's position: the same bytes hold at this place of this log only.
 *
 * <p>The readers trust what they read; bytes from disk pass {@link #isValid} and {@link #check} first. Stateless; safe for any
 * thread.
 */
public final class LogRecord {
    public static final int CRC_OFFSET = 0;
    public static final int LENGTH_OFFSET = 4;
    public static final int BATCH_OFFSET = 8;
    public static final int TYPE_OFFSET = 16;
    public static final int FLAGS_OFFSET = 17;
    public static final int ZERO_OFFSET = 18;
    public static final int COUNT_OFFSET = 20;
    public static final int FORCED_THROUGH_OFFSET = 24;
    public static final int OPERATIONS_OFFSET = 32;

    public static final int HEADER_LENGTH = OPERATIONS_OFFSET;
    public static final int ALIGNMENT = 8;
    public static final int MIN_LENGTH = HEADER_LENGTH + Operation.MIN_LENGTH;

    /** 1 GiB, header included. */
    public static final int MAX_LENGTH = 1 << 30;

    public static final int MAX_COUNT = 1 << 24;

    /** The only type: a batch of operations. */
    public static final int BATCH = 1;

    private LogRecord() {}

    /** {@code length} and its padding. */
    public static int paddedLength(int length) {
        return (length + (ALIGNMENT - 1)) & -ALIGNMENT;
    }

    public static int length(Memory memory, int offset) {
        return memory.getInt(offset + LENGTH_OFFSET);
    }

    public static long batch(Memory memory, int offset) {
        return memory.getLong(offset + BATCH_OFFSET);
    }

    public static int type(Memory memory, int offset) {
        return memory.getUnsignedByte(offset + TYPE_OFFSET);
    }

    public static int count(Memory memory, int offset) {
        return memory.getInt(offset + COUNT_OFFSET);
    }

    public static long forcedThrough(Memory memory, int offset) {
        return memory.getLong(offset + FORCED_THROUGH_OFFSET);
    }

    /**
     * Writes all of the header but the checksum.
     *
     * @param length bytes of header and operations, without padding
     */
    public static void putHeader(Memory memory, int offset, int length, long batch, int count, long forcedThrough) {
        assert length >= MIN_LENGTH && length <= MAX_LENGTH : length;
        assert count > 0 && count <= MAX_COUNT : count;
        memory.putInt(offset + LENGTH_OFFSET, length);
        memory.putLong(offset + BATCH_OFFSET, batch);
        memory.putInt(offset + TYPE_OFFSET, BATCH);
        memory.putInt(offset + COUNT_OFFSET, count);
        memory.putLong(offset + FORCED_THROUGH_OFFSET, forcedThrough);
    }

    /** Zeroes the padding and writes the checksum of a record whose header and operations stand at {@code offset}. */
    public static void seal(Memory memory, int offset, long salt, long position, CRC32C scratch) {
        int length = length(memory, offset);
        int padded = paddedLength(length);
        for (int at = length; at < padded; at++) {
            memory.putByte(offset + at, 0);
        }
        memory.putInt(offset + CRC_OFFSET, crc(memory, offset, padded, salt, position, scratch));
    }

    /**
     * Whether the bytes at {@code offset} are a record that was sealed for this place. Says nothing of type, flags and
     * operations; see {@link #check}.
     *
     * @param limit offset in {@code memory} at which the log ends; nothing behind it is read
     */
    public static boolean isValid(Memory memory, int offset, int limit, long salt, long position, CRC32C scratch) {
        if (limit - offset < HEADER_LENGTH) {
            return false;
        }
        int length = length(memory, offset);
        if (length < HEADER_LENGTH || length > MAX_LENGTH || paddedLength(length) > limit - offset) {
            return false;
        }
        return memory.getInt(offset + CRC_OFFSET) == crc(memory, offset, paddedLength(length), salt, position, scratch);
    }

    /** Whether a record whose bytes [4, padded) have the CRC32C {@code plain} was sealed for this place. */
    static boolean isSealedWith(Memory memory, int offset, int plain, long salt, long position) {
        return memory.getInt(offset + CRC_OFFSET) == (plain ^ ChecksumSeed.of(salt, position));
    }

    private static int crc(Memory memory, int offset, int padded, long salt, long position, CRC32C scratch) {
        scratch.reset();
        memory.update(scratch, offset + LENGTH_OFFSET, padded - LENGTH_OFFSET);
        return (int) scratch.getValue() ^ ChecksumSeed.of(salt, position);
    }

    /**
     * Throws unless the header of a valid record is one that this version can write.
     *
     * @throws FormatVersionException where type or flags are not of this version
     * @throws CorruptionException where another field cannot be what it is
     */
    public static void check(Memory memory, int offset, long position, String file, long fileOffset) {
        int typeAndFlags = memory.getInt(offset + TYPE_OFFSET);
        if (typeAndFlags != BATCH) {
            throw new FormatVersionException(
                    file,
                    "a record of type " + (typeAndFlags & 0xFF) + " with flags 0x"
                            + Integer.toHexString(typeAndFlags >>> 8) + " at offset " + fileOffset,
                    "type " + BATCH + " without flags");
        }
        int count = count(memory, offset);
        int operationsLength = length(memory, offset) - HEADER_LENGTH;
        if (count <= 0 || count > MAX_COUNT || count > operationsLength / Operation.MIN_LENGTH) {
            throw new CorruptionException(
                    file,
                    fileOffset + COUNT_OFFSET,
                    "1 to " + Math.min(MAX_COUNT, operationsLength / Operation.MIN_LENGTH) + " operations",
                    Integer.toUnsignedString(count));
        }
        long forcedThrough = forcedThrough(memory, offset);
        if (forcedThrough < 0 || forcedThrough > position) {
            throw new CorruptionException(
                    file,
                    fileOffset + FORCED_THROUGH_OFFSET,
                    "a forced position of at most " + position,
                    Long.toUnsignedString(forcedThrough));
        }
        int end = offset + length(memory, offset);
        int padding = memory.firstNonZero(end, paddedLength(end - offset) - (end - offset));
        if (padding >= 0) {
            throw new CorruptionException(
                    file, fileOffset + (padding - offset), "zero padding", "" + memory.getUnsignedByte(padding));
        }
    }
}
