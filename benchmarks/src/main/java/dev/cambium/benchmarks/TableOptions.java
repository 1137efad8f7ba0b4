package dev.cambium.benchmarks;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * What a command that makes tables is told: {@code --quick}, {@code --dir DIR}, {@code --out FILE}, switches and options with values of its own.
 *
 * @param directory where its data lie while they are needed
 * @param out where the tables go too; or null
 * @param switches of its own that were given
 * @param values of its own options that were given, by their names
 */
public record TableOptions(boolean quick, Path directory, Path out, Set<String> switches, Map<String, String> values) {
    /** Reads a command line; empty, once that was said, where it is wrong. */
    public static Optional<TableOptions> parse(String command, Set<String> knownSwitches, String... arguments) {
        return parse(command, knownSwitches, Set.of(), arguments);
    }

    /** As above, with options that have a value. */
    public static Optional<TableOptions> parse(
            String command, Set<String> knownSwitches, Set<String> knownOptions, String... arguments) {
        boolean quick = false;
        Path out = null;
        Path directory = Path.of(System.getProperty("cambium.benchmarks.directory", "target/bench"));
        Set<String> switches = new HashSet<>();
        Map<String, String> values = new HashMap<>();
        for (int i = 0; i < arguments.length; i++) {
            String argument = arguments[i];
            boolean hasValue = i + 1 < arguments.length;
            if (argument.equals("--quick")) {
                quick = true;
            } else if (argument.equals("--out") && hasValue) {
                out = Path.of(arguments[++i]);
            } else if (argument.equals("--dir") && hasValue) {
                directory = Path.of(arguments[++i]);
            } else if (knownSwitches.contains(argument)) {
                switches.add(argument);
            } else if (knownOptions.contains(argument) && hasValue) {
                values.put(argument, arguments[++i]);
            } else {
                System.err.printf(
                        "benchmarks/run: %s has no option %s, or its value is missing; see --help%n",
                        command, argument);
                return Optional.empty();
            }
        }
        return Optional.of(new TableOptions(
                quick, directory.resolve(command).toAbsolutePath(), out, Set.copyOf(switches), Map.copyOf(values)));
    }

    /** Prints the tables, and writes them where they are to go too. */
    public void publish(String tables) throws IOException {
        System.out.print(tables);
        if (out != null) {
            Files.createDirectories(out.toAbsolutePath().getParent());
            Files.writeString(out, tables, StandardCharsets.UTF_8);
        }
    }
}
