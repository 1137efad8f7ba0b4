package dev.cambium.segment.page;

/**
 * The two size classes in a {@link Pointer}: how much to read, and how big a buffer to unpack into.
 *
 * <p>A <em>stored</em> class c names {@code (8 + (c & 7)) << ((c >> 3) + 8)} bytes, 2 KiB to 120 MiB in steps of an eighth of a
 * power of two or less. A <em>raw</em> class n, 0 to {@value #MOST_RAW}, names {@code 4096 << n} bytes. Stateless.
 */
public final class SizeClass {
    /** The greatest raw class: 4 MiB. */
    public static final int MOST_RAW = 10;

    private static final int SMALLEST_RAW_SHIFT = 12;

    private SizeClass() {}

    /** The smallest stored class that holds so many bytes. */
    public static int stored(int length) {
        if (length <= 8 << 8) {
            return 0;
        }
        // 2^k <= length - 1 < 2^(k+1), k >= 11: the class has exponent k - 3, and its mantissa is rounded up.
        int exponent = 31 - Integer.numberOfLeadingZeros(length - 1) - 3;
        int mantissa = ((length - 1) >>> exponent) + 1; // 9 to 16
        return ((exponent - 8) << 3) + (mantissa - 8);
    }

    /** Bytes that a stored class names. */
    public static int storedBytes(int storedClass) {
        return (8 + (storedClass & 7)) << ((storedClass >>> 3) + 8);
    }

    /** The smallest raw class that holds so many bytes, which are at most 4 MiB. */
    public static int raw(int length) {
        assert length > 0 && length <= rawBytes(MOST_RAW) : length;
        return Math.max(0, 32 - Integer.numberOfLeadingZeros(length - 1) - SMALLEST_RAW_SHIFT);
    }

    /** Bytes that a raw class names. */
    public static int rawBytes(int rawClass) {
        return 1 << (rawClass + SMALLEST_RAW_SHIFT);
    }
}
