package dev.cambium.segment.disk;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cambium.error.StoreIOException;
import dev.cambium.error.StoreLockedException;
import dev.cambium.segment.memory.Memory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RealFileSystemTest {
    @TempDir
    Path parent;

    private RealFileSystem disk;

    @BeforeEach
    void createDirectory() {
        disk = new RealFileSystem(parent.resolve("a").resolve("store"));
        assertFalse(disk.directoryExists());
        disk.createDirectory();
        assertTrue(disk.directoryExists());
    }

    @Test
    void anInterruptFailsNoCallAndIsKept() {
        Memory memory = Memory.allocate(8192);
        memory.putLong(8, 42);
        Thread.currentThread().interrupt();
        try (ZoneFile file = disk.create("f")) {
            file.write(0, memory, 0, 8192);
            file.force(true);
            file.mapForStores();
            file.store(4096, memory, 8, 8);
            file.force(false);
            disk.forceDirectory();
            Memory mapped = file.mapReadOnly();
            assertEquals(42, mapped.getLong(4096));
            mapped.release();
            memory.zero(0, 16);
            file.read(8, memory, 8, 8);
            assertEquals(42, memory.getLong(8));
            disk.rename("f", "g");
            disk.lock().close();
            assertEquals(List.of("LOCK", "OWNER", "g"), disk.list());
        } finally {
            assertTrue(Thread.interrupted(), "the flag is kept");
            memory.release();
        }
    }

    @Test
    void failuresNameTheFileAndTheReason() {
        Memory memory = Memory.allocate(16);
        StoreIOException missing = assertThrows(StoreIOException.class, () -> disk.open("none"));
        assertTrue(missing.getMessage().contains("none") && missing.getMessage().contains("no such file"));
        try (ZoneFile file = disk.create("f")) {
            StoreIOException twice = assertThrows(StoreIOException.class, () -> disk.create("f"));
            assertTrue(twice.getMessage().contains("exists already"), twice.getMessage());
            file.write(0, memory, 0, 10);
            StoreIOException beyond = assertThrows(StoreIOException.class, () -> file.read(4, memory, 0, 8));
            assertTrue(beyond.getMessage().contains("it ends at 10"), beyond.getMessage());
        }
        memory.release();
    }

    @Test
    void lockHasOneOwnerWhateverThePathIsCalled() throws Exception {
        Path link = Files.createSymbolicLink(parent.resolve("link"), parent.resolve("a"));
        RealFileSystem same = new RealFileSystem(link.resolve("store"));
        try (DirectoryLock lock = disk.lock()) {
            assertEquals(
                    ProcessHandle.current().pid(),
                    assertThrows(StoreLockedException.class, same::lock).ownerPid());
            assertThrows(StoreLockedException.class, disk::lock);
        }
        same.lock().close();
    }
}
