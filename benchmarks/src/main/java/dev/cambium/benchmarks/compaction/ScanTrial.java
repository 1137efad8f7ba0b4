package dev.cambium.benchmarks.compaction;

import dev.cambium.benchmarks.DiskUse;
import dev.cambium.benchmarks.Engine;
import dev.cambium.benchmarks.EntryCursor;
import dev.cambium.benchmarks.Permutation;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;

/** Scans a store whose data were overwritten and merged for a while, again once it has done what it does about that, and when it was compacted. */
final class ScanTrial {
    /** What is overwritten before the scan. */
    enum Overwrites {
        /** Any entry: nearly every leaf is merged each time. */
        UNIFORM {
            @Override
            int[] draw(int entries, int count, long seed) {
                return new SplittableRandom(seed).ints(count, 0, entries).toArray();
            }
        },

        /** Neighbours at places of their own, as many as a leaf has or fewer: most leaves are linked. */
        STRETCHES {
            @Override
            int[] draw(int entries, int count, long seed) {
                SplittableRandom random = new SplittableRandom(seed);
                int[] numbers = new int[count];
                int start = 0;
                for (int i = 0; i < count; i++) {
                    start = i % STRETCH == 0 ? random.nextInt(entries - STRETCH) : start;
                    numbers[i] = start + i % STRETCH;
                }
                return numbers;
            }
        };

        static final int STRETCH = 100;

        abstract int[] draw(int entries, int count, long seed);

        /** The name in tables. */
        String title() {
            return this == UNIFORM ? "uniform" : String.format(Locale.ROOT, "stretches of %d", STRETCH);
        }
    }

    private static final int PASSES = 5; // after one for the pool's sake
    private static final int WARM_UP_PASSES =
            20; // for the JIT's sake, before anything is overwritten; fewer where there are many entries
    private static final int WARM_UP_ENTRIES = 3_000_000;

    private ScanTrial() {}

    static List<String> arguments(Overwrites overwrites, int entries, long memtableBytes, int rounds) {
        return List.of(
                overwrites.name(), Integer.toString(entries), Long.toString(memtableBytes), Integer.toString(rounds));
    }

    static Figures run(TrialSite site) {
        Overwrites overwrites = Overwrites.valueOf(site.arguments().get(0));
        int entries = site.number(1);
        try (Engine engine = site.open("store", site.number(2))) {
            PutStream puts = new PutStream(engine, entries, PutTrial.VALUE_BYTES);
            puts.putAll(Permutation.random(entries, 7));
            for (int pass = 0; pass < WARM_UP_PASSES && (long) pass * entries < WARM_UP_ENTRIES; pass++) {
                pass(engine, entries);
            }
            for (int round = 0; round < site.number(3); round++) {
                puts.putAll(overwrites.draw(entries, entries, round));
            }
            site.awaitQuiet(engine);
            DiskUse merged = engine.diskUse();
            double before = scan(engine, entries);
            site.awaitQuiet(engine);
            double again = scan(engine, entries);
            site.awaitQuiet(engine);
            DiskUse scanned = engine.diskUse();
            engine.compact();
            site.awaitQuiet(engine);
            DiskUse compacted = engine.diskUse();
            double after = scan(engine, entries);
            puts.check();
            return new Figures()
                    .by(engine.describe())
                    .with("merged", before)
                    .with("again", again)
                    .with("compacted", after)
                    .with("written", (merged.flushedBytes() + merged.mergedBytes()) / (double) merged.flushedBytes())
                    .with("files", merged.fileBytes() / (double) compacted.liveBytes())
                    .with("by scans", (scanned.writtenBytes() - merged.writtenBytes()) / 1e6)
                    .with("by compact", (compacted.writtenBytes() - scanned.writtenBytes()) / 1e6);
        }
    }

    /** Entries a second, key and value copied: the median of some passes. */
    private static double scan(Engine engine, int entries) {
        double[] rates = new double[PASSES];
        for (int pass = -1; pass < PASSES; pass++) {
            rates[Math.max(0, pass)] = pass(engine, entries);
        }
        Arrays.sort(rates);
        return rates[PASSES / 2];
    }

    private static double pass(Engine engine, int entries) {
        long start = System.nanoTime();
        int seen = 0;
        long bytes = 0;
        try (EntryCursor cursor = engine.cursor()) {
            for (boolean on = cursor.first(); on; on = cursor.next()) {
                bytes += cursor.key().length + cursor.value().length;
                seen++;
            }
        }
        long nanos = System.nanoTime() - start;
        long expected = (long) entries * PutStream.entryBytes(PutTrial.VALUE_BYTES);
        if (seen != entries || bytes != expected) {
            throw new IllegalStateException(
                    "a scan of " + entries + " entries has seen " + seen + " in " + bytes + " bytes of " + expected);
        }
        return entries * 1e9 / nanos;
    }
}
