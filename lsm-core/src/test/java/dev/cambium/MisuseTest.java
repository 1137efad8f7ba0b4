package dev.cambium;

import static dev.cambium.StoreTest.b;
import static dev.cambium.StoreTest.s;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeout;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cambium.error.CorruptionException;
import dev.cambium.error.FormatVersionException;
import dev.cambium.error.NoStoreException;
import dev.cambium.error.StoreException;
import dev.cambium.error.StoreLockedException;
import dev.cambium.testkit.SimulatedEnvironment;
import dev.cambium.testkit.disk.CrashOutcome;
import dev.cambium.testkit.disk.SimulatedDisk;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;

/** Calls that a caller should not make, from one thread: each is answered by the exception that the API names. */
class MisuseTest {
    private static final byte[] LONG_KEY = new byte[32_768];

    @TempDir
    Path directory;

    private static Map<String, Executable> callsWithKey(
            Store store, Keyspace space, Snapshot snapshot, Cursor cursor, byte[] key) {
        byte[] value = b("v");
        Map<String, Executable> calls = new LinkedHashMap<>();
        calls.put("Store.put", () -> store.put(key, value));
        calls.put("Store.put with durability", () -> store.put(key, value, Durability.NONE));
        calls.put("Store.delete", () -> store.delete(key));
        calls.put("Store.delete with durability", () -> store.delete(key, Durability.NONE));
        calls.put("Store.get", () -> store.get(key));
        calls.put("Store.get into a buffer", () -> store.get(key, ByteBuffer.allocate(8)));
        calls.put("Keyspace.put", () -> space.put(key, value));
        calls.put("Keyspace.put with durability", () -> space.put(key, value, Durability.BUFFERED));
        calls.put("Keyspace.delete", () -> space.delete(key));
        calls.put("Keyspace.delete with durability", () -> space.delete(key, Durability.BUFFERED));
        calls.put("Keyspace.get", () -> space.get(key));
        calls.put("Keyspace.get into a buffer", () -> space.get(key, ByteBuffer.allocate(8)));
        calls.put("Snapshot.get", () -> snapshot.get(key));
        calls.put("Snapshot.get in a keyspace", () -> snapshot.get(space, key));
        calls.put("Cursor.seek", () -> cursor.seek(key));
        calls.put("Cursor.seekFloor", () -> cursor.seekFloor(key));
        calls.put("WriteBatch.put", () -> new WriteBatch().put(key, value));
        calls.put("WriteBatch.delete", () -> new WriteBatch().delete(key));
        calls.put("WriteBatch.put in a keyspace", () -> new WriteBatch().put(space, key, value));
        calls.put("WriteBatch.delete in a keyspace", () -> new WriteBatch().delete(space, key));
        calls.put("KeyRange.from", () -> KeyRange.from(key));
        calls.put("KeyRange.below", () -> KeyRange.below(key));
        calls.put("KeyRange.between, lower", () -> KeyRange.between(key, b("x")));
        calls.put("KeyRange.between, upper", () -> KeyRange.between(b("x"), key));
        calls.put("KeyRange.prefix", () -> KeyRange.prefix(key));
        return calls;
    }

    @Test
    void everyMethodRefusesAnOverlongKeyWithItsLengthAndTheLimit() {
        try (Store store = Store.open(directory);
                Snapshot snapshot = store.snapshot();
                Cursor cursor = snapshot.cursor()) {
            callsWithKey(store, store.keyspace("space"), snapshot, cursor, LONG_KEY)
                    .forEach((name, call) -> assertRefused(name, call, "32768", "32767"));
            byte[] longest = new byte[32_767];
            store.put(longest, b("fits"));
            assertEquals("fits", s(store.get(longest)));
            assertNothingElse(store, longest);
        }
    }

    @Test
    void everyMethodRefusesANullKey() {
        try (Store store = Store.open(directory);
                Snapshot snapshot = store.snapshot();
                Cursor cursor = snapshot.cursor()) {
            callsWithKey(store, store.keyspace("space"), snapshot, cursor, null)
                    .forEach((name, call) -> assertRefused(name, call, "key", "null"));
            assertFalse(store.cursor().next());
        }
    }

