package dev.cambium.segment.pool;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cambium.error.MemoryBudgetException;
import dev.cambium.segment.memory.Memory;
import java.io.ByteArrayOutputStream;
import java.util.Random;
import org.junit.jupiter.api.Test;

class ReservedVectorTest {
    private final BufferPool pool = new BufferPool(1 << 20, 64 << 10);

    @Test
    void bytesStayWhileItGrowsAndThePoolCountsTheBuffer() {
        long seed = 12;
        Random random = new Random(seed);
        for (int round = 0; round < 50; round++) {
            int factor = 2 + random.nextInt(3);
            ReservedVector vector = new ReservedVector(
                    pool, new VectorGeometry(1 + random.nextInt(100), 1 << 20, factor, 1 + random.nextInt(9000)));
            ByteArrayOutputStream expected = new ByteArrayOutputStream();
            for (int i = 0; i < 60; i++) {
                byte[] bytes = new byte[random.nextInt(2000)];
                random.nextBytes(bytes);
                expected.write(bytes, 0, bytes.length);
                int capacity = vector.capacity();
                Memory before = vector.memory();
                int used = vector.used();
                if (i % 3 == 0) {
                    vector.append(bytes, 0, bytes.length);
                } else if (i % 3 == 1) {
                    Memory source = Memory.allocate(bytes.length + 2);
                    source.put(1, bytes, 0, bytes.length);
                    vector.append(source, 1, bytes.length);
                    source.release();
                } else {
                    Memory room = vector.reserve(bytes.length);
                    assertSame(vector.memory(), room);
                    assertEquals(used, vector.used(), "a reservation is no append");
                    room.put(used, bytes, 0, bytes.length);
                    vector.advance(bytes.length);
                }
                String what = "seed " + seed + ", round " + round;
                assertEquals(expected.size(), vector.used(), what);
                assertEquals(pool.classBytes(vector.capacity()), pool.usedBytes(), what);
                boolean fitted = used + bytes.length <= capacity;
                assertEquals(fitted, vector.memory() == before, "it moves only where its buffer is full, " + what);
                assertTrue(fitted || vector.capacity() >= factor * capacity, what);
                assertArrayEquals(expected.toByteArray(), vector.memory().toArray(0, vector.used()), what);
            }
            int capacity = vector.capacity();
            vector.clear();
            assertEquals(0, vector.used());
            assertEquals(capacity, vector.capacity(), "clearing keeps the buffer");
            vector.release();
            assertEquals(0, pool.usedBytes());
        }
    }

    /** A small vector has all of its class: the first growth is to be one that matters. */
    @Test
    void theWholeClassIsUsed() {
        ReservedVector vector = new ReservedVector(pool, VectorGeometry.of(10, 1 << 16));
        assertEquals(BufferPool.PAGE_BYTES, vector.capacity());
        vector.release();
    }

    @Test
    void beyondItsGreatestLengthAnAppendFailsAndChangesNothing() {
        ReservedVector vector = new ReservedVector(pool, VectorGeometry.of(10, 1000));
        vector.append(new byte[] {1, 2, 3}, 0, 3);
        vector.append(new byte[700], 0, 700);
        vector.append(new byte[297], 0, 297);
        assertThrows(MemoryBudgetException.class, () -> vector.append(new byte[1], 0, 1));
        assertThrows(MemoryBudgetException.class, () -> vector.reserve(Integer.MAX_VALUE));
        assertEquals(1000, vector.used());
        assertArrayEquals(new byte[] {1, 2, 3, 0}, vector.memory().toArray(0, 4));
        vector.release();
        assertEquals(0, pool.usedBytes());
    }

    /** What it holds makes written data durable, so a full pool does not stop it; but it is counted. */
    @Test
    void itGrowsBeyondTheLimitAndIsCounted() {
        BufferPool small = new BufferPool(64 << 10, 64 << 10);
        small.enforce();
        ReservedVector vector = new ReservedVector(small, VectorGeometry.of(64, 1 << 20));
        vector.append(new byte[100_000], 0, 100_000);
        assertTrue(small.excessBytes() >= 100_000, small.account().describe());
        vector.release();
        assertEquals(0, small.excessBytes());
    }

    @Test
    void itSaysWhenAChannelsWorthIsGathered() {
        ReservedVector vector = new ReservedVector(pool, new VectorGeometry(10, 1 << 20, 2, 5000));
        vector.append(new byte[4999], 0, 4999);
        assertFalse(vector.fillsChannel());
        vector.append(new byte[1], 0, 1);
        assertTrue(vector.fillsChannel());
        vector.release();
    }

    @Test
    void aGeometryOutsideItsRangeIsRefused() {
        assertThrows(IllegalArgumentException.class, () -> new VectorGeometry(0, 10, 2, 1));
        assertThrows(IllegalArgumentException.class, () -> new VectorGeometry(11, 10, 2, 1));
        assertThrows(IllegalArgumentException.class, () -> new VectorGeometry(1, 10, 1, 1));
        assertThrows(IllegalArgumentException.class, () -> new VectorGeometry(1, 10, 2, 11));
    }
}
