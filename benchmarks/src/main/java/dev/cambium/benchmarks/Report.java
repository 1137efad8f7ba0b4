package dev.cambium.benchmarks;

import java.nio.file.Path;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;
import java.util.function.ToLongFunction;
import java.util.stream.Collectors;

/** The results of a comparison as a Markdown document: conditions, medians with ratios, latencies, and every round. */
public final class Report {
    private final Results results;
    private final ComparisonOptions options;
    private final StringBuilder text = new StringBuilder();

    private Report(Results results, ComparisonOptions options) {
        this.results = results;
        this.options = options;
    }

    /** The whole document. */
    public static String markdown(Results results, ComparisonOptions options, String[] commandLine, Path directory) {
        Report report = new Report(results, options);
        report.conditions(commandLine, directory);
        report.medians();
        report.latencies();
        report.everyRound();
        return report.text.toString();
    }

    private void conditions(String[] commandLine, Path directory) {
        text.append("# Cambium and its peers\n\n");
        item("date", LocalDate.now().toString());
        item("machine", Machine.describe(directory));
        item("command", "`benchmarks/run " + String.join(" ", commandLine) + "`");
        item(
                "entries",
                "keys of " + KeyForm.LENGTH + " bytes (decimal, zero-padded), values of " + options.valueLength()
                        + " bytes that halve under LZ4; no key is written twice; random order is a permutation by seed "
                        + options.seed());
        item(
                "each run",
                "a fresh JVM with one engine on its class path (`"
                        + String.join(
                                " ",
                                options.jvmFlags(
                                        options.plan(results.workloads().get(0))))
                        + "`); the same workload once, with a million entries at most, as a warm-up in the same JVM on another directory, then measured;"
                        + " making keys and values is inside the measured time; after each fill 1000 entries are read"
                        + " back and compared");
        item(
                "rounds",
                options.rounds() + ", engines taking turns; the tables show medians; engine / engine is how many times"
                        + " faster the first one is; differences under 20 % mean nothing");
        if (results.workloads().stream().anyMatch(Workload::isRead)) {
            item("reads", "after the fill every engine idles for five seconds; the memory holds all the data");
        }
        if (results.workloads().contains(Workload.REPLAY)) {
            item(
                    "replay",
                    "one put a call, nothing forced; the process halts without a close; the time is that of the open"
                            + " call alone, in a new JVM without a warm-up, native libraries loaded before;"
                            + " RocksDB's write buffers are larger here, so nothing is flushed and all is replayed");
        }
        for (Contender engine : results.engines()) {
            results.workloads().stream()
                    .map(workload -> results.median(workload, engine))
                    .filter(measurement -> measurement != null)
                    .map(Measurement::engine)
                    .distinct()
                    .forEach(described -> text.append("- ").append(described).append('\n'));
        }
        if (results.failures() > 0) {
            item("**failed**", results.failures() + " runs");
        }
        text.append('\n');
    }

    private void item(String name, String value) {
        text.append("- ").append(name).append(": ").append(value).append('\n');
    }

    private void medians() {
        text.append("## Medians\n\n");
        List<Contender> peers = peers();
        List<String> head = new ArrayList<>(List.of("workload", "entries", "unit"));
        results.engines().forEach(engine -> head.add(engine.title()));
        peers.forEach(peer -> head.add("Cambium / " + peer.title()));
        head.add("what");
        row(head);
        row(head.stream()
                .map(column -> column.equals("workload") || column.equals("what") ? "---" : "---:")
                .toList());
        for (Workload workload : results.workloads()) {
            List<String> row = new ArrayList<>();
            row.add(workload.lowerName());
            row.add(String.format(Locale.ROOT, "%,d", options.plan(workload).entries()));
            row.add(workload.unit());
            for (Contender engine : results.engines()) {
                row.add(figure(workload, results.median(workload, engine)));
            }
            for (Contender peer : peers) {
                double ratio = results.ratio(workload, Contender.CAMBIUM, peer);
                row.add(Double.isNaN(ratio) ? "–" : String.format(Locale.ROOT, "%.2f", ratio));
            }
            row.add(workload.summary());
            row(row);
        }
        text.append('\n');
    }

    private List<Contender> peers() {
        return results.engines().contains(Contender.CAMBIUM)
                ? results.engines().stream()
                        .filter(engine -> engine != Contender.CAMBIUM)
                        .toList()
                : List.of();
    }

    private static String figure(Workload workload, Measurement measurement) {
        return measurement == null
                ? "failed"
                : workload.isCost()
                        ? String.format(Locale.ROOT, "%,.1f", measurement.millions())
                        : String.format(Locale.ROOT, "%,.0f", measurement.perSecond());
    }

    private void latencies() {
        List<Workload> timed =
                results.workloads().stream().filter(Workload::hasLatencies).toList();
        if (timed.isEmpty()) {
            return;
        }
        text.append(
                "## Latency of a put, µs\n\nOf each figure the median over the rounds. Beside it, how much too late a thread woke meanwhile"
                        + " that did nothing but sleep a millisecond at a time: what the machine and the JVM do to anybody.\n\n");
        row(List.of(
                "workload", "engine", "p50", "p99", "p99.9", "max", "idle p50", "idle p99", "idle p99.9", "idle max"));
        row(List.of("---", "---", "---:", "---:", "---:", "---:", "---:", "---:", "---:", "---:"));
        for (Workload workload : timed) {
            for (Contender engine : results.engines()) {
                if (!results.rounds(workload, engine).isEmpty()) {
                    row(List.of(
                            workload.lowerName(),
                            engine.title(),
                            micros(workload, engine, Measurement::latencies, Latencies::median),
                            micros(workload, engine, Measurement::latencies, Latencies::p99),
                            micros(workload, engine, Measurement::latencies, Latencies::p999),
                            micros(workload, engine, Measurement::latencies, Latencies::max),
                            micros(workload, engine, Measurement::stalls, Latencies::median),
                            micros(workload, engine, Measurement::stalls, Latencies::p99),
                            micros(workload, engine, Measurement::stalls, Latencies::p999),
                            micros(workload, engine, Measurement::stalls, Latencies::max)));
                }
            }
        }
        text.append('\n');
    }

    private String micros(
            Workload workload, Contender engine, Function<Measurement, Latencies> of, ToLongFunction<Latencies> which) {
        long[] sorted = results.rounds(workload, engine).stream()
                .map(of)
                .mapToLong(which)
                .sorted()
                .toArray();
        return String.format(Locale.ROOT, "%,.1f", sorted[sorted.length / 2] / 1e3);
    }

    private void everyRound() {
        text.append("## Every round\n\n");
        row(List.of("workload", "engine", "unit", "rounds"));
        row(List.of("---", "---", "---", "---"));
        for (Workload workload : results.workloads()) {
            for (Contender engine : results.engines()) {
                row(List.of(
                        workload.lowerName(),
                        engine.title(),
                        workload.unit(),
                        results.rounds(workload, engine).stream()
                                .map(measurement -> figure(workload, measurement))
                                .collect(Collectors.joining(" · "))));
            }
        }
    }

    private void row(List<String> cells) {
        text.append("| ").append(String.join(" | ", cells)).append(" |\n");
    }
}
