package dev.cambium.benchmarks.jmh;

import dev.cambium.benchmarks.KeyForm;
import dev.cambium.benchmarks.Values;
import dev.cambium.segment.log.Operation;
import java.util.Arrays;
import java.util.concurrent.ConcurrentSkipListMap;

/**
 * A skip list of byte arrays, filled and read as a store would: keys and values are copied on the way in, values on the
 * way out.
 */
final class SkipListFixture {
    private final KeyForm form;
    private final Values values = new Values(100);
    private final byte[] key = new byte[TreeFixture.KEY_LENGTH];
    private final byte[] value = new byte[values.length()];

    SkipListFixture(KeyForm form) {
        this.form = form;
    }

    /** An empty map. */
    ConcurrentSkipListMap<byte[], byte[]> map() {
        return new ConcurrentSkipListMap<>(Arrays::compareUnsigned);
    }

    /** Puts the entry of a number. */
    void put(ConcurrentSkipListMap<byte[], byte[]> map, long number) {
        form.write(number, key, Operation.KEYSPACE_ID_LENGTH);
        values.write(number, value);
        map.put(key.clone(), value.clone());
    }

    /** A copy of the value of a number, or null. */
    byte[] get(ConcurrentSkipListMap<byte[], byte[]> map, long number) {
        form.write(number, key, Operation.KEYSPACE_ID_LENGTH);
        byte[] found = map.get(key);
        return found == null ? null : found.clone();
    }
}
