package dev.cambium.benchmarks;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class ReportTest {
    @Test
    void reportGivesMediansAndRatios() {
        String[] line = {"fillseq", "replay", "--rounds", "3", "--engines", "cambium,rocksdb"};
        ComparisonOptions options = ComparisonOptions.parse(line);
        Results results = new Results(options.engines());
        for (long millis : new long[] {10, 1000, 20}) {
            for (Workload workload : options.workloads()) {
                results.add(
                        workload, Contender.CAMBIUM, new Measurement(1000, millis * 1_000_000, null, null, "Cambium"));
                results.add(
                        workload, Contender.ROCKSDB, new Measurement(1000, millis * 4_000_000, null, null, "RocksDB"));
            }
        }
        results.addFailure(Workload.FILLSEQ, Contender.ROCKSDB);
        String report = Report.markdown(results, options, line, Path.of("."));
        assertTrue(report.contains("| fillseq | 1,000,000 | ops/s | 50,000 | 12,500 | 4.00 |"), report);
        assertTrue(report.contains("| replay | 580,000 | ms | 20.0 | 80.0 | 4.00 |"), report);
        assertTrue(report.contains("| fillseq | Cambium | ops/s | 100,000 · 1,000 · 50,000 |"), report);
        assertTrue(report.contains("**failed**: 1 runs"), report);
    }

    @Test
    void wrongCommandLinesAreExplained() {
        for (String line : List.of(
                "",
                "fillsec",
                "all --rounds",
                "all --rounds 0",
                "all --engine x y",
                "all --engines bdb",
                "all --value 8")) {
            String[] arguments = line.isEmpty() ? new String[0] : line.split(" ");
            assertThrows(IllegalArgumentException.class, () -> ComparisonOptions.parse(arguments), line);
        }
    }

    @Test
    void sizesApplyToAllWorkloadsOrToOne() {
        ComparisonOptions options =
                ComparisonOptions.parse("fillseq", "fillsync", "--entries", "fillsync=7", "--entries", "9");
        assertEquals(9, options.plan(Workload.FILLSEQ).entries());
        assertEquals(7, options.plan(Workload.FILLSYNC).entries());
        assertEquals(3, options.rounds());
    }

    @Test
    void permutationHasEveryNumberOnce() {
        Set<Integer> seen = new HashSet<>();
        for (int number : Permutation.random(10_000, 5)) {
            assertTrue(number >= 0 && number < 10_000 && seen.add(number));
        }
        assertTrue(Arrays.equals(Permutation.random(100, 5), Permutation.random(100, 5)));
    }

    @Test
    void decimalKeysAreTheirNumbers() {
        byte[] key = new byte[18];
        KeyForm.DECIMAL.write(9_876_543_210L, key, 1);
        assertEquals("0000009876543210", new String(key, 1, 16));
    }

    @Test
    void percentilesAreWithinABucketOfTheTruth() {
        SplittableRandom random = new SplittableRandom(3);
        LatencyHistogram histogram = new LatencyHistogram();
        LatencyHistogram other = new LatencyHistogram();
        long[] all = new long[100_000];
        for (int i = 0; i < all.length; i++) {
            all[i] = random.nextLong(1L << 1 + random.nextInt(40));
            (i % 2 == 0 ? histogram : other).record(all[i]);
        }
        histogram.add(other);
        Arrays.sort(all);
        for (double share : new double[] {0.001, 0.5, 0.99, 0.999, 1}) {
            long exact = all[(int) Math.ceil(share * all.length) - 1];
            long found = histogram.atShare(share);
            assertTrue(found >= exact && found <= exact + exact / 64, share + ": " + found + " for " + exact);
        }
        assertEquals(all[all.length - 1], histogram.maxNanos());
        assertEquals(new Latencies(0, 0, 0, 0), new LatencyHistogram().summary());
    }
}
