package dev.cambium;

import java.util.Arrays;

/** Bounds of a cursor: keys from one on and below another, both optional. Immutable; keys are copied. */
public final class KeyRange {
    private static final KeyRange ALL = new KeyRange(null, null);

    private final byte[] from;
    private final byte[] to;

    private KeyRange(byte[] from, byte[] to) {
        this.from = from;
        this.to = to;
    }

    /** Every key. */
    public static KeyRange all() {
        return ALL;
    }

    /** Keys that are not below {@code from}. */
    public static KeyRange from(byte[] from) {
        Limits.checkKey(from);
        return new KeyRange(from.clone(), null);
    }

    /** Keys below {@code to}. */
    public static KeyRange below(byte[] to) {
        Limits.checkKey(to);
        return new KeyRange(null, to.clone());
    }

    /** Keys from {@code from} on and below {@code to}; none where they are not in this order. */
    public static KeyRange between(byte[] from, byte[] to) {
        Limits.checkKey(from);
        Limits.checkKey(to);
        return new KeyRange(from.clone(), to.clone());
    }

    /** Keys that begin with {@code prefix}. */
    public static KeyRange prefix(byte[] prefix) {
        Limits.checkKey(prefix);
        int length = prefix.length;
        while (length > 0 && prefix[length - 1] == (byte) 0xFF) {
            length--; // no key with this byte counted up: the one before it is
        }
        byte[] to = null;
        if (length > 0) {
            to = Arrays.copyOf(prefix, length);
            to[length - 1]++;
        }
        return new KeyRange(prefix.clone(), to);
    }

    /** The lower bound, inclusive; null for none. Not to be changed. */
    byte[] lower() {
        return from;
    }

    /** The upper bound, exclusive; null for none. Not to be changed. */
    byte[] upper() {
        return to;
    }
}
