package dev.cambium;

/** What keys and values may be, and how a caller is told. */
final class Limits {
    static final int MAX_KEY_BYTES = 32_767;
    static final int MAX_VALUE_BYTES = 1 << 30;

    /** A longer value stands in pages of its own, outside log and memtable. */
    static final int LONGEST_INLINE_VALUE = (64 << 10) - 1;

    private Limits() {}

    static void checkKey(byte[] key) {
        checkNotNull(key, "key");
        if (key.length > MAX_KEY_BYTES) {
            throw new IllegalArgumentException("the key has " + key.length + " bytes, the limit is " + MAX_KEY_BYTES);
        }
    }

    static void checkValue(byte[] value) {
        checkNotNull(value, "value");
        if (value.length > MAX_VALUE_BYTES) {
            throw new IllegalArgumentException(
                    "the value has " + value.length + " bytes, the limit is " + MAX_VALUE_BYTES);
        }
    }

    static void checkNotNull(Object argument, String name) {
        if (argument == null) {
            throw new IllegalArgumentException(name + " is null");
        }
    }
}
