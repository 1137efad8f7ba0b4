package dev.cambium.benchmarks.simulation;

import dev.cambium.benchmarks.Permutation;
import java.util.Arrays;

/**
 * A store for the model to write to: what its entries are like, and how large it is beside a memtable. Each run begins with an empty one.
 *
 * @param leafEntries entries of a leaf
 * @param valueSize of a value with a page of its own, in sizes of an entry of a leaf: 40 are 2 KiB beside 50 bytes; 0 where values are in leaves
 * @param entries of the data
 * @param memtables that the data are as large as
 */
public record Scenario(SimulationSettings settings, int leafEntries, int valueSize, int entries, int memtables) {
    /** Values in leaves, with the settings chosen for that. */
    public static Scenario inLeaves(int leafEntries, int entries, int memtables) {
        return new Scenario(SimulationSettings.IN_LEAVES, leafEntries, 0, entries, memtables);
    }

    /** Values in pages of their own, with the settings chosen for that. */
    public static Scenario apart(int leafEntries, int valueSize, int entries, int memtables) {
        return new Scenario(SimulationSettings.APART, leafEntries, valueSize, entries, memtables);
    }

    /**
     * Fills the store at random, then measures what writes to it cost.
     *
     * @param rounds of writes that are measured, each as many as there are entries
     * @param settling rounds before them
     */
    public SimulationResult overwrite(Traffic traffic, int settling, int rounds) {
        Simulation simulation = new Simulation(settings, leafEntries, valueSize, entries);
        add(simulation, puts(Permutation.random(entries, 7)));
        int[] writes = traffic.draw(entries, (rounds + settling) * entries, 3);
        add(simulation, Arrays.copyOf(writes, settling * entries)); // till it is steady
        simulation.beginToMeasure();
        add(simulation, Arrays.copyOfRange(writes, settling * entries, writes.length));
        return simulation.result();
    }

    /** Measures what it costs to put so many keys in that order, each once. There is no base at first, so what it says by data means nothing. */
    public SimulationResult insert(int[] keys) {
        Simulation simulation = new Simulation(settings, leafEntries, valueSize, entries);
        add(simulation, puts(keys));
        return simulation.result();
    }

    private static int[] puts(int[] keys) {
        return Arrays.stream(keys).map(Write::put).toArray();
    }

    private void add(Simulation simulation, int[] writes) {
        int memtable = entries / memtables;
        for (int at = 0; at < writes.length; at += memtable) {
            simulation.add(Arrays.copyOfRange(writes, at, Math.min(writes.length, at + memtable)));
        }
    }
}
