package dev.cambium.benchmarks.compaction;

import static dev.cambium.benchmarks.compaction.MarkdownTable.figure;
import static dev.cambium.benchmarks.compaction.MarkdownTable.number;

import java.io.IOException;
import java.util.List;
import java.util.Locale;

/** How much longer files become while a store is compacted, in Markdown. Cambium alone: the others make no promise about it. */
final class RoomTable {
    private static final double GOAL = 1.1;
    private static final int[] VALUE_LENGTHS = {PutTrial.VALUE_BYTES, 4096};

    private RoomTable() {}

    static String run(TrialRunner runner) throws IOException {
        long bytes = runner.isQuick() ? 16 << 20 : 400 << 20;
        long memtableBytes = runner.isQuick() ? 256 << 10 : 4 << 20;
        MarkdownTable table = new MarkdownTable(
                1,
                "values",
                "files before, MB",
                "at the peak, MB",
                "after, MB",
                "peak / before, goal ≤ " + GOAL,
                "written, MB",
                "seconds");
        for (Candidate candidate : runner.among(List.of(Candidate.CAMBIUM))) {
            for (int valueLength : VALUE_LENGTHS) {
                String values = String.format(Locale.ROOT, "%,d B", valueLength);
                Figures figures = runner.run(
                        CompactionPart.ROOM,
                        candidate,
                        "values of " + values,
                        RoomTrial.arguments(valueLength, bytes, memtableBytes));
                table.row(
                        values,
                        megabytes(figures, "before"),
                        megabytes(figures, "peak"),
                        megabytes(figures, "after"),
                        figure("%.3f", figures, "room"),
                        megabytes(figures, "written"),
                        figure("%.1f", figures, "seconds"));
            }
        }
        return String.format(Locale.ROOT, """
                Cambium alone. %d MiB of keys and values, put at random, with memtables of %,d KiB; half of the entries overwritten, at random, each \
                once; then idle until nothing is merged. `Store.compact` of everything; all zone files that the directory lists, looked at every \
                2 ms: before the call, the most meanwhile, when it returned. What is in memory only before the call, a memtable at most, is laid \
                down meanwhile and counts from then on.

                """, bytes >> 20, memtableBytes >> 10) + table;
    }

    private static String megabytes(Figures figures, String name) {
        return figures.isEmpty() ? "failed" : number("%,.1f", figures.get(name) / 1e6);
    }
}
