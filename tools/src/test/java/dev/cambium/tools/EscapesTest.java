package dev.cambium.tools;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class EscapesTest {
    private static String show(String text) {
        return Escapes.show(text.getBytes(StandardCharsets.UTF_8));
    }

    @Test
    void textStaysAsItIsAndTheRestIsEscaped() {
        assertEquals("plain text, ключ → 😀", show("plain text, ключ → 😀"));
        assertEquals("\\t\\n\\\\\\x0D\\x00\\x1B[31m\\x7F", show("\t\n\\\r\0\u001b[31m\u007f"));
        assertEquals("\\xC2\\x85 \\xE2\\x80\\xAE \\xE2\\x80\\xA8 \\xEF\\xBF\\xBD", show("\u0085 \u202e \u2028 \ufffd"));
        assertEquals(
                "\\xFF\\xC3(\\xED\\xA0\\x80",
                Escapes.show(new byte[] {-1, (byte) 0xC3, '(', (byte) 0xED, (byte) 0xA0, (byte) 0x80}));
    }

    @Test
    void parseGivesBackWhatShowWasGiven() {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        byte[] palette = {
            0,
            '\t',
            '\n',
            '\r',
            '\\',
            'x',
            'a',
            ' ',
            0x7F,
            (byte) 0x80,
            (byte) 0xBF,
            (byte) 0xC2,
            (byte) 0xC3,
            (byte) 0xE2,
            (byte) 0xED,
            (byte) 0xEF,
            (byte) 0xF0,
            (byte) 0xF4,
            (byte) 0xFF
        };
        for (int i = 0; i < 20_000; i++) {
            byte[] bytes = new byte[random.nextInt(12)];
            for (int j = 0; j < bytes.length; j++) {
                bytes[j] = random.nextBoolean() ? palette[random.nextInt(palette.length)] : (byte) random.nextInt();
            }
            String shown = Escapes.show(bytes);
            assertArrayEquals(bytes, Escapes.parse("the key", shown), () -> "seed " + seed + ": " + shown);
            assertTrue(shown.chars().noneMatch(c -> c < 0x20 || c == 0x7F), () -> "seed " + seed + ": " + shown);
        }
    }

    @Test
    void everyCharacterOfUnicodeComesBack() {
        for (int character = 0; character <= Character.MAX_CODE_POINT; character++) {
            if (Character.getType(character) != Character.SURROGATE) {
                byte[] bytes = Character.toString(character).getBytes(StandardCharsets.UTF_8);
                assertArrayEquals(bytes, Escapes.parse("the key", Escapes.show(bytes)));
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"\\", "a\\", "\\q", "\\x", "\\x4", "\\xg0", "\\x0g", "\\r", "\\é", "\ufffd"})
    void parseRefusesWhatIsNoEscape(String text) {
        String message = assertThrows(IllegalArgumentException.class, () -> Escapes.parse("the key", text))
                .getMessage();
        assertTrue(message.startsWith("the key '" + text + "'"), message);
    }

    @Test
    void hexadecimalDigitsMayBeSmall() {
        assertArrayEquals(new byte[] {(byte) 0xAB, (byte) 0xCD, 0x0F}, Escapes.parse("the key", "\\xab\\xCd\\x0f"));
    }
}
