package dev.cambium.segment.pool;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cambium.error.MemoryBudgetException;
import dev.cambium.segment.memory.Memory;
import dev.cambium.segment.memory.MemoryBudget;
import dev.cambium.segment.pool.BufferPool.Buffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

class BufferPoolTest {
    private static final int KIB = 1 << 10;

    private static MemoryBudget budget(long bytes) {
        MemoryBudget budget = new MemoryBudget(bytes);
        budget.enforce();
        return budget;
    }

    /** Buffers of all sizes come and go; each keeps what was written to it, and the pool's account is right. */
    @Test
    void buffersDoNotOverlapAndAreAccountedFor() {
        Random random = new Random(3);
        MemoryBudget budget = budget(1 << 30);
        BufferPool pool = new BufferPool(budget, 256 * KIB);
        Map<Buffer, Integer> inUse = new HashMap<>();
        List<Buffer> order = new ArrayList<>();
        long held = 0;
        long evictable = 0;
        for (int i = 1; i < 20_000; i++) {
            if (order.size() < 200 && random.nextInt(3) > 0) {
                int length = 1 + random.nextInt(random.nextInt(50) == 0 ? 400 * KIB : 30 * KIB);
                boolean isHeld = random.nextBoolean();
                Buffer buffer = isHeld ? pool.hold(length) : pool.keep(length, i);
                assertEquals(length, buffer.memory().capacity());
                assertTrue(buffer.reservedBytes() >= length);
                stamp(buffer.memory(), i);
                inUse.put(buffer, i);
                order.add(buffer);
                held += isHeld ? buffer.reservedBytes() : 0;
                evictable += isHeld ? 0 : buffer.reservedBytes();
            } else if (!order.isEmpty()) {
                Buffer buffer = order.remove(random.nextInt(order.size()));
                assertStamped(buffer.memory(), inUse.remove(buffer));
                long before = pool.evictableBytes();
                pool.free(buffer);
                boolean wasHeld = pool.evictableBytes() == before;
                held -= wasHeld ? buffer.reservedBytes() : 0;
                evictable -= wasHeld ? 0 : buffer.reservedBytes();
            }
            assertEquals(held, pool.heldBytes());
            assertEquals(evictable, pool.evictableBytes());
            assertEquals(pool.totalBytes(), pool.heldBytes() + pool.evictableBytes() + pool.freeBytes());
            assertEquals(pool.totalBytes(), budget.usedBytes());
        }
        assertThrows(IllegalStateException.class, pool::close);
        order.forEach(pool::free);
        pool.close();
        assertEquals(0, budget.usedBytes());
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
        MemoryBudget budget = budget(1 << 30);
        BufferPool pool = new BufferPool(budget, 64 * KIB);
        List<Buffer> buffers = new ArrayList<>();
        List<Long> totals = new ArrayList<>();
        for (int i = 0; i < 9; i++) {
            buffers.add(pool.hold(64 * KIB));
            totals.add(pool.totalBytes() / KIB);
        }
        assertEquals(List.of(64L, 128L, 256L, 256L, 512L, 512L, 512L, 512L, 1024L), totals);
        pool.free(buffers.remove(8));
        assertEquals(1024 * KIB, pool.totalBytes(), "one that is free stays");
        pool.trim();
        assertEquals(512 * KIB, pool.totalBytes());
        buffers.forEach(pool::free);
        pool.close();
        assertEquals(0, budget.usedBytes());
    }

    @Test
    void thePoolGrowsByWhatTheBudgetHasLeftAndNotBeyond() {
        MemoryBudget budget = budget(450 * KIB);
        BufferPool pool = new BufferPool(budget, 64 * KIB);
        List<Buffer> buffers = new ArrayList<>();
        for (int i = 0; i < 7; i++) {
            buffers.add(pool.hold(64 * KIB));
        }
        assertThrows(MemoryBudgetException.class, () -> pool.hold(1));
        assertThrows(MemoryBudgetException.class, () -> pool.hold(65 * KIB));
        pool.free(buffers.get(3));
        Buffer small = pool.hold(1);
        assertEquals(4 * KIB, small.reservedBytes());
        pool.free(small);
        assertEquals(448 * KIB, pool.totalBytes());
    }

    @Test
    void aBufferIsFreedOnce() {
        BufferPool pool = new BufferPool(budget(1 << 20), 64 * KIB);
        for (int length : new int[] {100, 100 * KIB}) {
            Buffer buffer = pool.hold(length);
            pool.free(buffer);
            assertThrows(IllegalStateException.class, () -> pool.free(buffer));
        }
        assertThrows(IllegalArgumentException.class, () -> pool.hold(0));
        assertThrows(IllegalArgumentException.class, () -> new BufferPool(budget(1 << 20), 5000));
    }

    /** A large buffer has its place once those in one region are given up; held ones are never named. */
    @Test
    void oneRegionIsNamedThatCanBeCleared() {
        BufferPool pool = new BufferPool(budget(256 * KIB), 64 * KIB);
        Map<Long, Buffer> kept = new HashMap<>();
        Buffer held = pool.hold(4 * KIB);
        for (long tag = 1; tag <= 63; tag++) {
            kept.put(tag, pool.keep(3 * KIB, tag));
        }
        assertThrows(MemoryBudgetException.class, () -> pool.hold(64 * KIB));
        for (int round = 0; round < 3; round++) {
            long[] tags = pool.evictable(64 * KIB);
            assertEquals(16, tags.length);
            for (long tag : tags) {
                pool.free(kept.remove(tag));
            }
            pool.hold(64 * KIB);
        }
        assertEquals(0, pool.evictable(64 * KIB).length, "what is left has a neighbour that is held");
        assertEquals(2, pool.evictable(8 * KIB).length);
        pool.free(held);
        assertEquals(15, pool.evictable(64 * KIB).length);
    }

    @Test
    void theEndIsClearedSoThatSlabsGoBack() {
        BufferPool pool = new BufferPool(budget(1 << 20), 64 * KIB);
        Map<Long, Buffer> kept = new HashMap<>();
        for (long tag = 1; tag <= 64; tag++) {
            kept.put(tag, pool.keep(4 * KIB, tag));
        }
        assertEquals(256 * KIB, pool.totalBytes());
        for (long tag : pool.evictableAtEnd()) {
            pool.free(kept.remove(tag));
        }
        pool.trim();
        assertEquals(128 * KIB, pool.totalBytes());
        assertEquals(32, kept.size());
    }
}
