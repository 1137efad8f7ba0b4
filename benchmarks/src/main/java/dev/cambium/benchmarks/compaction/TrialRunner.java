package dev.cambium.benchmarks.compaction;

import dev.cambium.benchmarks.Directories;
import dev.cambium.benchmarks.EngineFailedException;
import dev.cambium.benchmarks.EngineJvm;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/** Runs trials, one at a time, each in a JVM of its own with one engine on its class path, in a directory that is gone afterwards. */
final class TrialRunner implements AutoCloseable {
    private static final int HEAP_MIB = 2048;
    private static final int QUICK_HEAP_MIB = 512;
    private static final int DIRECT_MIB = 1280;

    private final boolean quick;
    private final int minutes;
    private final Path directory;
    private final List<Candidate> candidates;
    private final EngineJvm jvm = new EngineJvm();
    private final Set<String> engines = new LinkedHashSet<>();
    private final Thread cleanUp;
    private volatile boolean interrupted;
    private int failures;

    /** @param minutes that long trials take unless they are to be quick */
    TrialRunner(boolean quick, int minutes, Path directory, List<Candidate> candidates) {
        this.quick = quick;
        this.minutes = minutes;
        this.directory = directory;
        this.candidates = List.copyOf(candidates);
        cleanUp = new Thread(() -> {
            interrupted = true;
            jvm.end();
            Directories.delete(directory);
        });
        Runtime.getRuntime().addShutdownHook(cleanUp);
        Directories.delete(directory);
    }

    boolean isQuick() {
        return quick;
    }

    int minutes() {
        return minutes;
    }

    /** Those of some candidates that were asked for. */
    List<Candidate> among(List<Candidate> some) {
        return some.stream().filter(candidates::contains).toList();
    }

    /** Those that were asked for. */
    List<Candidate> candidates() {
        return candidates;
    }

    /** Runs a trial; what it found, or nothing where it failed, which is told and counted. */
    Figures run(CompactionPart part, Candidate candidate, String title, List<String> arguments) throws IOException {
        System.err.printf("compaction: %s: %s, %s", part.userName(), title, candidate.title());
        long start = System.nanoTime();
        try {
            Figures figures = Figures.parse(jvm.run(
                    candidate.engine(),
                    flags(),
                    directory.resolve("temporary"),
                    CompactionProcess.class,
                    CompactionProcess.arguments(part, candidate, directory.resolve("data"), quietMillis(), arguments)));
            engines.add(figures.engine());
            System.err.printf(Locale.ROOT, ": %.0f s%n", (System.nanoTime() - start) / 1e9);
            return figures;
        } catch (EngineFailedException e) {
            System.err.println(": failed: " + e.getMessage());
            failures++;
            return new Figures();
        } finally {
            deleteUnlessInterrupted();
        }
    }

    /** After so long without a flush or a merge, a store has nothing left to do; where figures mean little anyway, it may have. */
    private int quietMillis() {
        return quick ? 150 : 1200;
    }

    private int heapMib() {
        return quick ? QUICK_HEAP_MIB : HEAP_MIB;
    }

    private List<String> flags() {
        return List.of(
                "-Xms" + heapMib() + "m",
                "-Xmx" + heapMib() + "m",
                "-XX:+AlwaysPreTouch",
                "-XX:MaxDirectMemorySize=" + DIRECT_MIB + "m");
    }

    /** The conditions, for people. */
    String conditions() {
        return String.format(
                Locale.ROOT,
                "a JVM of its own with one engine on its class path, a heap of %d MiB and 256 MiB of memory budget or block cache",
                heapMib());
    }

    /** What the engines said of themselves. */
    Set<String> engines() {
        return engines;
    }

    int failures() {
        return failures;
    }

    @Override
    public void close() {
        deleteUnlessInterrupted();
        if (!interrupted) {
            Runtime.getRuntime().removeShutdownHook(cleanUp);
        }
    }

    private void deleteUnlessInterrupted() {
        if (!interrupted) { // else the hook does it
            Directories.delete(directory);
        }
    }
}
