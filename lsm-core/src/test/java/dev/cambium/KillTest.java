package dev.cambium;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.DataInputStream;
import java.io.EOFException;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Kills a process that writes to a real store, at a random moment, again and again with one directory, and looks for
 * what it had
 * acknowledged.
 *
 * <p>Each writing thread has keys of its own and one call under way at a time, so after a kill its keys, in both
 * keyspaces, must be
 * as after the last call that returned, or as after the one in flight too: wholly, batches included.
 */
class KillTest {
    private static final int KEYS_PER_THREAD = 40;
    private static final String KEYSPACE = "second";

    @TempDir
    Path directory;

    @Test
    void killedWritersLoseNothingAcknowledgedInTenKills() throws Exception {
        run(1, 10);
    }

    @Tag("long")
    @Test
    void killedWritersLoseNothingAcknowledgedInAHundredKills() throws Exception {
        run(1000, 100);
    }

    private void run(long seed, int kills) throws Exception {
        Path live = directory.resolve("live");
        Random random = new Random(seed);
        TreeMap<String, String> contents = new TreeMap<>();
        long acknowledged = 0;
        for (int round = 0; round < kills; round++) {
            Round script = new Round(seed * 1000 + round, round % 3 == 0 ? 1 : 4);
            int[] done = liveAndDie(live, script, random);
            for (int count : done) {
                acknowledged += count;
            }
            // Every other time a copy is looked at, so that the next process finds the store as the kill has left it.
            boolean onCopy = round % 2 == 0;
            Path looked = onCopy ? copy(live, directory.resolve("copy-" + round)) : live;
            contents = check(looked, script, done, contents, "seed " + seed + ", round " + round);
            if (onCopy) {
                deleteAll(looked);
            }
        }
        assertTrue(
                acknowledged > kills * 20L, "only " + acknowledged + " writes were acknowledged: nothing was tested");
        System.out.println(kills + " kills, " + acknowledged + " acknowledged writes");
    }

    /** Runs a writer until a random moment; returns how many calls of each thread had returned. */
    private static int[] liveAndDie(Path live, Round script, Random random) throws Exception {
        int[] done = new int[script.threads];
        Process process = ChildJvm.start(
                Writer.class, live.toString(), Long.toString(script.seed), Integer.toString(script.threads));
        try (DataInputStream acknowledgements = new DataInputStream(process.getInputStream())) {
            if (random.nextInt(5) == 0) {
                // while it starts, opens or has just begun
                if (process.waitFor(100 + random.nextInt(600), TimeUnit.MILLISECONDS)) {
                    throw new AssertionError("the writer ended by itself: " + process.exitValue());
                }
                process.toHandle().destroyForcibly(); // not the process's own method: that closes the pipe
            }
            int killAfter = 1 + random.nextInt(random.nextBoolean() ? 60 : 4000);
            for (int seen = 0; ; seen++) {
                int thread = acknowledgements.readInt();
                int operation = acknowledgements.readInt();
                assertTrue(operation == done[thread], "acknowledgements come in order");
                done[thread] = operation + 1;
                if (seen == killAfter) {
                    process.toHandle().destroyForcibly();
                }
            }
        } catch (EOFException dead) {
            assertTrue(process.waitFor(10, TimeUnit.SECONDS));
            assertTrue(process.exitValue() == 137, "the writer ended by itself: " + process.exitValue());
            return done;
        } finally {
            process.destroyForcibly().waitFor();
        }
    }

    private static TreeMap<String, String> check(
            Path store, Round script, int[] done, TreeMap<String, String> before, String where) {
        TreeMap<String, String> found = new TreeMap<>();
        try (Store opened = Store.open(store, options(script.seed + 1))) {
            boolean wrote = Arrays.stream(done)
                    .anyMatch(count -> count > 0); // else it may have died before it changed anything
            assertFalse(wrote && opened.recoveryReport().cleanClose(), where);
            read(opened.cursor(), "", found);
            if (opened.keyspaces().contains(KEYSPACE)) {
                read(opened.keyspace(KEYSPACE).cursor(), KEYSPACE, found);
            }
        }
        assertTrue(Store.verify(store).isSound(), where);
        for (int thread = 0; thread < script.threads; thread++) {
            TreeMap<String, String> expected = of(thread, before);
            TreeMap<String, String> its = of(thread, found);
            List<Call> calls = script.calls(thread, done[thread] + 1);
            calls.subList(0, done[thread]).forEach(call -> call.applyTo(expected));
            if (!its.equals(expected)) {
                TreeMap<String, String> withLast = new TreeMap<>(expected);
                calls.get(done[thread]).applyTo(withLast);
                String message = where + ": thread " + thread + " after " + done[thread]
                        + " calls that returned; expected\n" + expected + "\nor\n" + withLast + "\nfound\n" + its;
                assertTrue(its.equals(withLast), message);
            }
        }
        return found;
    }

    private static TreeMap<String, String> of(int thread, TreeMap<String, String> contents) {
        TreeMap<String, String> its = new TreeMap<>();
        contents.forEach((key, value) -> {
            if (key.contains(":" + thread + "-")) {
                its.put(key, value);
            }
        });
        return its;
    }

