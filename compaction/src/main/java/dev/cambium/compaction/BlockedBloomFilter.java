package dev.cambium.compaction;

import dev.cambium.segment.memory.Memory;
import dev.cambium.segment.pool.BufferPool;
import dev.cambium.segment.pool.MemoryUse;

/**
 * A Bloom filter whose bits for one key lie in one 64-byte block, off the heap: a probe costs one cache miss at the most.
 *
 * <p>Says "no" only for keys that were never added; at its capacity (10 bits a key) it says "perhaps" for about one absent key in
 * a hundred. Grows worse, never wrong, when more is added.
 *
 * <p>Threads: one writer; readers at any time. What was added before a release store is seen by those who acquire it.
 *
 * <p>Paper: Putze, Sanders, Singler, "Cache-, Hash- and Space-Efficient Bloom Filters" (2007).
 */
public final class BlockedBloomFilter {
    private static final int BITS_PER_KEY = 10;
    private static final int BLOCK_BYTES = 64;
    private static final int PROBES = 6;

    private final BufferPool.Buffer buffer;
    private final Memory bits;
    private final int blocks;
    private final BufferPool pool;

    /** @param keys how many keys keep the rate of false positives at one in a hundred */
    public BlockedBloomFilter(BufferPool pool, long keys) {
        long bytes = Math.max(1, keys) * BITS_PER_KEY / 8;
        int needed = (int) Math.min(Integer.MAX_VALUE / BLOCK_BYTES - 1, (bytes + BLOCK_BYTES - 1) / BLOCK_BYTES);
        int capacity = (int) pool.classBytes(needed * BLOCK_BYTES); // what the class has beyond that makes it better
        this.blocks = capacity / BLOCK_BYTES;
        this.pool = pool;
        this.buffer = pool.hold(MemoryUse.MEMTABLES, capacity);
        this.bits = buffer.memory();
        bits.zero(0, capacity);
    }

    /** Hashes an internal key; done once for all filters a lookup asks. */
    public static long hash(byte[] key, int offset, int length) {
        return KeyHash.of(key, offset, length);
    }

    /** As {@link #hash(byte[], int, int)}, of a key outside the heap. */
    public static long hash(Memory key, int offset, int length) {
        return KeyHash.of(key, offset, length);
    }

    private int block(long hash) {
        return (int) (((hash >>> 32) * blocks) >>> 32) * BLOCK_BYTES;
    }

    public void add(long hash) {
        int block = block(hash);
        long h = hash * 0x9E37_79B9_7F4A_7C15L;
        for (int i = 0; i < PROBES; i++) {
            int bit = (int) (h >>> 55);
            int word = block + (bit >>> 6) * 8;
            bits.putLong(word, bits.getLong(word) | 1L << bit);
            h <<= 9;
        }
    }

    public boolean mayContain(long hash) {
        int block = block(hash);
        long h = hash * 0x9E37_79B9_7F4A_7C15L;
        for (int i = 0; i < PROBES; i++) {
            int bit = (int) (h >>> 55);
            if ((bits.getLong(block + (bit >>> 6) * 8) & 1L << bit) == 0) {
                return false;
            }
            h <<= 9;
        }
        return true;
    }

    public int capacityBytes() {
        return blocks * BLOCK_BYTES;
    }

    /** Frees the bits; the caller guarantees that no reader is left. */
    public void release() {
        pool.free(buffer);
    }
}
