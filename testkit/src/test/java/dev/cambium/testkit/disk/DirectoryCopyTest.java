package dev.cambium.testkit.disk;

import static dev.cambium.testkit.disk.SimulatedDiskTest.made;
import static dev.cambium.testkit.disk.SimulatedDiskTest.write;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.cambium.segment.disk.RealFileSystem;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DirectoryCopyTest {
    @Test
    void filesGoToARealDirectoryAndBackUnchanged(@TempDir Path temporary) {
        SimulatedDisk disk = made(new SimulatedDisk(1));
        disk.lock();
        disk.create("empty");
        write(disk.create("zone"), 0, 3_000_000, 7);
        RealFileSystem real = new RealFileSystem(temporary.resolve("store"));
        DirectoryCopy.copy(disk, real);
        assertEquals(List.of("empty", "zone"), real.list());
        SimulatedDisk back = DirectoryCopy.simulate(real, 2);
        assertEquals(List.of("empty", "zone"), back.list());
        assertArrayEquals(disk.bytes("zone"), back.bytes("zone"));
        assertEquals(0, back.operationCount());
    }
}
