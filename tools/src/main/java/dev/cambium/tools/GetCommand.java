package dev.cambium.tools;

import dev.cambium.Keyspace;
import dev.cambium.Store;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code cambium get}: prints the value of a key. */
@Command(
        name = "get",
        mixinStandardHelpOptions = true,
        versionProvider = Cambium.Version.class,
        description = {"Print the value of a key.", "Where the key is absent, prints nothing and exits with 1."},
        footer = {
            "%nExamples:",
            "  cambium get my.db greeting",
            "  cambium get my.db '\\x00\\x01' --json      a binary key",
            "  cambium get my.db photo --raw > a.png    the bytes themselves, without escapes or line end",
            "",
            ExitCode.HELP
        })
final class GetCommand implements Callable<Integer> {
    private final Streams streams;

    @Mixin
    private StoreArguments arguments;

    @Parameters(index = "1", paramLabel = "KEY", description = "The key, with escapes.")
    private String key;

    @Option(names = "--raw", description = "Print the bytes of the value as they are, and nothing else.")
    private boolean raw;

    @Mixin
    private KeyspaceOption keyspace;

    @Mixin
    private JsonOption json;

    @Mixin
    private DebugOption debug;

    GetCommand(Streams streams) {
        this.streams = streams;
    }

    @Override
    public Integer call() {
        byte[] bytes = Escapes.parse("the key", key);
        byte[] value;
        try (Store store = arguments.openExisting()) {
            Keyspace space = keyspace.name() == null ? null : StoreArguments.existing(store, keyspace.name());
            if (raw) {
                return copy(space == null ? store.getStream(bytes) : space.getStream(bytes));
            }
            value = space == null ? store.get(bytes) : space.get(bytes);
        }
        if (value == null) {
            return ExitCode.NO;
        }
        if (json.isSet()) {
            streams.out().line(Json.object(object -> {
                Json.writeBytes(object, "key", bytes);
                Json.writeBytes(object, "value", value);
            }));
        } else {
            streams.out().line(Escapes.show(value));
        }
        return ExitCode.OK;
    }

    private int copy(InputStream value) {
        if (value == null) {
            return ExitCode.NO;
        }
        try (value) {
            value.transferTo(streams.out());
            return ExitCode.OK;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
