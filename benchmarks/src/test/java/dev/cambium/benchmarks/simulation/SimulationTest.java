package dev.cambium.benchmarks.simulation;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class SimulationTest {
    private static final int ENTRIES = 4000;
    private static final int MEMTABLE = 100;

    @TempDir
    Path directory;

    /** The model compacts what was written, and loses nothing; and what it counts is what there is. */
    @ParameterizedTest
    @EnumSource(Traffic.class)
    void everyKeyIsThereAndEveryPageIsCounted(Traffic traffic) {
        for (int pageEntries : new int[] {1, 4, 50}) {
            int valueSize = pageEntries == 50 ? 10 : 0;
            for (SimulationSettings settings : new SimulationSettings[] {
                SimulationSettings.IN_LEAVES,
                SimulationSettings.IN_LEAVES.withTier(2).withStreams(1).withTarget(1.05),
                SimulationSettings.IN_LEAVES
                        .withTrigger(0.5)
                        .withLiveThreshold(0.9)
                        .withStreams(4)
            }) {
                Simulation simulation = new Simulation(settings, pageEntries, valueSize, ENTRIES);
                TreeSet<Integer> expected = new TreeSet<>();
                int[] writes = traffic.draw(ENTRIES, 5 * ENTRIES, 11);
                for (int at = 0; at < writes.length; at += MEMTABLE) {
                    int[] memtable = Arrays.copyOfRange(writes, at, at + MEMTABLE);
                    simulation.add(memtable);
                    for (int write : memtable) {
                        if (Write.isDelete(write)) {
                            expected.remove(Write.key(write));
                        } else {
                            expected.add(Write.key(write));
                        }
                    }
                    if (at % (10 * MEMTABLE) == 0) {
                        assertEquals(
                                simulation.referredSize(), simulation.zones().liveSize());
                    }
                }
                assertArrayEquals(
                        expected.stream().mapToInt(key -> key).toArray(), simulation.keys(), traffic + " " + settings);
            }
        }
    }

    /** New keys above all others need be written once: runs and base link their pages. */
    @Test
    void timeOrderedWritesAreWrittenOnce() {
        Simulation simulation = new Simulation(SimulationSettings.IN_LEAVES, 10, 0, ENTRIES);
        int[] writes = Traffic.TIME_ORDERED.draw(0, 10 * ENTRIES, 1);
        for (int at = 0; at < writes.length; at += MEMTABLE) {
            simulation.add(Arrays.copyOfRange(writes, at, at + MEMTABLE));
        }
        assertEquals(1, simulation.result().written(), 0.01);
    }

    @Test
    void theCleanerHoldsItsTarget() {
        Simulation simulation = new Simulation(SimulationSettings.IN_LEAVES, 4, 0, ENTRIES);
        int[] writes = Traffic.ZIPFIAN.draw(ENTRIES, 20 * ENTRIES, 1);
        for (int at = 0; at < writes.length; at += MEMTABLE) {
            if (at == writes.length / 2) {
                simulation.beginToMeasure();
            }
            simulation.add(Arrays.copyOfRange(writes, at, at + MEMTABLE));
        }
        SimulationResult result = simulation.result();
        assertTrue(result.mostFiles() < SimulationSettings.IN_LEAVES.target() + 0.05, result.toString());
        assertTrue(result.relocated() > 0, result.toString());
    }

    @Test
    void theQuickFormReportsAllWritesAndSettings() throws IOException {
        Path out = directory.resolve("report.md");
        assertEquals(0, SimulateCommand.run("--quick", "--out", out.toString()));
        String report = Files.readString(out);
        for (Traffic traffic : Traffic.values()) {
            assertEquals(
                    5,
                    report.lines()
                            .filter(line -> line.startsWith("| " + traffic.title() + " | "))
                            .count(),
                    report);
        }
        assertEquals(
                3,
                report.lines().filter(line -> line.startsWith("| as chosen | ")).count(),
                report);
        assertEquals(
                3,
                report.lines()
                        .filter(line -> line.startsWith("| trigger 0.2, target 1.1 | "))
                        .count(),
                report);
        assertTrue(report.contains("Values in leaves: SimulationSettings[tier=4, trigger=0.13, "), report);
        assertEquals(2, SimulateCommand.run("--fast"));
    }
}
