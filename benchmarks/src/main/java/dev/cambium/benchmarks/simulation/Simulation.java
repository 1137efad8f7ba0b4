package dev.cambium.benchmarks.simulation;

import dev.cambium.benchmarks.simulation.SimulatedZones.Stream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;

/**
 * A store of which only the order of keys is real: memtables become runs, runs of a tier become one of the next, and the ranges of the base that
 * have most to merge are merged with all young runs, once those are too large. The cleaner comes behind.
 */
final class Simulation {
    private static final int RANGE_PAGES = 64;
    private static final int ZONES_OF_DATA = 64;

    private final SimulationSettings settings;
    private final int pageEntries;
    private final int valueSize;
    private final SimulatedZones zones;
    private final List<SimulatedPage> values = new ArrayList<>(); // by place; null at 0, and where it is dead

    /** A young run. */
    private record Run(int tier, SimulatedTree tree) {}

    /** A part of the base, from a key on to the next range's. */
    private record Range(int low, SimulatedTree tree) {}

    private List<Run> young = new ArrayList<>(); // newest first
    private List<Range> base = new ArrayList<>();

    private long written; // by users
    private long appendedBefore;
    private long relocatedBefore;
    private long copiedBefore;
    private int steps;
    private double fileSum;
    private double fileMost;
    private double dataSum;
    private double dataMost;
    private double runSum;
    private double stepMost; // appended for one memtable, by what that had

    /**
     * @param pageEntries entries of a leaf
     * @param valueSize size of a value with a page of its own, in sizes of an entry of a leaf; 0 where values are in leaves
     * @param expected entries, which decide how large zones are
     */
    Simulation(SimulationSettings settings, int pageEntries, int valueSize, int expected) {
        this.settings = settings;
        this.pageEntries = pageEntries;
        this.valueSize = valueSize;
        this.zones =
                new SimulatedZones(settings, Math.max(4L * pageEntries, expected * (1L + valueSize) / ZONES_OF_DATA));
        values.add(null);
        base.add(new Range(Integer.MIN_VALUE >> 1, SimulatedTree.EMPTY));
    }

    /** Takes the {@linkplain Write writes} of a memtable, in order of arrival. */
    void add(int[] writes) {
        long before = zones.appended();
        written += writes.length;
        young.add(0, new Run(0, SimulatedTree.write(placed(newest(writes)), pageEntries, zones, Stream.FLUSHED)));
        mergeTiers();
        mergeIntoBase();
        zones.clean();
        measure((zones.appended() - before) / (writes.length * (1.0 + valueSize)));
    }

    /** The last write of each key, in order of keys. */
    private static int[] newest(int[] writes) {
        long[] ordered = new long[writes.length];
        for (int i = 0; i < writes.length; i++) {
            ordered[i] = (long) Write.key(writes[i]) << 32 | i;
        }
        Arrays.sort(ordered);
        int[] kept = new int[writes.length];
        int count = 0;
        for (int i = 0; i < ordered.length; i++) {
            if (i + 1 == ordered.length || ordered[i] >>> 32 != ordered[i + 1] >>> 32) {
                kept[count++] = writes[(int) ordered[i]];
            }
        }
        return Arrays.copyOf(kept, count);
    }

    private long[] placed(int[] writes) {
        return Arrays.stream(writes)
                .mapToLong(write -> SimulatedTree.entry(write, place(write)))
                .toArray();
    }

    private int place(int write) {
        if (valueSize == 0 || Write.isDelete(write)) {
            return 0;
        }
        values.add(zones.append(1, valueSize, Stream.VALUES));
        return values.size() - 1;
    }

    private void drop(int place) {
        if (place > 0) {
            zones.kill(values.set(place, null));
        }
    }

    private void mergeTiers() {
        for (int tier = 0; ; tier++) {
            int wanted = tier;
            List<Run> same = young.stream().filter(run -> run.tier == wanted).toList();
            if (same.isEmpty() && young.stream().noneMatch(run -> run.tier > wanted)) {
                return;
            }
            if (same.size() >= settings.tier()) {
                int at = young.indexOf(same.get(0));
                young.removeAll(same);
                SimulatedTree merged = SimulatedTree.merge(
                        same.stream().map(Run::tree).toList(), pageEntries, false, zones, Stream.YOUNG, this::drop);
                young.add(at, new Run(tier + 1, merged));
            }
        }
    }

    private long youngSize() {
        return young.stream().mapToLong(run -> run.tree.size()).sum();
    }

    private long baseSize() {
        return base.stream().mapToLong(range -> range.tree.size()).sum();
    }

