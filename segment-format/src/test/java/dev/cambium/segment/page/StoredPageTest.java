package dev.cambium.segment.page;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cambium.error.CorruptionException;
import dev.cambium.error.FormatVersionException;
import dev.cambium.error.StoreException;
import dev.cambium.segment.memory.Memory;
import dev.cambium.segment.memory.RangeCrc;
import dev.cambium.segment.page.TestPages.Raw;
import dev.cambium.segment.page.TestPages.Stored;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.Test;

class StoredPageTest {
    private static final byte[] OTHER_STORE = new byte[16];

    /** One small page of each kind; the leaf once packed, once as it is. */
    private static List<Raw> small() {
        Random random = new Random(3);
        return List.of(
                TestPages.leaf(List.of(
                        TestPages.put(TestPages.key(1, new byte[] {1}), TestPages.bytes(random, 20)),
                        TestPages.put(TestPages.key(1, new byte[] {2, 3}), new byte[0]))),
                TestPages.leaf(List.of(TestPages.put(TestPages.key(1, new byte[] {1}), new byte[500]))),
                TestPages.keys(TestPages.keys(new Random(6), 2), 1, Pointer.NULL, 0),
                TestPages.values(List.of(TestPages.bytes(random, 200))),
                TestPages.filter(3, 1, 2, 3),
                TestPages.chunks(2_000_000));
    }

    @Test
    void theHeaderIsAsDocumented() {
        boolean packed = false;
        boolean plain = false;
        for (Raw raw : small()) {
            Stored stored = TestPages.seal(raw, 12_288, 6, raw.kind() == PageKind.VALUES ? Pointer.NULL : 41);
            Memory page = stored.memory();
            CRC32C crc = new CRC32C();
            crc.update(TestPages.STORE_ID);
            crc.update(page.toArray(4, 44));
            assertEquals((int) crc.getValue(), page.getInt(0));
            crc.reset();
            crc.update(page.toArray(48, stored.length() - 48));
            assertEquals((int) crc.getValue(), page.getInt(4));
            assertEquals(stored.payloadCrc(), page.getInt(4));
            assertEquals(1, page.getByte(8));
            assertEquals(raw.kind(), page.getByte(9));
            assertEquals(raw.level(), page.getByte(10));
            assertEquals(stored.length() == raw.length() ? 0 : 1, page.getByte(11));
            assertEquals(raw.flags(), page.getUnsignedShort(12));
            assertEquals(0, page.getUnsignedShort(14));
            assertEquals(stored.length(), page.getInt(16));
            assertEquals(raw.length(), page.getInt(20));
            assertEquals(Pointer.of(7, 12_288, stored.length(), raw.length(), raw.kind()), page.getLong(24));
            assertEquals(stored.pointer(), page.getLong(24));
            assertEquals(6, page.getLong(32));
            assertEquals(raw.kind() == PageKind.VALUES ? stored.pointer() : 41, page.getLong(40));
            packed |= page.getByte(11) == 1;
            plain |= page.getByte(11) == 0;
        }
        assertTrue(packed && plain);
    }

    @Test
    void everyFlippedBitIsReported() {
        for (Raw raw : small()) {
            Stored stored = TestPages.seal(raw, 8192, 6, 41);
            TestPages.verify(stored);
            for (int bit = 0; bit < 8 * stored.length(); bit++) {
                flip(stored.memory(), bit);
                assertThrows(CorruptionException.class, () -> TestPages.verify(stored), "bit " + bit);
                flip(stored.memory(), bit);
            }
            TestPages.verify(stored);
        }
    }

    private static void flip(Memory memory, int bit) {
        memory.putByte(bit / 8, memory.getByte(bit / 8) ^ 1 << bit % 8);
    }

