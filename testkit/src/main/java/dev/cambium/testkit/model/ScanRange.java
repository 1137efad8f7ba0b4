package dev.cambium.testkit.model;

import java.util.Arrays;
import java.util.NavigableMap;

/**
 * Which keys a scan visits, and in which direction.
 *
 * @param lower the lower bound, null for none
 * @param upper the upper bound, null for none
 * @param prefix what every key must begin with; empty for any
 * @param limit most entries visited
 */
public record ScanRange(
        byte[] lower,
        boolean lowerIncluded,
        byte[] upper,
        boolean upperIncluded,
        byte[] prefix,
        boolean descending,
        int limit) {
    private static final byte[] ANY = {};

    /** Every key, upwards. */
    public static final ScanRange ALL = new ScanRange(null, true, null, true, ANY, false, Integer.MAX_VALUE);

    /** From {@code lower} on to before {@code upper}; null for no bound. */
    public static ScanRange between(byte[] lower, byte[] upper) {
        return new ScanRange(lower, true, upper, false, ANY, false, Integer.MAX_VALUE);
    }

    public static ScanRange prefix(byte[] prefix) {
        return new ScanRange(null, true, null, true, prefix, false, Integer.MAX_VALUE);
    }

    /** The same keys in the other direction. */
    public ScanRange reversed() {
        return new ScanRange(lower, lowerIncluded, upper, upperIncluded, prefix, !descending, limit);
    }

    public ScanRange limit(int most) {
        return new ScanRange(lower, lowerIncluded, upper, upperIncluded, prefix, descending, most);
    }

    public boolean contains(byte[] key) {
        if (lower != null) {
            int order = Arrays.compareUnsigned(key, lower);
            if (order < 0 || order == 0 && !lowerIncluded) {
                return false;
            }
        }
        if (upper != null) {
            int order = Arrays.compareUnsigned(key, upper);
            if (order > 0 || order == 0 && !upperIncluded) {
                return false;
            }
        }
        return key.length >= prefix.length && Arrays.equals(key, 0, prefix.length, prefix, 0, prefix.length);
    }

    /** The order in which entries are visited. */
    <V> NavigableMap<byte[], V> directed(NavigableMap<byte[], V> entries) {
        return descending ? entries.descendingMap() : entries;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof ScanRange that && toString().equals(that.toString());
    }

    @Override
    public int hashCode() {
        return toString().hashCode();
    }

    @Override
    public String toString() {
        return "new ScanRange(" + ByteText.toJava(lower) + ", " + lowerIncluded + ", " + ByteText.toJava(upper) + ", "
                + upperIncluded + ", " + ByteText.toJava(prefix) + ", " + descending + ", " + limit + ")";
    }
}
