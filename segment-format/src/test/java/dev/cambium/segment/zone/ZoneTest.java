package dev.cambium.segment.zone;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cambium.error.CorruptionException;
import dev.cambium.error.FormatVersionException;
import dev.cambium.error.StoreIOException;
import dev.cambium.error.WriterFailedException;
import dev.cambium.segment.disk.RealFileSystem;
import dev.cambium.segment.disk.ZoneFile;
import dev.cambium.segment.format.FormatHead;
import dev.cambium.segment.format.TestDisk;
import dev.cambium.segment.memory.Bytes;
import dev.cambium.segment.memory.Memory;
import dev.cambium.segment.page.KeyPage;
import dev.cambium.segment.page.LeafPage;
import dev.cambium.segment.page.PageHeader;
import dev.cambium.segment.page.PageKind;
import dev.cambium.segment.page.PageOpener;
import dev.cambium.segment.page.Pointer;
import dev.cambium.segment.page.TestPages;
import dev.cambium.segment.page.TestPages.Raw;
import dev.cambium.segment.pool.BufferPool;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.roaringbitmap.RoaringBitmap;

class ZoneTest {
    private static final byte[] STORE_ID = TestPages.STORE_ID;
    private static final int ZONE = 0x1234;
    private static final String NAME = "zone-0000000000001234";

    private final TestDisk disk = new TestDisk();
    private final BufferPool pool = TestPages.pool();

    /** A page that was appended. */
    private record Appended(Raw raw, long pointer, int payloadCrc, int offset, long owner, long firstKey) {}

    private ZoneWriter create() {
        return ZoneWriter.create(disk, ZONE, STORE_ID, 6, 1_700_000_000_123L, 1 << 22, pool);
    }

    private static Raw page(Random random) {
        int n = random.nextInt(40);
        return switch (random.nextInt(6)) {
            case 0, 1 ->
                TestPages.leaf(TestPages.keys(random, 1 + n).stream()
                        .map(key -> TestPages.put(key, TestPages.bytes(random, random.nextInt(30))))
                        .toList());
            case 2 -> TestPages.keys(n == 0 ? List.of() : TestPages.keys(random, n), 1 + n % 15, Pointer.NULL, 0);
            case 3 -> TestPages.values(List.of(TestPages.bytes(random, random.nextInt(9000)), new byte[n]));
            case 4 -> TestPages.filter(3, random.longs(1 + n).toArray());
            default -> TestPages.chunks((1 << 20) + 1 + (long) n * 300_000);
        };
    }

    /** As FORMAT.md has it, from the keys that the page holds. */
    private static long firstKey(Raw raw) {
        byte[] key =
                switch (raw.kind()) {
                    case PageKind.LEAF -> new LeafPage(raw.memory()).key(0);
                    case PageKind.KEYS -> {
                        KeyPage keys = new KeyPage(raw.memory());
                        yield keys.keyCount() == 0 ? new byte[4] : keys.key(0);
                    }
                    default -> new byte[4];
                };
        long word = 0;
        for (int i = 4; i < 12; i++) {
            word = word << 8 | (i < key.length ? key[i] & 0xFF : 0);
        }
        return word;
    }

    private static Appended append(ZoneWriter writer, Raw raw, int index) {
        int offset = writer.length();
        long owner = raw.kind() == PageKind.VALUES || raw.kind() == PageKind.CHUNKS ? Pointer.NULL : 100 + index;
        long firstKey = firstKey(raw);
        assertTrue(writer.hasRoomFor(raw.length()));
        writer.append(raw.memory(), raw.length(), raw.kind(), raw.level(), raw.flags(), 50 + index, owner, firstKey);
        long named = owner == Pointer.NULL ? writer.pointer() : owner;
        return new Appended(raw, writer.pointer(), writer.payloadCrc(), offset, named, firstKey);
    }

