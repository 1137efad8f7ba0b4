package dev.cambium.tools;

import dev.cambium.Durability;
import dev.cambium.Store;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code cambium put}: writes a value. */
@Command(
        name = "put",
        mixinStandardHelpOptions = true,
        versionProvider = Cambium.Version.class,
        description = {
            "Write a value; replaces what the key had.",
            "Creates the store, and the keyspace, where there is none.",
            "When the command ends, the value survives a power loss."
        },
        footer = {
            "%nExamples:",
            "  cambium put my.db greeting hello",
            "  cambium put my.db '\\x00\\x01' 'two\\nlines' --keyspace users",
            "  cambium put my.db photo - < a.png        the value is all of standard input, as it is",
            "",
            ExitCode.HELP
        })
final class PutCommand implements Callable<Integer> {
    private final Streams streams;

    @Mixin
    private StoreArguments arguments;

    @Parameters(index = "1", paramLabel = "KEY", description = "The key, with escapes; up to 32,767 bytes.")
    private String key;

    @Parameters(
            index = "2",
            paramLabel = "VALUE",
            description =
                    "The value, with escapes; - reads standard input, up to 1 GiB; \\x2D is a value of one hyphen.")
    private String value;

    @Option(
            names = "--durability",
            paramLabel = "LEVEL",
            description =
                    "What the write itself waits for: ${COMPLETION-CANDIDATES}. A clean end of the command makes it"
                            + " durable in any case.")
    private Durability durability = Durability.SYNC;

    @Mixin
    private KeyspaceOption keyspace;

    @Mixin
    private DebugOption debug;

    PutCommand(Streams streams) {
        this.streams = streams;
    }

    @Override
    public Integer call() {
        byte[] keyBytes = Escapes.parse("the key", key);
        InputStream valueStream =
                value.equals("-") ? streams.in() : new ByteArrayInputStream(Escapes.parse("the value", value));
        try (Store store = arguments.openOrCreate()) {
            if (keyspace.name() == null) {
                store.put(keyBytes, valueStream, durability);
            } else {
                store.keyspace(keyspace.name()).put(keyBytes, valueStream, durability);
            }
        } catch (IOException e) {
            throw new CommandException(ExitCode.IO, "cannot read standard input: " + e.getMessage(), e);
        }
        return ExitCode.OK;
    }
}
