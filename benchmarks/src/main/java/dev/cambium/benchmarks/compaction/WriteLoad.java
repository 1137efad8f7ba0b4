package dev.cambium.benchmarks.compaction;

import dev.cambium.benchmarks.Permutation;
import dev.cambium.benchmarks.simulation.Scenario;
import dev.cambium.benchmarks.simulation.SimulationResult;
import dev.cambium.benchmarks.simulation.Traffic;
import java.util.Locale;

/** What is written while bytes are counted: an insert of all data, or overwrites of data that were loaded before. */
enum WriteLoad {
    TIME_ORDERED("inserts in order of time", 100, null, 1.15),
    INSERTS_APART("inserts at random, values apart", 4096, null, 1.2),
    ZIPFIAN_APART("overwrites zipfian, values apart", 4096, Traffic.ZIPFIAN, 2.7),
    UNIFORM_APART("overwrites uniform, values apart", 4096, Traffic.UNIFORM, 3.2),
    HOT_RANGE("overwrites of a hot tenth", 100, Traffic.HOT_RANGE, 8),
    UNIFORM("overwrites uniform", 100, Traffic.UNIFORM, 10);

    private static final int LOAD_SEED = 7;
    private static final int SEED = 100;

    // The model's view: leaves of 16 KiB; 2 KiB of compressed value beside 50 bytes of key and pointer.
    private static final int MODEL_LEAF = 150;
    private static final int MODEL_VALUE = 40;

    private final String title;
    private final int valueLength;
    private final Traffic traffic;
    private final double goal;

    WriteLoad(String title, int valueLength, Traffic traffic, double goal) {
        this.title = title;
        this.valueLength = valueLength;
        this.traffic = traffic;
        this.goal = goal;
    }

    /** The name in tables. */
    String title() {
        return String.format(Locale.ROOT, "%s, %,d B", title, valueLength);
    }

    int valueLength() {
        return valueLength;
    }

    /** Write amplification that Cambium is to stay below. */
    double goal() {
        return goal;
    }

    /** Whether data are there before what is measured. */
    boolean isOverwrite() {
        return traffic != null;
    }

    /** How many entries are so many bytes of keys and values. */
    int entries(long bytes) {
        return Math.toIntExact(bytes / PutStream.entryBytes(valueLength));
    }

    /** All entries, in the order in which they are put first. */
    int[] load(int entries) {
        return this == TIME_ORDERED ? Permutation.ascending(entries) : Permutation.random(entries, LOAD_SEED);
    }

    /** Entries that a round of overwrites puts: as many as there are. */
    int[] round(int entries, int round) {
        return traffic.keys(entries, entries, SEED + round);
    }

    /** What the model says of the same writes to a smaller store, with as many memtables. */
    SimulationResult predict(int entries, int memtables, int rounds) {
        boolean isApart = valueLength >= 1024;
        Scenario scenario = isApart
                ? Scenario.apart(MODEL_LEAF, MODEL_VALUE, entries, memtables)
                : Scenario.inLeaves(MODEL_LEAF, entries, memtables);
        return isOverwrite() ? scenario.overwrite(traffic, 0, rounds) : scenario.insert(load(entries));
    }
}
