package dev.cambium.tools;

import dev.cambium.Compaction;
import dev.cambium.Store;
import dev.cambium.ZoneStats;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code cambium clean}: moves what is live out of zones that are mostly dead. */
@Command(
        name = "clean",
        mixinStandardHelpOptions = true,
        versionProvider = Cambium.Version.class,
        description = {
            "Move what is live out of zones that are mostly dead, and give those back.",
            "Without options zones are cleaned until their files take 1.1 times what is live in them, or there",
            "is none that it pays to clean.",
            "It needs little room besides what there is, and can be interrupted at any point: what is done by",
            "then stays done, and nothing is lost."
        },
        footer = {
            "%nExamples:",
            "  cambium clean my.db --dry-run               which zones would be cleaned",
            "  cambium clean my.db                         clean them",
            "  cambium clean my.db --target-space-amp 1.5  only so far",
            "  cambium clean my.db --zones 3,7,9-12        zone 3, zone 7, and what there is from 9 to 12",
            "",
            ExitCode.HELP
        })
final class CleanCommand implements Callable<Integer> {
    private static final double TARGET = 1.1;

    private final Streams streams;

    @Mixin
    private StoreArguments arguments;

    @Option(
            names = "--zones",
            paramLabel = "LIST",
            description = "Clean these zones, however full they are; cambium stats --json has their numbers.")
    private String zones;

    @Option(
            names = "--target-space-amp",
            paramLabel = "X",
            description = "Clean until zone files take X times what is live in them, 1.05 or more; 1.1 unless given.")
    private Double target;

    @Option(names = "--dry-run", description = "Only tell which zones would be cleaned.")
    private boolean dryRun;

    @Mixin
    private ThreadsOption threads;

    @Mixin
    private JsonOption json;

    @Mixin
    private DebugOption debug;

    CleanCommand(Streams streams) {
        this.streams = streams;
    }

    @Override
    public Integer call() {
        if (zones != null && target != null) {
            throw new IllegalArgumentException("--zones and --target-space-amp exclude each other");
        }
        double aim = target == null ? TARGET : target;
        Compaction.EVERYTHING.withTargetSpaceAmplification(aim); // refuses one that is none, before anything is opened
        ZoneNumbers typed = ZoneNumbers.parse("--zones", zones);
        CompactionOutcome outcome;
        try (Store store = arguments.openExisting(threads)) {
            Collection<Integer> named = typed == null ? null : typed.among(store.zoneStats());
            if (dryRun) {
                tell(named == null ? store.estimateClean(aim) : store.estimateClean(named));
                return ExitCode.OK;
            }
            if (named != null) {
                store.estimateClean(named); // refuses zones that cannot be cleaned, before anything is laid down
            }
            outcome = CompactionOutcome.of(
                    store,
                    streams,
                    progress -> named == null ? store.clean(aim, progress) : store.clean(named, progress));
        }
        if (json.isSet()) {
            streams.out().line(outcome.toJson());
        } else {
            outcome.print(streams.out());
        }
        return ExitCode.OK;
    }

    private void tell(List<ZoneStats> chosen) {
        if (json.isSet()) {
            streams.out().line(Json.object(object -> {
                object.writeBooleanField("dryRun", true);
                object.writeNumberField("bytes", ZoneLines.takenBytes(chosen));
                object.writeNumberField("liveBytes", ZoneLines.liveBytes(chosen));
                ZoneLines.write(object, "zonesToClean", chosen);
            }));
        } else {
            tell(streams.out(), chosen);
        }
    }

    /** Says which zones would be cleaned. */
    static void tell(Output out, List<ZoneStats> chosen) {
        long live = ZoneLines.liveBytes(chosen);
        out.line(
                "would clean %,d %s of %s: %s are live and would be moved, about %s given back",
                chosen.size(),
                chosen.size() == 1 ? "zone" : "zones",
                MemorySize.show(ZoneLines.takenBytes(chosen)),
                MemorySize.show(live),
                MemorySize.show(ZoneLines.takenBytes(chosen) - live));
        if (!chosen.isEmpty()) {
            ZoneLines.print(out, chosen);
        }
    }
}
