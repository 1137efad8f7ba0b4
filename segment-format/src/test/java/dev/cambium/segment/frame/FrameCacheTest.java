package dev.cambium.segment.frame;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cambium.error.CorruptionException;
import dev.cambium.segment.format.TestDisk;
import dev.cambium.segment.page.PageKind;
import dev.cambium.segment.page.Pointer;
import dev.cambium.segment.page.TestPages;
import dev.cambium.segment.page.ValuePage;
import dev.cambium.segment.pool.BufferPool;
import dev.cambium.segment.pool.MemoryUse;
import dev.cambium.segment.runtime.Reclaimer;
import dev.cambium.segment.zone.ZoneReader;
import dev.cambium.segment.zone.ZoneWriter;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Queue;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CyclicBarrier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class FrameCacheTest {
    private static final int PAGES = 200;
    private static final int VALUE_BYTES = 12_000; // of each page: it takes a buffer of 16 KiB
    private static final int FRAME_BYTES = 16 << 10;
    private static final int LIMIT = 1 << 20;

    /** One reader is inside from {@link #enter} to {@link #leave}; all marks in between wait for it. */
    private static final class OneReader implements Reclaimer {
        private final Queue<Runnable> retired = new ArrayDeque<>();
        private long marks;
        private long enteredAt = Long.MAX_VALUE;

        void enter() {
            enteredAt = marks;
        }

        void leave() {
            enteredAt = Long.MAX_VALUE;
            for (Runnable release = retired.poll(); release != null; release = retired.poll()) {
                release.run();
            }
        }

        @Override
        public void retire(Runnable release) {
            if (enteredAt == Long.MAX_VALUE) {
                release.run();
            } else {
                retired.add(release);
            }
        }

        @Override
        public void settle() {
            assertEquals(Long.MAX_VALUE, enteredAt, "nobody may wait for a reader who is inside");
        }

        @Override
        public synchronized long mark() {
            return marks++;
        }

        @Override
        public synchronized long passed() {
            return Math.min(marks, enteredAt) - 1;
        }
    }

    private final TestDisk disk = new TestDisk();
    private final BufferPool pool = new BufferPool(LIMIT, 64 << 10);
    private final OneReader reader = new OneReader();
    private final FrameCache frames = new FrameCache(TestPages.STORE_ID, pool, LIMIT / 4, reader);
    private final long[] pointers = new long[PAGES];
    private final int[] crcs = new int[PAGES];
    private final byte[][] values = new byte[PAGES][];
    private ZoneReader zone;

    @BeforeEach
    void writePages() {
        Random random = new Random(1);
        BufferPool writing = TestPages.pool();
        try (ZoneWriter writer = ZoneWriter.create(disk, 1, TestPages.STORE_ID, 0, 0, 1 << 22, writing)) {
            for (int i = 0; i < PAGES; i++) {
                values[i] = TestPages.bytes(random, VALUE_BYTES);
                TestPages.Raw raw = TestPages.values(List.of(values[i]));
                writer.append(raw.memory(), raw.length(), PageKind.VALUES, 0, 0, 1, Pointer.NULL, 0);
                pointers[i] = writer.pointer();
                crcs[i] = writer.payloadCrc();
            }
            writer.force();
            zone = ZoneReader.open(disk, 1, TestPages.STORE_ID, writer.length());
        }
        pool.enforce();
    }

    @AfterEach
    void allMemoryIsGivenBack() {
        reader.leave();
        frames.close();
        pool.close();
        assertEquals(0, pool.totalBytes());
        zone.close();
    }

    private Frame fetch(int page) {
        return frames.fetch(zone, pointers[page], crcs[page], null, 0);
    }

    /** The value of a page, read inside a slot. */
    private byte[] read(int page) {
        reader.enter();
        try {
            return value(fetch(page));
        } finally {
            reader.leave();
        }
    }

    private static byte[] value(Frame frame) {
        ValuePage page = frame.values();
        return frame.page().toArray(page.valueOffset(0), page.valueLength(0));
    }

    @Test
    void pagesAreReadAsWrittenHoweverFewFitIntoMemory() {
        for (int round = 0; round < 2; round++) {
            for (int i = 0; i < PAGES; i++) {
                assertArrayEquals(values[i], read(i));
            }
        }
        assertTrue(pool.totalBytes() <= LIMIT, pool.totalBytes() + " bytes");
        assertTrue(frames.loads() > PAGES, "all " + PAGES + " pages fit into memory");
    }

    @Test
    void aPageThatManyThreadsAskForAtOnceIsReadOnce() throws Exception {
        int threads = 8;
        CyclicBarrier barrier = new CyclicBarrier(threads);
        Set<Frame> found = Collections.synchronizedSet(Collections.newSetFromMap(new IdentityHashMap<>()));
        List<Thread> readers = new ArrayList<>();
        for (int i = 0; i < threads; i++) {
            readers.add(new Thread(() -> {
                try {
                    for (int page = 0; page < 10; page++) {
                        barrier.await();
                        found.add(fetch(page));
                    }
                } catch (Exception e) {
                    throw new AssertionError(e);
                }
            }));
        }
        readers.forEach(Thread::start);
        for (Thread thread : readers) {
            thread.join();
        }
        assertEquals(10, frames.loads());
        assertEquals(10, found.size());
    }

    /** What the policy gave up is there till its memory is needed. */
    @Test
    void aPageThatCoolsIsHadBackWithoutBeingRead() {
        List<Frame> all = new ArrayList<>();
        for (int i = 0; i < LIMIT / FRAME_BYTES - 4; i++) {
            all.add(fetch(i));
        }
        List<Frame> cooling = all.stream().filter(frame -> !frame.isResident()).toList();
        assertFalse(cooling.isEmpty());
        long loads = frames.loads();
        for (Frame frame : cooling) {
            assertSame(frame, fetch(all.indexOf(frame)));
            assertTrue(frame.isResident());
        }
        assertEquals(loads, frames.loads());
    }

    /** A hint about pages may be stale: its checksum is of another page. */
    @Test
    void aPageThatIsAskedForWithAnotherChecksumLeavesNothingBehind() {
        Frame frame = fetch(0);
        assertThrows(
                CorruptionException.class, () -> frames.fetch(zone, pointers[0], crcs[0] + 1, null, 0), "resident");
        assertArrayEquals(values[0], read(0));
        frames.evict(pointers[0]);
        assertThrows(CorruptionException.class, () -> frames.fetch(zone, pointers[0], crcs[0] + 1, null, 0));
        assertNotSame(frame, fetch(0));
        frames.giveUp(new long[] {pointers[0]});
        assertEquals(0, pool.evictableBytes());
    }

    @Test
    void aPinnedPageIsNotReusedBeforeItsLastPinIsGivenUp() {
        Frame frame = fetch(0);
        assertTrue(frame.tryPin());
        assertTrue(frame.tryPin());
        for (int i = 1; i < PAGES; i++) {
            fetch(i);
            assertArrayEquals(values[0], value(frame));
        }
        frames.giveUp(pointers);
        assertFalse(frame.isResident());
        frame.unpin();
        frames.giveUp(new long[0]);
        assertArrayEquals(values[0], value(frame));
        assertEquals(FRAME_BYTES, pool.evictableBytes());
        frame.unpin();
        frames.giveUp(new long[0]);
        assertEquals(0, pool.evictableBytes());
        assertNull(frame.values());
        assertFalse(frame.tryPin());
    }

    @Test
    void aPageThatIsUnpinnedMoreOftenThanPinnedIsAnError() {
        Frame frame = fetch(0);
        assertTrue(frame.tryPin());
        frame.unpin();
        IllegalStateException e = assertThrows(IllegalStateException.class, frame::unpin);
        assertTrue(e.getMessage().contains("unpinned more often than pinned"), e.getMessage());
        assertEquals(0, frame.pins());
    }

    @Test
    void aPinThatIsLeftIsReportedWithTheStackThatTookIt() {
        assertTrue(fetch(0).tryPin());
        List<Throwable> pinners = frames.closePinned();
        assertEquals(1, pinners.size());
        assertEquals(
                FrameCacheTest.class.getName(),
                pinners.get(0).getStackTrace()[1].getClassName());
        assertEquals(0, pool.evictableBytes());
    }

    /** A run whose last holder lets go of it while the store is being closed gives its pages up when all others have gone. */
    @Test
    void aPageThatIsGivenUpAfterTheCloseGivesItsMemoryBack() {
        fetch(0);
        frames.close();
        fetch(1);
        frames.evict(pointers[1]);
        assertEquals(0, pool.evictableBytes());
    }

    /** A reader who is inside protects all pages that it has found, and is one itself that needs memory: it can wait for nobody. */
    @Test
    void aReaderWhoStaysInsideGoesBeyondTheLimitAndItsPagesStay() {
        reader.enter();
        List<Frame> all = new ArrayList<>();
        for (int i = 0; i < LIMIT / FRAME_BYTES + 3; i++) {
            all.add(fetch(i));
        }
        assertTrue(pool.totalBytes() > LIMIT);
        for (int i = 0; i < all.size(); i++) {
            assertArrayEquals(values[i], value(all.get(i)));
        }
        reader.leave();
        for (int i = 0; i < PAGES; i++) {
            fetch(i);
        }
        assertTrue(pool.totalBytes() <= LIMIT, pool.totalBytes() + " bytes");
    }

    /** What nobody waits for takes the place of nothing. */
    @Test
    void aPageIsPrefetchedAsLongAsThereIsRoom() {
        int fetched = 0;
        for (int i = 0; i < PAGES; i++) {
            fetched += frames.prefetch(zone, pointers[i], crcs[i]) ? 1 : 0;
        }
        assertTrue(fetched > PAGES / 8 && fetched < LIMIT / FRAME_BYTES, fetched + " pages");
        long loads = frames.loads();
        assertEquals(fetched, loads);
        for (int i = 0; i < fetched; i++) {
            assertArrayEquals(values[i], read(i));
        }
        assertEquals(loads, frames.loads(), "one has given way");
    }

    /** What is held takes the place of pages. */
    @Test
    void pagesGiveWayToWhatIsHeldButNotTheLastQuarter() {
        for (int i = 0; i < PAGES; i++) {
            fetch(i);
        }
        List<BufferPool.Buffer> held = new ArrayList<>();
        for (int i = 0; i < 8; i++) {
            held.add(pool.hold(MemoryUse.MEMTABLES, 64 << 10));
        }
        assertTrue(pool.evictableBytes() >= LIMIT / 4, pool.evictableBytes() + " bytes of pages");
        for (int i = 0; i < PAGES; i++) {
            assertArrayEquals(values[i], read(i));
        }
        assertTrue(pool.totalBytes() <= LIMIT, pool.totalBytes() + " bytes");
        held.forEach(pool::free);
    }

    /** Unless pages are down to what is kept in any case. */
    @Test
    void whatMustBeHeldHasPagesGiveWayBeforeItExceedsTheLimit() {
        for (int i = 0; i < PAGES; i++) {
            fetch(i);
        }
        List<BufferPool.Buffer> held = new ArrayList<>();
        for (int i = 0; i < 8; i++) {
            held.add(pool.holdOrExceed(MemoryUse.WRITING, 64 << 10));
        }
        assertTrue(pool.totalBytes() <= LIMIT, pool.totalBytes() + " bytes");
        for (int i = 0; i < 8; i++) {
            held.add(pool.holdOrExceed(MemoryUse.WRITING, 64 << 10));
        }
        assertTrue(pool.totalBytes() > LIMIT, pool.totalBytes() + " bytes");
        held.forEach(pool::free);
    }
}
