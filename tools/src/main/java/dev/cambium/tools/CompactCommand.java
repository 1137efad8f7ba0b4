package dev.cambium.tools;

import dev.cambium.Store;
import dev.cambium.StoreStats;
import dev.cambium.tools.load.Progress;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code cambium compact}: merges a store's runs into one. */
@Command(
        name = "compact",
        mixinStandardHelpOptions = true,
        versionProvider = Cambium.Version.class,
        description = {
            "Merge everything into one run, and give back the space of what was overwritten or deleted.",
            "Needs as much room again as the live entries take, until it has ended. It can be interrupted at any",
            "point: what is not done by then is dropped, and nothing is lost."
        },
        footer = {"%nExamples:", "  cambium compact my.db", "  cambium compact my.db --json", "", ExitCode.HELP})
final class CompactCommand implements Callable<Integer> {
    private final Streams streams;

    @Mixin
    private StoreArguments arguments;

    @Mixin
    private JsonOption json;

    @Mixin
    private DebugOption debug;

    CompactCommand(Streams streams) {
        this.streams = streams;
    }

    @Override
    public Integer call() {
        long started = System.nanoTime();
        StoreStats before;
        StoreStats after;
        try (Store store = arguments.openExisting();
                Progress progress = new Progress(streams.errIsTerminal() ? streams.err() : null, "bytes")) {
            before = store.stats();
            store.compact((done, total) -> progress.update(done, done, total));
            after = store.stats();
        }
        report(before, after, (System.nanoTime() - started) / 1e9);
        return ExitCode.OK;
    }

    private void report(StoreStats before, StoreStats after, double seconds) {
        if (json.isSet()) {
            streams.out().line(Json.object(object -> {
                object.writeNumberField("runsBefore", before.runs());
                object.writeNumberField("runsAfter", after.runs());
                object.writeNumberField("entriesBefore", before.entries());
                object.writeNumberField("entriesAfter", after.entries());
                object.writeNumberField("zoneBytesBefore", before.zoneBytes());
                object.writeNumberField("zoneBytesAfter", after.zoneBytes());
                object.writeNumberField("seconds", Math.round(seconds * 1000) / 1000.0);
            }));
        } else {
            streams.out()
                    .line(
                            "%,d runs of %s became %,d of %s, with %,d entries, in %.2f s",
                            before.runs(),
                            MemorySize.show(before.zoneBytes()),
                            after.runs(),
                            MemorySize.show(after.zoneBytes()),
                            after.entries(),
                            seconds);
        }
    }
}
