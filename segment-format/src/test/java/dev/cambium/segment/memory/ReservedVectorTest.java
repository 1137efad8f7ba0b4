package dev.cambium.segment.memory;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cambium.error.MemoryBudgetException;
import java.io.ByteArrayOutputStream;
import java.util.Random;
import org.junit.jupiter.api.Test;

class ReservedVectorTest {
    private final MemoryBudget budget = new MemoryBudget(1 << 20);

    @Test
    void bytesStayWhileItGrowsAndTheBudgetCountsTheBlock() {
        long seed = 12;
        Random random = new Random(seed);
        for (int round = 0; round < 50; round++) {
            ReservedVector vector = new ReservedVector(budget, 1 + random.nextInt(100), 1 << 20);
            ByteArrayOutputStream expected = new ByteArrayOutputStream();
            for (int i = 0; i < 60; i++) {
                byte[] bytes = new byte[random.nextInt(200)];
                random.nextBytes(bytes);
                expected.write(bytes, 0, bytes.length);
                int capacity = vector.memory().capacity();
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
                assertEquals(vector.memory().capacity(), budget.usedBytes(), what);
                boolean fitted = used + bytes.length <= capacity;
                int now = vector.memory().capacity();
                assertTrue(fitted ? now == capacity : Integer.bitCount(now) == 1 && now >= vector.used(), what);
                assertArrayEquals(expected.toByteArray(), vector.memory().toArray(0, vector.used()), what);
            }
            int capacity = vector.memory().capacity();
            vector.clear();
            assertEquals(0, vector.used());
            assertEquals(capacity, vector.memory().capacity(), "clearing keeps the block");
            vector.release();
            assertEquals(0, budget.usedBytes());
        }
    }

    @Test
    void beyondItsGreatestCapacityAnAppendFailsAndChangesNothing() {
        ReservedVector vector = new ReservedVector(budget, 10, 1000);
        vector.append(new byte[] {1, 2, 3}, 0, 3);
        vector.append(new byte[700], 0, 700);
        assertEquals(1000, vector.memory().capacity());
        vector.append(new byte[297], 0, 297);
        assertThrows(MemoryBudgetException.class, () -> vector.append(new byte[1], 0, 1));
        assertThrows(MemoryBudgetException.class, () -> vector.reserve(Integer.MAX_VALUE));
        assertEquals(1000, vector.used());
        assertEquals(1000, budget.usedBytes());
        assertArrayEquals(new byte[] {1, 2, 3, 0}, vector.memory().toArray(0, 4));
        vector.release();
        assertEquals(0, budget.usedBytes());
    }

    /** What it holds makes written data durable, so a full budget does not stop it; but it is counted. */
    @Test
    void itGrowsBeyondTheBudgetAndIsCounted() {
        MemoryBudget small = new MemoryBudget(100);
        small.enforce();
        ReservedVector vector = new ReservedVector(small, 64, 1 << 16);
        vector.append(new byte[5000], 0, 5000);
        assertEquals(8192, small.usedBytes());
        assertThrows(MemoryBudgetException.class, () -> small.reserve(1));
        vector.release();
        small.reserve(100);
    }
}