    @Test
    void everyMethodRefusesANullValue() {
        try (Store store = Store.open(directory)) {
            Keyspace space = store.keyspace("space");
            WriteBatch batch = new WriteBatch();
            byte[] value = null;
            InputStream stream = null;
            String[] words = {"value", "null"};
            assertRefused("Store.put", () -> store.put(b("k"), value), words);
            assertRefused("Store.put NONE", () -> store.put(b("k"), value, Durability.NONE), words);
            assertRefused("Store.put of a stream", () -> store.put(b("k"), stream), words);
            assertRefused("Keyspace.put", () -> space.put(b("k"), value), words);
            assertRefused("Keyspace.put SYNC", () -> space.put(b("k"), value, Durability.SYNC), words);
            assertRefused("Keyspace.put of a stream", () -> space.put(b("k"), stream), words);
            assertRefused("WriteBatch.put", () -> batch.put(b("k"), value), words);
            assertRefused("WriteBatch.put in a keyspace", () -> batch.put(space, b("k"), value), words);
            assertEquals(0, batch.count());
            byte[] longestInLog = new byte[Limits.LONGEST_INLINE_VALUE];
            store.put(b("k"), longestInLog);
            assertArrayEquals(longestInLog, store.get(b("k")));
            assertNothingElse(store, b("k"));
        }
    }

    private static void assertNothingElse(Store store, byte[] only) {
        try (Cursor cursor = store.cursor()) {
            assertTrue(cursor.next());
            assertArrayEquals(only, cursor.key());
            assertFalse(cursor.next(), "a refused call has written");
        }
    }

    @Test
    void everyMethodRefusesNullForItsOtherArguments() {
        try (Store store = Store.open(directory);
                Snapshot snapshot = store.snapshot()) {
            Keyspace space = store.keyspace("space");
            Map<String, Executable> calls = new LinkedHashMap<>();
            calls.put("Store.open", () -> Store.open((Path) null));
            calls.put("Store.open, options", () -> Store.open(directory.resolve("other"), null));
            calls.put("Store.verify", () -> Store.verify(null));
            calls.put("Store.put, durability", () -> store.put(b("k"), b("v"), null));
            calls.put("Store.delete, durability", () -> store.delete(b("k"), null));
            calls.put("Store.get, buffer", () -> store.get(b("k"), null));
            calls.put("Store.write", () -> store.write(null));
            calls.put("Store.write, durability", () -> store.write(new WriteBatch().delete(b("k")), null));
            calls.put("Store.keyspace", () -> store.keyspace(null));
            calls.put("Store.cursor", () -> store.cursor(null));
            calls.put("Keyspace.put, durability", () -> space.put(b("k"), b("v"), null));
            calls.put("Keyspace.delete, durability", () -> space.delete(b("k"), null));
            calls.put("Keyspace.get, buffer", () -> space.get(b("k"), null));
            calls.put("Keyspace.cursor", () -> space.cursor(null));
            calls.put("Snapshot.get", () -> snapshot.get(null, b("k")));
            calls.put("Snapshot.cursor, range", () -> snapshot.cursor((KeyRange) null));
            calls.put("Snapshot.cursor, keyspace", () -> snapshot.cursor((Keyspace) null));
            calls.put("Snapshot.cursor, range in keyspace", () -> snapshot.cursor(space, null));
            calls.put("WriteBatch.put, keyspace", () -> new WriteBatch().put(null, b("k"), b("v")));
            calls.put("WriteBatch.delete, keyspace", () -> new WriteBatch().delete(null, b("k")));
            calls.forEach((name, call) -> assertRefused(name, call, "null"));
            assertEquals(1, store.stats().openSnapshots(), "a refused call leaves a snapshot behind");
        }
    }

