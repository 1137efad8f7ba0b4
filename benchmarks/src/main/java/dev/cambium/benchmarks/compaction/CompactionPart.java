package dev.cambium.benchmarks.compaction;

import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/** A part of the benchmark: tables, and the trial that each of their figures comes from. The lower-case name is what users write. */
enum CompactionPart {
    AMPLIFICATION("Bytes written and kept", WriteTrial::run, WriteTables::amplification),
    SPACE("Space after many overwrites", WriteTrial::run, WriteTables::space),
    PUTS("Puts while runs are merged", PutTrial::run, PutTable::run),
    TAIL("Latency of puts at four fifths of the sustained rate", TailTrial::run, TailTable::run),
    TOMBSTONES("Seeks over deleted keys", TombstoneTrial::run, TombstoneTable::run),
    SCAN("Scans of what was merged by links", ScanTrial::run, ScanTable::run),
    ROOM("Room that a compaction takes", RoomTrial::run, RoomTable::run);

    /** What runs in a JVM of its own. */
    private interface Trial {
        Figures run(TrialSite site);
    }

    /** What starts it, as often as needed. */
    private interface Tables {
        String run(TrialRunner runner) throws IOException;
    }

    private final String title;
    private final Trial trial;
    private final Tables tables;

    CompactionPart(String title, Trial trial, Tables tables) {
        this.title = title;
        this.trial = trial;
        this.tables = tables;
    }

    /** Runs a trial, in this JVM. */
    Figures trial(TrialSite site) {
        return trial.run(site);
    }

    /** Runs all its trials; Markdown with a heading. */
    String markdown(TrialRunner runner) throws IOException {
        return "## " + title + "\n\n" + tables.run(runner) + "\n";
    }

    String userName() {
        return name().toLowerCase(Locale.ROOT);
    }

    /**
     * Those that a list with commas names.
     *
     * @throws IllegalArgumentException with the names that there are
     */
    static List<CompactionPart> named(String names) {
        return Arrays.stream(names.split(","))
                .map(name -> Arrays.stream(values())
                        .filter(part -> part.userName().equals(name))
                        .findFirst()
                        .orElseThrow(() -> new IllegalArgumentException("there is no part '" + name + "'; there are "
                                + Arrays.stream(values())
                                        .map(CompactionPart::userName)
                                        .collect(Collectors.joining(", ")))))
                .toList();
    }
}
