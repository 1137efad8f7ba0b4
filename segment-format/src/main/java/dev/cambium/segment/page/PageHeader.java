package dev.cambium.segment.page;

import dev.cambium.error.CorruptionException;
import dev.cambium.error.FormatVersionException;
import dev.cambium.segment.memory.Memory;
import dev.cambium.segment.memory.RangeCrc;

/**
 * The first 48 bytes of a page.
 * <pre>
 *   0           4            8        9      10      11      12      14             16             20          24     32      40
 *   +-----------+------------+--------+------+-------+-------+-------+--------------+--------------+-----------+------+-------+-------+
 *   | headerCrc | payloadCrc | format | kind | level | codec | flags | dictionaryId | storedLength | rawLength | self | birth | owner |
 *   +-----------+------------+--------+------+-------+-------+-------+--------------+--------------+-----------+------+-------+-------+
 *     u32         u32          u8       u8     u8      u8      u16     u16            u32            u32         u64    u64     u64
 * </pre>
 * {@code headerCrc} is CRC32C over the store's id and bytes [4, 48); {@code payloadCrc} over the stored bytes behind the header,
 * so it stays when the page moves. Stateless; safe for any thread.
 */
public final class PageHeader {
    public static final int HEADER_CRC_OFFSET = 0;
    public static final int PAYLOAD_CRC_OFFSET = 4;
    public static final int FORMAT_OFFSET = 8;
    public static final int KIND_OFFSET = 9;
    public static final int LEVEL_OFFSET = 10;
    public static final int CODEC_OFFSET = 11;
    public static final int FLAGS_OFFSET = 12;
    public static final int DICTIONARY_ID_OFFSET = 14;
    public static final int STORED_LENGTH_OFFSET = 16;
    public static final int RAW_LENGTH_OFFSET = 20;
    public static final int SELF_OFFSET = 24;
    public static final int BIRTH_OFFSET = 32;
    public static final int OWNER_OFFSET = 40;
    public static final int LENGTH = 48;

    public static final int FORMAT = 1;
    public static final int CODEC_NONE = 0;
    public static final int CODEC_LZ4 = 1;
    public static final int MOST_LEVEL = 15;

    /** The longest page, header included, stored or raw: 4 MiB. */
    public static final int MAX_PAGE_LENGTH = 1 << 22;

    private PageHeader() {}

    /** Writes the checksum of a header that is complete but for it. */
    static void seal(Memory memory, int offset, byte[] storeId, RangeCrc crc) {
        memory.putInt(offset + HEADER_CRC_OFFSET, crc(memory, offset, storeId, crc));
    }

    private static int crc(Memory memory, int offset, byte[] storeId) {
        return crc(memory, offset, storeId, new RangeCrc());
    }

    private static int crc(Memory memory, int offset, byte[] storeId, RangeCrc crc) {
        crc.reset();
        crc.update(storeId);
        crc.update(memory, offset + PAYLOAD_CRC_OFFSET, LENGTH - PAYLOAD_CRC_OFFSET);
        return crc.value();
    }

    /** Whether an intact header of this store stands here. */
    public static boolean isIntact(Memory memory, int offset, byte[] storeId) {
        return memory.getInt(offset + HEADER_CRC_OFFSET) == crc(memory, offset, storeId);
    }

