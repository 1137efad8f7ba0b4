package dev.cambium.segment.page;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cambium.segment.log.OperationCode;
import dev.cambium.segment.memory.Memory;
import dev.cambium.segment.page.TestPages.Entry;
import dev.cambium.segment.page.TestPages.Raw;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class LeafPageTest {
    private static final byte[] NONE = {};

    private static List<Entry> entries(Random random, int count) {
        int valueShape = random.nextInt(6);
        boolean mixed = random.nextInt(3) == 0;
        int fixed = random.nextInt(50);
        List<Entry> entries = new ArrayList<>();
        int bytes = 0;
        for (byte[] key : TestPages.keys(random, count)) {
            bytes += key.length;
            if (bytes > 3_000_000) {
                break; // a page has at most 4 MiB
            }
            int kind = mixed ? random.nextInt(4) : 0;
            if (kind == 1) {
                entries.add(new Entry(key, OperationCode.DELETE, NONE));
            } else if (kind == 2) {
                byte[] reference = TestPages.reference(
                        TestPages.home(random.nextInt(9)), random.nextLong() >>> 1, random.nextInt(), 3);
                entries.add(new Entry(key, OperationCode.PUT_REF, reference));
            } else {
                int length =
                        switch (valueShape) {
                            case 0 -> 0;
                            case 1, 2 -> fixed;
                            case 3 -> random.nextInt(3);
                            case 4 -> random.nextInt(20) == 0 ? random.nextInt(70_000) : random.nextInt(20);
                            default -> random.nextInt(200);
                        };
                entries.add(TestPages.put(key, TestPages.bytes(random, length)));
                bytes += length;
            }
        }
        return entries;
    }

    /** What a page is to be, read as FORMAT.md says and by none of the code under test. */
    private static void layoutIsAsDocumented(Raw raw, List<Entry> entries, String round) {
        byte[] page = raw.memory().toArray(0, raw.length());
        int flags = raw.flags();
        int width = (flags & 16) != 0 ? 4 : 2;
        int count = unsigned(page, 48, 2);
        int prefixLength = unsigned(page, 50, 2);
        int headLength = page[52];
        assertEquals(0, page[53], round);
        int tailLength = unsigned(page, 54, 2);
        int valueLength = unsigned(page, 56, 4);
        assertEquals(0, unsigned(page, 60, 4), round);
        assertEquals(entries.size(), count, round);
        int tailStart = 64 + 4 * count;
        int valueStart = tailStart + ((flags & 1) != 0 ? 0 : width * (count + 1));
        int operations = valueStart + ((flags & 2) != 0 ? 0 : width * (count + 1));
        int prefix = operations + ((flags & 4) != 0 ? count : 0);
        int tails = prefix + prefixLength;
        byte[] first = entries.get(0).key();
        byte[] last = entries.get(count - 1).key();
        int mismatch = Arrays.mismatch(first, last);
        assertEquals(count == 1 ? first.length : mismatch, prefixLength, round);
        int shortest = entries.stream().mapToInt(e -> e.key().length).min().getAsInt();
        assertEquals(Math.min(4, shortest - prefixLength), headLength, round);
        int tailsEnd = tails;
        for (int i = 0; i < count; i++) {
            int from = (flags & 1) != 0 ? i * tailLength : unsigned(page, tailStart + width * i, width);
            int to = (flags & 1) != 0 ? from + tailLength : unsigned(page, tailStart + width * (i + 1), width);
            byte[] key = new byte[prefixLength + headLength + to - from];
            System.arraycopy(page, prefix, key, 0, prefixLength);
            System.arraycopy(page, 64 + 4 * i, key, prefixLength, headLength);
            System.arraycopy(page, tails + from, key, prefixLength + headLength, to - from);
            assertArrayEquals(entries.get(i).key(), key, round);
            byte[] suffix = Arrays.copyOfRange(key, prefixLength, key.length);
            assertArrayEquals(Arrays.copyOf(suffix, 4), Arrays.copyOfRange(page, 64 + 4 * i, 68 + 4 * i), round);
            tailsEnd = tails + to;
        }
        int valuesEnd = tailsEnd;
        for (int i = 0; i < count; i++) {
            int from = (flags & 2) != 0 ? i * valueLength : unsigned(page, valueStart + width * i, width);
            int to = (flags & 2) != 0 ? from + valueLength : unsigned(page, valueStart + width * (i + 1), width);
            assertArrayEquals(entries.get(i).value(), Arrays.copyOfRange(page, tailsEnd + from, tailsEnd + to), round);
            assertEquals(
                    entries.get(i).operation(), (flags & 4) != 0 ? page[operations + i] : OperationCode.PUT, round);
            valuesEnd = tailsEnd + to;
        }
        assertEquals(raw.length(), valuesEnd, round);
    }

    private static int unsigned(byte[] page, int at, int width) {
        int value = 0;
        for (int i = width - 1; i >= 0; i--) {
            value = value << 8 | page[at + i] & 0xFF;
        }
        return value;
    }

    private static void everyEntryReadsBack(LeafPage leaf, List<Entry> entries, String round) {
        assertEquals(entries.size(), leaf.count(), round);
        Memory copy = Memory.allocate(40_000);
        for (int i = 0; i < entries.size(); i++) {
            Entry entry = entries.get(i);
            assertArrayEquals(entry.key(), leaf.key(i), round);
            assertArrayEquals(Arrays.copyOfRange(entry.key(), 3, entry.key().length), leaf.key(i, 3), round);
            assertEquals(entry.key().length, leaf.keyLength(i), round);
            leaf.copyPrefix(copy);
            leaf.copySuffix(i, copy);
            assertArrayEquals(entry.key(), copy.toArray(0, entry.key().length), round);
            assertEquals(entry.operation(), leaf.operation(i), round);
            assertArrayEquals(entry.value(), leaf.memory().toArray(leaf.valueOffset(i), leaf.valueLength(i)), round);
        }
        copy.release();
    }

    /** Keys at, just before and just behind those of the page. */
    private static List<byte[]> probes(Random random, List<byte[]> keys, int most) {
        List<byte[]> probes = new ArrayList<>(List.of(NONE, new byte[] {0}, new byte[] {-1, -1, -1, -1, -1, -1}));
        for (int n = 0; n < most; n++) {
            byte[] key = keys.get(random.nextInt(keys.size()));
            probes.add(key);
            probes.add(Arrays.copyOf(key, key.length + 1 + random.nextInt(5)));
            probes.add(Arrays.copyOf(key, random.nextInt(key.length + 1)));
            byte[] changed = key.clone();
            changed[random.nextInt(key.length)] += (byte) (random.nextBoolean() ? 1 : -1);
            probes.add(changed);
            byte[] cut = Arrays.copyOf(key, Math.max(1, key.length - random.nextInt(6)));
            cut[cut.length - 1] += (byte) (random.nextBoolean() ? 1 : -1);
            probes.add(cut);
        }
        return probes;
    }

    static void searchFindsEveryKeyAndTheGapBetween(
            Random random, KeyedPage page, List<byte[]> keys, int probes, String round) {
        for (byte[] probe : probes(random, keys, probes)) {
            int expected = Collections.binarySearch(keys, probe, Arrays::compareUnsigned);
            int offset = random.nextInt(3);
            byte[] within = new byte[offset + probe.length + random.nextInt(3)];
            random.nextBytes(within);
            System.arraycopy(probe, 0, within, offset, probe.length);
            assertEquals(
                    expected,
                    page.search(within, offset, probe.length),
                    () -> round + ", key " + Arrays.toString(probe));
            int index = random.nextInt(keys.size());
            assertEquals(
                    Arrays.compareUnsigned(keys.get(index), probe) < 0,
                    page.isBelow(index, within, offset, probe.length),
                    () -> round + ", key " + index + " and " + Arrays.toString(probe));
        }
    }

    @Test
    void entriesOfEveryShapeReadBackAndAreFound() {
        long seed = 20;
        int wide = 0;
        int narrow = 0;
        for (int i = 0; i < 500; i++) {
            Random random = new Random(seed + i);
            String round = "seed " + (seed + i);
            List<Entry> entries = entries(random, 1 + random.nextInt(i % 10 == 0 ? 2000 : 60));
            List<byte[]> keys = entries.stream().map(Entry::key).toList();
            Raw raw = TestPages.leaf(entries);
            layoutIsAsDocumented(raw, entries, round);
            Memory page = TestPages.throughTheDisk(raw);
            LeafPage leaf = new LeafPage(page);
            everyEntryReadsBack(leaf, entries, round);
            searchFindsEveryKeyAndTheGapBetween(random, leaf, keys, Math.min(300, 2 * keys.size()), round);
            if ((raw.flags() & PageFlags.WIDE) != 0) {
                wide++;
            } else {
                narrow++;
                assertTrue(raw.length() <= 0xFFFF, round);
            }
            raw.memory().release();
            page.release();
        }
        assertTrue(wide > 20 && narrow > 200, wide + " wide, " + narrow + " narrow");
    }

    @Test
    void thousandsOfTinyEntriesAreFound() {
        for (int count : new int[] {1, 15, 16, 17, 255, 256, 257, 511, 513, 2000, 4097, 65_535}) {
            Random random = new Random(count);
            List<Entry> entries = new ArrayList<>();
            for (int i = 0; i < count; i++) { // heads repeat eight times, and gaps lie between them
                byte[] user = {(byte) (i >>> 13), (byte) (i >>> 5), (byte) (i >>> 3 << 1), 0, (byte) ((i & 7) << 1)};
                user[2] = (byte) ((i >>> 3 & 3) << 6 | 1);
                entries.add(TestPages.put(TestPages.key(1, user), NONE));
            }
            List<byte[]> keys = entries.stream().map(Entry::key).toList();
            Raw raw = TestPages.leaf(entries);
            Memory page = TestPages.throughTheDisk(raw);
            LeafPage leaf = new LeafPage(page);
            for (int i = 0; i < count; i++) {
                assertEquals(i, leaf.search(keys.get(i), 0, 9));
            }
            searchFindsEveryKeyAndTheGapBetween(random, leaf, keys, 500, "count " + count);
            raw.memory().release();
            page.release();
        }
    }

    @Test
    void aPageStaysWithinItsTargetUnlessItHasOneEntry() {
        long seed = 300;
        int pages = 0;
        for (int target : new int[] {64, 200, 4096, 16_384, 65_535, 65_536, 66_000, 70_000, 262_144}) {
            for (int i = 0; i < 12; i++) {
                Random random = new Random(++seed);
                LeafBuilder builder = new LeafBuilder(TestPages.pool(), target);
                List<Entry> inPage = new ArrayList<>();
                for (Entry entry : entries(random, target < 60_000 ? 300 : 1500)) {
                    boolean full = TestPages.isFullFor(builder, entry);
                    assertFalse(full && inPage.isEmpty(), "an empty builder takes every entry");
                    if (full) {
                        // One more would really have been too long.
                        List<Entry> more = new ArrayList<>(inPage);
                        more.add(entry);
                        if (pages % 16 == 0) {
                            Raw longer = TestPages.leaf(more);
                            assertTrue(longer.length() > target, "seed " + seed + ", target " + target);
                            longer.memory().release();
                        }
                        checkAndClear(builder, inPage, target, "seed " + seed + ", target " + target);
                        pages++;
                    }
                    TestPages.add(builder, entry);
                    inPage.add(entry);
                }
                checkAndClear(builder, inPage, target, "seed " + seed + ", target " + target);
                builder.release();
            }
        }
        assertTrue(pages > 1000, pages + " pages");
    }

    private static void checkAndClear(LeafBuilder builder, List<Entry> entries, int target, String round) {
        assertEquals(entries.size(), builder.count(), round);
        assertTrue(builder.rawLength() <= target || entries.size() == 1, round);
        assertEquals(entries.size(), builder.sum().entries, round);
        assertEquals(
                entries.stream()
                        .mapToLong(e -> e.key().length + e.value().length)
                        .sum(),
                builder.sum().bytes,
                round);
        assertEquals(
                entries.stream()
                        .filter(e -> e.operation() == OperationCode.DELETE)
                        .count(),
                builder.sum().tombstones,
                round);
        Raw raw = TestPages.build(builder);
        Memory page = TestPages.throughTheDisk(raw);
        everyEntryReadsBack(new LeafPage(page), entries, round);
        raw.memory().release();
        page.release();
        builder.clear();
        entries.clear();
    }

    /** Of keys that share nearly all their bytes a page holds many, although they are long. */
    @Test
    void longKeysWithALongCommonPrefixFillOnePageAfterTheOther() {
        byte[] stem = TestPages.bytes(new Random(4), 30_000);
        LeafBuilder builder = new LeafBuilder(TestPages.pool(), 65_536);
        int entries = 0;
        for (int i = 0; i < 600; i++) {
            byte[] key = TestPages.key(1, TestPages.join(stem, new byte[] {(byte) (i >>> 8), (byte) i}));
            Entry entry = TestPages.put(key, NONE);
            if (TestPages.isFullFor(builder, entry)) {
                entries += builder.count();
                checkReadable(builder);
                builder.clear();
            }
            TestPages.add(builder, entry);
        }
        checkReadable(builder);
        assertEquals(600, entries + builder.count());
        builder.release();
    }

    private static void checkReadable(LeafBuilder builder) {
        Raw raw = TestPages.build(builder);
        Memory page = TestPages.throughTheDisk(raw);
        assertEquals(30_006, new LeafPage(page).keyLength(builder.count() - 1));
        raw.memory().release();
        page.release();
    }

    @Test
    void keysOfTheGreatestLengthFitAndLongerOnesAreNoKeys() {
        for (int length : new int[] {4, 32_771}) {
            byte[] key = new byte[length];
            Raw raw = TestPages.leaf(List.of(TestPages.put(key, NONE)));
            Memory page = TestPages.throughTheDisk(raw);
            assertArrayEquals(key, new LeafPage(page).key(0));
        }
        for (int length : new int[] {3, 32_772}) {
            Raw raw = TestPages.leaf(List.of(TestPages.put(new byte[length], NONE)));
            RawPageForgeryTest.refused(raw.memory(), "a key of " + length);
            raw = TestPages.leaf(List.of(TestPages.put(new byte[length], NONE), TestPages.put(filled(40), NONE)));
            RawPageForgeryTest.refused(raw.memory(), "a key of " + length + " and one of 40");
        }
    }

    private static byte[] filled(int length) {
        byte[] bytes = new byte[length];
        Arrays.fill(bytes, (byte) 9);
        return bytes;
    }

    @Test
    void aReferenceIsCompletedOnceItsPageIsWritten() {
        LeafBuilder builder = new LeafBuilder(TestPages.pool(), 4096);
        byte[] nothingYet = new byte[ValueReference.LENGTH];
        List<Entry> entries = List.of(
                TestPages.put(TestPages.key(1, new byte[] {1}), new byte[7]),
                new Entry(TestPages.key(1, new byte[] {2}), OperationCode.PUT_REF, nothingYet),
                new Entry(TestPages.key(1, new byte[] {3}), OperationCode.DELETE, NONE),
                new Entry(TestPages.key(1, new byte[] {4}), OperationCode.PUT_REF, nothingYet));
        int[] at = new int[4];
        for (int i = 0; i < 4; i++) {
            TestPages.add(builder, entries.get(i));
            at[i] = builder.lastValueAt();
        }
        builder.putReference(at[3], TestPages.home(3), 333_333, 33, Pointer.storedBytes(TestPages.home(3)), 3, 4);
        builder.putReference(at[1], TestPages.home(1), 111_111, 11, Pointer.storedBytes(TestPages.home(1)), 1, 2);
        LeafPage leaf = new LeafPage(TestPages.throughTheDisk(TestPages.build(builder)));
        for (int i : new int[] {1, 3}) {
            int value = leaf.valueOffset(i);
            assertEquals(TestPages.home(i), ValueReference.home(leaf.memory(), value));
            assertEquals(111_111 * i, ValueReference.valueLength(leaf.memory(), value));
            assertEquals(11 * i, ValueReference.payloadCrc(leaf.memory(), value));
            assertEquals(i, ValueReference.index(leaf.memory(), value));
            assertEquals(i + 1, ValueReference.count(leaf.memory(), value));
            assertArrayEquals(
                    TestPages.reference(TestPages.home(i), 111_111 * i, 11 * i, i),
                    leaf.memory().toArray(value, ValueReference.LENGTH));
        }
    }

    @Test
    void aSeparatorIsTheShortestBeginningThatLiesBetween() {
        long seed = 50;
        Random random = new Random(seed);
        for (int i = 0; i < 300; i++) {
            List<byte[]> keys = TestPages.keys(random, 2);
            if (keys.size() < 2) {
                continue;
            }
            LeafBuilder builder = new LeafBuilder(TestPages.pool(), 4096);
            TestPages.add(builder, TestPages.put(keys.get(0), NONE));
            Memory next = TestPages.memory(keys.get(1));
            int length = builder.separatorLength(next, 0, keys.get(1).length);
            byte[] separator = Arrays.copyOf(keys.get(1), length);
            String round = "seed " + seed + ", round " + i;
            assertTrue(length <= keys.get(1).length, round);
            assertTrue(Arrays.compareUnsigned(keys.get(0), separator) < 0, round);
            assertTrue(Arrays.compareUnsigned(separator, keys.get(1)) <= 0, round);
            assertFalse(
                    Arrays.compareUnsigned(keys.get(0), Arrays.copyOf(separator, length - 1)) < 0,
                    round + ": a shorter one lies between");
            assertEquals(firstUserBytes(keys.get(0)), builder.firstKeyHead(4), round);
            builder.release();
            next.release();
        }
    }

    private static long firstUserBytes(byte[] key) {
        long word = 0;
        for (int i = 0; i < 8; i++) {
            word = word << 8 | (4 + i < key.length ? key[4 + i] & 0xFF : 0);
        }
        return word;
    }
}
