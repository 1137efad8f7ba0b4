package dev.cambium.tools.load;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class LinesTest {
    /** Gives a few bytes at a time, as a pipe may. */
    private static InputStream trickle(byte[] bytes, Random random) {
        return new ByteArrayInputStream(bytes) {
            @Override
            public int read(byte[] target, int offset, int length) {
                return super.read(target, offset, Math.min(length, 1 + random.nextInt(3)));
            }
        };
    }

    private static List<String> read(InputStream input) throws IOException {
        Lines lines = new Lines(input);
        List<String> read = new ArrayList<>();
        while (lines.next()) {
            read.add(new String(lines.bytes(), 0, lines.length(), StandardCharsets.UTF_8));
            assertEquals(read.size(), lines.number());
        }
        assertFalse(lines.next());
        return read;
    }

    private static List<String> read(String text) throws IOException {
        return read(new ByteArrayInputStream(text.getBytes(StandardCharsets.UTF_8)));
    }

    @Test
    void aLineEndsWithALineFeedOrWithTheStream() throws IOException {
        assertEquals(List.of(), read(""));
        assertEquals(List.of(""), read("\n"));
        assertEquals(List.of("a", "", "b"), read("a\n\nb"));
        assertEquals(List.of("a", "b\rc", "d"), read("a\r\nb\rc\r\nd\r"));
        assertEquals(List.of("a"), read("\uFEFFa\n"));
        assertEquals(List.of(), read("\uFEFF"));
    }

    @Test
    void theSizeOfReadsDoesNotMatter() throws IOException {
        Random random = new Random(3);
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < 3000; i++) {
            text.append("x".repeat(random.nextInt(200))).append('\n');
        }
        byte[] bytes = text.toString().getBytes(StandardCharsets.UTF_8);
        assertEquals(read(text.toString()), read(trickle(bytes, random)));
    }

    @Test
    void consumedBytesEndAtTheLengthOfTheStream() throws IOException {
        byte[] bytes = "ab\nc\n".repeat(40_000).getBytes(StandardCharsets.UTF_8);
        Lines lines = new Lines(new ByteArrayInputStream(bytes));
        assertEquals('a', lines.firstByte());
        assertTrue(lines.next());
        assertEquals(3, lines.consumedBytes());
        while (lines.next()) {
            assertTrue(lines.consumedBytes() <= bytes.length);
        }
        assertEquals(bytes.length, lines.consumedBytes());
    }

    @Test
    void progressTellsShareRateAndTimeLeft() {
        assertEquals(
                "[###############...............]  50 %  1,000 entries  500/s  2 s left",
                Progress.text("entries", 1000, 5000, 10_000, 2.0));
        assertEquals("1,000 entries  500/s", Progress.text("entries", 1000, 5000, -1, 2.0));
        assertEquals(
                "[##############................]  49 %  24.5 MB of 50.0 MB  49.0 kB/s  9 min left",
                Progress.text(null, 0, 24_500_000, 50_000_000, 500));
        assertEquals("24.5 MB  2.5 MB/s", Progress.text(null, 0, 24_500_000, 0, 10));
    }
}
