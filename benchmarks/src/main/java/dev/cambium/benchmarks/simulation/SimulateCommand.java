package dev.cambium.benchmarks.simulation;

import dev.cambium.benchmarks.TableOptions;
import java.io.IOException;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * What {@code benchmarks/run simulate} starts: what several kinds of writes cost with the settings chosen, and with one of them changed at a
 * time. Nothing is written to a disk. Exit code 0, 2 for a wrong command line.
 */
public final class SimulateCommand {
    private static final int MEMTABLES = 100; // that the data are as large as
    private static final int SETTLING = 2; // rounds of writes before it is steady

    /**
     * What is stored.
     *
     * @param valueSize of a value with a page of its own, in sizes of an entry of a leaf: 40 are 2 KiB beside 50 bytes; 0 where values are in leaves
     */
    private record Shape(String title, int leafEntries, int valueSize) {
        private static final Shape APART = new Shape("values apart", 150, 40);
        private static final List<Shape> ALL = List.of(of(4), of(16), of(64), of(150), APART);
        private static final List<Shape> VARIED = List.of(of(150), of(16), APART);

        private static Shape of(int leafEntries) {
            return new Shape(Integer.toString(leafEntries), leafEntries, 0);
        }

        private SimulationSettings settings() {
            return valueSize > 0 ? SimulationSettings.APART : SimulationSettings.IN_LEAVES;
        }
    }

    private final boolean quick;
    private final StringBuilder report = new StringBuilder();

    private SimulateCommand(boolean quick) {
        this.quick = quick;
    }

    public static void main(String[] arguments) throws IOException {
        System.exit(run(arguments));
    }

    static int run(String... arguments) throws IOException {
        Optional<TableOptions> options = TableOptions.parse("simulate", Set.of(), arguments);
        if (options.isEmpty()) {
            return 2;
        }
        options.get().publish(new SimulateCommand(options.get().quick()).run());
        return 0;
    }

    private String run() {
        add(
                "Simulated: data of %d memtables, overwritten %d times. Values in leaves: %s; apart: %s%n%n",
                MEMTABLES, rounds(), SimulationSettings.IN_LEAVES, SimulationSettings.APART);
        add("| writes | entries a leaf | written | of it relocated | copied | files / live pages | at most "
                + "| files / data | at most | runs | written for one memtable, at most |%n");
        add("| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |%n");
        for (Traffic traffic : Traffic.values()) {
            for (Shape shape : Shape.ALL) {
                SimulationResult result = simulate(shape.settings(), traffic, shape);
                add(
                        "| %s | %s | %.2f | %.2f | %.2f | %.2f | %.2f | %.2f | %.2f | %.1f | %.0f |%n",
                        traffic.title(),
                        shape.title,
                        result.written(),
                        result.relocated(),
                        result.copied(),
                        result.files(),
                        result.mostFiles(),
                        result.data(),
                        result.mostData(),
                        result.runs(),
                        result.mostStep());
            }
        }
        Shape.VARIED.forEach(this::variants);
        return report.toString();
    }

    /** Written, and files by data at most, with one setting changed. */
    private void variants(Shape shape) {
        add("%nOne setting changed, entries a leaf: %s; written (files / data, at most)%n%n| setting |", shape.title);
        Arrays.stream(Traffic.values()).forEach(traffic -> add(" %s |", traffic.title()));
        add(" runs, uniform |%n| --- |%s ---: |%n", " ---: |".repeat(Traffic.values().length));
        variants(shape.settings()).forEach((name, settings) -> {
            add("| %s |", name);
            double runs = 0;
            for (Traffic traffic : Traffic.values()) {
                SimulationResult result = simulate(settings, traffic, shape);
                add(" %.2f (%.2f) |", result.written(), result.mostData());
                runs = traffic == Traffic.UNIFORM ? result.runs() : runs;
            }
            add(" %.1f |%n", runs);
        });
    }

    private static Map<String, SimulationSettings> variants(SimulationSettings chosen) {
        Map<String, SimulationSettings> found = new LinkedHashMap<>();
        found.put("as chosen", chosen);
        for (int tier : new int[] {2, 3, 6, 8}) {
            found.put("T = " + tier, chosen.withTier(tier));
        }
        // Pairs with about the same budget of space; 0.2 and 1.1 was what stores had at first where values are in
        // leaves.
        for (double[] pair : new double[][] {{0.05, 1.25}, {0.1, 1.2}, {0.15, 1.15}, {0.2, 1.1}, {0.25, 1.05}}) {
            found.put(
                    "trigger %s, target %s".formatted(pair[0], pair[1]),
                    chosen.withTrigger(pair[0]).withTarget(pair[1]));
        }
        for (double trigger : new double[] {0.1, 0.5}) {
            found.put("trigger " + trigger, chosen.withTrigger(trigger));
        }
        for (double target : new double[] {1.15, 1.5}) {
            found.put("target " + target, chosen.withTarget(target));
        }
        for (double threshold : new double[] {0, 0.4, 0.7}) {
            found.put("live threshold " + threshold, chosen.withLiveThreshold(threshold));
        }
        for (int streams : new int[] {1, 2, 4}) {
            found.put(streams + " streams", chosen.withStreams(streams));
        }
        return found;
    }

    private int rounds() {
        return quick ? 1 : 5;
    }

    private SimulationResult simulate(SimulationSettings settings, Traffic traffic, Shape shape) {
        int entries = quick ? 5_000 : 200_000;
        return new Scenario(settings, shape.leafEntries, shape.valueSize, entries, MEMTABLES)
                .overwrite(traffic, SETTLING, rounds());
    }

    private void add(String format, Object... arguments) {
        report.append(String.format(Locale.ROOT, format, arguments));
    }
}
