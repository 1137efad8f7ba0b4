package dev.cambium.segment.pool;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cambium.error.MemoryBudgetException;
import dev.cambium.segment.memory.Memory;
import dev.cambium.segment.pool.BufferPool.Buffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class BufferPoolTest {
    private static final int KIB = 1 << 10;

    private static BufferPool pool(long limit, int largestClass) {
        BufferPool pool = new BufferPool(limit, largestClass);
        pool.enforce();
        return pool;
    }

    private static Buffer hold(BufferPool pool, int length) {
        return pool.hold(MemoryUse.MEMTABLES, length);
    }

    private static Buffer keep(BufferPool pool, int length, long tag) {
        return pool.keep(MemoryUse.PAGES, length, tag);
    }

    /** Buffers of all sizes come and go; each keeps what was written to it, and the account adds up. */
    @Test
    void buffersDoNotOverlapAndAreAccountedFor() {
        Random random = new Random(3);
        BufferPool pool = pool(1 << 30, 256 * KIB);
        Map<Buffer, Integer> inUse = new HashMap<>();
        List<Buffer> order = new ArrayList<>();
        long[] bytes = new long[MemoryUse.values().length];
        Map<Buffer, MemoryUse> uses = new HashMap<>();
        for (int i = 1; i < 20_000; i++) {
            if (order.size() < 200 && random.nextInt(3) > 0) {
                int length = 1 + random.nextInt(random.nextInt(50) == 0 ? 400 * KIB : 30 * KIB);
                MemoryUse use = MemoryUse.values()[random.nextInt(bytes.length)];
                Buffer buffer = use.isKept() ? pool.keep(use, length, i) : pool.hold(use, length);
                assertEquals(length, buffer.memory().capacity());
                assertEquals(pool.classBytes(length), buffer.reservedBytes());
                stamp(buffer.memory(), i);
                inUse.put(buffer, i);
                order.add(buffer);
                uses.put(buffer, use);
                bytes[use.ordinal()] += buffer.reservedBytes();
            } else if (!order.isEmpty()) {
                Buffer buffer = order.remove(random.nextInt(order.size()));
                assertStamped(buffer.memory(), inUse.remove(buffer));
                pool.free(buffer);
                bytes[uses.remove(buffer).ordinal()] -= buffer.reservedBytes();
            }
            MemoryAccount account = pool.account();
            for (MemoryUse use : MemoryUse.values()) {
                assertEquals(bytes[use.ordinal()], account.of(use), use.label());
            }
            assertEquals(account.totalBytes(), Arrays.stream(bytes).sum() + account.freeBytes());
            assertEquals(
                    account.of(MemoryUse.PAGES) + account.of(MemoryUse.KEY_PAGES) + account.of(MemoryUse.FILTERS),
                    pool.evictableBytes());
            assertEquals(pool.usedBytes(), pool.heldBytes() + pool.evictableBytes());
        }
        pool.close();
        assertTrue(pool.totalBytes() >= pool.usedBytes());
        order.forEach(pool::free);
        assertEquals(0, pool.totalBytes(), "what is freed after the close goes back too");
    }

    private static void stamp(Memory memory, int stamp) {
        memory.putByte(0, stamp);
        memory.putByte(memory.capacity() - 1, stamp >>> 8);
        if (memory.capacity() > 1) {
            memory.putByte(memory.capacity() / 2, memory.capacity() > 2 ? stamp >>> 3 : stamp >>> 8);
        }
    }

    private static void assertStamped(Memory memory, int stamp) {
        if (memory.capacity() > 2) {
            assertEquals((byte) stamp, memory.getByte(0));
            assertEquals((byte) (stamp >>> 3), memory.getByte(memory.capacity() / 2));
        }
        assertEquals((byte) (stamp >>> 8), memory.getByte(memory.capacity() - 1));
    }

    @Test
    void slabsDoubleAndGoBackFromTheEnd() {
        BufferPool pool = pool(1 << 30, 64 * KIB);
        List<Buffer> buffers = new ArrayList<>();
        List<Long> totals = new ArrayList<>();
        for (int i = 0; i < 9; i++) {
            buffers.add(hold(pool, 64 * KIB));
            totals.add(pool.totalBytes() / KIB);
        }
        assertEquals(List.of(64L, 128L, 256L, 256L, 512L, 512L, 512L, 512L, 1024L), totals);
        pool.free(buffers.remove(8));
        assertEquals(1024 * KIB, pool.totalBytes(), "one that is free stays");
        pool.trim();
        assertEquals(512 * KIB, pool.totalBytes());
        buffers.forEach(pool::free);
        pool.close();
        assertEquals(0, pool.totalBytes());
    }

    @Test
    void thePoolGrowsByWhatTheLimitLeavesAndNotBeyond() {
        BufferPool pool = pool(450 * KIB, 64 * KIB);
        List<Buffer> buffers = new ArrayList<>();
        for (int i = 0; i < 7; i++) {
            buffers.add(hold(pool, 64 * KIB));
        }
        MemoryBudgetException full = assertThrows(MemoryBudgetException.class, () -> hold(pool, 1));
        assertTrue(full.getMessage().contains("memtables " + 448 * KIB), full.getMessage());
        assertThrows(MemoryBudgetException.class, () -> hold(pool, 65 * KIB));
        assertNull(keep(pool, 1, 1));
        pool.free(buffers.get(3));
        Buffer small = hold(pool, 1);
        assertEquals(4 * KIB, small.reservedBytes());
        pool.free(small);
        assertEquals(448 * KIB, pool.totalBytes());
    }

    @Test
    void whatMayNotFailGoesBeyondTheLimitAndIsCounted() {
        BufferPool pool = pool(64 * KIB, 64 * KIB);
        Buffer all = hold(pool, 64 * KIB);
        Buffer more = pool.holdNow(MemoryUse.READING, 5000);
        Buffer page = pool.keepBeyond(MemoryUse.PAGES, 100);
        assertEquals(12 * KIB, pool.excessBytes());
        assertTrue(pool.isOwnBlock(more) && pool.isOwnBlock(page) && !pool.isOwnBlock(all));
        pool.free(more);
        pool.free(page);
        assertEquals(0, pool.excessBytes());
    }

    /** Small buffers that come and go with work lie together, and not where larger ones may be wanted. */
    @Test
    void buffersOfWorkHaveASlabOfTheirOwn() {
        BufferPool pool = pool(16 * 64 * KIB, 64 * KIB);
        List<Buffer> work = new ArrayList<>();
        long[] taken = new long[1];
        while (pool.account().freeBytes() > 0 || taken[0] == 0) {
            keep(pool, 4 * KIB, ++taken[0]);
            if (taken[0] % 16 == 0) {
                work.add(pool.hold(taken[0] % 32 == 0 ? MemoryUse.WRITING : MemoryUse.READING, 4 * KIB));
            }
            if (pool.totalBytes() == 16 * 64 * KIB && pool.keep(MemoryUse.PAGES, 4 * KIB, 0) == null) {
                break;
            }
        }
        assertTrue(work.size() > 10, work.size() + " buffers of work");
        for (int region = 0; region < 15; region++) {
            assertEquals(16, pool.evictable(64 * KIB).length, "no buffer of work is in the way");
        }
        assertThrows(IllegalArgumentException.class, () -> pool.keep(MemoryUse.WRITING, 1, 1));
    }

    @Test
    void aBufferIsFreedOnce() {
        BufferPool pool = pool(1 << 20, 64 * KIB);
        for (int length : new int[] {100, 100 * KIB}) {
            Buffer buffer = hold(pool, length);
            pool.free(buffer);
            assertThrows(IllegalStateException.class, () -> pool.free(buffer));
            Buffer kept = keep(pool, length, 1);
            pool.free(kept);
            Buffer inItsPlace = keep(pool, length, 2);
            assertThrows(IllegalStateException.class, () -> pool.free(kept));
            assertThrows(IndexOutOfBoundsException.class, () -> kept.memory().getByte(0));
            pool.free(inItsPlace);
        }
        assertThrows(IllegalArgumentException.class, () -> hold(pool, 0));
        assertThrows(IllegalArgumentException.class, () -> new BufferPool(1 << 20, 5000));
    }

    /** A large buffer has its place once those in one region are given up; held ones are never named. */
    @Test
    void oneRegionIsNamedThatCanBeCleared() {
        BufferPool pool = pool(256 * KIB, 64 * KIB);
        Map<Long, Buffer> kept = new HashMap<>();
        Buffer held = hold(pool, 4 * KIB);
        for (long tag = 1; tag <= 63; tag++) {
            kept.put(tag, keep(pool, 3 * KIB, tag));
        }
        assertThrows(MemoryBudgetException.class, () -> hold(pool, 64 * KIB));
        for (int round = 0; round < 3; round++) {
            long[] tags = pool.evictable(64 * KIB);
            assertEquals(16, tags.length);
            for (long tag : tags) {
                pool.free(kept.remove(tag));
            }
            hold(pool, 64 * KIB);
        }
        assertEquals(0, pool.evictable(64 * KIB).length, "what is left has a neighbour that is held");
        assertEquals(2, pool.evictable(8 * KIB).length);
        pool.free(held);
        assertEquals(15, pool.evictable(64 * KIB).length);
    }

    @Test
    void thePoolOfAForgottenStoreIsReleasedByTheCollector() throws InterruptedException {
        long before = Memory.heldPageBytes();
        BufferPool forgotten = pool(1 << 30, 64 * KIB);
        hold(forgotten, 64 * KIB);
        hold(forgotten, 300 * KIB);
        assertTrue(Memory.heldPageBytes() > before);
        forgotten = null;
        for (int i = 0; i < 500 && Memory.heldPageBytes() > before; i++) {
            System.gc();
            Thread.sleep(10);
        }
        assertTrue(Memory.heldPageBytes() <= before); // pools of other tests go too
        assertNull(forgotten);
    }

    /** The relief is asked as often as it helps, and what it gives up makes room. */
    @Test
    void whatIsHeldMakesOthersGiveWay() {
        BufferPool pool = pool(256 * KIB, 64 * KIB);
        Map<Long, Buffer> kept = new HashMap<>();
        for (long tag = 1; tag <= 64; tag++) {
            kept.put(tag, keep(pool, 4 * KIB, tag));
        }
        pool.relieveBy(new MemoryRelief() {
            @Override
            public void relieveNow(int bytes) {
                throw new AssertionError("not a reader");
            }

            @Override
            public boolean mayGiveUp(int bytes) {
                return !kept.isEmpty();
            }

            @Override
            public void giveUp(long[] tags) {
                Arrays.stream(tags).forEach(tag -> {
                    pool.free(kept.remove(tag));
                    assertNull(keep(pool, 1, 0), "the place is for who had them given up");
                });
            }
        });
        for (int left = 48; left >= 0; left -= 16) {
            hold(pool, 64 * KIB);
            assertEquals(left, kept.size());
        }
        assertThrows(MemoryBudgetException.class, () -> hold(pool, 1));
        assertEquals(256 * KIB, pool.totalBytes());
    }

    @Test
    void theEndIsClearedSoThatSlabsGoBack() {
        BufferPool pool = pool(1 << 30, 64 * KIB);
        Map<Long, Buffer> kept = new HashMap<>();
        for (long tag = 1; tag <= 64; tag++) {
            kept.put(tag, keep(pool, 4 * KIB, tag));
        }
        assertEquals(256 * KIB, pool.totalBytes());
        for (long tag : pool.evictableAtEnd()) {
            pool.free(kept.remove(tag));
        }
        pool.trim();
        assertEquals(128 * KIB, pool.totalBytes());
        assertEquals(32, kept.size());
    }

    /** Slabs beyond a lowered limit take nothing more, and go with the last buffer in them; raised again, they are as before. */
    @Test
    void aLoweredLimitEmptiesTheLastSlabs() {
        BufferPool pool = pool(1 << 24, 64 * KIB);
        Map<Long, Buffer> kept = new HashMap<>();
        Buffer low = hold(pool, 4 * KIB);
        for (long tag = 1; tag <= 200; tag++) {
            kept.put(tag, keep(pool, 4 * KIB, tag));
        }
        Buffer high = hold(pool, 32 * KIB);
        assertEquals(1024 * KIB, pool.totalBytes());
        pool.limit(300 * KIB);
        assertTrue(pool.isBeyond(high));
        assertTrue(!pool.isBeyond(low));
        assertEquals(1024 * KIB, pool.totalBytes());
        assertEquals((1024 - 300) * KIB, pool.excessBytes());
        long[] beyond = pool.evictableBeyond();
        assertEquals(200 - 63, beyond.length);
        for (long tag : beyond) {
            pool.free(kept.remove(tag));
            assertNull(keep(pool, 4 * KIB, 0), "nothing is taken of a slab that is to go");
        }
        assertEquals(1024 * KIB, pool.totalBytes(), "one buffer is held at the end");
        assertEquals(pool.totalBytes(), pool.usedBytes() + pool.freeBytes());
        pool.limit(1 << 24);
        Buffer again = keep(pool, 4 * KIB, 7);
        assertNotNull(again);
        pool.free(again);
        pool.limit(300 * KIB);
        pool.free(high);
        assertEquals(256 * KIB, pool.totalBytes());
        assertEquals(0, pool.excessBytes());
        kept.values().forEach(pool::free);
        pool.free(low);
        pool.limit(0);
        assertEquals(64 * KIB, pool.totalBytes(), "the first slab stays");
        pool.close();
        assertEquals(0, pool.totalBytes());
    }

    /** Slabs that are made, and regions that are cleared, while the limit goes up and down: once all is freed, it holds. */
    @Test
    void theLimitChangesUnderOtherThreads() throws Exception {
        BufferPool pool = pool(8 << 20, 64 * KIB);
        Map<Long, Buffer> kept = new ConcurrentHashMap<>();
        AtomicLong tags = new AtomicLong();
        pool.relieveBy(new MemoryRelief() {
            @Override
            public void relieveNow(int bytes) {}

            @Override
            public boolean mayGiveUp(int bytes) {
                return !kept.isEmpty();
            }

            @Override
            public void giveUp(long[] given) {
                for (long tag : given) {
                    Buffer buffer = kept.remove(tag);
                    if (buffer != null) {
                        pool.free(buffer);
                    }
                }
            }
        });
        ExecutorService threads = Executors.newFixedThreadPool(4);
        List<Future<Object>> done = new ArrayList<>();
        for (int thread = 0; thread < 3; thread++) {
            Random random = new Random(thread);
            Callable<Object> task = () -> {
                for (int i = 0; i < 20_000; i++) {
                    long tag = tags.incrementAndGet();
                    Buffer page = pool.keep(MemoryUse.PAGES, 1 + random.nextInt(16 * KIB), tag);
                    if (page != null) {
                        kept.put(tag, page);
                    }
                    if (i % 20 == 0) {
                        try {
                            pool.free(pool.hold(MemoryUse.MEMTABLES, 64 * KIB));
                        } catch (MemoryBudgetException e) {
                            assertTrue(pool.limitBytes() < 8 << 20, e.getMessage());
                        }
                    }
                }
                return null;
            };
            done.add(threads.submit(task));
        }
        done.add(threads.submit(() -> {
            Random random = new Random(9);
            for (int i = 0; i < 3000; i++) {
                pool.limit((1 + random.nextInt(8)) << 20);
                for (long tag : pool.evictableBeyond()) {
                    Buffer buffer = kept.remove(tag);
                    if (buffer != null) {
                        pool.free(buffer);
                    }
                }
            }
            return null;
        }));
        for (Future<Object> task : done) {
            task.get();
        }
        threads.shutdown();
        pool.limit(2 << 20);
        kept.values().forEach(pool::free);
        assertEquals(0, pool.usedBytes());
        assertEquals(0, pool.excessBytes());
        pool.close();
        assertEquals(0, pool.totalBytes());
    }

    @Test
    void threadsGetDifferentBuffers() throws Exception {
        BufferPool pool = pool(8 << 20, 64 * KIB);
        ExecutorService threads = Executors.newFixedThreadPool(4);
        List<Future<Object>> done = new ArrayList<>();
        for (int thread = 0; thread < 4; thread++) {
            Random random = new Random(thread);
            int stamp = thread + 1;
            Callable<Object> task = () -> {
                List<Buffer> own = new ArrayList<>();
                for (int i = 0; i < 30_000; i++) {
                    if (own.size() < 40 && random.nextBoolean()) {
                        int length = 1 + random.nextInt(20 * KIB);
                        Buffer buffer = random.nextBoolean() ? hold(pool, length) : keep(pool, length, i);
                        stamp(buffer.memory(), stamp * 1001);
                        own.add(buffer);
                    } else if (!own.isEmpty()) {
                        Buffer buffer = own.remove(random.nextInt(own.size()));
                        assertStamped(buffer.memory(), stamp * 1001);
                        pool.free(buffer);
                    }
                }
                own.forEach(pool::free);
                return null;
            };
            done.add(threads.submit(task));
        }
        for (Future<Object> task : done) {
            task.get();
        }
        threads.shutdown();
        assertEquals(0, pool.usedBytes());
        pool.close();
        assertEquals(0, pool.totalBytes());
    }
}
