package dev.cambium;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.management.ObjectName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What entries and calls cost on the Java heap: few objects, and none but the result for a read. */
class HeapTest {
    private static final int ENTRIES = 200_000;
    private static final int CALLS = 20_000;
    private static final Pattern TOTAL = Pattern.compile("(?m)^Total\\s+(\\d+)\\s+(\\d+)");

    @TempDir
    Path directory;

    private static byte[] key(int number) {
        return String.format("user:%09d", number * 7919L % 1_000_000_007L).getBytes(StandardCharsets.US_ASCII);
    }

    /** Live objects and their bytes, after a collection. */
    private static long[] liveHeap() throws Exception {
        String histogram = (String) ManagementFactory.getPlatformMBeanServer()
                .invoke(
                        new ObjectName("com.sun.management:type=DiagnosticCommand"),
                        "gcClassHistogram",
                        new Object[] {new String[0]},
                        new String[] {String[].class.getName()});
        Matcher total = TOTAL.matcher(histogram);
        assertTrue(total.find(), histogram);
        return new long[] {Long.parseLong(total.group(1)), Long.parseLong(total.group(2))};
    }

    @Test
    void entriesCostFewHeapObjectsAndAboutTwentySixBytes() throws Exception {
        for (boolean batches : new boolean[] {false, true}) {
            try (Store store = Store.open(directory.resolve("batches-" + batches))) {
                long[] before = liveHeap();
                byte[] value = new byte[20];
                WriteBatch batch = new WriteBatch();
                for (int i = 0; i < ENTRIES; i++) {
                    if (!batches) {
                        store.put(key(i), value, Durability.BUFFERED);
                        continue;
                    }
                    batch.put(key(i), value);
                    if (batch.count() == 100 || i == ENTRIES - 1) {
                        store.write(batch, Durability.BUFFERED);
                        batch.clear();
                    }
                }
                long[] after = liveHeap();
                double objects = (double) (after[0] - before[0]) / ENTRIES;
                double bytes = (double) (after[1] - before[1]) / ENTRIES;
                System.out.printf("batches: %s; %.3f heap objects and %.1f bytes an entry%n", batches, objects, bytes);
                assertEquals(ENTRIES, store.stats().entries());
                assertTrue(objects < 0.2, () -> objects + " heap objects an entry");
                assertTrue(bytes < 34, () -> bytes + " heap bytes an entry");
            }
        }
    }

    private static long allocatedBytes() {
        com.sun.management.ThreadMXBean threads = (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();
        return threads.getThreadAllocatedBytes(Thread.currentThread().getId());
    }

    /** Asserts what each of many calls allocates, on average and without a rest, once all code is compiled. */
    private static void assertAllocates(String what, long expectedBytesPerCall, Runnable call) {
        assertAllocates(what, expectedBytesPerCall, CALLS, call);
    }

    private static void assertAllocates(String what, long expectedBytesPerCall, int calls, Runnable call) {
        long measured = -1;
        for (int attempt = 0; attempt < 20; attempt++) {
            for (int i = 0; i < calls; i++) {
                call.run();
            }
            long own = -(allocatedBytes() - allocatedBytes()); // asking allocates, too
            long before = allocatedBytes();
            for (int i = 0; i < calls; i++) {
                call.run();
            }
            measured = allocatedBytes() - before - own;
            if (measured == expectedBytesPerCall * calls) {
                return;
            }
        }
        assertEquals(expectedBytesPerCall * calls, measured, what + ": bytes allocated by " + calls + " calls");
    }

    @Test
    void readsAllocateTheResultAndNothingElse() {
        Options options = Options.DEFAULT.withMemtableBytes(256 << 10);
        try (Store store = Store.open(directory, options)) {
            Keyspace space = store.keyspace("space");
            for (int i = 0; i < 10_000; i++) {
                store.put(key(i), new byte[100], Durability.BUFFERED);
            }
            space.put(key(1), new byte[100], Durability.BUFFERED);
            store.delete(key(2), Durability.BUFFERED);
            byte[] longer = key(10_000);
            store.put(longer, new byte[2000], Durability.BUFFERED);
            byte[][] many = new byte[1500][];
            for (int i = 0; i < many.length; i++) {
                many[i] = key(10_001 + i);
                store.put(many[i], new byte[1200], Durability.BUFFERED);
            }
            store.flush();
            assertTrue(store.stats().runs() > 0, "runs are read too");
            store.put(key(9_999), new byte[100], Durability.BUFFERED);
            byte[] oldest = key(0);
            byte[] newest = key(9_999);
            byte[] inSpace = key(1);
            byte[] deleted = key(2);
            byte[] absent = key(20_000);
            ByteBuffer target = ByteBuffer.allocateDirect(200);
            long array = 16 + 104; // header and 100 bytes, rounded up to eight
            try (Snapshot snapshot = store.snapshot();
                    Cursor cursor = snapshot.cursor()) {
                assertNotNull(store.get(oldest));
                assertAllocates("get from a run", array, () -> store.get(oldest));
                assertAllocates("get from the active memtable", array, () -> store.get(newest));
                assertAllocates("get from a keyspace", array, () -> space.get(inSpace));
                assertAllocates("get from a snapshot", array, () -> snapshot.get(oldest));
                assertAllocates("get of a value in a page of values", 16 + 2000, () -> store.get(longer));
                assertAllocates("get of such a value into a buffer", 0, () -> store.get(longer, target.clear()));
                assertAllocates("gets of values whose pages several leaves share", 0, CALLS / many.length, () -> {
                    for (byte[] key : many) {
                        store.get(key, target.clear());
                    }
                });
                assertNull(store.get(absent));
                assertAllocates("get of what is absent", 0, () -> store.get(absent));
                assertAllocates("get of what is deleted", 0, () -> store.get(deleted));
                assertAllocates("get into a buffer", 0, () -> store.get(oldest, target.clear()));
                assertAllocates("get of what is absent into a buffer", 0, () -> store.get(absent, target.clear()));
                assertAllocates("next", 0, () -> {
                    if (!cursor.next()) {
                        cursor.first();
                    }
                });
                assertAllocates("previous", 0, () -> {
                    if (!cursor.previous()) {
                        cursor.last();
                    }
                });
                assertAllocates("seek", 0, () -> cursor.seek(oldest));
                assertAllocates("seekFloor", 0, () -> cursor.seekFloor(newest));
            }
        }
    }
}
