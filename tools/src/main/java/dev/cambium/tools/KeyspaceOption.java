package dev.cambium.tools;

import picocli.CommandLine.Option;

/** The option that says in which keyspace a command works. */
final class KeyspaceOption {
    @Option(names = "--keyspace", paramLabel = "NAME", description = "Work in this keyspace, not the store's own.")
    private String name;

    /** Null for the store's own. */
    String name() {
        return name;
    }
}
