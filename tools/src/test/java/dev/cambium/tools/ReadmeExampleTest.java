package dev.cambium.tools;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cambium.Cursor;
import dev.cambium.Keyspace;
import dev.cambium.Snapshot;
import dev.cambium.Store;
import dev.cambium.WriteBatch;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The example in README.md, as it stands there. */
class ReadmeExampleTest {
    @TempDir
    Path directory;

    private static byte[] b(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    // spotless:off
    private static String example(Path path, byte[] key, byte[] value, byte[] k1, byte[] v1, byte[] k2, byte[] from) {
        StringBuilder seen = new StringBuilder();
        // README begin
        try (Store store = Store.open(path)) { // creates a missing or empty directory; or open(path, Options)
            store.put(key, value); // or put(key, value, Durability.BUFFERED); delete likewise
            byte[] found = store.get(key); // null when absent; get(key, ByteBuffer) returns the length or -1
            store.write(new WriteBatch().put(k1, v1).delete(k2)); // all or nothing; or write(batch, durability)
            Keyspace users = store.keyspace("users"); // creates it; same verbs; batches may span keyspaces
            try (Snapshot then = store.snapshot();
                    Cursor c = then.cursor()) {
                for (boolean on = c.seek(from); on; on = c.next()) {
                    c.key();
                    c.value();
                } // seek: first key >= from
            } // also first, last, previous, seekFloor, bounds, prefix
            // README end
            seen.append(new String(found, StandardCharsets.UTF_8)).append(' ').append(users.name());
            try (Cursor c = store.cursor()) {
                while (c.next()) {
                    seen.append(' ').append(new String(c.key(), StandardCharsets.UTF_8));
                }
            }
        }
        return seen.toString();
    }
    // spotless:on

    @Test
    void theExampleRuns() {
        assertEquals("value users k1 key", example(directory, b("key"), b("value"), b("k1"), b("v1"), b("k2"), b("k")));
    }

    @Test
    void theExampleIsTheOneInTheReadme() throws IOException {
        String source = Files.readString(Path.of("src/test/java/dev/cambium/tools/ReadmeExampleTest.java"));
        String readme = Files.readString(Path.of("../README.md")).replace("Path.of(\"my.db\")", "path");
        source.substring(source.indexOf("// README begin") + 15, source.indexOf("// README end"))
                .lines()
                .map(line -> line.replaceFirst("//.*", "").strip())
                .filter(line -> !line.isEmpty())
                .forEach(line -> assertTrue(readme.contains(line), line));
    }
}
