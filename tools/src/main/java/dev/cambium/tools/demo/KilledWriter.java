package dev.cambium.tools.demo;

import dev.cambium.tools.CommandException;
import dev.cambium.tools.ExitCode;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Runs a {@link DemoWriter} in a process of its own and kills it in the middle of its writes. Stateless. */
final class KilledWriter {
    private static final String MAIN_CLASS = "dev.cambium.tools.Cambium";
    private static final long MOST_NANOS = TimeUnit.SECONDS.toNanos(3);

    private KilledWriter() {}

    /**
     * Starts a writer, kills it after {@code writes} acknowledgements or some seconds, and returns the last number that
     * it acknowledged: what was in the pipe when it died counts.
     */
    static int run(Path directory, int writes) throws IOException {
        Process writer = new ProcessBuilder(command(directory))
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        int last = 0;
        try (BufferedReader acknowledgements =
                new BufferedReader(new InputStreamReader(writer.getInputStream(), StandardCharsets.US_ASCII))) {
            long started = 0;
            boolean killed = false;
            while (true) {
                String line = readWholeLine(acknowledgements);
                if (line == null) {
                    break;
                }
                last = Integer.parseInt(line);
                started = started == 0 ? System.nanoTime() : started;
                if (!killed && (last >= writes || System.nanoTime() - started > MOST_NANOS)) {
                    writer.toHandle()
                            .destroyForcibly(); // Process.destroyForcibly would close the pipe with what is in it
                    killed = true;
                }
            }
            if (!killed) {
                throw new CommandException(
                        ExitCode.IO,
                        "the second process ended by itself after " + last + " writes, before it was killed");
            }
        } finally {
            end(writer);
        }
        return last;
    }

    /** A line with its end, or null: one that the death of the writer cut short was not told. */
    private static String readWholeLine(BufferedReader lines) throws IOException {
        StringBuilder line = new StringBuilder();
        for (int c = lines.read(); c != '\n'; c = lines.read()) {
            if (c < 0) {
                return null;
            }
            line.append((char) c);
        }
        return line.toString();
    }

    private static void end(Process writer) throws IOException {
        writer.destroyForcibly();
        try {
            writer.waitFor(); // its lock on the store is gone only when it is
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted while the second process was being killed", e);
        }
    }

    private static List<String> command(Path directory) {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.add("-XX:TieredStopAtLevel=1");
        command.add("--enable-native-access=ALL-UNNAMED");
        if (Runtime.version().feature() >= 24) {
            command.add("--sun-misc-unsafe-memory-access=allow");
        }
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), MAIN_CLASS, "demo-writer"));
        command.add(directory.toString());
        return command;
    }
}
