package dev.cambium.benchmarks.storage;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StorageCommandTest {
    @TempDir
    Path directory;

    @Test
    void theQuickFormReportsEveryPageSizeAndLeavesNothingBehind() throws IOException {
        Path out = directory.resolve("report.md");
        Path data = directory.resolve("data");
        assertEquals(0, StorageCommand.run("--quick", "--dir", data.toString(), "--out", out.toString()));
        String report = Files.readString(out);
        for (int kib : new int[] {4, 8, 16, 32, 64}) {
            assertTrue(report.contains("| " + kib + " | "), report);
        }
        assertTrue(Files.notExists(data.resolve("storage")));
    }

    @Test
    void anUnknownOptionIsRefused() throws IOException {
        assertEquals(2, StorageCommand.run("--fast"));
        assertEquals(2, StorageCommand.run("--out"));
    }
}
