package dev.cambium.tools;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cambium.Durability;
import dev.cambium.Keyspace;
import dev.cambium.Options;
import dev.cambium.Store;
import dev.cambium.ZoneStats;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** compact and clean: what they are asked for is what is done, and a dry run does nothing. */
class CompactionCommandsTest {
    private static final Options SMALL =
            Options.DEFAULT.withMemtableBytes(256 << 10).withZoneBytes(1 << 20).withPageBytes(2048);
    private static final int ENTRIES = 8000;

    @TempDir
    Path directory;

    private Path store;

    /** A base of two keyspaces, and a young run with every tenth of them. */
    @BeforeEach
    void create() {
        store = directory.resolve("my.db");
        Random random = new Random(1);
        try (Store made = Store.open(store, SMALL)) {
            Keyspace users = made.keyspace("users");
            for (int i = 0; i < ENTRIES; i++) {
                put(made, users, i, value(random));
            }
            made.compact();
            for (int i = 0; i < ENTRIES; i += 10) {
                put(made, users, i, value(random));
            }
            made.flush();
        }
    }

    private static void put(Store store, Keyspace users, int number, byte[] value) {
        byte[] key = String.format("%05d", number).getBytes(StandardCharsets.US_ASCII);
        store.put(key, value, Durability.NONE);
        users.put(key, value, Durability.NONE);
    }

    private static byte[] value(Random random) {
        byte[] value = new byte[150];
        random.nextBytes(value);
        return value;
    }

    private static long number(String out, String name) {
        Matcher member = Pattern.compile("\"" + name + "\":(-?\\d+)").matcher(out);
        assertTrue(member.find(), name + " in " + out);
        return Long.parseLong(member.group(1));
    }

    /** Those that have not gone into the base. */
    private long youngEntries() {
        return number(CommandRun.of("compact", store, "--dry-run", "--json").out(), "youngEntries");
    }

    private TreeSet<Integer> zones() {
        TreeSet<Integer> zones = new TreeSet<>();
        try (Store opened = Store.open(store, SMALL)) {
            opened.zoneStats().forEach(zone -> zones.add(zone.number()));
        }
        return zones;
    }

    private CommandRun run(Object... arguments) throws IOException {
        String before = CommandRun.of("scan", store).out();
        CommandRun run = CommandRun.of(arguments);
        assertEquals(0, run.exitCode(), run.err());
        assertEquals("", run.err());
        assertEquals(before, CommandRun.of("scan", store).out());
        assertEquals(0, CommandRun.of("verify", store).exitCode());
        return run;
    }

    @Test
    void aRangeIsOfOneKeyspace() throws IOException {
        long young = youngEntries();
        assertTrue(young > ENTRIES / 10, young + " young entries");
        run("compact", store, "--range", "..00000");
        assertTrue(youngEntries() > 0.8 * young, "there is nothing below it but what shares its stretch");
        run("compact", store, "--range", "0..", "--target-space-amp", "2");
        long left = youngEntries();
        assertTrue(left > 0 && left < young, left + " of " + young);
        run("compact", store, "--keyspace", "users", "--target-space-amp", "2");
        assertEquals(0, youngEntries());
    }

    @Test
    void aTargetMergesWhatHasChangedAndWithoutItAllIsWrittenAnew() throws IOException {
        CommandRun target =
                run("compact", store, "--target-space-amp", "3", "--json").requireJsonLines();
        assertEquals(0, youngEntries());
        long merged = number(target.out(), "mergedBytes");
        assertTrue(number(target.out(), "linkedBytes") < merged, target.out());
        TreeSet<Integer> before = zones();
        CommandRun all = run("compact", store, "--json");
        assertEquals(0, number(all.out(), "linkedBytes"));
        long copied = number(all.out(), "copiedBytes");
        assertTrue(copied > 0 && copied <= number(all.out(), "mergedBytes"), all.out());
        assertTrue(zones().stream().noneMatch(before::contains), before + " became " + zones());
        assertEquals(
                number(all.out(), "zoneBytesBefore") - number(all.out(), "zoneBytesAfter"),
                number(all.out(), "givenBackBytes"));
        assertEquals(2 * ENTRIES, number(all.out(), "entriesAfter"));
    }

    @Test
    void aDryRunTellsAndDoesNothing() throws IOException {
        TreeSet<Integer> before = zones();
        long young = youngEntries();
        String compact = run("compact", store, "--dry-run").out();
        assertTrue(
                compact.matches("would merge (\\d+) of \\1 stretches of keys: about [\\d.]+ MB of keys and values,"
                        + " with [\\d,]+ entries of younger runs\n"),
                compact);
        CommandRun json = run("compact", store, "--dry-run", "--json").requireJsonLines();
        assertEquals(young, number(json.out(), "youngEntries"), young * 0.1);
        CommandRun named = run("clean", store, "--zones", "1-999", "--dry-run");
        assertTrue(named.out().startsWith("would clean " + before.size() + " zones of "), named.out());
        assertTrue(named.out().contains("\n      zone  stream  "), named.out());
        assertEquals(2 + before.size(), named.out().lines().count(), named.out());
        CommandRun none = run("clean", store, "--target-space-amp", "5", "--dry-run");
        assertTrue(none.out().startsWith("would clean 0 zones of 0 B"), none.out());
        assertEquals(before, zones());
        assertEquals(young, youngEntries());
    }

