package dev.cambium;

import dev.cambium.commit.OperationBuffer;
import dev.cambium.segment.log.OperationCode;
import dev.cambium.segment.page.ValueReference;
import java.util.ArrayList;
import java.util.List;

/**
 * Puts and deletes that happen together or not at all, in one keyspace or in several. Of several operations on one key the last
 * one counts. Keys and values are copied when they are added.
 *
 * <p>At most 2^24 operations and 1 GiB, values of 64 KiB and more not counted, and what the store's memory budget has room for. Can be written again, to the same store
 * or another one without keyspaces of its own; {@link #clear} keeps its capacity. For one thread at a time.
 *
 * <pre>{@code
 * store.write(new WriteBatch().put(k1, v1).delete(k2));
 * }</pre>
 */
public final class WriteBatch {
    private static final byte[] NO_VALUE = {};

    private final OperationBuffer operations = new OperationBuffer();
    private final List<LongPut> longPuts = new ArrayList<>();
    private Store store;

    /**
     * A put whose value does not go into the log.
     *
     * @param end of its operation, which ends with the reference
     */
    record LongPut(int end, byte[] value) {}

    /** Adds a put to the store's own keyspace. */
    public WriteBatch put(byte[] key, byte[] value) {
        Limits.checkKey(key);
        Limits.checkValue(value);
        add(Keyspace.DEFAULT_ID, key, value);
        return this;
    }

    /** Adds a delete to the store's own keyspace. */
    public WriteBatch delete(byte[] key) {
        Limits.checkKey(key);
        operations.add(OperationCode.DELETE, Keyspace.DEFAULT_ID, key, NO_VALUE);
        return this;
    }

    /** Adds a put to a keyspace. */
    public WriteBatch put(Keyspace keyspace, byte[] key, byte[] value) {
        Limits.checkKey(key);
        Limits.checkValue(value);
        add(idOf(keyspace), key, value);
        return this;
    }

    /** Adds a delete to a keyspace. */
    public WriteBatch delete(Keyspace keyspace, byte[] key) {
        Limits.checkKey(key);
        operations.add(OperationCode.DELETE, idOf(keyspace), key, NO_VALUE);
        return this;
    }

    private void add(int keyspaceId, byte[] key, byte[] value) {
        if (value.length <= Limits.LONGEST_INLINE_VALUE) {
            operations.add(OperationCode.PUT, keyspaceId, key, value);
        } else {
            byte[] copy = value.clone();
            operations.add(OperationCode.PUT_REF, keyspaceId, key, new byte[ValueReference.LENGTH]);
            longPuts.add(new LongPut(operations.length(), copy));
        }
    }

    private int idOf(Keyspace keyspace) {
        Limits.checkNotNull(keyspace, "keyspace");
        if (store != null && store != keyspace.store()) {
            throw new IllegalArgumentException(
                    "keyspace '" + keyspace.name() + "' is of another store than the batch's others");
        }
        store = keyspace.store();
        return keyspace.id();
    }

    /** Operations in it. */
    public int count() {
        return operations.count();
    }

    /** Bytes that the operations take in the log, in which a value of 64 KiB and more takes 28. */
    public int sizeBytes() {
        return operations.length();
    }

    public void clear() {
        operations.clear();
        longPuts.clear();
        store = null;
    }

    OperationBuffer operationsFor(Store target) {
        if (store != null && store != target) {
            throw new IllegalArgumentException("the batch names keyspaces of another store");
        }
        return operations;
    }

    /** Puts whose references are yet to be written into {@link #operationsFor}. */
    List<LongPut> longPuts() {
        return longPuts;
    }
}
