package dev.cambium.segment.page;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cambium.segment.memory.Memory;
import dev.cambium.segment.page.TestPages.Raw;
import dev.cambium.segment.pool.BufferPool;
import java.util.HashSet;
import java.util.Random;
import java.util.Set;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class FilterPageTest {
    private final BufferPool pool = TestPages.pool();

    @AfterEach
    void buildersLeaveNothingBehind() {
        assertEquals(0, pool.usedBytes());
    }

    private static long mix64(long z) {
        z ^= z >>> 30;
        z *= 0xBF58476D1CE4E5B9L;
        z ^= z >>> 27;
        z *= 0x94D049BB133111EBL;
        z ^= z >>> 31;
        return z;
    }

    /** The formula of FORMAT.md over the bytes of the page. */
    private static boolean mayContain(byte[] page, long key) {
        long seed = word(page, 56, 8);
        long segmentLength = word(page, 64, 4);
        long segmentCount = word(page, 68, 4);
        long h = mix64(key + seed);
        long f = (h ^ h >>> 32) & 255;
        long p0 = ((h >>> 32) * (segmentCount * segmentLength)) >>> 32;
        long p1 = (p0 + segmentLength) ^ ((h >>> 18) & (segmentLength - 1));
        long p2 = (p0 + 2 * segmentLength) ^ (h & (segmentLength - 1));
        return f == ((page[72 + (int) p0] ^ page[72 + (int) p1] ^ page[72 + (int) p2]) & 255);
    }

    private static long word(byte[] page, int at, int length) {
        long word = 0;
        for (int i = length - 1; i >= 0; i--) {
            word = word << 8 | page[at + i] & 0xFF;
        }
        return word;
    }

    @Test
    void everyKeyIsFoundAndFewOthersAre() {
        for (int size : new int[] {1, 2, 3, 4, 5, 7, 10, 17, 100, 1000, 20_000, 100_000}) {
            for (int round = 0; round < (size <= 1000 ? 30 : 1); round++) {
                long seed = 1000L * size + round;
                String what = "seed " + seed;
                Random random = new Random(seed);
                long[] hashes = new long[size];
                Set<Long> all = new HashSet<>();
                for (int i = 0; i < size; i++) {
                    hashes[i] = round % 3 == 1 ? i : random.nextLong();
                    all.add(hashes[i]);
                }
                Raw raw = TestPages.filter(random.nextLong(), hashes);
                Memory memory = TestPages.throughTheDisk(raw);
                byte[] page = memory.toArray(0, raw.length());
                FilterPage filter = new FilterPage(memory);
                assertEquals(1, word(page, 48, 4), what);
                assertEquals(size, word(page, 52, 4), what);
                assertEquals(size, filter.count(), what);
                assertEquals(1, Long.bitCount(word(page, 64, 4)), what);
                assertEquals(page.length - 72, (word(page, 68, 4) + 2) * word(page, 64, 4), what);
                for (long hash : hashes) {
                    assertTrue(filter.mayContain(hash) && mayContain(page, hash), what);
                }
                int wrong = 0;
                int asked = size == 100_000 ? 300_000 : 20_000;
                for (int i = 0; i < asked; i++) {
                    long hash = random.nextLong();
                    boolean perhaps = filter.mayContain(hash);
                    assertEquals(mayContain(page, hash), perhaps, what);
                    wrong += perhaps && !all.contains(hash) ? 1 : 0;
                }
                assertTrue(wrong < asked / 100, what + ": " + wrong + " of " + asked);
                if (size == 100_000) {
                    assertTrue(page.length * 8.0 / size < 10, "about nine bits a key: " + page.length);
                }
                raw.memory().release();
                memory.release();
            }
        }
    }

    @Test
    void keysWithTheSameHashDoNoHarm() {
        for (int size : new int[] {2, 3, 10, 1000, 100_000}) {
            Random random = new Random(size);
            FilterBuilder builder = new FilterBuilder(pool, 5);
            for (int i = 0; i < size; i++) {
                builder.add(mix64(i / 2));
            }
            int length = builder.rawLength();
            Memory page = Memory.allocate(length);
            page.putShort(PageHeader.FLAGS_OFFSET, 0);
            builder.build(page);
            FilterPage.check(page, TestPages.FILE, 4096);
            FilterPage filter = new FilterPage(page);
            for (int i = 0; i < size; i++) {
                assertTrue(filter.mayContain(mix64(i / 2)), "size " + size);
            }
            int wrong = 0;
            for (int i = 0; i < 20_000; i++) {
                wrong += filter.mayContain(random.nextLong()) ? 1 : 0;
            }
            assertTrue(wrong < 200, "size " + size + ": " + wrong);
            assertEquals(length, builder.rawLength(), "the length is that of the page that was built");
            assertEquals(size, builder.count());
            page.release();
            builder.release();
        }
    }

    @Test
    void aBuilderIsUsedAgain() {
        FilterBuilder builder = new FilterBuilder(pool, 9);
        Random random = new Random(10);
        for (int size : new int[] {5000, 3, 20_000, 1, 700}) {
            builder.clear();
            long[] hashes = random.longs(size).toArray();
            for (long hash : hashes) {
                builder.add(hash);
            }
            assertEquals(size, builder.count());
            Memory page = Memory.allocate(builder.rawLength());
            builder.build(page);
            FilterPage.check(page, TestPages.FILE, 4096);
            FilterPage filter = new FilterPage(page);
            for (long hash : hashes) {
                assertTrue(filter.mayContain(hash));
            }
            page.release();
        }
        builder.release();
    }

    @Test
    void theGreatestFilterFitsIntoAPage() {
        FilterBuilder builder = new FilterBuilder(pool, 9);
        for (int i = 0; i < FilterBuilder.MOST_KEYS; i++) {
            builder.add(i);
        }
        assertTrue(builder.rawLength() <= PageHeader.MAX_PAGE_LENGTH, builder.rawLength() + " bytes");
        builder.release();
    }

    /** Just above 11,493 keys, where segments become twice as long, every fourth set of keys once had no filter, and its flush failed. */
    @Test
    void thereIsAFilterWhateverTheNumberOfKeys() {
        for (int keys = 11_440; keys < 11_600; keys += 8) {
            FilterBuilder builder = new FilterBuilder(pool, keys);
            SplittableRandom random = new SplittableRandom(keys);
            for (int i = 0; i < keys; i++) {
                builder.add(random.nextLong());
            }
            Memory page = Memory.allocate(builder.rawLength());
            assertTrue(builder.build(page), keys + " keys");
            builder.release();
            page.release();
        }
    }
}
