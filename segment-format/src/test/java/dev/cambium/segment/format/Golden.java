package dev.cambium.segment.format;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/** Compares bytes with a dump under src/test/resources/golden; {@code -Drewrite=true} writes it anew. */
public final class Golden {
    private Golden() {}

    /** Sixteen bytes a line; lines of zeros are left out, so that offsets tell where something stands. */
    public static String dump(byte[] bytes, int from, int to) {
        StringBuilder text = new StringBuilder();
        for (int line = from; line < to; line += 16) {
            StringBuilder hex = new StringBuilder();
            StringBuilder characters = new StringBuilder();
            boolean zero = true;
            for (int i = line; i < Math.min(to, line + 16); i++) {
                hex.append(i % 8 == 0 && i > line ? "  " : " ").append(String.format("%02x", bytes[i]));
                characters.append(bytes[i] >= 0x20 && bytes[i] < 0x7F ? (char) bytes[i] : '.');
                zero &= bytes[i] == 0;
            }
            if (!zero) {
                text.append(String.format("%06x %-49s |%s|%n", line, hex, characters));
            }
        }
        return text.toString();
    }

    public static void check(String name, String actual) throws IOException {
        Path file = Path.of("src/test/resources/golden", name);
        if (Boolean.getBoolean("rewrite")) {
            Files.createDirectories(file.getParent());
            Files.writeString(file, actual, StandardCharsets.UTF_8);
        }
        assertEquals(Files.readString(file, StandardCharsets.UTF_8), actual, name);
    }
}
