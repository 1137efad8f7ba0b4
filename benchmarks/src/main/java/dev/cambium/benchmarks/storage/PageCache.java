package dev.cambium.benchmarks.storage;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/** The operating system's page cache. */
final class PageCache {
    private static final Path DROP = Path.of("/proc/sys/vm/drop_caches");

    private PageCache() {}

    /** Whether {@link #drop} works: on Linux, for root. */
    static boolean canBeDropped() {
        return Files.isWritable(DROP);
    }

    /** Forgets all clean pages, so that the next reads come from the device. Written data must have been forced before. */
    static void drop() throws IOException {
        Files.write(DROP, "1".getBytes(StandardCharsets.US_ASCII));
    }
}
