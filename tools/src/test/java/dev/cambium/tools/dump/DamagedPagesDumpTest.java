package dev.cambium.tools.dump;

import static dev.cambium.tools.dump.DumpRun.fields;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Zones, pages and runs that do not hold: what is wrong is told, the rest is shown, the exit code is 4. */
class DamagedPagesDumpTest {
    private static final String SEALED = "zone-0000000000000001";
    private static final String OPEN = "zone-0000000000000002";
    private static final String MANIFEST = "manifest-0000000000000001";
    private static final int DIRECTORY = 806_336;

    @TempDir
    Path directory;

    @BeforeEach
    void create() {
        GoldenPages.create(directory);
    }

    private DumpRun dump(int exitCode, String... arguments) {
        return DumpRun.of(directory, arguments).requireExit(exitCode);
    }

    private void flip(String file, long offset) throws IOException {
        try (RandomAccessFile opened =
                new RandomAccessFile(directory.resolve(file).toFile(), "rw")) {
            opened.seek(offset);
            int b = opened.read();
            opened.seek(offset);
            opened.write(b ^ 4);
        }
    }

    @Test
    void aPayloadThatDoesNotHoldIsToldAndTheRestIsShown() throws IOException {
        flip(SEALED, 4416 + 100);
        DumpRun zone = dump(4, "zone", "1", "--json");
        List<Map<String, Object>> pages = zone.parts("page");
        assertEquals(9, pages.size());
        for (Map<String, Object> page : pages) {
            assertEquals(!page.get("offset").equals(4416L), page.get("holds"), page::toString);
        }
        assertTrue(pages.get(1).get("remark").toString().contains("a payload with the checksum f1a32b56"));
        assertEquals("the page does not hold", zone.parts("entry").get(1).get("remark"));
        assertEquals(0, dump(0, "zone", "2").exitCode());
        dump(4, "page", "1:4416").requireText("header at 4416: zone-0000000000000001 is damaged at offset 4464");
        DumpRun run = dump(4, "run", "--json");
        assertEquals(11, run.parts("leaf").size());
        assertEquals(
                1,
                run.parts("leaf").stream()
                        .filter(leaf -> leaf.get("holds").equals(false))
                        .count());
        assertEquals("all adds up", run.parts("end").get(0).get("remark"), "of the newer run");
        assertTrue(run.parts("end").get(1).get("remark").toString().startsWith("not all of the tree holds"));
    }

    @Test
    void aPageHeaderThatDoesNotHoldIsToldAndTheWalkGoesOnBehindIt() throws IOException {
        flip(SEALED, 4416 + 32); // birth
        DumpRun zone = dump(4, "zone", "1");
        assertEquals(9, zone.count("  page  "));
        zone.requireText("zone-0000000000000001 is damaged at offset 4416: expected the header checksum")
                .requireText("  end  pages 9: stops here: the directory begins");
        DumpRun page = dump(4, "page", "1:4416", "--hex");
        page.requireText("expected the header checksum").requireText("  headerCrc · payloadCrc");
        assertEquals(0, page.count("  PUT  "));
        DumpRun run = dump(4, "run", "1");
        run.requireText("expected the header checksum");
        assertEquals(8, run.count("  leaf  "));
        assertEquals(7, run.count(" firstKey \""));
    }

    @Test
    void aZoneHeaderThatDoesNotHoldDoesNotHideThePages() throws IOException {
        flip(SEALED, 30);
        DumpRun zone = dump(4, "zone", "1");
        zone.requireText("header at 0: the crc does not hold").requireText("storeId is not that of the superblock");
        assertEquals(9, zone.count("  page  "));
        assertEquals(9, zone.count("  entry  "));
        dump(0, "page", "1:4416");
        flip(SEALED, 30);
        flip(SEALED, 2000);
        dump(4, "zone", "1").requireText("byte 2000 must be zero and is 4");
    }

