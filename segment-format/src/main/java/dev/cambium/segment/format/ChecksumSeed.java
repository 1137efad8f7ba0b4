package dev.cambium.segment.format;

/**
 * A 32-bit number for a place in a file of one life: a checksum that is XORed with it holds at that place only.
 *
 * <p>With {@code mix64} the finaliser of splitmix64 and {@code mix32} that of MurmurHash3:
 * <pre>
 *   h    = mix64(salt + 0x9E3779B97F4A7C15 * (position >>> 32))
 *   seed = mix32(low32(position) + low32(h)) XOR high32(h)
 * </pre>
 * Stateless; safe for any thread.
 */
public final class ChecksumSeed {
    /*
     * For one salt and one upper half of the position the seed is a bijection of the lower half, for mix32 is one. So the same
     * bytes at two places less than 4 GiB apart have different seeds, always and not only with a probability of 1 - 2^-32: a
     * log record copied into a value of the same log cannot validate there.
     */
    private static final long GOLDEN = 0x9E3779B97F4A7C15L;

    private ChecksumSeed() {}

    /** The seed of {@code position} in the life that {@code salt} stands for. */
    public static int of(long salt, long position) {
        long h = mix64(salt + GOLDEN * (position >>> 32));
        return mix32((int) position + (int) h) ^ (int) (h >>> 32);
    }

    /** The finaliser of splitmix64, a bijection. */
    public static long mix64(long z) {
        z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
        z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
        return z ^ (z >>> 31);
    }

    private static int mix32(int z) {
        z = (z ^ (z >>> 16)) * 0x85EBCA6B;
        z = (z ^ (z >>> 13)) * 0xC2B2AE35;
        return z ^ (z >>> 16);
    }
}