    private static void read(Cursor cursor, String keyspace, TreeMap<String, String> into) {
        try (cursor) {
            while (cursor.next()) {
                String key = new String(cursor.key(), StandardCharsets.UTF_8);
                into.put(keyspace + ":" + key, new String(cursor.value(), StandardCharsets.UTF_8));
            }
        }
    }

    private static Path copy(Path from, Path to) throws IOException {
        Files.createDirectories(to);
        try (Stream<Path> files = Files.list(from)) {
            for (Path file : files.toList()) {
                Files.copy(file, to.resolve(file.getFileName()));
            }
        }
        return to;
    }

    private static void deleteAll(Path directory) throws IOException {
        try (Stream<Path> files = Files.list(directory)) {
            for (Path file : files.toList()) {
                Files.delete(file);
            }
        }
        Files.delete(directory);
    }

    static Options options(long seed) {
        Options options = Options.DEFAULT.withMemoryBudget(128 << 20);
        return seed % 2 == 0 ? options.withMemtableBytes(32 << 10) : options;
    }

    /** What one process writes, as writer and checker both work it out from the seed. */
    private record Round(long seed, int threads) {
        List<Call> calls(int thread, int count) {
            Random random = new Random(seed * 31 + thread);
            List<Call> calls = new ArrayList<>();
            for (int i = 0; i < count; i++) {
                calls.add(Call.random(random, thread, seed + "." + i));
            }
            return calls;
        }
    }

    /** Puts and deletes that are made by one call: of one operation without a batch. */
    private record Call(List<Change> changes, Durability durability) {
        record Change(boolean inKeyspace, String key, String value) {}

        static Call random(Random random, int thread, String stamp) {
            Durability durability = random.nextInt(4) == 0 ? Durability.SYNC : Durability.BUFFERED;
            int count = random.nextInt(3) == 0 ? 2 + random.nextInt(8) : 1;
            List<Change> changes = new ArrayList<>();
            for (int i = 0; i < count; i++) {
                String key = thread + "-" + random.nextInt(KEYS_PER_THREAD);
                int length = random.nextInt(50) == 0 ? 5000 : random.nextInt(60);
                String value = random.nextInt(4) == 0 ? null : stamp + "." + i + "." + "x".repeat(length);
                changes.add(new Change(random.nextBoolean(), key, value));
            }
            return new Call(changes, durability);
        }

        void applyTo(TreeMap<String, String> contents) {
            for (Change change : changes) {
                String key = (change.inKeyspace ? KEYSPACE : "") + ":" + change.key;
                if (change.value == null) {
                    contents.remove(key);
                } else {
                    contents.put(key, change.value);
                }
            }
        }

        void make(Store store, Keyspace keyspace) {
            if (changes.size() > 1) {
                WriteBatch batch = new WriteBatch();
                for (Change change : changes) {
                    byte[] key = bytes(change.key);
                    if (change.inKeyspace) {
                        if (change.value == null) {
                            batch.delete(keyspace, key);
                        } else {
                            batch.put(keyspace, key, bytes(change.value));
                        }
                    } else if (change.value == null) {
                        batch.delete(key);
                    } else {
                        batch.put(key, bytes(change.value));
                    }
                }
                store.write(batch, durability);
                return;
            }
            Change change = changes.get(0);
            byte[] key = bytes(change.key);
            if (change.inKeyspace) {
                if (change.value == null) {
                    keyspace.delete(key, durability);
                } else {
                    keyspace.put(key, bytes(change.value), durability);
                }
            } else if (change.value == null) {
                store.delete(key, durability);
            } else {
                store.put(key, bytes(change.value), durability);
            }
        }

        private static byte[] bytes(String text) {
            return text.getBytes(StandardCharsets.UTF_8);
        }
    }

    /**
     * The process that is killed: writes for ever, and says so on its standard output, eight bytes for each call that
     * returned.
     */
    static final class Writer {
        private Writer() {}

        public static void main(String[] arguments) {
            Round script = new Round(Long.parseLong(arguments[1]), Integer.parseInt(arguments[2]));
            FileOutputStream out = new FileOutputStream(FileDescriptor.out);
            Store store = Store.open(Path.of(arguments[0]), options(script.seed));
            Keyspace keyspace = store.keyspace(KEYSPACE);
            for (int thread = 0; thread < script.threads; thread++) {
                int number = thread;
                new Thread(() -> write(script, number, store, keyspace, out)).start();
            }
        }

        private static void write(Round script, int thread, Store store, Keyspace keyspace, FileOutputStream out) {
            try {
                Random random = new Random(script.seed * 31 + thread);
                for (int i = 0; ; i++) {
                    Call.random(random, thread, script.seed + "." + i).make(store, keyspace);
                    out.write(ByteBuffer.allocate(8).putInt(thread).putInt(i).array());
                }
            } catch (Throwable e) {
                e.printStackTrace();
                Runtime.getRuntime().halt(3);
            }
        }
    }
}
