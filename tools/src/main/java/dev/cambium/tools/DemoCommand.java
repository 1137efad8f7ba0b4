package dev.cambium.tools;

import dev.cambium.tools.demo.Demo;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code cambium demo}: a tour with real data, a killed process and a recovery. */
@Command(
        name = "demo",
        mixinStandardHelpOptions = true,
        versionProvider = Cambium.Version.class,
        description = {
            "See in some seconds what a store does, with real data.",
            "Loads the Unicode characters, looks up, scans, takes a snapshot, kills a writer, recovers, verifies.",
            "Exits with 1 where anything acknowledged is missing, or another claim turns out wrong."
        },
        footer = {
            "%nExamples:",
            "  cambium demo                 in a temporary directory, removed at the end",
            "  cambium demo demo.db         in a new directory, which stays: go on with cambium scan demo.db",
            "",
            ExitCode.HELP
        })
final class DemoCommand implements Callable<Integer> {
    private final Streams streams;

    @Parameters(
            index = "0",
            paramLabel = "DIR",
            arity = "0..1",
            description = "Where to work: missing or empty. A temporary directory unless given.")
    private Path directory;

    @Option(names = "--keep", description = "Keep the temporary directory.")
    private boolean keep;

    @Option(names = "--limit", paramLabel = "N", hidden = true, description = "Use N characters at most.")
    private int limit = Integer.MAX_VALUE;

    @Mixin
    private DebugOption debug;

    DemoCommand(Streams streams) {
        this.streams = streams;
    }

    @Override
    public Integer call() throws IOException {
        if (directory != null) {
            requireUnused(directory);
            return run(directory, true);
        }
        Path temporary = Files.createTempDirectory("cambium-demo-");
        Thread cleaner = new Thread(() -> StoreFiles.deleteTree(temporary)); // where the user interrupts it
        if (!keep) {
            Runtime.getRuntime().addShutdownHook(cleaner);
        }
        try {
            return run(temporary, keep);
        } finally {
            if (!keep) {
                StoreFiles.deleteTree(temporary);
                Runtime.getRuntime().removeShutdownHook(cleaner);
            }
        }
    }

    private int run(Path where, boolean stays) throws IOException {
        Demo demo = new Demo(where, limit, streams.out());
        boolean sound = demo.run();
        streams.out().line("");
        streams.out()
                .line(
                        sound
                                ? "Everything was as it should be."
                                : demo.failures() + " claims were WRONG: please report this output.");
        if (stays) {
            streams.out().line("The store stays at " + where + ": try cambium scan " + where + " --prefix RIGHTWARDS");
        }
        return sound ? ExitCode.OK : ExitCode.NO;
    }

    private static void requireUnused(Path directory) throws IOException {
        if (!Files.exists(directory)) {
            return;
        }
        StoreArguments.requireNoFile(directory);
        try (Stream<Path> files = Files.list(directory)) {
            if (files.findAny().isPresent()) {
                throw new CommandException(
                        ExitCode.USAGE, directory + " is not empty; the demo wants a new or empty directory");
            }
        }
    }
}
