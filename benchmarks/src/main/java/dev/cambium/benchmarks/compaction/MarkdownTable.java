package dev.cambium.benchmarks.compaction;

import java.util.Arrays;
import java.util.Collections;
import java.util.Locale;

/** A table in Markdown, row by row. */
final class MarkdownTable {
    /** What stands where there is no figure. */
    static final String NONE = "–";

    private final StringBuilder text = new StringBuilder();

    /** @param names columns that hold words, not numbers */
    MarkdownTable(int names, String... columns) {
        row(columns);
        String[] rule = Collections.nCopies(columns.length, "---:").toArray(String[]::new);
        Arrays.fill(rule, 0, names, "---");
        row(rule);
    }

    /** Adds a row. */
    void row(String... cells) {
        text.append("| ").append(String.join(" | ", cells)).append(" |\n");
    }

    /** A number of a trial; {@link #NONE} where the trial failed or does not know it. */
    static String figure(String format, Figures figures, String name) {
        return figures.isEmpty() ? "failed" : number(format, figures.get(name));
    }

    /** A number, or {@link #NONE} where it is none. */
    static String number(String format, double number) {
        return Double.isFinite(number) ? String.format(Locale.ROOT, format, number) : NONE;
    }

    @Override
    public String toString() {
        return text.toString();
    }
}
