package dev.cambium.benchmarks.compaction;

import dev.cambium.benchmarks.Engine;
import dev.cambium.benchmarks.Latencies;
import dev.cambium.benchmarks.LatencyHistogram;
import dev.cambium.benchmarks.Permutation;
import dev.cambium.benchmarks.StallWatch;
import java.util.List;
import java.util.SplittableRandom;

/**
 * Overwrites of all that there is, drawn uniformly: at full speed, which shows what rate is sustained; then at a share of that rate, each timed from
 * when it was meant to begin. All keys are there before, so that the data do not grow meanwhile, and with them what is to be merged. What full speed
 * has left to be done is worked off at that share before anything is timed.
 */
final class TailTrial {
    /** Of the sustained rate. */
    static final double SHARE = 0.8;

    /** Longer stalls of the idle thread are the machine's: requests that overlap them are counted apart. */
    static final long STALL_NANOS = 500_000;

    /** A queue of requests at that share of what is possible takes four times as long to go as to come. */
    static final double WAKE = SHARE / (1 - SHARE);

    private static final int CLOCK_PUTS = 1024;

    /** This part of the time in which the rate was measured passes unwatched. */
    private static final int SETTLED = 2;

    private static final int LOAD_SEED = 7;

    private TailTrial() {}

    static List<String> arguments(int keys, int sustainSeconds, int seconds) {
        return List.of(Integer.toString(keys), Integer.toString(sustainSeconds), Integer.toString(seconds));
    }

    static Figures run(TrialSite site) {
        int keys = site.number(0);
        try (Engine engine = site.open("store", 0)) {
            PutStream puts = new PutStream(engine, keys, PutTrial.VALUE_BYTES);
            puts.putAll(Permutation.random(keys, LOAD_SEED));
            SplittableRandom random = new SplittableRandom(1);
            long half = site.number(1) * 1_000_000_000L / 2;
            putFor(half, puts, random, keys);
            double sustained = putFor(half, puts, random, keys);
            OpenLoop loop = new OpenLoop(System::nanoTime, SHARE * sustained);
            loop.run(half / SETTLED, () -> puts.put(random.nextInt(keys)), new OpenLoopLatencies());
            OpenLoopLatencies latencies = new OpenLoopLatencies();
            StallWatch watch = StallWatch.start(STALL_NANOS);
            long start = System.nanoTime();
            long count = loop.run(site.number(2) * 1_000_000_000L, () -> puts.put(random.nextInt(keys)), latencies);
            long nanos = System.nanoTime() - start;
            Latencies idle = watch.end();
            List<StallWatch.Stall> stalls = watch.longStalls();
            puts.check();
            Figures figures = new Figures()
                    .by(engine.describe())
                    .with("sustained", sustained)
                    .with("puts/s", count * 1e9 / nanos)
                    .with("idle p50", idle.median())
                    .with("idle p99", idle.p99())
                    .with("idle p99.9", idle.p999())
                    .with("idle max", idle.max())
                    .with("stalls", stalls.size())
                    .with(
                            "stalled",
                            stalls.stream()
                                    .mapToLong(stall -> stall.toNanos() - stall.fromNanos())
                                    .sum());
            describe(figures, "all", latencies.all(), count);
            describe(figures, "without stalls", latencies.without(stalls, 0), count);
            describe(figures, "without stalls and their wake", latencies.without(stalls, WAKE), count);
            return figures;
        }
    }

    /** Puts at full speed for so long; returns puts a second. */
    private static double putFor(long nanos, PutStream puts, SplittableRandom random, int keys) {
        long start = System.nanoTime();
        long count = 0;
        long elapsed;
        do {
            for (int i = 0; i < CLOCK_PUTS; i++) {
                puts.put(random.nextInt(keys));
            }
            count += CLOCK_PUTS;
            elapsed = System.nanoTime() - start;
        } while (elapsed < nanos);
        return count * 1e9 / elapsed;
    }

    private static void describe(Figures figures, String name, LatencyHistogram latencies, long count) {
        figures.with(name + " p50", latencies.atShare(0.5))
                .with(name + " p99", latencies.atShare(0.99))
                .with(name + " p99.9", latencies.atShare(0.999))
                .with(name + " p99.99", latencies.atShare(0.9999))
                .with(name + " max", latencies.maxNanos())
                .with(name + " apart", 1 - latencies.count() / (double) count);
    }
}
