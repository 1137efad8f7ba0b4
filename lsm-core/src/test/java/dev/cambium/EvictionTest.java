package dev.cambium;

import static dev.cambium.StoreTest.b;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Reads of more than the memory holds: pages leave it and come back, and nobody sees another's bytes. */
class EvictionTest {
    private static final int ENTRIES = 30_000;
    private static final int GETS = 15_000;

    @TempDir
    Path directory;

    /** Some beside their keys, most in pages of values, some alone in theirs; all different. */
    private static byte[] value(int entry) {
        int length =
                switch (entry % 8) {
                    case 0 -> 30;
                    case 1 -> 20_000;
                    default -> 1024 + entry % 700;
                };
        ByteBuffer value = ByteBuffer.allocate(length);
        while (value.remaining() >= 8) {
            value.putLong(entry * 0x9E37_79B9_7F4A_7C15L + value.position());
        }
        return value.array();
    }

    private static byte[] key(int entry) {
        return b(String.format("%08d", entry));
    }

    private static Callable<Void> getter(Store store, long seed) {
        return () -> {
            SplittableRandom random = new SplittableRandom(seed);
            for (int i = 0;
                    i < GETS;
                    i++) { // mostly a part that fits, so that frames are found again through their parents
                int entry = random.nextInt(4) == 0 ? random.nextInt(ENTRIES) : random.nextInt(ENTRIES / 100);
                assertArrayEquals(value(entry), store.get(key(entry)));
            }
            return null;
        };
    }

    private static Callable<Void> scanner(Store store) {
        return () -> {
            int entry = 0;
            try (Cursor cursor = store.cursor()) {
                while (cursor.next()) {
                    assertArrayEquals(key(entry), cursor.key());
                    assertArrayEquals(value(entry), cursor.value());
                    entry++;
                }
            }
            assertTrue(entry == ENTRIES, entry + " entries");
            return null;
        };
    }

    @Test
    void pagesOfKeysAndOfValuesComeAndGoUnderReaders() throws Exception {
        Options options = Options.DEFAULT
                .withMemoryBudget(Options.MIN_MEMORY_BUDGET)
                .withMemtableBytes(1 << 20)
                .withPageBytes(4 << 10);
        ExecutorService threads = Executors.newCachedThreadPool();
        try (Store store = Store.open(directory, options)) {
            for (int entry = 0; entry < ENTRIES; entry++) {
                store.put(key(entry), value(entry), Durability.BUFFERED);
            }
            store.compact();
            List<Callable<Void>> tasks =
                    new ArrayList<>(List.of(getter(store, 1), getter(store, 2), scanner(store), scanner(store)));
            for (Future<Void> one : threads.invokeAll(tasks, 2, TimeUnit.MINUTES)) {
                one.get();
            }
            StoreStats stats = store.stats();
            assertTrue(stats.pageLoadBytes() > 5 * options.memoryBudget(), stats.pageLoadBytes() + " bytes loaded");
        } finally {
            threads.shutdownNow();
        }
    }
}
