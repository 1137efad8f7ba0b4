package dev.cambium.benchmarks.memory;

import dev.cambium.benchmarks.Contender;
import dev.cambium.benchmarks.Distribution;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.ToDoubleFunction;

/** Gets by the size of the pool, in Markdown. */
final class PoolTable {
    private final long dataBytes;
    private final int gets;
    private final int rounds;
    private final Map<Row, Map<Contender, List<PoolTrial>>> rows = new TreeMap<>(Row.ORDER);
    private final StringBuilder text = new StringBuilder();

    private record Row(long poolBytes, Distribution distribution) {
        static final Comparator<Row> ORDER =
                Comparator.comparingLong(Row::poolBytes).thenComparing(Row::distribution);
    }

    PoolTable(long dataBytes, int gets, int rounds) {
        this.dataBytes = dataBytes;
        this.gets = gets;
        this.rounds = rounds;
    }

    void add(long poolBytes, Contender engine, PoolTrial trial) {
        rows.computeIfAbsent(new Row(poolBytes, trial.distribution()), any -> new EnumMap<>(Contender.class))
                .computeIfAbsent(engine, any -> new ArrayList<>())
                .add(trial);
    }

    /** All rows, below what was done. */
    String markdown() {
        int entries = Entries.count(dataBytes);
        add("""

                Rate against pool size: gets of %,d entries, %d MiB of keys and values, %d-byte values under random keys, by one \
                thread, median of rounds: %d. The pool is Cambium's memory budget, which holds everything, and RocksDB's block \
                cache, beside which RocksDB has its indexes, filters and write buffers. Each engine's data were written once \
                and compacted; each pool is a JVM of its own with %,d gets to fill the pool, then as many against the clock, first uniformly, then Zipf-distributed (theta 0.99). All files stay in the system's page cache: a \
                miss costs a system call, a checksum and LZ4, not a device. Reads and bytes: read calls of the whole process for \
                each get, and what they brought.

                """, entries, dataBytes >> 20, Entries.VALUE_BYTES, rounds, gets);
        add("| pool, MiB | data / pool | gets | Cambium, gets/s | RocksDB, gets/s | Cambium / RocksDB "
                + "| Cambium, reads a get | RocksDB, reads a get | Cambium, bytes a get | RocksDB, bytes a get |%n");
        add("| ---: | ---: | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |%n");
        rows.forEach((row, trials) -> {
            double own = median(trials, Contender.CAMBIUM, PoolTrial::perSecond);
            double peer = median(trials, Contender.ROCKSDB, PoolTrial::perSecond);
            add(
                    "| %d | %s | %s | %s | %s | %s | %s | %s | %s | %s |%n",
                    row.poolBytes() >> 20,
                    share(row.poolBytes()),
                    row.distribution().lowerName(),
                    orNone(own, "%,.0f"),
                    orNone(peer, "%,.0f"),
                    orNone(own / peer, "%.2f"),
                    orNone(median(trials, Contender.CAMBIUM, PoolTrial::readCallsAGet), "%.3f"),
                    orNone(median(trials, Contender.ROCKSDB, PoolTrial::readCallsAGet), "%.3f"),
                    orNone(median(trials, Contender.CAMBIUM, PoolTrial::readBytesAGet), "%.0f"),
                    orNone(median(trials, Contender.ROCKSDB, PoolTrial::readBytesAGet), "%.0f"));
        });
        return text.toString();
    }

    private String share(long poolBytes) {
        return poolBytes <= dataBytes ? Long.toString(dataBytes / poolBytes) : "1/" + poolBytes / dataBytes;
    }

    /** NaN where the engine did not run. */
    private static double median(
            Map<Contender, List<PoolTrial>> trials, Contender engine, ToDoubleFunction<PoolTrial> figure) {
        double[] sorted = trials.getOrDefault(engine, List.of()).stream()
                .mapToDouble(figure)
                .toArray();
        Arrays.sort(sorted);
        return sorted.length == 0 ? Double.NaN : sorted[sorted.length / 2];
    }

    private void add(String format, Object... arguments) {
        text.append(String.format(Locale.ROOT, format, arguments));
    }

    private static String orNone(double figure, String format) {
        return Double.isNaN(figure) ? "–" : String.format(Locale.ROOT, format, figure);
    }
}
