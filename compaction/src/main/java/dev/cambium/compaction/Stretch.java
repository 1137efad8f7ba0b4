package dev.cambium.compaction;

import java.util.Arrays;

/**
 * A stretch of internal keys.
 *
 * @param from its first key, or any beginning that is not above one; empty for no bound
 * @param to the first key behind it; null for no bound
 */
public record Stretch(byte[] from, byte[] to) {
    /** Every key there can be. */
    public static final Stretch ALL = new Stretch(new byte[0], null);

    /** Whether a key is below its end. */
    boolean endsBehind(byte[] key) {
        return to == null || Arrays.compareUnsigned(key, to) < 0;
    }

    /** Whether all keys from {@code low} to before {@code high} belong to it. */
    boolean covers(byte[] low, byte[] high) {
        return Arrays.compareUnsigned(from, low) <= 0 && (to == null || Arrays.compareUnsigned(high, to) <= 0);
    }
}
