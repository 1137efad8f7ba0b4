package dev.cambium;

import static dev.cambium.StoreTest.b;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cambium.testkit.disk.CrashOutcome;
import org.junit.jupiter.api.Test;

/** What nobody asks to be forced is forced in the background, once it is much: a flush, or the first SYNC, does not wait for all of it. */
class EarlyForceTest {
    private static final int VALUES = 50;

    private static byte[] value(int number) {
        byte[] value = new byte[1 << 20];
        value[number] = 1;
        value[value.length - 1] = (byte) number;
        return value;
    }

    @Test
    void ofManyBufferedWritesAPowerLossTakesTheLastOnesOnly() {
        Options options = SmallStore.SMALL.withMemoryBudget(512 << 20).withMemtableBytes(128 << 20);
        try (SmallStore small = new SmallStore(options)) {
            for (int i = 0; i < VALUES; i++) {
                small.store().put(b("key" + i), value(i), Durability.BUFFERED);
            }
            small.reopenAfter(CrashOutcome.NOTHING_UNFORCED);
            int kept = 0;
            while (small.store().get(b("key" + kept)) != null) {
                assertArrayEquals(value(kept), small.store().get(b("key" + kept)));
                kept++;
            }
            assertTrue(kept >= VALUES - 17 && kept < VALUES, kept + " of " + VALUES);
            for (int i = kept; i < VALUES; i++) {
                assertNull(small.store().get(b("key" + i)), "what came later is lost with it");
            }
        }
    }
}
