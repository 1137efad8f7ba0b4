package dev.cambium.tools;

import picocli.CommandLine.Option;

/** The option of every command that shows where a failure came from. */
final class DebugOption {
    static final String NAME = "--debug";

    @Option(names = NAME, description = "On failure, show the stack trace too.")
    private boolean debug;
}
