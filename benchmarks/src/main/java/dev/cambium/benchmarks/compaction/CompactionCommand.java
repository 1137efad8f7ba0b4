package dev.cambium.benchmarks.compaction;

import dev.cambium.benchmarks.Contender;
import dev.cambium.benchmarks.Machine;
import dev.cambium.benchmarks.TableOptions;
import java.io.IOException;
import java.nio.file.Path;
import java.time.LocalDate;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * What {@code benchmarks/run compaction} starts: what is written and kept while entries are overwritten, the rate and the tail of puts, seeks over
 * deleted keys and scans, beside RocksDB; and the room that a compaction takes. Exit code 0, 1 where a trial failed, 2 for a wrong command line.
 */
public final class CompactionCommand {
    private static final String ONLY = "--only";
    private static final String ENGINES = "--engines";
    private static final String MINUTES = "--minutes";
    private static final int USUAL_MINUTES = 10;

    private CompactionCommand() {}

    public static void main(String[] arguments) throws IOException {
        System.exit(run(arguments));
    }

    static int run(String... arguments) throws IOException {
        Optional<TableOptions> parsed =
                TableOptions.parse("compaction", Set.of(), Set.of(ONLY, ENGINES, MINUTES), arguments);
        if (parsed.isEmpty()) {
            return 2;
        }
        TableOptions options = parsed.get();
        List<CompactionPart> parts;
        List<Candidate> candidates;
        int minutes;
        try {
            String only = options.values().get(ONLY);
            parts = only == null ? Arrays.asList(CompactionPart.values()) : CompactionPart.named(only);
            String engines = options.values().get(ENGINES);
            candidates = engines == null ? prepared() : Candidate.named(engines);
            minutes = minutes(options.values().get(MINUTES));
        } catch (IllegalArgumentException e) {
            System.err.println("benchmarks/run: " + e.getMessage());
            return 2;
        }
        try (TrialRunner runner = new TrialRunner(options.quick(), minutes, options.directory(), candidates)) {
            StringBuilder report = new StringBuilder();
            for (CompactionPart part : parts) {
                report.append(part.markdown(runner));
            }
            options.publish(head(runner, options.directory(), arguments) + report);
            return runner.failures() == 0 ? 0 : 1;
        }
    }

    /** All whose class path is there. */
    private static List<Candidate> prepared() {
        return Arrays.stream(Candidate.values())
                .filter(candidate -> candidate.engine() == Contender.CAMBIUM
                        || candidate.engine().isPrepared())
                .toList();
    }

    private static int minutes(String given) {
        int minutes = given == null ? USUAL_MINUTES : given.matches("\\d{1,3}") ? Integer.parseInt(given) : 0;
        if (minutes < 1) {
            throw new IllegalArgumentException(MINUTES + " is " + given + ", must be 1 to 999");
        }
        return minutes;
    }

    private static String head(TrialRunner runner, Path directory, String... arguments) {
        StringBuilder text = new StringBuilder("# Compaction\n\n");
        text.append("- date: ").append(LocalDate.now()).append('\n');
        text.append("- machine: ").append(Machine.describe(directory.getRoot())).append('\n');
        text.append("- command: `benchmarks/run ")
                .append(("compaction " + String.join(" ", arguments)).trim())
                .append("`\n");
        text.append("- each trial: ").append(runner.conditions()).append('\n');
        text.append(
                        "- entries: keys of 16 bytes, in the order of their numbers; values that halve under LZ4, each another one; a sample is read")
                .append(" back after each trial\n");
        runner.engines().forEach(engine -> text.append("- ").append(engine).append('\n'));
        return text.append('\n').toString();
    }
}