    private List<Appended> appendSome(ZoneWriter writer, Random random, int count) {
        List<Appended> pages = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            pages.add(append(writer, page(random), i));
            if (random.nextInt(10) == 0) {
                writer.flush();
            }
        }
        return pages;
    }

    private static int crc(byte[] bytes, int from, int length) {
        CRC32C crc = new CRC32C();
        crc.update(bytes, from, length);
        return (int) crc.getValue();
    }

    @Test
    void namesRoundTripAndOthersAreNone() {
        assertEquals(NAME, ZoneFiles.name(ZONE));
        assertEquals("zone-000000000fffffff", ZoneFiles.name((1 << 28) - 1));
        assertEquals(ZONE, ZoneFiles.numberOf(NAME));
        assertEquals(Long.MAX_VALUE, ZoneFiles.numberOf("zone-7fffffffffffffff"));
        for (String name : List.of(
                "",
                "zone-",
                "zone-8000000000000000",
                "zone-ffffffffffffffff",
                NAME + "0",
                NAME.substring(0, 20),
                "zone-000000000000123G",
                "zone-000000000000ABCD",
                "zone_0000000000001234",
                "Zone-0000000000001234",
                "log-00000000000001234")) {
            assertEquals(-1, ZoneFiles.numberOf(name), name);
        }
    }

    @Test
    void aPageThatIsMovedIsTheSameButForWhereItStands() {
        Random random = new Random(33);
        ZoneWriter from = create();
        List<Appended> pages = appendSome(from, random, 40);
        from.seal();
        byte[] old = disk.files.get(NAME);
        from.close();
        ZoneWriter to = ZoneWriter.create(disk, ZONE + 1, STORE_ID, 6, 1, 1 << 22, pool);
        Memory stored = Memory.allocate(old.length);
        stored.put(0, old, 0, old.length);
        List<Integer> offsets = new ArrayList<>();
        for (int i = 0; i < pages.size(); i += 1 + i % 2) {
            Appended page = pages.get(i);
            append(to, page(random), i);
            assertEquals(page.payloadCrc(), PageHeader.payloadCrc(stored, page.offset()));
            to.appendMoved(stored, page.offset(), page.firstKey());
            assertEquals(page.payloadCrc(), to.payloadCrc());
            assertEquals(Bytes.getInt(old, page.offset() + PageHeader.STORED_LENGTH_OFFSET), to.storedLength());
            assertEquals(ZONE + 1, Pointer.zone(to.pointer()));
            int offset = Pointer.offset(to.pointer());
            assertEquals(to.length(), offset + Pointer.paddedLength(to.storedLength()));
            offsets.add(page.offset());
            offsets.add(offset);
        }
        long length = to.seal();
        to.close();
        stored.release();
        byte[] now = disk.files.get(ZoneFiles.name(ZONE + 1));
        for (int i = 0; i < offsets.size(); i += 2) {
            int at = offsets.get(i);
            int there = offsets.get(i + 1);
            byte[] expected = Arrays.copyOfRange(old, at, at + Bytes.getInt(old, at + 16));
            byte[] found = Arrays.copyOfRange(now, there, there + expected.length);
            assertFalse(Arrays.equals(expected, found));
            System.arraycopy(found, 0, expected, 0, 4); // its own checksum, and its own pointer
            System.arraycopy(found, PageHeader.SELF_OFFSET, expected, PageHeader.SELF_OFFSET, 8);
            assertArrayEquals(expected, found);
        }
        List<CorruptionException> findings = new ArrayList<>();
        ZoneVerification.run(disk, ZONE + 1, STORE_ID, length, true, new RoaringBitmap(), findings::add);
        assertEquals(List.of(), findings, "pages and directory hold");
    }

    @Test
    void aSealedZoneIsAsDocumented() {
        long seed = 31;
        Random random = new Random(seed);
        ZoneWriter writer = create();
        assertEquals(4096, writer.length());
        List<Appended> pages = appendSome(writer, random, 60);
        int dataEnd = writer.length();
        assertEquals(60, writer.pages());
        long length = writer.seal();
        writer.close();
        byte[] file = disk.files.get(NAME);
        assertEquals(length, file.length);

        assertEquals("CAMB-ZON", new String(file, 0, 8, StandardCharsets.US_ASCII));
        assertEquals(1, Bytes.getInt(file, 8), "version 1.0");
        assertEquals(0, Bytes.getLong(file, 12), "no features");
        assertEquals(0, Bytes.getInt(file, 20));
        assertArrayEquals(STORE_ID, Arrays.copyOfRange(file, 24, 40));
        assertEquals(ZONE, Bytes.getLong(file, 40));
        assertEquals(6, Bytes.getInt(file, 48));
        assertEquals(0, Bytes.getInt(file, 52));
        assertEquals(1_700_000_000_123L, Bytes.getLong(file, 56));
        assertEquals(0, Bytes.getLong(file, 64));
        assertEquals(crc(file, 0, 72), Bytes.getInt(file, 72));
        assertArrayEquals(new byte[4096 - 76], Arrays.copyOfRange(file, 76, 4096));

        int next = 4096;
        for (int i = 0; i < pages.size(); i++) {
            Appended page = pages.get(i);
            String what = "seed " + seed + ", page " + i;
            assertEquals(next, page.offset(), what);
            assertEquals(next, Pointer.offset(page.pointer()), what);
            int stored = Bytes.getInt(file, next + 16);
            int entry = dataEnd + 32 * i;
            assertEquals(next, Bytes.getInt(file, entry), what);
            assertEquals(stored, Bytes.getInt(file, entry + 4), what);
            assertEquals(page.raw().kind(), file[entry + 8], what);
            assertEquals(page.raw().level(), file[entry + 9], what);
            assertEquals(0, Bytes.getUnsignedShort(file, entry + 10), what);
            assertEquals(page.payloadCrc(), Bytes.getInt(file, entry + 12), what);
            assertEquals(page.owner(), Bytes.getLong(file, entry + 16), what);
            assertEquals(page.owner(), Bytes.getLong(file, next + 40), what);
            assertEquals(50 + i, Bytes.getLong(file, next + 32), what);
            assertEquals(page.firstKey(), Bytes.getLongBigEndian(file, entry + 24), what);
            int end = next + stored;
            next = (end + 63) / 64 * 64;
            assertArrayEquals(new byte[next - end], Arrays.copyOfRange(file, end, next), what);
        }
        assertEquals(dataEnd, next);
        int entries = 32 * pages.size();
        assertEquals(crc(file, dataEnd, entries), Bytes.getInt(file, dataEnd + entries));
        int directoryEnd = dataEnd + (entries + 4 + 63) / 64 * 64;
        assertArrayEquals(
                new byte[directoryEnd - dataEnd - entries - 4],
                Arrays.copyOfRange(file, dataEnd + entries + 4, directoryEnd));

        int footer = file.length - 64;
        assertEquals(directoryEnd, footer);
        assertEquals("CAMB-ZEN", new String(file, footer, 8, StandardCharsets.US_ASCII));
        assertEquals(ZONE, Bytes.getLong(file, footer + 8));
        assertEquals(dataEnd, Bytes.getInt(file, footer + 16));
        assertEquals(dataEnd, Bytes.getInt(file, footer + 20));
        assertEquals(60, Bytes.getInt(file, footer + 24));
        assertArrayEquals(new byte[32], Arrays.copyOfRange(file, footer + 28, footer + 60));
        assertEquals(crc(file, footer, 60), Bytes.getInt(file, footer + 60));
        checkAll(file.length);
    }

    /** Walk, directory and footer; returns how many pages there are. */
    private int checkAll(int length) {
        try (ZoneFile file = disk.openReadOnly(NAME)) {
            Memory footer = Memory.allocate(64);
            int dataEnd;
            int count;
            try {
                file.read(length - 64, footer, 0, 64);
                ZoneFooter.check(footer, 0, ZONE, NAME, length - 64);
                dataEnd = footer.getInt(ZoneFooter.DATA_END_OFFSET);
                count = footer.getInt(ZoneFooter.COUNT_OFFSET);
            } finally {
                footer.release();
            }
            Memory directory = Memory.allocate(length - 64 - dataEnd);
            try (ZoneWalk walk = new ZoneWalk(file, ZONE, STORE_ID, dataEnd)) {
                file.read(dataEnd, directory, 0, directory.capacity());
                ZoneDirectory.check(directory, 0, count, NAME, dataEnd);
                int pages = 0;
                while (walk.next()) {
                    assertEquals(walk.offset(), directory.getInt(32 * pages));
                    assertEquals(
                            walk.firstKey(), Long.reverseBytes(directory.getLong(32 * pages + 24)), "page " + pages);
                    pages++;
                }
                assertEquals(count, pages);
                return pages;
            } finally {
                directory.release();
            }
        }
    }

    @Test
    void pagesAreReadByTheirPointersAndSeenByAWalk() {
        long seed = 32;
        for (int round = 0; round < 10; round++) {
            Random random = new Random(seed + round);
            String what = "seed " + (seed + round);
            disk.files.clear();
            ZoneWriter writer = create();
            List<Appended> pages = appendSome(writer, random, 80);
            writer.force();
            assertEquals(writer.length(), writer.forcedLength());
            assertEquals(writer.length(), disk.files.get(NAME).length, "exactly as long as what was appended");
            try (ZoneReader reader = ZoneReader.open(disk, ZONE, STORE_ID, writer.length())) {
                assertEquals(ZONE, reader.zone());
                assertEquals(NAME, reader.name());
                for (Appended page : pages) {
                    readsBack(reader, page, what);
                }
            }
            ZoneFile file = disk.openReadOnly(NAME);
            try (ZoneWalk walk = new ZoneWalk(file, ZONE, STORE_ID, writer.length())) {
                for (Appended page : pages) {
                    assertTrue(walk.next(), what);
                    assertEquals(page.offset(), walk.offset(), what);
                    assertEquals(page.pointer(), PageHeader.self(walk.page(), 0), what);
                    assertEquals(page.payloadCrc(), PageHeader.payloadCrc(walk.page(), 0), what);
                    assertEquals(page.firstKey(), walk.firstKey(), what);
                }
                assertFalse(walk.next(), what);
                assertFalse(walk.next(), what);
            }
            writer.close();
            pages.forEach(page -> page.raw().memory().release());
        }
        assertEquals(0, pool.usedBytes());
    }

    private static void readsBack(ZoneReader reader, Appended page, String what) {
        Memory stored = Memory.allocate(Pointer.storedBytes(page.pointer()));
        int available = reader.read(page.pointer(), stored, 0);
        PageOpener.verify(stored, 0, available, STORE_ID, page.pointer(), page.payloadCrc(), NAME);
        assertEquals(page.owner(), PageHeader.owner(stored, 0), what);
        Memory raw = Memory.allocate(page.raw().length());
        PageOpener.unpack(stored, 0, NAME, page.offset(), raw);
        assertArrayEquals(
                page.raw().memory().toArray(48, raw.capacity() - 48), raw.toArray(48, raw.capacity() - 48), what);
        stored.release();
        raw.release();
    }

    @Test
    void aWalkThatBeginsBehindAPageGoesOnFromThere() {
        ZoneWriter writer = create();
        append(writer, TestPages.values(List.of(new byte[100])), 0);
        int between = writer.length();
        Appended second = append(writer, TestPages.values(List.of(new byte[200])), 1);
        writer.force();
        disk.files.get(NAME)[4096 + 60]++; // before it
        ZoneFile file = disk.openReadOnly(NAME);
        try (ZoneWalk walk = ZoneWalk.behind(file, ZONE, STORE_ID, between, writer.length())) {
            assertTrue(walk.next());
            assertEquals(second.offset(), walk.offset());
            assertEquals(writer.length(), walk.end());
            assertFalse(walk.next());
        }
        writer.close();
    }

    @Test
    void whatIsWrittenWhileAZoneIsForcedIsNotTakenForForced() {
        ZoneWriter writer = create();
        append(writer, TestPages.values(List.of(new byte[100])), 0);
        writer.flush();
        int before = writer.length();
        disk.duringForce = () -> {
            append(writer, TestPages.values(List.of(new byte[100])), 1);
            writer.flush();
        };
        writer.forceFlushed();
        disk.duringForce = () -> {};
        assertEquals(before, writer.forcedLength());
        assertTrue(writer.flushedLength() > before);
        writer.forceFlushed();
        assertEquals(writer.length(), writer.forcedLength());
        writer.close();
    }

    @Test
    void aZoneWhoseWriteFailedIsCutBehindAPageAndWhatStandsBeforeIsForced() {
        ZoneWriter writer = create();
        Appended first = append(writer, TestPages.values(List.of(new byte[100])), 0);
        writer.flush();
        int end = writer.length();
        append(writer, TestPages.values(List.of(new byte[100])), 1);
        disk.stepsLeft = 0;
        assertThrows(StoreIOException.class, writer::flush);
        disk.stepsLeft = -1;
        assertThrows(WriterFailedException.class, writer::flush);
        assertThrows(IllegalArgumentException.class, () -> writer.cut(end + 64));
        assertThrows(IllegalArgumentException.class, () -> writer.cut(end - 1));
        assertTrue(writer.cut(end));
        assertFalse(writer.hasRoomFor(10));
        writer.forceFlushed();
        assertEquals(end, writer.forcedLength());
        assertEquals(end, disk.files.get(NAME).length);
        try (ZoneReader reader = ZoneReader.open(disk, ZONE, STORE_ID, end)) {
            readsBack(reader, first, "");
        }
        writer.close();
        assertEquals(0, pool.usedBytes());
    }

    @Test
    void aZoneWhoseForceFailedCannotBeSaved() {
        ZoneWriter writer = create();
        append(writer, TestPages.values(List.of(new byte[100])), 0);
        writer.flush();
        disk.failForces = true;
        assertThrows(StoreIOException.class, writer::forceFlushed);
        disk.failForces = false;
        assertTrue(writer.hasForceFailed());
        assertFalse(writer.cut(writer.length()));
        assertThrows(WriterFailedException.class, writer::forceFlushed);
        assertEquals(0, writer.forcedLength());
        writer.close();
    }

    @Test
    void whatLiesBehindTheEndIsNotRead() {
        ZoneWriter writer = create();
        Appended first = append(writer, TestPages.values(List.of(new byte[10])), 0);
        int end = writer.length();
        Appended second = append(writer, TestPages.values(List.of(new byte[10])), 1);
        writer.force();
        try (ZoneReader reader = ZoneReader.open(disk, ZONE, STORE_ID, end)) {
            readsBack(reader, first, "");
            Memory target = Memory.allocate(4096);
            assertThrows(CorruptionException.class, () -> reader.read(second.pointer(), target, 0));
            reader.grow(writer.length());
            assertEquals(writer.length(), reader.length());
            readsBack(reader, second, "");
        }
        writer.close();
        assertThrows(CorruptionException.class, () -> ZoneReader.open(disk, ZONE, STORE_ID, end + 6400), "too short");
        assertThrows(CorruptionException.class, () -> ZoneReader.open(disk, ZONE + 1, STORE_ID, end), "missing");
        assertThrows(CorruptionException.class, () -> ZoneReader.open(disk, ZONE, new byte[16], end), "foreign");
        disk.files.put(ZoneFiles.name(ZONE + 1), disk.files.get(NAME));
        assertThrows(CorruptionException.class, () -> ZoneReader.open(disk, ZONE + 1, STORE_ID, end), "renamed");
    }

    @Test
    void aZoneThatIsResumedSealsToTheSameBytes() {
        for (int cut = 0; cut <= 12; cut++) {
            List<Raw> raws = new ArrayList<>();
            Random random = new Random(90);
            for (int i = 0; i < 12; i++) {
                raws.add(page(random));
            }
            disk.files.clear();
            ZoneWriter whole = create();
            for (int i = 0; i < 12; i++) {
                append(whole, raws.get(i), i);
            }
            whole.seal();
            whole.close();
            byte[] expected = disk.files.remove(NAME);

            ZoneWriter first = create();
            for (int i = 0; i < cut; i++) {
                append(first, raws.get(i), i);
            }
            first.force();
            int length = first.forcedLength();
            if (cut % 3 == 1 && cut < 12) { // a page that was never named
                append(first, raws.get(11), 99);
                first.flush();
            }
            first.close();
            ZoneWriter second = ZoneWriter.resume(disk, ZONE, STORE_ID, length, 1 << 22, pool);
            assertEquals(ZONE, second.zone());
            assertEquals(length, second.length());
            assertEquals(length, second.forcedLength());
            assertEquals(cut, second.pages());
            for (int i = cut; i < 12; i++) {
                append(second, raws.get(i), i);
            }
            long end = second.seal();
            second.close();
            assertEquals(expected.length, end);
            assertArrayEquals(expected, Arrays.copyOf(disk.files.get(NAME), expected.length), "cut " + cut);
            raws.forEach(raw -> raw.memory().release());
        }
        assertEquals(0, pool.usedBytes());
    }

    @Test
    void aResumeRefusesDamageAndGivesItsMemoryBack() {
        ZoneWriter writer = create();
        append(writer, TestPages.values(List.of(TestPages.bytes(new Random(1), 300))), 0);
        writer.force();
        int length = writer.length();
        writer.close();
        disk.files.get(NAME)[length - 1] ^= 1;
        assertThrows(CorruptionException.class, () -> ZoneWriter.resume(disk, ZONE, STORE_ID, length, 1 << 22, pool));
        disk.files.get(NAME)[length - 1] ^= 1;
        for (int wrong : new int[] {length + 64, length - 64, length - 1, 4032, (1 << 28) + 64}) {
            assertThrows(
                    CorruptionException.class,
                    () -> ZoneWriter.resume(disk, ZONE, STORE_ID, wrong, 1 << 22, pool),
                    "length " + wrong);
        }
        assertEquals(0, pool.usedBytes());
    }

    @Test
    void everyFlippedBitOfASealedZoneIsFound() {
        ZoneWriter writer = create();
        append(writer, TestPages.leaf(List.of(TestPages.put(TestPages.key(1, new byte[] {7}), new byte[30]))), 0);
        append(writer, TestPages.values(List.of(TestPages.bytes(new Random(1), 50))), 1);
        append(writer, TestPages.keys(List.of(), 1, Pointer.NULL, 0), 2);
        int length = (int) writer.seal();
        writer.close();
        assertEquals(3, checkAll(length));
        byte[] file = disk.files.get(NAME);
        for (int bit = 0; bit < 8 * file.length; bit++) {
            file[bit / 8] ^= (byte) (1 << bit % 8);
            assertThrows(CorruptionException.class, () -> checkAll(length), "bit " + bit);
            file[bit / 8] ^= (byte) (1 << bit % 8);
        }
        assertEquals(3, checkAll(length));
        for (int cut = 1; cut <= 256; cut++) {
            disk.files.put(NAME, Arrays.copyOf(file, length - cut));
            int shorter = length - cut;
            assertThrows(CorruptionException.class, () -> checkAll(shorter), "cut by " + cut);
        }
    }

    @Test
    void aWalkGoesOnBehindDamage() {
        ZoneWriter writer = create();
        List<Appended> pages = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
            pages.add(append(writer, TestPages.values(List.of(TestPages.bytes(new Random(i), 300))), i));
        }
        writer.force();
        byte[] file = disk.files.get(NAME);
        file[pages.get(1).offset() + 100] ^= 1;
        file[pages.get(4).offset() + 3] ^= 1;
        try (ZoneWalk walk = new ZoneWalk(disk.openReadOnly(NAME), ZONE, STORE_ID, writer.length())) {
            assertTrue(walk.next());
            assertThrows(CorruptionException.class, walk::next);
            assertTrue(walk.skip());
            assertTrue(walk.next());
            assertEquals(pages.get(2).offset(), walk.offset());
            assertTrue(walk.next());
            assertThrows(CorruptionException.class, walk::next);
            assertFalse(walk.skip());
            assertFalse(walk.next());
        }
        writer.close();
    }

    @Test
    void newerZonesAreRefusedByName() {
        Memory header = Memory.allocate(4096);
        int[] offsets = {8, 12, 52, 64};
        for (int offset : offsets) {
            ZoneHeader.put(header, ZONE, STORE_ID, 0, 1);
            ZoneHeader.check(header, ZONE, STORE_ID, NAME);
            header.putByte(offset, 2);
            header.putInt(72, FormatHead.crc(header, 0, 72));
            assertThrows(
                    FormatVersionException.class,
                    () -> ZoneHeader.check(header, ZONE, STORE_ID, NAME),
                    "byte " + offset);
        }
        header.release();
    }

    @Test
    void forgedFootersAreRefused() {
        Memory footer = Memory.allocate(64);
        int at = 8192 + 64;
        ZoneFooter.put(footer, 0, ZONE, 8192, 8192, 1);
        ZoneFooter.check(footer, 0, ZONE, NAME, at);
        assertThrows(CorruptionException.class, () -> ZoneFooter.check(footer, 0, ZONE, NAME, at + 64));
        assertThrows(CorruptionException.class, () -> ZoneFooter.check(footer, 0, ZONE + 1, NAME, at));
        int[][] wrong = {{8192, 8192, 2}, {8192, 8192, -1}, {8192, 8256, 1}, {4032, 4032, 1}, {8192, 4096, 1}};
        for (int[] fields : wrong) {
            ZoneFooter.put(footer, 0, ZONE, fields[0], fields[1], fields[2]);
            assertThrows(
                    CorruptionException.class,
                    () -> ZoneFooter.check(footer, 0, ZONE, NAME, at),
                    Arrays.toString(fields));
        }
        int beyond = (1 << 28) + 64;
        ZoneFooter.put(footer, 0, ZONE, beyond, beyond, 1);
        assertThrows(CorruptionException.class, () -> ZoneFooter.check(footer, 0, ZONE, NAME, beyond + 64));
        footer.release();
    }

    @Test
    void aZoneTakesNoMoreThanItsCapacityButAFirstPageAlways() {
        Memory raw = TestPages.values(List.of(TestPages.bytes(new Random(1), 100_000)))
                .memory();
        ZoneWriter writer = ZoneWriter.create(disk, ZONE, STORE_ID, 0, 1, 64 << 10, pool);
        assertTrue(writer.hasRoomFor(raw.capacity()), "a first page may be longer");
        assertTrue(writer.hasRoomFor(PageHeader.MAX_PAGE_LENGTH));
        writer.append(raw, raw.capacity(), PageKind.VALUES, 0, 0, 1, 0, 0);
        assertFalse(writer.hasRoomFor(49));
        assertThrows(
                IllegalStateException.class, () -> writer.append(raw, raw.capacity(), PageKind.VALUES, 0, 0, 1, 0, 0));
        writer.flush();
        byte[] file = disk.files.get(NAME);
        Memory stored = Memory.allocate(file.length);
        stored.put(0, file, 0, file.length);
        assertThrows(IllegalStateException.class, () -> writer.appendMoved(stored, ZoneHeader.LENGTH, 0));
        assertEquals(1, writer.pages());
        writer.close();
        ZoneWriter moved = ZoneWriter.create(disk, ZONE + 2, STORE_ID, 0, 1, 64 << 10, pool);
        moved.appendMoved(stored, ZoneHeader.LENGTH, 0); // a first page
        moved.close();
        stored.release();

        ZoneWriter other = ZoneWriter.create(disk, ZONE + 1, STORE_ID, 0, 1, 1 << 20, pool);
        int pages = 0;
        while (other.hasRoomFor(raw.capacity())) {
            other.append(raw, raw.capacity(), PageKind.VALUES, 0, 0, 1, 0, 0);
            assertTrue(other.length() <= 1 << 20);
            pages++;
        }
        assertEquals(10, pages);
        assertTrue(other.hasRoomFor(20_000), "a shorter one still fits");
        other.seal();
        assertFalse(other.hasRoomFor(49), "sealed");
        other.close();
    }

    @Test
    void noPageLiesBeyond256MiB() {
        ZoneWriter writer = ZoneWriter.create(disk, ZONE, STORE_ID, 0, 1, ZoneWriter.MAX_LENGTH, pool);
        assertEquals(256 << 20, ZoneWriter.MAX_LENGTH);
        assertTrue(writer.hasRoomFor(ZoneWriter.MAX_LENGTH - 4096 - 112));
        assertFalse(writer.hasRoomFor(ZoneWriter.MAX_LENGTH - 4096 + 1));
        assertFalse(writer.hasRoomFor(Integer.MAX_VALUE));
        writer.close();
    }

    @Test
    void afterSealingOrClosingNothingIsAppended() {
        Raw raw = TestPages.values(List.of(new byte[10]));
        ZoneWriter writer = create();
        append(writer, raw, 0);
        long length = writer.seal();
        assertThrows(IllegalStateException.class, () -> writer.append(raw.memory(), raw.length(), 2, 0, 0, 1, 0, 0));
        assertThrows(IllegalStateException.class, writer::seal);
        assertEquals(length, disk.files.get(NAME).length);
        writer.close();
        writer.close();
        assertThrows(IllegalStateException.class, writer::flush);
        assertThrows(IllegalStateException.class, writer::force);
        assertEquals(0, pool.usedBytes());
    }

    @Test
    void sealingWritesAndGivesMemoryBackAndAForceIsLeftToTheCaller() {
        ZoneWriter writer = create();
        append(writer, TestPages.values(List.of(new byte[10])), 0);
        int length = (int) writer.seal();
        assertEquals(0, pool.usedBytes());
        assertEquals(0, writer.forcedLength());
        assertEquals(length, writer.length());
        writer.flush();
        disk.failForces = true;
        assertThrows(StoreIOException.class, writer::force);
        assertTrue(writer.hasFailed());
        writer.close();

        disk.failForces = false;
        disk.files.clear();
        ZoneWriter other = create();
        assertEquals(other.seal(), other.length());
        other.force();
        assertEquals(other.length(), other.forcedLength());
        other.close();
    }

    @Test
    void aFailedWriteOrForceIsFinal() {
        Raw raw = TestPages.values(List.of(new byte[10]));
        ZoneWriter writer = create();
        append(writer, raw, 0);
        writer.force();
        int forced = writer.forcedLength();
        append(writer, raw, 1);
        disk.failForces = true;
        assertThrows(StoreIOException.class, writer::force);
        assertEquals(forced, writer.forcedLength());
        disk.failForces = false;
        assertThrows(WriterFailedException.class, writer::force);
        assertThrows(WriterFailedException.class, writer::seal);
        assertThrows(WriterFailedException.class, writer::flush);
        assertThrows(WriterFailedException.class, () -> writer.append(raw.memory(), raw.length(), 2, 0, 0, 1, 0, 0));
        writer.close();

        disk.files.clear();
        ZoneWriter other = create();
        disk.stepsLeft = 0;
        assertThrows(StoreIOException.class, other::flush);
        disk.stepsLeft = -1;
        assertThrows(WriterFailedException.class, other::flush);
        other.close();
        assertEquals(0, pool.usedBytes());
    }

    @Test
    void aZoneWithoutPagesCanBeSealed() {
        ZoneWriter writer = create();
        int length = (int) writer.seal();
        writer.close();
        assertEquals(4096 + 64 + 64, length);
        assertEquals(0, checkAll(length));
    }

    @Test
    void aSealedZoneInARealDirectoryReadsBack(@TempDir Path directory) {
        RealFileSystem real = new RealFileSystem(directory);
        ZoneWriter writer = ZoneWriter.create(real, ZONE, STORE_ID, 0, 1, 1 << 22, pool);
        List<Appended> pages = appendSome(writer, new Random(5), 200);
        long length = writer.seal();
        writer.close();
        try (ZoneReader reader = ZoneReader.open(real, ZONE, STORE_ID, length)) {
            pages.forEach(page -> readsBack(reader, page, ""));
        }
    }

    /** Pages of 1,000 to 9,000 bytes that do not compress, sealed; of each where it begins, and behind the last one where it ends. */
    private int[] sealedPages(int count, long seed) {
        Random random = new Random(seed);
        ZoneWriter writer = create();
        int[] offsets = new int[count + 1];
        for (int i = 0; i < count; i++) {
            offsets[i] = writer.length();
            append(writer, TestPages.values(List.of(TestPages.bytes(random, 1000 + random.nextInt(8000)))), i);
        }
        offsets[count] = writer.length();
        writer.seal();
        writer.close();
        return offsets;
    }

    private static RoaringBitmap unitsOf(int from, int to) {
        RoaringBitmap units = new RoaringBitmap();
        units.add((long) from / 64, to / 64L);
        return units;
    }

    private List<CorruptionException> verify(RoaringBitmap live) {
        List<CorruptionException> findings = new ArrayList<>();
        ZoneVerification.run(disk, ZONE, STORE_ID, disk.files.get(NAME).length, true, live, findings::add);
        return findings;
    }

    private ZonePages where() {
        try (ZoneReader reader = ZoneReader.open(disk, ZONE, STORE_ID, disk.files.get(NAME).length)) {
            return reader.pages(disk.files.get(NAME).length);
        }
    }

    @Test
    void onlyWholeBlocksOfPagesThatDoNotLiveMayBePunched() {
        int count = 60;
        int[] offsets = sealedPages(count, 71);
        for (int seed = 0; seed < 50; seed++) {
            Random random = new Random(seed);
            RoaringBitmap live = new RoaringBitmap();
            boolean[] lives = new boolean[count];
            for (int i = 0; i < count; i++) {
                if (random.nextInt(4) == 0) { // one unit of it, as where other values of the page have died
                    lives[i] = true;
                    live.add(offsets[i] / 64 + random.nextInt((offsets[i + 1] - offsets[i]) / 64));
                }
            }
            RoaringBitmap expected = new RoaringBitmap();
            for (int block = 4096; block + 4096 <= offsets[count]; block += 4096) {
                boolean isDead = true;
                for (int i = 0; i < count; i++) {
                    isDead &= !lives[i] || offsets[i + 1] <= block || block + 4096 <= offsets[i];
                }
                if (isDead) {
                    expected.or(unitsOf(block, block + 4096));
                }
            }
            assertEquals(expected, where().dead(live), "seed " + seed);
        }
    }

    @Test
    void aHoleWhereNothingLivesIsNoDamageAndOneOverALivePageIs() {
        int count = 60;
        int[] offsets = sealedPages(count, 72);
        int from = offsets[20];
        int to = offsets[35];
        RoaringBitmap live = unitsOf(4096, from);
        live.or(unitsOf(to, offsets[count]));
        RoaringBitmap dead = where().dead(live);
        byte[] sound = disk.files.get(NAME).clone();
        assertEquals(List.of(), verify(live), "no hole yet");

        Random random = new Random(73);
        for (int round = 0; round < 30; round++) { // any blocks of it, as after a power loss
            byte[] bytes = sound.clone();
            for (int at = dead.first() * 64; at < (dead.last() + 1) * 64; at += 4096) {
                if (round == 0 || random.nextBoolean()) {
                    Arrays.fill(bytes, at, at + 4096, (byte) 0);
                }
            }
            disk.files.put(NAME, bytes);
            assertEquals(List.of(), verify(live), "round " + round);
        }

        for (int page : new int[] {0, 19, 35, count - 1}) {
            byte[] bytes = sound.clone();
            Arrays.fill(bytes, offsets[page], offsets[page + 1], (byte) 0);
            disk.files.put(NAME, bytes);
            List<CorruptionException> findings = verify(live);
            assertEquals(1, findings.size(), "page " + page + ": " + findings);
            assertEquals(NAME, findings.get(0).file());
            assertTrue(
                    findings.get(0).offset() >= offsets[page] && findings.get(0).offset() < offsets[page + 1],
                    findings.toString());
        }
        byte[] bytes = sound.clone();
        bytes[offsets[25] + 70] ^= 1;
        disk.files.put(NAME, bytes);
        assertEquals(1, verify(live).size(), "a dead page with no hole in it, damaged otherwise");
    }
}
