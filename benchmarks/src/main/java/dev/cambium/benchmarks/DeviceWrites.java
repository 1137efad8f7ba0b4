package dev.cambium.benchmarks;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** What this process has written to block devices, or made dirty in their cache, stores through mappings included. Linux alone tells. */
final class DeviceWrites {
    private static final Path COUNTERS = Path.of("/proc/self/io");

    private DeviceWrites() {}

    static long bytes() {
        try {
            long written = 0;
            for (String line : Files.readAllLines(COUNTERS)) {
                String[] field = line.split(": ");
                if (field[0].equals("write_bytes")) {
                    written += Long.parseLong(field[1]);
                }
            }
            return written;
        } catch (IOException e) {
            throw new UncheckedIOException("bytes written are only known on Linux", e);
        }
    }
}
