package dev.cambium.segment.page;

/**
 * How a page is named: where it is, how much to read, and how big a buffer to unpack into, before the page is touched.
 * <pre>
 *   63            36 35           14 13          7 6          3 2      0
 *   +---------------+---------------+-------------+------------+--------+
 *   | zone          | offset / 64   | storedClass | rawClass   | kind   |
 *   +---------------+---------------+-------------+------------+--------+
 * </pre>
 * A pointer is a {@code long}; 0 is the null pointer. Zones are 1 to 2^28 - 1, offsets below 256 MiB; see {@link SizeClass}
 * and {@link PageKind}. Stateless.
 */
public final class Pointer {
    public static final long NULL = 0;

    /** Pages begin at multiples of so many bytes. */
    public static final int ALIGNMENT = 64;

    public static final int MOST_ZONE = (1 << 28) - 1;

    private static final int RAW_SHIFT = 3;
    private static final int STORED_SHIFT = 7;
    private static final int OFFSET_SHIFT = 14;
    private static final int ZONE_SHIFT = 36;

    private Pointer() {}

    /**
     * The pointer to a page.
     *
     * @param offset in the zone, a multiple of {@value #ALIGNMENT}
     * @param storedLength bytes of the page in the zone, without padding
     * @param rawLength bytes of header and raw payload
     */
    public static long of(int zone, int offset, int storedLength, int rawLength, int kind) {
        assert zone > 0 && zone <= MOST_ZONE : zone;
        assert offset >= 0 && offset < 1 << 28 && offset % ALIGNMENT == 0 : offset;
        assert PageKind.isKnown(kind) : kind;
        return (long) zone << ZONE_SHIFT
                | (long) (offset / ALIGNMENT) << OFFSET_SHIFT
                | (long) SizeClass.stored(storedLength) << STORED_SHIFT
                | (long) SizeClass.raw(rawLength) << RAW_SHIFT
                | kind;
    }

    public static int zone(long pointer) {
        return (int) (pointer >>> ZONE_SHIFT);
    }

    /** Offset of the page in its zone. */
    public static int offset(long pointer) {
        return ((int) (pointer >>> OFFSET_SHIFT) & 0x3F_FFFF) * ALIGNMENT;
    }

    public static int storedClass(long pointer) {
        return (int) (pointer >>> STORED_SHIFT) & 0x7F;
    }

    /** Bytes that one read needs at most, to have the whole page. */
    public static int storedBytes(long pointer) {
        return SizeClass.storedBytes(storedClass(pointer));
    }

    public static int rawClass(long pointer) {
        return (int) (pointer >>> RAW_SHIFT) & 0xF;
    }

    /** Bytes of a buffer that holds the raw page. */
    public static int rawBytes(long pointer) {
        return SizeClass.rawBytes(rawClass(pointer));
    }

    public static int kind(long pointer) {
        return (int) pointer & 7;
    }

    /**
     * Whether this can point to a page: a known kind, a raw class that there is, a stored class not above it, a zone, an offset
     * behind the zone's header. So {@link #storedBytes} and {@link #rawBytes} are at most 4 MiB.
     */
    public static boolean isPlausible(long pointer) {
        return zone(pointer) > 0
                && offset(pointer) >= 4096
                && rawClass(pointer) <= SizeClass.MOST_RAW
                && storedBytes(pointer) <= rawBytes(pointer)
                && PageKind.isKnown(kind(pointer));
    }

    /** Whether a page of this length in its zone can be what a pointer leads to. */
    public static boolean fits(long pointer, int storedLength) {
        return storedLength >= PageHeader.LENGTH
                && storedLength <= PageHeader.MAX_PAGE_LENGTH
                && SizeClass.stored(storedLength) == storedClass(pointer);
    }

    /** Bytes that a page takes in its zone, padding included. */
    public static int paddedLength(int storedLength) {
        return (storedLength + ALIGNMENT - 1) & -ALIGNMENT;
    }

    /** As {@code zone/offset kind}, for messages. */
    public static String toString(long pointer) {
        return pointer == NULL
                ? "null"
                : "zone " + zone(pointer) + " offset " + offset(pointer) + " (" + PageKind.name(kind(pointer)) + ")";
    }
}
