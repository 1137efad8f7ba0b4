package dev.cambium.segment.disk;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.cambium.error.StoreIOException;
import dev.cambium.segment.memory.Memory;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import net.jpountz.lz4.LZ4Factory;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Holes in files of the operating system; most of it needs a platform that has them: Linux, JDK 22 or later. */
class HolePunchTest {
    private static final int MIB = 1 << 20;

    @TempDir
    Path parent;

    private RealFileSystem disk;

    @BeforeEach
    void open() {
        LZ4Factory.fastestInstance(); // a native library, by which a later JVM lets this module call the system
        disk = new RealFileSystem(parent.resolve("ein Laden"));
        disk.createDirectory();
    }

    private ZoneFile write(String name, int length) {
        byte[] bytes = new byte[length];
        java.util.Arrays.fill(bytes, (byte) 7);
        Memory memory = Memory.allocate(length);
        memory.put(0, bytes, 0, length);
        ZoneFile file = disk.create(name);
        file.write(0, memory, 0, length);
        file.force(true);
        memory.release();
        return file;
    }

    private static byte[] read(ZoneFile file, long offset, int length) {
        Memory memory = Memory.allocate(length);
        try {
            file.read(offset, memory, 0, length);
            return memory.toArray(0, length);
        } finally {
            memory.release();
        }
    }

    private long allocatedBytes(String name) throws IOException, InterruptedException {
        Process stat = new ProcessBuilder(
                        "stat",
                        "-c",
                        "%b %B",
                        parent.resolve("ein Laden").resolve(name).toString())
                .start();
        String[] found = new String(stat.getInputStream().readAllBytes(), StandardCharsets.US_ASCII)
                .strip()
                .split(" ");
        assertEquals(0, stat.waitFor());
        return Long.parseLong(found[0]) * Long.parseLong(found[1]);
    }

    @Test
    void aHoleReadsAsZerosKeepsTheLengthAndGivesItsRoomBack() throws IOException, InterruptedException {
        assumeTrue(disk.canPunchHoles(), "the platform cannot");
        try (ZoneFile file = write("f", 4 * MIB)) {
            boolean isPunched = file.punch(MIB, 2 * MIB);
            assumeTrue(isPunched || disk.canPunchHoles(), "the file system cannot");
            assertTrue(isPunched);
            file.force(true);
            assertEquals(4 * MIB, file.length());
            for (byte b : read(file, MIB, 2 * MIB)) {
                assertEquals(0, b);
            }
            for (long at : new long[] {0, MIB - 1, 3 * MIB, 4 * MIB - 1}) {
                assertEquals(7, read(file, at, 1)[0], "byte " + at);
            }
            long allocated = allocatedBytes("f");
            assertTrue(allocated <= 2 * MIB + (64 << 10), allocated + " bytes are allocated");
            assertTrue(file.punch(MIB, 2 * MIB), "again, which changes nothing");
        }
    }

    @Test
    void aFileWithAnotherNameIsLeftAlone() throws IOException {
        assumeTrue(disk.canPunchHoles(), "the platform cannot");
        try (ZoneFile file = write("f", 2 * MIB)) {
            Path directory = parent.resolve("ein Laden");
            Files.createLink(directory.resolve("g"), directory.resolve("f"));
            assertFalse(file.punch(0, MIB));
            assertTrue(disk.canPunchHoles(), "others may be punched");
            assertEquals(7, read(file, 0, 1)[0]);
        }
    }

    @Test
    void aFileThatIsGoneIsAFailureThatNamesTheError() {
        assumeTrue(disk.canPunchHoles(), "the platform cannot");
        HolePunch holes = new HolePunch();
        IOException failure = assertThrows(IOException.class, () -> holes.punch(parent.resolve("not there"), 0, MIB));
        assertEquals("open: ENOENT (2)", failure.getMessage());
        try (ZoneFile file = write("f", MIB)) {
            disk.delete("f");
            assertThrows(StoreIOException.class, () -> file.punch(0, MIB));
        }
    }

    @Test
    void whereThePlatformHasNoneTheCallGivesNothingBackAndThrowsNothing() {
        try (ZoneFile file = write("f", 2 * MIB)) {
            if (!disk.canPunchHoles()) {
                assertFalse(file.punch(0, MIB));
                assertEquals(7, read(file, 0, 1)[0]);
            }
            assertEquals(2 * MIB, file.length());
        }
    }

    @Test
    void aRangeThatIsNoWholeBlocksInTheFileIsRefused() {
        try (ZoneFile file = write("f", MIB)) {
            for (long[] range : new long[][] {{1, 4096}, {0, 4095}, {-4096, 4096}, {0, 0}, {MIB - 4096, 8192}}) {
                assertThrows(IllegalArgumentException.class, () -> file.punch(range[0], range[1]));
            }
        }
    }

    @Test
    void aJvmBefore22CannotPunchHoles() {
        assumeTrue(Runtime.version().feature() < 22);
        assertFalse(disk.canPunchHoles());
    }
}
