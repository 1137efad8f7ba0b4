package dev.cambium.benchmarks.compaction;

import static dev.cambium.benchmarks.compaction.MarkdownTable.NONE;
import static dev.cambium.benchmarks.compaction.MarkdownTable.figure;
import static dev.cambium.benchmarks.compaction.MarkdownTable.number;

import dev.cambium.benchmarks.simulation.SimulationResult;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/** What was written, and what files took meanwhile, of each {@link WriteLoad}, beside the goals and what the model said; in Markdown. */
final class WriteTables {
    private static final int ROUNDS = 5;
    private static final int MANY_ROUNDS = 20;
    private static final int QUICK_ROUNDS = 2;
    private static final double STEADY_GOAL = 1.25;
    private static final double PEAK_GOAL = 1.35;
    private static final int MODEL_ENTRIES = 200_000;
    private static final int QUICK_MODEL_ENTRIES = 20_000;

    private final TrialRunner runner;
    private final CompactionPart part;
    private final int rounds;
    private final boolean hasSpaceGoal;
    private final MarkdownTable written;
    private final MarkdownTable space;

    private WriteTables(TrialRunner runner, CompactionPart part, int rounds, boolean hasSpaceGoal) {
        this.runner = runner;
        this.part = part;
        this.rounds = rounds;
        this.hasSpaceGoal = hasSpaceGoal;
        this.written = new MarkdownTable(
                2,
                "writes",
                "engine",
                "write amplification",
                "settled",
                "goal",
                "model",
                "puts/s",
                "seconds",
                "longest put, ms",
                "p99.9, µs");
        String steady = hasSpaceGoal ? "mean, goal ≤ " + STEADY_GOAL : "mean";
        String peak = hasSpaceGoal ? "peak, goal ≤ " + PEAK_GOAL : "peak";
        this.space = new MarkdownTable(
                2,
                "writes",
                "engine",
                "files / live pages, " + steady,
                peak,
                "model, mean",
                "peak",
                "files / data, " + steady,
                peak,
                "model, mean",
                "peak",
                "on disk / data, mean",
                "peak",
                "files / data, settled",
                "data, MB");
    }

    /** All loads, overwritten five times. */
    static String amplification(TrialRunner runner) throws IOException {
        return new WriteTables(runner, CompactionPart.AMPLIFICATION, runner.isQuick() ? QUICK_ROUNDS : ROUNDS, false)
                .run(Arrays.asList(WriteLoad.values()));
    }

    /** Small entries, overwritten twenty times. */
    static String space(TrialRunner runner) throws IOException {
        return new WriteTables(runner, CompactionPart.SPACE, runner.isQuick() ? QUICK_ROUNDS : MANY_ROUNDS, true)
                .run(List.of(WriteLoad.UNIFORM));
    }

    private long memtableBytes() {
        return runner.isQuick() ? 256 << 10 : 4 << 20;
    }

    private int memtables() {
        return runner.isQuick() ? 12 : 100;
    }

    private String run(List<WriteLoad> loads) throws IOException {
        for (WriteLoad load : loads) {
            SimulationResult model =
                    load.predict(runner.isQuick() ? QUICK_MODEL_ENTRIES : MODEL_ENTRIES, memtables(), rounds);
            for (Candidate candidate : runner.candidates()) {
                add(
                        load,
                        candidate,
                        runner.run(
                                part,
                                candidate,
                                load.title(),
                                WriteTrial.arguments(load, memtableBytes(), memtables(), rounds)),
                        candidate == Candidate.CAMBIUM ? model : null);
            }
        }
        return conditions() + written + "\n" + space;
    }

    private void add(WriteLoad load, Candidate candidate, Figures figures, SimulationResult model) {
        boolean isOwn = model != null;
        boolean hasData = isOwn && load.isOverwrite(); // by which the model can say what files take
        written.row(
                load.title(),
                candidate.title(),
                figure("%.2f", figures, "write amplification"),
                figure("%.2f", figures, "settled"),
                isOwn ? String.format(Locale.ROOT, "≤ %s, ≤ leveled", load.goal()) : NONE,
                isOwn ? number("%.2f", model.written()) : NONE,
                figure("%,.0f", figures, "puts/s"),
                figure("%.1f", figures, "seconds"),
                figures.isEmpty() ? "failed" : number("%,.1f", figures.get("longest put") / 1e6),
                figures.isEmpty() ? "failed" : number("%,.1f", figures.get("put p99.9") / 1e3));
        space.row(
                load.title(),
                candidate.title(),
                figure("%.2f", figures, "space mean"),
                figure("%.2f", figures, "space peak"),
                isOwn ? number("%.2f", model.files()) : NONE,
                isOwn ? number("%.2f", model.mostFiles()) : NONE,
                figure("%.2f", figures, "files mean"),
                figure("%.2f", figures, "files peak"),
                hasData ? number("%.2f", model.data()) : NONE,
                hasData ? number("%.2f", model.mostData()) : NONE,
                figure("%.2f", figures, "disk mean"),
                figure("%.2f", figures, "disk peak"),
                figure("%.2f", figures, "rest"),
                figures.isEmpty() ? "failed" : number("%.1f", figures.get("compacted") / 1e6));
    }

    private String conditions() {
        return String.format(Locale.ROOT, """
                Data of %d memtables of %,d KiB of keys and values, loaded at random; then overwritten %s times, one put a call, buffered, \
                at full speed. Inserts begin with an empty store. Write amplification: pages laid down and pages merged by pages laid down (RocksDB: \
                bytes of flushes and compactions by bytes of flushes), until the last put returned; settled: also what is merged after it, until \
                nothing is. A put takes from the return of the one before to its own, whatever the JVM does meanwhile; inserts begin in a JVM \
                that is cold. Files are looked at ten times a second while puts run; mean: of the second half; peak: the highest (of \
                inserts, in the second half). Files / live pages: as the engine counts them, bytes of all zones (sorted tables) by those that the \
                newest version refers to. Files / data: the same files by what the data take once compacted, for inserts times the share \
                that was put. On disk: all zone (table) files that the directory lists. Model: `simulate` with the same writes of fewer \
                entries.

                """, memtables(), memtableBytes() >> 10, rounds);
    }
}
