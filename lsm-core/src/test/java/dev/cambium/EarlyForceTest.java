package dev.cambium;

import static dev.cambium.StoreTest.b;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cambium.testkit.disk.CrashOutcome;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What nobody asks to be forced is forced in the background, once it is much: a flush, or the first SYNC, does not wait for all of it. */
class EarlyForceTest {
    private static final int BYTES = 50 << 20;

    private static byte[] value(int number, int length) {
        byte[] value = new byte[length];
        value[number % length] = 1;
        value[value.length - 1] = (byte) number;
        return value;
    }

    /** Those that stand in the log, and those that it refers to. */
    @ParameterizedTest
    @ValueSource(ints = {50_000, 64 << 10, 1 << 20, 3 << 20})
    void ofManyBufferedWritesAPowerLossTakesTheLastOnesOnly(int length) {
        Options options = SmallStore.SMALL
                .withMemoryBudget(512 << 20)
                .withMemtableBytes(128 << 20)
                .withZoneBytes(64 << 20);
        int values = BYTES / length;
        try (SmallStore small = new SmallStore(options)) {
            for (int i = 0; i < values; i++) {
                small.store().put(b("key" + i), value(i, length), Durability.BUFFERED);
            }
            small.reopenAfter(CrashOutcome.NOTHING_UNFORCED);
            int kept = 0;
            while (small.store().get(b("key" + kept)) != null) {
                assertArrayEquals(value(kept, length), small.store().get(b("key" + kept)));
                kept++;
            }
            assertTrue(kept >= values - 1 - (16 << 20) / length && kept < values, kept + " of " + values);
            for (int i = kept; i < values; i++) {
                assertNull(small.store().get(b("key" + i)), "what came later is lost with it");
            }
        }
    }
}
