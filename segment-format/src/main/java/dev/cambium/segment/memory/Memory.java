package dev.cambium.segment.memory;

import dev.cambium.error.MemoryBudgetException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Objects;
import java.util.concurrent.atomic.LongAdder;
import java.util.zip.CRC32C;
import net.openhft.chronicle.bytes.PointerBytesStore;

/**
 * A block of off-heap bytes, the only way through which Cambium touches raw memory.
 *
 * <p>Every access is bounds-checked and throws {@link IndexOutOfBoundsException}; multi-byte values are little-endian unless
 * the method says otherwise. A block is at most 2 GiB - 1 bytes; offsets and lengths are in bytes.
 *
 * <p>Ownership: the one who allocated or mapped a block calls {@link #release} once, when no other thread can be inside an
 * access (the epoch rule of the store). After that an access throws {@link IndexOutOfBoundsException} in the usual case; only
 * the rule makes it safe in all cases.
 *
 * <p>Threads: plain accesses have the semantics of plain Java fields; the {@code acquire}/{@code release} pairs order them.
 */
public final class Memory {
    /*
     * Chronicle's stores do not check bounds: a read past the end returns foreign bytes, or kills the process. Hence the one
     * check here, `Objects.checkFromIndexSize`, which the JIT knows. Block copies go through a ByteBuffer, whose absolute bulk
     * methods are checked by the JDK; words go through Chronicle's PointerBytesStore. Both see the same bytes.
     *
     * There is one store, over all addresses, and one buffer for a block and all its views: they stay in the nearest cache, where those of
     * each page would be a miss more in each chain of loads; and a view is one small object.
     */
    private static final long PAGE_BYTES = 4 << 10;

    private static final PointerBytesStore STORE = NativeAccess.storeOfAll();

    private static final LongAdder HELD_PAGE_BYTES = new LongAdder();

    private final ByteBuffer buffer; // of the whole block
    private final int start; // in the buffer
    private final long origin; // in the store
    private final boolean owner;
    private final long allocated; // address of bytes that are not the buffer's own, or 0
    private int capacity;

    private Memory(ByteBuffer direct, long allocated) {
        this.owner = true;
        this.allocated = allocated;
        this.buffer = direct.order(ByteOrder.LITTLE_ENDIAN);
        this.start = 0;
        this.origin = NativeAccess.offsetOf(direct);
        this.capacity = direct.capacity();
    }

    private Memory(Memory block, int offset, int length) {
        this.owner = false;
        this.allocated = 0;
        this.buffer = block.buffer;
        this.start = block.start + offset;
        this.origin = block.origin + offset;
        this.capacity = length;
    }

    /**
     * Allocates {@code capacity} zeroed bytes outside the heap.
     *
     * @throws MemoryBudgetException where the JVM's limit for direct memory is reached
     */
    public static Memory allocate(int capacity) {
        if (capacity <= 0) {
            throw new IllegalArgumentException("capacity is " + capacity + ", must be positive");
        }
        ByteBuffer direct;
        try {
            direct = ByteBuffer.allocateDirect(capacity);
        } catch (OutOfMemoryError e) {
            throw new MemoryBudgetException(capacity, e);
        }
        return new Memory(direct, 0);
    }

    /**
     * Allocates {@code capacity} bytes outside the heap that begin at a page of the system, for long use. What is in them is of no meaning, but
     * the process has them: all are touched, in steps that no other thread has to wait for. Not limited by the JVM's limit for direct
     * memory.
     *
     * @throws MemoryBudgetException where the system has no more
     */
    public static Memory allocatePages(int capacity) {
        if (capacity <= 0) {
            throw new IllegalArgumentException("capacity is " + capacity + ", must be positive");
        }
        long address;
        try {
            address = NativeAccess.allocate(capacity + PAGE_BYTES - 1);
        } catch (OutOfMemoryError e) {
            throw new MemoryBudgetException(capacity, e);
        }
        Memory memory = new Memory(NativeAccess.bufferOver(address + PAGE_BYTES - 1 & -PAGE_BYTES, capacity), address);
        HELD_PAGE_BYTES.add(capacity);
        for (int at = 0; at >= 0 && at < capacity; at += (int) PAGE_BYTES) {
            memory.putByte(at, 0);
        }
        return memory;
    }

    /** Bytes of {@link #allocatePages}, of all stores of this process, that were not released: for tests that look for leaks. */
    public static long heldPageBytes() {
        return HELD_PAGE_BYTES.sum();
    }

    /** Takes over a direct buffer that owns its memory (not a slice), such as a fresh mapping. */
    public static Memory over(ByteBuffer direct) {
        if (!direct.isDirect()) {
            throw new IllegalArgumentException("not a direct buffer: " + direct);
        }
        return new Memory(direct, 0);
    }

    /** Gives the bytes back to the operating system, if they are this block's own. Idempotent for one caller; see the ownership rule above. */
    public void release() {
        if (capacity == 0) {
            return;
        }
        int released = capacity;
        capacity = 0;
        if (owner) {
            if (allocated != 0) {
                HELD_PAGE_BYTES.add(-released);
                NativeAccess.free(allocated);
            } else {
                NativeAccess.release(buffer);
            }
        }
    }

