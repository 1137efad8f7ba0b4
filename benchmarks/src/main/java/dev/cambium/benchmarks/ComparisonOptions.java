package dev.cambium.benchmarks;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/**
 * What a comparison is told: workloads, engines, rounds, sizes and places. Made from a command line by {@link #parse}.
 *
 * @param workloads in the order in which they run
 * @param entries that differ from {@link Workload#entries}
 * @param quick whether the small sizes apply
 * @param memoryBytes for all workloads, or 0 for {@link WorkloadPlan#memoryFor}
 * @param directory under which the data lie while they are needed
 * @param out file for the report, or null
 */
public record ComparisonOptions(
        List<Workload> workloads,
        List<Contender> engines,
        Map<Workload, Integer> entries,
        boolean quick,
        int rounds,
        int valueLength,
        long memoryBytes,
        long seed,
        Path directory,
        Path out) {

    /** Heap of every engine's process. */
    private static final String HEAP = "2g";

    /**
     * Reads a command line.
     *
     * @throws IllegalArgumentException with a text for the user
     */
    public static ComparisonOptions parse(String... arguments) {
        List<Workload> workloads = new ArrayList<>();
        List<Contender> engines = List.of(Contender.values());
        Map<Workload, Integer> entries = new EnumMap<>(Workload.class);
        boolean quick = false;
        int rounds = 0;
        int valueLength = 100;
        long memoryBytes = 0;
        long seed = 1;
        Path directory = Path.of(System.getProperty("cambium.benchmarks.directory", "target/bench"));
        Path out = null;
        int allEntries = 0;
        for (int i = 0; i < arguments.length; i++) {
            String argument = arguments[i];
            if (!argument.startsWith("--")) {
                workloads.addAll(workloadsNamed(argument));
                continue;
            }
            if (argument.equals("--quick")) {
                quick = true;
                continue;
            }
            if (i + 1 == arguments.length) {
                throw new IllegalArgumentException("what is " + argument + "? It takes a value; see --help");
            }
            String value = arguments[++i];
            switch (argument) {
                case "--rounds" -> rounds = positive(argument, value, 1);
                case "--engines" -> engines = enginesNamed(value);
                case "--entries" -> {
                    int equals = value.indexOf('=');
                    if (equals < 0) {
                        allEntries = positive(argument, value, 1);
                    } else {
                        int count = positive(argument, value.substring(equals + 1), 1);
                        workloadsNamed(value.substring(0, equals)).forEach(workload -> entries.put(workload, count));
                    }
                }
                case "--value" -> valueLength = positive(argument, value, 16);
                case "--memory" -> memoryBytes = (long) positive(argument, value, 16) << 20;
                case "--seed" -> seed = positive(argument, value, 0);
                case "--dir" -> directory = Path.of(value);
                case "--out" -> out = Path.of(value);
                default -> throw new IllegalArgumentException("there is no option " + argument + "; see --help");
            }
        }
        if (workloads.isEmpty()) {
            throw new IllegalArgumentException("no workload named; `benchmarks/run list` names them, `all` means all");
        }
        for (Workload workload : workloads) {
            if (allEntries > 0) {
                entries.putIfAbsent(workload, allEntries);
            }
        }
        return new ComparisonOptions(
                workloads.stream().distinct().toList(),
                engines,
                entries,
                quick,
                rounds > 0 ? rounds : quick ? 1 : 3,
                valueLength,
                memoryBytes,
                seed,
                directory,
                out);
    }

    private static List<Workload> workloadsNamed(String name) {
        if (name.equals("all")) {
            return List.of(Workload.values());
        }
        Workload workload = Workload.named(name);
        if (workload == null) {
            throw new IllegalArgumentException("there is no workload '" + name + "'; there are "
                    + String.join(
                            ", ",
                            Arrays.stream(Workload.values())
                                    .map(Workload::lowerName)
                                    .toList()));
        }
        return List.of(workload);
    }

    private static List<Contender> enginesNamed(String names) {
        List<Contender> engines = new ArrayList<>();
        for (String name : names.split(",")) {
            Contender engine = Contender.named(name);
            if (engine == null) {
                throw new IllegalArgumentException("there is no engine '" + name + "'; there are "
                        + String.join(
                                ", ",
                                Arrays.stream(Contender.values())
                                        .map(Contender::lowerName)
                                        .toList()));
            }
            engines.add(engine);
        }
        return engines;
    }

    private static int positive(String option, String value, int least) {
        try {
            int number = Integer.parseInt(value);
            if (number >= least) {
                return number;
            }
        } catch (NumberFormatException e) {
            // told below
        }
        throw new IllegalArgumentException(option + " is " + value + ", must be a number of " + least + " or more");
    }

    /** A workload with the figures that apply to it. */
    public WorkloadPlan plan(Workload workload) {
        int count = entries.getOrDefault(workload, workload.entries(quick));
        long memory = memoryBytes > 0 ? memoryBytes : WorkloadPlan.memoryFor(count, valueLength);
        return new WorkloadPlan(workload, count, valueLength, memory, seed);
    }

    /**
     * Flags of every engine's process: one heap for all, touched before anything is timed, so that nobody pays for fresh memory; and room
     * outside of it for the memory budget.
     */
    List<String> jvmFlags(WorkloadPlan plan) {
        return List.of(
                "-Xms" + HEAP,
                "-Xmx" + HEAP,
                "-XX:+AlwaysPreTouch",
                "-XX:MaxDirectMemorySize=" + ((plan.memoryBytes() >> 20) + 1024) + "m");
    }
}
