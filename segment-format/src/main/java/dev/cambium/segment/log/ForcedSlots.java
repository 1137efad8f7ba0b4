package dev.cambium.segment.log;

import dev.cambium.segment.format.ChecksumSeed;
import dev.cambium.segment.format.FormatHead;
import dev.cambium.segment.memory.Memory;

/**
 * The two <em>forced through</em> slots of a log's header: how far the log is known to be on the medium.
 * <pre>
 *   0          8          16      24    28    512
 *   +----------+----------+-------+-----+------+
 *   | sequence | position | batch | crc | zero |
 *   +----------+----------+-------+-----+------+
 *      u64        u64       u64     u32
 * </pre>
 * Little-endian; offsets within the slot's sector, at 1024 and 1536. After each force the next {@code sequence} (from 1 on) is
 * stored into slot {@code (sequence - 1) & 1}; it reaches the medium with the force after it at the latest. All bytes before
 * {@code position}, and {@code batch} and all before it, are forced. {@code crc} is CRC32C over bytes [0, 24) XOR the
 * {@link ChecksumSeed} of the log's salt and the slot's offset in the file. A slot that was never stored is all zero.
 *
 * <p>A slot is damaged when its checksum does not hold, or when it is not what the other one says that it must be. A process
 * that dies while it stores a slot damages that one, so one damaged slot is what a crash may leave. Immutable.
 *
 * @param sequence of the newest slot that holds; 0 where none was stored
 * @param position all bytes before it are forced; 0 where no slot holds
 * @param batch this batch and all before it are forced; 0 where no slot holds
 * @param damaged how many of the two slots are damaged, 0 to 2
 */
public record ForcedSlots(long sequence, long position, long batch, int damaged) {
    static final int SEQUENCE_OFFSET = 0;
    static final int POSITION_OFFSET = 8;
    static final int BATCH_OFFSET = 16;
    static final int CRC_OFFSET = 24;
    static final int LENGTH = 28;

    /** What is stored at once: a multiple of eight bytes. */
    static final int STORED_LENGTH = 32;

    static final ForcedSlots NONE = new ForcedSlots(0, 0, 0, 0);

    /** Where in the file the slot of a sequence number stands. */
    static int offsetOf(long sequence) {
        return (sequence & 1) == 1 ? LogHeader.SLOT_0_SECTOR : LogHeader.SLOT_1_SECTOR;
    }

    /** Writes {@link #STORED_LENGTH} bytes of a slot at {@code offset}. */
    static void put(Memory memory, int offset, long salt, long sequence, long position, long batch) {
        memory.putLong(offset + SEQUENCE_OFFSET, sequence);
        memory.putLong(offset + POSITION_OFFSET, position);
        memory.putLong(offset + BATCH_OFFSET, batch);
        memory.putLong(offset + CRC_OFFSET, crc(memory, offset, salt, offsetOf(sequence)) & 0xFFFF_FFFFL);
    }

    /**
     * Reads both slots of a header page.
     *
     * @param base position of the log's first record
     * @param limit position at which the file has no more room
     */
    static ForcedSlots read(Memory page, long salt, long base, long limit) {
        long first = sequence(page, LogHeader.SLOT_0_SECTOR, salt, base, limit);
        long second = sequence(page, LogHeader.SLOT_1_SECTOR, salt, base, limit);
        if (first <= 0 && second <= 0) {
            int damaged = (first < 0 ? 1 : 0) + (second < 0 ? 1 : 0);
            // Slot 1 is stored after slot 0 only: damage there cannot stand beside a slot 0 that was never stored.
            return new ForcedSlots(0, 0, 0, first == 0 && second < 0 ? 2 : damaged);
        }
        long newest = Math.max(first, second);
        long other = Math.min(first, second);
        boolean otherHolds = other == newest - 1;
        int at = offsetOf(newest);
        return new ForcedSlots(
                newest, page.getLong(at + POSITION_OFFSET), page.getLong(at + BATCH_OFFSET), otherHolds ? 0 : 1);
    }

    /** The sequence number in a slot; 0 where it is zero, -1 where it is damaged. */
    private static long sequence(Memory page, int offset, long salt, long base, long limit) {
        if (page.isZero(offset, LogHeader.SECTOR_LENGTH)) {
            return 0;
        }
        long sequence = page.getLong(offset + SEQUENCE_OFFSET);
        long position = page.getLong(offset + POSITION_OFFSET);
        boolean holds = page.getInt(offset + CRC_OFFSET) == crc(page, offset, salt, offset)
                && page.isZero(offset + LENGTH, LogHeader.SECTOR_LENGTH - LENGTH)
                && sequence > 0
                && offsetOf(sequence) == offset
                && position >= base
                && position <= limit
                && page.getLong(offset + BATCH_OFFSET) >= 0;
        return holds ? sequence : -1;
    }

    private static int crc(Memory memory, int offset, long salt, int fileOffset) {
        return FormatHead.crc(memory, offset, CRC_OFFSET) ^ ChecksumSeed.of(salt, fileOffset);
    }
}
