package dev.cambium.benchmarks.compaction;

import static dev.cambium.benchmarks.compaction.MarkdownTable.NONE;
import static dev.cambium.benchmarks.compaction.MarkdownTable.number;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** How fast puts are while runs are merged, in Markdown. */
final class PutTable {
    private static final double GOAL = 2.5;

    private PutTable() {}

    static String run(TrialRunner runner) throws IOException {
        int count = runner.isQuick() ? 700_000 : 10_000_000;
        int rounds = runner.isQuick() ? 1 : 3;
        Map<Candidate, List<Figures>> found = new EnumMap<>(Candidate.class);
        for (int round = 1; round <= rounds; round++) {
            for (Candidate candidate : runner.among(Candidate.USUAL)) {
                Figures figures =
                        runner.run(CompactionPart.PUTS, candidate, "round " + round, PutTrial.arguments(count));
                if (!figures.isEmpty()) {
                    found.computeIfAbsent(candidate, any -> new ArrayList<>()).add(figures);
                }
            }
        }
        double own = perSecond(found, Candidate.CAMBIUM);
        double peer = perSecond(found, Candidate.ROCKSDB_LEVELED);
        MarkdownTable table = new MarkdownTable(
                1, "engine", "puts/s", "Cambium / RocksDB", "goal", "merged meanwhile, MB", "files, MB", "settled, MB");
        found.forEach((candidate, figures) -> {
            Figures median = median(figures);
            boolean isOwn = candidate == Candidate.CAMBIUM;
            table.row(
                    candidate.title(),
                    number("%,.0f", median.get("puts/s")),
                    isOwn ? number("%.2f", own / peer) : NONE,
                    isOwn ? "≥ " + GOAL : NONE,
                    isOwn
                            ? number("%,.0f", median.get("merged") / 1e6)
                            : NONE, // RocksDB does not count it as usually opened
                    number("%,.0f", median.get("files") / 1e6),
                    number("%,.0f", median.get("settled") / 1e6));
        });
        return String.format(Locale.ROOT, """
                %,d puts of 116 bytes, one a call, keys drawn of as many, uniformly; both engines as they are usually opened. Median of \
                rounds, engines taking turns: %d. Each after puts to another store, a million at most, for the JIT's sake. Files: zones (sorted \
                tables) when the last put returned; settled: when nothing was merged any more.

                """, count, rounds) + table;
    }

    private static double perSecond(Map<Candidate, List<Figures>> found, Candidate candidate) {
        return found.containsKey(candidate) ? median(found.get(candidate)).get("puts/s") : Double.NaN;
    }

    private static Figures median(List<Figures> rounds) {
        return rounds.stream()
                .sorted(Comparator.comparingDouble(figures -> figures.get("puts/s")))
                .toList()
                .get((rounds.size() - 1) / 2);
    }
}
