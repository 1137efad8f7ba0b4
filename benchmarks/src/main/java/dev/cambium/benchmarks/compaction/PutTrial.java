package dev.cambium.benchmarks.compaction;

import dev.cambium.benchmarks.Directories;
import dev.cambium.benchmarks.DiskUse;
import dev.cambium.benchmarks.Distribution;
import dev.cambium.benchmarks.Engine;
import java.util.List;

/** Random puts at full speed, one a call, into a store as it is usually opened: more than memtables hold, so that runs are merged meanwhile. */
final class PutTrial {
    /** Bytes of a value. */
    static final int VALUE_BYTES = 100;

    private static final int PIECE = 1_000_000; // puts that are drawn at a time, off the clock
    private static final int WARM_UP = 1_000_000;

    private PutTrial() {}

    /** @param count puts; keys are drawn of as many */
    static List<String> arguments(int count) {
        return List.of(Integer.toString(count));
    }

    static Figures run(TrialSite site) {
        int count = site.number(0);
        try (Engine engine = site.open("warm-up", 0)) {
            put(new PutStream(engine, count, VALUE_BYTES), count, Math.min(count / 5, WARM_UP), -1);
        }
        Directories.delete(site.path("warm-up"));
        System.gc();
        try (Engine engine = site.open("store", 0)) {
            PutStream puts = new PutStream(engine, count, VALUE_BYTES);
            long nanos = put(puts, count, count, 0);
            DiskUse atEnd = engine.diskUse();
            site.awaitQuiet(engine);
            puts.check();
            return new Figures()
                    .by(engine.describe())
                    .with("puts/s", count * 1e9 / nanos)
                    .with("merged", atEnd.mergedBytes())
                    .with("files", atEnd.fileBytes())
                    .with("settled", engine.diskUse().fileBytes());
        }
    }

    /** Returns how many nanoseconds the puts took. */
    private static long put(PutStream puts, int keys, int count, int seed) {
        long nanos = 0;
        for (int done = 0; done < count; done += PIECE) {
            nanos += puts.putAll(Distribution.UNIFORM.draw(keys, Math.min(PIECE, count - done), seed + done));
        }
        return nanos;
    }
}
