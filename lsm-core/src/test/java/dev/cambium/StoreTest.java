package dev.cambium;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cambium.error.StoreLockedException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StoreTest {
    @TempDir
    Path directory;

    static byte[] b(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    static String s(byte[] bytes) {
        return bytes == null ? null : new String(bytes, StandardCharsets.UTF_8);
    }

    @Test
    void getReturnsWhatWasPutUntilItIsDeleted() {
        try (Store store = Store.open(directory)) {
            store.put(b("a"), b("1"));
            assertEquals("1", s(store.get(b("a"))));
            assertNull(store.get(b("b")));
            store.put(b("a"), b("2"), Durability.BUFFERED);
            assertEquals("2", s(store.get(b("a"))));
            store.delete(b("a"));
            assertNull(store.get(b("a")));
            store.put(new byte[0], new byte[0]);
            assertArrayEquals(new byte[0], store.get(new byte[0]));
        }
    }

    @Test
    void getIntoABufferReturnsTheLengthOrMinusOne() {
        try (Store store = Store.open(directory)) {
            store.put(b("a"), b("hello"));
            ByteBuffer target = ByteBuffer.allocate(8);
            assertEquals(5, store.get(b("a"), target));
            assertEquals(5, target.position());
            assertEquals(5, store.get(b("a"), target), "the whole length, though only three bytes fit");
            assertEquals("hellohel", s(target.array()));
            assertEquals(-1, store.get(b("b"), target));
            try (Snapshot then = store.snapshot()) {
                store.put(b("a"), b("later"));
                target.clear();
                assertEquals(5, then.get(b("a"), target));
                assertEquals("hello", s(target.array()).substring(0, 5));
                assertEquals(-1, then.get(b("b"), target));
            }
        }
    }

    @Test
    void reopenAfterCloseFindsEverythingAndContinuesTheSameLog() {
        for (int round = 0; round < 30; round++) {
            try (Store store = Store.open(directory)) {
                assertEquals(round > 0, !store.recoveryReport().created());
                for (int i = 0; i < round; i++) {
                    assertEquals("v" + i, s(store.get(b("k" + i))));
                }
                store.put(b("k" + round), b("v" + round), round % 2 == 0 ? Durability.SYNC : Durability.BUFFERED);
                store.put(b("n" + round), b("none"), Durability.NONE);
            }
        }
        assertEquals(1, filesNamed("log-"), "a thousand short sessions make no thousand logs");
        try (Store store = Store.open(directory)) {
            assertTrue(store.recoveryReport().cleanClose(), store.recoveryReport()::toString);
            assertEquals("none", s(store.get(b("n29"))), "close keeps what was written without a log");
        }
    }

    private long filesNamed(String prefix) {
        try (var files = Files.list(directory)) {
            return files.filter(file -> file.getFileName().toString().startsWith(prefix))
                    .count();
        } catch (java.io.IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    @Test
    void batchesSpanKeyspacesAndSurviveReopen() {
        try (Store store = Store.open(directory)) {
            Keyspace users = store.keyspace("users");
            store.write(new WriteBatch()
                    .put(b("x"), b("1"))
                    .put(users, b("x"), b("2"))
                    .delete(b("y")));
            assertEquals("1", s(store.get(b("x"))));
            assertEquals("2", s(users.get(b("x"))));
        }
        try (Store store = Store.open(directory)) {
            assertEquals(List.of("users"), store.keyspaces());
            assertEquals("2", s(store.keyspace("users").get(b("x"))));
            assertEquals("1", s(store.get(b("x"))));
        }
    }

    @Test
    void snapshotKeepsItsViewWhileWritesGoOn() {
        try (Store store = Store.open(directory)) {
            for (int i = 0; i < 1000; i++) {
                store.put(b(String.format("%04d", i)), b("old"), Durability.BUFFERED);
            }
            try (Snapshot then = store.snapshot()) {
                for (int i = 0; i < 1000; i += 2) {
                    store.put(b(String.format("%04d", i)), b("new"), Durability.BUFFERED);
                    store.delete(b(String.format("%04d", i + 1)), Durability.BUFFERED);
                }
                assertEquals("old", s(then.get(b("0001"))));
                int seen = 0;
                try (Cursor c = then.cursor()) {
                    for (boolean on = c.first(); on; on = c.next()) {
                        assertEquals(String.format("%04d", seen++), s(c.key()));
                        assertEquals("old", s(c.value()));
                    }
                }
                assertEquals(1000, seen);
            }
            assertNull(store.get(b("0001")));
            try (Cursor c = store.cursor()) {
                int seen = 0;
                while (c.next()) {
                    assertEquals("new", s(c.valueView().toByteArray()));
                    seen++;
                }
                assertEquals(500, seen);
            }
        }
    }

    @Test
    void cursorHonoursBoundsPrefixAndBothDirections() {
        try (Store store = Store.open(directory)) {
            Keyspace other = store.keyspace("other");
            for (String key : List.of("a", "b", "ba", "bb", "c", "d")) {
                store.put(b(key), b(key), Durability.BUFFERED);
                other.put(b("z" + key), b("other"), Durability.BUFFERED);
            }
            assertEquals(List.of("a", "b", "ba", "bb", "c", "d"), keys(store, KeyRange.all()));
            assertEquals(List.of("b", "ba", "bb"), keys(store, KeyRange.prefix(b("b"))));
            assertEquals(List.of("ba", "bb", "c"), keys(store, KeyRange.between(b("ba"), b("d"))));
            assertEquals(List.of("c", "d"), keys(store, KeyRange.from(b("bc"))));
            assertEquals(List.of("a"), keys(store, KeyRange.below(b("b"))));
            try (Cursor c = store.cursor(KeyRange.between(b("b"), b("c")))) {
                assertTrue(c.seek(b("a")));
                assertEquals("b", s(c.key()));
                assertTrue(c.seekFloor(b("zz")));
                assertEquals("bb", s(c.key()));
                assertFalse(c.seekFloor(b("a")));
                assertTrue(c.next(), "back from before the first");
                assertEquals("b", s(c.key()));
                assertFalse(c.previous());
                assertFalse(c.seek(b("c")));
                assertTrue(c.previous(), "back from behind the last");
                assertEquals("bb", s(c.key()));
                assertThrows(IllegalStateException.class, () -> {
                    c.seek(b("x"));
                    c.key();
                });
            }
        }
    }

    private static List<String> keys(Store store, KeyRange range) {
        List<String> forward = new ArrayList<>();
        List<String> backward = new ArrayList<>();
        try (Cursor c = store.cursor(range)) {
            while (c.next()) {
                forward.add(s(c.key()));
            }
            while (c.previous()) {
                backward.add(0, s(c.key()));
            }
        }
        assertEquals(forward, backward);
        return forward;
    }

    @Test
    void runsAreReadToo() {
        Options options = Options.DEFAULT.withMemoryBudget(64 << 20).withMemtableBytes(48 << 10);
        try (Store store = Store.open(directory, options)) {
            for (int round = 0; round < 3; round++) {
                for (int i = 0; i < 1000; i++) {
                    store.put(b(String.format("%04d", i)), b(round + "-" + i), Durability.BUFFERED);
                }
            }
            store.delete(b("0500"), Durability.BUFFERED);
            assertTrue(store.stats().runs() > 0, store.stats()::toString);
        }
        try (Store store = Store.open(directory, options)) {
            assertEquals("2-77", s(store.get(b("0077"))));
            assertNull(store.get(b("0500")));
            int seen = 0;
            try (Cursor c = store.cursor()) {
                for (boolean on = c.last(); on; on = c.previous()) {
                    assertTrue(s(c.value()).startsWith("2-"));
                    seen++;
                }
            }
            assertEquals(999, seen);
        }
    }

    @Test
    void secondOpenerInThisProcessIsToldThePid() {
        try (Store store = Store.open(directory)) {
            StoreLockedException e = assertThrows(StoreLockedException.class, () -> Store.open(directory));
            assertEquals(ProcessHandle.current().pid(), e.ownerPid());
            store.put(b("still"), b("works"));
        }
        Store.open(directory).close();
    }
}
