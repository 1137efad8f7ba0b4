package dev.cambium;

import static dev.cambium.StoreTest.b;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cambium.testkit.SimulatedEnvironment;
import dev.cambium.testkit.disk.SimulatedDisk;
import dev.cambium.testkit.runtime.StepExecutor;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** What a store does while nobody writes. */
class IdleTest {
    private final SimulatedEnvironment environment =
            new SimulatedEnvironment(new SimulatedDisk(1), 1, StepExecutor.Mode.MANUAL);

    private void pass(Duration time) {
        environment.clock().advance(time);
        environment.executor().runAll();
    }

    private static void fill(Store store, int kilobytes) {
        for (int i = 0; i < kilobytes; i++) {
            store.put(b("key " + i), new byte[1000], Durability.BUFFERED);
        }
    }

    @Test
    void afterASecondWithoutWritesWhatIsWorthARunBecomesOne() {
        try (Store store = Store.open(environment.environment(), Options.DEFAULT)) {
            fill(store, 1200);
            environment.executor().runAll();
            assertEquals(0, store.stats().runs());
            pass(Duration.ofMillis(600));
            store.put(b("one"), b("more"), Durability.BUFFERED);
            pass(Duration.ofMillis(600));
            assertEquals(0, store.stats().runs(), "there was a write in the second before");
            pass(Duration.ofMillis(1000));
            assertEquals(1, store.stats().runs());
            assertEquals(1201, store.stats().entries());
            pass(Duration.ofSeconds(10));
            assertEquals(1, store.stats().runs());
        }
    }

    @Test
    void aLittleStaysInMemoryHoweverLongNobodyWrites() {
        try (Store store = Store.open(environment.environment(), Options.DEFAULT)) {
            for (int i = 0; i < 20; i++) {
                fill(store, 10);
                pass(Duration.ofSeconds(5));
            }
            assertEquals(0, store.stats().runs());
        }
    }

    @Test
    void whileNobodyWritesYoungRunsAreMerged() {
        try (Store store = Store.open(environment.environment(), Options.DEFAULT)) {
            fill(store, 1200);
            store.flush();
            for (int i = 0; i < 3; i++) {
                for (int k = 0; k < 200; k++) {
                    store.put(b("key " + k + "." + i), new byte[1000], Durability.BUFFERED);
                }
                store.flush();
            }
            environment.executor().runAll();
            assertEquals(4, store.stats().runs());
            pass(Duration.ofSeconds(1));
            pass(Duration.ofSeconds(1));
            assertEquals(2, store.stats().runs(), "the base, and what is younger");
            assertEquals(1800, store.stats().entries());
            assertTrue(store.get(b("key 7")).length == 1000);
        }
    }

    @Test
    void whatWasLaidDownIsBackInMemoryOnceNobodyWrites() {
        try (Store store = Store.open(environment.environment(), Options.DEFAULT)) {
            for (int run = 0; run < 3; run++) {
                fill(store, 600);
                for (int i = 0; i < 300; i++) {
                    store.put(b("long " + i), new byte[3000 + i], Durability.BUFFERED);
                }
                store.flush();
            }
            pass(Duration.ofSeconds(1));
            pass(Duration.ofSeconds(1));
            assertEquals(1, store.stats().runs());
            long loads = store.stats().pageLoads();
            assertTrue(loads > 100, store.stats()::toString);
            for (int i = 0; i < 600; i++) {
                assertEquals(1000, store.get(b("key " + i)).length);
                assertEquals(i < 300 ? 3000 + i : -1, store.get(b("long " + i), ByteBuffer.allocate(0)));
            }
            try (Cursor cursor = store.cursor()) {
                while (cursor.next()) {
                    assertTrue(cursor.value().length >= 1000);
                }
            }
            assertEquals(loads, store.stats().pageLoads(), "pages that a read had to load");
        }
    }

    @Test
    void pagesAreBroughtBackOnlyAsFarAsThereIsRoom() {
        Options small = Options.DEFAULT.withMemoryBudget(16 << 20).withMemtableBytes(1 << 20);
        try (Store store = Store.open(environment.environment(), small)) {
            byte[] value = new byte[1000];
            for (int i = 0; i < 30_000; i++) {
                new SplittableRandom(i).nextBytes(value);
                store.put(b("key " + i), value, Durability.BUFFERED);
                if (i % 100 == 0) {
                    environment.executor().runAll();
                }
            }
            pass(Duration.ofSeconds(1));
            pass(Duration.ofSeconds(1));
            assertTrue(
                    store.stats().memory().totalBytes()
                            <= store.stats().memory().budgetBytes(),
                    store.stats()::toString);
            assertTrue(store.stats().runBytes() > 30_000_000, store.stats()::toString);
        }
    }

    @Test
    void aDamagedPageDoesNotKeepTheOthersFromBeingBroughtBack() {
        try (Store store = Store.open(environment.environment(), Options.DEFAULT)) {
            fill(store, 1200);
            store.flush();
            environment.executor().runAll();
            String zone = environment.disk().list().stream()
                    .filter(name -> name.startsWith("zone-"))
                    .findFirst()
                    .orElseThrow();
            environment.disk().corrupt(zone, 8 * 4200);
            pass(Duration.ofSeconds(1));
            store.put(b("works"), b("still"));
            store.flush();
            pass(Duration.ofSeconds(2));
            assertEquals(b("still").length, store.get(b("works")).length);
        }
    }
}