    @Test
    void viewsRefuseNullAndTooSmallTargets() {
        try (Store store = Store.open(directory)) {
            store.put(b("key"), b("value"));
            try (Cursor cursor = store.cursor()) {
                assertTrue(cursor.next());
                ByteView view = cursor.valueView();
                assertThrows(IllegalArgumentException.class, () -> view.copyTo(null, 0));
                assertThrows(IllegalArgumentException.class, () -> view.copyTo((ByteBuffer) null));
                assertThrows(IllegalArgumentException.class, () -> view.compareTo(null));
                assertThrows(IllegalArgumentException.class, () -> view.copyTo(ByteBuffer.allocate(4)));
                assertThrows(IndexOutOfBoundsException.class, () -> view.copyTo(new byte[8], 4));
                assertThrows(IndexOutOfBoundsException.class, () -> view.copyTo(new byte[8], -1));
                assertThrows(IndexOutOfBoundsException.class, () -> view.byteAt(5));
                assertThrows(IndexOutOfBoundsException.class, () -> view.byteAt(-1));
                ByteBuffer readOnly = ByteBuffer.allocate(8).asReadOnlyBuffer();
                assertThrows(RuntimeException.class, () -> view.copyTo(readOnly));
                assertThrows(RuntimeException.class, () -> store.get(b("key"), readOnly));
                assertEquals("value", s(view.toByteArray()), "the view outlives its misuse");
                assertEquals('v', view.byteAt(0));
                assertEquals(0, view.compareTo(b("value")));
            }
        }
    }

    @Test
    void optionsRefuseWhatIsOutOfRangeWithTheRange() {
        assertRefused("budget", () -> Options.DEFAULT.withMemoryBudget((16 << 20) - 1), "16777215", "16777216");
        assertRefused("budget", () -> Options.DEFAULT.withMemoryBudget(-1), "-1", "16777216");
        assertRefused("budget", () -> Options.DEFAULT.withMemoryBudget((64L << 30) + 1), "68719476737", "68719476736");
        assertRefused("memtable", () -> Options.DEFAULT.withMemtableBytes(4095), "4095", "4096");
        assertRefused("memtable", () -> Options.DEFAULT.withMemtableBytes(65 << 20), "68157440", "67108864");
        assertEquals(4 << 20, Options.DEFAULT.withMemoryBudget(16 << 20).memtableBytes());
    }

    @Test
    void keyspaceNamesAreOneTo255BytesOfUnicode() {
        try (Store store = Store.open(directory)) {
            assertRefused("empty", () -> store.keyspace(""), "255", "0");
            assertRefused("too long", () -> store.keyspace("ä".repeat(128)), "255", "256");
            assertRefused("half a pair", () -> store.keyspace("\ud800"), "surrogate");
            store.keyspace("ä".repeat(127)).put(b("k"), b("v"));
            assertEquals(List.of("ä".repeat(127)), store.keyspaces());
        }
    }

    @Test
    void keyspacesOfAnotherStoreAreRefused() {
        try (Store store = Store.open(directory.resolve("one"));
                Store other = Store.open(directory.resolve("two"));
                Snapshot snapshot = store.snapshot()) {
            Keyspace own = store.keyspace("own");
            Keyspace foreign = other.keyspace("foreign");
            assertRefused("get", () -> snapshot.get(foreign, b("k")), "foreign", "another store");
            assertRefused("cursor", () -> snapshot.cursor(foreign), "foreign", "another store");
            assertRefused("batch", () -> store.write(new WriteBatch().put(foreign, b("k"), b("v"))), "another store");
            WriteBatch mixed = new WriteBatch().put(own, b("k"), b("v"));
            assertRefused("mixed batch", () -> mixed.put(foreign, b("k"), b("v")), "foreign", "another store");
            store.write(mixed);
            assertEquals("v", s(own.get(b("k"))));
            mixed.clear();
            other.write(mixed.put(foreign, b("k"), b("w")));
            assertEquals("w", s(foreign.get(b("k"))));
        }
        try (Store reopened = Store.open(directory.resolve("one"))) {
            Keyspace now = reopened.keyspace("own");
            WriteBatch batch = new WriteBatch().delete(now, b("k"));
            reopened.write(batch);
            assertNull(now.get(b("k")));
        }
    }

    private static void assertRefused(String name, Executable call, String... words) {
        IllegalArgumentException e = assertThrows(IllegalArgumentException.class, call, name);
        for (String word : words) {
            assertTrue(e.getMessage().replace(",", "").contains(word), () -> name + " does not say " + word + ": " + e);
        }
    }

