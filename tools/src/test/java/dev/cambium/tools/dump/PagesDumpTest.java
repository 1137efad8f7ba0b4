package dev.cambium.tools.dump;

import static dev.cambium.tools.dump.DumpRun.fields;
import static dev.cambium.tools.dump.DumpRun.member;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.cambium.Options;
import dev.cambium.Store;
import dev.cambium.segment.page.Lz4;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Zones, pages and runs of a store that holds; {@link DamagedPagesDumpTest} has those that do not. */
class PagesDumpTest {
    @TempDir
    Path directory;

    @BeforeEach
    void create() {
        GoldenPages.create(directory);
    }

    private DumpRun dump(String... arguments) {
        return DumpRun.of(directory, arguments).requireExit(0);
    }

    /** The only page of a kind at a level, as the dump of the zones tells it. */
    private String pointer(String kind, long level, int index) throws IOException {
        return (String) member(
                fields(dump("zone", "--json").parts("page").stream()
                                .filter(page -> fields(page).get("kind").equals(kind)
                                        && fields(page).get("level").equals(level))
                                .skip(index)
                                .findFirst()
                                .orElseThrow())
                        .get("self"),
                "pointer");
    }

    private Map<String, String> files() throws IOException {
        Map<String, String> files = new TreeMap<>();
        try (Stream<Path> listed = Files.list(directory)) {
            for (Path file : (Iterable<Path>) listed::iterator) {
                files.put(
                        file.getFileName() + " " + Files.getLastModifiedTime(file),
                        new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1));
            }
        }
        return files;
    }

    @ParameterizedTest
    @CsvSource({
        "zone, zones",
        "run, runs",
        "run 3 --entries, run-entries",
        "manifest, manifest-pages",
        "page 1:521856, page-leaf",
        "page 4:4992 --hex, page-leaf-operations",
        "page 1:523648 --limit 2, page-leaf-references",
        "page 4:4096 --hex, page-keys",
        "page 3:404160 --hex, page-values",
        "page 4:5120 --hex, page-filter"
    })
    void everyFieldIsShownAndNothingIsChanged(String arguments, String golden) throws IOException {
        assumeTrue(Lz4.isNative(), "another compressor makes other blocks");
        Map<String, String> before = files();
        DumpTest.checkGolden(golden + ".txt", dump(arguments.split(" ")).out());
        String[] json = (arguments + " --json").split(" ");
        DumpTest.checkGolden(golden + ".jsonl", dump(json).out());
        assertEquals(before, files());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "manifest",
                "zone",
                "run",
                "run --entries",
                "page 1:521536 --hex",
                "page 1:523648",
                "page 2:4096 --hex",
                "page 4:4096"
            })
    void everyPartSaysWhereItIsAndThatItHolds(String arguments) throws IOException {
        for (Map<String, Object> part : dump((arguments + " --json").split(" ")).parts()) {
            assertTrue(part.get("offset") instanceof Long, part::toString);
            assertEquals(true, part.get("holds"), part::toString);
        }
    }

    @Test
    void aZoneIsNamedByNumberOrFile() {
        String byNumber = dump("zone", "1").out();
        assertEquals(byNumber, dump("zone", "0x1").out());
        assertEquals(byNumber, dump("zone", "zone-0000000000000001").out());
        assertTrue(dump("zone").out().startsWith(byNumber));
    }

    @ParameterizedTest
    @CsvSource({"1, 19, 4, 9", "2, 3, 3, 2"})
    void aSealedZoneHasDirectoryAndFooterAnOpenOneHasNot(
            String sealedZone, int sealedPages, String openZone, int openPages) throws IOException {
        DumpRun sealed = dump("zone", sealedZone, "--json");
        assertEquals(sealedPages, sealed.parts("page").size());
        assertEquals(sealedPages, sealed.parts("entry").size());
        assertEquals("CAMB-ZEN", fields(sealed.parts("footer").get(0)).get("magic"));
        DumpRun open = dump("zone", openZone, "--json");
        assertEquals(openPages, open.parts("page").size());
        assertEquals(List.of(), open.parts("entry"));
        assertEquals(List.of(), open.parts("footer"));
    }

    @Test
    void aPageIsNamedByPointerOrPlace() throws IOException {
        String pointer = pointer("leaf", 0, 0);
        String byPointer = dump("page", pointer).out();
        assertEquals(byPointer, dump("page", "1:4096").out());
        assertEquals(byPointer, dump("page", "0x1:0x1000").out());
        assertEquals(byPointer, dump("page", "zone-0000000000000001:4096").out());
        assertEquals(byPointer, dump("page", pointer.replaceFirst("0x0+", "0x")).out());
    }

    @Test
    void aLeafHasItsEntries() throws IOException {
        List<Map<String, Object>> parts = dump("page", "4:4992", "--json").parts();
        Map<String, Object> leaf = parts.get(3);
        assertEquals("leaf", leaf.get("part"));
        assertEquals(4L, fields(leaf).get("count"));
        List<Map<String, Object>> entries = parts.subList(4, parts.size());
        assertEquals(
                List.of("DELETE", "PUT", "PUT", "PUT"),
                entries.stream().map(entry -> entry.get("part")).toList());
        assertEquals("key-0007", fields(entries.get(0)).get("key"));
        assertFalse(fields(entries.get(0)).containsKey("value"));
        assertEquals("", fields(entries.get(1)).get("value"));
        assertEquals(1L, fields(entries.get(2)).get("keyspace"));
        assertEquals("grace\u0000\n", fields(entries.get(3)).get("key"));
        dump("page", "4:4992").requireText("keyspace 1  key \"grace\\x00\\n\"  value \"New York\"");
    }

    @Test
    void aReferenceLeadsToItsValue() throws IOException {
        Map<String, Object> entry =
                fields(dump("page", "1:523648", "--json").parts("PUT_REF").get(3));
        assertEquals("long-3", entry.get("key"));
        assertEquals(2000L, entry.get("length"));
        assertEquals("values", member(entry.get("home"), "kind"));
        DumpRun values = dump("page", (String) member(entry.get("home"), "pointer"), "--json");
        assertEquals(
                entry.get("payloadCrc"), fields(values.parts("header").get(0)).get("payloadCrc"));
        Map<String, Object> value = fields(values.parts("value").get((int) (long) entry.get("index")));
        assertEquals(2000L, value.get("length"));
        assertEquals("x".repeat(2000), value.get("value"));
        dump("page", (String) member(entry.get("home"), "pointer")).requireText("value \"" + "x".repeat(120) + "\"…\n");
    }

    @Test
    void referencesToOnePageLeadToItsValuesInTheirOrder() throws IOException {
        List<Map<String, Object>> references =
                dump("page", "1:461504", "--json").parts("PUT_REF");
        DumpRun page = dump("page", "2:4096", "--json");
        assertEquals(3L, fields(page.parts("values").get(0)).get("count"));
        List<Map<String, Object>> values = page.parts("value");
        assertEquals(3, values.size());
        assertEquals(3, references.size());
        for (int i = 0; i < 3; i++) {
            Map<String, Object> entry = fields(references.get(i));
            assertEquals("shared-" + i, entry.get("key"));
            assertEquals(
                    member(fields(page.parts("header").get(0)).get("self"), "pointer"),
                    member(entry.get("home"), "pointer"));
            assertEquals((long) i, entry.get("index"));
            assertEquals(3L, entry.get("count"));
            assertEquals(1500L, entry.get("length"));
            assertEquals(1500L, fields(values.get(i)).get("length"));
        }
    }

    @Test
    void childrenOfAKeyPageCanBeDumpedInTurn() throws IOException {
        DumpRun root = dump("page", pointer("keys", 2, 0), "--json");
        assertEquals(2, root.parts("child").size());
        assertEquals(1, root.parts("separator").size());
        long entries = 0;
        for (Map<String, Object> child : root.parts("child")) {
            DumpRun page = dump("page", (String) member(fields(child).get("pointer"), "pointer"), "--json");
            assertEquals(1L, fields(page.parts("header").get(0)).get("level"));
            long below = 0;
            for (Map<String, Object> leaf : page.parts("child")) {
                below += (long) fields(leaf).get("entries");
            }
            assertEquals(fields(child).get("entries"), below);
            entries += below;
            Map<String, Object> keys = fields(page.parts("keys").get(0));
            DumpRun filter = dump("page", (String) member(keys.get("filter"), "pointer"), "--json");
            assertEquals(below, fields(filter.parts("filter").get(0)).get("count"));
            assertEquals(1L, fields(filter.parts("filter").get(0)).get("algorithm"));
        }
        assertEquals(154, entries);
    }

    @Test
    void hexHasEveryByteOfThePageStoredAndRaw() throws IOException {
        DumpRun run = dump("page", "1:521536", "--hex", "--json");
        Map<String, Object> header = fields(run.parts("header").get(0));
        assertEquals("LZ4", header.get("codec"));
        StringBuilder hex = new StringBuilder();
        run.parts("hex").forEach(line -> hex.append(fields(line).get("bytes")));
        String bytes = hex.toString().replace(" ", "");
        long padded = (long) header.get("storedLength") + 63 & -64;
        byte[] zone = Files.readAllBytes(directory.resolve("zone-0000000000000001"));
        assertEquals(
                HexFormat.of().formatHex(zone, 521_536, 521_536 + (int) padded), bytes.substring(0, 2 * (int) padded));
        assertEquals(padded + (long) header.get("rawLength") - 48, bytes.length() / 2);
        assertTrue(fields(run.parts("hex").get(0))
                .get("parts")
                .toString()
                .startsWith("headerCrc · payloadCrc · format · kind"));
        dump("page", "1:521536", "--hex")
                .requireText("  storedLength · rawLength · self\n")
                .requireText("  LZ4 block …\n")
                .requireText("  prefix · value 0\n");
    }

    @Test
    void limitStopsAndSaysSo() {
        assertEquals(3, dump("zone", "1", "--limit", "3").count("  page  "));
        assertEquals(3, dump("zone", "1", "--limit", "3").count("  entry  "));
        assertEquals(2, dump("zone", "1", "--limit", "3").count("stops here: --limit is reached"));
        assertEquals(19, dump("zone", "1", "--limit", "19").count("  page  "));
        assertEquals(0, dump("zone", "1", "--limit", "19").count("--limit"));
        DumpRun run = dump("run", "2", "--limit", "4");
        assertEquals(4, run.count("  payloadCrc 0x"));
        run.requireText("nodes 4  leaves 2  entries 44: stops here: --limit is reached");
        assertEquals(0, dump("run", "2", "--limit", "11").count("--limit"));
        DumpRun page = dump("page", "1:4096", "--limit", "2");
        assertEquals(2, page.count("  PUT  "));
        page.requireText("stops here: --limit is reached");
    }

    @Test
    void aRunHasItsRecordAndItsTree() throws IOException {
        DumpRun runs = dump("run", "--json");
        assertEquals(3, runs.parts("RUN").size());
        assertEquals(3L, fields(runs.parts("RUN").get(0)).get("run"), "newest first");
        DumpRun one = dump("run", "2", "--json");
        assertEquals(List.of(runs.parts("RUN").get(1)), one.parts("RUN"));
        assertEquals(8, one.parts("leaf").size());
        long entries = 0;
        for (Map<String, Object> leaf : one.parts("leaf")) {
            entries += (long) fields(leaf).get("entries");
        }
        assertEquals(154, entries);
        Map<String, Object> end = one.parts("end").get(0);
        assertEquals("all adds up", end.get("remark"));
        assertEquals(154L, fields(end).get("entries"));
    }

    @Test
    void entriesAreListedBelowTheirLeaves() {
        DumpRun run = dump("run", "3", "--entries");
        assertEquals(1, run.count("  DELETE  "));
        assertEquals(5, run.count("  PUT  "));
        run.requireText("keyspace 0  key \"\"  value \"of the empty key\"\n");
        assertEquals(154, dump("run", "2", "--entries").count("  PUT"));
    }

    @Test
    void theStoreMayBeOpen() throws IOException {
        Options options = Options.DEFAULT.withMemoryBudget(64 << 20).withPageBytes(512);
        try (Store store = Store.open(directory, options)) {
            for (int i = 0; i < 12; i++) { // runs are merged in the background, their zones dropped and deleted
                store.put(("more-" + i).getBytes(StandardCharsets.UTF_8), new byte[700]);
                store.flush();
                dump("zone");
                DumpRun run = dump("run", "--json");
                Map<String, Object> leaf = fields(run.parts("leaf").get(0));
                String pointer = (String) member(leaf.get("pointer"), "pointer");
                DumpRun page = DumpRun.of(directory, "page", pointer);
                assertTrue(page.exitCode() == 0 || page.err().contains("there is no zone-"), page::err);
            }
        }
        dump("run").requireText("all adds up");
    }

    @Test
    void whatTheManifestDoesNotNameIsNoDamage() throws IOException {
        byte[] zone = Files.readAllBytes(directory.resolve("zone-0000000000000004"));
        Files.write(directory.resolve("zone-0000000000000fff"), Arrays.copyOf(zone, 4736 + 500));
        Files.write(directory.resolve("zone-0000000000001000"), new byte[0]);
        Files.write(directory.resolve("zone-0000000000000004"), Arrays.copyOf(zone, zone.length + 100));
        dump("zone", "0xfff")
                .requireText("the manifest does not name it: it is being written, or garbage")
                .requireText("zoneNumber is not that of the file's name, 4095");
        dump("zone").requireText("100 bytes stand here that were never named: being written, or garbage");
    }

    @Test
    void aStoreWithoutRunsSaysSo(@TempDir Path other) {
        try (Store store = Store.open(other)) {
            store.put(new byte[] {1}, new byte[] {2});
        }
        DumpRun.of(other, "zone").requireExit(0).requireText("zones: there are none");
        DumpRun.of(other, "run").requireExit(0).requireText("runs 0  zones 0");
        DumpRun.of(other, "page", "1:4096").requireMistake("there is no zone-0000000000000001");
    }

    @ParameterizedTest
    @CsvSource({
        "page, which page: give its pointer",
        "page 17, '17' names no page: give its pointer as 0x",
        "page 1000100001, names no page: give its pointer as 0x",
        "page 0x10001000010000000, names no page",
        "page 0xq, names no page",
        "page 0x0, its zone is 0",
        "page 0x1000000001, its offset 0 lies in the zone's header",
        "page 0x1000100000, its kind is 0",
        "page 0x1000100007, its kind is 7",
        "page 0x1000100079, its rawClass is 15",
        "page 0x1000101f81, its storedClass 63 names more bytes than its rawClass 0",
        "page 1:4097, pages begin at multiples of 64",
        "page 1:64, pages begin at multiples of 64",
        "page 1:999999999999999999999, names no page",
        "page 1:, names no page",
        "page :4096, names no page",
        "page 0:4096, 'the zone is 0, must be 1 to 268435455'",
        "page 7:4096, there is no zone-0000000000000007 at",
        "page 1:4160, that is inside the page at 1:4096",
        "page 1:524224, 'end at 524224, where its directory begins'",
        "page 1:8388608, 'has 524928 bytes, so no page begins at 8388608'",
        "page 0x1007f54009, 'has the pointer 0x0000001007f54001 (1:521536 leaf), not 0x0000001007f54009'",
        "page 0x1007f54003, 'has the pointer 0x0000001007f54001 (1:521536 leaf), not 0x0000001007f54003'",
        "zone 7, there is no zone-0000000000000007 at",
        "zone x, 'x' is no ID",
        "zone 268435456, must be 1 to 268435455",
        "run 9, 'there is no run 9; there are 3, 2, 1'",
        "run zone-0000000000000001, is no ID",
        "zone 1 --hex, '--entries is for runs, --hex for a page'",
        "page 1:4096 --entries, '--entries is for runs, --hex for a page'"
    })
    void aMistakeOfTheCallerIsToldClearly(String arguments, String message) {
        DumpRun.of(directory, arguments.split(" ")).requireMistake(message);
    }
}
