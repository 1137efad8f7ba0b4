package dev.cambium.segment.zone;

import dev.cambium.error.CorruptionException;
import dev.cambium.segment.format.FormatHead;
import dev.cambium.segment.memory.Memory;
import dev.cambium.segment.page.PageHeader;
import dev.cambium.segment.page.Pointer;

/**
 * Where the pages of a sealed zone are: an entry of 32 bytes each, in the order of their offsets, then a checksum, then zeros to a
 * multiple of 64.
 * <pre>
 *   0        4              8      9       10     12           16      24         32
 *   +--------+--------------+------+-------+------+------------+-------+----------+
 *   | offset | storedLength | kind | level | zero | payloadCrc | owner | firstKey |
 *   +--------+--------------+------+-------+------+------------+-------+----------+
 *     u32      u32            u8     u8      u16    u32          u64     u64
 * </pre>
 * Stateless.
 */
public final class ZoneDirectory {
    public static final int OFFSET_OFFSET = 0;
    public static final int STORED_LENGTH_OFFSET = 4;
    public static final int KIND_OFFSET = 8;
    public static final int LEVEL_OFFSET = 9;
    public static final int ZERO_OFFSET = 10;
    public static final int PAYLOAD_CRC_OFFSET = 12;
    public static final int OWNER_OFFSET = 16;
    public static final int FIRST_KEY_OFFSET = 24;
    public static final int ENTRY_LENGTH = 32;

    private ZoneDirectory() {}

    /** Bytes of a directory with so many entries, checksum and padding included. */
    static long paddedLength(long count) {
        return (count * ENTRY_LENGTH + 4 + Pointer.ALIGNMENT - 1) & -Pointer.ALIGNMENT;
    }

    /** Writes the entry of a stored page. */
    static void putEntry(Memory target, int at, int zoneOffset, Memory page, int pageAt, long firstKey) {
        target.putInt(at + OFFSET_OFFSET, zoneOffset);
        target.putInt(at + STORED_LENGTH_OFFSET, PageHeader.storedLength(page, pageAt));
        target.putByte(at + KIND_OFFSET, PageHeader.kind(page, pageAt));
        target.putByte(at + LEVEL_OFFSET, PageHeader.level(page, pageAt));
        target.putShort(at + ZERO_OFFSET, 0);
        target.putInt(at + PAYLOAD_CRC_OFFSET, PageHeader.payloadCrc(page, pageAt));
        target.putLong(at + OWNER_OFFSET, PageHeader.owner(page, pageAt));
        target.putIntBigEndian(at + FIRST_KEY_OFFSET, (int) (firstKey >>> 32));
        target.putIntBigEndian(at + FIRST_KEY_OFFSET + 4, (int) firstKey);
    }

    /** Throws unless the directory at {@code at} is intact: its checksum, and zeros behind it. */
    public static void check(Memory memory, int at, int count, String file, long fileOffset) {
        int length = count * ENTRY_LENGTH;
        int crc = FormatHead.crc(memory, at, length);
        if (memory.getInt(at + length) != crc) {
            throw new CorruptionException(
                    file,
                    fileOffset + length,
                    "the directory checksum " + Integer.toHexString(crc),
                    Integer.toHexString(memory.getInt(at + length)));
        }
        int end = (int) paddedLength(count);
        FormatHead.checkZero(memory, at + length + 4, end - length - 4, file, fileOffset + length + 4);
    }
}
