package dev.cambium.benchmarks.compaction;

import dev.cambium.benchmarks.Engine;
import java.nio.file.Path;
import java.util.function.DoubleSupplier;

/** Looks ten times a second at what an engine's files take. */
final class SpaceWatch {
    private static final long PERIOD_MILLIS = 100;

    private final SpaceSeries series = new SpaceSeries();
    private final Lookout lookout;

    private SpaceWatch(Engine engine, Path directory, DoubleSupplier share) {
        lookout = Lookout.start(
                "space-watch",
                PERIOD_MILLIS,
                () -> series.add(
                        new SpaceSeries.Sample(engine.diskUse(), RoomWatch.fileBytes(directory), share.getAsDouble())));
    }

    /** @param share see {@link SpaceSeries.Sample} */
    static SpaceWatch start(Engine engine, Path directory, DoubleSupplier share) {
        return new SpaceWatch(engine, directory, share);
    }

    /** Ends the watch with a last look; what it has seen. */
    SpaceSeries end() {
        lookout.end();
        return series;
    }
}
