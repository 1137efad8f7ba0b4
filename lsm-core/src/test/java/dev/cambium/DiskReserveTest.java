package dev.cambium;

import static dev.cambium.StoreTest.b;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
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

/** A full disk can always be cleaned: there is a file that is given up for it. */
class DiskReserveTest {
    private static final String RESERVE = "RESERVE";
    private static final int KEYS = 30_000;
    private static final Options OPTIONS =
            SmallStore.SMALL.withMemtableBytes(256 << 10).withPageBytes(4 << 10);
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

    private void put(SmallStore small, int number, int seed) {
        String key = String.format("key%06d", number);
        String value = SmallStore.noise(seed, 500);
        small.store().put(b(key), b(value), Durability.BUFFERED);
        model.put(key, value);
    }

    /** Key by key: all of it in one message would be megabytes. */
    private void assertHolds(SmallStore small, String when) {
        model.forEach(
                (key, value) -> assertEquals(value, StoreTest.s(small.store().get(b(key))), () -> key + ", " + when));
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

    @Test
    void aFullDiskIsCleanedWithTheReserveAndWritesResumeByThemselves() {
        Random random = new Random(3);
        try (SmallStore small = new SmallStore(OPTIONS)) {
            for (int i = 0; i < KEYS; i++) {
                put(small, i, i);
            }
            small.store().flush();
            assertTrue(small.disk().exists(RESERVE), small.disk().list()::toString);
            long reserve = small.disk().bytes(RESERVE).length;
            double part = (double) reserve / small.store().stats().pageBytes();
            assertTrue(part >= 1 / 130.0 && part <= 1 / 50.0, part + " of what is live");

            small.disk().faults().capacityBytes(used(small) + (1 << 20)); // much less than overwriting takes at once
            int refused = 0;
            int acceptedSince = 0;
            for (int i = 0; i < KEYS; i++) {
                try {
                    put(small, random.nextInt(KEYS), KEYS + i);
                    acceptedSince++;
                } catch (DiskFullException e) {
                    refused++;
                    acceptedSince = 0;
                }
            }
            assertTrue(acceptedSince > 0 || refused < KEYS / 2, refused + " refused, and it ended so");
            assertHolds(small, "on a full disk, " + refused + " refused");

            small.disk().faults().clear();
            small.store().flush();
            put(small, 1, -1);
            small.store().flush();
            assertTrue(small.disk().exists(RESERVE), "it is made again");
            small.reopenAfter(CrashOutcome.NOTHING_UNFORCED);
            assertHolds(small, "after power loss");
        }
    }

    @Test
    void aStoreThatIsSmallHasNone() {
        try (SmallStore small = new SmallStore(OPTIONS)) {
            for (int i = 0; i < 100; i++) {
                put(small, i, i);
            }
            small.store().flush();
            assertFalse(small.disk().exists(RESERVE));
        }
    }
}
