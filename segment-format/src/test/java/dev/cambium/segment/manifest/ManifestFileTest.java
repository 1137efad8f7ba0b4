package dev.cambium.segment.manifest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cambium.error.CorruptionException;
import dev.cambium.error.FormatVersionException;
import dev.cambium.error.StoreIOException;
import dev.cambium.error.WriterFailedException;
import dev.cambium.segment.disk.RealFileSystem;
import dev.cambium.segment.format.Golden;
import dev.cambium.segment.format.TestDisk;
import dev.cambium.segment.memory.Bytes;
import dev.cambium.segment.memory.Memory;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ManifestFileTest {
    private static final byte[] STORE_ID = "store-id-16bytes".getBytes(StandardCharsets.US_ASCII);
    private static final String NAME = "manifest-0000000000000003";

    private final TestDisk disk = new TestDisk();

    private static List<ManifestEdit> edits() {
        return List.of(
                ManifestEdit.to(7)
                        .keyspace(1, "default")
                        .logDrop(4)
                        .logNext(4, 65_536)
                        .build(),
                ManifestEdit.to(8).logNext(5, 65_536).keyspace(2, "é").build(),
                ManifestEdit.to(9).logEnded(4, 60_000, 77).logDrop(5).build(),
                ManifestEdit.to(10).clean(3, 5, 61_000, 80).build());
    }

    private ManifestFile write() {
        List<ManifestEdit> edits = edits();
        ManifestFile manifest = ManifestFile.create(disk, 3, STORE_ID, edits.get(0));
        edits.subList(1, 4).forEach(manifest::append);
        return manifest;
    }

    private ManifestReading read(long committed) {
        return ManifestFile.read(disk, 3, STORE_ID, committed);
    }

    @Test
    void bytesAreAsDocumented() throws IOException {
        ManifestFile manifest = write();
        byte[] bytes = disk.files.get(NAME);
        assertEquals(bytes.length, manifest.length());
        Golden.check("manifest.txt", Golden.dump(bytes, 0, bytes.length));
    }

    @Test
    void namesRoundTripAndOthersAreNone() {
        assertEquals(NAME, ManifestFile.name(3));
        assertEquals(3, ManifestFile.idOf(NAME));
        for (String name :
                new String[] {"manifest-", NAME + "0", "manifest-8000000000000000", "log-0000000000000003"}) {
            assertEquals(-1, ManifestFile.idOf(name), name);
        }
    }

    @Test
    void aReadingGivesBackEveryEditAndTheirSum() {
        ManifestFile manifest = write();
        ManifestReading reading = read(manifest.length());
        assertEquals(edits(), reading.edits());
        assertEquals(64L, reading.offsets().get(0));
        assertFalse(reading.tornTail());
        ManifestState state = reading.state();
        assertEquals(10, state.version());
        assertEquals("{1=default, 2=é}", state.keyspaces().toString());
        assertEquals(List.of(new ManifestRecord.LogNext(5, 65_536)), state.logs());
        assertTrue(state.ends().isEmpty());
        assertEquals(new ManifestRecord.Clean(3, 5, 61_000, 80), state.clean());
        assertEquals(6, state.nextLogId());
        ManifestState again = ManifestState.EMPTY.apply(state.toSnapshotEdit(), "snapshot", 0);
        assertEquals(state, again);
    }

    @Test
    void aSnapshotKeepsIdsFromBeingUsedAgainEvenWithoutALog() {
        ManifestState state = ManifestState.EMPTY.apply(
                ManifestEdit.to(1).logNext(8, 4096).logDrop(9).build(), "m", 0);
        assertEquals(9, state.nextLogId());
        assertEquals(state, ManifestState.EMPTY.apply(state.toSnapshotEdit(), "m", 0));
    }

    @Test
    void aRealDirectoryKeepsEditsOverAReopen(@TempDir Path directory) {
        RealFileSystem real = new RealFileSystem(directory);
        try (ManifestFile manifest = ManifestFile.create(real, 3, STORE_ID, edits().get(0))) {
            manifest.append(edits().get(1));
        }
        ManifestReading reading = ManifestFile.read(real, 3, STORE_ID, 0);
        try (ManifestFile manifest = ManifestFile.openForAppend(real, 3, reading)) {
            assertEquals(8, manifest.version());
            manifest.append(edits().get(2));
            assertEquals(
                    edits().subList(0, 3),
                    ManifestFile.read(real, 3, STORE_ID, manifest.length()).edits());
        }
    }

    /**
     * A flipped bit in the header, in an edit that another follows, or below the committed length is reported; in the last edit,
     * beyond the committed length, it makes that edit a torn tail.
     */
    @Test
    void everyFlippedBitIsReportedOrTakesTheLastEditAlone() {
        long length = write().length();
        int last = read(0).offsets().get(3).intValue();
        byte[] bytes = disk.files.get(NAME);
        for (int bit = 0; bit < 8 * bytes.length; bit++) {
            bytes[bit / 8] ^= (byte) (1 << bit % 8);
            assertThrows(CorruptionException.class, () -> read(length), "bit " + bit);
            if (bit / 8 < last) {
                assertThrows(CorruptionException.class, () -> read(last), "bit " + bit);
                assertThrows(CorruptionException.class, () -> read(0), "bit " + bit);
            } else {
                ManifestReading reading = read(last);
                assertEquals(edits().subList(0, 3), reading.edits());
                assertTrue(reading.tornTail());
                assertEquals(last, reading.validLength());
                assertThrows(IllegalArgumentException.class, () -> ManifestFile.openForAppend(disk, 3, reading));
            }
            bytes[bit / 8] ^= (byte) (1 << bit % 8);
        }
    }

    @Test
    void aLastEditCutAnywhereIsATornTail() {
        write();
        byte[] bytes = disk.files.get(NAME);
        List<Long> offsets = read(0).offsets();
        for (int length = 0; length < bytes.length; length++) {
            byte[] cut = Arrays.copyOf(bytes, length);
            byte[] zeroed = Arrays.copyOf(cut, bytes.length);
            for (byte[] content : List.of(cut, zeroed)) {
                disk.files.put(NAME, content);
                // Where the bytes cut off are zeros, the file filled up with zeros is the whole one.
                int intact = Arrays.mismatch(content, bytes) < 0 ? bytes.length : Arrays.mismatch(content, bytes);
                int whole = 0;
                while (whole < 4 && (whole == 3 ? bytes.length : offsets.get(whole + 1)) <= intact) {
                    whole++;
                }
                if (whole == 0) {
                    assertThrows(CorruptionException.class, () -> read(0));
                } else {
                    ManifestReading reading = read(0);
                    assertEquals(whole, reading.edits().size());
                    assertEquals(content.length > reading.validLength(), reading.tornTail());
                }
            }
        }
    }

    @Test
    void aFailedAppendIsFinal() {
        ManifestFile manifest = ManifestFile.create(disk, 3, STORE_ID, edits().get(0));
        assertThrows(IllegalArgumentException.class, () -> manifest.append(edits().get(2)));
        disk.failForces = true;
        assertThrows(StoreIOException.class, () -> manifest.append(edits().get(1)));
        disk.failForces = false;
        assertThrows(WriterFailedException.class, () -> manifest.append(edits().get(1)));
        assertThrows(StoreIOException.class, () -> ManifestFile.create(disk, 3, STORE_ID, edits().get(0)));
    }

    @Test
    void aManifestOfAnotherStoreOrIdIsRefused() {
        write();
        assertThrows(CorruptionException.class, () -> ManifestFile.read(disk, 3, new byte[16], 0));
        disk.files.put(ManifestFile.name(4), disk.files.get(NAME));
        assertThrows(CorruptionException.class, () -> ManifestFile.read(disk, 4, STORE_ID, 0));
    }

    @Test
    void anUnknownTagIsRefusedByNumberUnlessItMayBeSkipped() {
        ManifestFile.create(disk, 3, STORE_ID, edits().get(0));
        byte[] bytes = disk.files.get(NAME);
        int tag = 64 + ManifestCodec.FIELDS_OFFSET;
        bytes[tag] = 19;
        reseal(bytes, 64);
        FormatVersionException e = assertThrows(FormatVersionException.class, () -> read(0));
        assertTrue(e.getMessage().contains("tag 19"), e.getMessage());
        bytes[tag + 1] = (byte) 0x80;
        reseal(bytes, 64);
        ManifestReading reading = read(0);
        assertEquals(
                new ManifestRecord.Skipped(0x8013, 11),
                reading.edits().get(0).records().get(0));
        assertTrue(reading.state().keyspaces().isEmpty());
    }

    @Test
    void editsThatContradictEachOtherAreCorruption() {
        ManifestState one = ManifestState.EMPTY.apply(
                ManifestEdit.to(1).keyspace(1, "a").logNext(4, 8192).build(), "m", 64);
        for (ManifestEdit wrong : List.of(
                ManifestEdit.to(2).keyspace(1, "b").build(),
                ManifestEdit.to(2).logNext(4, 8192).build(),
                ManifestEdit.to(2).logNext(5, 0).build(),
                ManifestEdit.to(2).clean(1, 3, 0, 0).build(),
                ManifestEdit.to(2).logEnded(5, 0, 0).build(),
                ManifestEdit.to(2).logDrop(5).logDrop(4).build())) {
            assertThrows(CorruptionException.class, () -> one.apply(wrong, "m", 128), wrong.toString());
        }
    }

    private static void reseal(byte[] bytes, int offset) {
        Memory memory = Memory.allocate(bytes.length);
        memory.put(0, bytes, 0, bytes.length);
        int length = Bytes.getInt(bytes, offset + ManifestCodec.LENGTH_OFFSET);
        if (length >= 8 && length <= bytes.length - offset) {
            ManifestCodec.seal(memory, offset, 3, offset);
            memory.get(0, bytes, 0, bytes.length);
        }
        memory.release();
    }

    /** Bytes whose checksums hold but which no writer wrote. */
    @Test
    void hostileBytesWithGoodChecksumsNeverEscapeTheirBounds() {
        long seed = 815;
        Random random = new Random(seed);
        write();
        byte[] good = disk.files.get(NAME).clone();
        List<Long> offsets = read(0).offsets();
        int refused = 0;
        for (int i = 0; i < 20_000; i++) {
            byte[] bytes = good.clone();
            int offset = offsets.get(random.nextInt(4)).intValue();
            for (int changes = 1 + random.nextInt(3); changes > 0; changes--) {
                int at = offset + 4 + random.nextInt(44);
                bytes[at] = (byte) (random.nextInt(3) == 0 ? 0xFF : random.nextInt(3) == 0 ? 0x7F : random.nextInt());
            }
            reseal(bytes, offset);
            disk.files.put(NAME, bytes);
            try {
                read(0);
            } catch (CorruptionException | FormatVersionException typed) {
                refused++;
            } catch (RuntimeException | Error e) {
                throw new AssertionError("seed " + seed + ", round " + i, e);
            }
        }
        assertTrue(refused > 10_000, "seed " + seed + ": " + refused);
        for (int i = 0; i < 1_000; i++) {
            byte[] bytes = new byte[random.nextInt(300)];
            random.nextBytes(bytes);
            disk.files.put(NAME, bytes);
            assertThrows(CorruptionException.class, () -> read(0), "seed " + seed);
        }
    }
}
