package dev.cambium.segment.memory;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/** Words inside byte arrays: the heap's counterpart of {@link Memory}. */
public final class Bytes {
    private static final VarHandle LONG_BIG_ENDIAN =
            MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.BIG_ENDIAN);
    private static final VarHandle INT_BIG_ENDIAN =
            MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.BIG_ENDIAN);
    private static final VarHandle LONG_LITTLE_ENDIAN =
            MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
    private static final VarHandle INT_LITTLE_ENDIAN =
            MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);
    private static final VarHandle SHORT_LITTLE_ENDIAN =
            MethodHandles.byteArrayViewVarHandle(short[].class, ByteOrder.LITTLE_ENDIAN);

    private Bytes() {}

    public static long getLongBigEndian(byte[] bytes, int offset) {
        return (long) LONG_BIG_ENDIAN.get(bytes, offset);
    }

    public static int getIntBigEndian(byte[] bytes, int offset) {
        return (int) INT_BIG_ENDIAN.get(bytes, offset);
    }

    public static void putIntBigEndian(byte[] bytes, int offset, int value) {
        INT_BIG_ENDIAN.set(bytes, offset, value);
    }

    public static long getLong(byte[] bytes, int offset) {
        return (long) LONG_LITTLE_ENDIAN.get(bytes, offset);
    }

    public static void putLong(byte[] bytes, int offset, long value) {
        LONG_LITTLE_ENDIAN.set(bytes, offset, value);
    }

    public static int getInt(byte[] bytes, int offset) {
        return (int) INT_LITTLE_ENDIAN.get(bytes, offset);
    }

    public static void putInt(byte[] bytes, int offset, int value) {
        INT_LITTLE_ENDIAN.set(bytes, offset, value);
    }

    public static int getUnsignedShort(byte[] bytes, int offset) {
        return (short) SHORT_LITTLE_ENDIAN.get(bytes, offset) & 0xFFFF;
    }

    public static void putShort(byte[] bytes, int offset, int value) {
        SHORT_LITTLE_ENDIAN.set(bytes, offset, (short) value);
    }

    /**
     * Up to eight bytes of an array as the most significant bytes of a word, the missing ones zero.
     *
     * @param offset first byte, may be at or beyond {@code end}
     * @param end first index that must not be used
     */
    public static long head(byte[] bytes, int offset, int end) {
        if (offset + 8 <= end) {
            return (long) LONG_BIG_ENDIAN.get(bytes, offset);
        }
        int count = end - offset;
        if (count <= 0) {
            return 0;
        }
        if (end >= 8) {
            return (long) LONG_BIG_ENDIAN.get(bytes, end - 8) << (64 - 8 * count);
        }
        long head = 0;
        for (int i = offset, shift = 56; i < end; i++, shift -= 8) {
            head |= (bytes[i] & 0xFFL) << shift;
        }
        return head;
    }
}