    /**
     * Throws unless the header is intact, of a format that this version reads, and of a page that can stand here.
     *
     * @param available bytes from the header on
     * @param zone number of the zone
     * @param zoneOffset where the header stands in it
     */
    public static void check(
            Memory memory, int offset, int available, byte[] storeId, int zone, long zoneOffset, String file) {
        if (available < LENGTH) {
            throw new CorruptionException(
                    file, zoneOffset, "a page header of " + LENGTH + " bytes", available + " bytes");
        }
        if (!isIntact(memory, offset, storeId)) {
            throw new CorruptionException(
                    file,
                    zoneOffset + HEADER_CRC_OFFSET,
                    "the header checksum " + Integer.toHexString(crc(memory, offset, storeId)),
                    Integer.toHexString(memory.getInt(offset + HEADER_CRC_OFFSET)));
        }
        int format = memory.getUnsignedByte(offset + FORMAT_OFFSET);
        if (format > FORMAT) {
            throw new FormatVersionException(
                    file, "page format " + format + " at offset " + zoneOffset, "page formats up to " + FORMAT);
        }
        int kind = memory.getUnsignedByte(offset + KIND_OFFSET);
        if (PageKind.isReserved(kind)) {
            throw new FormatVersionException(file, "page kind " + kind + " at offset " + zoneOffset, "kinds 1 to 5");
        }
        int codec = memory.getUnsignedByte(offset + CODEC_OFFSET);
        if (codec > CODEC_LZ4) {
            throw new FormatVersionException(file, "codec " + codec + " at offset " + zoneOffset, "codecs 0 and 1");
        }
        int dictionary = memory.getUnsignedShort(offset + DICTIONARY_ID_OFFSET);
        if (dictionary != 0) {
            throw new FormatVersionException(
                    file, "compression dictionary " + dictionary + " at offset " + zoneOffset, "no dictionaries");
        }
        int level = memory.getUnsignedByte(offset + LEVEL_OFFSET);
        require(
                format == FORMAT
                        && PageKind.isKnown(kind)
                        && (kind == PageKind.KEYS ? level >= 1 && level <= MOST_LEVEL : level == 0),
                file,
                zoneOffset + FORMAT_OFFSET,
                "format 1, a kind and a level that goes with it",
                "format " + format + ", level " + level + ", kind " + kind);
        int stored = memory.getInt(offset + STORED_LENGTH_OFFSET);
        int raw = memory.getInt(offset + RAW_LENGTH_OFFSET);
        require(
                raw > LENGTH && raw <= MAX_PAGE_LENGTH,
                file,
                zoneOffset + RAW_LENGTH_OFFSET,
                "a raw length of 49 to " + MAX_PAGE_LENGTH,
                Integer.toUnsignedString(raw));
        require(
                stored > LENGTH && (codec == CODEC_NONE ? stored == raw : stored < raw),
                file,
                zoneOffset + STORED_LENGTH_OFFSET,
                codec == CODEC_NONE ? "the raw length " + raw : "less than the raw length " + raw,
                Integer.toUnsignedString(stored));
        long self = Pointer.of(zone, (int) zoneOffset, stored, raw, kind);
        require(
                memory.getLong(offset + SELF_OFFSET) == self,
                file,
                zoneOffset + SELF_OFFSET,
                "the page's own pointer " + Long.toHexString(self),
                Long.toHexString(memory.getLong(offset + SELF_OFFSET)));
        require(
                stored <= available,
                file,
                zoneOffset + STORED_LENGTH_OFFSET,
                "at most " + available + " bytes",
                "a page of " + stored);
    }

    private static void require(boolean holds, String file, long offset, String expected, String found) {
        if (!holds) {
            throw new CorruptionException(file, offset, expected, found);
        }
    }

    public static int payloadCrc(Memory memory, int offset) {
        return memory.getInt(offset + PAYLOAD_CRC_OFFSET);
    }

    public static int kind(Memory memory, int offset) {
        return memory.getUnsignedByte(offset + KIND_OFFSET);
    }

    public static int level(Memory memory, int offset) {
        return memory.getUnsignedByte(offset + LEVEL_OFFSET);
    }

    public static int codec(Memory memory, int offset) {
        return memory.getUnsignedByte(offset + CODEC_OFFSET);
    }

    public static int flags(Memory memory, int offset) {
        return memory.getUnsignedShort(offset + FLAGS_OFFSET);
    }

    /** Bytes of the page as it is stored, header included, padding not. */
    public static int storedLength(Memory memory, int offset) {
        return memory.getInt(offset + STORED_LENGTH_OFFSET);
    }

    /** Bytes of header and raw payload. */
    public static int rawLength(Memory memory, int offset) {
        return memory.getInt(offset + RAW_LENGTH_OFFSET);
    }

    public static long self(Memory memory, int offset) {
        return memory.getLong(offset + SELF_OFFSET);
    }

    public static long birth(Memory memory, int offset) {
        return memory.getLong(offset + BIRTH_OFFSET);
    }

    public static long owner(Memory memory, int offset) {
        return memory.getLong(offset + OWNER_OFFSET);
    }
}
