package dev.cambium.segment.page;

import dev.cambium.error.CorruptionException;
import dev.cambium.segment.memory.Memory;

/**
 * What stands in a leaf instead of a long value.
 * <pre>
 *   0              8         16           20             24      26      28
 *   +--------------+---------+------------+--------------+-------+-------+
 *   | home         | length  | payloadCrc | storedLength | index | count |
 *   +--------------+---------+------------+--------------+-------+-------+
 *     u64            u64       u32          u32            u16     u16
 * </pre>
 * {@code home} is the first pointer that the value page, or the chunk list, had; {@code payloadCrc} and {@code storedLength} are that page's,
 * and {@code count} says how many values it has; {@code length} is the value's. Stateless.
 */
public final class ValueReference {
    public static final int HOME_OFFSET = 0;
    public static final int LENGTH_OFFSET = 8;
    public static final int PAYLOAD_CRC_OFFSET = 16;
    public static final int STORED_LENGTH_OFFSET = 20;
    public static final int INDEX_OFFSET = 24;
    public static final int COUNT_OFFSET = 26;
    public static final int LENGTH = 28;

    private ValueReference() {}

    /**
     * Writes a reference.
     *
     * @param storedLength of the page
     * @param count of values in the page
     */
    public static void put(
            Memory target, int offset, long home, long length, int payloadCrc, int storedLength, int index, int count) {
        target.putLong(offset + HOME_OFFSET, home);
        target.putLong(offset + LENGTH_OFFSET, length);
        target.putInt(offset + PAYLOAD_CRC_OFFSET, payloadCrc);
        target.putInt(offset + STORED_LENGTH_OFFSET, storedLength);
        target.putShort(offset + INDEX_OFFSET, index);
        target.putShort(offset + COUNT_OFFSET, count);
    }

    /** Throws unless this can be a reference to a value. */
    static void check(Memory page, int offset, String file, long fileOffset) {
        if (!isInPage(page, offset) && !canBeChunked(page, offset)) {
            throw notA("reference to a value", page, offset, file, fileOffset);
        }
    }

    private static boolean isInPage(Memory page, int offset) {
        return Pointer.kind(home(page, offset)) == PageKind.VALUES
                && Pointer.isPlausible(home(page, offset))
                && Pointer.fits(home(page, offset), storedLength(page, offset))
                && index(page, offset) < count(page, offset)
                && count(page, offset) <= units(page, offset)
                && valueLength(page, offset) >= 0;
    }

    /** Throws unless this can be a reference to a value that a put has written: in chunks, or up to 1 MiB in a page of its own. */
    public static void checkLogged(Memory memory, int offset, String file, long fileOffset) {
        boolean isAlone = isInPage(memory, offset)
                && count(memory, offset) == 1
                && valueLength(memory, offset) > 0
                && valueLength(memory, offset) <= ChunkList.CHUNK_LENGTH;
        if (!isAlone && !canBeChunked(memory, offset)) {
            throw notA("reference to a value in chunks, or in a page of its own", memory, offset, file, fileOffset);
        }
    }

    private static boolean canBeChunked(Memory memory, int offset) {
        return isChunked(memory, offset)
                && Pointer.isPlausible(home(memory, offset))
                && Pointer.fits(home(memory, offset), storedLength(memory, offset))
                && index(memory, offset) == 0
                && count(memory, offset) == 1
                && valueLength(memory, offset) > ChunkList.CHUNK_LENGTH
                && valueLength(memory, offset) <= ChunkList.MOST_LENGTH;
    }

    private static CorruptionException notA(String what, Memory memory, int offset, String file, long fileOffset) {
        return new CorruptionException(
                file,
                fileOffset,
                "a " + what,
                Long.toHexString(home(memory, offset)) + " of " + Integer.toUnsignedString(storedLength(memory, offset))
                        + " bytes, value " + index(memory, offset) + " of " + count(memory, offset) + ", "
                        + Long.toUnsignedString(valueLength(memory, offset)) + " bytes");
    }

    /** Whether the value stands in chunks, and {@link #home} leads to their list. */
    public static boolean isChunked(Memory memory, int offset) {
        return Pointer.kind(home(memory, offset)) == PageKind.CHUNKS;
    }

    public static long home(Memory memory, int offset) {
        return memory.getLong(offset + HOME_OFFSET);
    }

    /** Bytes of the value. */
    public static long valueLength(Memory memory, int offset) {
        return memory.getLong(offset + LENGTH_OFFSET);
    }

    public static int payloadCrc(Memory memory, int offset) {
        return memory.getInt(offset + PAYLOAD_CRC_OFFSET);
    }

    /** Bytes of the page in its zone, without padding. */
    public static int storedLength(Memory memory, int offset) {
        return memory.getInt(offset + STORED_LENGTH_OFFSET);
    }

    public static int index(Memory memory, int offset) {
        return memory.getUnsignedShort(offset + INDEX_OFFSET);
    }

    /** How many values the page has: no more than units. */
    public static int count(Memory memory, int offset) {
        return memory.getUnsignedShort(offset + COUNT_OFFSET);
    }

    /** Units of {@link Pointer#ALIGNMENT} bytes that the page takes in its zone. */
    private static int units(Memory memory, int offset) {
        return Pointer.paddedLength(storedLength(memory, offset)) / Pointer.ALIGNMENT;
    }

    /**
     * The first of the units of its zone that are live as long as this value is: the page's are shared out evenly among its values, in their
     * order, so that each has one at least.
     */
    public static long firstUnit(Memory memory, int offset) {
        return shareStart(memory, offset, index(memory, offset));
    }

    /** The unit behind the last of those. */
    public static long endUnit(Memory memory, int offset) {
        return shareStart(memory, offset, index(memory, offset) + 1);
    }

    private static long shareStart(Memory memory, int offset, int index) {
        return Pointer.offset(home(memory, offset)) / Pointer.ALIGNMENT
                + (long) index * units(memory, offset) / count(memory, offset);
    }
}
