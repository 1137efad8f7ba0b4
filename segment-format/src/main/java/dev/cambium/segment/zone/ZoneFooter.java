package dev.cambium.segment.zone;

import dev.cambium.error.CorruptionException;
import dev.cambium.segment.format.FormatHead;
import dev.cambium.segment.memory.Memory;
import dev.cambium.segment.page.Pointer;

/**
 * The last 64 bytes of a sealed zone.
 * <pre>
 *   0       8            16        20                24      28     60    64
 *   +-------+------------+---------+-----------------+-------+------+-----+
 *   | magic | zoneNumber | dataEnd | directoryOffset | count | zero | crc |
 *   +-------+------------+---------+-----------------+-------+------+-----+
 *     8       u64          u32       u32               u32     32     u32
 * </pre>
 * {@code magic} is "CAMB-ZEN"; {@code crc} is CRC32C over [0, 60). Stateless.
 */
public final class ZoneFooter {
    public static final int ZONE_NUMBER_OFFSET = 8;
    public static final int DATA_END_OFFSET = 16;
    public static final int DIRECTORY_OFFSET_OFFSET = 20;
    public static final int COUNT_OFFSET = 24;
    public static final int ZERO_OFFSET = 28;
    public static final int CRC_OFFSET = 60;
    public static final int LENGTH = 64;

    public static final long MAGIC = FormatHead.magic("CAMB-ZEN");

    private ZoneFooter() {}

    static void put(Memory memory, int offset, int zone, int dataEnd, int directoryOffset, int count) {
        memory.zero(offset, LENGTH);
        memory.putLong(offset, MAGIC);
        memory.putLong(offset + ZONE_NUMBER_OFFSET, zone);
        memory.putInt(offset + DATA_END_OFFSET, dataEnd);
        memory.putInt(offset + DIRECTORY_OFFSET_OFFSET, directoryOffset);
        memory.putInt(offset + COUNT_OFFSET, count);
        memory.putInt(offset + CRC_OFFSET, FormatHead.crc(memory, offset, CRC_OFFSET));
    }

    /**
     * Throws unless an intact footer of this zone stands at {@code offset}.
     *
     * @param fileOffset where it stands in the file, which ends behind it
     */
    public static void check(Memory memory, int offset, int zone, String file, long fileOffset) {
        FormatHead.checkIntact(memory, offset, MAGIC, CRC_OFFSET, file, fileOffset);
        FormatHead.checkZero(memory, offset + ZERO_OFFSET, CRC_OFFSET - ZERO_OFFSET, file, fileOffset + ZERO_OFFSET);
        long dataEnd = memory.getUnsignedInt(offset + DATA_END_OFFSET);
        long directory = memory.getUnsignedInt(offset + DIRECTORY_OFFSET_OFFSET);
        long count = memory.getUnsignedInt(offset + COUNT_OFFSET);
        boolean holds = memory.getLong(offset + ZONE_NUMBER_OFFSET) == zone
                && dataEnd >= ZoneHeader.LENGTH
                && dataEnd <= ZoneWriter.MAX_LENGTH
                && dataEnd % Pointer.ALIGNMENT == 0
                && directory == dataEnd
                && directory + ZoneDirectory.paddedLength(count) == fileOffset;
        if (!holds) {
            throw new CorruptionException(
                    file,
                    fileOffset,
                    "the footer of zone " + zone + " with a directory that ends here",
                    "zone " + memory.getLong(offset + ZONE_NUMBER_OFFSET) + ", data to " + dataEnd + ", " + count
                            + " entries at " + directory);
        }
    }
}
