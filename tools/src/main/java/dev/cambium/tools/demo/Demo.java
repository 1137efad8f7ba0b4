package dev.cambium.tools.demo;

import dev.cambium.Cursor;
import dev.cambium.Durability;
import dev.cambium.KeyRange;
import dev.cambium.Options;
import dev.cambium.Snapshot;
import dev.cambium.Store;
import dev.cambium.VerifyReport;
import dev.cambium.WriteBatch;
import dev.cambium.segment.zone.ZoneFiles;
import dev.cambium.segment.zone.ZoneHeader;
import dev.cambium.tools.Cambium;
import dev.cambium.tools.Escapes;
import dev.cambium.tools.Output;
import dev.cambium.tools.StoreFiles;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;

/**
 * A tour of a store with real data: load, look up, scan, snapshot, kill, recover, compact, verify. Everything that it claims it
 * checks; {@link #failures} counts what was not so. One thread.
 */
public final class Demo {
    private static final int BATCH_ENTRIES = 1000;
    private static final int WRITES_BEFORE_KILL = 1000;
    private static final int ROWS_SHOWN = 3;
    private static final int LINES_SHOWN = 34;
    private static final int WIDTH = 150;

    /** So that some megabytes make several runs and zones. */
    private static final Options SMALL =
            Options.DEFAULT.withMemtableBytes(2 << 20).withZoneBytes(1 << 20);

    private final Path directory;
    private final byte[][] keys;
    private final byte[][] values;
    private final Steps steps;

    /** @param limit how many characters are used at most */
    public Demo(Path directory, int limit, Output out) {
        this.directory = directory;
        int[] characters = UnicodeCharacters.first(limit);
        this.keys = Arrays.stream(characters).mapToObj(UnicodeCharacters::key).toArray(byte[][]::new);
        this.values =
                Arrays.stream(characters).mapToObj(UnicodeCharacters::value).toArray(byte[][]::new);
        this.steps = new Steps(out);
    }

    /** Runs all steps; returns whether everything was as claimed. */
    public boolean run() throws IOException {
        try (Store store = Store.open(directory, SMALL)) {
            load(store);
            lookUp(store);
            scan(store);
            changeUnderSnapshot(store);
        }
        killAndRecover();
        try (Store store = Store.open(directory, SMALL)) {
            new CompactionSteps(store, keys, steps).run();
        }
        dumpPage();
        verify();
        return steps.failures() == 0;
    }

    private void load(Store store) {
        steps.begin("Load the Unicode characters that this Java knows: the key is the name, the value a description.");
        long bytes = 0;
        WriteBatch batch = new WriteBatch();
        for (int i = 0; i < keys.length; i++) {
            bytes += keys[i].length + values[i].length;
            batch.put(keys[i], values[i]);
            if (batch.count() == BATCH_ENTRIES) {
                store.write(batch, Durability.BUFFERED);
                batch.clear();
            }
        }
        store.write(batch, Durability.BUFFERED);
        store.sync();
        double millis = steps.millis();
        steps.tell(
                "%,d entries (%.1f MB) in batches of %,d, then one sync: %.0f ms, %,.0f entries/s.",
                keys.length, bytes / 1e6, BATCH_ENTRIES, millis, keys.length / millis * 1000);
        steps.tell("They now survive a power loss. The files have %.1f MB.", StoreFiles.totalBytes(directory) / 1e6);
    }

    private void lookUp(Store store) {
        steps.begin("Look some up by name, then each of them.");
        for (String name : List.of("LATIN SMALL LETTER A", "RIGHTWARDS ARROW", "SNOWMAN", "NO SUCH CHARACTER")) {
            byte[] value = store.get(name.getBytes(StandardCharsets.UTF_8));
            steps.tell("%-22s %s", name, value == null ? "(absent)" : Escapes.show(value));
        }
        steps.restartClock();
        int wrong = 0;
        for (int i = 0; i < keys.length; i++) {
            wrong += Arrays.equals(store.get(keys[i]), values[i]) ? 0 : 1;
        }
        steps.claim(wrong == 0, "All %,d are there with the right value: %.0f ms.", keys.length, steps.millis());
    }

    private void scan(Store store) {
        steps.begin("Scan in key order: all names that begin with RIGHTWARDS.");
        int found = 0;
        boolean ordered = true;
        byte[] before = null;
        try (Cursor cursor = store.cursor(KeyRange.prefix("RIGHTWARDS".getBytes(StandardCharsets.UTF_8)))) {
            while (cursor.next()) {
                byte[] key = cursor.key();
                ordered &= before == null || Arrays.compareUnsigned(before, key) < 0;
                before = key;
                if (found++ < ROWS_SHOWN) {
                    steps.tell("%-42s %s", Escapes.show(key), Escapes.show(cursor.value()));
                }
            }
        }
        long expected = Arrays.stream(keys)
                .filter(key -> new String(key, StandardCharsets.UTF_8).startsWith("RIGHTWARDS"))
                .count();
        steps.claim(ordered && found == expected, "%,d found, in order: %.1f ms.", found, steps.millis());
    }

