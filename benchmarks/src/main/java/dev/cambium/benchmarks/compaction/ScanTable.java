package dev.cambium.benchmarks.compaction;

import static dev.cambium.benchmarks.compaction.MarkdownTable.NONE;
import static dev.cambium.benchmarks.compaction.MarkdownTable.figure;
import static dev.cambium.benchmarks.compaction.MarkdownTable.number;

import java.io.IOException;
import java.util.Locale;

/** How fast scans are after merges, and after a compaction, in Markdown. */
final class ScanTable {
    private static final double GOAL = 0.7;
    private static final int ROUNDS = 2;

    private ScanTable() {}

    static String run(TrialRunner runner) throws IOException {
        long memtableBytes = runner.isQuick() ? 256 << 10 : 4 << 20;
        int memtables = runner.isQuick() ? 12 : 100;
        int entries = Math.toIntExact(memtables * memtableBytes / PutStream.entryBytes(PutTrial.VALUE_BYTES));
        MarkdownTable table = new MarkdownTable(
                2,
                "overwrites",
                "engine",
                "after merges, entries/s",
                "again, entries/s",
                "compacted, entries/s",
                "ratios",
                "goal",
                "written / laid down",
                "files / data",
                "written after the first scans, MB",
                "written by compact, MB");
        for (ScanTrial.Overwrites overwrites : ScanTrial.Overwrites.values()) {
            for (Candidate candidate : runner.among(Candidate.USUAL)) {
                Figures figures = runner.run(
                        CompactionPart.SCAN,
                        candidate,
                        overwrites.title(),
                        ScanTrial.arguments(overwrites, entries, memtableBytes, ROUNDS));
                table.row(
                        overwrites.title(),
                        candidate.title(),
                        figure("%,.0f", figures, "merged"),
                        figure("%,.0f", figures, "again"),
                        figure("%,.0f", figures, "compacted"),
                        figures.isEmpty() ? "failed" : ratio(figures, "merged") + ", " + ratio(figures, "again"),
                        candidate == Candidate.CAMBIUM ? "≥ " + GOAL : NONE,
                        figure("%.2f", figures, "written"),
                        figure("%.2f", figures, "files"),
                        figure("%,.1f", figures, "by scans"),
                        figure("%,.1f", figures, "by compact"));
            }
        }
        return String.format(Locale.ROOT, """
                %,d entries of 116 bytes, put at random, with memtables of %,d KiB; as many puts again, %d times, then idle until nothing is \
                merged. A scan of all, key and value copied: median of five, after one that does not count. The same again once nothing is merged that the \
                engine merges for the sake of scans, and after its compaction; where that has written nothing, the store was as it makes it already.

                """, entries, memtableBytes >> 10, ROUNDS) + table;
    }

    private static String ratio(Figures figures, String scan) {
        return number("%.2f", figures.get(scan) / figures.get("compacted"));
    }
}
