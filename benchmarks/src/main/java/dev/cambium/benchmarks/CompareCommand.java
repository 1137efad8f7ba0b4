package dev.cambium.benchmarks;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * What {@code benchmarks/run} starts for everything but JMH. Exit code 0, 1 where a run failed, 2 for a wrong command
 * line.
 */
public final class CompareCommand {
    private CompareCommand() {}

    public static void main(String[] arguments) throws IOException {
        System.exit(run(arguments));
    }

    static int run(String... arguments) throws IOException {
        if (arguments.length == 1 && arguments[0].equals("list")) {
            list();
            return 0;
        }
        ComparisonOptions options;
        try {
            options = ComparisonOptions.parse(arguments);
        } catch (IllegalArgumentException e) {
            System.err.println("benchmarks/run: " + e.getMessage());
            return 2;
        }
        Results results = new Comparison(options, System.out).run();
        String report = Report.markdown(results, options, arguments, options.directory());
        if (options.out() == null) {
            System.out.println();
            System.out.print(report);
        } else {
            Path parent = options.out().toAbsolutePath().getParent();
            Files.createDirectories(parent);
            Files.writeString(options.out(), report, StandardCharsets.UTF_8);
            System.out.println("report: " + options.out());
        }
        return results.failures() == 0 ? 0 : 1;
    }

    private static void list() {
        System.out.printf("%-12s %10s %8s  %s%n", "workload", "entries", "--quick", "what is timed");
        for (Workload workload : Workload.values()) {
            System.out.printf(
                    "%-12s %,10d %,8d  %s%n",
                    workload.lowerName(), workload.entries(false), workload.entries(true), workload.summary());
        }
    }
}
