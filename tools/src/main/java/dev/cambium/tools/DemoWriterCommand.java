package dev.cambium.tools;

import dev.cambium.tools.demo.DemoWriter;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** {@code cambium demo-writer}: the process that {@code cambium demo} kills. */
@Command(name = "demo-writer", hidden = true, description = "Write until killed; started by the demo.")
final class DemoWriterCommand implements Callable<Integer> {
    private final Streams streams;

    @Parameters(index = "0", paramLabel = "STORE", description = "The store's directory.")
    private Path directory;

    DemoWriterCommand(Streams streams) {
        this.streams = streams;
    }

    @Override
    public Integer call() {
        DemoWriter.run(directory, streams.out());
        return ExitCode.OK;
    }
}
