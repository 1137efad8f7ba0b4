package dev.cambium.compaction;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cambium.segment.frame.FrameCache;
import dev.cambium.segment.log.OperationCode;
import dev.cambium.segment.manifest.ManifestRecord;
import dev.cambium.segment.manifest.Stretch;
import dev.cambium.segment.manifest.Stretches;
import dev.cambium.segment.memory.Memory;
import dev.cambium.segment.pool.BufferPool;
import dev.cambium.segment.zone.SharedZone;
import dev.cambium.testkit.disk.SimulatedDisk;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Pages are brought into memory before somebody asks for them. */
class RunLoaderTest {
    private static final int KEYS = 100;
    private static final int GONE = 31; // the first of these have gone into the base: to within a leaf

    private final BufferPool pool = new BufferPool(1L << 28, 64 << 10);

    private static byte[] key(int number) {
        return String.format("0000key%08d", number).getBytes(StandardCharsets.US_ASCII);
    }

    private static SimulatedDisk disk() {
        SimulatedDisk disk = new SimulatedDisk(1);
        disk.createDirectory();
        return disk;
    }

    /** A leaf at the edge of what has gone goes on referring to values of what has gone; they may be dead, and their zone deleted. */
    @Test
    void valuesOfWhatHasGoneIntoTheBaseAreNotLookedFor() {
        FrameCache frames = new FrameCache(TestZones.STORE_ID, pool, 1 << 20, TestReclaimer.AT_ONCE);
        try (TestZones zones = new TestZones(disk(), pool, 1 << 20);
                TestZones values = new TestZones(disk(), pool, 1 << 20)) {
            ManifestRecord.Run run;
            try (RunWriter writer =
                    new RunWriter(zones, values, pool, PageSizes.of(1 << 10), TestZones.STORE_ID, 1, 1, 42)) {
                for (int i = 0; i < KEYS; i++) {
                    byte[] key = key(i);
                    int length = i < GONE ? RunWriter.SEPARATE_FROM : 10;
                    Memory memory = Memory.allocate(key.length + length);
                    memory.put(0, key, 0, key.length);
                    writer.add(memory, 0, key.length, OperationCode.PUT, memory, key.length, length);
                    memory.release();
                }
                run = writer.finish(0, 1, 1, 1, 1);
            }
            assertTrue(values.count() > 0);
            List<SharedZone> readers = zones.readers(); // not those of values
            RunTree tree = new RunTree(run, new TreePages(TestZones.byNumber(readers), frames));
            RunLoader loader = new RunLoader(tree, Stretches.NONE.with(new Stretch(key(0), key(GONE))));
            assertFalse(assertDoesNotThrow(() -> loader.step(KEYS, () -> true)));
            readers.forEach(SharedZone::release);
        }
    }

    /** It is called inside an epoch slot, which keeps readers' room from coming back: a wait for room there would be one for itself. */
    @Test
    void nothingIsLoadedOnceThereIsNoRoom() {
        FrameCache frames = new FrameCache(TestZones.STORE_ID, pool, 1 << 20, TestReclaimer.AT_ONCE);
        try (TestZones zones = new TestZones(disk(), pool, 1 << 20)) {
            ManifestRecord.Run run;
            try (RunWriter writer =
                    new RunWriter(zones, zones, pool, PageSizes.of(1 << 14), TestZones.STORE_ID, 1, 1, 42)) {
                for (int i = 0; i < KEYS; i++) {
                    byte[] key = key(i);
                    Memory memory = Memory.allocate(key.length + 4096);
                    memory.put(0, key, 0, key.length);
                    writer.add(memory, 0, key.length, OperationCode.PUT, memory, key.length, 4096);
                    memory.release();
                }
                run = writer.finish(0, 1, 1, 1, 1);
            }
            List<SharedZone> readers = zones.readers();
            RunTree tree = new RunTree(run, new TreePages(TestZones.byNumber(readers), frames));
            RunLoader loader = new RunLoader(tree, Stretches.NONE);
            int[] asked = new int[1];
            assertFalse(
                    loader.step(KEYS, () -> asked[0]++ < 20), "one leaf refers to more pages than there is room for");
            assertTrue(frames.loads() > 3 && frames.loads() <= 22, frames.loads() + " pages were loaded");
            readers.forEach(SharedZone::release);
        }
    }
}