    @Test
    void theDirectoryIsCheckedAndComparedWithThePages() throws IOException {
        flip(SEALED, DIRECTORY + 32 + 25);
        DumpRun zone = dump(4, "zone", "1");
        zone.requireText(
                        "directory  count 9: zone-0000000000000001 is damaged at offset 806624: expected the directory")
                .requireText("firstKey \"kay-0021\": the page has another firstKey");
        sealDirectory();
        zone = dump(4, "zone", "1");
        assertFalse(zone.out().contains("is damaged"), zone.out());
        zone.requireText("firstKey \"kay-0021\": the page has another firstKey");
        flip(SEALED, DIRECTORY + 64 + 1); // the offset, 4736, is 5760 then
        sealDirectory();
        zone = dump(4, "zone", "1");
        zone.requireText("missing entry  offset 4736: the directory does not have the page")
                .requireText("entry  offset 5760  ")
                .requireText("no page that holds begins there")
                .requireText("it is not behind the one before");
    }

    private void sealDirectory() throws IOException {
        byte[] bytes = Files.readAllBytes(directory.resolve(SEALED));
        CRC32C crc = new CRC32C();
        crc.update(bytes, DIRECTORY, 9 * 32);
        ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).putInt(DIRECTORY + 9 * 32, (int) crc.getValue());
        Files.write(directory.resolve(SEALED), bytes);
    }

    @Test
    void aFooterThatDoesNotHoldIsToldAndThePagesAreShown() throws IOException {
        flip(SEALED, Files.size(directory.resolve(SEALED)) - 40);
        DumpRun zone = dump(4, "zone", "1");
        zone.requireText("footer at 806656: zone-0000000000000001 is damaged")
                .requireText("stops here: no page that holds follows");
        assertEquals(9, zone.count(" payloadCrc 0x") - zone.count("expected the header checksum"));
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 10, 4095, 4096, 4100, 4500, 6400, 806_335, 806_400, 806_719})
    void aZoneCutShortIsShownAsFarAsItGoes(int length) throws IOException {
        Path file = directory.resolve(SEALED);
        Files.write(file, Arrays.copyOf(Files.readAllBytes(file), length));
        dump(4, "zone", "1").requireText("length 806720; the file is shorter");
        dump(4, "zone");
        dump(length < DIRECTORY ? 4 : 0, "run"); // whose pages are all there then
        dump(0, "run", "2");
    }

    @Test
    void aZoneThatIsGoneIsTold() throws IOException {
        Files.delete(directory.resolve(SEALED));
        dump(4, "zone").requireText("there is no such file").requireText(OPEN);
        DumpRun run = dump(4, "run");
        assertEquals(7 + 1, run.count("there is no " + SEALED), "seven leaves, and one whose values stood there");
        DumpRun.of(directory, "zone", "1").requireMistake("there is no " + SEALED);
        DumpRun.of(directory, "page", "1:4096").requireMistake("there is no " + SEALED);
    }

    @Test
    void zonesAndPagesAreShownWithoutSuperblockOrManifest() throws IOException {
        String zone = dump(0, "zone", "1").out();
        String[] lines = zone.split("\n", 2);
        flip(MANIFEST, Files.size(directory.resolve(MANIFEST)) - 200);
        dump(0, "zone").requireText("the manifest names it: SEALED, length 806720, as far as it holds: manifest-");
        Files.delete(directory.resolve(MANIFEST));
        assertTrue(dump(0, "zone", "1").out().endsWith(lines[1]));
        dump(0, "zone").requireText("what the manifest says of it is not known: there is no " + MANIFEST);
        flip("SUPERBLOCK", 60);
        flip("SUPERBLOCK", 65_536 + 60);
        assertTrue(dump(0, "zone", "1").out().endsWith(lines[1]));
        dump(0, "page", "1:4096");
        DumpRun run = DumpRun.of(directory, "run");
        assertEquals(4, run.exitCode());
        assertTrue(run.err().contains("which runs there are is not known: SUPERBLOCK is damaged"), run.err());
        Files.delete(directory.resolve("SUPERBLOCK"));
        dump(0, "zone");
        DumpRun.of(directory, "run").requireMistake("there is no store at");
    }

    @Test
    void aDamagedManifestIsReadAsFarAsItHolds() throws IOException {
        flip(MANIFEST, 600 + 20); // run 2
        DumpRun run = dump(4, "run");
        run.requireText(MANIFEST).requireText("runs 1  zones 2: manifest-").requireText("all adds up");
        assertEquals(8, run.count("  leaf  "));
    }

    @Test
    void whatTheManifestSaysOfARunIsComparedWithItsTree() {
        HandMade.changeRun(directory, 2, true);
        DumpRun run = dump(4, "run", "2");
        run.requireText("the page comes to entries 6; the page comes to bytes 581; the page comes to tombstones 1");
        HandMade.changeRun(directory, 2, false);
        dump(4, "run", "2").requireText("its last key is not below the separator behind it");
        dump(0, "run", "1");
    }

    @Test
    void whatAKeyPageSaysOfItsChildrenIsComparedWithThem() {
        HandMade.changeChild(directory, 2);
        dump(4, "run", "2")
                .requireText("entries 6  bytes 581")
                .requireText("entries 3  bytes 25  tombstones 0  newestBirth 3")
                .requireText("the page comes to entries 1; the page comes to bytes 20; "
                        + "the page comes to newestBirth 2\n");
    }

    @Test
    void aChunkListHasItsChunks() throws IOException {
        long list = HandMade.writeChunks(directory, 9);
        DumpRun page = dump(0, "page", new PageAddress(list).digits(), "--json");
        assertEquals("chunk list", fields(page.parts("header").get(0)).get("kind"));
        assertEquals((1L << 20) + 5, fields(page.parts("chunk list").get(0)).get("length"));
        List<Map<String, Object>> chunks = page.parts("chunk");
        assertEquals(2, chunks.size());
        assertEquals(5L, fields(chunks.get(1)).get("length"));
        String home = (String) DumpRun.member(fields(chunks.get(1)).get("home"), "pointer");
        dump(0, "page", home).requireText("value  index 0  length 5  value \"aaaaa\"");
        dump(0, "page", new PageAddress(list).digits(), "--hex").requireText("|  chunk 0\n");
        dump(0, "zone", "9").requireText("kind chunk list");
    }

    @Test
    void whateverIsInAPageItIsShownOrRefused() throws IOException {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        for (int i = 0; i < 15; i++) {
            List<Integer> offsets = HandMade.writeFlipped(directory, 100 + i, random);
            for (int offset : offsets) {
                DumpRun page = DumpRun.of(directory, "page", (100 + i) + ":" + offset, "--hex", "--json");
                assertEquals("", page.err(), () -> "seed " + seed);
                assertTrue(page.exitCode() == 0 || page.exitCode() == 4, () -> "seed " + seed);
                page.parts();
            }
            dump(0, "zone", Integer.toString(100 + i)); // not named
        }
    }

    @Test
    void whateverTheBytesItShowsThemAndDoesNotFail(@TempDir Path small) throws IOException {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        GoldenPages.createSmall(small);
        byte[][] whole = {
            Files.readAllBytes(small.resolve(SEALED)), Files.readAllBytes(small.resolve(MANIFEST)),
        };
        for (int i = 0; i < 100; i++) {
            for (int file = 0; file < 2; file++) {
                byte[] bytes = whole[file].clone();
                for (int flips = random.nextInt(4); flips > 0; flips--) {
                    bytes[random.nextInt(bytes.length)] = (byte) random.nextInt();
                }
                int length = random.nextInt(4) == 0 ? random.nextInt(bytes.length) : bytes.length;
                Files.write(small.resolve(file == 0 ? SEALED : MANIFEST), Arrays.copyOf(bytes, length));
            }
            for (String[] what : new String[][] {{"zone"}, {"run", "--entries"}, {"page", "1:4352", "--hex"}}) {
                DumpRun run = DumpRun.of(small, what);
                boolean isMistake = run.exitCode() == 2 && what[0].equals("page"); // behind the end
                boolean noManifest = run.exitCode() == 4 && run.err().contains("which runs there are is not known");
                assertTrue(
                        isMistake || noManifest || run.err().isEmpty() && (run.exitCode() == 0 || run.exitCode() == 4),
                        () -> "seed " + seed + ": exit code " + run.exitCode() + ", " + run.err());
            }
        }
    }
}
