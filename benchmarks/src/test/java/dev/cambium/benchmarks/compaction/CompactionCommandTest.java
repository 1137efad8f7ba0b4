package dev.cambium.benchmarks.compaction;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CompactionCommandTest {
    @TempDir
    Path directory;

    @Test
    void theQuickFormReportsWhatWasAskedForAndLeavesNothingBehind() throws IOException {
        Path out = directory.resolve("report.md");
        Path data = directory.resolve("data");
        assertEquals(
                0,
                CompactionCommand.run(
                        "--quick",
                        "--only",
                        "space,tombstones,room",
                        "--engines",
                        "cambium",
                        "--dir",
                        data.toString(),
                        "--out",
                        out.toString()));
        List<String> report = Files.readAllLines(out);
        String written = only(report, "| overwrites uniform, 100 B | Cambium | ", " ≤ 10.0, ≤ leveled ");
        assertEquals(10, cells(written), written);
        assertTrue(report.stream().anyMatch(line -> line.contains("goal ≤ 1.25") && line.contains("goal ≤ 1.35")));
        for (int round = 1; round <= TombstoneTrial.ROUNDS; round++) {
            String seeks = only(report, "| Cambium | " + round + " | ", "");
            assertEquals(9, cells(seeks), seeks);
        }
        for (String values : List.of("| 100 B | ", "| 4,096 B | ")) {
            String room = only(report, values, "");
            assertEquals(7, cells(room), room);
        }
        assertTrue(report.stream().noneMatch(line -> line.contains("failed") || line.contains("NaN")));
        assertTrue(Files.notExists(data.resolve("compaction")));
    }

    private static String only(List<String> report, String start, String part) {
        List<String> found = report.stream()
                .filter(line -> line.startsWith(start) && line.contains(part))
                .toList();
        assertEquals(1, found.size(), String.join("\n", report));
        return found.get(0);
    }

    private static long cells(String row) {
        return row.chars().filter(c -> c == '|').count() - 1;
    }

    @Test
    void whatItDoesNotKnowIsRefused() throws IOException {
        assertEquals(2, CompactionCommand.run("--fast"));
        assertEquals(2, CompactionCommand.run("--only"));
        assertEquals(2, CompactionCommand.run("--only", "everything"));
        assertEquals(2, CompactionCommand.run("--engines", "cambium,rocksdb"));
        assertEquals(2, CompactionCommand.run("--minutes", "0"));
    }
}
