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

class KeyPageTest {
    private static final long FILTER = Pointer.of(4, 8192, 700, 1000, PageKind.FILTER);

    private static void holdsWhatWasPutIn(KeyPage page, List<byte[]> separators, int level, String round) {
        assertEquals(separators.size() + 1, page.count(), round);
        assertEquals(separators.size(), page.keyCount(), round);
        Aggregation expected = new Aggregation();
        for (int i = 0; i <= separators.size(); i++) {
            assertEquals(TestPages.child(i, level), page.child(i), round);
            assertEquals(77 * i, page.payloadCrc(i), round);
            assertEquals(10 + i, page.entries(i), round);
            assertEquals(1000L * i, page.bytes(i), round);
            assertEquals(i, page.tombstones(i), round);
            assertEquals(5 + i % 3, page.newestBirth(i), round);
            expected.entries += 10 + i;
            expected.bytes += 1000L * i;
            expected.tombstones += i;
            expected.newestBirth = Math.max(expected.newestBirth, 5 + i % 3);
            if (i < separators.size()) {
                assertArrayEquals(separators.get(i), page.key(i), round);
            }
        }
        Aggregation sum = new Aggregation();
        page.addTo(sum);
        assertEquals(expected.toString(), sum.toString(), round);
    }

    /** The first child whose following separator is above the key. */
    private static int childOf(List<byte[]> separators, byte[] key) {
        int child = 0;
        while (child < separators.size() && Arrays.compareUnsigned(separators.get(child), key) <= 0) {
            child++;
        }
        return child;
    }

    @Test
    void childrenAndSeparatorsReadBackAndEveryKeyHasItsChild() {
        long seed = 700;
        for (int i = 0; i < 250; i++) {
            Random random = new Random(seed + i);
            String round = "seed " + (seed + i);
            int children = i < 50 ? 1 + i % 3 : 1 + random.nextInt(i % 10 == 0 ? 2000 : 80);
            List<byte[]> separators = children == 1 ? List.of() : TestPages.keys(random, children - 1);
            int level = 1 + random.nextInt(15);
            long filter = level == 1 && random.nextBoolean() ? FILTER : Pointer.NULL;
            Raw raw = TestPages.keys(separators, level, filter, filter == Pointer.NULL ? 0 : 4711);
            Memory memory = TestPages.throughTheDisk(raw);
            KeyPage page = new KeyPage(memory);
            assertEquals(filter, page.filter(), round);
            assertEquals(filter == Pointer.NULL ? 0 : 4711, page.filterCrc(), round);
            holdsWhatWasPutIn(page, separators, level, round);
            if (separators.isEmpty()) {
                assertEquals(0, page.childFor(new byte[] {1, 2}, 0, 2), round);
                assertEquals(0, page.childFor(new byte[0], 0, 0), round);
            } else {
                LeafPageTest.searchFindsEveryKeyAndTheGapBetween(random, page, separators, 50, round);
            }
            for (byte[] key : TestPages.keys(random, 50)) {
                assertEquals(childOf(separators, key), page.childFor(key, 0, key.length), round);
            }
            for (byte[] key : separators) {
                assertEquals(childOf(separators, key), page.childFor(key, 0, key.length), round);
            }
            raw.memory().release();
            memory.release();
        }
    }

