package dev.cambium.tools;

import dev.cambium.Compaction;
import dev.cambium.CompactionEstimate;
import dev.cambium.RunStats;
import dev.cambium.Store;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code cambium compact}: merges a store's runs, or a part of them. */
@Command(
        name = "compact",
        mixinStandardHelpOptions = true,
        versionProvider = Cambium.Version.class,
        description = {
            "Merge runs, and give back the space of what was overwritten or deleted.",
            "Without options all there is is written anew, in order, as one run; values of 1 KiB and more stay",
            "where they are unless their zones are mostly dead. With --target-space-amp only what has changed is",
            "merged, pages that need not be touched stay too, and zones are cleaned until their files take X",
            "times what is live in them.",
            "It goes stretch by stretch and needs little room besides what there is. It can be interrupted at",
            "any point: what is done by then stays done, and nothing is lost.",
            "Prints what was merged, in bytes of keys and values; what of it was linked, that is taken over",
            "unread, and what was copied in pages as they are stored; and the bytes of pages that were written",
            "and of zone files that were given back."
        },
        footer = {
            "%nExamples:",
            "  cambium compact my.db                                 all of it",
            "  cambium compact my.db --target-space-amp 1.1          only as much as that takes",
            "  cambium compact my.db --range user:a..user:c          keys from user:a on and below user:c",
            "  cambium compact my.db --keyspace logs --range ..2024  keys below 2024 of a keyspace",
            "  cambium compact my.db --range '1\\x2E\\x2E..'           keys from 1.. on",
            "  cambium compact my.db --dry-run --json                what it would be",
            "",
            ExitCode.HELP
        })
final class CompactCommand implements Callable<Integer> {
    private final Streams streams;

    @Mixin
    private StoreArguments arguments;

    @Option(
            names = "--keyspace",
            paramLabel = "NAME",
            description = "Only this keyspace; all there are unless given, or the store's own where there is a range.")
    private String keyspace;

    @Option(
            names = "--range",
            paramLabel = "A..B",
            description = "Only keys from A on and below B. A or B may be left out; a dot can be typed as \\x2E.")
    private String range;

    @Option(
            names = "--target-space-amp",
            paramLabel = "X",
            description = "Merge what has changed, and clean until zone files take X times what is live; 1.05 or more.")
    private Double target;

    @Option(names = "--dry-run", description = "Only tell what would be done.")
    private boolean dryRun;

    @Mixin
    private ThreadsOption threads;

    @Mixin
    private JsonOption json;

    @Mixin
    private DebugOption debug;

    CompactCommand(Streams streams) {
        this.streams = streams;
    }

    @Override
    public Integer call() {
        KeyBounds bounds = KeyBounds.parse("--range", range);
        Compaction all =
                target == null ? Compaction.EVERYTHING : Compaction.EVERYTHING.withTargetSpaceAmplification(target);
        CompactionOutcome outcome;
        try (Store store = arguments.openExisting(threads)) {
            Compaction what = part(store, bounds, all);
            if (dryRun) {
                tell(store.estimate(what), inLogs(store));
                return ExitCode.OK;
            }
            outcome = CompactionOutcome.of(store, streams, progress -> store.compact(what, progress));
        }
        if (json.isSet()) {
            streams.out().line(outcome.toJson());
        } else {
            outcome.print(streams.out());
        }
        return ExitCode.OK;
    }

    private Compaction part(Store store, KeyBounds bounds, Compaction all) {
        if (keyspace == null && bounds == null) {
            return all;
        }
        Compaction inKeyspace = all.withKeyspace(
                keyspace == null ? store.ownKeyspace() : StoreArguments.existing(store, keyspace, ExitCode.USAGE));
        return bounds == null ? inKeyspace : inKeyspace.withRange(bounds.from(), bounds.to());
    }

    /** Entries that have not been laid down, and are in no estimate. */
    private static long inLogs(Store store) {
        return store.stats().entries()
                - store.runStats().stream().mapToLong(RunStats::entries).sum();
    }

    private void tell(CompactionEstimate estimate, long inLogs) {
        Output out = streams.out();
        if (json.isSet()) {
            out.line(Json.object(object -> {
                object.writeBooleanField("dryRun", true);
                object.writeNumberField("stretches", estimate.stretches());
                object.writeNumberField("stretchesInAll", estimate.stretchesInAll());
                object.writeNumberField("mergedBytes", estimate.mergedBytes());
                object.writeNumberField("youngEntries", estimate.youngEntries());
                object.writeNumberField("entriesInLogs", inLogs);
                ZoneLines.write(object, "zonesToClean", estimate.zonesToClean());
            }));
            return;
        }
        out.line(
                "would merge %,d of %,d stretches of keys: about %s of keys and values, with %,d entries of younger runs",
                estimate.stretches(),
                estimate.stretchesInAll(),
                MemorySize.show(estimate.mergedBytes()),
                estimate.youngEntries());
        if (inLogs > 0) {
            out.line("not counted: %,d entries in logs, which would be laid down first", inLogs);
        }
        if (!estimate.zonesToClean().isEmpty()) {
            CleanCommand.tell(out, estimate.zonesToClean());
        }
    }
}
