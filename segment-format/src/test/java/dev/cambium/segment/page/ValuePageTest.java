package dev.cambium.segment.page;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cambium.segment.memory.Bytes;
import dev.cambium.segment.memory.Memory;
import dev.cambium.segment.page.TestPages.Raw;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class ValuePageTest {
    @Test
    void valuesReadBack() {
        long seed = 60;
        for (int i = 0; i < 200; i++) {
            Random random = new Random(seed + i);
            List<byte[]> values = new ArrayList<>();
            for (int n = 1 + random.nextInt(i % 20 == 0 ? 1000 : 30); n > 0; n--) {
                values.add(TestPages.bytes(random, random.nextInt(i % 3 == 0 ? 5000 : 4)));
            }
            Raw raw = TestPages.values(values);
            Memory memory = TestPages.throughTheDisk(raw);
            ValuePage page = new ValuePage(memory);
            assertEquals(values.size(), page.count());
            int start = 0;
            for (int v = 0; v < values.size(); v++) {
                String what = "seed " + (seed + i) + ", value " + v;
                assertEquals(values.get(v).length, page.valueLength(v), what);
                assertEquals(56 + 4 * (values.size() + 1) + start, page.valueOffset(v), what);
                assertArrayEquals(values.get(v), memory.toArray(page.valueOffset(v), page.valueLength(v)), what);
                assertEquals(start, memory.getInt(56 + 4 * v), what);
                start += values.get(v).length;
            }
            assertEquals(values.size(), memory.getInt(48));
            assertEquals(0, memory.getInt(52));
            assertEquals(raw.length(), 56 + 4 * (values.size() + 1) + start);
            raw.memory().release();
            memory.release();
        }
    }

    @Test
    void aPageStaysWithinItsTargetUnlessItHasOneValue() {
        Random random = new Random(8);
        ValuePageBuilder builder = new ValuePageBuilder(TestPages.pool(), 10_000);
        Memory source = Memory.allocate(1 << 20);
        int pages = 0;
        for (int i = 0; i < 3000; i++) {
            int length = random.nextInt(100) == 0 ? 1 << 20 : random.nextInt(3000);
            if (builder.isFullFor(length)) {
                assertTrue(builder.count() > 0);
                assertTrue(builder.rawLength() <= 10_000 || builder.count() == 1);
                builder.clear();
                pages++;
            }
            builder.add(source, 0, length);
        }
        assertTrue(pages > 100);
        builder.clear();
        assertFalse(builder.isFullFor(1 << 20), "an empty builder takes every value");
        builder.release();
        source.release();
    }

    @Test
    void aChunkListSaysWhereTheChunksAre() {
        for (long length : new long[] {(1 << 20) + 1, 2 << 20, (2 << 20) + 1, (7L << 20) - 1, 5L << 30}) {
            Raw raw = TestPages.chunks(length);
            Memory memory = TestPages.throughTheDisk(raw);
            ChunkList list = new ChunkList(memory);
            int count = (int) ((length + (1 << 20) - 1) >> 20);
            assertEquals(count, list.count());
            assertEquals(length, list.length());
            byte[] bytes = memory.toArray(0, memory.capacity());
            assertEquals(64 + 16 * count, bytes.length);
            assertEquals(count, Bytes.getInt(bytes, 48));
            assertEquals(0, Bytes.getInt(bytes, 52));
            assertEquals(length, Bytes.getLong(bytes, 56));
            long sum = 0;
            for (int i = 0; i < count; i++) {
                assertEquals(TestPages.home(i), list.home(i));
                assertEquals(99 * i, list.payloadCrc(i));
                assertEquals(TestPages.home(i), Bytes.getLong(bytes, 64 + 16 * i));
                assertEquals(99 * i, Bytes.getInt(bytes, 72 + 16 * i));
                assertEquals(list.chunkLength(i), Bytes.getInt(bytes, 76 + 16 * i));
                sum += list.chunkLength(i);
            }
            assertEquals(length, sum);
        }
    }

    @Test
    void chunksThatAreNoChunksAreRefused() {
        RawPageForgeryTest.refused(TestPages.chunks(1 << 20).memory(), "a value of 1 MiB needs no list");
        for (long wrong : new long[] {0, -1, (3L << 20) - 1, (3L << 20) + 1, 2L << 20, 4L << 20, Long.MIN_VALUE}) {
            Memory page = TestPages.chunks(3L << 20).memory();
            page.putLong(ChunkList.LENGTH_OFFSET, wrong);
            RawPageForgeryTest.refused(page, "length " + wrong);
        }
        Memory page = TestPages.chunks(3L << 20).memory();
        page.putInt(ChunkList.CHUNKS_OFFSET + ChunkList.CHUNK_LENGTH_OFFSET, 5);
        RawPageForgeryTest.refused(page, "a short chunk before others");
        page = TestPages.chunks(3L << 20).memory();
        page.putLong(ChunkList.CHUNKS_OFFSET, TestPages.child(0, 1));
        RawPageForgeryTest.refused(page, "a leaf as chunk");
        byte[] longer = Arrays.copyOf(page.toArray(0, page.capacity()), page.capacity() + 16);
        RawPageForgeryTest.refused(TestPages.memory(longer), "bytes behind the chunks");
    }
}
