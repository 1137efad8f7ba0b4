package dev.cambium.segment.manifest;

import dev.cambium.segment.page.KeyedPage;
import java.util.Arrays;

/**
 * A stretch of internal keys. Not to be changed through its arrays.
 *
 * @param from its first key, or any beginning that is not above one; empty for no bound
 * @param to the first key behind it; null for no bound
 */
public record Stretch(byte[] from, byte[] to) {
    /** Every key there can be. */
    public static final Stretch ALL = new Stretch(new byte[0], null);

    /** Whether a key is below its end. */
    public boolean endsBehind(byte[] key) {
        return to == null || Arrays.compareUnsigned(key, to) < 0;
    }

    /** Whether a key of a page is below its end. */
    public boolean hasBelowEnd(KeyedPage page, int index) {
        return to == null || page.isBelow(index, to, 0, to.length);
    }

    /** Whether a key belongs to it. */
    public boolean contains(byte[] key, int offset, int length) {
        int end = offset + length;
        return Arrays.compareUnsigned(from, 0, from.length, key, offset, end) <= 0
                && (to == null || Arrays.compareUnsigned(key, offset, end, to, 0, to.length) < 0);
    }

    /** Whether all keys from {@code low} to before {@code high}, null for no bound, belong to it. */
    public boolean covers(byte[] low, byte[] high) {
        return Arrays.compareUnsigned(from, low) <= 0
                && (to == null || high != null && Arrays.compareUnsigned(high, to) <= 0);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Stretch stretch && Arrays.equals(from, stretch.from) && Arrays.equals(to, stretch.to);
    }

    @Override
    public int hashCode() {
        return 31 * Arrays.hashCode(from) + Arrays.hashCode(to);
    }

    @Override
    public String toString() {
        return "[" + Arrays.toString(from) + ", " + (to == null ? "end" : Arrays.toString(to)) + ")";
    }
}
