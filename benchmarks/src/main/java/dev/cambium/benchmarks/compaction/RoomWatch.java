package dev.cambium.benchmarks.compaction;

import java.io.File;
import java.nio.file.Path;

/** Looks every other millisecond at how long the files in a directory are together. */
final class RoomWatch {
    private static final long PERIOD_MILLIS = 2;

    private final Path directory;
    private final long firstBytes;
    private long peakBytes;
    private long lastBytes;
    private long looks;
    private final Lookout lookout;

    private RoomWatch(Path directory) {
        this.directory = directory;
        firstBytes = fileBytes(directory);
        peakBytes = firstBytes;
        lookout = Lookout.start("room-watch", PERIOD_MILLIS, this::look);
    }

    /** Looks once, then goes on in a thread of its own. */
    static RoomWatch start(Path directory) {
        return new RoomWatch(directory);
    }

    private void look() {
        lastBytes = fileBytes(directory);
        peakBytes = Math.max(peakBytes, lastBytes);
        looks++;
    }

    /** Bytes of zones and sorted tables in a directory. */
    static long fileBytes(Path directory) {
        File[] files =
                directory.toFile().listFiles((parent, name) -> name.startsWith("zone-") || name.endsWith(".sst"));
        long bytes = 0;
        for (File file : files == null ? new File[0] : files) {
            bytes += file.length(); // 0 where it has just been deleted
        }
        return bytes;
    }

    /** Ends the watch with a last look. */
    void end() {
        lookout.end();
    }

    /** When it was started. */
    long firstBytes() {
        return firstBytes;
    }

    /** When it was ended. */
    long lastBytes() {
        return lastBytes;
    }

    /** The most that was seen; once it has ended. */
    long peakBytes() {
        return peakBytes;
    }

    /** How often it has looked since it was started; once it has ended. */
    long looks() {
        return looks;
    }
}
