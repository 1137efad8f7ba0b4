package dev.cambium.segment.memory;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

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
                at -> memory.slice(at, 8),
                at -> memory.blockOffset(at, 8),
                at -> memory.view(at, 8),
                at -> memory.countBelow(at, 4, 2, 1));
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
    void wordsBelowAreCountedAsUnsignedNumbers() {
        long seed = 3;
        Random random = new Random(seed);
        for (int i = 0; i < 20_000; i++) {
            byte[] bytes = new byte[64];
            random.nextBytes(bytes);
            memory.put(0, bytes, 0, 64);
            int stride = random.nextInt(20);
            int offset = random.nextInt(40);
            int count = 1 + (stride == 0 ? random.nextInt(9) : random.nextInt((60 - offset) / stride + 1));
            int word = i % 3 == 0
                    ? Bytes.getIntBigEndian(bytes, offset + stride * random.nextInt(count))
                    : i % 3 == 1 ? random.nextInt() : random.nextInt(5) - 2;
            int expected = 0;
            for (int n = 0; n < count; n++) {
                int other = Bytes.getIntBigEndian(bytes, offset + stride * n);
                expected += Integer.compareUnsigned(other, word) < 0 ? 1 : 0;
            }
            assertEquals(expected, memory.countBelow(offset, stride, count, word), "seed " + seed + ", round " + i);
        }
        for (int word : new int[] {0, 1, -1, Integer.MIN_VALUE, Integer.MAX_VALUE}) {
            for (int other : new int[] {0, 1, -1, Integer.MIN_VALUE, Integer.MAX_VALUE}) {
                memory.putIntBigEndian(0, other);
                assertEquals(Integer.compareUnsigned(other, word) < 0 ? 1 : 0, memory.countBelow(0, 4, 1, word));
            }
        }
        assertEquals(0, memory.countBelow(1000, 4, 0, 5), "none are counted wherever they are");
        assertThrows(IndexOutOfBoundsException.class, () -> memory.countBelow(0, 4, 17, 5));
        assertThrows(IndexOutOfBoundsException.class, () -> memory.countBelow(4, 64, 2, 5));
        assertThrows(IndexOutOfBoundsException.class, () -> memory.countBelow(0, 1 << 20, 1 << 20, 5));
        assertThrows(IndexOutOfBoundsException.class, () -> memory.countBelow(0, 64, Integer.MAX_VALUE, 5));
    }

    @Test
    void aViewIsTheSameBytesWithBoundsOfItsOwn() {
        Memory view = memory.view(8, 16);
        assertEquals(16, view.capacity());
        view.putLong(0, 42);
        assertEquals(42, memory.getLong(8));
        memory.putByte(23, 7);
        assertEquals(7, view.getByte(15));
        memory.putIntBigEndian(8, 0x01020304);
        assertEquals(0x01020304, view.getIntBigEndian(0));
        assertEquals(0x04030201, view.getInt(0));
        assertArrayEquals(memory.toArray(10, 5), view.toArray(2, 5));
        assertThrows(IndexOutOfBoundsException.class, () -> view.getByte(16));
        assertThrows(IndexOutOfBoundsException.class, () -> view.getByte(-1));
        assertThrows(IndexOutOfBoundsException.class, () -> view.getLong(9));
        Memory inner = view.view(8, 8);
        inner.putByte(0, 99);
        assertEquals(99, memory.getByte(16));
        assertThrows(IndexOutOfBoundsException.class, () -> view.view(8, 9));
        assertEquals(0, memory.view(64, 0).capacity());
        view.release();
        assertThrows(IndexOutOfBoundsException.class, () -> view.getByte(0));
        assertEquals(99, memory.getByte(16), "the block is still there");
        assertEquals(99, inner.getByte(0));
    }
}
