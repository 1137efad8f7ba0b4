package dev.cambium.benchmarks.compaction;

import java.io.IOException;
import java.util.Locale;

/** How long seeks over deleted keys take, in Markdown. */
final class TombstoneTable {
    private TombstoneTable() {}

    static String run(TrialRunner runner) throws IOException {
        int entries = runner.isQuick() ? 100_000 : 1_000_000;
        int deletes = entries / 10;
        int idleMillis = runner.isQuick() ? 1_000 : 5_000;
        MarkdownTable table = new MarkdownTable(
                2,
                "engine",
                "round",
                "before, median",
                "at once, first, goal ≤ 1,000",
                "median",
                "max",
                "later, first, goal ≤ 50",
                "median",
                "max");
        for (Candidate candidate : runner.among(Candidate.USUAL)) {
            Figures figures = runner.run(
                    CompactionPart.TOMBSTONES,
                    candidate,
                    deletes + " deletes",
                    TombstoneTrial.arguments(entries, deletes, idleMillis));
            for (int round = 0; round < TombstoneTrial.ROUNDS; round++) {
                table.row(
                        candidate.title(),
                        Integer.toString(round + 1),
                        micros(figures, "before median"),
                        micros(figures, round + " at once first"),
                        micros(figures, round + " at once median"),
                        micros(figures, round + " at once max"),
                        micros(figures, round + " later first"),
                        micros(figures, round + " later median"),
                        micros(figures, round + " later max"));
            }
        }
        return String.format(Locale.ROOT, """
                %,d entries of 116 bytes, put at random, settled; both engines as they are usually opened. A snapshot is taken and kept; %,d \
                neighbouring keys are deleted, one a call. Then seeks to the first of them, each by a new cursor over what is there now, which was \
                made off the clock; a hundred, the first of which counts for the goal: at once; and later, once what was in memory has been laid \
                down (on request), %.0f s have passed and nothing is merged any more. Then the same with other keys, in the same process: in the first round \
                code runs that has never run before. µs

                """, entries, deletes, idleMillis / 1e3) + table;
    }

    private static String micros(Figures figures, String name) {
        return figures.isEmpty() ? "failed" : MarkdownTable.number("%,.1f", figures.get(name) / 1e3);
    }
}
