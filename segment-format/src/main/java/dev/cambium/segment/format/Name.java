package dev.cambium.segment.format;

import dev.cambium.segment.memory.Memory;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;

/** The name of a keyspace: 1 to 255 bytes of UTF-8. Stateless; safe for any thread. */
public final class Name {
    public static final int MAX_LENGTH = 255;

    private Name() {}

    /** The bytes of a name, or {@link IllegalArgumentException} where it is empty, too long or no Unicode text. */
    public static byte[] encode(String name) {
        byte[] bytes = name.getBytes(StandardCharsets.UTF_8);
        if (bytes.length == 0 || bytes.length > MAX_LENGTH) {
            throw new IllegalArgumentException(
                    "a name has 1 to " + MAX_LENGTH + " bytes of UTF-8, not " + bytes.length);
        }
        if (!name.equals(new String(bytes, StandardCharsets.UTF_8))) {
            throw new IllegalArgumentException("the name has half a surrogate pair: " + name);
        }
        return bytes;
    }

    /** The name whose bytes these are, or null where they are none. */
    public static String decode(Memory memory, int offset, int length) {
        if (length == 0 || length > MAX_LENGTH) {
            return null;
        }
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(memory.slice(offset, length))
                    .toString();
        } catch (CharacterCodingException notUtf8) {
            return null;
        }
    }
}