    /** All that can be done with handles of a store that has the key "k". */
    private static Map<String, Executable> uses(
            Store store, Keyspace space, Snapshot snapshot, Cursor cursor, ByteView view) {
        Map<String, Executable> uses = new LinkedHashMap<>();
        if (store != null) {
            for (Durability durability : Durability.values()) {
                uses.put("put " + durability, () -> store.put(b("k"), b("w"), durability));
                uses.put("delete " + durability, () -> store.delete(b("k"), durability));
                uses.put("write " + durability, () -> store.write(new WriteBatch().delete(b("k")), durability));
            }
            uses.put("get", () -> store.get(b("k")));
            uses.put("get into a buffer", () -> store.get(b("k"), ByteBuffer.allocate(8)));
            uses.put("getStream", () -> store.getStream(b("k")));
            uses.put("snapshot", store::snapshot);
            uses.put("cursor", store::cursor);
            uses.put("keyspace that is there", () -> store.keyspace("space"));
            uses.put("keyspace that is new", () -> store.keyspace("new"));
            uses.put("keyspaces", store::keyspaces);
            uses.put("sync", store::sync);
            uses.put("flush", store::flush);
            uses.put("stats", store::stats);
            uses.put("Keyspace.put", () -> space.put(b("k"), b("w")));
            uses.put("Keyspace.delete", () -> space.delete(b("k")));
            uses.put("Keyspace.get", () -> space.get(b("k")));
            uses.put("Keyspace.cursor", space::cursor);
        }
        if (snapshot != null) {
            uses.put("Snapshot.get", () -> snapshot.get(b("k")));
            uses.put("Snapshot.get in a keyspace", () -> snapshot.get(space, b("k")));
            uses.put("Snapshot.get into a buffer", () -> snapshot.get(b("k"), ByteBuffer.allocate(8)));
            uses.put("Snapshot.getStream", () -> snapshot.getStream(b("k")));
            uses.put("Snapshot.cursor", snapshot::cursor);
            uses.put("Snapshot.cursor in a keyspace", () -> snapshot.cursor(space));
        }
        if (cursor != null) {
            uses.put("first", cursor::first);
            uses.put("last", cursor::last);
            uses.put("next", cursor::next);
            uses.put("previous", cursor::previous);
            uses.put("seek", () -> cursor.seek(b("k")));
            uses.put("seekFloor", () -> cursor.seekFloor(b("k")));
            uses.put("key", cursor::key);
            uses.put("value", cursor::value);
            uses.put("keyView", cursor::keyView);
            uses.put("valueView", cursor::valueView);
            uses.put("valueStream", cursor::valueStream);
        }
        uses.put("byteAt", () -> view.byteAt(0));
        uses.put("copyTo an array", () -> view.copyTo(new byte[8], 0));
        uses.put("copyTo a buffer", () -> view.copyTo(ByteBuffer.allocate(8)));
        uses.put("toByteArray", view::toByteArray);
        uses.put("compareTo", () -> view.compareTo(b("v")));
        return uses;
    }

    private static void assertDead(String after, Map<String, Executable> uses) {
        uses.forEach((name, use) -> assertThrows(IllegalStateException.class, use, name + " after " + after));
    }

