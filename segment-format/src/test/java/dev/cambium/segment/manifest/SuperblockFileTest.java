package dev.cambium.segment.manifest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cambium.error.CorruptionException;
import dev.cambium.error.FormatVersionException;
import dev.cambium.error.StoreException;
import dev.cambium.error.StoreIOException;
import dev.cambium.segment.disk.RealFileSystem;
import dev.cambium.segment.format.FormatHead;
import dev.cambium.segment.format.Golden;
import dev.cambium.segment.format.TestDisk;
import dev.cambium.segment.memory.Bytes;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SuperblockFileTest {
    private static final Superblock FIRST = Superblock.first(
            "store-id-16bytes".getBytes(StandardCharsets.US_ASCII),
            "lineage-16-bytes".getBytes(StandardCharsets.US_ASCII),
            0x1122_3344_5566_7788L,
            1,
            96,
            1_700_000_000_000L);

    private final TestDisk disk = new TestDisk();

    /** Superblocks 1 to 3 written: 3 in slot 0, 2 in slot 1. */
    private byte[] write() {
        SuperblockFile file = SuperblockFile.create(disk, FIRST);
        file.write(file.nextWriter());
        file.write(file.current().withManifest(2, 200));
        return disk.files.get(SuperblockFile.NAME);
    }

    @Test
    void bytesAreAsDocumented() throws IOException {
        byte[] bytes = write();
        assertEquals(69_632, bytes.length);
        Golden.check("superblock.txt", Golden.dump(bytes, 0, bytes.length));
    }

    @Test
    void theNewestSuperblockComesBack(@TempDir Path directory) {
        RealFileSystem real = new RealFileSystem(directory);
        assertEquals(FIRST, SuperblockFile.create(real, FIRST).current());
        for (int i = 1; i < 5; i++) {
            SuperblockFile file = SuperblockFile.open(real);
            assertTrue(file.damage().isEmpty());
            assertEquals(i, file.current().sequence());
            assertEquals(i - 1, file.current().incarnation());
            Superblock next = file.nextWriter();
            file.write(next);
            assertEquals(next, file.current());
            assertEquals(next, SuperblockFile.open(real).current());
            assertThrows(IllegalArgumentException.class, () -> file.write(next));
        }
        assertThrows(IllegalStateException.class, () -> SuperblockFile.create(real, FIRST));
    }

    @Test
    void creationThatIsCutAnywhereLeavesNoStoreOrAWholeOne() {
        for (int steps = 0; ; steps++) {
            disk.files.clear();
            disk.stepsLeft = steps;
            boolean done = true;
            try {
                SuperblockFile.create(disk, FIRST);
            } catch (StoreIOException cut) {
                done = false;
            }
            disk.stepsLeft = -1;
            if (disk.exists(SuperblockFile.NAME)) {
                assertEquals(FIRST, SuperblockFile.open(disk).current());
            } else {
                SuperblockFile.create(disk, FIRST);
            }
            if (done) {
                return;
            }
        }
    }

    /** Outside the slots: refused. In a slot: reported, the other slot counts, and the next write mends it. */
    @Test
    void everyFlippedBitIsReported() {
        byte[] bytes = write();
        Superblock newest = SuperblockFile.open(disk).current();
        for (int bit = 0; bit < 8 * bytes.length; bit++) {
            int at = bit / 8;
            boolean inSlot = at < 4096 || at >= 65_536;
            if (at % 4096 > SuperblockFile.USED_LENGTH + 4 && at % 509 != 0) {
                continue; // of the zero bytes, a sample
            }
            bytes[at] ^= (byte) (1 << bit % 8);
            if (inSlot) {
                SuperblockFile file = SuperblockFile.open(disk);
                assertTrue(file.damage().isPresent(), "bit " + bit);
                assertEquals(at < 4096 ? 2 : 3, file.current().sequence());
                assertEquals(
                        at < 4096 ? FIRST.manifestId() : newest.manifestId(),
                        file.current().manifestId());
            } else {
                assertThrows(CorruptionException.class, () -> SuperblockFile.open(disk), "bit " + bit);
            }
            bytes[at] ^= (byte) (1 << bit % 8);
        }
        bytes[0] ^= 1;
        SuperblockFile mended = SuperblockFile.open(disk);
        mended.write(mended.nextWriter());
        assertTrue(SuperblockFile.open(disk).damage().isEmpty());
        bytes[0] ^= 1;
        bytes[65_600] ^= 1;
        assertThrows(CorruptionException.class, () -> SuperblockFile.open(disk));
    }

    @Test
    void aSlotThatWentBackInTimeIsReported() {
        byte[] bytes = write();
        Arrays.fill(bytes, 65_536, bytes.length, (byte) 0);
        assertTrue(SuperblockFile.open(disk).damage().isPresent());
    }

    @Test
    void aDamagedSlotTakesTheProofOfACleanClose() {
        byte[] bytes = write();
        SuperblockFile file = SuperblockFile.open(disk);
        ManifestRecord.Clean clean = new ManifestRecord.Clean(1, 1, 0, 0);
        assertTrue(file.provesCleanClose(clean));
        assertFalse(file.provesCleanClose(null));
        assertFalse(file.provesCleanClose(new ManifestRecord.Clean(0, 1, 0, 0)));
        bytes[0] ^= 1;
        SuperblockFile damaged = SuperblockFile.open(disk);
        assertFalse(damaged.provesCleanClose(clean));
        assertEquals(3, damaged.nextWriter().incarnation());
    }

    @Test
    void newerSuperblocksAreRefused() {
        byte[] bytes = write();
        bytes[FormatHead.MAJOR_OFFSET] = 2;
        reseal(bytes, 0);
        assertThrows(FormatVersionException.class, () -> SuperblockFile.open(disk));
        bytes[FormatHead.MAJOR_OFFSET] = 1;
        bytes[FormatHead.INCOMPATIBLE_OFFSET + 3] = (byte) 0x80;
        reseal(bytes, 0);
        assertThrows(FormatVersionException.class, () -> SuperblockFile.open(disk));
    }

    private static void reseal(byte[] bytes, int offset) {
        CRC32C crc = new CRC32C();
        crc.update(bytes, offset, SuperblockFile.CRC_OFFSET);
        Bytes.putInt(bytes, offset + SuperblockFile.CRC_OFFSET, (int) crc.getValue());
    }

    @Test
    void hostileBytesNeverEscapeTheirBounds() {
        long seed = 99;
        Random random = new Random(seed);
        byte[] bytes = write();
        byte[] good = bytes.clone();
        for (int i = 0; i < 3_000; i++) {
            System.arraycopy(good, 0, bytes, 0, good.length);
            int slot = random.nextBoolean() ? 0 : 65_536;
            for (int changes = 1 + random.nextInt(4); changes > 0; changes--) {
                bytes[slot + random.nextInt(120)] = (byte) (random.nextBoolean() ? -1 : random.nextInt());
            }
            reseal(bytes, slot);
            try {
                SuperblockFile.open(disk);
            } catch (StoreException typed) {
                assertFalse(typed instanceof StoreIOException, "seed " + seed + ", round " + i);
            }
        }
        for (int length : new int[] {0, 1, 4096, 65_536, 69_631, 69_633}) {
            disk.files.put(SuperblockFile.NAME, Arrays.copyOf(good, length));
            assertThrows(CorruptionException.class, () -> SuperblockFile.open(disk));
        }
    }
}