    /** Bytes in this block; 0 once released. */
    public int capacity() {
        return capacity;
    }

    private int check(int offset, int length) {
        return Objects.checkFromIndexSize(offset, length, capacity);
    }

    public byte getByte(int offset) {
        return STORE.readByte(origin + check(offset, 1));
    }

    public int getUnsignedByte(int offset) {
        return STORE.readByte(origin + check(offset, 1)) & 0xFF;
    }

    public int getUnsignedShort(int offset) {
        return STORE.readShort(origin + check(offset, 2)) & 0xFFFF;
    }

    public int getInt(int offset) {
        return STORE.readInt(origin + check(offset, 4));
    }

    public long getUnsignedInt(int offset) {
        return STORE.readInt(origin + check(offset, 4)) & 0xFFFF_FFFFL;
    }

    public long getLong(int offset) {
        return STORE.readLong(origin + check(offset, 8));
    }

    public long getLongAcquire(int offset) {
        return STORE.readVolatileLong(origin + check(offset, 8));
    }

    public void putByte(int offset, int value) {
        STORE.writeByte(origin + check(offset, 1), (byte) value);
    }

    public void putShort(int offset, int value) {
        STORE.writeShort(origin + check(offset, 2), (short) value);
    }

    public void putInt(int offset, int value) {
        STORE.writeInt(origin + check(offset, 4), value);
    }

    /** Stores four bytes with the most significant first. */
    public void putIntBigEndian(int offset, int value) {
        STORE.writeInt(origin + check(offset, 4), Integer.reverseBytes(value));
    }

    /** Reads four bytes with the most significant first. */
    public long getLongBigEndian(int offset) {
        return Long.reverseBytes(getLong(offset));
    }

    public int getIntBigEndian(int offset) {
        return Integer.reverseBytes(STORE.readInt(origin + check(offset, 4)));
    }

    public void putLong(int offset, long value) {
        STORE.writeLong(origin + check(offset, 8), value);
    }

    public void putLongRelease(int offset, long value) {
        STORE.writeOrderedLong(origin + check(offset, 8), value);
    }

    /** Copies {@code length} bytes of {@code source} into this block at {@code offset}. */
    public void put(int offset, byte[] source, int sourceOffset, int length) {
        check(offset, length);
        buffer.put(start + offset, source, sourceOffset, length);
    }

    /** Copies the remaining bytes of {@code source}, whose position does not move. */
    public void put(int offset, ByteBuffer source) {
        check(offset, source.remaining());
        buffer.put(start + offset, source, source.position(), source.remaining());
    }

    /** Copies between blocks; overlapping ranges of one block are copied as if through a third place. */
    public void put(int offset, Memory source, int sourceOffset, int length) {
        check(offset, length);
        source.check(sourceOffset, length);
        buffer.put(start + offset, source.buffer, source.start + sourceOffset, length);
    }

    /** Copies {@code length} bytes at {@code offset} into {@code target}. */
    public void get(int offset, byte[] target, int targetOffset, int length) {
        check(offset, length);
        buffer.get(start + offset, target, targetOffset, length);
    }

    /** Copies {@code length} bytes at {@code offset} to {@code target} at its position, which moves by {@code length}. */
    public void get(int offset, ByteBuffer target, int length) {
        check(offset, length);
        int position = target.position();
        target.put(position, buffer, start + offset, length);
        target.position(position + length);
    }

    /** A copy of {@code length} bytes at {@code offset}. */
    public byte[] toArray(int offset, int length) {
        check(offset, length);
        byte[] copy = new byte[length];
        buffer.get(start + offset, copy, 0, length);
        return copy;
    }

    /** Sets {@code length} bytes to zero. */
    public void zero(int offset, int length) {
        check(offset, length);
        int at = offset;
        int end = offset + length;
        for (; at + ZEROS.length <= end; at += ZEROS.length) {
            buffer.put(start + at, ZEROS, 0, ZEROS.length);
        }
        buffer.put(start + at, ZEROS, 0, end - at);
    }

    private static final byte[] ZEROS = new byte[4096];

    /** Whether all {@code length} bytes are zero. */
    public boolean isZero(int offset, int length) {
        return firstNonZero(offset, length) < 0;
    }

    /** Offset of the first byte that is not zero within the range, or -1. */
    public int firstNonZero(int offset, int length) {
        check(offset, length);
        int at = offset;
        int end = offset + length;
        while (at + 8 <= end && STORE.readLong(origin + at) == 0) {
            at += 8;
        }
        for (; at < end; at++) {
            if (STORE.readByte(origin + at) != 0) {
                return at;
            }
        }
        return -1;
    }

