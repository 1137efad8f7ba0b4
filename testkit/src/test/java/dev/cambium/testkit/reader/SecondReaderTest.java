package dev.cambium.testkit.reader;

import static dev.cambium.testkit.reader.HandMadeStore.key;
import static dev.cambium.testkit.reader.HandMadeStore.keyspace;
import static dev.cambium.testkit.reader.HandMadeStore.numbers;
import static dev.cambium.testkit.reader.HandMadeStore.operation;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cambium.testkit.model.ByteText;
import dev.cambium.testkit.reader.HandMadeStore.Named;
import dev.cambium.testkit.reader.HandMadeStore.Out;
import dev.cambium.testkit.reader.HandMadeStore.Zone;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class SecondReaderTest {
    private static final int PUT = 1, DELETE = 2, PUT_REF = 3;
    private static final int LEAF = 1, VALUES = 2, KEYS = 3, FILTER = 4, CHUNKS = 5;
    private static final Path GOLDEN = Path.of("../segment-format/src/test/resources/golden");
    private static final byte[] LONG_VALUE = ByteText.filled("0123456789abcde", (1 << 20) + 5);

    /** The bytes of a dump; what it leaves out is zero. */
    private static byte[] golden(String name, int length) throws IOException {
        byte[] bytes = new byte[length];
        for (String line : Files.readAllLines(GOLDEN.resolve(name))) {
            String[] numbers = line.substring(0, line.indexOf('|')).trim().split(" +");
            int offset = Integer.parseInt(numbers[0], 16);
            for (int i = 1; i < numbers.length; i++) {
                bytes[offset + i - 1] = (byte) Integer.parseInt(numbers[i], 16);
            }
        }
        return bytes;
    }

    /** CLEAN of a store whose only log, of id 1, is empty. */
    private static byte[] closed(HandMadeStore store, long incarnation) {
        long end = store.log(1, 8192, 4096, 0, 0);
        return numbers(4, incarnation, 1, end, 0);
    }

    private static Map<String, String> texts(SecondReader reader) {
        Map<String, String> texts = new TreeMap<>();
        reader.entries().forEach((key, value) -> texts.put(ByteText.text(key), ByteText.text(value)));
        return texts;
    }

    @Test
    void seedIsThatOfTheExample() {
        assertEquals(0xF66491B1, SecondReader.seed(0x0123456789ABCDEFL, 0x100001000L));
    }

    @Test
    void theGoldenLogIsRead() throws IOException {
        HandMadeStore store = new HandMadeStore();
        store.files.put("log-0000000000000001", golden("log.txt", 8192));
        List<byte[]> fields = List.of(keyspace(1, "default"), numbers(2, 1, 8192), numbers(4, 9, 1, 0x1000e8, 4));
        store.manifest(6, List.of(fields));
        store.superblock(9, 6, 65);
        Map<String, String> expected =
                Map.of("%00%00%00%01bb", "22", "%00%00%00%01ccc", "a value of some length", "%00%00%00%01d", "4");
        assertEquals(expected, texts(store.read()));
        assertEquals(Map.of(1, "default"), store.read().keyspaces());
    }

    @Test
    void theGoldenManifestIsRead() throws IOException {
        HandMadeStore store = new HandMadeStore();
        store.files.put("manifest-0000000000000003", golden("manifest.txt", 384));
        String value = "v".repeat(1000 - 45 - 48 - 48);
        byte[][] batches = {
            operation(PUT, key(2, "k"), "v"), operation(DELETE, key(2, "k"), ""), operation(PUT, key(1, "k"), value)
        };
        assertEquals(0xee48, store.log(5, 65536, 60_000, 4, 0x4d, batches));
        store.superblock(3, 3, 384);
        assertEquals(Map.of(1, "default", 2, "é"), store.read().keyspaces());
        assertEquals(Map.of("%00%00%00%01k", value), texts(store.read()));
    }

    @Test
    void theGoldenSuperblockIsRead() throws IOException {
        HandMadeStore store = new HandMadeStore();
        store.files.put("SUPERBLOCK", golden("superblock.txt", 69632));
        store.manifest(2, List.of(List.of(keyspace(7, "x".repeat(100)), numbers(2, 1, 8192), closed(store, 1))));
        assertEquals(Map.of(7, "x".repeat(100)), store.read().keyspaces());
    }

    /** Two runs in a cut and an open zone, one with two levels; two logs, whose first batch was flushed; one set aside between them. */
    private static HandMadeStore store() {
        HandMadeStore store = new HandMadeStore();
        Zone zone = new Zone(3, 5);
        byte[] mediumValue = "referenced".getBytes();
        Named values = zone.append(VALUES, 0, 0, 0, 0, 1, HandMadeStore.valuePage(new byte[0], mediumValue));
        Named chunk1 = zone.append(VALUES, 0, 0, 0, 0, 1, HandMadeStore.valuePage(Arrays.copyOf(LONG_VALUE, 1 << 20)));
        byte[] rest = Arrays.copyOfRange(LONG_VALUE, 1 << 20, LONG_VALUE.length);
        Named chunk2 = zone.append(VALUES, 0, 1, 0, 0, 1, HandMadeStore.valuePage(rest));
        byte[] list = HandMadeStore.chunkList(LONG_VALUE.length, List.of(chunk1, chunk2), List.of(1 << 20, 5));
        Named chunks = zone.append(CHUNKS, 0, 0, 0, 0, 1, list);

        // Run 1: two levels; a leaf of fixed keys and values, one of all operations, one packed.
        List<byte[]> keys1 = List.of(key(1, "aa01"), key(1, "aa02"), key(1, "aa03"));
        byte[] leaf1 =
                HandMadeStore.leaf(3, 6, 2, keys1, null, List.of("v1".getBytes(), "v2".getBytes(), "v3".getBytes()));
        Named named1 = zone.append(LEAF, 0, 0, 3, 1, 1, leaf1).of(3, 3 * 10, 0, 1);
        List<byte[]> keys2 = List.of(key(1, "b"), key(1, "bb"), key(1, "bcdefghijk"), key(1, "c"));
        List<byte[]> values2 = List.of(
                HandMadeStore.reference(chunks, LONG_VALUE.length, 0),
                HandMadeStore.reference(values, mediumValue.length, 1),
                new byte[0],
                "plain".getBytes());
        byte[] leaf2 = HandMadeStore.leaf(4 | 16, 4, 1, keys2, new int[] {PUT_REF, PUT_REF, DELETE, PUT}, values2);
        long bytes2 = 5 + LONG_VALUE.length + 6 + 10 + 14 + 5 + 5;
        Named named2 = zone.append(LEAF, 0, 1, 4 | 16, 1, 2, leaf2).of(4, bytes2, 1, 2);
        List<byte[]> keys3 = List.of(key(2, ""), key(2, "x"));
        byte[] leaf3 = HandMadeStore.leaf(0, 4, 0, keys3, null, List.of("empty".getBytes(), new byte[0]));
        Named named3 = zone.append(LEAF, 0, 0, 0, 1, 1, leaf3).of(2, 4 + 5 + 5, 0, 1);
        Named filter = zone.append(FILTER, 0, 0, 0, 1, 1, new byte[24]); // which no reader needs
        byte[] low = HandMadeStore.keyPage(1, 4, 1, List.of(key(1, "b")), List.of(named1, named2), filter);
        Named lowPage = zone.append(KEYS, 1, 0, 1, 1, 3, low).of(7, 30 + bytes2, 1, 3);
        byte[] high = HandMadeStore.keyPage(0, 0, 0, List.of(), List.of(named3), null);
        Named highPage = zone.append(KEYS, 1, 0, 0, 1, 1, high).of(2, 14, 0, 1);
        byte[] root = HandMadeStore.keyPage(16, 0, 4, List.of(key(1, "cc")), List.of(lowPage, highPage), null);
        Named rootPage = zone.append(KEYS, 2, 1, 16, 1, 1, root).of(9, 44 + bytes2, 1, 3);
        store.zone(zone);

        // Run 4, newer: deletes aa02, brings bcdefghijk back. Garbage stands behind the named part of its zone.
        Zone open = new Zone(9, 0);
        List<byte[]> newer = List.of(key(1, "aa02"), key(1, "bcdefghijk"));
        byte[] newerLeaf =
                HandMadeStore.leaf(4, 4, 4, newer, new int[] {DELETE, PUT}, List.of(new byte[0], "back".getBytes()));
        Named newerNamed = open.append(LEAF, 0, 0, 4, 4, 5, newerLeaf).of(2, 8 + 14 + 4, 1, 5);
        byte[] newerKeys = HandMadeStore.keyPage(0, 0, 0, List.of(), List.of(newerNamed), null);
        Named newerRoot = open.append(KEYS, 1, 0, 0, 4, 5, newerKeys).of(2, 26, 1, 5);
        int openLength = open.file.size();
        open.file.bytes(ByteText.filled("garbage", 100));
        store.zone(open);

        byte[][] first = {operation(PUT, key(1, "aa01"), "flushed, so passed over"), operation(7, key(2, ""), "second")
        };
        long end = store.log(5, 8192, 4096, 0, 0, first);
        byte[][] second = {
            operation(DELETE, key(1, "aa03"), ""),
            operation(PUT, key(2, "log"), "new"),
            operation(PUT_REF, key(2, "long"), HandMadeStore.reference(chunks, LONG_VALUE.length, 0))
        };
        long last = store.log(7, 8192, end, 5, 2, second);
        store.log(6, 8192, end + 8, 5, 2, operation(PUT, key(2, "set aside"), "lost"));
        store.used.get("log-0000000000000006").clear(512, 8192);
        byte[] run4 = run(4, newerRoot, 5, 5, newer);
        List<byte[]> edit1 = List.of(keyspace(1, "first"), numbers(2, 5, 8192), HandMadeStore.zone(3, 8192, 5, 1));
        List<byte[]> edit2 = List.of(
                HandMadeStore.zone(3, zone.file.size(), 5, 3),
                HandMadeStore.zone(9, openLength, 0, 1),
                HandMadeStore.zone(10, 4096, 0, 1),
                run(1, rootPage, 1, 3, List.of(keys1.get(0), keys3.get(1))),
                run(2, rootPage, 9, 9, List.of(keys1.get(0), keys3.get(1))),
                run4,
                numbers(24, 11, 5, 6),
                numbers(25, 1));
        List<byte[]> edit3 = List.of(
                numbers(17, 2),
                numbers(23, 10),
                numbers(2, 6, 8192),
                numbers(5, 6, end, 2),
                numbers(2, 7, 8192),
                numbers(0x8001, 1),
                numbers(4, 2, 7, last, 5));
        store.manifest(1, List.of(edit1, edit2, edit3));
        store.superblock(2, 1, store.files.get("manifest-0000000000000001").length);
        store.files.put("zone-000000000000000a", new byte[3]);
        return store;
    }

    private static byte[] run(long id, Named root, long oldest, long newest, List<byte[]> bounds) {
        Out run = new Out()
                .u64(id)
                .u64(root.pointer())
                .u32(root.crc())
                .u32(0)
                .u64(oldest)
                .u64(newest)
                .u64(1)
                .u64(1);
        run.u64(root.entries()).u64(root.tombstones()).u64(root.bytes()).u64(0).u32(0);
        byte[] first = bounds.get(0);
        byte[] last = bounds.get(bounds.size() - 1);
        run.u16(first.length).u16(last.length).bytes(first).bytes(last);
        return HandMadeStore.field(16, run);
    }

    @Test
    void aStoreOfRunsAndLogsIsRead() {
        SecondReader reader = store().read();
        assertArrayEquals(LONG_VALUE, reader.entries().remove(key(1, "b")));
        assertArrayEquals(LONG_VALUE, reader.entries().remove(key(2, "long")));
        Map<String, String> expected = new TreeMap<>();
        expected.put("%00%00%00%01aa01", "v1");
        expected.put("%00%00%00%01bb", "referenced");
        expected.put("%00%00%00%01bcdefghijk", "back");
        expected.put("%00%00%00%01c", "plain");
        expected.put("%00%00%00%02", "empty");
        expected.put("%00%00%00%02x", "");
        expected.put("%00%00%00%02log", "new");
        assertEquals(expected, texts(reader));
        assertEquals(Map.of(1, "first", 2, "second"), reader.keyspaces());
    }

    @Test
    void aFlippedBitIsNoticedWhereTheContentDependsOnIt() {
        HandMadeStore store = store();
        store.files.remove("zone-000000000000000a");
        SecondReader whole = store.read();
        store.files.forEach((name, bytes) -> {
            BitSet used = store.used.get(name);
            for (int at = 0; at < bytes.length; ) {
                bytes[at] ^= (byte) (1 << at % 8);
                String where = name + " " + at;
                if (used.get(at)) {
                    assertThrows(IllegalStateException.class, store::read, where);
                } else {
                    assertSame(whole, store.read(), where);
                }
                bytes[at] ^= (byte) (1 << at % 8);
                int end = used.get(at) ? used.nextClearBit(at) : used.nextSetBit(at);
                boolean dense = used.get(at) && end - at < 256;
                at = dense ? at + 1 : Math.min(at + 9973, end < 0 ? bytes.length : end);
            }
        });
    }

    private static void assertSame(SecondReader expected, SecondReader found, String where) {
        assertEquals(expected.keyspaces(), found.keyspaces(), where);
        assertEquals(expected.entries().size(), found.entries().size(), where);
        expected.entries()
                .forEach(
                        (key, value) -> assertArrayEquals(value, found.entries().get(key), where));
    }

    @Test
    void whatContradictsItselfIsNoticed() {
        assertEquals("read", refusal("a", "b", "c", "c", 1, 1, 0));
        assertContains("owner", refusal("a", "b", "c", "c", 1, 8, 0));
        assertContains("payloadCrc", refusal("a", "b", "c", "c", 1, 1, 1));
        assertContains("order of keys", refusal("b", "a", "c", "c", 1, 1, 0));
        assertContains("order of keys", refusal("a", "a", "c", "c", 1, 1, 0));
        assertContains("place elsewhere", refusal("a", "b", "b", "c", 1, 1, 0));
        assertContains("place elsewhere", refusal("a", "b", "d", "c", 1, 1, 0));
        assertContains("level", refusal("a", "b", "c", "c", 2, 1, 0));
    }

    private static void assertContains(String expected, String message) {
        assertTrue(message.startsWith("run 1: ") && message.contains(expected), message);
    }

    /** What the reader says of a run of two leaves, one of two keys, the other of one, with bits of the crc that its parent says flipped. */
    private static String refusal(
            String key1, String key2, String separator, String key3, int level, long owner, int crcBits) {
        Zone zone = new Zone(1, 0);
        List<byte[]> leftKeys = List.of(key(1, key1), key(1, key2));
        byte[] left = HandMadeStore.leaf(2, 4, 1, leftKeys, null, List.of(new byte[1], new byte[1]));
        byte[] right = HandMadeStore.leaf(2, 4, 1, List.of(key(1, key3)), null, List.of(new byte[1]));
        Named leftNamed = zone.append(LEAF, 0, 0, 2, 1, 1, left).of(2, 12, 0, 1);
        Named rightPage = zone.append(LEAF, 0, 0, 2, owner, 1, right);
        Named rightNamed = new Named(rightPage.pointer(), rightPage.crc() ^ crcBits, right, 1, 6, 0, 1);
        byte[] root = HandMadeStore.keyPage(0, 4, 1, List.of(key(1, separator)), List.of(leftNamed, rightNamed), null);
        Named rootNamed = zone.append(KEYS, level, 0, 0, 1, 1, root).of(3, 18, 0, 1);
        HandMadeStore store = new HandMadeStore();
        store.zone(zone);
        byte[] zoneField = HandMadeStore.zone(1, zone.file.size(), 0, 1);
        byte[] runField = run(1, rootNamed, 1, 1, List.of(key(1, key1), key(1, key3)));
        store.manifest(1, List.of(List.of(zoneField, runField, numbers(2, 1, 8192), closed(store, 1))));
        store.superblock(1, 1, 65);
        try {
            store.read();
            return "read";
        } catch (IllegalStateException e) {
            return e.getMessage();
        }
    }

    @Test
    void aLogThatEndsElsewhereThanTheManifestSaysIsNoticed() {
        for (long[] said : new long[][] {{0, 1}, {8, 1}, {56, 0}, {56, 1}, {56, 2}, {112, 1}, {112, 2}}) {
            HandMadeStore store = new HandMadeStore();
            assertEquals(4096 + 56, store.log(1, 8192, 4096, 0, 0, operation(PUT, key(1, "key"), "1234567")));
            List<byte[]> fields = List.of(numbers(2, 1, 8192), numbers(4, 1, 1, 4096 + said[0], said[1]));
            store.manifest(1, List.of(fields));
            store.superblock(1, 1, 65);
            if (said[0] == 56 && said[1] == 1) {
                assertEquals(Map.of("%00%00%00%01key", "1234567"), texts(store.read()));
            } else {
                assertThrows(IllegalStateException.class, store::read);
            }
        }
    }

    @Test
    void aManifestWithoutItsEndIsNoticed() {
        HandMadeStore store = new HandMadeStore();
        List<byte[]> edit = List.of(numbers(2, 1, 8192), closed(store, 1));
        store.manifest(1, List.of(edit));
        byte[] cut = store.files.get("manifest-0000000000000001");
        store.manifest(1, List.of(edit, List.of(keyspace(1, "default"))));
        store.superblock(1, 1, cut.length + 1);
        assertEquals(Map.of(1, "default"), store.read().keyspaces());
        store.files.put("manifest-0000000000000001", cut);
        assertThrows(IllegalStateException.class, store::read);
    }

    @Test
    void aStoreThatWasNotClosedIsRefused() {
        HandMadeStore store = store();
        store.superblock(3, 1, 65);
        assertTrue(assertThrows(IllegalStateException.class, store::read)
                .getMessage()
                .contains("did not close"));
    }
}