    /** Each order of closing store, snapshot and cursor, as permutations of 0, 1, 2. */
    @Test
    void useAfterCloseIsRefusedInWhateverOrderHandlesAreClosed() {
        int[][] orders = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};
        for (int[] order : orders) {
            Store store = Store.open(directory);
            Keyspace space = store.keyspace("space");
            store.put(b("k"), b("v"));
            Snapshot snapshot = store.snapshot();
            Cursor cursor = snapshot.cursor();
            assertTrue(cursor.next());
            ByteView view = cursor.valueView();
            for (int step : order) {
                switch (step) {
                    case 0 -> {
                        store.close();
                        store.close();
                        assertDead("Store.close", uses(store, space, snapshot, cursor, view));
                    }
                    case 1 -> {
                        snapshot.close();
                        snapshot.close();
                        assertDead("Snapshot.close", uses(null, space, snapshot, cursor, view));
                    }
                    default -> {
                        cursor.close();
                        cursor.close();
                        assertDead("Cursor.close", uses(null, null, null, cursor, view));
                    }
                }
                assertEquals(1, view.length(), "the length alone is no read");
            }
            assertEquals(0, store.memoryUsedBytes());
        }
    }

    @Test
    void closingACursorWithItsOwnSnapshotGivesTheSnapshotBack() {
        Store store = Store.open(directory);
        Cursor cursor = store.cursor();
        assertEquals(1, store.stats().openSnapshots());
        cursor.close();
        cursor.close();
        assertEquals(0, store.stats().openSnapshots());
        store.close();
        assertEquals(0, store.memoryUsedBytes());
    }

    @Test
    void aViewEndsWithTheNextMoveOfItsCursor() {
        try (Store store = Store.open(directory)) {
            store.put(b("a"), b("1"));
            store.put(b("b"), b("2"));
            try (Cursor cursor = store.cursor()) {
                List<Executable> moves = List.of(
                        cursor::next,
                        cursor::previous,
                        cursor::first,
                        cursor::last,
                        () -> cursor.seek(b("a")),
                        () -> cursor.seekFloor(b("zz")));
                for (Executable move : moves) {
                    assertTrue(cursor.seek(b("a")));
                    ByteView view = cursor.valueView();
                    assertEquals("1", s(view.toByteArray()));
                    assertDead("a move", withMove(move, view));
                }
                assertFalse(cursor.seek(b("z")));
                assertThrows(IllegalStateException.class, cursor::key);
                assertThrows(IllegalStateException.class, cursor::valueView);
            }
        }
    }

    private static Map<String, Executable> withMove(Executable move, ByteView view) {
        try {
            move.execute();
        } catch (Throwable e) {
            throw new AssertionError(e);
        }
        return uses(null, null, null, null, view);
    }

    @Test
    void secondOpenerFromAnotherProcessIsToldThePidWithinASecond() throws Exception {
        Store.open(directory).close();
        Process owner = ChildJvm.start(Owner.class, directory.toString());
        try (BufferedReader out =
                new BufferedReader(new InputStreamReader(owner.getInputStream(), StandardCharsets.US_ASCII))) {
            assertEquals("open", out.readLine());
            for (Executable opener : List.<Executable>of(() -> Store.open(directory), () -> Store.verify(directory))) {
                StoreLockedException e =
                        assertTimeout(Duration.ofSeconds(1), () -> assertThrows(StoreLockedException.class, opener));
                assertEquals(owner.pid(), e.ownerPid());
                assertTrue(e.getMessage().contains(Long.toString(owner.pid())), e.getMessage());
            }
            owner.getOutputStream().close();
            assertEquals("closed", out.readLine());
        } finally {
            owner.destroyForcibly().waitFor();
        }
        try (Store store = Store.open(directory)) {
            assertTrue(store.recoveryReport().cleanClose(), "the turned away opener has harmed nobody");
            assertEquals("v", s(store.get(b("k"))));
        }
    }

    /** Has a store open until its standard input ends. */
    static final class Owner {
        private Owner() {}

        public static void main(String[] arguments) throws IOException {
            try (Store store = Store.open(Path.of(arguments[0]))) {
                System.out.println("open");
                System.in.read();
                store.put(b("k"), b("v"));
            }
            System.out.println("closed");
        }
    }

    @Test
    void aDirectoryWithForeignFilesIsRefusedAndLeftAlone() throws IOException {
        Files.writeString(directory.resolve("notes.txt"), "mine");
        Files.writeString(directory.resolve("manifest-0000000000000001"), "somebody's");
        Map<String, String> before = files();
        assertThrows(StoreException.class, () -> Store.open(directory));
        assertThrows(NoStoreException.class, () -> Store.verify(directory));
        assertEquals(before, files());
        Files.delete(directory.resolve("manifest-0000000000000001"));
        before = files();
        NoStoreException e = assertThrows(NoStoreException.class, () -> Store.open(directory));
        assertTrue(e.getMessage().contains("notes.txt"), e.getMessage());
        assertEquals(before, files());
    }

    @Test
    void aMissingDirectoryIsNotCreatedWhenThatIsNotWanted() throws IOException {
        Options options = Options.DEFAULT.withCreateIfMissing(false);
        Path missing = directory.resolve("missing");
        assertThrows(NoStoreException.class, () -> Store.open(missing, options));
        assertFalse(Files.exists(missing));
        assertThrows(NoStoreException.class, () -> Store.open(directory, options));
        assertEquals(Map.of(), files());
        Store.open(directory).close();
        Store.open(directory, options).close();
    }

    @Test
    void aPathThatIsAFileIsRefused() throws IOException {
        Path file = Files.writeString(directory.resolve("file"), "text");
        assertThrows(StoreException.class, () -> Store.open(file));
        assertThrows(StoreException.class, () -> Store.verify(file));
        assertEquals("text", Files.readString(file));
    }

    private Map<String, String> files() throws IOException {
        Map<String, String> files = new TreeMap<>();
        try (Stream<Path> paths = Files.list(directory)) {
            for (Path path : paths.toList()) {
                files.put(path.getFileName().toString(), Files.readString(path, StandardCharsets.ISO_8859_1));
            }
        }
        return files;
    }

    @Test
    void aNewerFormatIsRefusedByNameAndLeftAlone() {
        SimulatedDisk made = new SimulatedDisk(1);
        try (Store store = Store.open(new SimulatedEnvironment(made, 1).environment(), CambiumUnderTest.SMALL)) {
            store.put(b("k"), b("v"));
        }
        for (String name : made.list()) {
            if (name.equals("LOCK") || name.equals("OWNER") || name.equals("WARM")) {
                continue;
            }
            // offset of the u16 major version, then of the u32 of incompatible features
            for (int field : new int[] {8, 12}) {
                SimulatedDisk disk = made.afterCrash(CrashOutcome.PROCESS_KILL);
                byte[] bytes = disk.bytes(name);
                int slots = name.equals("SUPERBLOCK") ? 2 : 1;
                for (int slot = 0; slot < slots; slot++) {
                    int head = slot * 65536;
                    bytes[head + field] = 2;
                    int crcAt = name.equals("SUPERBLOCK") ? 104 : name.startsWith("log-") ? 64 : 60;
                    CRC32C crc = new CRC32C();
                    crc.update(bytes, head, crcAt);
                    ByteBuffer.wrap(bytes)
                            .order(java.nio.ByteOrder.LITTLE_ENDIAN)
                            .putInt(head + crcAt, (int) crc.getValue());
                }
                disk.replace(name, bytes);
                StoreException e = assertThrows(
                        StoreException.class,
                        () -> Store.open(new SimulatedEnvironment(disk, 1).environment(), CambiumUnderTest.SMALL),
                        name);
                assertTrue(e instanceof FormatVersionException, () -> name + ": " + e);
                assertTrue(e.getMessage().startsWith(name), e.getMessage());
                assertEquals(0, disk.operationCount(), name);
            }
        }
    }

    @Test
    void aMissingLogOrManifestIsReportedByName() {
        SimulatedDisk made = new SimulatedDisk(1);
        try (Store store = Store.open(new SimulatedEnvironment(made, 1).environment(), CambiumUnderTest.SMALL)) {
            for (int i = 0; i < 100; i++) {
                store.put(b("k" + i), new byte[200]);
            }
        }
        for (String name : made.list()) {
            if (name.equals("LOCK") || name.equals("OWNER") || name.equals("WARM")) {
                continue;
            }
            SimulatedDisk disk = made.afterCrash(CrashOutcome.PROCESS_KILL);
            disk.delete(name);
            CorruptionException e = assertThrows(
                    CorruptionException.class,
                    () -> Store.open(new SimulatedEnvironment(disk, 1).environment(), CambiumUnderTest.SMALL),
                    name);
            assertEquals(name, e.file());
            assertEquals(1, disk.operationCount(), "nothing but the deletion");
        }
    }
}