    /**
     * Compares a range with a part of a byte array as unsigned bytes, a proper prefix being smaller.
     *
     * @return negative, zero or positive, as the bytes of this block are smaller, equal or greater
     */
    public int compare(int offset, int length, byte[] other, int otherOffset, int otherLength) {
        check(offset, length);
        Objects.checkFromIndexSize(otherOffset, otherLength, other.length);
        int common = Math.min(length, otherLength);
        int i = 0;
        for (; i + 8 <= common; i += 8) {
            long a = Long.reverseBytes(STORE.readLong(origin + offset + i));
            long b = Bytes.getLongBigEndian(other, otherOffset + i);
            if (a != b) {
                return Long.compareUnsigned(a, b);
            }
        }
        for (; i < common; i++) {
            int difference = (STORE.readByte(origin + offset + i) & 0xFF) - (other[otherOffset + i] & 0xFF);
            if (difference != 0) {
                return difference;
            }
        }
        return Integer.compare(length, otherLength);
    }

    /** As {@link #compare(int, int, byte[], int, int)}, against a range of another block. */
    public int compare(int offset, int length, Memory other, int otherOffset, int otherLength) {
        check(offset, length);
        other.check(otherOffset, otherLength);
        int common = Math.min(length, otherLength);
        int i = 0;
        for (; i + 8 <= common; i += 8) {
            long a = Long.reverseBytes(STORE.readLong(origin + offset + i));
            long b = Long.reverseBytes(STORE.readLong(other.origin + otherOffset + i));
            if (a != b) {
                return Long.compareUnsigned(a, b);
            }
        }
        for (; i < common; i++) {
            int difference = (STORE.readByte(origin + offset + i) & 0xFF)
                    - (STORE.readByte(other.origin + otherOffset + i) & 0xFF);
            if (difference != 0) {
                return difference;
            }
        }
        return Integer.compare(length, otherLength);
    }

    /**
     * Up to eight bytes at {@code offset} as the most significant bytes of a word, the missing ones zero: words compare
     * (unsigned) as the bytes do.
     *
     * @param length bytes that may be used, 0 or more; those beyond eight are not read
     */
    public long head(int offset, int length) {
        if (length >= 8) {
            return Long.reverseBytes(STORE.readLong(origin + check(offset, 8)));
        }
        check(offset, length);
        if (length == 0) {
            return 0;
        }
        if (offset + length >= 8) {
            return Long.reverseBytes(STORE.readLong(origin + offset + length - 8)) << (64 - 8 * length);
        }
        long head = 0;
        for (int i = 0; i < length; i++) {
            head |= (STORE.readByte(origin + offset + i) & 0xFFL) << (56 - 8 * i);
        }
        return head;
    }

    /** Updates {@code crc} with a range, in steps of at most 1 MiB. */
    public void update(CRC32C crc, int offset, int length) {
        update(crc, buffer.duplicate(), offset, length);
    }

    /** @param view a duplicate of {@link #block}, of no other use meanwhile */
    void update(CRC32C crc, ByteBuffer view, int offset, int length) {
        check(offset, length);
        for (int at = offset, end = offset + length; at < end; ) {
            int step = Math.min(1 << 20, end - at);
            view.limit(start + at + step).position(start + at);
            crc.update(view);
            at += step;
        }
    }

    /**
     * The whole block that this is, or is a part of, for what takes a buffer and a place in it ({@link #blockOffset}): so nothing is allocated
     * for a range. It is all users': its position and limit must not be moved. Not to be used after {@link #release}.
     */
    public ByteBuffer block() {
        return buffer;
    }

    /** Where a range begins in {@link #block}. */
    public int blockOffset(int offset, int length) {
        return start + check(offset, length);
    }

    /** A view of a range for channels and decoders; it must not be used after {@link #release}. */
    public ByteBuffer slice(int offset, int length) {
        check(offset, length);
        return buffer.slice(start + offset, length).order(ByteOrder.LITTLE_ENDIAN);
    }

    /**
     * How many of {@code count} four-byte words, most significant byte first, are below {@code word} as unsigned numbers; the first
     * stands at {@code offset}, each next one {@code stride} bytes on. Has no branch in it that depends on the words, and no load
     * that depends on another: where they lie on several cache lines, all are fetched at once.
     */
    public int countBelow(int offset, int stride, int count, int word) {
        if (count <= 0) {
            return 0;
        }
        check(offset, (int) Math.min(Integer.MAX_VALUE, (long) stride * (count - 1) + 4));
        long unsigned = word & 0xFFFF_FFFFL;
        int below = 0;
        long at = origin + offset;
        for (int i = 0; i < count; i++, at += stride) {
            below += (int) (((Integer.reverseBytes(STORE.readInt(at)) & 0xFFFF_FFFFL) - unsigned) >>> 63);
        }
        return below;
    }

    /**
     * A part of this block as a block of its own. It owns nothing: its {@link #release} only ends its own use, and it must not be
     * used after this block was released.
     */
    public Memory view(int offset, int length) {
        check(offset, length);
        return new Memory(this, offset, length);
    }

    /** Whether two ranges hold the same bytes. */
    public boolean equal(int offset, byte[] other, int otherOffset, int length) {
        return compare(offset, length, other, otherOffset, length) == 0;
    }

    @Override
    public String toString() {
        return "Memory[" + capacity + " bytes"
                + (capacity > 0 && capacity <= 64 ? " " + Arrays.toString(toArray(0, capacity)) : "") + "]";
    }
}
