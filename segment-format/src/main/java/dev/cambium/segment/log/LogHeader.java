package dev.cambium.segment.log;

import dev.cambium.error.CorruptionException;
import dev.cambium.error.FormatVersionException;
import dev.cambium.segment.format.FormatHead;
import dev.cambium.segment.memory.Memory;
import java.util.HexFormat;

/**
 * The first 4096 bytes of a log file: four 512-byte sectors, each written and checked for itself, then zeros.
 * <pre>
 *   0            512         1024              1536              2048     4096
 *   +------------+-----------+-----------------+-----------------+--------+
 *   | identity   | START     | forced slot 0   | forced slot 1   | zero   |
 *   +------------+-----------+-----------------+-----------------+--------+
 *
 *   identity:
 *   0      20          24        40      48     56         64    68     512
 *   +------+-----------+---------+-------+------+----------+-----+------+
 *   | head | alignment | storeId | logId | salt | capacity | crc | zero |
 *   +------+-----------+---------+-------+------+----------+-----+------+
 *      20       u32         16      u64     u64     u64      u32
 * </pre>
 * Little-endian. {@code head} is a {@link FormatHead} with the magic "CAMB-LOG". {@code crc} is CRC32C over bytes [0, 64).
 * {@code alignment} is that of records: 8; 512 and 4096 are defined for versions to come. {@code capacity} is the file's
 * length. The identity is written and forced when the log is prepared, after all the file's blocks have been, and never
 * changed in its life. {@link LogStart} and {@link ForcedSlots} describe the other sectors. Stateless; safe for any thread.
 */
public final class LogHeader {
    public static final int ALIGNMENT_OFFSET = 20;
    public static final int STORE_ID_OFFSET = 24;
    public static final int LOG_ID_OFFSET = 40;
    public static final int SALT_OFFSET = 48;
    public static final int CAPACITY_OFFSET = 56;
    public static final int CRC_OFFSET = 64;

    /** What is used of the identity's sector. */
    public static final int IDENTITY_LENGTH = 68;

    public static final int SECTOR_LENGTH = 512;
    public static final int IDENTITY_SECTOR = 0;
    public static final int START_SECTOR = SECTOR_LENGTH;
    public static final int SLOT_0_SECTOR = 2 * SECTOR_LENGTH;
    public static final int SLOT_1_SECTOR = 3 * SECTOR_LENGTH;
    public static final int ZERO_OFFSET = 4 * SECTOR_LENGTH;

    /** Bytes of the whole header; the first record stands behind it. */
    public static final int LENGTH = 4096;

    public static final int STORE_ID_LENGTH = 16;
    public static final long MAGIC = FormatHead.magic("CAMB-LOG");

    private LogHeader() {}

    /** Writes a whole header page of a log that has not been started. */
    static void put(Memory page, long logId, byte[] storeId, long salt, long capacity) {
        page.zero(0, LENGTH);
        FormatHead.put(page, 0, MAGIC);
        page.putInt(ALIGNMENT_OFFSET, LogRecord.ALIGNMENT);
        page.put(STORE_ID_OFFSET, storeId, 0, STORE_ID_LENGTH);
        page.putLong(LOG_ID_OFFSET, logId);
        page.putLong(SALT_OFFSET, salt);
        page.putLong(CAPACITY_OFFSET, capacity);
        page.putInt(CRC_OFFSET, FormatHead.crc(page, 0, CRC_OFFSET));
    }

    /**
     * Throws unless the page opens with the identity of a log of this store that this version can read, in a file of
     * {@code fileLength} bytes, and its last part is zero.
     */
    static void check(Memory page, byte[] storeId, long fileLength, String file) {
        FormatHead.checkIntact(page, 0, MAGIC, CRC_OFFSET, file, 0);
        FormatHead.checkReadable(page, 0, file);
        FormatHead.checkZero(page, IDENTITY_LENGTH, SECTOR_LENGTH - IDENTITY_LENGTH, file, IDENTITY_LENGTH);
        FormatHead.checkZero(page, ZERO_OFFSET, LENGTH - ZERO_OFFSET, file, ZERO_OFFSET);
        if (!page.equal(STORE_ID_OFFSET, storeId, 0, STORE_ID_LENGTH)) {
            throw new CorruptionException(
                    file,
                    STORE_ID_OFFSET,
                    "a file of the store " + HexFormat.of().formatHex(storeId),
                    "one of the store " + HexFormat.of().formatHex(page.toArray(STORE_ID_OFFSET, STORE_ID_LENGTH)));
        }
        int alignment = page.getInt(ALIGNMENT_OFFSET);
        if (alignment != LogRecord.ALIGNMENT) {
            throw new FormatVersionException(file, "records aligned to " + Integer.toUnsignedString(alignment), "8");
        }
        if (page.getLong(CAPACITY_OFFSET) != fileLength) {
            throw new CorruptionException(
                    file,
                    CAPACITY_OFFSET,
                    "a file of " + Long.toUnsignedString(page.getLong(CAPACITY_OFFSET)) + " bytes",
                    "one of " + fileLength);
        }
    }

    static long logId(Memory page) {
        return page.getLong(LOG_ID_OFFSET);
    }

    static long salt(Memory page) {
        return page.getLong(SALT_OFFSET);
    }
}
