package dev.cambium;

import static dev.cambium.StoreTest.b;
import static dev.cambium.StoreTest.s;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cambium.error.DiskFullException;
import dev.cambium.testkit.disk.CrashOutcome;
import java.util.NavigableMap;
import java.util.Random;
import java.util.TreeMap;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Stores on a disk that has little room beside them, or none. */
class FullDiskTest {
    private static final Options OPTIONS = SmallStore.SMALL
            .withMemtableBytes(1 << 20)
            .withZoneBytes(Options.MIN_ZONE_BYTES)
            .withPageBytes(4 << 10);
    private static final Logger LOGGER = Logger.getLogger("dev.cambium");

    private final NavigableMap<String, String> model = new TreeMap<>();

    /** What could not be written is logged. */
    @BeforeAll
    static void beQuiet() {
        LOGGER.setLevel(Level.OFF);
    }

    @AfterAll
    static void speakAgain() {
        LOGGER.setLevel(null);
    }

    private void put(SmallStore small, int number, int seed, int length) {
        String key = String.format("key%06d", number);
        String value = SmallStore.noise(seed, length);
        small.store().put(b(key), b(value), Durability.BUFFERED);
        model.put(key, value);
    }

    private void assertHolds(SmallStore small, String when) {
        model.forEach((key, value) -> assertEquals(value, s(small.store().get(b(key))), () -> key + ", " + when));
        try (Cursor cursor = small.store().cursor()) {
            int entries = 0;
            while (cursor.next()) {
                entries++;
            }
            assertEquals(model.size(), entries, when);
        }
    }

    private static long used(SmallStore small) {
        return small.disk().list().stream()
                .mapToLong(name -> small.disk().bytes(name).length)
                .sum();
    }

    private SmallStore filled(int length, int keys) {
        SmallStore small = new SmallStore(OPTIONS);
        for (int i = 0; i < keys; i++) {
            put(small, i, i, length);
        }
        small.store().compact();
        return small;
    }

    /** Overwrites at random; returns how many writes were refused, which ends it once there are too many. */
    private int overwrite(SmallStore small, int length, int keys, int writes, int mostRefused) {
        Random random = new Random(3);
        int refused = 0;
        for (int i = 0; i < writes && refused < mostRefused; i++) {
            try {
                put(small, random.nextInt(keys), keys + i, length);
            } catch (DiskFullException e) {
                refused++;
            }
        }
        return refused;
    }

    /** With less room than zones take elsewhere, more is cleaned before more is laid down. */
    @ParameterizedTest
    @CsvSource({"200, 150000, 0.3", "1500, 25000, 0.2"})
    void aStoreOnADiskWithLittleRoomGoesOn(int length, int keys, double room) {
        try (SmallStore small = filled(length, keys)) {
            long capacity = used(small) + (long) (room * small.store().stats().pageBytes());
            small.disk().faults().capacityBytes(capacity);
            assertEquals(
                    0,
                    overwrite(small, length, keys, 2 * keys, 1),
                    () -> "refused: " + small.store().stats());
            assertHolds(small, "in the end");
        }
    }

    /** What cannot be laid down for lack of room, and cannot be made room for, is refused and told; nothing is lost, and all goes on by itself. */
    @Test
    void aFullDiskRefusesWritesClearlyAndWritesResumeOnceThereIsRoom() {
        int keys = 10_000;
        try (SmallStore small = filled(200, keys)) {
            small.disk().faults().capacityBytes(used(small) + (64 << 10));
            for (int i = 0; i < keys; i++) {
                String key = String.format("more%06d", i);
                try {
                    small.store().put(b(key), b(SmallStore.noise(i, 2000)), Durability.BUFFERED);
                    model.put(key, SmallStore.noise(i, 2000));
                } catch (DiskFullException e) {
                    assertTrue(e.getMessage().contains("room") || e.getMessage().contains("no space"), e::getMessage);
                    i += 500;
                }
            }
            assertTrue(model.size() < 2 * keys - 10, "nothing was refused");
            assertHolds(small, "on a full disk");
            small.disk().faults().clear();
            assertEquals(0, overwrite(small, 200, keys, 3 * keys, 1));
            assertHolds(small, "with room again");
            small.reopenAfter(CrashOutcome.EVERYTHING);
            assertHolds(small, "after a crash");
        }
    }
}
