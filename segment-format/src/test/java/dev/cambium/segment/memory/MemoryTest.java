package dev.cambium.segment.memory;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cambium.error.MemoryBudgetException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.function.IntConsumer;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class MemoryTest {
    private final Memory memory = Memory.allocate(64);

    @AfterEach
    void release() {
        memory.release();
    }

    @Test
    void everyAccessOutsideTheBlockIsRefused() {
        byte[] bytes = new byte[64];
        Memory other = Memory.allocate(64);
        List<IntConsumer> accessesOfEightBytes = List.of(
                memory::getLong,
                memory::getLongAcquire,
                at -> memory.putLong(at, 1),
                at -> memory.putLongRelease(at, 1),
                at -> memory.put(at, bytes, 0, 8),
                at -> memory.put(at, ByteBuffer.wrap(bytes, 0, 8)),
                at -> memory.put(at, other, 0, 8),
                at -> other.put(0, memory, at, 8),
                at -> memory.get(at, bytes, 0, 8),
                at -> memory.get(at, ByteBuffer.allocate(8), 8),
                at -> memory.toArray(at, 8),
                at -> memory.zero(at, 8),
                at -> memory.isZero(at, 8),
                at -> memory.compare(at, 8, bytes, 0, 8),
                at -> memory.compare(at, 8, other, 0, 8),
                at -> other.compare(0, 8, memory, at, 8),
                at -> memory.head(at, 8),
                at -> memory.update(new CRC32C(), at, 8),
                at -> memory.slice(at, 8));
        for (int i = 0; i < accessesOfEightBytes.size(); i++) {
            IntConsumer access = accessesOfEightBytes.get(i);
            access.accept(0);
            access.accept(56);
            for (int at : new int[] {-1, 57, 64, 65, Integer.MAX_VALUE, Integer.MIN_VALUE}) {
                assertThrows(IndexOutOfBoundsException.class, () -> access.accept(at), "access " + i + " at " + at);
            }
        }
        List<IntConsumer> shorter = List.of(
                memory::getByte,
                memory::getUnsignedByte,
                memory::getUnsignedShort,
                memory::getInt,
                memory::getUnsignedInt,
                memory::getIntBigEndian,
                at -> memory.putByte(at, 1),
                at -> memory.putShort(at, 1),
                at -> memory.putInt(at, 1),
                at -> memory.putIntBigEndian(at, 1));
        for (IntConsumer access : shorter) {
            access.accept(60);
            assertThrows(IndexOutOfBoundsException.class, () -> access.accept(64));
            assertThrows(IndexOutOfBoundsException.class, () -> access.accept(-1));
        }
        memory.release();
        assertThrows(IndexOutOfBoundsException.class, () -> memory.getByte(0), "after release");
        other.release();
    }

    @Test
    void compareAndHeadsAgreeWithUnsignedBytes() {
        Random random = new Random(1);
        for (int i = 0; i < 20_000; i++) {
            byte[] a = bytes(random);
            byte[] b = random.nextBoolean() ? bytes(random) : Arrays.copyOf(a, random.nextInt(a.length + 3));
            memory.put(3, a, 0, a.length);
            Memory other = memory;
            memory.put(31, b, 0, b.length);
            int expected = Integer.signum(Arrays.compareUnsigned(a, b));
            assertEquals(expected, Integer.signum(memory.compare(3, a.length, b, 0, b.length)));
            assertEquals(expected, Integer.signum(memory.compare(3, a.length, other, 31, b.length)));
            assertEquals(Bytes.head(a, 0, a.length), memory.head(3, a.length));
            int heads = Long.compareUnsigned(memory.head(3, a.length), memory.head(31, b.length));
            assertTrue(heads == 0 || Integer.signum(heads) == expected, "heads that differ order as keys do");
        }
    }

    private static byte[] bytes(Random random) {
        byte[] bytes = new byte[random.nextInt(20)];
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = (byte) (random.nextInt(3) - 1);
        }
        return bytes;
    }

    @Test
    void wordsHaveTheirByteOrder() {
        memory.putLong(0, 0x0102_0304_0506_0708L);
        assertArrayEquals(new byte[] {8, 7, 6, 5, 4, 3, 2, 1}, memory.toArray(0, 8));
        memory.putIntBigEndian(8, 0x0102_0304);
        assertArrayEquals(new byte[] {1, 2, 3, 4}, memory.toArray(8, 4));
        assertEquals(0x0102_0304, memory.getIntBigEndian(8));
        memory.zero(0, 64);
        memory.putByte(63, 1);
        assertFalse(memory.isZero(0, 64));
        assertTrue(memory.isZero(0, 63));
        assertEquals(63, memory.firstNonZero(0, 64));
    }

    @Test
    void budgetRefusesWhatDoesNotFitOnceEnforced() {
        MemoryBudget budget = new MemoryBudget(100);
        budget.reserve(150);
        budget.release(100);
        budget.enforce();
        budget.reserve(50);
        MemoryBudgetException e = assertThrows(MemoryBudgetException.class, () -> budget.reserve(1));
        assertTrue(e.getMessage().contains("100"), e.getMessage());
        assertEquals(100, budget.usedBytes());
    }
}
