package dev.cambium.tools;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cambium.Store;
import dev.cambium.error.DiskFullException;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Every exit code, and that a failure is one line that begins with {@code cambium: }. */
class ExitCodeTest {
    @TempDir
    Path directory;

    private Path store;

    @BeforeEach
    void create() {
        store = directory.resolve("my.db");
        CommandRun.of("put", store, "a", "a value of some length");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "compact STORE.none",
                "compact STORE --range b..a",
                "compact STORE --keyspace none",
                "compact STORE --target-space-amp 1.04",
                "clean STORE --zones 99",
                "clean STORE --target-space-amp 1",
                "clean STORE.none --zones 1"
            })
    void whatIsRefusedChangesNoDataAndCreatesNoStore(String line) {
        String stats = dataOf(store);
        requireFailure(2, CommandRun.of((Object[])
                line.replace("STORE", store.toString()).split(" ")));
        assertEquals(stats, dataOf(store));
        assertFalse(Files.exists(directory.resolve("my.db.none")));
    }

    private static String dataOf(Path store) {
        return CommandRun.of("stats", store)
                .out()
                .lines()
                .filter(line -> line.matches("(entries|runs|zones|zoneBytes|logPosition) .*"))
                .toList()
                .toString();
    }

    @Test
    void aDamagedPageExitsWithFourAndEverythingElseIsCompacted() throws IOException {
        CommandRun.of("compact", store);
        flip("zone-0000000000000002", 4096 + 50);
        for (String options : new String[] {"compact", "compact --target-space-amp 2", "clean --zones 2"}) {
            CommandRun run = requireFailure(4, CommandRun.of((Object[])
                    options.replaceFirst(" |$", " " + store + " ").strip().split(" ")));
            assertTrue(run.err().contains("zone-0000000000000002 is damaged at offset "), run.err());
        }
        assertEquals(1, CommandRun.of("verify", store).exitCode());
    }

    private static CommandRun requireFailure(int exitCode, CommandRun run) {
        assertEquals(exitCode, run.exitCode(), run.err());
        assertTrue(run.err().startsWith("cambium: "), run.err());
        assertEquals(1, run.err().lines().count(), run.err());
        assertTrue(run.err().endsWith("\n"), run.err());
        return run;
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "frobnicate",
                "get",
                "get STORE",
                "get STORE a b",
                "get STORE -x",
                "get STORE a --frob",
                "get STORE \\q",
                "get STORE a --memory-budget much",
                "get STORE a --memory-budget 1m",
                "get STORE a --memory-budget 99999999999999g",
                "put STORE a",
                "put STORE a b --durability maybe",
                "put STORE a b --keyspace=",
                "scan STORE --limit -1",
                "scan STORE --limit x",
                "load STORE nofile",
                "load STORE - --batch 0",
                "load STORE - --format csv",
                "dump STORE",
                "dump STORE frob",
                "dump STORE superblock 1",
                "dump STORE log 77",
                "dump STORE log x",
                "dump STORE log 0",
                "dump STORE manifest 9",
                "dump STORE log --hex",
                "dump STORE zone 9",
                "dump STORE zone --entries",
                "dump STORE page",
                "dump STORE page 17",
                "dump STORE page 1:4096",
                "dump STORE page 0x1000100001",
                "dump STORE run 9",
                "dump STORE.none run",
                "compact STORE.none",
                "compact STORE --range b..a",
                "compact STORE --range a..a",
                "compact STORE --range a",
                "compact STORE --range a...b",
                "compact STORE --range \\q..",
                "compact STORE --keyspace none",
                "compact STORE --keyspace none --dry-run",
                "compact STORE --range b..a --dry-run",
                "compact STORE --target-space-amp 1.04",
                "compact STORE --target-space-amp 0",
                "compact STORE --target-space-amp NaN",
                "compact STORE --target-space-amp much",
                "clean STORE.none",
                "clean STORE --zones 99",
                "clean STORE --zones 99 --dry-run",
                "clean STORE --zones 90-99",
                "clean STORE --zones 9-3",
                "clean STORE --zones 1,,2",
                "clean STORE --zones x",
                "clean STORE --zones 1 --target-space-amp 1.2",
                "clean STORE --target-space-amp 1.04",
                "clean STORE --target-space-amp -2",
                "demo STORE"
            })
    void mistakesOfTheCallerExitWithTwo(String line) {
        Object[] arguments = line.isEmpty()
                ? new Object[0]
                : line.replace("STORE", store.toString()).split(" ");
        requireFailure(2, CommandRun.of(arguments));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "get STORE a",
                "put STORE a b",
                "delete STORE a",
                "scan STORE",
                "stats STORE",
                "verify STORE",
                "compact STORE",
                "compact STORE --dry-run",
                "clean STORE",
                "clean STORE --dry-run",
                "load STORE"
            })
    void aLockedStoreExitsWithThree(String line) {
        try (Store held = Store.open(store)) {
            CommandRun run = requireFailure(3, CommandRun.of((Object[])
                    line.replace("STORE", store.toString()).split(" ")));
            assertTrue(run.err().contains("is open already"), run.err());
            assertEquals(0, CommandRun.of("dump", store, "log").exitCode(), "dump takes no lock");
            assertEquals(0, CommandRun.of("dump", store, "manifest").exitCode());
            assertEquals(0, CommandRun.of("dump", store, "superblock").exitCode());
            held.flush();
            assertEquals(0, CommandRun.of("dump", store, "zone").exitCode());
            assertEquals(0, CommandRun.of("dump", store, "run").exitCode());
            assertEquals(0, CommandRun.of("dump", store, "page", "1:4096").exitCode());
            assertTrue(held.get(new byte[] {'a'}) != null);
        }
    }

    private void flip(String file, long offset) throws IOException {
        try (RandomAccessFile opened = new RandomAccessFile(store.resolve(file).toFile(), "rw")) {
            opened.seek(offset);
            int b = opened.read();
            opened.seek(offset);
            opened.write(b ^ 4);
        }
    }

    @Test
    void aDamagedLogExitsWithFourAndIsAFindingOfVerify() throws IOException {
        flip("log-0000000000000001", 4096 + 50);
        CommandRun get = requireFailure(4, CommandRun.of("get", store, "a"));
        assertTrue(get.err().contains("log-0000000000000001 is damaged at offset 4096"), get.err());
        CommandRun verify = CommandRun.of("verify", store);
        assertEquals(1, verify.exitCode());
        assertTrue(verify.out().contains("log-0000000000000001 is damaged at offset 4096"), verify.out());
        assertTrue(verify.out().contains("\n1 finding: "), verify.out());
        assertEquals("", verify.err());
        CommandRun dump = CommandRun.of("dump", store, "log");
        assertEquals(4, dump.exitCode());
        assertTrue(dump.out().contains("the crc of the record does not hold"), dump.out());
        assertTrue(dump.out().contains("DAMAGED, records up to position "), dump.out());
    }

    @Test
    void dumpShowsWhatDoesNotHoldInEachFile() throws IOException {
        flip("SUPERBLOCK", 60);
        flip("SUPERBLOCK", 65_536 + 60);
        CommandRun superblock = CommandRun.of("dump", store, "superblock");
        assertEquals(4, superblock.exitCode());
        assertEquals(2, superblock.out().split("the crc does not hold", -1).length - 1, superblock.out());
        requireFailure(4, CommandRun.of("dump", store, "manifest"));
        assertEquals(0, CommandRun.of("dump", store, "log", 1).exitCode());
        flip("log-0000000000000001", 44);
        CommandRun log = CommandRun.of("dump", store, "log", 1);
        assertEquals(4, log.exitCode());
        assertTrue(log.out().contains("the header does not hold"), log.out());
    }

    @Test
    void aNewerFormatExitsWithFour() throws IOException {
        try (RandomAccessFile file =
                new RandomAccessFile(store.resolve("SUPERBLOCK").toFile(), "rw")) {
            for (int slot : new int[] {0, 65_536}) {
                byte[] bytes = new byte[104];
                file.seek(slot);
                file.readFully(bytes);
                bytes[8] = 2;
                CRC32C crc = new CRC32C();
                crc.update(bytes);
                file.seek(slot);
                file.write(bytes);
                file.writeInt(Integer.reverseBytes((int) crc.getValue()));
            }
        }
        assertTrue(requireFailure(4, CommandRun.of("get", store, "a")).err().contains("newer Cambium"));
        requireFailure(4, CommandRun.of("verify", store));
        CommandRun dump = CommandRun.of("dump", store, "superblock");
        assertTrue(dump.out().contains("a newer version wrote it"), dump.out());
    }

    @Test
    void whatTheSystemRefusesExitsWithFive() throws IOException {
        assertEquals(5, ExitCode.of(new DiskFullException("no room", null)));
        Path file = Files.writeString(directory.resolve("file"), "");
        requireFailure(5, CommandRun.of("put", file.resolve("below"), "a", "b"));
    }

    @Test
    void aFileIsNoStore() throws IOException {
        Path file = Files.writeString(directory.resolve("file"), "");
        for (String command : new String[] {"stats", "scan", "verify"}) {
            assertTrue(requireFailure(2, CommandRun.of(command, file)).err().contains("it is a file"));
        }
        requireFailure(2, CommandRun.of("put", file, "a", "b"));
    }

    @Test
    void aDirectoryWithOtherFilesIsNoStoreAndStaysAsItIs() throws IOException {
        Path other = Files.createDirectory(directory.resolve("photos"));
        Files.writeString(other.resolve("a.png"), "");
        requireFailure(2, CommandRun.of("put", other, "a", "b"));
        requireFailure(2, CommandRun.of("demo", other));
        assertEquals(1, other.toFile().list().length);
    }

    @Test
    void debugShowsTheStackTrace() {
        CommandRun plain = CommandRun.of("get", directory.resolve("none"), "a");
        assertFalse(plain.err().contains("\tat "), plain.err());
        CommandRun debug = CommandRun.of("get", directory.resolve("none"), "a", "--debug");
        assertTrue(debug.err().contains("\tat dev.cambium."), debug.err());
        assertEquals(plain.err().lines().findFirst(), debug.err().lines().findFirst());
    }
}
