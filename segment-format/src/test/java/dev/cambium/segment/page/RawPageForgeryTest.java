package dev.cambium.segment.page;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cambium.error.CorruptionException;
import dev.cambium.error.FormatVersionException;
import dev.cambium.segment.log.OperationCode;
import dev.cambium.segment.memory.Memory;
import dev.cambium.segment.page.TestPages.Entry;
import dev.cambium.segment.page.TestPages.Raw;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Raw pages whose checksums held but which no writer wrote. */
class RawPageForgeryTest {
    private static final int[] EDGES = {0, 1, 2, 4, 5, 8, 16, 0x7F, 0x80, 0xFE, 0xFF};

    /** Throws unless the page is refused as damage. */
    static void refused(Memory page, String what) {
        assertThrows(CorruptionException.class, () -> PageOpener.check(page, TestPages.FILE, 8192), what);
    }

    private static List<Raw> samples() {
        Random random = new Random(1);
        List<Raw> samples = new ArrayList<>();
        List<byte[]> fixedKeys = new ArrayList<>();
        for (int i = 0; i < 9; i++) {
            fixedKeys.add(TestPages.key(1, new byte[] {(byte) i, 1, 2, 3, 4, 5}));
        }
        samples.add(leaf(fixedKeys, 3));
        samples.add(leaf(fixedKeys, 0));
        samples.add(leaf(fixedKeys, -1));
        for (int i = 0; i < 8; i++) {
            List<byte[]> keys = TestPages.keys(new Random(i), 12);
            List<byte[]> shorter = keys.stream().filter(k -> k.length < 100).toList();
            if (!shorter.isEmpty()) {
                samples.add(leaf(shorter, i % 3 == 0 ? 5 : -1));
                samples.add(TestPages.keys(shorter, 1 + i % 3, Pointer.NULL, 0));
            }
        }
        List<Entry> mixed = new ArrayList<>();
        for (int i = 0; i < 9; i++) {
            mixed.add(
                    i % 3 == 0
                            ? new Entry(fixedKeys.get(i), OperationCode.DELETE, new byte[0])
                            : i % 3 == 1
                                    ? new Entry(
                                            fixedKeys.get(i),
                                            OperationCode.PUT_REF,
                                            TestPages.reference(TestPages.home(1), 50_000, 1, 0))
                                    : TestPages.put(fixedKeys.get(i), TestPages.bytes(random, i)));
        }
        samples.add(TestPages.leaf(mixed));
        samples.add(wide(leaf(fixedKeys, -1)));
        samples.add(TestPages.keys(List.of(), 1, Pointer.NULL, 0));
        samples.add(TestPages.values(List.of(new byte[3], new byte[0], new byte[9])));
        samples.add(TestPages.values(List.of(new byte[0])));
        samples.add(TestPages.chunks(3_000_000));
        samples.add(TestPages.filter(3, 1));
        samples.add(TestPages.filter(3, random.longs(40).toArray()));
        return samples;
    }

    private static Raw leaf(List<byte[]> keys, int valueLength) {
        List<Entry> entries = new ArrayList<>();
        for (int i = 0; i < keys.size(); i++) {
            entries.add(TestPages.put(keys.get(i), new byte[valueLength < 0 ? i * 7 % 5 : valueLength]));
        }
        return TestPages.leaf(entries);
    }

    /** The same narrow leaf with a variable value column, its offsets in four bytes. */
    private static Raw wide(Raw narrow) {
        byte[] page = narrow.memory().toArray(0, narrow.length());
        int count = page[48];
        int valueStart = 64 + 4 * count;
        byte[] wide = new byte[page.length + 2 * (count + 1)];
        System.arraycopy(page, 0, wide, 0, valueStart);
        for (int i = 0; i <= count; i++) {
            wide[valueStart + 4 * i] = page[valueStart + 2 * i];
            wide[valueStart + 4 * i + 1] = page[valueStart + 2 * i + 1];
        }
        int rest = valueStart + 2 * (count + 1);
        System.arraycopy(page, rest, wide, rest + 2 * (count + 1), page.length - rest);
        wide[PageHeader.FLAGS_OFFSET] |= PageFlags.WIDE;
        Memory memory = TestPages.memory(wide);
        PageOpener.check(memory, TestPages.FILE, 8192);
        return new Raw(memory, PageKind.LEAF, 0, narrow.flags() | PageFlags.WIDE);
    }

