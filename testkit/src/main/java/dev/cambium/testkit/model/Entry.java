package dev.cambium.testkit.model;

import java.util.Arrays;
import java.util.Objects;

/** A key and its value, compared by their bytes. */
public record Entry(byte[] key, byte[] value) {
    public Entry {
        Objects.requireNonNull(key);
        Objects.requireNonNull(value);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Entry that && Arrays.equals(key, that.key) && Arrays.equals(value, that.value);
    }

    @Override
    public int hashCode() {
        return 31 * Arrays.hashCode(key) + Arrays.hashCode(value);
    }

    @Override
    public String toString() {
        return ByteText.toJava(key) + "=" + ByteText.toJava(value);
    }
}
