package dev.cambium.tools;

import picocli.CommandLine.Option;

/** The option of every command with a result that asks for it in machine-readable form. */
final class JsonOption {
    @Option(names = "--json", description = "Print the result as JSON, one object a line.")
    private boolean json;

    boolean isSet() {
        return json;
    }
}
