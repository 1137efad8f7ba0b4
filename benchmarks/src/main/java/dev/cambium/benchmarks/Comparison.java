package dev.cambium.benchmarks;

import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;

/**
 * Runs workloads on engines, one process at a time: of each workload round after round, in each round every engine
 * once, so that a machine that becomes slower does so for all. A run that fails is reported and missing from the
 * results; the others go on.
 */
public final class Comparison {
    private final ComparisonOptions options;
    private final PrintStream out;
    private final EngineJvm jvm = new EngineJvm();

    public Comparison(ComparisonOptions options, PrintStream out) {
        this.options = options;
        this.out = out;
    }

    /**
     * Runs everything; the directory below which all data lie is deleted in the end, also where the process is ended
     * early.
     */
    public Results run() {
        Path scratch = makeScratch();
        Thread cleanUp = new Thread(() -> cleanUp(scratch));
        Runtime.getRuntime().addShutdownHook(cleanUp);
        try {
            Results results = new Results(options.engines());
            for (Workload workload : options.workloads()) {
                for (int round = 1; round <= options.rounds(); round++) {
                    for (Contender contender : options.engines()) {
                        measure(workload, round, contender, scratch, results);
                    }
                }
            }
            return results;
        } finally {
            Directories.delete(scratch);
            Runtime.getRuntime().removeShutdownHook(cleanUp);
        }
    }

    /** Runs where this process is ended early. */
    private void cleanUp(Path scratch) {
        jvm.end();
        Directories.delete(scratch);
    }

    private Path makeScratch() {
        try {
            Files.createDirectories(options.directory());
            return Files.createTempDirectory(options.directory(), "run-").toAbsolutePath();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void measure(Workload workload, int round, Contender contender, Path scratch, Results results) {
        Path directory = scratch.resolve(contender.lowerName());
        String title =
                String.format(Locale.ROOT, "%-11s round %d  %-7s ", workload.lowerName(), round, contender.title());
        try {
            Files.createDirectories(directory.resolve("temporary"));
            Measurement measurement = measure(options.plan(workload), contender, directory);
            results.add(workload, contender, measurement);
            out.println(title + describe(workload, measurement));
        } catch (IOException | EngineFailedException e) {
            results.addFailure(workload, contender);
            out.println(title + " FAILED: " + e.getMessage());
        } finally {
            Directories.delete(directory);
        }
    }

    private static String describe(Workload workload, Measurement measurement) {
        if (workload.isCost()) {
            return String.format(Locale.ROOT, "%,12.1f %s", measurement.millions(), workload.unit());
        }
        String text = String.format(Locale.ROOT, "%,12.0f ops/s", measurement.perSecond());
        Latencies latencies = measurement.latencies();
        return latencies == null
                ? text
                : text
                        + String.format(
                                Locale.ROOT,
                                "   µs: p50 %,.1f  p99 %,.1f  p99.9 %,.1f  max %,.0f",
                                latencies.median() / 1e3,
                                latencies.p99() / 1e3,
                                latencies.p999() / 1e3,
                                latencies.max() / 1e3);
    }

    private Measurement measure(WorkloadPlan plan, Contender contender, Path directory) throws IOException {
        if (plan.workload().isOpen()) {
            boolean isReplay = plan.workload() == Workload.REPLAY;
            start(
                    isReplay ? EngineProcess.Task.FILL_AND_HALT : EngineProcess.Task.FILL_AND_CLOSE,
                    plan,
                    contender,
                    directory);
            return start(EngineProcess.Task.REOPEN, plan, contender, directory);
        }
        Measurement measurement = start(EngineProcess.Task.RUN, plan, contender, directory);
        if (measurement == null) {
            throw new EngineFailedException("it printed no measurement");
        }
        return measurement;
    }

    /** Starts an engine's process and waits for its end; returns what it measured, or null where it printed nothing. */
    private Measurement start(EngineProcess.Task task, WorkloadPlan plan, Contender contender, Path directory)
            throws IOException {
        List<String> lines = jvm.run(
                contender,
                options.jvmFlags(plan),
                directory.resolve("temporary"),
                EngineProcess.class,
                EngineProcess.arguments(task, contender.opener(), plan, directory.resolve("data")));
        return lines.stream()
                .filter(Measurement::isLine)
                .map(Measurement::parse)
                .findFirst()
                .orElse(null);
    }
}
