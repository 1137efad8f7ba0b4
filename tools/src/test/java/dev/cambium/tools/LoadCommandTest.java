package dev.cambium.tools;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LoadCommandTest {
    @TempDir
    Path directory;

    private Path store;

    @BeforeEach
    void name() {
        store = directory.resolve("my.db");
    }

    private String content() {
        return CommandRun.of("scan", store).out();
    }

    @Test
    void tsvIsLoadedFromAFileAndFromStandardInput() throws IOException {
        Path file = Files.writeString(directory.resolve("data.tsv"), "a\t1\r\n\nb\\t\t\\xFF\n");
        CommandRun run = CommandRun.of("load", store, file);
        assertEquals(0, run.exitCode(), run.err());
        assertTrue(run.out().startsWith("loaded 2 entries, 5 B, in "), run.out());
        assertEquals("", run.err(), "no progress where nobody watches");
        assertEquals("a\t1\nb\\t\t\\xFF\n", content());
        assertEquals(0, CommandRun.withInput("c\t3", "load", store, "-").exitCode());
        assertEquals(0, CommandRun.withInput("\uFEFFd\t4\n", "load", store).exitCode());
        assertEquals("a\t1\nb\\t\t\\xFF\nc\t3\nd\t4\n", content());
    }

    @Test
    void jsonlIsGuessedByNameAndByFirstByte() throws IOException {
        String lines = "{\"key\":\"a\\n\",\"value\":\"1\"}\n{\"keyHex\":\"00fF\",\"valueHex\":\"\"}\n";
        Path file = Files.writeString(directory.resolve("data.JSONL"), "  " + lines);
        assertEquals(0, CommandRun.of("load", store, file).exitCode());
        assertEquals("\\x00\\xFF\t\na\\n\t1\n", content());
        CommandRun.withInput(lines.replace("\"1\"", "\"2\""), "load", store);
        assertEquals("\\x00\\xFF\t\na\\n\t2\n", content());
        CommandRun.withInput("{\t}\n", "load", store, "--format", "tsv");
        assertEquals("}\n", CommandRun.of("get", store, "{").out());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '\0',
            value = {
                "no tab at all | there is no tab between key and value",
                "a<tab>b<tab>c | there is a second tab",
                "a\\q<tab>b | in the key: \\q is no escape",
                "a<tab>\\x1 | in the value: \\x needs two hexadecimal digits",
                "{\"key\":\"a\"} | the value is missing",
                "{\"value\":\"a\"} | the key is missing",
                "{\"key\":\"a\",\"keyHex\":\"00\",\"value\":\"\"} | the key is given twice",
                "{\"key\":1,\"value\":\"\"} | the member \"key\" is no string",
                "{\"key\":{},\"value\":\"\"} | the member \"key\" is no string",
                "{\"key\":\"a\",\"value\":\"\",\"x\":\"\"} | unknown member \"x\"",
                "{\"key\":\"a\",\"value\":\"\"} {} | there is more behind the object",
                "{\"keyHex\":\"0\",\"value\":\"\"} | the member \"keyHex\" is not an even number",
                "{\"key\":\"\\ud800\",\"value\":\"\"} | the member \"key\" has half a surrogate pair",
                "{\"key\":\"a\", | no valid JSON",
                "{\"key\":\"a\",\"value\":\"b | no valid JSON",
                "[] | no JSON object"
            })
    void aMalformedLineStopsTheLoadWithItsNumberAndReason(String line, String reason) {
        boolean json = line.startsWith("{") || line.startsWith("[");
        String good = json ? "{\"key\":\"good\",\"value\":\"1\"}\n" : "good\t1\n";
        String after = good.replace("good", "after");
        String input = good + line.replace("<tab>", "\t") + "\n" + after;
        CommandRun stopped = CommandRun.withInput(input, "load", store, "-", "--format", json ? "jsonl" : "tsv");
        assertEquals(1, stopped.exitCode());
        assertEquals("", stopped.out());
        assertTrue(stopped.err().startsWith("cambium: standard input:2: " + reason), stopped.err());
        assertTrue(stopped.err().contains("loaded before it: 1"), stopped.err());
        assertEquals(1, stopped.err().lines().count(), stopped.err());
        assertEquals("good\t1\n", content());

        CommandRun skipped =
                CommandRun.withInput(input, "load", store, "--skip-bad", "--json", "--format", json ? "jsonl" : "tsv");
        assertEquals(0, skipped.exitCode());
        assertTrue(skipped.out().startsWith("{\"loaded\":2,\"skipped\":1,"), skipped.out());
        assertTrue(skipped.err().startsWith("cambium: skipped standard input:2: " + reason), skipped.err());
        assertEquals("after\t1\ngood\t1\n", content());
    }

    @Test
    void linesAndEntriesThatAreTooLongAreMalformed() {
        String tooLong = "k\t" + "v".repeat(17 << 20) + "\n";
        CommandRun run = CommandRun.withInput(
                "a\t1\n" + tooLong + "k".repeat(32_768) + "\tv\nb\t2\n", "load", store, "--skip-bad");
        assertEquals(0, run.exitCode());
        assertTrue(run.out().endsWith("; skipped 2 malformed lines\n"), run.out());
        assertTrue(run.err().contains(":2: it is longer than 16777216 bytes\n"), run.err());
        assertTrue(run.err().contains(":3: the key has 32768 bytes, the limit is 32767\n"), run.err());
        assertEquals("a\t1\nb\t2\n", content());
    }

    @Test
    void onlyTheFirstMalformedLinesAreShown() {
        CommandRun run = CommandRun.withInput("bad\n".repeat(1000), "load", store, "--skip-bad");
        assertEquals(10, run.err().lines().count());
        assertTrue(run.out().contains("skipped 1,000 malformed lines"), run.out());
    }

    @ParameterizedTest
    @CsvSource({"1,sync", "7,buffered", "100,none", "100000,BUFFERED"})
    void everyBatchSizeAndDurabilityLoadsAll(int batch, String durability) {
        StringBuilder lines = new StringBuilder();
        for (int i = 0; i < 100; i++) {
            lines.append(String.format("%04d\t%d%n", i, i));
        }
        CommandRun run = CommandRun.withInput(
                lines.toString(), "load", store, "-", "--batch", batch, "--durability", durability, "--keyspace", "k");
        assertEquals(0, run.exitCode(), run.err());
        assertEquals(
                "100\n",
                CommandRun.of("scan", store, "--keyspace", "k", "--count").out());
        assertEquals("", content());
    }

    @Test
    void whatScanPrintsLoadReadsBackWhateverTheBytes() {
        Random random = new Random(7);
        StringBuilder lines = new StringBuilder();
        for (int i = 0; i < 300; i++) {
            byte[] key = new byte[random.nextInt(6)];
            byte[] value = new byte[random.nextInt(20)];
            random.nextBytes(key);
            random.nextBytes(value);
            lines.append(Escapes.show(key))
                    .append('\t')
                    .append(Escapes.show(value))
                    .append('\n');
        }
        assertEquals(0, CommandRun.withInput(lines.toString(), "load", store).exitCode());
        for (String option : new String[] {"--json", "--limit=1000"}) {
            Path copy = directory.resolve("copy" + option);
            CommandRun.withInput(CommandRun.of("scan", store, option).out(), "load", copy);
            assertEquals(content(), CommandRun.of("scan", copy).out());
        }
        assertFalse(content().isEmpty());
    }

    @Test
    void moreThanTheBudgetIsLoaded() {
        StringBuilder lines = new StringBuilder();
        for (int i = 0; i < 40; i++) {
            lines.append(i).append('\t').append("v".repeat(1 << 20)).append('\n');
        }
        CommandRun run =
                CommandRun.withInput(lines.toString(), "load", store, "-", "--batch", 1, "--memory-budget", "16m");
        assertEquals(0, run.exitCode(), run.err());
        assertEquals(0, CommandRun.of("verify", store).exitCode());
        assertEquals(
                40, CommandRun.of("scan", store, "--keys-only").out().lines().count());
    }
}
