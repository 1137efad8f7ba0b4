package dev.cambium;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.cambium.segment.disk.RealFileSystem;
import dev.cambium.segment.runtime.Environment;
import dev.cambium.testkit.SimulatedEnvironment;
import dev.cambium.testkit.disk.SimulatedDisk;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import net.jpountz.lz4.LZ4Factory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A store on a disk of the operating system, where that has holes: what dies takes no room any more. */
class RealHolesTest {
    private static final int VALUES = 12; // the last zone of which is open and stays as it is
    private static final int LENGTH = 3 << 20;

    @TempDir
    Path directory;

    private static byte[] key(int number) {
        return ("key" + number).getBytes(StandardCharsets.US_ASCII);
    }

    private static byte[] value(int number) {
        byte[] value = new byte[LENGTH];
        new SplittableRandom(number).nextBytes(value);
        return value;
    }

    /** Bytes that the zones take on the disk. */
    private long allocatedBytes() throws IOException, InterruptedException {
        List<Path> zones;
        try (Stream<Path> files = Files.list(directory)) {
            zones = files.filter(file -> file.getFileName().toString().startsWith("zone-"))
                    .toList();
        }
        long sum = 0;
        for (Path zone : zones) {
            Process stat = new ProcessBuilder("stat", "-c", "%b %B", zone.toString()).start();
            String[] found = new String(stat.getInputStream().readAllBytes(), StandardCharsets.US_ASCII)
                    .strip()
                    .split(" ");
            assertEquals(0, stat.waitFor());
            sum += Long.parseLong(found[0]) * Long.parseLong(found[1]);
        }
        return sum;
    }

    @Test
    void longValuesThatDieGiveTheirRoomBackThoughTheirZoneStays() throws IOException, InterruptedException {
        LZ4Factory.fastestInstance(); // by which a later JVM lets the module call the system
        assumeTrue(new RealFileSystem(directory).canPunchHoles(), "the platform cannot");
        SimulatedEnvironment world = new SimulatedEnvironment(new SimulatedDisk(1), 1); // but for its disk
        Environment simulated = world.environment();
        Environment environment = new Environment(
                new RealFileSystem(directory),
                simulated.clock(),
                simulated.random(),
                simulated.parker(),
                simulated.executor());
        long punched;
        try (Store store = Store.open(environment, Options.DEFAULT.withZoneBytes(16 << 20))) {
            for (int i = 0; i < VALUES; i++) { // about five to a zone
                store.put(key(i), value(i));
            }
            store.flush();
            long before = allocatedBytes();
            for (int i = 0; i < VALUES; i += 2) {
                store.delete(key(i));
            }
            store.compact();
            world.executor().runAll();
            StoreStats stats = store.stats();
            assumeTrue(stats.punchesHoles(), "the file system cannot");
            assertTrue(stats.punchedBytes() >= 4L * LENGTH, stats.toString());
            long after = allocatedBytes();
            assertTrue(before - after >= stats.punchedBytes() - (1 << 20), before + " became " + after);
            for (int i = 0; i < VALUES; i++) {
                assertArrayEquals(i % 2 == 0 ? null : value(i), store.get(key(i)), "key " + i);
            }
            punched = stats.punchedBytes();
        }
        assertEquals(List.of(), Store.verify(directory).findings());
        try (Store store = Store.open(directory)) {
            assertEquals(punched, store.stats().punchedBytes(), "known again");
            assertArrayEquals(value(1), store.get(key(1)));
        }
    }
}
