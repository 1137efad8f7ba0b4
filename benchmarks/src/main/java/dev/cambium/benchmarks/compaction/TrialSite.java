package dev.cambium.benchmarks.compaction;

import dev.cambium.benchmarks.DiskUse;
import dev.cambium.benchmarks.Engine;
import dev.cambium.benchmarks.EngineOpener;
import dev.cambium.benchmarks.EngineSettings;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * Where a trial takes place: the engine that it opens, the directory for it, and what it was told.
 *
 * @param directory of this trial alone
 * @param quietMillis without a flush or a merge, after which a store has nothing left to do
 * @param arguments that its part of the command has for it
 */
record TrialSite(EngineOpener opener, boolean universal, Path directory, int quietMillis, List<String> arguments) {
    private static final long MEMORY_BYTES = 256L << 20; // Cambium's default; a block cache as large
    private static final int MOST_WAITS = 1000;

    /** The argument at an index, a number. */
    int number(int index) {
        return Integer.parseInt(arguments.get(index));
    }

    /** Where the files of a store are. */
    Path path(String name) {
        return directory.resolve(name);
    }

    /**
     * Opens the store of that name.
     *
     * @param memtableBytes 0: as the engine is usually opened
     */
    Engine open(String name, long memtableBytes) {
        try {
            Files.createDirectories(path(name));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return opener.open(new EngineSettings(path(name), MEMORY_BYTES, false, false, memtableBytes, universal));
    }

    /** Waits until nothing is laid down or merged any more. */
    void awaitQuiet(Engine engine) {
        long before;
        DiskUse now = engine.diskUse();
        int waits = 0;
        do {
            if (waits++ == MOST_WAITS) {
                throw new IllegalStateException("still merging after " + MOST_WAITS * quietMillis / 1000 + " s");
            }
            before = now.writtenBytes();
            engine.settle();
            sleep(quietMillis);
            now = engine.diskUse();
        } while (now.writtenBytes() > before);
    }

    static void sleep(long millis) {
        try {
            Thread.sleep(millis);
        } catch (InterruptedException e) {
            throw new IllegalStateException("interrupted", e);
        }
    }
}
