package dev.cambium.benchmarks.jmh;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.openjdk.jmh.infra.BenchmarkParams;
import org.openjdk.jmh.profile.GCProfiler;
import org.openjdk.jmh.results.Result;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.ChainedOptionsBuilder;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;

/**
 * What {@code benchmarks/run jmh} starts: runs the benchmarks that a regular expression finds, with the allocation
 * profiler, and adds a table with how many times faster each is than {@code skipList} of its class under the same
 * parameters.
 */
public final class JmhCommand {
    private static final String OWN = "dev\\.cambium\\.benchmarks\\.jmh\\..*";
    private static final String BASELINE = "skipList";

    private JmhCommand() {}

    public static void main(String[] arguments) throws RunnerException, IOException {
        String regex = OWN;
        boolean quick = false;
        boolean list = false;
        Path out = null;
        for (int i = 0; i < arguments.length; i++) {
            String argument = arguments[i];
            if (argument.equals("--quick")) {
                quick = true;
            } else if (argument.equals("--list")) {
                list = true;
            } else if (argument.equals("--out") && i + 1 < arguments.length) {
                out = Path.of(arguments[++i]);
            } else if (argument.startsWith("--")) {
                System.err.println(
                        "benchmarks/run: jmh has no option " + argument + ", or its value is missing; see --help");
                System.exit(2);
            } else {
                regex = argument;
            }
        }
        Runner runner = new Runner(settings(regex, quick).build());
        if (list) {
            runner.list();
            return;
        }
        String table = table(runner.run());
        System.out.println();
        System.out.print(table);
        if (out != null) {
            Files.createDirectories(out.toAbsolutePath().getParent());
            Files.writeString(out, table, StandardCharsets.UTF_8);
        }
    }

    private static ChainedOptionsBuilder settings(String regex, boolean quick) {
        return new OptionsBuilder()
                .include(regex)
                .addProfiler(GCProfiler.class)
                .jvmArgs("-Xms3g", "-Xmx3g", "-XX:MaxDirectMemorySize=4g")
                .forks(quick ? 1 : 3)
                .warmupIterations(quick ? 1 : 5)
                .warmupTime(TimeValue.seconds(quick ? 1 : 2))
                .measurementIterations(quick ? 2 : 5)
                .measurementTime(TimeValue.seconds(quick ? 1 : 2))
                .shouldFailOnError(true);
    }

    private static String table(Collection<RunResult> results) {
        Map<String, Double> baselines = new TreeMap<>();
        for (RunResult result : results) {
            if (methodOf(result).equals(BASELINE)) {
                baselines.put(
                        classOf(result) + parametersOf(result),
                        result.getPrimaryResult().getScore());
            }
        }
        StringBuilder text = new StringBuilder();
        text.append("| benchmark | parameters | time | ± (99.9 %) | unit | allocated B/op ")
                .append("| faster than the skip list |\n");
        text.append("| --- | --- | ---: | ---: | --- | ---: | ---: |\n");
        for (RunResult result : results) {
            Result<?> primary = result.getPrimaryResult();
            Result<?> allocated = result.getSecondaryResults().entrySet().stream()
                    .filter(entry -> entry.getKey().endsWith("gc.alloc.rate.norm"))
                    .map(Map.Entry::getValue)
                    .findFirst()
                    .orElse(null);
            Double baseline = baselines.get(classOf(result) + parametersOf(result));
            text.append(String.format(
                    Locale.ROOT,
                    "| %s.%s | %s | %,.1f | %s | %s | %s | %s |\n",
                    classOf(result),
                    methodOf(result),
                    parametersOf(result),
                    primary.getScore(),
                    Double.isNaN(primary.getScoreError())
                            ? "–"
                            : String.format(Locale.ROOT, "%,.1f", primary.getScoreError()),
                    primary.getScoreUnit(),
                    allocated == null ? "–" : String.format(Locale.ROOT, "%,.1f", allocated.getScore()),
                    baseline == null ? "–" : String.format(Locale.ROOT, "%.2f", baseline / primary.getScore())));
        }
        return text.toString();
    }

    private static String classOf(RunResult result) {
        String[] parts = result.getParams().getBenchmark().split("\\.");
        return parts[parts.length - 2];
    }

    private static String methodOf(RunResult result) {
        String[] parts = result.getParams().getBenchmark().split("\\.");
        return parts[parts.length - 1];
    }

    private static String parametersOf(RunResult result) {
        BenchmarkParams parameters = result.getParams();
        StringBuilder text = new StringBuilder();
        for (String name : parameters.getParamsKeys()) {
            text.append(text.isEmpty() ? "" : " ").append(parameters.getParam(name));
        }
        return text.toString();
    }
}