    @Test
    void layoutIsAsDocumented() {
        List<byte[]> separators =
                List.of(new byte[] {0, 0, 0, 1, 'a'}, new byte[] {0, 0, 0, 1, 'a', 'b', 'c', 'd', 'e', 'f'});
        byte[] page = TestPages.keys(separators, 1, FILTER, 0x01020304)
                .memory()
                .toArray(0, 64 + 8 + 8 + 3 * 44 + 3 * 2 + 5 + 5);
        // The prefix is all of the first separator, so no byte of a suffix stands in its head alone.
        assertEquals(3, Bytes.getUnsignedShort(page, 48));
        assertEquals(5, Bytes.getUnsignedShort(page, 50));
        assertEquals(0, page[52]);
        assertEquals(0, page[53]);
        assertEquals(0, Bytes.getUnsignedShort(page, 54));
        assertEquals(FILTER, Bytes.getLong(page, 56));
        assertArrayEquals(new byte[] {0, 0, 0, 0, 'b', 'c', 'd', 'e'}, Arrays.copyOfRange(page, 64, 72));
        assertEquals(0x01020304, Bytes.getInt(page, 72));
        assertEquals(0, Bytes.getInt(page, 76));
        for (int i = 0; i < 3; i++) {
            assertEquals(TestPages.child(i, 1), Bytes.getLong(page, 80 + 8 * i));
            assertEquals(10 + i, Bytes.getLong(page, 104 + 8 * i));
            assertEquals(1000 * i, Bytes.getLong(page, 128 + 8 * i));
            assertEquals(i, Bytes.getLong(page, 152 + 8 * i));
            assertEquals(5 + i, Bytes.getLong(page, 176 + 8 * i));
            assertEquals(77 * i, Bytes.getInt(page, 200 + 4 * i));
        }
        assertEquals(0, Bytes.getUnsignedShort(page, 212));
        assertEquals(0, Bytes.getUnsignedShort(page, 214));
        assertEquals(5, Bytes.getUnsignedShort(page, 216));
        assertArrayEquals(
                new byte[] {0, 0, 0, 1, 'a', 'b', 'c', 'd', 'e', 'f'}, Arrays.copyOfRange(page, 218, page.length));
    }

    @Test
    void aPageStaysWithinItsTargetUnlessItHasNoMoreThanTheFewestChildren() {
        long seed = 900;
        int pages = 0;
        for (int target : new int[] {100, 1000, 8192, 65_536, 70_000, 100_000}) {
            for (int i = 0; i < 10; i++) {
                Random random = new Random(++seed);
                String round = "seed " + seed + ", target " + target;
                KeyPageBuilder builder = new KeyPageBuilder(TestPages.pool(), target);
                List<byte[]> separators = new ArrayList<>();
                TestPages.addChild(builder, null, 0, 2);
                for (byte[] separator : TestPages.keys(random, 2000)) {
                    Memory memory = TestPages.memory(separator);
                    boolean full = builder.isFullFor(memory, 0, separator.length);
                    memory.release();
                    assertFalse(full && builder.count() < KeyPageBuilder.FEWEST_CHILDREN, round);
                    if (full) {
                        assertTrue(
                                builder.rawLength() <= target || builder.count() == KeyPageBuilder.FEWEST_CHILDREN,
                                round);
                        Raw raw = TestPages.build(builder, 2, Pointer.NULL, 0);
                        Memory page = TestPages.throughTheDisk(raw);
                        holdsWhatWasPutIn(new KeyPage(page), separators, 2, round);
                        raw.memory().release();
                        page.release();
                        builder.clear();
                        separators.clear();
                        pages++;
                        TestPages.addChild(builder, null, 0, 2);
                    } else {
                        separators.add(separator);
                        TestPages.addChild(builder, separator, separators.size(), 2);
                    }
                }
                builder.release();
            }
        }
        assertTrue(pages > 500, pages + " pages");
    }

    @Test
    void onlyLevelOneHasAFilterAndChildrenAreOneLevelBelow() {
        RawPageForgeryTest.refused(TestPages.keys(List.of(), 2, FILTER, 1).memory(), "a filter at level 2");
        RawPageForgeryTest.refused(TestPages.keys(List.of(), 1, Pointer.NULL, 1).memory(), "a checksum of no filter");
        RawPageForgeryTest.refused(
                TestPages.keys(List.of(), 1, TestPages.child(0, 1), 1).memory(), "a leaf as the filter");
        Memory page = TestPages.keys(List.of(), 1, Pointer.NULL, 0).memory();
        page.putByte(PageHeader.LEVEL_OFFSET, 2);
        RawPageForgeryTest.refused(page, "a leaf two levels below");
        page.putByte(PageHeader.LEVEL_OFFSET, 1);
        PageOpener.check(page, TestPages.FILE, 8192);
        page.putLong(KeyPage.pointersAt(1) + 32, -1);
        RawPageForgeryTest.refused(page, "a birth with the top bit");
    }
}
