package dev.cambium.benchmarks;

/** How a number becomes a key of 16 bytes: without allocation and without a table that would cost the cache. */
public enum KeyForm {
    /** Decimal digits, padded with zeros: keys in the order of their numbers. */
    DECIMAL {
        @Override
        public void write(long number, byte[] target, int offset) {
            for (int at = offset + LENGTH - 1; at >= offset; at--) {
                long rest = number / 10;
                target[at] = (byte) ('0' + (number - 10 * rest));
                number = rest;
            }
        }
    },

    /** Bits without any order. */
    RANDOM {
        @Override
        public void write(long number, byte[] target, int offset) {
            long first = mix(number);
            long second = mix(~number);
            for (int i = 0; i < 8; i++) {
                target[offset + i] = (byte) (first >>> 8 * i);
                target[offset + 8 + i] = (byte) (second >>> 8 * i);
            }
        }
    };

    /** Bytes of a key. */
    public static final int LENGTH = 16;

    /**
     * Writes the key of a number, 0 or more, to {@code target} at {@code offset}; different numbers have different
     * keys.
     */
    public abstract void write(long number, byte[] target, int offset);

    /** A bijection on 64 bits whose output looks random (the finalizer of MurmurHash3). */
    public static long mix(long bits) {
        bits = (bits ^ bits >>> 33) * 0xff51afd7ed558ccdL;
        bits = (bits ^ bits >>> 33) * 0xc4ceb9fe1a85ec53L;
        return bits ^ bits >>> 33;
    }
}
