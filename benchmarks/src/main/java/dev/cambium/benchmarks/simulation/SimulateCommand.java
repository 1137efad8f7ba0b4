package dev.cambium.benchmarks.simulation;

import dev.cambium.benchmarks.Permutation;
import dev.cambium.benchmarks.TableOptions;
import java.io.IOException;
import java.util.Arrays;
import java.util.LinkedHashMap;
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
    private static final int[] PAGE_ENTRIES = {4, 16, 64, 150};
    private static final int SEPARATED = 150; // entries of a leaf that refer to values
    private static final int VALUE_SIZE =
            40; // of a value with a page of its own: 2 KiB, where an entry with a reference takes 50 bytes

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
                "Simulated: data of %d memtables, overwritten %d times; %s%n%n",
                MEMTABLES, rounds(), SimulationSettings.DEFAULT);
        add("| writes | entries a leaf | written | of it relocated | copied | files / live pages | at most "
                + "| files / data | at most | runs |%n");
        add("| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |%n");
        for (Traffic traffic : Traffic.values()) {
            for (int i = 0; i <= PAGE_ENTRIES.length; i++) {
                boolean separated = i == PAGE_ENTRIES.length;
                SimulationResult result = separated
                        ? simulate(SimulationSettings.DEFAULT, traffic, SEPARATED, VALUE_SIZE)
                        : simulate(SimulationSettings.DEFAULT, traffic, PAGE_ENTRIES[i], 0);
                add(
                        "| %s | %s | %.2f | %.2f | %.2f | %.2f | %.2f | %.2f | %.2f | %.1f |%n",
                        traffic.title(),
                        separated ? "values apart" : Integer.toString(PAGE_ENTRIES[i]),
                        result.written(),
                        result.relocated(),
                        result.copied(),
                        result.files(),
                        result.mostFiles(),
                        result.data(),
                        result.mostData(),
                        result.runs());
            }
        }
        variants("150 entries a leaf", 150, 0);
        variants("16 entries a leaf", 16, 0);
        variants("values apart", SEPARATED, VALUE_SIZE);
        return report.toString();
    }

    /** Written, and files by data at most, with one setting changed. */
    private void variants(String what, int pageEntries, int valueSize) {
        add("%nOne setting changed, %s: written (files / data, at most)%n%n| setting |", what);
        Arrays.stream(Traffic.values()).forEach(traffic -> add(" %s |", traffic.title()));
        add(" runs, uniform |%n| --- |%s ---: |%n", " ---: |".repeat(Traffic.values().length));
        variants().forEach((name, settings) -> {
            add("| %s |", name);
            double runs = 0;
            for (Traffic traffic : Traffic.values()) {
                SimulationResult result = simulate(settings, traffic, pageEntries, valueSize);
                add(" %.2f (%.2f) |", result.written(), result.mostData());
                runs = traffic == Traffic.UNIFORM ? result.runs() : runs;
            }
            add(" %.1f |%n", runs);
        });
    }

    private static Map<String, SimulationSettings> variants() {
        SimulationSettings base = SimulationSettings.DEFAULT;
        Map<String, SimulationSettings> found = new LinkedHashMap<>();
        found.put("as chosen", base);
        for (int tier : new int[] {2, 3, 6, 8}) {
            found.put("T = " + tier, base.withTier(tier));
        }
        for (double trigger : new double[] {0.05, 0.1, 0.2, 0.25, 0.5}) {
            found.put("trigger " + trigger, base.withTrigger(trigger));
        }
        for (double threshold : new double[] {0, 0.4, 0.7}) {
            found.put("live threshold " + threshold, base.withLiveThreshold(threshold));
        }
        for (int streams : new int[] {1, 2, 4}) {
            found.put(streams + " streams", base.withStreams(streams));
        }
        for (double target : new double[] {1.05, 1.1, 1.2, 1.25, 1.5}) {
            found.put("target " + target, base.withTarget(target));
        }
        return found;
    }

    private int rounds() {
        return quick ? 1 : 5;
    }

    private SimulationResult simulate(SimulationSettings settings, Traffic traffic, int pageEntries, int valueSize) {
        int entries = quick ? 20_000 : 200_000;
        int memtable = entries / MEMTABLES;
        Simulation simulation = new Simulation(settings, pageEntries, valueSize, entries);
        int[] first = Permutation.random(entries, 7);
        Arrays.setAll(first, i -> Write.put(first[i]));
        add(simulation, first, memtable);
        int[] writes = traffic.draw(entries, (rounds() + 2) * entries, 3);
        add(simulation, Arrays.copyOf(writes, 2 * entries), memtable); // till it is steady
        simulation.beginToMeasure();
        add(simulation, Arrays.copyOfRange(writes, 2 * entries, writes.length), memtable);
        return simulation.result();
    }

    private static void add(Simulation simulation, int[] writes, int memtable) {
        for (int at = 0; at < writes.length; at += memtable) {
            simulation.add(Arrays.copyOfRange(writes, at, Math.min(writes.length, at + memtable)));
        }
    }

    private void add(String format, Object... arguments) {
        report.append(String.format(Locale.ROOT, format, arguments));
    }
}
