package dev.cambium.tools;

import dev.cambium.Cursor;
import dev.cambium.Store;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code cambium scan}: prints entries in key order, as they are read. */
@Command(
        name = "scan",
        mixinStandardHelpOptions = true,
        versionProvider = Cambium.Version.class,
        description = {
            "Print entries in key order: key, tab, value.",
            "Keys are ordered as unsigned bytes. The entries are those of the moment at which it begins.",
            "What it prints, with or without --json, cambium load reads back."
        },
        footer = {
            "%nExamples:",
            "  cambium scan my.db",
            "  cambium scan my.db --prefix user: --keys-only",
            "  cambium scan my.db --from b --to c --reverse --limit 10",
            "  cambium scan my.db --prefix user: --count",
            "  cambium scan my.db --json | cambium load copy.db",
            "",
            ExitCode.HELP
        })
final class ScanCommand implements Callable<Integer> {
    private final Streams streams;

    @Mixin
    private StoreArguments arguments;

    @Mixin
    private ScanRange range;

    @Option(names = "--reverse", description = "From the last key to the first.")
    private boolean reverse;

    @Option(names = "--limit", paramLabel = "N", description = "Stop after N entries.")
    private Long limit;

    @Option(names = "--keys-only", description = "Print no values.")
    private boolean keysOnly;

    @Option(names = "--count", description = "Print only how many entries there are.")
    private boolean count;

    @Mixin
    private KeyspaceOption keyspace;

    @Mixin
    private JsonOption json;

    @Mixin
    private DebugOption debug;

    ScanCommand(Streams streams) {
        this.streams = streams;
    }

    @Override
    public Integer call() {
        if (limit != null && limit < 0) {
            throw new IllegalArgumentException("--limit is " + limit + ", must be 0 or more");
        }
        var keys = range.range();
        long most = limit == null ? Long.MAX_VALUE : limit;
        long entries = 0;
        try (Store store = arguments.openExisting();
                Cursor cursor = keyspace.name() == null
                        ? store.cursor(keys)
                        : StoreArguments.existing(store, keyspace.name()).cursor(keys)) {
            while (entries < most && !streams.out().isClosed() && (reverse ? cursor.previous() : cursor.next())) {
                entries++;
                if (!count) {
                    print(cursor);
                }
            }
        }
        if (count) {
            long counted = entries;
            streams.out()
                    .line(
                            json.isSet()
                                    ? Json.object(object -> object.writeNumberField("count", counted))
                                    : Long.toString(counted));
        }
        return ExitCode.OK;
    }

    private void print(Cursor cursor) {
        byte[] key = cursor.key();
        if (json.isSet()) {
            streams.out().line(Json.object(object -> {
                Json.writeBytes(object, "key", key);
                if (!keysOnly) {
                    Json.writeBytes(object, "value", cursor.value());
                }
            }));
        } else {
            streams.out().line(keysOnly ? Escapes.show(key) : Escapes.show(key) + '\t' + Escapes.show(cursor.value()));
        }
    }
}
