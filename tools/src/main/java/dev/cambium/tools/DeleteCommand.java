package dev.cambium.tools;

import dev.cambium.Store;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** {@code cambium delete}: deletes a key. */
@Command(
        name = "delete",
        mixinStandardHelpOptions = true,
        versionProvider = Cambium.Version.class,
        description = {
            "Delete a key, whether it is there or not.",
            "When the command ends, the deletion survives a power loss."
        },
        footer = {
            "%nExamples:",
            "  cambium delete my.db greeting",
            "  cambium delete my.db '\\x00\\x01' --keyspace users",
            "",
            ExitCode.HELP
        })
final class DeleteCommand implements Callable<Integer> {
    @Mixin
    private StoreArguments arguments;

    @Parameters(index = "1", paramLabel = "KEY", description = "The key, with escapes.")
    private String key;

    @Mixin
    private KeyspaceOption keyspace;

    @Mixin
    private DebugOption debug;

    @Override
    public Integer call() {
        byte[] bytes = Escapes.parse("the key", key);
        try (Store store = arguments.openExisting()) {
            if (keyspace.name() == null) {
                store.delete(bytes);
            } else {
                StoreArguments.existing(store, keyspace.name()).delete(bytes);
            }
        }
        return ExitCode.OK;
    }
}