    private void changeUnderSnapshot(Store store) {
        steps.begin("Take a snapshot, then delete a sixth and overwrite a sixth: the snapshot shows the old content.");
        byte[] overwritten = "overwritten".getBytes(StandardCharsets.UTF_8);
        try (Snapshot then = store.snapshot()) {
            WriteBatch batch = new WriteBatch();
            for (int i = 0; i < keys.length; i++) {
                switch (i % 6) {
                    case 0 -> batch.delete(keys[i]);
                    case 3 -> batch.put(keys[i], overwritten);
                    default -> {}
                }
                if (batch.count() == BATCH_ENTRIES) {
                    store.write(batch, Durability.BUFFERED);
                    batch.clear();
                }
            }
            store.write(batch);
            steps.tell("%,d changes: %.0f ms.", (keys.length + 5) / 6 + (keys.length + 2) / 6, steps.millis());
            checkSnapshot(then);
        }
        int wrong = 0;
        int live = 0;
        for (int i = 0; i < keys.length; i++) {
            byte[] expected = i % 6 == 0 ? null : i % 6 == 3 ? overwritten : values[i];
            byte[] found = store.get(keys[i]);
            wrong += Arrays.equals(found, expected) ? 0 : 1;
            live += found == null ? 0 : 1;
        }
        steps.claim(wrong == 0, "The store itself has %,d entries and the new values.", live);
    }

    private void checkSnapshot(Snapshot then) {
        steps.restartClock();
        int entries = 0;
        try (Cursor cursor = then.cursor()) {
            while (cursor.next()) {
                entries++;
            }
        }
        double millis = steps.millis();
        int wrong = 0;
        for (int i = 0; i < keys.length; i++) {
            wrong += Arrays.equals(then.get(keys[i]), values[i]) ? 0 : 1;
        }
        steps.claim(
                wrong == 0 && entries == keys.length,
                "Through the snapshot: %,d entries, every value the old one; one scan takes %.0f ms.",
                entries,
                millis);
    }

    private void killAndRecover() throws IOException {
        steps.begin("Let a second process write, acknowledging each write once it is on disk; kill it (SIGKILL).");
        int acknowledged = KilledWriter.run(directory, WRITES_BEFORE_KILL);
        steps.tell(
                "Killed after %,d acknowledged writes: %.0f ms, the start of its JVM included.",
                acknowledged, steps.millis());
        steps.begin("Open the store again: recovery reads the log, and nothing that was acknowledged may be missing.");
        try (Store store = Store.open(directory, SMALL)) {
            double millis = steps.millis();
            store.recoveryReport().toString().lines().forEach(line -> steps.tell("| %s", line));
            int missing = 0;
            for (int number = 1; number <= acknowledged; number++) {
                missing += Arrays.equals(store.get(DemoWriter.key(number)), DemoWriter.value(number)) ? 0 : 1;
            }
            steps.claim(
                    missing == 0,
                    "Of %,d acknowledged writes %d are missing. Opened in %.0f ms.",
                    acknowledged,
                    missing,
                    millis);
            boolean oneMore = store.get(DemoWriter.key(acknowledged + 1)) != null;
            if (oneMore) {
                steps.tell("One more had been written, and was cut off before it could be acknowledged.");
            }
        }
    }

    private void dumpPage() {
        List<String> zones = StoreFiles.lengths(directory).keySet().stream()
                .filter(name -> ZoneFiles.numberOf(name) > 0)
                .toList();
        String page = zones.get(0) + ":" + ZoneHeader.LENGTH;
        steps.begin("Show the first page of the first zone: cambium dump " + directory + " page " + page);
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        int exitCode = Cambium.run(
                new String[] {"dump", directory.toString(), "page", page},
                InputStream.nullInputStream(),
                out,
                OutputStream.nullOutputStream());
        List<String> lines = out.toString(StandardCharsets.UTF_8).lines().toList();
        for (String line : lines.subList(0, Math.min(LINES_SHOWN, lines.size()))) {
            steps.tell("| %s", line.length() > WIDTH ? line.substring(0, WIDTH) + "…" : line);
        }
        steps.claim(
                exitCode == 0, "The page holds what it must; %d more lines.", Math.max(0, lines.size() - LINES_SHOWN));
    }

    private void verify() {
        steps.begin("Read every used byte and check all checksums.");
        VerifyReport report = Store.verify(directory);
        report.findings().forEach(finding -> steps.tell("%s", finding.problem()));
        steps.claim(
                report.isSound(),
                "%d findings in %d files, %.1f MB, %,d batches in logs, %,d entries in pages: %.0f ms.",
                report.findings().size(),
                report.files(),
                report.bytes() / 1e6,
                report.batches(),
                report.entries(),
                steps.millis());
        StoreFiles.lengths(directory).forEach((name, length) -> steps.tell("%-24s %,12d bytes", name, length));
    }

    /** How many claims did not hold. */
    public int failures() {
        return steps.failures();
    }
}