    private static void touchEverything(Memory page, Random random) {
        switch (PageHeader.kind(page, 0)) {
            case PageKind.LEAF -> {
                LeafPage leaf = new LeafPage(page);
                touchKeys(leaf, 4, random);
                for (int i = 0; i < leaf.count(); i++) {
                    page.toArray(leaf.valueOffset(i), leaf.valueLength(i));
                    if (leaf.operation(i) == OperationCode.PUT_REF) {
                        long home = ValueReference.home(page, leaf.valueOffset(i));
                        assertTrue(Pointer.isPlausible(home), "a reference to no page");
                        assertTrue(ValueReference.valueLength(page, leaf.valueOffset(i)) >= 0, "a negative length");
                    }
                }
            }
            case PageKind.KEYS -> {
                KeyPage keys = new KeyPage(page);
                touchKeys(keys, 0, random);
                for (int i = 0; i < keys.count(); i++) {
                    assertTrue(Pointer.isPlausible(keys.child(i)));
                    assertTrue(keys.entries(i) > 0 && keys.bytes(i) >= 0 && keys.tombstones(i) <= keys.entries(i));
                    keys.newestBirth(i);
                    keys.payloadCrc(i);
                }
                keys.filterCrc();
                keys.addTo(new Aggregation());
                for (int i = 0; i < 10; i++) {
                    byte[] key = TestPages.bytes(random, random.nextInt(12));
                    int child = keys.childFor(key, 0, key.length);
                    assertTrue(child >= 0 && child < keys.count());
                }
            }
            case PageKind.VALUES -> {
                ValuePage values = new ValuePage(page);
                for (int i = 0; i < values.count(); i++) {
                    page.toArray(values.valueOffset(i), values.valueLength(i));
                }
            }
            case PageKind.CHUNKS -> {
                ChunkList chunks = new ChunkList(page);
                for (int i = 0; i < chunks.count(); i++) {
                    assertTrue(Pointer.isPlausible(chunks.home(i)) && chunks.chunkLength(i) > 0);
                    chunks.payloadCrc(i);
                }
            }
            default -> {
                FilterPage filter = new FilterPage(page);
                for (int i = 0; i < 50; i++) {
                    filter.mayContain(random.nextLong());
                }
            }
        }
    }

    private static void touchKeys(KeyedPage page, int shortest, Random random) {
        for (int i = 0; i < page.keyCount(); i++) {
            byte[] key = page.key(i);
            assertTrue(key.length >= shortest && key.length <= 32_771, "a key of " + key.length + " bytes");
            page.head(i);
            if (i < 20) {
                search(page, key);
                search(page, Arrays.copyOf(key, key.length / 2));
                search(page, Arrays.copyOf(key, key.length + 1));
            }
        }
        for (int i = 0; i < 10; i++) {
            search(page, TestPages.bytes(random, random.nextInt(12)));
        }
    }

    private static void search(KeyedPage page, byte[] key) {
        int index = page.search(key, 0, key.length);
        assertTrue(index < page.keyCount() && -1 - index <= page.keyCount());
    }

    @Test
    void forgedPagesAreRefusedOrStayWithinTheirBounds() {
        long seed = 4242;
        Random random = new Random(seed);
        List<Raw> samples = samples();
        for (Raw sample : samples) {
            PageOpener.check(sample.memory(), TestPages.FILE, 8192);
            touchEverything(sample.memory(), random);
        }
        int refused = 0;
        int rounds = 60_000;
        for (int i = 0; i < rounds; i++) {
            Raw sample = samples.get(i % samples.size());
            byte[] bytes = sample.memory().toArray(0, sample.length());
            int kind = bytes[PageHeader.KIND_OFFSET];
            int changes = 1 + random.nextInt(3);
            if (random.nextInt(10) == 0) { // a page of another length
                bytes = Arrays.copyOf(bytes, Math.max(49, bytes.length + random.nextInt(41) - 20));
                changes--;
            }
            for (; changes > 0; changes--) {
                int place = random.nextInt(8);
                int at = place == 0
                        ? PageHeader.FLAGS_OFFSET
                        : place == 1 ? PageHeader.LEVEL_OFFSET : place < 5 ? 48 + random.nextInt(24) : 48;
                if (at == 48) {
                    at += random.nextInt(bytes.length - 48);
                }
                at = Math.min(at, bytes.length - 1);
                int value = random.nextInt(3) == 0 ? random.nextInt(256) : EDGES[random.nextInt(EDGES.length)];
                bytes[at] = random.nextInt(4) == 0 ? (byte) (bytes[at] + random.nextInt(5) - 2) : (byte) value;
                if (random.nextInt(6) == 0 && at + 4 <= bytes.length) {
                    Arrays.fill(bytes, at, at + 4, (byte) value);
                }
            }
            if (kind == PageKind.KEYS && (bytes[PageHeader.LEVEL_OFFSET] & 0xFF) - 1 >= 15) {
                bytes[PageHeader.LEVEL_OFFSET] = 15; // the header's check has seen to that
            }
            Memory page = TestPages.memory(bytes);
            try {
                PageOpener.check(page, TestPages.FILE, 8192);
                touchEverything(page, random);
            } catch (CorruptionException | FormatVersionException typed) {
                refused++;
            } catch (RuntimeException | Error e) {
                throw new AssertionError("seed " + seed + ", round " + i + ", kind " + kind, e);
            }
            page.release();
        }
        assertTrue(refused > rounds / 2 && refused < rounds, "seed " + seed + ": " + refused);
    }

