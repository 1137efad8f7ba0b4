package dev.cambium.compaction;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cambium.segment.memory.Memory;
import dev.cambium.segment.pool.BufferPool;
import java.util.Random;
import org.junit.jupiter.api.Test;

class BlockedBloomFilterTest {
    private static byte[] key(long number) {
        return String.format("key%013d", number).getBytes();
    }

    private static long hash(byte[] key) {
        return BlockedBloomFilter.hash(key, 0, key.length);
    }

    @Test
    void neverDeniesAKeyThatWasAdded() {
        BufferPool pool = new BufferPool(1 << 20, 64 << 10);
        BlockedBloomFilter filter = new BlockedBloomFilter(pool, 100);
        for (int i = 0; i < 10_000; i++) { // a hundred times its capacity
            filter.add(hash(key(i)));
            assertTrue(filter.mayContain(hash(key(i))));
        }
        for (int i = 0; i < 10_000; i++) {
            assertTrue(filter.mayContain(hash(key(i))));
        }
        filter.release();
        assertEquals(0, pool.usedBytes());
    }

    @Test
    void admitsAboutOneAbsentKeyInAHundredAtItsCapacity() {
        int keys = 100_000;
        BlockedBloomFilter filter = new BlockedBloomFilter(new BufferPool(1 << 20, 64 << 10), keys);
        for (int i = 0; i < keys; i++) {
            filter.add(hash(key(i)));
        }
        int admitted = 0;
        for (int i = 0; i < keys; i++) {
            admitted += filter.mayContain(hash(key(keys + i))) ? 1 : 0;
        }
        assertTrue(admitted < keys * 2 / 100, "admitted " + admitted + " of " + keys);
        assertTrue(filter.capacityBytes() <= keys * 10 / 8 + BufferPool.PAGE_BYTES, "ten bits a key");
        filter.release();
    }

    @Test
    void hashIsTheSameOnAndOffTheHeap() {
        Random random = new Random(5);
        Memory memory = Memory.allocate(200);
        for (int length = 0; length <= 100; length++) {
            byte[] bytes = new byte[length + 10];
            random.nextBytes(bytes);
            int offset = random.nextInt(9);
            int place = random.nextInt(100);
            memory.put(place, bytes, offset, length);
            assertEquals(
                    BlockedBloomFilter.hash(bytes, offset, length), BlockedBloomFilter.hash(memory, place, length));
        }
        memory.release();
    }
}
