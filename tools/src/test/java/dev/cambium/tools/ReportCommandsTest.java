package dev.cambium.tools;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** stats and verify, and that all that is said to be JSON is. */
class ReportCommandsTest {
    @TempDir
    Path store;

    @BeforeEach
    void load() {
        CommandRun.withInput("a\t1\n\\xFF\\x00\t\\x01\n\"q\"\t\\\\\n", "load", store);
        CommandRun.of("put", store, "k", "v", "--keyspace", "users \"quoted\"");
        CommandRun.of("delete", store, "a");
    }

    @Test
    void statsTellsEntriesKeyspacesAndFiles() {
        CommandRun run = CommandRun.of("stats", store);
        assertEquals(0, run.exitCode(), run.err());
        assertTrue(run.out().contains("\ntombstones             1\n"), run.out());
        assertTrue(run.out().contains("\n  users \"quoted\"\n"), run.out());
        assertTrue(run.out().contains("SUPERBLOCK                              69,632\n"), run.out());
        assertTrue(run.out().contains("memoryBudgetBytes      268435456  (268.4 MB)\n"), run.out());
        assertTrue(run.out().contains("punchedBytes           0  (0 B)\n"), run.out());
        assertTrue(run.out().matches("(?s).*\npunchesHoles           (true|false)\n.*"), run.out());
        CommandRun budget = CommandRun.of("stats", store, "--memory-budget", "32M");
        assertTrue(budget.out().contains("memoryBudgetBytes      33554432 "), budget.out());
    }

    /** The lines of memory add up to its total. */
    @Test
    void statsTellsWhoHoldsWhichMemory() {
        String out = CommandRun.of("stats", store).out();
        long sum = 0;
        for (String part : List.of("Memtable", "Page", "KeyPage", "Filter", "WriteBuffer", "ReadBuffer", "Free")) {
            sum += number(out, "memory" + part + "Bytes");
        }
        assertTrue(sum > 0);
        assertEquals(sum, number(out, "memoryTotalBytes"));
    }

    private static long number(String out, String name) {
        Matcher line =
                Pattern.compile("^" + name + " +(\\d+) ", Pattern.MULTILINE).matcher(out);
        assertTrue(line.find(), name + " in " + out);
        return Long.parseLong(line.group(1));
    }

    @Test
    void verifyOfASoundStoreHasNoFindings() {
        CommandRun run = CommandRun.of("verify", store);
        assertEquals(0, run.exitCode());
        assertTrue(
                run.out().matches("sound: \\d+ files, .*; \\d+ batches in logs, .*; the last writer closed it\n"),
                run.out());
    }

    @Test
    void compactTellsWhatBecameOfTheRuns() {
        CommandRun run = CommandRun.of("compact", store);
        assertEquals(0, run.exitCode(), run.err());
        assertTrue(
                run.out()
                        .matches("1 run of [\\d.]+ kB became 1 of [\\d.]+ kB, with 3 entries, in [\\d.]+ s\n"
                                + "merged or moved [\\d.]+ B: linked 0 B of that, copied [\\d.]+ (?:B|KiB|MiB) as stored; wrote [\\d.]+ B of pages,"
                                + " gave back [\\d.]+ B\n"),
                run.out());
        assertTrue(CommandRun.of("stats", store).out().contains("\nruns                   1\n"));
        assertEquals(
                "q",
                CommandRun.of("scan", store, "--keys-only")
                        .out()
                        .lines()
                        .findFirst()
                        .orElse("")
                        .replace("\"", ""));
    }

    @Test
    void everyJsonOutputIsJson() throws IOException {
        for (String line : new String[] {
            "get STORE \"q\" --json",
            "get STORE \\xFF\\x00 --json",
            "scan STORE --json",
            "scan STORE --json --count",
            "scan STORE --json --keys-only --reverse",
            "stats STORE --json",
            "compact STORE --dry-run --json",
            "compact STORE --json",
            "clean STORE --dry-run --json",
            "clean STORE --json",
            "stats STORE --json",
            "verify STORE --json",
            "dump STORE superblock --json",
            "dump STORE manifest --json",
            "dump STORE log --json",
            "dump STORE log 1 --json --limit 1"
        }) {
            CommandRun run = CommandRun.of(
                    (Object[]) line.replace("STORE", store.toString()).split(" "));
            assertEquals(0, run.exitCode(), line + ": " + run.err());
            run.requireJsonLines();
        }
        CommandRun.withInput("bad\nx\ty\n", "load", store, "--json", "--skip-bad")
                .requireJsonLines();
    }

    @Test
    void sizesAreTypedWithUnitsAndShownInDecimal() {
        MemorySize size = new MemorySize();
        assertEquals(512L << 20, size.convert("512m"));
        assertEquals(512L << 20, size.convert("512 MiB"));
        assertEquals(2L << 30, size.convert("2g"));
        assertEquals(1000, size.convert("1000"));
        assertEquals("999 B", MemorySize.show(999));
        assertEquals("1.0 kB", MemorySize.show(1000));
        assertEquals("1.0 MB", MemorySize.show(999_999));
        assertEquals("21.3 GB", MemorySize.show(21_300_000_000L));
    }
}