    @Test
    void aPageThatIsNotTheOneMeantIsRefused() {
        Stored stored = TestPages.seal(small().get(0), 8192, 6, 41);
        long pointer = stored.pointer();
        List<Long> others = new ArrayList<>();
        for (int bit = 0; bit < 64; bit++) {
            others.add(pointer ^ 1L << bit);
        }
        for (long other : others) {
            assertThrows(
                    CorruptionException.class,
                    () -> PageOpener.verify(
                            stored.memory(),
                            0,
                            stored.length(),
                            TestPages.STORE_ID,
                            other,
                            stored.payloadCrc(),
                            TestPages.FILE),
                    Long.toHexString(other));
        }
        assertThrows(
                CorruptionException.class,
                () -> PageOpener.verify(
                        stored.memory(), 0, stored.length(), OTHER_STORE, pointer, stored.payloadCrc(), ""));
        assertThrows(
                CorruptionException.class,
                () -> PageOpener.verify(
                        stored.memory(),
                        0,
                        stored.length(),
                        TestPages.STORE_ID,
                        pointer,
                        stored.payloadCrc() + 1,
                        TestPages.FILE));
        for (int available = 0; available < stored.length(); available++) {
            int bytes = available;
            assertThrows(
                    CorruptionException.class,
                    () -> PageOpener.verify(
                            stored.memory(),
                            0,
                            bytes,
                            TestPages.STORE_ID,
                            pointer,
                            stored.payloadCrc(),
                            TestPages.FILE),
                    bytes + " bytes");
        }
    }

    /** Headers with a good checksum that no writer of this version wrote. */
    @Test
    void forgedHeadersAreRefusedAndNewerOnesByName() {
        Stored stored = TestPages.seal(small().get(0), 8192, 6, 41);
        int[][] newer = {{8, 2}, {9, 6}, {9, 7}, {9, 0}, {11, 2}, {14, 1}};
        for (int[] change : newer) {
            int before = stored.memory().getByte(change[0]);
            stored.memory().putByte(change[0], change[1]);
            PageHeader.seal(stored.memory(), 0, TestPages.STORE_ID, new RangeCrc());
            Class<? extends StoreException> expected =
                    change[1] == 0 ? CorruptionException.class : FormatVersionException.class;
            assertThrows(expected, () -> TestPages.verify(stored), "byte " + change[0]);
            stored.memory().putByte(change[0], before);
        }
        long seed = 99;
        Random random = new Random(seed);
        byte[] good = stored.memory().toArray(0, stored.length());
        for (int i = 0; i < 20_000; i++) {
            Memory page = TestPages.memory(good);
            for (int changes = 1 + random.nextInt(3); changes > 0; changes--) {
                page.putByte(8 + random.nextInt(24), random.nextBoolean() ? random.nextInt(256) : -1);
            }
            PageHeader.seal(page, 0, TestPages.STORE_ID, new RangeCrc());
            try {
                PageHeader.check(page, 0, good.length, TestPages.STORE_ID, 7, 8192, TestPages.FILE);
                PageOpener.verifyPayload(page, 0, TestPages.FILE, 8192);
                Memory raw = Memory.allocate(PageHeader.rawLength(page, 0));
                PageOpener.unpack(page, 0, TestPages.FILE, 8192, raw);
                raw.release();
            } catch (CorruptionException | FormatVersionException typed) {
                // as it should be
            } catch (RuntimeException | Error e) {
                throw new AssertionError("seed " + seed + ", round " + i, e);
            }
            page.release();
        }
    }

    /** Compressed bytes that no compressor made. */
    @Test
    void forgedBlocksAreRefusedOrUnpackWithinTheirPage() {
        long seed = 77;
        Random random = new Random(seed);
        Stored stored = TestPages.seal(small().get(1), 8192, 6, 41);
        int refused = 0;
        for (int i = 0; i < 20_000; i++) {
            byte[] bytes = stored.memory().toArray(0, stored.length());
            for (int changes = 1 + random.nextInt(3); changes > 0; changes--) {
                bytes[48 + random.nextInt(bytes.length - 48)] =
                        (byte) (random.nextInt(3) == 0 ? 0xFF : random.nextInt(256));
            }
            Memory page = TestPages.memory(bytes);
            Memory raw = Memory.allocate(PageHeader.rawLength(page, 0));
            try {
                PageOpener.unpack(page, 0, TestPages.FILE, 8192, raw);
            } catch (CorruptionException | FormatVersionException typed) {
                refused++;
            } catch (RuntimeException | Error e) {
                throw new AssertionError("seed " + seed + ", round " + i, e);
            }
            page.release();
            raw.release();
        }
        assertTrue(refused > 10_000, "seed " + seed + ": " + refused);
    }
}
