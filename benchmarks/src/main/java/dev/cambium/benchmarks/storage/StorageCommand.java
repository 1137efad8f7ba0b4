package dev.cambium.benchmarks.storage;

import dev.cambium.benchmarks.Directories;
import dev.cambium.benchmarks.TableOptions;
import dev.cambium.benchmarks.storage.ReadTrial.Way;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;

/**
 * What {@code benchmarks/run storage} starts: pages under several efforts of compression; stores with pages of several sizes, read from memory; where it is asked for, also read cold,
 * and cold reads of a file, positional beside mapped, and of a store. Exit code 0, 2 for a wrong command line or where cold reads cannot be had.
 */
public final class StorageCommand {
    private static final String COLD = "--cold";
    private static final String COLD_GETS = "--cold-gets";
    private static final String COMPRESSION = "--compression";
    private static final int[] PAGE_BYTES = {4 << 10, 8 << 10, 16 << 10, 32 << 10, 64 << 10};
    private static final int[] HIGH_LEVELS = {0, 3, 9, 12}; // 0 is the fast compressor
    private static final int[] THREADS = {1, 8, 32};
    private static final int READ_BYTES = 8 << 10; // about a page of 16 KiB, compressed
    private static final int WINDOW_BYTES = 256 << 10;

    private final boolean quick;
    private final Set<String> switches;
    private final boolean cold;
    private final Path directory;
    private final StringBuilder report = new StringBuilder();

    private StorageCommand(boolean quick, Set<String> switches, Path directory) {
        this.quick = quick;
        this.switches = switches;
        this.cold = switches.contains(COLD);
        this.directory = directory;
    }

    public static void main(String[] arguments) throws IOException {
        System.exit(run(arguments));
    }

    static int run(String... arguments) throws IOException {
        Optional<TableOptions> options = TableOptions.parse("storage", Set.of(COLD, COLD_GETS, COMPRESSION), arguments);
        if (options.isEmpty()) {
            return 2;
        }
        Set<String> switches = options.get().switches();
        if ((switches.contains(COLD) || switches.contains(COLD_GETS)) && !PageCache.canBeDropped()) {
            System.err.println(
                    "benchmarks/run: cold reads drop the system's page cache, which only root on Linux can do");
            return 2;
        }
        options.get()
                .publish(new StorageCommand(
                                options.get().quick(), switches, options.get().directory())
                        .run());
        return 0;
    }

    private String run() throws IOException {
        Directories.delete(directory);
        try {
            if (switches.contains(COMPRESSION) || switches.isEmpty()) {
                compression();
            }
            if (cold || switches.isEmpty()) {
                pages();
            }
            if (cold) {
                reads();
            }
            if (cold || switches.contains(COLD_GETS)) {
                coldGets();
            }
        } finally {
            Directories.delete(directory);
        }
        return report.toString();
    }

    private void compression() {
        int rounds = quick ? 1 : 20;
        add("Compression: pages of %d KiB%n%n", CompressionTrial.PAGE_BYTES >> 10);
        add(
                "| content | LZ4 | what is left | compressed, MB/s | restored, MB/s |%n| --- | --- | ---: | ---: | ---: |%n");
        for (CompressionTrial.Content content : CompressionTrial.Content.values()) {
            for (int level : HIGH_LEVELS) {
                CompressionTrial.run(content, level, rounds); // a first time, which is not counted
                CompressionTrial trial = CompressionTrial.run(content, level, rounds);
                add(
                        "| %s | %s | %.3f | %.0f | %.0f |%n",
                        content.title(),
                        level == 0 ? "fast" : "high, " + level,
                        trial.share(),
                        trial.compressed(),
                        trial.restored());
            }
        }
        add("%n");
    }

    private void pages() throws IOException {
        int rounds = quick ? 1 : 3;
        int entries = quick ? 20_000 : 1_000_000;
        int coldGets = quick ? 100 : 3000;
        Map<Integer, List<PageTrial>> trials = new TreeMap<>();
        for (int round = 0; round < rounds; round++) {
            for (int pageBytes : PAGE_BYTES) {
                trials.computeIfAbsent(pageBytes, any -> new ArrayList<>())
                        .add(PageTrial.run(directory, pageBytes, entries, cold ? coldGets : 0));
                Directories.delete(directory);
            }
        }
        add("Pages: %,d entries of 116 bytes, one run, medians of %d rounds%n%n", entries, rounds);
        add(
                "| page, KiB | MB | hot get, ns | hot scan, ns an entry | cold get, µs | bytes a cold get | cold scan, ns an entry |%n");
        add("| ---: | ---: | ---: | ---: | ---: | ---: | ---: |%n");
        trials.forEach((pageBytes, all) -> add(
                "| %d | %.1f | %.0f | %.0f | %s | %s | %s |%n",
                pageBytes >> 10,
                median(all, PageTrial::megabytes),
                median(all, PageTrial::hotGet),
                median(all, PageTrial::hotScan),
                orNone(median(all, PageTrial::coldGet) / 1000, "%.1f"),
                orNone(median(all, PageTrial::coldGetBytes), "%.0f"),
                orNone(median(all, PageTrial::coldScan), "%.0f")));
    }

