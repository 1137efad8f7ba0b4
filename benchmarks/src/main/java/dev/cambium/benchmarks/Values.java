package dev.cambium.benchmarks;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.SplittableRandom;

/**
 * Values that follow from the number of their key, so that what is read can be checked without a second copy.
 * <pre>
 *   0        8                     length / 2          length
 *   +--------+---------------------+-------------------+
 *   | stamp  | random bytes        | zeros             |
 *   +--------+---------------------+-------------------+
 * </pre>
 * The stamp differs from number to number; the zeros make a value halve under LZ4. Immutable; safe for any thread.
 */
public final class Values {
    private static final VarHandle LONG = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
    private static final int STAMP_LENGTH = 8;
    private static final int POOL_LENGTH = 1 << 16; // stays in the second cache level

    private final int length;
    private final byte[] pool;

    /** @param length bytes of a value, 16 or more */
    public Values(int length) {
        if (length < 2 * STAMP_LENGTH) {
            throw new IllegalArgumentException("values of " + length + " bytes, must be 16 or more");
        }
        this.length = length;
        this.pool = new byte[POOL_LENGTH + length];
        new SplittableRandom(length).nextBytes(pool);
    }

    /** Bytes of a value. */
    public int length() {
        return length;
    }

    /** Writes the value of a number over {@code target}, which came from {@code new byte[length()]}. */
    public void write(long number, byte[] target) {
        long stamp = KeyForm.mix(number);
        LONG.set(target, 0, stamp);
        System.arraycopy(pool, (int) (stamp >>> 32) & POOL_LENGTH - 1, target, STAMP_LENGTH, length / 2 - STAMP_LENGTH);
    }

    /** Whether length and stamp are right: the check for a measured loop. */
    public boolean hasStamp(long number, byte[] value) {
        return value != null && value.length == length && (long) LONG.get(value, 0) == KeyForm.mix(number);
    }

    /** Whether every byte is right. */
    public boolean isValue(long number, byte[] value) {
        byte[] expected = new byte[length];
        write(number, expected);
        return Arrays.equals(expected, value);
    }
}
