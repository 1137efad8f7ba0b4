package dev.cambium.benchmarks.compaction;

import dev.cambium.benchmarks.Engine;
import dev.cambium.benchmarks.EntryCursor;
import dev.cambium.benchmarks.KeyForm;
import dev.cambium.benchmarks.Permutation;
import java.util.Arrays;
import java.util.List;

/**
 * Deletes neighbouring keys while a snapshot is open, and seeks to the first of them: at once, and when compaction had its turn. Then the same elsewhere, twice more: the first
 * time, code runs that has never run before.
 */
final class TombstoneTrial {
    static final int ROUNDS = 3;

    private static final int WARM_UP_SEEKS = 20_000;
    private static final int SEEKS = 100;

    private TombstoneTrial() {}

    static List<String> arguments(int entries, int deletes, int idleMillis) {
        return List.of(Integer.toString(entries), Integer.toString(deletes), Integer.toString(idleMillis));
    }

    static Figures run(TrialSite site) {
        int entries = site.number(0);
        int deletes = site.number(1);
        try (Engine engine = site.open("store", 0)) {
            PutStream puts = new PutStream(engine, entries, PutTrial.VALUE_BYTES);
            puts.putAll(Permutation.random(entries, 7));
            puts.check();
            site.awaitQuiet(engine);
            int before = entries / 8;
            for (int i = 0; i < WARM_UP_SEEKS; i++) {
                seek(engine, i % before, i % before);
            }
            Figures figures = new Figures().by(engine.describe());
            describe(figures, "before", engine, before, before);
            for (int round = 0; round < ROUNDS; round++) {
                int first = (2 * round + 1) * (entries / 8);
                try (Engine.Snapshot held = engine.snapshot()) {
                    byte[] key = new byte[KeyForm.LENGTH];
                    for (int entry = first; entry < first + deletes; entry++) {
                        KeyForm.DECIMAL.write(entry, key, 0);
                        engine.delete(key);
                    }
                    describe(figures, round + " at once", engine, first, first + deletes);
                    engine.flush();
                    TrialSite.sleep(site.number(2));
                    site.awaitQuiet(engine);
                    describe(figures, round + " later", engine, first, first + deletes);
                }
            }
            return figures;
        }
    }

    private static void describe(Figures figures, String name, Engine engine, int sought, int expected) {
        long[] nanos = new long[SEEKS];
        for (int i = 0; i < SEEKS; i++) {
            nanos[i] = seek(engine, sought, expected);
        }
        figures.with(name + " first", nanos[0]);
        Arrays.sort(nanos);
        figures.with(name + " median", nanos[SEEKS / 2]).with(name + " max", nanos[SEEKS - 1]);
    }

    /** Nanoseconds of a seek by a cursor of its own, which must arrive at the expected entry. */
    private static long seek(Engine engine, int sought, int expected) {
        byte[] key = new byte[KeyForm.LENGTH];
        KeyForm.DECIMAL.write(sought, key, 0);
        byte[] arrival = new byte[KeyForm.LENGTH];
        KeyForm.DECIMAL.write(expected, arrival, 0);
        try (EntryCursor cursor = engine.cursor()) {
            long start = System.nanoTime();
            boolean found = cursor.seek(key);
            long nanos = System.nanoTime() - start;
            if (!found || !Arrays.equals(arrival, cursor.key())) {
                throw new IllegalStateException("a seek to entry " + sought + " does not arrive at " + expected);
            }
            return nanos;
        }
    }
}
