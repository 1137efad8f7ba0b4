package dev.cambium.tools;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cambium.Store;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** get, put and delete. */
class EntryCommandsTest {
    @TempDir
    Path directory;

    private Path store;

    @BeforeEach
    void name() {
        store = directory.resolve("my.db");
    }

    @Test
    void putCreatesTheStoreAndGetFindsTheValue() {
        assertEquals(new CommandRun(0, "", ""), CommandRun.of("put", store, "greeting", "hello"));
        assertEquals(new CommandRun(0, "hello\n", ""), CommandRun.of("get", store, "greeting"));
        CommandRun.of("put", store, "greeting", "again", "--durability", "none");
        assertEquals(new CommandRun(0, "again\n", ""), CommandRun.of("get", store, "greeting"));
    }

    @Test
    void anAbsentKeyPrintsNothingAndExitsWithOne() {
        CommandRun.of("put", store, "a", "1");
        assertEquals(new CommandRun(1, "", ""), CommandRun.of("get", store, "b"));
        assertEquals(new CommandRun(1, "", ""), CommandRun.of("get", store, "b", "--json"));
        assertEquals(new CommandRun(0, "", ""), CommandRun.of("delete", store, "a"));
        assertEquals(new CommandRun(0, "", ""), CommandRun.of("delete", store, "a"));
        assertEquals(new CommandRun(1, "", ""), CommandRun.of("get", store, "a"));
    }

    @Test
    void emptyKeysAndValuesAreEntries() {
        CommandRun.of("put", store, "", "");
        assertEquals(new CommandRun(0, "\n", ""), CommandRun.of("get", store, ""));
    }

    @Test
    void binaryKeysAndValuesAreTypedAndShownWithEscapes() {
        CommandRun.of("put", store, "\\x00\\xFF", "tab\\tline\\nback\\\\");
        assertEquals(
                "tab\\tline\\nback\\\\\n",
                CommandRun.of("get", store, "\\x00\\xff").out());
        assertEquals(
                "tab\tline\nback\\",
                CommandRun.of("get", store, "\\x00\\xFF", "--raw").out());
        assertEquals(
                "{\"keyHex\":\"00ff\",\"value\":\"tab\\tline\\nback\\\\\"}\n",
                CommandRun.of("get", store, "\\x00\\xFF", "--json").out());
    }

    @Test
    void aHyphenReadsTheValueFromStandardInputAsItIs() {
        byte[] all = new byte[256];
        for (int i = 0; i < all.length; i++) {
            all[i] = (byte) i;
        }
        assertEquals(0, CommandRun.withInput(all, "put", store, "bytes", "-").exitCode());
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        String[] get = {"get", store.toString(), "bytes", "--raw"};
        assertEquals(0, Cambium.run(get, new ByteArrayInputStream(all), out, new ByteArrayOutputStream()));
        assertArrayEquals(all, out.toByteArray());
        CommandRun.of("put", store, "hyphen", "\\x2D");
        assertEquals("-\n", CommandRun.of("get", store, "hyphen").out());
    }

    @Test
    void keysThatLookLikeSomethingElseAreKeys() throws IOException {
        String atFile = "@" + Files.writeString(directory.resolve("arguments"), "other");
        assertEquals(0, CommandRun.of("put", store, atFile, "1").exitCode());
        assertEquals("1\n", CommandRun.of("get", store, atFile).out());
        assertEquals(1, CommandRun.of("get", store, "other").exitCode());
        CommandRun.of("put", store, "--", "-k", "-v");
        assertEquals("-v\n", CommandRun.of("get", store, "--", "-k").out());
        CommandRun.of("put", store, "${sys:user.home}", "'quoted'");
        assertEquals(
                "'quoted'\n", CommandRun.of("get", store, "${sys:user.home}").out());
    }

    @Test
    void keyspacesAreApartAndOnlyPutMakesThem() {
        CommandRun.of("put", store, "k", "own");
        CommandRun absent = CommandRun.of("get", store, "k", "--keyspace", "users");
        assertEquals(
                new CommandRun(1, "", "cambium: there is no keyspace 'users'; the store has none beside its own\n"),
                absent);
        assertEquals(
                1, CommandRun.of("delete", store, "k", "--keyspace", "users").exitCode());
        assertEquals(1, CommandRun.of("scan", store, "--keyspace", "users").exitCode());
        try (Store opened = Store.open(store)) {
            assertTrue(opened.keyspaces().isEmpty());
        }
        CommandRun.of("put", store, "k", "theirs", "--keyspace", "users");
        assertEquals(
                "theirs\n",
                CommandRun.of("get", store, "k", "--keyspace", "users").out());
        assertEquals("own\n", CommandRun.of("get", store, "k").out());
        CommandRun.of("delete", store, "k", "--keyspace", "users");
        assertEquals(1, CommandRun.of("get", store, "k", "--keyspace", "users").exitCode());
        assertEquals("own\n", CommandRun.of("get", store, "k").out());
    }

    @Test
    void onlyPutAndLoadCreateAStore() {
        for (String[] rest :
                new String[][] {{"get", "k"}, {"delete", "k"}, {"scan"}, {"stats"}, {"verify"}, {"dump", "log"}}) {
            CommandRun run = rest.length == 1 ? CommandRun.of(rest[0], store) : CommandRun.of(rest[0], store, rest[1]);
            assertEquals(2, run.exitCode(), run.err());
            assertTrue(run.err().startsWith("cambium: there is no store at "), run.err());
            assertFalse(Files.exists(store), rest[0]);
        }
    }

    @Test
    void whatIsTooLongIsRefusedWithItsLimit() {
        CommandRun key = CommandRun.of("put", store, "k".repeat(32_768), "v");
        assertEquals(new CommandRun(2, "", "cambium: the key has 32768 bytes, the limit is 32767\n"), key);
    }

    @Test
    void aLongValueGoesInAndOut() {
        byte[] value = new byte[(3 << 20) + 17];
        new Random(1).nextBytes(value);
        assertEquals(new CommandRun(0, "", ""), CommandRun.withInput(value, "put", store, "k", "-"));
        String log = CommandRun.of("dump", store, "log").out();
        assertTrue(log.contains("PUT_REF  code 3") && log.contains("length 3145745") && log.contains("chunk"), log);
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        String[] get = {"get", store.toString(), "k", "--raw"};
        assertEquals(0, Cambium.run(get, InputStream.nullInputStream(), out, OutputStream.nullOutputStream()));
        assertArrayEquals(value, out.toByteArray());
        assertEquals(0, CommandRun.of("compact", store).exitCode());
        assertEquals(0, CommandRun.of("verify", store).exitCode());
        CommandRun json = CommandRun.of("get", store, "k", "--json");
        assertTrue(json.out().length() > value.length, json.err());
        assertEquals(1, CommandRun.of("get", store, "other", "--raw").exitCode());
    }
}
