package dev.cambium.segment.page;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cambium.segment.log.OperationCode;
import dev.cambium.segment.memory.Memory;
import dev.cambium.segment.page.TestPages.Entry;
import dev.cambium.segment.page.TestPages.Raw;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class EntryBlockTest {
    private static byte[] b(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }

    private static byte[] cut(byte[] key, int skipped) {
        return Arrays.copyOfRange(key, skipped, key.length);
    }

    /** Random leaves, every kind of key and value; a block takes from anywhere to either side as much as has room, and holds just that. */
    @Test
    void takesTheEntriesOfALeafToEitherSideAsFarAsThereIsRoom() {
        Random random = new Random(7);
        int copied = 0;
        for (int round = 0; round < 3000; round++) {
            List<Entry> entries = entries(random);
            Raw raw = TestPages.leaf(entries);
            LeafPage leaf = new LeafPage(raw.memory());
            int skipped = random.nextBoolean() ? 0 : Math.min(4, leaf.prefixLength());
            EntryBlock block = new EntryBlock(random.nextInt(3000), 1 + random.nextInt(50), skipped);
            List<Entry> expected = new ArrayList<>();
            for (int times = 0; times < 3; times++) {
                int from = random.nextInt(entries.size());
                int most = random.nextInt(40);
                boolean ascending = random.nextBoolean();
                int added = block.addAll(leaf, from, most, ascending);
                assertTrue(added <= most);
                for (int i = 0; i < added; i++) {
                    Entry entry = entries.get(ascending ? from + i : from - i);
                    assertEquals(OperationCode.PUT, entry.operation());
                    expected.add(entry);
                }
                copied += added;
                Entry alone = entries.get(from);
                Memory key = TestPages.memory(alone.key());
                Memory value = TestPages.memory(alone.value());
                if (block.add(key, 0, alone.key().length, value, 0, alone.value().length)) {
                    expected.add(alone);
                }
                key.release();
                value.release();
            }
            assertEquals(expected.size(), block.count());
            for (int i = 0; i < expected.size(); i++) {
                String where = "round " + round + ", entry " + i;
                assertArrayEquals(cut(expected.get(i).key(), skipped), block.key(i), where);
                assertArrayEquals(expected.get(i).value(), block.value(i), where);
            }
            raw.memory().release();
        }
        assertTrue(copied > 10_000, copied + " entries");
    }

    private static List<Entry> entries(Random random) {
        List<Entry> entries = new ArrayList<>();
        boolean fixed = random.nextBoolean();
        boolean mixed = random.nextInt(3) == 0;
        for (byte[] key : TestPages.keys(random, 1 + random.nextInt(60))) {
            entries.add(
                    mixed && random.nextInt(8) == 0
                            ? new Entry(key, OperationCode.DELETE, new byte[0])
                            : TestPages.put(key, TestPages.bytes(random, fixed ? 30 : random.nextInt(60))));
        }
        return entries;
    }

    @Test
    void stopsBeforeWhatIsNoPlainPut() {
        Raw raw = TestPages.leaf(List.of(
                TestPages.put(b("keyA"), b("1")),
                TestPages.put(b("keyB"), b("22")),
                new Entry(b("keyC"), OperationCode.DELETE, new byte[0]),
                TestPages.put(b("keyD"), b("4"))));
        LeafPage leaf = new LeafPage(raw.memory());
        EntryBlock block = new EntryBlock(1000, 10, 0);
        assertEquals(2, block.addAll(leaf, 0, 10, true));
        assertEquals(0, block.addAll(leaf, 2, 10, true));
        assertEquals(1, block.addAll(leaf, 3, 10, false));
        assertEquals("keyD", new String(block.key(2), StandardCharsets.US_ASCII));
        assertEquals("4", new String(block.value(2), StandardCharsets.US_ASCII));
        block.clear();
        assertEquals(0, block.count());
        raw.memory().release();
    }

    @Test
    void refusesAnEntryThatIsTooLong() {
        Memory memory = TestPages.memory(new byte[100]);
        EntryBlock block = new EntryBlock(50, 2, 4);
        assertFalse(block.add(memory, 0, 20, memory, 0, 35));
        assertTrue(block.add(memory, 0, 20, memory, 0, 34));
        assertTrue(block.add(memory, 0, 4, memory, 0, 0), "nothing but what is left out");
        assertFalse(block.add(memory, 0, 4, memory, 0, 0), "a third entry");
        memory.release();
    }
}
