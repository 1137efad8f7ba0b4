package dev.cambium.benchmarks.compaction;

import dev.cambium.benchmarks.DiskUse;
import dev.cambium.benchmarks.Engine;
import dev.cambium.benchmarks.Permutation;
import java.util.Arrays;
import java.util.List;

/** Compacts a store of which half was overwritten, and looks at how long its files become meanwhile. */
final class RoomTrial {
    private static final int LOAD_SEED = 7;
    private static final int SEED = 8;

    private RoomTrial() {}

    /** @param bytes of keys and values */
    static List<String> arguments(int valueLength, long bytes, long memtableBytes) {
        return List.of(
                Integer.toString(valueLength),
                Integer.toString(Math.toIntExact(bytes / PutStream.entryBytes(valueLength))),
                Long.toString(memtableBytes));
    }

    static Figures run(TrialSite site) {
        int entries = site.number(1);
        try (Engine engine = site.open("store", site.number(2))) {
            PutStream puts = new PutStream(engine, entries, site.number(0));
            puts.putAll(Permutation.random(entries, LOAD_SEED));
            puts.putAll(Arrays.copyOf(Permutation.random(entries, SEED), entries / 2));
            site.awaitQuiet(engine);
            DiskUse before = engine.diskUse();
            RoomWatch watch = RoomWatch.start(site.path("store"));
            long start = System.nanoTime();
            engine.compact();
            long nanos = System.nanoTime() - start;
            watch.end();
            DiskUse compacted = engine.diskUse();
            puts.check();
            return new Figures()
                    .by(engine.describe())
                    .with("before", watch.firstBytes())
                    .with("peak", watch.peakBytes())
                    .with("after", watch.lastBytes())
                    .with("room", watch.peakBytes() / (double) watch.firstBytes())
                    .with("written", compacted.writtenBytes() - before.writtenBytes())
                    .with("seconds", nanos / 1e9)
                    .with("looks", watch.looks());
        }
    }
}
