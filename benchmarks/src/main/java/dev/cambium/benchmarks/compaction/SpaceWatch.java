package dev.cambium.benchmarks.compaction;

import dev.cambium.benchmarks.Engine;
import java.io.File;
import java.nio.file.Path;
import java.util.function.DoubleSupplier;

/** A thread that looks ten times a second at what an engine's files take. */
final class SpaceWatch {
    private static final long PERIOD_MILLIS = 100;

    private final Engine engine;
    private final Path directory;
    private final DoubleSupplier share;
    private final SpaceSeries series = new SpaceSeries();
    private final Thread thread = new Thread(this::watch, "space-watch");
    private volatile boolean ended;
    private volatile RuntimeException failure;

    private SpaceWatch(Engine engine, Path directory, DoubleSupplier share) {
        this.engine = engine;
        this.directory = directory;
        this.share = share;
    }

    /** @param share see {@link SpaceSeries.Sample} */
    static SpaceWatch start(Engine engine, Path directory, DoubleSupplier share) {
        SpaceWatch watch = new SpaceWatch(engine, directory, share);
        watch.thread.setDaemon(true);
        watch.thread.start();
        return watch;
    }

    private void watch() {
        try {
            while (!ended) {
                look();
                TrialSite.sleep(PERIOD_MILLIS);
            }
        } catch (RuntimeException e) {
            failure = e; // thrown by end()
        }
    }

    private void look() {
        series.add(new SpaceSeries.Sample(engine.diskUse(), bytes(directory), share.getAsDouble()));
    }

    /** Bytes of zones and sorted tables in a directory. */
    private static long bytes(Path directory) {
        File[] files =
                directory.toFile().listFiles((parent, name) -> name.startsWith("zone-") || name.endsWith(".sst"));
        long bytes = 0;
        for (File file : files == null ? new File[0] : files) {
            bytes += file.length(); // 0 where it has just been deleted
        }
        return bytes;
    }

    /** Ends the watch with a last look; what it has seen. */
    SpaceSeries end() {
        ended = true;
        try {
            thread.join();
        } catch (InterruptedException e) {
            throw new IllegalStateException("interrupted", e);
        }
        if (failure != null) {
            throw failure;
        }
        look();
        return series;
    }
}