    private void mergeIntoBase() {
        if (youngSize() <= settings.trigger() * baseSize()) {
            return;
        }
        int[] incoming = incoming();
        Integer[] order = new Integer[incoming.length];
        Arrays.setAll(order, i -> i);
        Arrays.sort(
                order,
                Comparator.comparingDouble(
                        i -> -incoming[i] / (double) (base.get(i).tree.size() + pageEntries)));
        List<Range> ranges = new ArrayList<>(base);
        long baseSize = baseSize();
        long youngSize = youngSize();
        for (int next = 0; next < order.length && youngSize > settings.trigger() * baseSize; next++) {
            int index = order[next];
            Range range = base.get(index);
            int high = index + 1 < base.size() ? base.get(index + 1).low : Integer.MAX_VALUE >> 1;
            SimulatedTree merged = mergeRange(range, high);
            baseSize += merged.size() - range.tree.size();
            youngSize -= incoming[index];
            ranges.set(index, new Range(range.low, merged));
        }
        base = split(ranges);
        young.removeIf(run -> run.tree.size() == 0);
    }

    /** Entries of young runs by range of the base. */
    private int[] incoming() {
        int[] counts = new int[base.size()];
        for (Run run : young) {
            int from = 0;
            for (int i = 0; i < counts.length; i++) {
                int to = i + 1 < counts.length ? run.tree.indexOf(base.get(i + 1).low) : run.tree.size();
                counts[i] += to - from;
                from = to;
            }
        }
        return counts;
    }

    private SimulatedTree mergeRange(Range range, int high) {
        List<SimulatedTree> inputs = new ArrayList<>();
        List<Run> left = new ArrayList<>();
        for (Run run : young) {
            SimulatedTree part = run.tree.part(range.low, high);
            if (part.size() > 0) {
                inputs.add(part);
                left.add(new Run(run.tier, run.tree.without(range.low, high)));
            } else {
                left.add(run);
            }
        }
        young = left;
        inputs.add(range.tree);
        return SimulatedTree.merge(inputs, pageEntries, true, zones, Stream.BASE, this::drop);
    }

    /** Splits ranges that have become too large, and forgets those that have become empty. */
    private static List<Range> split(List<Range> ranges) {
        List<Range> found = new ArrayList<>();
        for (Range range : ranges) {
            int low = range.low;
            SimulatedTree rest = range.tree;
            while (rest.pageCount() >= 2 * RANGE_PAGES) {
                int middle = rest.keyAt(rest.firstOf(RANGE_PAGES));
                found.add(new Range(low, rest.part(low, middle)));
                rest = rest.part(middle, Integer.MAX_VALUE >> 1);
                low = middle;
            }
            if (rest.size() > 0 || found.isEmpty()) {
                found.add(new Range(low, rest));
            }
        }
        return found;
    }

    private void measure(double step) {
        steps++;
        stepMost = Math.max(stepMost, step);
        double file = zones.fileSize() / (double) Math.max(1, zones.liveSize());
        double data = zones.fileSize() / (double) Math.max(1, baseSize() * (1 + valueSize));
        fileSum += file;
        fileMost = Math.max(fileMost, file);
        dataSum += data;
        dataMost = Math.max(dataMost, data);
        runSum += young.size();
    }

    /** Forgets what was measured so far. */
    void beginToMeasure() {
        written = 0;
        appendedBefore = zones.appended();
        relocatedBefore = zones.relocated();
        copiedBefore = zones.copied();
        steps = 0;
        fileSum = 0;
        fileMost = 0;
        dataSum = 0;
        dataMost = 0;
        runSum = 0;
        stepMost = 0;
    }

    SimulationResult result() {
        double size = written * (1.0 + valueSize);
        return new SimulationResult(
                (zones.appended() - appendedBefore) / size,
                (zones.relocated() - relocatedBefore) / size,
                (zones.copied() - copiedBefore) / size,
                fileSum / steps,
                fileMost,
                dataSum / steps,
                dataMost,
                runSum / steps,
                stepMost);
    }

    /** All keys that there are, in order. */
    int[] keys() {
        List<SimulatedTree> all = new ArrayList<>();
        young.forEach(run -> all.add(run.tree));
        all.add(SimulatedTree.concat(base.stream().map(Range::tree).toList()));
        return SimulatedTree.newest(all).mapToInt(SimulatedTree::key).toArray();
    }

    /** Size of all pages and values that are referred to, each once. */
    long referredSize() {
        List<SimulatedTree> all = new ArrayList<>();
        young.forEach(run -> all.add(run.tree));
        base.forEach(range -> all.add(range.tree));
        return SimulatedTree.pageSize(all)
                + values.stream()
                        .filter(Objects::nonNull)
                        .mapToLong(SimulatedPage::size)
                        .sum();
    }

    SimulatedZones zones() {
        return zones;
    }
}
