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
    private static final String VALUES = "zone-0000000000000002"; // sealed too
    private static final String OPEN = "zone-0000000000000004";
    private static final String MANIFEST = "manifest-0000000000000001";
    private static final int PAGES_END = 524_168; // without what the last one is padded with
    private static final int DIRECTORY = 524_224;
    private static final int PAGES = 19;
    private static final int LEAF = 521_856; // of run 2, the second one
    private static final int LEAF_INDEX = 11; // of that in the zone

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
        flip(SEALED, LEAF + 100);
        DumpRun zone = dump(4, "zone", "1", "--json");
        List<Map<String, Object>> pages = zone.parts("page");
        assertEquals(PAGES, pages.size());
        for (Map<String, Object> page : pages) {
            assertEquals(!page.get("offset").equals((long) LEAF), page.get("holds"), page::toString);
        }
        assertTrue(pages.get(LEAF_INDEX).get("remark").toString().contains("a payload with the checksum f1a32b56"));
        assertEquals(
                "the page does not hold", zone.parts("entry").get(LEAF_INDEX).get("remark"));
        dump(0, "zone", "2");
        dump(0, "zone", "3");
        dump(0, "zone", "4");
        dump(4, "page", "1:521856").requireText("header at 521856: zone-0000000000000001 is damaged at offset 521904");
        DumpRun run = dump(4, "run", "--json");
        assertEquals(19, run.parts("leaf").size());
        assertEquals(
                1,
                run.parts("leaf").stream()
                        .filter(leaf -> leaf.get("holds").equals(false))
                        .count());
        assertEquals("all adds up", run.parts("end").get(0).get("remark"), "of the newer run");
        assertTrue(run.parts("end").get(1).get("remark").toString().startsWith("not all of the tree holds"));
        assertEquals("all adds up", run.parts("end").get(2).get("remark"), "of the oldest run");
    }

    @Test
    void aPageHeaderThatDoesNotHoldIsToldAndTheWalkGoesOnBehindIt() throws IOException {
        flip(SEALED, LEAF + 32); // birth
        DumpRun zone = dump(4, "zone", "1");
        assertEquals(PAGES, zone.count("  page  "));
        zone.requireText("zone-0000000000000001 is damaged at offset 521856: expected the header checksum")
                .requireText("  end  pages 19: stops here: the directory begins");
        DumpRun page = dump(4, "page", "1:521856", "--hex");
        page.requireText("expected the header checksum").requireText("  headerCrc · payloadCrc");
        assertEquals(0, page.count("  PUT  "));
        DumpRun run = dump(4, "run", "2");
        run.requireText("expected the header checksum");
        assertEquals(8, run.count("  leaf  "));
        assertEquals(7, run.count(" firstKey \""));
    }

    @Test
    void aZoneHeaderThatDoesNotHoldDoesNotHideThePages() throws IOException {
        flip(SEALED, 30);
        DumpRun zone = dump(4, "zone", "1");
        zone.requireText("header at 0: the crc does not hold").requireText("storeId is not that of the superblock");
        assertEquals(PAGES, zone.count("  page  "));
        assertEquals(PAGES, zone.count("  entry  "));
        dump(0, "page", "1:521856");
        flip(SEALED, 30);
        flip(SEALED, 2000);
        dump(4, "zone", "1").requireText("byte 2000 must be zero and is 4");
    }

    @Test
    void theDirectoryIsCheckedAndComparedWithThePages() throws IOException {
        flip(SEALED, DIRECTORY + 32 * LEAF_INDEX + 25);
        DumpRun zone = dump(4, "zone", "1");
        zone.requireText(
                        "directory  count 19: zone-0000000000000001 is damaged at offset 524832: expected the directory")
                .requireText("firstKey \"kay-0021\": the page has another firstKey");
        sealDirectory();
        zone = dump(4, "zone", "1");
        assertFalse(zone.out().contains("is damaged"), zone.out());
        zone.requireText("firstKey \"kay-0021\": the page has another firstKey");
        flip(SEALED, DIRECTORY + 32 * (LEAF_INDEX + 2) + 1); // the offset, 522496, is 523520 then
        sealDirectory();
        zone = dump(4, "zone", "1");
        zone.requireText("missing entry  offset 522496: the directory does not have the page")
                .requireText("entry  offset 523520  ")
                .requireText("no page that holds begins there")
                .requireText("it is not behind the one before");
    }

    private void sealDirectory() throws IOException {
        byte[] bytes = Files.readAllBytes(directory.resolve(SEALED));
        CRC32C crc = new CRC32C();
        crc.update(bytes, DIRECTORY, PAGES * 32);
        ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).putInt(DIRECTORY + PAGES * 32, (int) crc.getValue());
        Files.write(directory.resolve(SEALED), bytes);
    }

    @Test
    void aFooterThatDoesNotHoldIsToldAndThePagesAreShown() throws IOException {
        flip(SEALED, Files.size(directory.resolve(SEALED)) - 40);
        DumpRun zone = dump(4, "zone", "1");
        zone.requireText("footer at 524864: zone-0000000000000001 is damaged")
                .requireText("stops here: no page that holds follows");
        assertEquals(PAGES, zone.count(" payloadCrc 0x") - zone.count("expected the header checksum"));
    }

    @ParameterizedTest
    @ValueSource(
            ints = {
                0, 10, 4095, 4096, 4100, 4500, 522_000, 523_000, 524_100, 524_167, 524_168, 524_223, 524_300, 524_927
            })
    void aZoneCutShortIsShownAsFarAsItGoes(int length) throws IOException {
        Path file = directory.resolve(SEALED);
        Files.write(file, Arrays.copyOf(Files.readAllBytes(file), length));
        dump(4, "zone", "1").requireText("length 524928; the file is shorter");
        dump(4, "zone");
        dump(length < PAGES_END ? 4 : 0, "run"); // whose pages are all there then
        dump(0, "run", "3");
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 10, 4095, 4096, 4100, 6400, 8667, 8668, 8704, 808_831, 808_900, 809_023})
    void aZoneOfValuesCutShortIsShownAsFarAsItGoes(int length) throws IOException {
        Path file = directory.resolve(VALUES);
        Files.write(file, Arrays.copyOf(Files.readAllBytes(file), length));
        dump(4, "zone", "2").requireText("length 809024; the file is shorter");
        dump(4, "zone");
        dump(length < 8668 ? 4 : 0, "run", "1"); // the first page has values of it
        dump(length < 808_832 ? 4 : 0, "run", "2"); // the other two
        dump(0, "run", "3");
    }

    @Test
    void aZoneThatIsGoneIsTold() throws IOException {
        Files.delete(directory.resolve(SEALED));
        dump(4, "zone").requireText("there is no such file").requireText(OPEN);
        DumpRun run = dump(4, "run");
        assertEquals(1 + 8 + 1, run.count("there is no " + SEALED), "the root of run 1, leaves and a filter of run 2");
        DumpRun.of(directory, "zone", "1").requireMistake("there is no " + SEALED);
        DumpRun.of(directory, "page", "1:4096").requireMistake("there is no " + SEALED);
    }

    @Test
    void aZoneOfValuesThatIsGoneIsTold() throws IOException {
        Files.delete(directory.resolve(VALUES));
        dump(4, "zone").requireText("there is no such file").requireText(SEALED).requireText(OPEN);
        DumpRun run = dump(4, "run");
        assertEquals(2, run.count("there is no " + VALUES), "a leaf of run 1 and one of run 2");
        run.requireText("there is no " + VALUES + "; there is no " + VALUES + "\n"); // for each of two pages
        assertEquals(19, run.count("  leaf  "));
        dump(0, "run", "3");
        DumpRun.of(directory, "page", "2:4096").requireMistake("there is no " + VALUES);
        dump(0, "page", "1:461504"); // which refers to it
    }

    @Test
    void zonesAndPagesAreShownWithoutSuperblockOrManifest() throws IOException {
        String zone = dump(0, "zone", "1").out();
        String[] lines = zone.split("\n", 2);
        flip(MANIFEST, Files.size(directory.resolve(MANIFEST)) - 200);
        dump(0, "zone").requireText("the manifest names it: SEALED, length 524928, as far as it holds: manifest-");
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
        flip(MANIFEST, 1152 + 20); // run 3
        DumpRun run = dump(4, "run");
        run.requireText(MANIFEST).requireText("runs 2  zones 4: manifest-").requireText("all adds up");
        assertEquals(16, run.count("  leaf  "));
    }

    @Test
    void whatTheManifestSaysOfARunIsComparedWithItsTree() {
        HandMade.changeRun(directory, 3, true);
        DumpRun run = dump(4, "run", "3");
        run.requireText("the page comes to entries 6; the page comes to bytes 581; the page comes to tombstones 1");
        HandMade.changeRun(directory, 3, false);
        dump(4, "run", "3").requireText("its last key is not below the separator behind it");
        dump(0, "run", "2");
    }

    @Test
    void whatAKeyPageSaysOfItsChildrenIsComparedWithThem() {
        HandMade.changeChild(directory, 3);
        dump(4, "run", "3")
                .requireText("entries 6  bytes 581")
                .requireText("entries 3  bytes 25  tombstones 0  newestBirth 4")
                .requireText("the page comes to entries 1; the page comes to bytes 20; "
                        + "the page comes to newestBirth 3\n");
    }

    @Test
    void aPageThatIsNotAllLiveIsTold() {
        HandMade.changeLive(directory, 1, LEAF / 64 + 4, LEAF / 64 + 5);
        DumpRun run = dump(4, "run");
        assertEquals(1, run.count("not live in the manifest"));
        run.requireText("the page at 1:521856 is not live in the manifest");
        dump(0, "run", "1");
    }

    @Test
    void ofAPageOfValuesEachIsLiveByItself() {
        HandMade.changeLive(directory, 2, 64 + 24, 64 + 48); // of three, the page's 72 units long
        DumpRun run = dump(4, "run");
        assertEquals(1, run.count("not live in the manifest"));
        run.requireText("the value of key 59 is not live in the manifest"); // the second of them
        HandMade.changeLive(directory, 2, 64 + 71, 64 + 72);
        run = dump(4, "run", "1");
        assertEquals(1, run.count("not live in the manifest"));
        run.requireText("the value of key 59 is not live in the manifest; the value of key 60 is not live");
        dump(0, "run", "2");
    }

    @Test
    void aValueThatHasItsPageForItselfIsLiveAsAWhole() {
        HandMade.changeLive(directory, 3, 404_160 / 64 + 1, 404_160 / 64 + 2);
        DumpRun run = dump(4, "run");
        assertEquals(1, run.count("not live in the manifest"));
        run.requireText(
                "the value of key 3 is not live in the manifest; the page at 3:404160 is not live in the manifest");
        dump(0, "run", "1");
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
        String[] names = {SEALED, VALUES, MANIFEST};
        byte[][] whole = {
            Files.readAllBytes(small.resolve(names[0])),
            Files.readAllBytes(small.resolve(names[1])),
            Files.readAllBytes(small.resolve(names[2])),
        };
        for (int i = 0; i < 100; i++) {
            for (int file = 0; file < 3; file++) {
                byte[] bytes = whole[file].clone();
                for (int flips = random.nextInt(4); flips > 0; flips--) {
                    bytes[random.nextInt(bytes.length)] = (byte) random.nextInt();
                }
                int length = random.nextInt(4) == 0 ? random.nextInt(bytes.length) : bytes.length;
                Files.write(small.resolve(names[file]), Arrays.copyOf(bytes, length));
            }
            for (String[] what : new String[][] {
                {"zone"}, {"run", "--entries"}, {"page", "1:4352", "--hex"}, {"page", "2:4096", "--hex"}
            }) {
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
