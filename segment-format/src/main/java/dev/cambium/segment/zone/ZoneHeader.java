package dev.cambium.segment.zone;

import dev.cambium.error.CorruptionException;
import dev.cambium.error.FormatVersionException;
import dev.cambium.segment.format.FormatHead;
import dev.cambium.segment.memory.Memory;
import java.util.HexFormat;

/**
 * The first 4096 bytes of a zone file.
 * <pre>
 *   0      20     24        40           48       52             56              64                72    76     4096
 *   +------+------+---------+------------+--------+--------------+---------------+-----------------+-----+------+
 *   | head | zero | storeId | zoneNumber | stream | expiryBucket | createdMillis | encryptionKeyId | crc | zero |
 *   +------+------+---------+------------+--------+--------------+---------------+-----------------+-----+------+
 *      20     4      16        u64          u32      u32            u64             u64               u32
 * </pre>
 * Little-endian. {@code head} is a {@link FormatHead} with the magic "CAMB-ZON"; {@code crc} is CRC32C over [0, 72). A zone's number is
 * never used again in the life of a store. Stateless; safe for any thread.
 */
public final class ZoneHeader {
    public static final int STORE_ID_OFFSET = 24;
    public static final int ZONE_NUMBER_OFFSET = 40;
    public static final int STREAM_OFFSET = 48;
    public static final int EXPIRY_BUCKET_OFFSET = 52;
    public static final int CREATED_MILLIS_OFFSET = 56;
    public static final int ENCRYPTION_KEY_ID_OFFSET = 64;
    public static final int CRC_OFFSET = 72;

    /** What is used of the header. */
    public static final int FIELDS_LENGTH = 76;

    /** Bytes of the whole header; the first page stands behind it. */
    public static final int LENGTH = 4096;

    public static final int STORE_ID_LENGTH = 16;
    public static final long MAGIC = FormatHead.magic("CAMB-ZON");

    private ZoneHeader() {}

    /** Writes a whole header. */
    static void put(Memory page, int zone, byte[] storeId, int stream, long createdMillis) {
        page.zero(0, LENGTH);
        FormatHead.put(page, 0, MAGIC);
        page.put(STORE_ID_OFFSET, storeId, 0, STORE_ID_LENGTH);
        page.putLong(ZONE_NUMBER_OFFSET, zone);
        page.putInt(STREAM_OFFSET, stream);
        page.putLong(CREATED_MILLIS_OFFSET, createdMillis);
        page.putInt(CRC_OFFSET, FormatHead.crc(page, 0, CRC_OFFSET));
    }

    /** Throws unless the page is the header of this zone of this store, which this version can read. */
    public static void check(Memory page, int zone, byte[] storeId, String file) {
        FormatHead.checkIntact(page, 0, MAGIC, CRC_OFFSET, file, 0);
        FormatHead.checkReadable(page, 0, file);
        FormatHead.checkZero(page, FormatHead.LENGTH, STORE_ID_OFFSET - FormatHead.LENGTH, file, FormatHead.LENGTH);
        FormatHead.checkZero(page, FIELDS_LENGTH, LENGTH - FIELDS_LENGTH, file, FIELDS_LENGTH);
        if (!page.equal(STORE_ID_OFFSET, storeId, 0, STORE_ID_LENGTH)) {
            throw new CorruptionException(
                    file,
                    STORE_ID_OFFSET,
                    "a file of the store " + HexFormat.of().formatHex(storeId),
                    "one of the store " + HexFormat.of().formatHex(page.toArray(STORE_ID_OFFSET, STORE_ID_LENGTH)));
        }
        if (page.getLong(ZONE_NUMBER_OFFSET) != zone) {
            throw new CorruptionException(
                    file,
                    ZONE_NUMBER_OFFSET,
                    "the zone number " + zone,
                    Long.toUnsignedString(page.getLong(ZONE_NUMBER_OFFSET)));
        }
        if (page.getInt(EXPIRY_BUCKET_OFFSET) != 0 || page.getLong(ENCRYPTION_KEY_ID_OFFSET) != 0) {
            throw new FormatVersionException(
                    file,
                    "the expiry bucket " + Integer.toUnsignedString(page.getInt(EXPIRY_BUCKET_OFFSET))
                            + " and the encryption key "
                            + Long.toUnsignedString(page.getLong(ENCRYPTION_KEY_ID_OFFSET)),
                    "neither");
        }
    }
}
