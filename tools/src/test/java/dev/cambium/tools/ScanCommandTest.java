package dev.cambium.tools;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.cambium.Cursor;
import dev.cambium.Durability;
import dev.cambium.Store;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.TreeSet;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

class ScanCommandTest {
    @TempDir
    Path store;

    @BeforeEach
    void load() {
        CommandRun.withInput("b\t2\na\t1\nba\t3\n\\xFF\\x00\ttab\\there\nc\t4\n", "load", store);
    }

    private String scan(Object... options) {
        Object[] arguments = new Object[options.length + 2];
        arguments[0] = "scan";
        arguments[1] = store;
        System.arraycopy(options, 0, arguments, 2, options.length);
        CommandRun run = CommandRun.of(arguments);
        assertEquals(0, run.exitCode(), run.err());
        return run.out().replace('\n', '|');
    }

    @Test
    void entriesComeInKeyOrder() {
        assertEquals("a\t1|b\t2|ba\t3|c\t4|\\xFF\\x00\ttab\\there|", scan());
        assertEquals("\\xFF\\x00|c|ba|b|a|", scan("--reverse", "--keys-only"));
    }

    @Test
    void theRangeIsWhatAllOptionsHaveInCommon() {
        assertEquals("b|ba|", scan("--from", "b", "--to", "c", "--keys-only"));
        assertEquals("ba|b|", scan("--from", "b", "--to", "c", "--keys-only", "--reverse"));
        assertEquals("b|ba|", scan("--prefix", "b", "--keys-only"));
        assertEquals("ba|", scan("--prefix", "b", "--from", "b0", "--keys-only"));
        assertEquals("b|", scan("--prefix", "b", "--to", "ba", "--keys-only"));
        assertEquals("", scan("--from", "c", "--to", "b"));
        assertEquals("\\xFF\\x00|", scan("--prefix", "\\xFF", "--keys-only"));
        assertEquals("5|", scan("--prefix", "", "--count"));
    }

    @Test
    void limitAndCountGoTogether() {
        assertEquals("a\t1|b\t2|", scan("--limit", 2));
        assertEquals("", scan("--limit", 0));
        assertEquals("5|", scan("--count"));
        assertEquals("2|", scan("--count", "--limit", 2, "--reverse"));
        assertEquals("{\"count\":5}|", scan("--count", "--json"));
    }

    @Test
    void jsonHasHexWhereBytesAreNoText() {
        assertEquals(
                "{\"key\":\"c\",\"value\":\"4\"}|{\"keyHex\":\"ff00\",\"value\":\"tab\\there\"}|",
                scan("--json", "--from", "c"));
        assertEquals("{\"key\":\"c\"}|", scan("--json", "--from", "c", "--limit", 1, "--keys-only"));
    }

    /** The reader of a pipe who has gone after the first bytes. */
    private static final class GoneReader extends OutputStream {
        private final String message;
        private int writes;

        GoneReader(String message) {
            this.message = message;
        }

        @Override
        public void write(int b) throws IOException {
            throw new IOException(message);
        }

        @Override
        public void write(byte[] bytes, int offset, int length) throws IOException {
            writes++;
            throw new IOException(message);
        }
    }

    @Test
    void aClosedPipeEndsTheScanQuietlyAndAnyOtherFailureIsTold() {
        StringBuilder lines = new StringBuilder();
        for (int i = 0; i < 20_000; i++) {
            lines.append("key").append(i).append("\tsome value\n");
        }
        CommandRun.withInput(lines.toString(), "load", store);
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        GoneReader gone = new GoneReader("Broken pipe");
        assertEquals(0, Cambium.run(new String[] {"scan", store.toString()}, InputStream.nullInputStream(), gone, err));
        assertEquals("", err.toString(StandardCharsets.UTF_8));
        assertEquals(1, gone.writes, "nothing is written once the reader has gone");
        GoneReader full = new GoneReader("No space left on device");
        assertEquals(5, Cambium.run(new String[] {"scan", store.toString()}, InputStream.nullInputStream(), full, err));
        assertEquals(
                "cambium: cannot write the output: No space left on device\n", err.toString(StandardCharsets.UTF_8));
    }

    @Test
    void everyRangeGivesWhatASortedSetGives() {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        TreeSet<String> model = new TreeSet<>(); // of letters below U+0080: strings order as their bytes do
        try (Store opened = Store.open(store)) {
            try (Cursor all = opened.cursor()) {
                while (all.next()) {
                    opened.delete(all.key(), Durability.NONE);
                }
            }
            for (int i = 0; i < 40; i++) {
                String key = word(random);
                model.add(key);
                opened.put(key.getBytes(StandardCharsets.US_ASCII), new byte[0], Durability.NONE);
            }
            for (int i = 0; i < 3000; i++) {
                String from = random.nextInt(3) == 0 ? null : word(random);
                String to = random.nextInt(3) == 0 ? null : word(random);
                String prefix = random.nextInt(3) == 0 ? null : word(random);
                List<String> options = new ArrayList<>();
                addOption(options, "--from", from);
                addOption(options, "--to", to);
                addOption(options, "--prefix", prefix);
                ScanRange range = CommandLine.populateCommand(new ScanRange(), options.toArray(String[]::new));
                List<String> expected = model.stream()
                        .filter(key -> from == null || key.compareTo(from) >= 0)
                        .filter(key -> to == null || key.compareTo(to) < 0)
                        .filter(key -> prefix == null || key.startsWith(prefix))
                        .toList();
                List<String> found = new ArrayList<>();
                try (Cursor cursor = opened.cursor(range.range())) {
                    while (cursor.next()) {
                        found.add(new String(cursor.key(), StandardCharsets.US_ASCII));
                    }
                }
                assertEquals(expected, found, () -> "seed " + seed + ": " + options);
            }
        }
    }

    private static void addOption(List<String> options, String name, String value) {
        if (value != null) {
            options.add(name + "=" + value);
        }
    }

    private static String word(Random random) {
        StringBuilder word = new StringBuilder();
        for (int length = random.nextInt(4); length > 0; length--) {
            word.append((char) ('a' + random.nextInt(3)));
        }
        return word.toString();
    }
}
