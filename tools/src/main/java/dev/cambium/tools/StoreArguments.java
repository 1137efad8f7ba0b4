package dev.cambium.tools;

import dev.cambium.Keyspace;
import dev.cambium.Options;
import dev.cambium.Store;
import dev.cambium.error.NoStoreException;
import java.nio.file.Files;
import java.nio.file.Path;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** The arguments that say which store is opened, and how; part of every command that opens one. */
final class StoreArguments {
    @Parameters(index = "0", paramLabel = "STORE", description = "The store's directory.")
    private Path directory;

    @Option(
            names = "--memory-budget",
            paramLabel = "SIZE",
            converter = MemorySize.class,
            description = "Off-heap memory the store may use, 16m to 64g; 256m unless given. The data may be larger.")
    private Long memoryBudget;

    Path directory() {
        return directory;
    }

    /** Opens the store, or creates it where it is missing. */
    Store openOrCreate() {
        return open(options());
    }

    /** Opens the store; where there is none, none is made. */
    Store openExisting() {
        return open(options().withCreateIfMissing(false));
    }

    /** As {@link #openExisting()}, with so many threads for merges. */
    Store openExisting(ThreadsOption threads) {
        return open(threads.in(options()).withCreateIfMissing(false));
    }

    private Options options() {
        return memoryBudget == null ? Options.DEFAULT : Options.DEFAULT.withMemoryBudget(memoryBudget);
    }

    private Store open(Options options) {
        requireNoFile(directory);
        return Store.open(directory, options);
    }

    /** Throws where the path is a file: a store is a directory. */
    static void requireNoFile(Path path) {
        if (Files.exists(path) && !Files.isDirectory(path)) {
            throw new NoStoreException("there is no store at " + path + ": it is a file, a store is a directory");
        }
    }

    /** The named keyspace, which must exist. */
    static Keyspace existing(Store store, String name) {
        return existing(store, name, ExitCode.NO);
    }

    /** The named keyspace; where there is none, the command ends with that code. */
    static Keyspace existing(Store store, String name, int exitCode) {
        if (!store.keyspaces().contains(name)) {
            throw new CommandException(
                    exitCode,
                    "there is no keyspace '" + name + "'"
                            + (store.keyspaces().isEmpty()
                                    ? "; the store has none beside its own"
                                    : "; there are " + String.join(", ", store.keyspaces())));
        }
        return store.keyspace(name);
    }
}
