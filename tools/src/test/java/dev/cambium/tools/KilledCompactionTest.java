package dev.cambium.tools;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cambium.Cursor;
import dev.cambium.Durability;
import dev.cambium.Options;
import dev.cambium.Store;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A compaction or cleaning that is ended by a signal, once it has told how far it is, has harmed nothing. */
class KilledCompactionTest {
    private static final int ENTRIES = 60_000;
    private static final int VALUE_LENGTH = 500;

    @TempDir
    Path directory;

    @Test
    void killedCompactionsLoseNothingAndCanBeDoneAgain() throws Exception {
        Path store = directory.resolve("my.db");
        fill(store);
        assertEquals(137, runUntilProgress(true, "compact", store.toString()), "it ended before it was killed");
        check(store);
        assertEquals(143, runUntilProgress(false, "clean", store.toString(), "--zones", "1-9999"));
        check(store);
        CommandRun compact = CommandRun.of("compact", store);
        assertEquals(0, compact.exitCode(), compact.err());
        assertTrue(compact.out().contains(" became 1 of "), compact.out());
        check(store);
    }

    private static byte[] key(int number) {
        return String.format("%06d", number).getBytes(StandardCharsets.US_ASCII);
    }

    private static byte[] value(int number, int round) {
        byte[] value = new byte[VALUE_LENGTH];
        new Random(number * 2L + round).nextBytes(value);
        return value;
    }

    /** A third is overwritten. */
    private static void fill(Path store) {
        try (Store filled = Store.open(store, Options.DEFAULT.withMemtableBytes(8 << 20))) {
            for (int i = 0; i < ENTRIES; i++) {
                filled.put(key(i), value(i, 0), Durability.NONE);
            }
            for (int i = 0; i < ENTRIES; i += 3) {
                filled.put(key(i), value(i, 1), Durability.NONE);
            }
        }
    }

    private static void check(Path store) {
        CommandRun verify = CommandRun.of("verify", store);
        assertEquals(0, verify.exitCode(), verify.out() + verify.err());
        try (Store opened = Store.open(store);
                Cursor cursor = opened.cursor()) {
            for (int i = 0; i < ENTRIES; i++) {
                assertTrue(cursor.next());
                assertArrayEquals(key(i), cursor.key());
                assertArrayEquals(value(i, i % 3 == 0 ? 1 : 0), cursor.value(), "of key " + i);
            }
            assertFalse(cursor.next());
        }
    }

    /** Runs the command in a process of its own, and ends it when it shows its progress; returns its exit code. */
    private static int runUntilProgress(boolean kill, String... arguments) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1",
                "-Dcambium.stderr.terminal=true",
                "-cp",
                System.getProperty("java.class.path"),
                Cambium.class.getName()));
        command.addAll(List.of(arguments));
        Process process = new ProcessBuilder(command)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start();
        try (InputStream progress = process.getErrorStream()) {
            StringBuilder shown = new StringBuilder();
            for (int c = progress.read(); c >= 0 && shown.indexOf("/s") < 0; c = progress.read()) {
                shown.append((char) c);
            }
            assertTrue(shown.indexOf("/s") >= 0, "no progress: " + shown);
            if (kill) {
                process.toHandle().destroyForcibly();
            } else {
                process.toHandle().destroy();
            }
            progress.readAllBytes();
            return process.waitFor();
        } finally {
            process.destroyForcibly().waitFor();
        }
    }
}
