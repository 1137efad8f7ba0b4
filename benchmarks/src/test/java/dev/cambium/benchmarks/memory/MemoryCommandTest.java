package dev.cambium.benchmarks.memory;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cambium.benchmarks.Distribution;
import dev.cambium.benchmarks.ProcessCounters;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MemoryCommandTest {
    @TempDir
    Path directory;

    /** Cells of the rows that begin so. */
    private static List<String[]> rows(String report, String start) {
        return report.lines()
                .filter(line -> line.startsWith(start))
                .map(line -> line.substring(2).split(" \\| | \\|"))
                .toList();
    }

    @Test
    void theQuickFormReportsTheAccountAndEveryPoolAndLeavesNothingBehind() throws IOException {
        Path out = directory.resolve("report.md");
        Path data = directory.resolve("data");
        assertEquals(0, MemoryCommand.run("--quick", "--dir", data.toString(), "--out", out.toString()));
        String report = Files.readString(out);
        for (int mib : new int[] {16, 32, 64}) {
            String share = mib == 64 ? "1/2" : Integer.toString(32 / mib);
            for (Distribution distribution : Distribution.values()) {
                List<String[]> rates =
                        rows(report, "| " + mib + " | " + share + " | " + distribution.lowerName() + " | ");
                assertEquals(1, rates.size(), report);
                assertEquals(10, rates.get(0).length, report);
                assertTrue(Long.parseLong(rates.get(0)[3].replace(",", "")) > 0, report);
            }
        }
        if (ProcessCounters.areKnown()) {
            List<String[]> accounts = rows(report, "| 64 | ").stream()
                    .filter(cells -> cells[2].contains("."))
                    .toList();
            assertEquals(2, accounts.size(), report);
            double[] account = figures(accounts.get(0));
            assertEquals(10, account.length, report);
            assertTrue(account[5] > 48 && account[5] <= 80, report); // the memory was full, about
            assertTrue(account[7] > 0.5 && account[7] < 2, report); // other things of the JVM are in it
            double[] parts = figures(accounts.get(1));
            assertEquals(9, parts.length, report);
            assertTrue(parts[3] > 32, report); // pages have most of it
            assertEquals(parts[1], Arrays.stream(parts).skip(2).sum(), 0.5, report);
        }
        assertTrue(Files.notExists(data.resolve("memory")));
    }

    private static double[] figures(String[] cells) {
        return Stream.of(cells).mapToDouble(Double::parseDouble).toArray();
    }

    @Test
    void smallNumbersAreDrawnMostByTheZipfian() {
        int[] numbers = Distribution.ZIPFIAN.draw(1000, 100_000, 1);
        int[] counts = new int[1000];
        for (int number : numbers) {
            counts[number]++;
        }
        double zeta = 0;
        for (int n = 1; n <= 1000; n++) {
            zeta += Math.pow(n, -0.99);
        }
        assertEquals(1 / zeta, counts[0] / 1e5, 0.01);
        assertEquals(Math.pow(2, -0.99) / zeta, counts[1] / 1e5, 0.01);
        assertTrue(Arrays.stream(counts, 500, 1000).sum() > 5_000);
    }

    @Test
    void anUnknownOptionIsRefused() throws IOException {
        assertEquals(2, MemoryCommand.run("--fast"));
        assertEquals(2, MemoryCommand.run("--out"));
    }
}
