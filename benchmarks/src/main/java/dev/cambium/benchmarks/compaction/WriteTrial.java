package dev.cambium.benchmarks.compaction;

import dev.cambium.benchmarks.DiskUse;
import dev.cambium.benchmarks.Engine;
import dev.cambium.benchmarks.LatencyHistogram;
import java.util.List;

/** A {@link WriteLoad} on an engine at full speed, one put a call: what it writes, how long puts wait, and what its files take meanwhile. */
final class WriteTrial {
    private WriteTrial() {}

    static List<String> arguments(WriteLoad load, long memtableBytes, int memtables, int rounds) {
        return List.of(
                load.name(), Long.toString(memtableBytes), Integer.toString(memtables), Integer.toString(rounds));
    }

    static Figures run(TrialSite site) {
        WriteLoad load = WriteLoad.valueOf(site.arguments().get(0));
        long memtableBytes = site.number(1);
        int entries = load.entries(memtableBytes * site.number(2));
        int rounds = load.isOverwrite() ? site.number(3) : 1;
        try (Engine engine = site.open("store", memtableBytes)) {
            PutStream puts = new PutStream(engine, entries, load.valueLength());
            if (load.isOverwrite()) {
                puts.putAll(load.load(entries));
                site.awaitQuiet(engine);
            }
            DiskUse before = engine.diskUse();
            SpaceWatch watch = SpaceWatch.start(
                    engine, site.path("store"), () -> load.isOverwrite() ? 1 : puts.done() / (double) entries);
            LatencyHistogram latencies = new LatencyHistogram();
            long nanos = 0;
            for (int round = 0; round < rounds; round++) {
                nanos += puts.putAll(load.isOverwrite() ? load.round(entries, round) : load.load(entries), latencies);
            }
            SpaceSeries series = watch.end();
            DiskUse atEnd = engine.diskUse();
            site.awaitQuiet(engine);
            DiskUse settled = engine.diskUse();
            puts.check();
            engine.compact();
            site.awaitQuiet(engine);
            long compacted = engine.diskUse().liveBytes();
            puts.check();
            Figures figures = new Figures()
                    .by(engine.describe())
                    .with("puts/s", (double) rounds * entries * 1e9 / nanos)
                    .with("seconds", nanos / 1e9)
                    .with("longest put", latencies.maxNanos())
                    .with("put p99.9", latencies.atShare(0.999))
                    .with("write amplification", atEnd.writeAmplificationSince(before))
                    .with("settled", settled.writeAmplificationSince(before))
                    .with("flushed", settled.flushedBytes() - before.flushedBytes())
                    .with("rest", settled.fileBytes() / (double) compacted)
                    .with("compacted", compacted)
                    .with("samples", series.size());
            series.describe(figures, compacted);
            return figures;
        }
    }
}
