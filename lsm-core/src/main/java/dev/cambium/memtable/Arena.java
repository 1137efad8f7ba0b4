package dev.cambium.memtable;

import dev.cambium.segment.log.Operation;
import dev.cambium.segment.memory.Memory;
import dev.cambium.segment.pool.BufferPool;
import dev.cambium.segment.pool.MemoryUse;
import java.util.Arrays;

/**
 * The off-heap bytes of one memtable: log records, appended by the one writer and never moved or changed.
 *
 * <p>An operation in the arena is named by a <em>reference</em>, 64 bits:
 * <pre>
 *   63      56 55          32 31               0
 *   +---------+--------------+-----------------+
 *   |  code   |    chunk     |     offset      |
 *   +---------+--------------+-----------------+
 * </pre>
 * {@code code} is the {@linkplain dev.cambium.segment.log.OperationCode operation code} (so whether an entry is a tombstone is
 * known without touching it), {@code offset} the first byte of the operation in its chunk. No reference is 0.
 *
 * <p>Threads: one writer; any reader that got a reference through a release/acquire pair. Ownership: the memtable releases the
 * arena when nobody can hold a reference any more. Its bytes are buffers of the {@link BufferPool}, chunk by chunk.
 */
public final class Arena {
    private static final int CACHE_LINE = 64;

    private final BufferPool pool;
    private final int chunkBytes;

    private Memory[] chunks = new Memory[16];
    private BufferPool.Buffer[] buffers = new BufferPool.Buffer[16]; // that the chunks are in
    private int chunkCount;
    private int used;
    private long capacityBytes;
    private long filledBytes;

    /** @param chunkBytes size of an ordinary chunk; a longer record gets a chunk of its own length */
    public Arena(BufferPool pool, int chunkBytes) {
        this.pool = pool;
        this.chunkBytes = chunkBytes;
    }

    /**
     * Makes room for {@code length} contiguous bytes.
     *
     * @return the place as a reference without a code
     * @throws dev.cambium.error.MemoryBudgetException if a new chunk does not fit into the budget; nothing has changed
     */
    public long allocate(int length) {
        if (chunkCount == 0 || length > chunks[chunkCount - 1].capacity() - used) {
            add(pool.hold(MemoryUse.MEMTABLES, (int) pool.classBytes(Math.max(chunkBytes, length))));
        }
        long place = (long) (chunkCount - 1) << 32 | used;
        used += length;
        filledBytes += length;
        return place;
    }

    /**
     * Takes over a block of records, wholly filled: what recovery has read from a log.
     *
     * @return the place of its first byte, as a reference without a code
     */
    public long adopt(BufferPool.Buffer block, int filled) {
        add(block);
        used = block.memory().capacity();
        filledBytes += filled;
        return (long) (chunkCount - 1) << 32;
    }

    private void add(BufferPool.Buffer chunk) {
        if (chunkCount == chunks.length) {
            chunks = Arrays.copyOf(chunks, 2 * chunkCount);
            buffers = Arrays.copyOf(buffers, 2 * chunkCount);
        }
        buffers[chunkCount] = chunk;
        chunks[chunkCount++] = chunk.memory();
        used = 0;
        capacityBytes += chunk.reservedBytes();
    }

    /** The block that a reference points into. */
    public Memory memory(long reference) {
        return chunks[(int) (reference >>> 32) & 0xFF_FFFF];
    }

    /** Loads the first byte of an operation. */
    int touch(long reference) {
        return memory(reference).getByte(offset(reference));
    }

    /** Loads what a short operation has in the cache lines behind the first; of a longer one the rest comes in order, and by itself. */
    int touchRest(long reference) {
        Memory memory = memory(reference);
        int offset = offset(reference);
        int end = Operation.valueOffset(memory, offset) + Operation.valueLength(memory, offset);
        int sum = 0;
        for (int at = offset + CACHE_LINE; at < end && at <= offset + 2 * CACHE_LINE; at += CACHE_LINE) {
            sum += memory.getByte(at);
        }
        return sum;
    }

    public static int offset(long reference) {
        return (int) reference;
    }

    public static int code(long reference) {
        return (int) (reference >>> 56);
    }

    /** The reference of an operation. */
    public static long reference(int code, long place) {
        return (long) code << 56 | place;
    }

    /** Compares the key of an operation with a key on the heap. */
    int compareKey(long reference, byte[] key, int offset, int length) {
        Memory memory = memory(reference);
        int at = offset(reference);
        return memory.compare(Operation.keyOffset(memory, at), Operation.keyLength(memory, at), key, offset, length);
    }

    /** Compares the keys of two operations. */
    int compareKeys(long left, long right) {
        Memory a = memory(left);
        Memory b = memory(right);
        int atA = offset(left);
        int atB = offset(right);
        return a.compare(
                Operation.keyOffset(a, atA),
                Operation.keyLength(a, atA),
                b,
                Operation.keyOffset(b, atB),
                Operation.keyLength(b, atB));
    }

    /** Up to eight bytes of an operation's key from {@code from} on, as {@link Memory#head}; zero beyond its end. */
    long head(long reference, int from) {
        Memory memory = memory(reference);
        int at = offset(reference);
        return memory.head(Operation.keyOffset(memory, at) + from, Math.max(0, Operation.keyLength(memory, at) - from));
    }

    int keyLength(long reference) {
        return Operation.keyLength(memory(reference), offset(reference));
    }

    /** Bytes of key and value together. */
    long entryBytes(long reference) {
        Memory memory = memory(reference);
        int at = offset(reference);
        return Operation.keyLength(memory, at) + Operation.valueLength(memory, at);
    }

    /** How many leading bytes the keys of two operations share. */
    int commonPrefix(long left, long right, int atMost) {
        Memory a = memory(left);
        Memory b = memory(right);
        int atA = Operation.keyOffset(a, offset(left));
        int atB = Operation.keyOffset(b, offset(right));
        int length =
                Math.min(atMost, Math.min(Operation.keyLength(a, offset(left)), Operation.keyLength(b, offset(right))));
        int i = 0;
        while (i < length && a.getByte(atA + i) == b.getByte(atB + i)) {
            i++;
        }
        return i;
    }

    /** How many leading bytes an operation's key shares with a key on the heap. */
    int commonPrefix(long reference, byte[] key, int offset, int length) {
        Memory memory = memory(reference);
        int at = Operation.keyOffset(memory, offset(reference));
        int common = Math.min(length, keyLength(reference));
        int i = 0;
        while (i < common && memory.getByte(at + i) == key[offset + i]) {
            i++;
        }
        return i;
    }

    /** Copies the key of an operation to the heap. */
    byte[] key(long reference) {
        Memory memory = memory(reference);
        int at = offset(reference);
        return memory.toArray(Operation.keyOffset(memory, at), Operation.keyLength(memory, at));
    }

    /** Off-heap bytes held. */
    public long capacityBytes() {
        return capacityBytes;
    }

    /** Bytes of records in it. */
    public long filledBytes() {
        return filledBytes;
    }

    /** Frees all chunks; the caller guarantees that no reader is left. */
    void release() {
        for (int i = 0; i < chunkCount; i++) {
            pool.free(buffers[i]);
        }
        capacityBytes = 0;
        chunkCount = 0;
    }
}
