package dev.cambium.segment.format;

import dev.cambium.segment.memory.Memory;
import java.util.zip.CRC32C;

/**
 * CRC32C of any range of one block, in a time that does not grow with the range.
 *
 * <p>The search for later records behind a damaged one asks for the checksum of every place that looks like a record's head. Values can be made to
 * look so at every place, each with a length up to the end of the log; computed anew each time, that is quadratic. Here the
 * checksums of all prefixes are kept at multiples of 4 KiB, and a range costs at most two blocks and one multiplication.
 * Not thread-safe.
 */
public final class RangeChecksums {
    /*
     * A CRC is linear: with A a prefix and B the range behind it, crc(AB) = crc(A) * x^(8 |B|) + crc(B) in GF(2)[x] modulo the
     * polynomial (the initial and final inversions cancel out). So crc(B) = crc(AB) XOR crc(A) * x^(8 |B|). The power is
     * found by squaring. Bits are reflected: the most significant bit of a word is the coefficient of x^0. This is zlib's
     * crc32_combine with Castagnoli's polynomial.
     */
    private static final int REFLECTED_POLYNOMIAL = 0x82F63B78;
    private static final int BLOCK = 4096;

    /** x^(8 * 2^k) for each k. */
    private static final int[] POWERS = new int[31];

    static {
        int power = 1 << 23; // x^8
        for (int k = 0; k < POWERS.length; k++) {
            POWERS[k] = power;
            power = multiply(power, power);
        }
    }

    private final Memory memory;
    private final int offset;
    private final int[] prefixes;
    private final CRC32C crc = new CRC32C();

    /** Reads {@code length} bytes at {@code offset} once. The memory stays the caller's and must not change. */
    public RangeChecksums(Memory memory, int offset, int length) {
        this.memory = memory;
        this.offset = offset;
        this.prefixes = new int[length / BLOCK + 1];
        for (int i = 1; i < prefixes.length; i++) {
            crc.reset();
            memory.update(crc, offset + (i - 1) * BLOCK, BLOCK);
            prefixes[i] = append(prefixes[i - 1], (int) crc.getValue(), BLOCK);
        }
    }

    /** CRC32C of the bytes [start, end), counted from the block's offset. */
    public int of(int start, int end) {
        if (end - start <= 2 * BLOCK) {
            return direct(start, end - start);
        }
        return prefix(end) ^ multiply(prefix(start), power(end - start));
    }

    private int prefix(int end) {
        int rest = end % BLOCK;
        return append(prefixes[end / BLOCK], direct(end - rest, rest), rest);
    }

    private int direct(int start, int length) {
        crc.reset();
        memory.update(crc, offset + start, length);
        return (int) crc.getValue();
    }

    /** The checksum of A followed by B, from that of A, that of B, and the length of B. */
    private static int append(int a, int b, int lengthOfB) {
        return multiply(a, power(lengthOfB)) ^ b;
    }

    /** x^(8 * length) */
    private static int power(int length) {
        int product = 1 << 31; // x^0
        for (int k = 0; length >>> k != 0; k++) {
            if ((length >>> k & 1) != 0) {
                product = multiply(product, POWERS[k]);
            }
        }
        return product;
    }

    private static int multiply(int a, int b) {
        int product = 0;
        for (int bit = 31; bit >= 0; bit--) {
            if ((a >>> bit & 1) != 0) {
                product ^= b;
            }
            b = (b & 1) != 0 ? b >>> 1 ^ REFLECTED_POLYNOMIAL : b >>> 1;
        }
        return product;
    }
}
