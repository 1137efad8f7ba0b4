package dev.cambium.testkit.model;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * Byte strings as short text and back: what a test writes by hand, and what a failure prints.
 *
 * <p>A byte from space to {@code ~} stands for itself, any other one is {@code %} and two hexadecimal digits.
 */
public final class ByteText {
    private static final int LONGEST_PERIOD = 24;
    private static final int SHORTEST_FILLED = 32;

    private ByteText() {}

    /** The bytes of a text. */
    public static byte[] bytes(String text) {
        byte[] chars = text.getBytes(StandardCharsets.ISO_8859_1);
        byte[] bytes = new byte[chars.length];
        int count = 0;
        for (int i = 0; i < chars.length; i++) {
            if (chars[i] == '%') {
                bytes[count++] = (byte) Integer.parseInt(text.substring(i + 1, i + 3), 16);
                i += 2;
            } else {
                bytes[count++] = chars[i];
            }
        }
        return Arrays.copyOf(bytes, count);
    }

    /** The text repeated up to a length. */
    public static byte[] filled(String text, int length) {
        byte[] period = bytes(text);
        byte[] bytes = new byte[length];
        for (int i = 0; i < length; i++) {
            bytes[i] = period[i % period.length];
        }
        return bytes;
    }

    /** The inverse of {@link #bytes}. */
    public static String text(byte[] bytes) {
        return text(bytes, bytes.length);
    }

    private static String text(byte[] bytes, int length) {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < length; i++) {
            int b = bytes[i] & 0xFF;
            if (b < ' ' || b > '~' || b == '%' || b == '"' || b == '\\') {
                text.append(String.format("%%%02x", b));
            } else {
                text.append((char) b);
            }
        }
        return text.toString();
    }

    /** A Java expression that gives the bytes: {@code bytes("…")} or {@code filled("…", length)}; null for null. */
    public static String toJava(byte[] bytes) {
        if (bytes == null) {
            return "null";
        }
        if (bytes.length >= SHORTEST_FILLED) {
            for (int period = 1; period <= LONGEST_PERIOD; period++) {
                if (Arrays.equals(bytes, period, bytes.length, bytes, 0, bytes.length - period)) {
                    return "filled(\"" + text(bytes, period) + "\", " + bytes.length + ")";
                }
            }
        }
        return "bytes(\"" + text(bytes) + "\")";
    }
}
