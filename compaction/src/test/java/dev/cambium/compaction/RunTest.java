package dev.cambium.compaction;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cambium.segment.frame.Frame;
import dev.cambium.segment.frame.FrameCache;
import dev.cambium.segment.log.OperationCode;
import dev.cambium.segment.manifest.ManifestRecord;
import dev.cambium.segment.manifest.Stretches;
import dev.cambium.segment.memory.Memory;
import dev.cambium.segment.page.LeafPage;
import dev.cambium.segment.pool.BufferPool;
import dev.cambium.segment.runtime.Reclaimer;
import dev.cambium.segment.zone.SharedZone;
import dev.cambium.testkit.disk.SimulatedDisk;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RunTest {
    private static final byte[] TOMBSTONE = {};

    /** What was retired; released between the epoch slots of a cursor, which is before each look at its entry. */
    private final List<Runnable> retired = new ArrayList<>();

    private long mark;
    private long passed;

    private final Reclaimer reclaimer = new Reclaimer() {
        @Override
        public void retire(Runnable release) {
            // Releases may evict other pages: inside the policy's map that could go wrong.
            boolean isInsidePolicy = StackWalker.getInstance()
                    .walk(frames ->
                            frames.anyMatch(frame -> frame.getClassName().startsWith("com.github.benmanes")));
            assertFalse(isInsidePolicy, "a frame is retired by the policy's listener");
            retired.add(release);
        }

        @Override
        public void settle() {
            leaveSlot();
        }

        @Override
        public long mark() {
            return ++mark;
        }

        @Override
        public long passed() {
            return passed;
        }
    };

    private void leaveSlot() {
        passed = mark;
        while (!retired.isEmpty()) {
            List<Runnable> released = new ArrayList<>(retired);
            retired.clear();
            released.forEach(Runnable::run);
        }
    }

    private static byte[] key(Random random, int shape) {
        return switch (shape) {
            case 0 -> internal(String.format("%016d", random.nextInt(1 << 20)));
            case 1 -> internal("user:" + Integer.toString(random.nextInt(1 << 16), 36));
            case 2 -> internal("x".repeat(random.nextInt(400)) + random.nextInt(10));
            default -> {
                byte[] bytes = new byte[4 + random.nextInt(20)];
                random.nextBytes(bytes);
                Arrays.fill(bytes, 0, 3, (byte) 0);
                yield bytes;
            }
        };
    }

    private static byte[] internal(String user) {
        byte[] bytes = ("0000" + user).getBytes(StandardCharsets.ISO_8859_1);
        Arrays.fill(bytes, 0, 4, (byte) 0);
        return bytes;
    }

    @ParameterizedTest
    @CsvSource({
        "0,512,3000,100",
        "0,16384,20000,100",
        "1,1024,3000,20",
        "2,2048,2000,50",
        "3,512,4000,0",
        "1,4096,300,5000",
        "0,16384,1,10",
        "3,512,2,3000"
    })
    void runHasEveryEntryAndNoOther(int shape, int pageSize, int count, int longestValue) {
        Random random = new Random(shape * 31L + pageSize);
        TreeMap<byte[], byte[]> model = new TreeMap<>(Arrays::compareUnsigned);
        while (model.size() < count) {
            byte[] value = new byte[longestValue == 0 ? 0 : 1 + random.nextInt(longestValue)];
            random.nextBytes(value);
            Arrays.fill(value, 0, value.length / 2, (byte) 'v');
            model.put(key(random, shape), random.nextInt(10) == 0 ? TOMBSTONE : value);
        }
        BufferPool pool = new BufferPool(1L << 28, 64 << 10);
        BufferPool framePool = new BufferPool(1 << 16, 64 << 10); // so small that frames are evicted all the time
        SimulatedDisk disk = new SimulatedDisk(1);
        disk.createDirectory();
        ManifestRecord.Run run;
        try (TestZones zones = new TestZones(disk, pool, 1 << 18)) {
            try (RunWriter writer =
                    new RunWriter(zones, zones, pool, PageSizes.of(pageSize), TestZones.STORE_ID, 7, 3, 42)) {
                model.forEach((key, value) -> add(writer, key, value));
                run = writer.finish(0, 3, 3, 1, 9);
            }
            assertEquals(count, run.entries());
            assertArrayEquals(model.firstKey(), run.firstKey());
            assertArrayEquals(model.lastKey(), run.lastKey());
            FrameCache frames = new FrameCache(TestZones.STORE_ID, framePool, 1 << 16, reclaimer);
            List<SharedZone> readers = zones.readers();
            RunTree tree = new RunTree(run, new TreePages(TestZones.byNumber(readers), frames));
            finds(tree, model, random, shape);
            scans(new RunCursor(tree, Stretches.NONE), model, random, shape);
            frames.close();
            leaveSlot();
            readers.forEach(SharedZone::release);
        }
        assertEquals(0, pool.usedBytes());
        assertEquals(0, framePool.usedBytes());
    }

    private static void add(RunWriter writer, byte[] key, byte[] value) {
        Memory memory = Memory.allocate(key.length + Math.max(1, value.length));
        memory.put(0, key, 0, key.length);
        memory.put(key.length, value, 0, value.length);
        int operation = value == TOMBSTONE ? OperationCode.DELETE : OperationCode.PUT;
        writer.add(memory, 0, key.length, operation, memory, key.length, value.length);
        memory.release();
    }

    private void finds(RunTree tree, TreeMap<byte[], byte[]> model, Random random, int shape) {
        for (Map.Entry<byte[], byte[]> entry : model.entrySet()) {
            byte[] key = entry.getKey();
            Frame frame = tree.leafFor(key, key.length, KeyHash.of(key, 0, key.length), false);
            assertNotNull(frame, "the filter denies a key that is there");
            LeafPage leaf = frame.leaf();
            int index = leaf.search(key, 0, key.length);
            assertTrue(index >= 0);
            assertEquals(entry.getValue() == TOMBSTONE, leaf.operation(index) == OperationCode.DELETE);
            leaveSlot();
        }
        int passed = 0;
        int absent = 0;
        for (int i = 0; i < 2000; i++) {
            byte[] key = key(random, shape);
            if (!model.containsKey(key)) {
                absent++;
                Frame frame = tree.leafFor(key, key.length, KeyHash.of(key, 0, key.length), false);
                if (frame != null) {
                    passed++;
                    assertTrue(frame.leaf().search(key, 0, key.length) < 0);
                }
                leaveSlot();
            }
        }
        assertTrue(passed <= 10 + absent / 50, passed + " of " + absent + " absent keys pass the filter");
    }

    private void scans(RunCursor cursor, TreeMap<byte[], byte[]> model, Random random, int shape) {
        boolean on = cursor.first();
        for (Map.Entry<byte[], byte[]> entry : model.entrySet()) {
            assertTrue(on);
            is(cursor, entry);
            on = cursor.next();
        }
        assertFalse(on);
        on = cursor.last();
        for (Map.Entry<byte[], byte[]> entry : model.descendingMap().entrySet()) {
            assertTrue(on);
            is(cursor, entry);
            on = cursor.previous();
        }
        assertFalse(on);
        for (int i = 0; i < 500; i++) {
            byte[] key = key(random, shape);
            is(cursor, cursor.seek(key, 0, key.length), model.ceilingEntry(key));
            is(cursor, cursor.seekFloor(key, 0, key.length), model.floorEntry(key));
        }
    }

    private void is(RunCursor cursor, boolean on, Map.Entry<byte[], byte[]> expected) {
        if (expected == null) {
            assertFalse(on);
        } else {
            assertTrue(on);
            is(cursor, expected);
        }
    }

    private void is(RunCursor cursor, Map.Entry<byte[], byte[]> expected) {
        leaveSlot();
        cursor.resume();
        assertArrayEquals(expected.getKey(), cursor.keyMemory().toArray(cursor.keyOffset(), cursor.keyLength()));
        assertEquals(expected.getValue() == TOMBSTONE, cursor.isTombstone());
        assertArrayEquals(
                expected.getValue(), cursor.valueMemory().toArray(cursor.valueOffset(), cursor.valueLength()));
    }
}
