package dev.cambium.tools;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;

/**
 * How bytes are shown and typed: UTF-8 text as it is, everything else as {@code \t}, {@code \n}, {@code \\} or
 * {@code \xHH}.
 *
 * <p>{@link #parse} gives back exactly the bytes that {@link #show} was given. Shown text holds no control, formatting
 * or private character, no line break and no tab, so it stays on its line and can do nothing to a terminal. Stateless.
 */
public final class Escapes {
    private static final char[] HEX = "0123456789ABCDEF".toCharArray();

    private Escapes() {}

    public static String show(byte[] bytes) {
        StringBuilder text = new StringBuilder(bytes.length + 16);
        for (int at = 0; at < bytes.length; ) {
            int b = bytes[at] & 0xFF;
            if (b == '\t') {
                text.append("\\t");
                at++;
            } else if (b == '\n') {
                text.append("\\n");
                at++;
            } else if (b == '\\') {
                text.append("\\\\");
                at++;
            } else if (b >= 0x20 && b < 0x7F) {
                text.append((char) b);
                at++;
            } else {
                at += showOther(text, bytes, at);
            }
        }
        return text.toString();
    }

    /** Shows what starts at {@code at} and is no printable ASCII; returns how many bytes that was. */
    private static int showOther(StringBuilder text, byte[] bytes, int at) {
        int b = bytes[at] & 0xFF;
        int length = b < 0xC2 ? 1 : b < 0xE0 ? 2 : b < 0xF0 ? 3 : b < 0xF5 ? 4 : 1;
        if (length > 1 && length <= bytes.length - at) {
            String decoded = new String(bytes, at, length, StandardCharsets.UTF_8);
            int character = decoded.codePointAt(0);
            if (decoded.length() == Character.charCount(character) && isPrintable(character)) {
                text.append(decoded);
                return length;
            }
        }
        text.append("\\x").append(HEX[b >> 4]).append(HEX[b & 15]);
        return 1;
    }

    private static boolean isPrintable(int character) {
        return switch (Character.getType(character)) {
            case Character.CONTROL,
                    Character.FORMAT,
                    Character.LINE_SEPARATOR,
                    Character.PARAGRAPH_SEPARATOR,
                    Character.PRIVATE_USE,
                    Character.SURROGATE,
                    Character.UNASSIGNED -> false;
            default -> character != 0xFFFD; // that is how malformed bytes are decoded
        };
    }

    /** The bytes that an argument of the command line stands for. */
    public static byte[] parse(String what, String text) {
        if (text.indexOf(0xFFFD) >= 0) {
            throw new IllegalArgumentException(what + " '" + text
                    + "' has bytes that are no text in this locale; write them as \\xHH, or use a UTF-8 locale");
        }
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        try {
            return parse(bytes, 0, bytes.length);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(what + " '" + text + "': " + e.getMessage(), e);
        }
    }

    /** The bytes that {@code length} bytes of text stand for; what is no escape stands for itself, text or not. */
    public static byte[] parse(byte[] text, int offset, int length) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream(length);
        int end = offset + length;
        for (int at = offset; at < end; ) {
            if (text[at] != '\\') {
                bytes.write(text[at++]);
                continue;
            }
            int next = at + 1 < end ? text[at + 1] : -1;
            switch (next) {
                case 't' -> bytes.write('\t');
                case 'n' -> bytes.write('\n');
                case '\\' -> bytes.write('\\');
                case 'x' -> {
                    int high = at + 2 < end ? Character.digit(text[at + 2], 16) : -1;
                    int low = at + 3 < end ? Character.digit(text[at + 3], 16) : -1;
                    if (high < 0 || low < 0) {
                        throw new IllegalArgumentException("\\x needs two hexadecimal digits");
                    }
                    bytes.write(high << 4 | low);
                    at += 2;
                }
                default ->
                    throw new IllegalArgumentException((next < 0
                                    ? "a backslash at the end"
                                    : next > 0x20 && next < 0x7F ? "\\" + (char) next : "a lone backslash")
                            + " is no escape; there are \\t, \\n, \\\\ and \\xHH");
            }
            at += 2;
        }
        return bytes.toByteArray();
    }
}
