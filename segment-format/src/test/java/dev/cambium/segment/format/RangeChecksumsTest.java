package dev.cambium.segment.format;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import dev.cambium.segment.memory.Memory;
import java.util.Random;
import org.junit.jupiter.api.Test;

class RangeChecksumsTest {
    @Test
    void everyRangeHasTheChecksumOfItsBytes() {
        Random random = new Random(7);
        byte[] bytes = new byte[70_001];
        random.nextBytes(bytes);
        Memory memory = Memory.allocate(bytes.length + 24);
        memory.put(24, bytes, 0, bytes.length);
        RangeChecksums checksums = new RangeChecksums(memory, 24, bytes.length);
        for (int i = 0; i < 2_000; i++) {
            int start = random.nextInt(bytes.length);
            int end = start + random.nextInt(bytes.length - start + 1);
            assertEquals(FormatHead.crc(memory, 24 + start, end - start), checksums.of(start, end), start + " " + end);
        }
        assertEquals(FormatHead.crc(memory, 24, bytes.length), checksums.of(0, bytes.length));
        memory.release();
    }

    @Test
    void seedsOfOneSaltNeverMeetWithinFourGiB() {
        // The bijection is by construction; here that nearby and wrapped places differ, and that the salt matters.
        for (long position = 0; position < 100_000; position += 8) {
            assertNotEquals(ChecksumSeed.of(5, position), ChecksumSeed.of(5, position + 8));
            assertNotEquals(ChecksumSeed.of(5, position), ChecksumSeed.of(6, position));
            assertNotEquals(ChecksumSeed.of(5, position), ChecksumSeed.of(5, position + (1L << 32)));
        }
        assertEquals(0xf66491b1, ChecksumSeed.of(0x0123_4567_89AB_CDEFL, 0x1_0000_1000L));
    }
}
