package dev.cambium.benchmarks.compaction;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RoomWatchTest {
    @TempDir
    Path directory;

    private Path file(String name, int length) throws IOException {
        return Files.write(directory.resolve(name), new byte[length]);
    }

    @Test
    void filesThatWereThereForAWhileCount() throws IOException {
        file("zone-1", 100);
        file("log-1", 5000);
        Path merged = file("zone-2", 30);
        RoomWatch watch = RoomWatch.start(directory);
        assertEquals(130, watch.firstBytes());
        Files.delete(merged);
        file("000003.sst", 20);
        watch.end();
        assertEquals(130, watch.peakBytes());
        assertEquals(120, watch.lastBytes());
    }

    @Test
    void theLastLookCounts() throws IOException {
        RoomWatch watch = RoomWatch.start(directory);
        assertEquals(0, watch.firstBytes());
        file("zone-1", 100);
        watch.end();
        assertEquals(100, watch.peakBytes());
        assertTrue(watch.looks() > 0);
    }

    @Test
    void aLookoutLooksUntilItIsEnded() throws InterruptedException {
        CountDownLatch looks = new CountDownLatch(3);
        Lookout lookout = Lookout.start("lookout", 1, looks::countDown);
        assertTrue(looks.await(10, TimeUnit.SECONDS));
        lookout.end();
    }

    @Test
    void whatALookThrowsEndsTheTrial() {
        Lookout lookout = Lookout.start("lookout", 1, () -> {
            throw new IllegalStateException("no such directory");
        });
        assertEquals(
                "no such directory",
                assertThrows(IllegalStateException.class, lookout::end).getMessage());
    }
}
