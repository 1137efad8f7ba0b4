package dev.cambium;

import static dev.cambium.StoreTest.b;
import static dev.cambium.StoreTest.s;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cambium.testkit.runtime.StepExecutor;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** What a compaction takes the place of is given back while it goes on: it does not need the room of the store once more. */
class CompactionRoomTest {
    private static final int KEYS = 50_000;
    private static final int VALUE_LENGTH = 500;
    private static final double MOST_ROOM =
            1.16; // a merge of 2 MiB is a 17th of such a store; longer ones come to less

    private static byte[] key(int number) {
        return b(String.format("key%06d", number));
    }

    @Test
    void aStoreOfScatteredOverwritesIsCompactedInLittleRoom() {
        Options options = SmallStore.SMALL
                .withMemtableBytes(1 << 20)
                .withZoneBytes(1 << 20)
                .withPageBytes(4 << 10);
        try (SmallStore small = new SmallStore(options, StepExecutor.Mode.MANUAL)) {
            Random random = new Random(5);
            int[] seeds = new int[KEYS];
            for (int i = 0; i < 3 * KEYS; i++) {
                int number = i < KEYS ? (int) (i * 7919L % KEYS) : random.nextInt(KEYS); // each once, then some again
                seeds[number] = i;
                small.store().put(key(number), b(SmallStore.noise(i, VALUE_LENGTH)), Durability.BUFFERED);
            }
            small.store().flush();
            small.executor().runAll();
            long before = small.fileBytes("zone-");
            long[] peak = {0, 0};
            long[] progress = {0};
            small.store().compact((done, total) -> {
                peak[0] = Math.max(peak[0], small.fileBytes("zone-"));
                peak[1]++;
                assertTrue(progress[0] <= done && (total == 0 || done <= total), done + " of " + total);
                progress[0] = done;
            });
            long data = (long) KEYS * (key(0).length + VALUE_LENGTH);
            assertTrue(progress[0] < 1.3 * data, progress[0] + " bytes of " + data + ": what comes twice counts once");
            assertTrue(peak[1] > 5, peak[1] + " looks");
            assertTrue(peak[0] <= MOST_ROOM * before, peak[0] + " of " + before + ": " + (double) peak[0] / before);
            assertEquals(1, small.store().stats().runs());
            for (int i = 0; i < KEYS; i++) {
                assertEquals(
                        SmallStore.noise(seeds[i], VALUE_LENGTH),
                        s(small.store().get(key(i))),
                        "key " + i);
            }
        }
    }
}
