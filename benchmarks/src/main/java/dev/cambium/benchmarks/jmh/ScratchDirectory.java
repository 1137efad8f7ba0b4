package dev.cambium.benchmarks.jmh;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** A temporary directory of files, deleted with all of them. */
record ScratchDirectory(Path path) {
    static ScratchDirectory create() throws IOException {
        return new ScratchDirectory(Files.createTempDirectory("cambium-jmh"));
    }

    void delete() throws IOException {
        for (File file : path.toFile().listFiles()) {
            Files.delete(file.toPath());
        }
        Files.delete(path);
    }
}
