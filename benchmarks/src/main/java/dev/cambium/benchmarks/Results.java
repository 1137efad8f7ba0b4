package dev.cambium.benchmarks;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The measurements of a comparison, by workload and engine, in the order of their rounds. */
public final class Results {
    private final List<Contender> engines;
    private final Map<Workload, Map<Contender, List<Measurement>>> measurements = new LinkedHashMap<>();
    private int failures;

    Results(List<Contender> engines) {
        this.engines = List.copyOf(engines);
    }

    void add(Workload workload, Contender contender, Measurement measurement) {
        of(workload).computeIfAbsent(contender, key -> new ArrayList<>()).add(measurement);
    }

    void addFailure(Workload workload, Contender contender) {
        of(workload).computeIfAbsent(contender, key -> new ArrayList<>());
        failures++;
    }

    private Map<Contender, List<Measurement>> of(Workload workload) {
        return measurements.computeIfAbsent(workload, key -> new EnumMap<>(Contender.class));
    }

    /** Engines that were asked for. */
    public List<Contender> engines() {
        return engines;
    }

    /** Workloads that were run, in that order. */
    public List<Workload> workloads() {
        return List.copyOf(measurements.keySet());
    }

    /** What the rounds gave; empty where all failed. */
    public List<Measurement> rounds(Workload workload, Contender contender) {
        return measurements.getOrDefault(workload, Map.of()).getOrDefault(contender, List.of());
    }

    /** The round in the middle by speed, the slower one of two, or null. */
    public Measurement median(Workload workload, Contender contender) {
        List<Measurement> sorted = rounds(workload, contender).stream()
                .sorted(Comparator.comparingDouble(Measurement::perSecond))
                .toList();
        return sorted.isEmpty() ? null : sorted.get((sorted.size() - 1) / 2);
    }

    /** How many times faster the first engine is than the second by their medians; NaN where one has none. */
    public double ratio(Workload workload, Contender first, Contender second) {
        Measurement a = median(workload, first);
        Measurement b = median(workload, second);
        return a == null || b == null ? Double.NaN : a.perSecond() / b.perSecond();
    }

    /** Runs that gave no measurement. */
    public int failures() {
        return failures;
    }
}
