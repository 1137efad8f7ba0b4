package dev.cambium.benchmarks;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Starts JVMs, one at a time, each with the class path of one engine, and hears what they say. */
public final class EngineJvm {
    private volatile Process running;

    /**
     * Runs a main class to its end.
     *
     * @param temporary where native libraries are unpacked
     * @return the lines that it printed
     * @throws EngineFailedException with what it printed, where its exit code is not 0
     */
    public List<String> run(
            Contender contender, List<String> jvmFlags, Path temporary, Class<?> mainClass, List<String> arguments)
            throws IOException {
        Files.createDirectories(temporary);
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(jvmFlags);
        command.addAll(contender.jvmFlags());
        command.add("-Djava.io.tmpdir=" + temporary);
        command.add("-cp");
        command.add(contender.classPath());
        command.add(mainClass.getName());
        command.addAll(arguments);
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        running = process;
        try (BufferedReader output =
                new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
            List<String> lines = output.lines().toList();
            int exit = process.waitFor();
            if (exit != 0) {
                throw new EngineFailedException("exit code " + exit + "\n" + String.join("\n", lines));
            }
            return lines;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new EngineFailedException("interrupted");
        } finally {
            process.destroyForcibly();
        }
    }

    /** Ends the one that runs, if any does. From any thread. */
    public void end() {
        Process process = running;
        if (process != null) {
            process.destroyForcibly().onExit().join();
        }
    }
}
