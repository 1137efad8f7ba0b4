package dev.cambium.benchmarks.memory;

import dev.cambium.benchmarks.Engine;
import dev.cambium.benchmarks.KeyForm;
import dev.cambium.benchmarks.Values;

/**
 * Entries of an engine: key and value of each follow from its number, and neighbours in number are none in the order of keys. For one
 * thread.
 */
final class Entries {
    /** Bytes of a value. */
    static final int VALUE_BYTES = 100;

    private static final int ENTRY_BYTES = KeyForm.LENGTH + VALUE_BYTES;

    private final Engine engine;
    private final Values values = new Values(VALUE_BYTES);
    private final byte[] key = new byte[KeyForm.LENGTH];

    Entries(Engine engine) {
        this.engine = engine;
    }

    /** How many there are in so many bytes of keys and values. */
    static int count(long bytes) {
        return Math.toIntExact(bytes / ENTRY_BYTES);
    }

    /** Puts all numbers below {@code count}. */
    void fill(int count) {
        byte[] value = new byte[VALUE_BYTES];
        for (int number = 0; number < count; number++) {
            KeyForm.RANDOM.write(number, key, 0);
            values.write(number, value);
            engine.put(key, value);
        }
    }

    /** Gets and checks them in that order. */
    void get(int[] numbers) {
        for (int number : numbers) {
            KeyForm.RANDOM.write(number, key, 0);
            if (!values.hasStamp(number, engine.get(key))) {
                throw new IllegalStateException("entry " + number + " is missing or wrong");
            }
        }
    }
}
