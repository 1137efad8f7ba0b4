package dev.cambium.segment.page;

import dev.cambium.error.CorruptionException;
import dev.cambium.segment.memory.Memory;

/**
 * What stands in a leaf instead of a long value.
 * <pre>
 *   0              8         16           20      24
 *   +--------------+---------+------------+-------+
 *   | home         | length  | payloadCrc | index |
 *   +--------------+---------+------------+-------+
 *     u64            u64       u32          u32
 * </pre>
 * {@code home} is the first pointer that the value page, or the chunk list, had; {@code payloadCrc} is that page's; {@code length} is
 * the value's. Stateless.
 */
public final class ValueReference {
    public static final int HOME_OFFSET = 0;
    public static final int LENGTH_OFFSET = 8;
    public static final int PAYLOAD_CRC_OFFSET = 16;
    public static final int INDEX_OFFSET = 20;
    public static final int LENGTH = 24;

    private ValueReference() {}

    public static void put(Memory target, int offset, long home, long length, int payloadCrc, int index) {
        target.putLong(offset + HOME_OFFSET, home);
        target.putLong(offset + LENGTH_OFFSET, length);
        target.putInt(offset + PAYLOAD_CRC_OFFSET, payloadCrc);
        target.putInt(offset + INDEX_OFFSET, index);
    }

    /** Throws unless this can be a reference to a value. */
    static void check(Memory page, int offset, String file, long zoneOffset) {
        long home = home(page, offset);
        int kind = Pointer.kind(home);
        boolean holds = Pointer.isPlausible(home)
                && (kind == PageKind.VALUES && index(page, offset) >= 0
                        || kind == PageKind.CHUNKS && index(page, offset) == 0)
                && valueLength(page, offset) >= 0;
        if (!holds) {
            throw new CorruptionException(
                    file,
                    zoneOffset + offset,
                    "a reference to a value",
                    Long.toHexString(home) + ", value " + Integer.toUnsignedString(index(page, offset)) + " of "
                            + Long.toUnsignedString(valueLength(page, offset)) + " bytes");
        }
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

    public static int index(Memory memory, int offset) {
        return memory.getInt(offset + INDEX_OFFSET);
    }
}
