package dev.cambium.benchmarks;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class WorkloadRunTest {
    @TempDir
    Path directory;

    private static WorkloadPlan plan(Workload workload, int entries) {
        return new WorkloadPlan(workload, entries, 100, 64L << 20, 1);
    }

    @ParameterizedTest
    @EnumSource(
            mode = EnumSource.Mode.EXCLUDE,
            names = {"REPLAY", "OPEN"})
    void everyWorkloadRunsOnCambium(Workload workload) {
        int entries = workload.isForced() ? 40 : 2500;
        Measurement measurement =
                new WorkloadRun(new CambiumEngine.Opener(), plan(workload, entries), 1).run(directory);
        boolean isScan = workload == Workload.READSEQ || workload == Workload.READREVERSE;
        assertEquals(workload.isSize() ? 1 : (isScan ? 10 : 1) * entries, measurement.operations());
        assertTrue(measurement.cost() > 0);
        assertEquals(workload.hasLatencies(), measurement.latencies() != null);
        assertEquals(measurement, Measurement.parse(measurement.toLine()));
        assertFalse(Files.exists(directory.resolve("warm-up")), "the warm-up's data are deleted");
    }

    /** An engine in memory that spoils what it returns. */
    private record LyingEngine(Map<String, byte[]> entries, boolean forgets) implements Engine {
        @Override
        public void put(byte[] key, byte[] value) {
            entries.put(new String(key), value.clone());
        }

        @Override
        public void putAll(byte[][] keys, byte[][] values) {
            for (int i = 0; i < keys.length; i++) {
                put(keys[i], values[i]);
            }
        }

        @Override
        public byte[] get(byte[] key) {
            byte[] value = entries.get(new String(key));
            if (value == null || forgets && new String(key).endsWith("8")) {
                return null;
            }
            if (!forgets) {
                value = Arrays.copyOf(value, value.length);
                value[60] ^= 1;
            }
            return value;
        }

        @Override
        public EntryCursor cursor() {
            throw new UnsupportedOperationException();
        }

        @Override
        public String describe() {
            return "liar";
        }

        @Override
        public void close() {}
    }

    @ParameterizedTest
    @EnumSource(
            value = Workload.class,
            names = {"FILLSEQ", "FILLRANDOM", "FILLBATCH", "FILLSYNC8", "READRANDOM"})
    void engineThatReturnsWrongDataFails(Workload workload) {
        for (boolean forgets : new boolean[] {false, true}) {
            EngineOpener opener = settings -> new LyingEngine(new ConcurrentHashMap<>(), forgets);
            WorkloadRun run = new WorkloadRun(opener, plan(workload, 1000), 1);
            assertThrows(WrongDataException.class, () -> run.run(directory));
        }
    }

    @Test
    void replayFindsEverythingAgain() {
        // In one process the store stays locked by the first half, so both run in processes of their own.
        Results results = new Comparison(
                        ComparisonOptions.parse(
                                "replay",
                                "open",
                                "fillrandom",
                                "--engines",
                                "cambium",
                                "--quick",
                                "--entries",
                                "2000",
                                "--dir",
                                directory.toString()),
                        System.out)
                .run();
        assertEquals(0, results.failures());
        assertEquals(1, results.median(Workload.REPLAY, Contender.CAMBIUM).operations());
        assertEquals(1, results.median(Workload.OPEN, Contender.CAMBIUM).operations());
        assertEquals(
                2000, results.median(Workload.FILLRANDOM, Contender.CAMBIUM).operations());
        assertEquals(0, directory.toFile().list().length, "nothing is left of the data");
    }
}