    private void reads() throws IOException {
        int rounds = quick ? 1 : 3;
        int reads = quick ? 200 : 10_000;
        int length = quick ? 16 << 20 : 1 << 30;
        add("%nCold reads of a file of %d MiB, medians of %d rounds%n%n", length >> 20, rounds);
        add("| read | threads | positional | mapped | positional / mapped |%n| --- | ---: | ---: | ---: | ---: |%n");
        try (ReadTrial trial = new ReadTrial(directory, length)) {
            for (int threads : THREADS) {
                double[][] found = new double[2][rounds];
                for (int round = 0; round < rounds; round++) {
                    for (Way way : Way.values()) {
                        found[way.ordinal()][round] = 1e9 / trial.random(way, READ_BYTES, threads, reads);
                    }
                }
                addRow("random, " + (READ_BYTES >> 10) + " KiB, reads/s", threads, found);
            }
            double[][] found = new double[2][rounds];
            for (int round = 0; round < rounds; round++) {
                for (Way way : Way.values()) {
                    found[way.ordinal()][round] = 1e3 * trial.sequential(way, WINDOW_BYTES);
                }
            }
            addRow("in order, " + (WINDOW_BYTES >> 10) + " KiB at a time, MB/s", 1, found);
        }
    }

    /** Gets whose leaf is in no memory, beside plain reads of as many bytes; and how long the JVM waits for threads that read. */
    private void coldGets() throws IOException {
        int rounds = quick ? 1 : 3;
        int entries = quick ? 40_000 : 4_000_000;
        int gets = quick ? 200 : 60_000;
        Path data = directory.resolve("store");
        ColdGetTrial.fill(data, entries);
        Map<Integer, List<ColdGetTrial>> trials = new TreeMap<>();
        try (ReadTrial file = new ReadTrial(directory.resolve("file"), quick ? 16 << 20 : 1 << 30)) {
            for (int round = 0; round < rounds; round++) {
                for (int threads : THREADS) {
                    trials.computeIfAbsent(threads, any -> new ArrayList<>())
                            .add(ColdGetTrial.run(data, file, entries, threads, gets));
                }
            }
        }
        add("%nCold gets: %,d entries of %d bytes, medians of %d rounds; ", entries, ColdGetTrial.ENTRY_BYTES, rounds);
        add("reads of a plain file are of as many bytes as a get's page is long on disk%n%n");
        add(
                "| threads | gets/s | pages a get | device bytes a get | plain reads/s | pages / plain reads | mapped reads/s |%n");
        add("| ---: | ---: | ---: | ---: | ---: | ---: | ---: |%n");
        trials.forEach((threads, all) -> add(
                "| %d | %,.0f | %.2f | %,.0f | %,.0f | %.2f | %,.0f |%n",
                threads,
                median(all, trial -> trial.gets().rate()),
                median(all, ColdGetTrial::pages),
                median(all, ColdGetTrial::deviceBytes),
                median(all, trial -> trial.plain().rate()),
                median(
                        all,
                        trial -> trial.gets().rate()
                                * trial.pages()
                                / trial.plain().rate()),
                median(all, trial -> trial.mapped().rate())));
        add("%nTime to safepoint, µs: median, 99th percentile, most%n%n");
        add("| threads | gets | plain reads | mapped reads |%n| ---: | ---: | ---: | ---: |%n");
        trials.forEach((threads, all) -> add(
                "| %d | %s | %s | %s |%n",
                threads,
                delays(all, ColdGetTrial::gets),
                delays(all, ColdGetTrial::plain),
                delays(all, ColdGetTrial::mapped)));
    }

    private static String delays(List<ColdGetTrial> trials, Function<ColdGetTrial, SafepointDelays> of) {
        return String.format(
                Locale.ROOT,
                "%.0f, %,.0f, %,.0f",
                median(trials, trial -> of.apply(trial).median()),
                median(trials, trial -> of.apply(trial).percentile99()),
                median(trials, trial -> of.apply(trial).most()));
    }

    private void addRow(String what, int threads, double[][] found) {
        double positional = median(found[Way.POSITIONAL.ordinal()]);
        double mapped = median(found[Way.MAPPED.ordinal()]);
        add("| %s | %d | %,.0f | %,.0f | %.2f |%n", what, threads, positional, mapped, positional / mapped);
    }

    private void add(String format, Object... arguments) {
        report.append(String.format(Locale.ROOT, format, arguments));
    }

    private static String orNone(double figure, String format) {
        return figure == 0 ? "–" : String.format(Locale.ROOT, format, figure);
    }

    private static <T> double median(List<T> trials, ToDoubleFunction<T> figure) {
        return median(trials.stream().mapToDouble(figure).toArray());
    }

    private static double median(double[] figures) {
        double[] sorted = figures.clone();
        Arrays.sort(sorted);
        return sorted[sorted.length / 2];
    }
}
