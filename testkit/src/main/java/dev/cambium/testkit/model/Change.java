package dev.cambium.testkit.model;

import java.util.Arrays;
import java.util.Objects;

/**
 * One key's new state: a value, or none.
 *
 * @param value null for a delete
 */
public record Change(String keyspace, byte[] key, byte[] value) {
    public Change {
        Objects.requireNonNull(keyspace);
        Objects.requireNonNull(key);
    }

    public boolean isDelete() {
        return value == null;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Change that
                && keyspace.equals(that.keyspace)
                && Arrays.equals(key, that.key)
                && Arrays.equals(value, that.value);
    }

    @Override
    public int hashCode() {
        return Objects.hash(keyspace, Arrays.hashCode(key), Arrays.hashCode(value));
    }

    @Override
    public String toString() {
        return "new Change(\"" + keyspace + "\", " + ByteText.toJava(key) + ", " + ByteText.toJava(value) + ")";
    }
}
