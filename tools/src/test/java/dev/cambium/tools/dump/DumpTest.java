package dev.cambium.tools.dump;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cambium.tools.Cambium;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DumpTest {
    private static final String LOG = "log-0000000000000004";
    private static final String MANIFEST = "manifest-0000000000000003";

    @TempDir
    Path directory;

    private int exitCode;

    @BeforeEach
    void create() {
        GoldenStore.create(directory);
    }

    private String dump(String... rest) {
        String[] arguments = new String[rest.length + 2];
        arguments[0] = "dump";
        arguments[1] = directory.toString();
        System.arraycopy(rest, 0, arguments, 2, rest.length);
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        exitCode = Cambium.run(arguments, InputStream.nullInputStream(), out, err);
        assertEquals("", err.toString(StandardCharsets.UTF_8));
        return out.toString(StandardCharsets.UTF_8);
    }

    static void checkGolden(String name, String actual) throws IOException {
        Path file = Path.of("src/test/resources/golden", name);
        if (Boolean.getBoolean("rewrite")) {
            Files.createDirectories(file.getParent());
            Files.writeString(file, actual, StandardCharsets.UTF_8);
        }
        assertEquals(Files.readString(file, StandardCharsets.UTF_8), actual, name);
    }

    private Map<String, String> files() throws IOException {
        Map<String, String> files = new TreeMap<>();
        try (Stream<Path> listed = Files.list(directory)) {
            for (Path file : (Iterable<Path>) listed::iterator) {
                files.put(
                        file.getFileName() + " " + Files.getLastModifiedTime(file),
                        new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1));
            }
        }
        return files;
    }

    @ParameterizedTest
    @ValueSource(strings = {"superblock", "manifest", "log", "warm"})
    void everyFieldIsShownAndNothingIsChanged(String what) throws IOException {
        Map<String, String> before = files();
        checkGolden(what + ".txt", dump(what));
        assertEquals(0, exitCode);
        checkGolden(what + ".jsonl", dump(what, "--json"));
        assertEquals(0, exitCode);
        assertEquals(before, files());
    }

    @Test
    void anIdIsANumberOrAFileName() {
        String byNumber = dump("log", "4");
        assertEquals(byNumber, dump("log", "0x4"));
        assertEquals(byNumber, dump("log", LOG));
        assertEquals(dump("manifest"), dump("manifest", MANIFEST));
    }

    @Test
    void limitStopsAndSaysSo() {
        String log = dump("log", "--limit", "1");
        assertEquals(1, log.split(" record ", -1).length - 1, log);
        assertTrue(log.endsWith("end: stops here: --limit is reached\n"), log);
        String manifest = dump("manifest", "--limit", "2");
        assertEquals(2, manifest.split(" edit ", -1).length - 1, manifest);
    }

    @Test
    void aListOfWarmPagesThatDoesNotHoldIsShownAsItIs() throws IOException {
        String sound = dump("warm");
        assertTrue(dump("warm", "--limit", "1").endsWith("end: stops here: --limit is reached\n"));
        for (int at : new int[] {0, 8, 20, 36, 40, 44, 48, 60, 71}) {
            try (RandomAccessFile file =
                    new RandomAccessFile(directory.resolve("WARM").toFile(), "rw")) {
                file.seek(at);
                int was = file.read();
                file.seek(at);
                file.write(was ^ 0x10);
                String damaged = dump("warm");
                assertEquals(4, exitCode, damaged);
                assertNotEquals(sound, damaged);
                file.seek(at);
                file.write(was);
            }
        }
        Files.write(directory.resolve("WARM"), Arrays.copyOf(Files.readAllBytes(directory.resolve("WARM")), 59));
        assertTrue(dump("warm").contains("it must have 72 bytes"));
    }

    private void write(String file, long offset, int... bytes) throws IOException {
        try (RandomAccessFile opened =
                new RandomAccessFile(directory.resolve(file).toFile(), "rw")) {
            opened.seek(offset);
            for (int b : bytes) {
                opened.write(b);
            }
        }
    }

    @Test
    void aTornTailOfTheManifestIsToldAndIsNoDamage() throws IOException {
        long length = Files.size(directory.resolve(MANIFEST));
        write(MANIFEST, length, 1, 2, 3, 4, 5);
        String text = dump("manifest");
        assertEquals(0, exitCode);
        assertTrue(
                text.endsWith("stops here: only 5 bytes are left; a torn tail, whose force had not returned\n"), text);
    }

    @Test
    void damageOfTheManifestBelowWhatWasForcedIsDamage() throws IOException {
        write(MANIFEST, 64 + 20, 0x7F);
        String text = dump("manifest");
        assertEquals(4, exitCode);
        assertTrue(text.contains("stops here: the crc of the edit does not hold; DAMAGED, the superblock says"), text);
    }

    @Test
    void anUnforcedRecordThatIsBrokenEndsTheLogWithoutDamage() throws IOException {
        String whole = dump("log");
        int third = Integer.parseInt(whole.substring(whole.lastIndexOf("\n", whole.indexOf("batch 44")) + 1)
                .strip()
                .split(" ")[0]);
        write(LOG, third + 40, 0x7F);
        String text = dump("log");
        assertEquals(0, exitCode, text);
        assertTrue(text.contains("lastBatch 43"), text);
        assertTrue(text.contains("the crc of the record does not hold"), text);
    }

    @Test
    void aRecordThatWasForcedAndIsBrokenIsDamageAndTheLaterOneIsTold() throws IOException {
        write(LOG, 4096 + 44, 0x7F);
        String text = dump("log");
        assertEquals(4, exitCode);
        assertTrue(text.contains("DAMAGED, records up to position "), text);
        assertTrue(text.contains("a later record that holds stands at 4144 (batch 43)"), text);
    }

    @Test
    void aByteThatMustBeZeroAndIsNotIsTold() throws IOException {
        write(LOG, 3000, 1);
        assertTrue(dump("log").contains("byte 3000 must be zero and is 1"));
        assertEquals(4, exitCode);
    }

    @Test
    void aFileCutShortIsShownAsFarAsItGoes() throws IOException {
        for (int length : new int[] {0, 10, 70, 4096, 5000}) {
            for (String name : new String[] {LOG, MANIFEST, "SUPERBLOCK"}) {
                try (RandomAccessFile file =
                        new RandomAccessFile(directory.resolve(name).toFile(), "rw")) {
                    file.setLength(Math.min(length, file.length()));
                }
            }
            dump("superblock");
            assertEquals(4, exitCode);
            dump("log", "4");
            assertEquals(4, exitCode);
        }
    }

    @Test
    void whateverTheBytesItShowsThemAndDoesNotFail() throws IOException {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        Map<String, byte[]> whole = new TreeMap<>();
        for (String name : new String[] {LOG, MANIFEST, "SUPERBLOCK"}) {
            whole.put(name, Files.readAllBytes(directory.resolve(name)));
        }
        for (int i = 0; i < 300; i++) {
            for (Map.Entry<String, byte[]> file : whole.entrySet()) {
                byte[] bytes = file.getValue().clone();
                int used = file.getKey().equals(MANIFEST) ? bytes.length : 4700;
                for (int flips = 1 + random.nextInt(4); flips > 0; flips--) {
                    bytes[random.nextInt(used)] = (byte) random.nextInt();
                }
                int length = random.nextInt(4) == 0 ? random.nextInt(used) : bytes.length;
                Files.write(directory.resolve(file.getKey()), Arrays.copyOf(bytes, length));
            }
            for (String[] what : new String[][] {{"superblock"}, {"log", "4", "--json"}}) {
                dump(what); // asserts that nothing went to standard error
                assertTrue(exitCode == 0 || exitCode == 4, () -> "seed " + seed + ": exit code " + exitCode);
            }
            Files.delete(directory.resolve("SUPERBLOCK")); // so that the manifest is read by itself
            dump("manifest", "3");
            assertTrue(exitCode == 0 || exitCode == 4, () -> "seed " + seed + ": exit code " + exitCode);
        }
    }
}
