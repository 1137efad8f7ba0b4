package dev.cambium.segment.log;

import dev.cambium.error.CorruptionException;
import dev.cambium.segment.format.ChecksumSeed;
import dev.cambium.segment.format.FormatHead;
import dev.cambium.segment.memory.Memory;
import java.util.Arrays;

/**
 * The second sector of a log's header: where the log takes over from its predecessor, and in which boot it was written last.
 * <pre>
 *   0        16             24           32            40                  48              56    60       64    512
 *   +--------+--------------+------------+-------------+-------------------+---------------+-----+--------+------+
 *   | bootId | basePosition | previousId | previousEnd | previousLastBatch | forcedThrough | crc | marker | zero |
 *   +--------+--------------+------------+-------------+-------------------+---------------+-----+--------+------+
 *      16         u64            u64          u64               u64              u64         u32     u32
 * </pre>
 * Little-endian; offsets within the sector. {@code basePosition} is the position of the first record, at file offset 4096.
 * {@code previousId} is 0 where no log came before. {@code forcedThrough} is the greatest position known to be forced then.
 * {@code crc} is CRC32C over bytes [0, 56) XOR the {@link ChecksumSeed} of the log's salt and 512. {@code marker} is 1. The
 * sector is all zero until the log is first used. Immutable.
 *
 * @param bootId identifies the boot of the machine, see {@link dev.cambium.segment.disk.ZoneFileSystem#bootId}; not copied
 * @param basePosition position of the log's first record
 * @param previousId the log before this one, 0 where there is none
 * @param previousEnd position at which that one ends
 * @param previousLastBatch the last batch before this log
 * @param forcedThrough the greatest position known to be forced when the log was started
 */
public record LogStart(
        byte[] bootId,
        long basePosition,
        long previousId,
        long previousEnd,
        long previousLastBatch,
        long forcedThrough) {
    static final int BOOT_ID_OFFSET = 0;
    static final int BASE_POSITION_OFFSET = 16;
    static final int PREVIOUS_ID_OFFSET = 24;
    static final int PREVIOUS_END_OFFSET = 32;
    static final int PREVIOUS_LAST_BATCH_OFFSET = 40;
    static final int FORCED_THROUGH_OFFSET = 48;
    static final int CRC_OFFSET = 56;
    static final int MARKER_OFFSET = 60;
    static final int LENGTH = 64;
    static final int BOOT_ID_LENGTH = 16;

    /** The greatest position and batch number: far from where a sum could overflow. */
    public static final long MAX_POSITION = 1L << 62;

    private static final int MARKER = 1;

    public LogStart {
        requireWithin("basePosition", basePosition);
        requireWithin("previousEnd", previousEnd);
        requireWithin("previousLastBatch", previousLastBatch);
        requireWithin("forcedThrough", forcedThrough);
        if (basePosition % LogRecord.ALIGNMENT != 0 || bootId.length != BOOT_ID_LENGTH) {
            throw new IllegalArgumentException("basePosition is " + basePosition + ", must be a multiple of "
                    + LogRecord.ALIGNMENT + "; a boot id of " + bootId.length + " bytes, must be 16");
        }
    }

    private static void requireWithin(String what, long value) {
        if (value < 0 || value > MAX_POSITION) {
            throw new IllegalArgumentException(what + " is " + value + ", must be 0 to " + MAX_POSITION);
        }
    }

    /** The same start, as of another boot. */
    LogStart withBootId(byte[] other) {
        return new LogStart(other, basePosition, previousId, previousEnd, previousLastBatch, forcedThrough);
    }

    /** Whether the log was written last in the boot that {@code running} identifies; never where the system tells none. */
    public boolean isOfBoot(byte[] running) {
        return Arrays.equals(bootId, running) && !Arrays.equals(running, new byte[BOOT_ID_LENGTH]);
    }

    /** Writes the whole sector at {@code offset}. */
    void put(Memory memory, int offset, long salt) {
        memory.zero(offset, LogHeader.SECTOR_LENGTH);
        memory.put(offset + BOOT_ID_OFFSET, bootId, 0, BOOT_ID_LENGTH);
        memory.putLong(offset + BASE_POSITION_OFFSET, basePosition);
        memory.putLong(offset + PREVIOUS_ID_OFFSET, previousId);
        memory.putLong(offset + PREVIOUS_END_OFFSET, previousEnd);
        memory.putLong(offset + PREVIOUS_LAST_BATCH_OFFSET, previousLastBatch);
        memory.putLong(offset + FORCED_THROUGH_OFFSET, forcedThrough);
        memory.putInt(offset + CRC_OFFSET, crc(memory, offset, salt));
        memory.putInt(offset + MARKER_OFFSET, MARKER);
    }

    /** The start that stands at {@code offset}, null where the sector is zero; throws where it is anything else. */
    static LogStart read(Memory memory, int offset, long salt, String file, long fileOffset) {
        if (memory.isZero(offset, LogHeader.SECTOR_LENGTH)) {
            return null;
        }
        int crc = crc(memory, offset, salt);
        if (memory.getInt(offset + CRC_OFFSET) != crc || memory.getInt(offset + MARKER_OFFSET) != MARKER) {
            throw new CorruptionException(
                    file,
                    fileOffset + CRC_OFFSET,
                    "a START sector with checksum " + Integer.toHexString(crc),
                    Integer.toHexString(memory.getInt(offset + CRC_OFFSET)));
        }
        FormatHead.checkZero(memory, offset + LENGTH, LogHeader.SECTOR_LENGTH - LENGTH, file, fileOffset + LENGTH);
        try {
            return new LogStart(
                    memory.toArray(offset + BOOT_ID_OFFSET, BOOT_ID_LENGTH),
                    memory.getLong(offset + BASE_POSITION_OFFSET),
                    memory.getLong(offset + PREVIOUS_ID_OFFSET),
                    memory.getLong(offset + PREVIOUS_END_OFFSET),
                    memory.getLong(offset + PREVIOUS_LAST_BATCH_OFFSET),
                    memory.getLong(offset + FORCED_THROUGH_OFFSET));
        } catch (IllegalArgumentException outOfRange) {
            throw new CorruptionException(file, fileOffset, "a START sector within limits", outOfRange.getMessage());
        }
    }

    private static int crc(Memory memory, int offset, long salt) {
        return FormatHead.crc(memory, offset, CRC_OFFSET) ^ ChecksumSeed.of(salt, LogHeader.START_SECTOR);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof LogStart that
                && Arrays.equals(bootId, that.bootId)
                && basePosition == that.basePosition
                && previousId == that.previousId
                && previousEnd == that.previousEnd
                && previousLastBatch == that.previousLastBatch
                && forcedThrough == that.forcedThrough;
    }

    @Override
    public int hashCode() {
        return Long.hashCode(basePosition * 31 + previousId);
    }
}
