package dev.cambium.run;

import dev.cambium.epoch.ReadEpochs;
import dev.cambium.segment.frame.Frame;
import dev.cambium.segment.frame.FrameCache;
import dev.cambium.segment.memory.Memory;
import dev.cambium.segment.page.PageKind;
import dev.cambium.segment.page.Pointer;
import dev.cambium.segment.page.ValuePage;
import dev.cambium.segment.pool.BufferPool;
import dev.cambium.segment.zone.ZoneReader;
import dev.cambium.segment.zone.ZoneWriter;
import dev.cambium.testkit.disk.SimulatedDisk;
import org.jetbrains.lincheck.datastructures.IntGen;
import org.jetbrains.lincheck.datastructures.Operation;
import org.jetbrains.lincheck.datastructures.Param;
import org.jetbrains.lincheck.datastructures.StressOptions;
import org.jetbrains.lincheck.datastructures.Validate;
import org.jetbrains.lincheck.util.LoggingLevel;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Frames under Lincheck: pages that are loaded, pinned, evicted and loaded again by several threads, in a cache with room for two of them,
 * whose buffers are used again at once. Whoever has found a page sees its bytes until it lets go, and no other's.
 */
class FrameLinearizabilityTest {
    private static final byte[] STORE_ID = new byte[16];
    private static final int PAGES = 4;
    private static final int VALUE_AT = ValuePage.VALUE_START_OFFSET + 8;
    private static final int PAGE_BYTES = 3000; // so that each buffer is of 4 KiB
    private static final int ZONE = 1;

    /** The same pages for all trials: they are only read. */
    private static final SimulatedDisk DISK = new SimulatedDisk(1);

    private static final long[] POINTERS = new long[PAGES];
    private static final int[] CRCS = new int[PAGES];
    private static final long LENGTH;

    static {
        BufferPool pool = new BufferPool(1 << 24, 64 << 10);
        DISK.createDirectory();
        ZoneWriter writer = ZoneWriter.create(DISK, ZONE, STORE_ID, 0, 1, 1 << 20, pool);
        Memory page = Memory.allocate(PAGE_BYTES);
        for (int i = 0; i < PAGES; i++) {
            page.putInt(ValuePage.COUNT_OFFSET, 1);
            page.putInt(ValuePage.ZERO_OFFSET, 0);
            page.putInt(ValuePage.VALUE_START_OFFSET, 0);
            page.putInt(ValuePage.VALUE_START_OFFSET + 4, PAGE_BYTES - VALUE_AT);
            for (int at = VALUE_AT; at < PAGE_BYTES; at++) {
                page.putByte(at, i + 1);
            }
            writer.append(page, PAGE_BYTES, PageKind.VALUES, 0, 0, 0, Pointer.NULL, 0);
            POINTERS[i] = writer.pointer();
            CRCS[i] = writer.payloadCrc();
        }
        LENGTH = writer.seal();
        writer.close();
        page.release();
    }

    @Param(name = "page", gen = IntGen.class, conf = "0:3")
    public static class Subject {
        private final BufferPool pool = new BufferPool(64 << 10, 16 << 10);
        private final ReadEpochs epochs = new ReadEpochs();
        private final ZoneReader zone = ZoneReader.open(DISK, ZONE, STORE_ID, LENGTH);
        private final FrameCache frames = new FrameCache(STORE_ID, pool, 8 << 10, epochs);
        private final Object[] slots = new Object[PAGES];

        private Frame fetch(int page) {
            return frames.fetch(zone, POINTERS[page], CRCS[page], slots, page);
        }

        /** The byte that fills the page, or -1 where two differ. */
        private static int content(Frame frame) {
            Memory page = frame.page();
            int found = page.getByte(VALUE_AT);
            for (int at = VALUE_AT; at < PAGE_BYTES; at += 97) {
                if (page.getByte(at) != found) {
                    return -1;
                }
            }
            return found;
        }

        @Operation
        public int read(@Param(name = "page") int page) {
            int slot = epochs.enter();
            try {
                return content(fetch(page));
            } finally {
                epochs.exit(slot);
            }
        }

        /** Reads while other threads evict what this one has pinned, outside its slot. */
        @Operation
        public int readPinned(@Param(name = "page") int page) {
            Frame frame;
            int slot = epochs.enter();
            try {
                do {
                    frame = fetch(page);
                } while (!frame.tryPin());
            } finally {
                epochs.exit(slot);
            }
            try {
                return content(frame);
            } finally {
                frame.unpin();
            }
        }

        @Operation
        public void evict(@Param(name = "page") int page) {
            frames.evict(POINTERS[page]);
        }

        @Operation
        public void shrink() {
            frames.giveUp(POINTERS);
        }

        /** The last call of each run: nothing is left behind. */
        @Validate
        public void close() {
            frames.close();
            epochs.awaitReaders();
            epochs.reclaim();
            zone.close();
            if (pool.usedBytes() != 0) {
                throw new IllegalStateException(pool.usedBytes() + " bytes stay behind");
            }
        }
    }

    /** What the operations mean: a page never changes. */
    public static class Model {
        public int read(int page) {
            return page + 1;
        }

        public int readPinned(int page) {
            return page + 1;
        }

        public void evict(int page) {}

        public void shrink() {}
    }

    private static void stress(int scenarios, int runs) {
        new StressOptions()
                .threads(3)
                .actorsPerThread(4)
                .actorsBefore(1)
                .actorsAfter(1)
                .iterations(scenarios)
                .invocationsPerIteration(runs)
                .logLevel(LoggingLevel.ERROR)
                .sequentialSpecification(Model.class)
                .check(Subject.class);
    }

    @Test
    void whoHasFoundAPageSeesItsBytesWhateverIsEvicted() {
        stress(5, 300);
    }

    @Tag("long")
    @Test
    void whoHasFoundAPageSeesItsBytesInManyScenarios() {
        stress(100, 3000);
    }
}
