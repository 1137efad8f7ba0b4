package dev.cambium;

import static dev.cambium.StoreTest.b;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cambium.testkit.SimulatedEnvironment;
import dev.cambium.testkit.disk.SimulatedDisk;
import dev.cambium.testkit.runtime.StepExecutor;
import java.time.Duration;
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
            for (int i = 0; i < 3; i++) {
                fill(store, 1200);
                store.flush();
            }
            environment.executor().runAll();
            assertEquals(3, store.stats().runs());
            pass(Duration.ofSeconds(1));
            pass(Duration.ofSeconds(1));
            assertEquals(1, store.stats().runs());
            assertEquals(1200, store.stats().entries());
            assertTrue(store.get(b("key 7")).length == 1000);
        }
    }
}