    @Test
    void aPageThatIsMuchTooShortIsRefused() {
        for (int kind = 1; kind <= 5; kind++) {
            for (int flags = 0; flags < 32; flags++) {
                for (int length = 49; length < 120; length++) {
                    for (int fill : new int[] {0, 1, 0xFF}) {
                        byte[] bytes = new byte[length];
                        Arrays.fill(bytes, 48, length, (byte) fill);
                        bytes[PageHeader.KIND_OFFSET] = (byte) kind;
                        bytes[PageHeader.LEVEL_OFFSET] = (byte) (kind == PageKind.KEYS ? 1 : 0);
                        bytes[PageHeader.FLAGS_OFFSET] = (byte) flags;
                        Memory page = TestPages.memory(bytes);
                        String what = "kind " + kind + ", flags " + flags + ", length " + length + ", fill " + fill;
                        try {
                            PageOpener.check(page, TestPages.FILE, 8192);
                            touchEverything(page, new Random(1));
                        } catch (CorruptionException | FormatVersionException typed) {
                            // as it should be
                        } catch (RuntimeException | Error e) {
                            throw new AssertionError(what, e);
                        }
                        page.release();
                    }
                }
            }
        }
    }

    @Test
    void aPageEndsWhereItsLastPartEnds() {
        for (Raw sample : samples()) {
            byte[] bytes = sample.memory().toArray(0, sample.length());
            for (int change : new int[] {-8, -1, 1, 2, 8, 64}) {
                Memory page = TestPages.memory(Arrays.copyOf(bytes, bytes.length + change));
                refused(page, "kind " + sample.kind() + " of " + bytes.length + " bytes, " + change);
                page.release();
            }
        }
    }

    @Test
    void unknownFlagsOperationsAndAlgorithmsAreRefusedByName() {
        for (Raw sample : samples()) {
            Memory page = sample.memory();
            page.putShort(PageHeader.FLAGS_OFFSET, sample.flags() | PageFlags.EXPIRY);
            assertThrows(
                    FormatVersionException.class,
                    () -> PageOpener.check(page, TestPages.FILE, 8192),
                    "EXPIRY in kind " + sample.kind());
        }
        Memory leaf = TestPages.leaf(List.of(new Entry(new byte[4], OperationCode.DELETE, new byte[0])))
                .memory();
        leaf.putByte(68, OperationCode.PUT_EXPIRY);
        assertThrows(FormatVersionException.class, () -> PageOpener.check(leaf, TestPages.FILE, 8192));
        for (int code : new int[] {0, 32, 255}) {
            leaf.putByte(68, code);
            refused(leaf, "operation " + code);
        }
        leaf.putByte(68, OperationCode.PUT_REF);
        refused(leaf, "a reference without bytes");
        Memory withValue = TestPages.leaf(List.of(new Entry(
                        new byte[4], OperationCode.PUT_REF, TestPages.reference(TestPages.home(1), 50_000, 1, 0))))
                .memory();
        withValue.putByte(68, OperationCode.DELETE);
        refused(withValue, "a tombstone with a value");
        withValue.putByte(68, OperationCode.PUT_REF);
        PageOpener.check(withValue, TestPages.FILE, 8192);
        int reference = withValue.capacity() - ValueReference.LENGTH;
        withValue.putInt(reference + ValueReference.STORED_LENGTH_OFFSET, 1 << 22);
        refused(withValue, "a reference to a page of another length than its pointer says");
        withValue.putInt(reference + ValueReference.STORED_LENGTH_OFFSET, Pointer.storedBytes(TestPages.home(1)));
        withValue.putShort(reference + ValueReference.COUNT_OFFSET, 0);
        refused(withValue, "a reference to one of no values");
        withValue.putShort(reference + ValueReference.COUNT_OFFSET, 1);
        PageOpener.check(withValue, TestPages.FILE, 8192);
        withValue.putLong(reference, TestPages.child(0, 1));
        refused(withValue, "a reference to a leaf");
        Memory filter = TestPages.filter(3, 1).memory();
        filter.putInt(FilterPage.ALGORITHM_OFFSET, 2);
        assertThrows(FormatVersionException.class, () -> PageOpener.check(filter, TestPages.FILE, 8192));
    }
}