    @Test
    void threadsThatMergeAreOneToSixteen() throws IOException {
        for (String wrong : List.of("0", "17", "-2")) {
            CommandRun run = CommandRun.of("compact", store, "--threads", wrong);
            assertEquals(ExitCode.USAGE, run.exitCode());
            assertTrue(run.err().contains("--threads is " + wrong + ", must be 1 to 16"), run.err());
        }
        assertEquals(
                ExitCode.OK, CommandRun.of("compact", store, "--threads", "3").exitCode());
        assertEquals(0, youngEntries());
        assertEquals(
                ExitCode.OK, CommandRun.of("clean", store, "--threads", "16").exitCode());
        assertEquals(List.of(), Store.verify(store).findings());
    }

    @Test
    void whatStandsInLogsIsNotCountedButTold() throws IOException {
        CommandRun.of("put", store, "in the log", "v");
        String out = run("compact", store, "--dry-run").out();
        assertTrue(out.endsWith("\nnot counted: 1 entries in logs, which would be laid down first\n"), out);
    }

    @Test
    void namedZonesAreGivenBackAndATargetIsAimedAt() throws IOException {
        TreeSet<Integer> before = zones();
        int first = before.first();
        run("clean", store, "--zones", first);
        assertTrue(!zones().contains(first), first + " in " + zones());
        run("clean", store, "--target-space-amp", "1.05", "--json").requireJsonLines();
        run("clean", store, "--zones", "1-" + zones().last());
        assertTrue(zones().stream().noneMatch(before::contains), before + " became " + zones());
    }

    @Test
    void progressIsShownOnATerminalAndWipedAway() {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        int exitCode = 0;
        Random random = new Random(2);
        for (int i = 0; i < 50 && !err.toString(StandardCharsets.UTF_8).contains("%"); i++) {
            addTo(store, i * 20_000, random); // it may have been too fast for anything to be shown
            String[] arguments = {"compact", store.toString()};
            exitCode |= Cambium.run(arguments, Streams.of(InputStream.nullInputStream(), out, err, true));
        }
        assertEquals(0, exitCode);
        String shown = err.toString(StandardCharsets.UTF_8);
        assertTrue(shown.matches("(?s).* %  [\\d.]+ .?B of [\\d.]+ MB  [\\d.]+ .?B/s.*\r +\r"), shown);
    }

    private static void addTo(Path store, int first, Random random) {
        try (Store opened = Store.open(store, SMALL)) {
            for (int i = first; i < first + 20_000; i++) {
                opened.put(
                        String.format("more%07d", i).getBytes(StandardCharsets.US_ASCII),
                        value(random),
                        Durability.NONE);
            }
        }
    }

    @Test
    void boundsAreTypedWithEscapes() {
        assertNull(KeyBounds.parse("--range", null));
        KeyBounds both = KeyBounds.parse("--range", "a\\x2E\\x2E\\t..\\xFF.b");
        assertArrayEquals("a..\t".getBytes(StandardCharsets.US_ASCII), both.from());
        assertArrayEquals(new byte[] {(byte) 0xFF, '.', 'b'}, both.to());
        assertNull(KeyBounds.parse("--range", "..").from());
        assertNull(KeyBounds.parse("--range", "a..").to());
        String message = assertThrows(IllegalArgumentException.class, () -> KeyBounds.parse("--range", "a...b"))
                .getMessage();
        assertEquals("--range 'a...b' has '..' more than once; write a dot of a key as \\x2E", message);
    }

    @Test
    void aSpanOfNumbersMeansTheZonesThatThereAre() {
        List<ZoneStats> zones = List.of(zone(3), zone(9), zone(12));
        assertNull(ZoneNumbers.parse("--zones", null));
        assertEquals(
                new TreeSet<>(List.of(3, 7, 9, 12)),
                ZoneNumbers.parse("--zones", "7,3, 9-999999999").among(zones));
        assertThrows(IllegalArgumentException.class, () -> ZoneNumbers.parse("--zones", "4-8")
                .among(zones));
    }

    private static ZoneStats zone(int number) {
        return new ZoneStats(number, ZoneStats.Stream.BASE, 1000, 0, 500, false);
    }

    @Test
    void zonesAreCountedByHowFullTheyAre() {
        assertEquals(0, ZoneFill.classOf(0.2499));
        assertEquals(1, ZoneFill.classOf(0.25));
        assertEquals(2, ZoneFill.classOf(0.5));
        assertEquals(3, ZoneFill.classOf(0.75));
        assertEquals(3, ZoneFill.classOf(0.95));
        assertEquals(4, ZoneFill.classOf(0.9501));
        assertEquals(4, ZoneFill.classOf(1));
        CommandRun stats = CommandRun.of("stats", store);
        assertTrue(stats.out().matches("(?s).*\n  base +1 +16,000 +0 +[\\d,]+\n.*"), stats.out());
        assertTrue(stats.out().matches("(?s).*\n  young +\\d+ .* %( +\\d+){5}\n.*"), stats.out());
    }
}
