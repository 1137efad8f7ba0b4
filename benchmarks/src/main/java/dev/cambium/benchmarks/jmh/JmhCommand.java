package dev.cambium.benchmarks.jmh;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.DoubleStream;
import org.openjdk.jmh.infra.BenchmarkParams;
import org.openjdk.jmh.profile.GCProfiler;
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

    /** Each round runs every benchmark in a JVM of its own, so that a bad minute of the machine hits all of them. */
    private static final int ROUNDS = 3;

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
        List<RunResult> results = new ArrayList<>();
        for (int round = 0; round < (quick ? 1 : ROUNDS); round++) {
            results.addAll(runner.run());
        }
        String table = table(results);
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
                .forks(1)
                .warmupIterations(quick ? 1 : 3)
                .warmupTime(TimeValue.seconds(quick ? 1 : 2))
                .measurementIterations(quick ? 2 : 5)
                .measurementTime(TimeValue.seconds(1))
                .shouldFailOnError(true);
    }

    /** One line for each benchmark: medians over the rounds. */
    private static String table(Collection<RunResult> results) {
        Map<String, List<RunResult>> rounds = new LinkedHashMap<>();
        for (RunResult result : results) {
            rounds.computeIfAbsent(nameOf(result), name -> new ArrayList<>()).add(result);
        }
        StringBuilder text = new StringBuilder();
        text.append("| benchmark | parameters | time | rounds | unit | allocated B/op ")
                .append("| faster than the skip list |\n");
        text.append("| --- | --- | ---: | ---: | --- | ---: | ---: |\n");
        for (List<RunResult> same : rounds.values()) {
            RunResult first = same.get(0);
            double median = median(scores(same));
            List<RunResult> baseline = rounds.get(classOf(first) + "." + BASELINE + " " + parametersOf(first));
            text.append(String.format(
                    Locale.ROOT,
                    "| %s.%s | %s | %,.1f | %s | %s | %,.1f | %s |\n",
                    classOf(first),
                    methodOf(first),
                    parametersOf(first),
                    median,
                    same.stream()
                            .map(result -> String.format(
                                    Locale.ROOT,
                                    "%,.0f",
                                    result.getPrimaryResult().getScore()))
                            .collect(Collectors.joining(" · ")),
                    first.getPrimaryResult().getScoreUnit(),
                    median(same.stream().flatMapToDouble(JmhCommand::allocation)),
                    baseline == null ? "–" : String.format(Locale.ROOT, "%.2f", median(scores(baseline)) / median)));
        }
        return text.toString();
    }

    private static DoubleStream scores(List<RunResult> results) {
        return results.stream().mapToDouble(result -> result.getPrimaryResult().getScore());
    }

    private static DoubleStream allocation(RunResult result) {
        return result.getSecondaryResults().entrySet().stream()
                .filter(entry -> entry.getKey().endsWith("gc.alloc.rate.norm"))
                .mapToDouble(entry -> entry.getValue().getScore());
    }

    private static double median(DoubleStream values) {
        double[] sorted = values.sorted().toArray();
        return sorted.length == 0 ? Double.NaN : sorted[sorted.length / 2];
    }

    private static String nameOf(RunResult result) {
        return classOf(result) + "." + methodOf(result) + " " + parametersOf(result);
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
