package dev.cambium.benchmarks.compaction;

import static dev.cambium.benchmarks.compaction.MarkdownTable.number;

import java.io.IOException;
import java.util.List;
import java.util.Locale;

/** How long single puts take at a share of the sustained rate, in Markdown. */
final class TailTable {
    private static final List<String> KINDS = List.of("all", "without stalls", "without stalls and their wake");

    private TailTable() {}

    static String run(TrialRunner runner) throws IOException {
        int keys = runner.isQuick() ? 200_000 : 10_000_000;
        int sustainSeconds = runner.isQuick() ? 2 : 120;
        int seconds = runner.isQuick() ? 3 : runner.minutes() * 60;
        MarkdownTable rates = new MarkdownTable(
                1,
                "engine",
                "sustained, puts/s",
                "offered and done, puts/s",
                "idle p50, µs",
                "p99",
                "p99.9",
                "max",
                "stalls",
                "together, ms");
        MarkdownTable tails = new MarkdownTable(
                2,
                "engine",
                "puts",
                "p50, µs",
                "p99",
                "p99.9, goal ≤ 100",
                "p99.99, goal ≤ RocksDB's",
                "max",
                "counted apart");
        for (Candidate candidate : runner.among(Candidate.USUAL)) {
            Figures figures = runner.run(
                    CompactionPart.TAIL, candidate, seconds + " s", TailTrial.arguments(keys, sustainSeconds, seconds));
            if (figures.isEmpty()) {
                continue; // told, and counted as a failure
            }
            rates.row(
                    candidate.title(),
                    number("%,.0f", figures.get("sustained")),
                    number("%,.0f", figures.get("puts/s")),
                    micros(figures, "idle p50"),
                    micros(figures, "idle p99"),
                    micros(figures, "idle p99.9"),
                    micros(figures, "idle max"),
                    number("%,.0f", figures.get("stalls")),
                    number("%,.1f", figures.get("stalled") / 1e6));
            for (String kind : KINDS) {
                tails.row(
                        candidate.title(),
                        kind,
                        micros(figures, kind + " p50"),
                        micros(figures, kind + " p99"),
                        micros(figures, kind + " p99.9"),
                        micros(figures, kind + " p99.99"),
                        micros(figures, kind + " max"),
                        number("%.4f %%", 100 * figures.get(kind + " apart")));
            }
        }
        return conditions(keys, sustainSeconds, seconds) + rates + "\n" + tails;
    }

    private static String micros(Figures figures, String name) {
        return number("%,.1f", figures.get(name) / 1e3);
    }

    private static String conditions(int keys, int sustainSeconds, int seconds) {
        return String.format(
                Locale.ROOT,
                """
                Puts of 116 bytes by one thread, into a store that has %,d of them in random order before, keys drawn of those, uniformly; both \
                engines as they are usually opened. At full speed for %d s; the rate of the second half is what is sustained. Then at %.0f %% of that, a quarter of \
                the time unwatched, so that what full speed has left behind is worked off, and for %d s timed: begun at fixed times whatever the puts before \
                took; a latency counts from the time at which the put was meant to begin. Idle: how much too late a thread woke meanwhile that \
                only slept, a millisecond at a time; the engine's own threads are among what may keep it from a core. Where it woke more than \
                %d µs late, a stall of the machine is presumed, and puts of more than %d µs that overlap it are counted apart; its wake: the time \
                in which the queue that it has made is worked off at that rate, %.0f times as long.

                """,
                keys,
                sustainSeconds,
                100 * TailTrial.SHARE,
                seconds,
                TailTrial.STALL_NANOS / 1000,
                OpenLoopLatencies.FAST_NANOS / 1000,
                TailTrial.WAKE);
    }
}
