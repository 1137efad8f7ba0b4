package dev.cambium.segment.pool;

import dev.cambium.segment.memory.Memory;
import dev.cambium.segment.pool.BuddyAllocator.Block;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Some pages of a pool in one piece of memory, and which buffers are in them. Guarded by
 * its pool. Refers to no buffer: they are young and slabs are old, which would cost the garbage collector.
 */
final class Slab {
    private static final int ORDER_BITS = 5;
    private static final int ORDER_MASK = (1 << ORDER_BITS) - 1;

    private static final MemoryUse[] USES = MemoryUse.values();

    private final int firstPage;
    private final Memory memory;
    private final byte[] buffers; // by page: of the buffer that begins there, its order + 1, and its use
    private final long[] tags; // by page: of the kept buffer that begins there
    private int count;
    private List<Block> withdrawn; // not null where it is closed

    Slab(int firstPage, Memory memory) {
        this.firstPage = firstPage;
        this.memory = memory;
        this.buffers = new byte[memory.capacity() / BufferPool.PAGE_BYTES];
        this.tags = new long[buffers.length];
    }

    int firstPage() {
        return firstPage;
    }

    int endPage() {
        return firstPage + buffers.length;
    }

    Memory memory() {
        return memory;
    }

    /** How many buffers it has. */
    int count() {
        return count;
    }

    Memory view(int page, int length) {
        return memory.view((page - firstPage) * BufferPool.PAGE_BYTES, length);
    }

    void add(int page, int order, MemoryUse use, long tag) {
        buffers[page - firstPage] = (byte) (order + 1 | use.ordinal() << ORDER_BITS);
        tags[page - firstPage] = tag;
        count++;
    }

    void remove(int page) {
        buffers[page - firstPage] = 0;
        count--;
    }

    private boolean isKept(int index) {
        return buffers[index] != 0 && USES[use(index)].isKept();
    }

    private int use(int index) {
        return (buffers[index] & 0xFF) >>> ORDER_BITS;
    }

    /** The tags of all kept buffers. */
    long[] keptTags() {
        return IntStream.range(0, buffers.length)
                .filter(this::isKept)
                .mapToLong(index -> tags[index])
                .toArray();
    }

    /** How many buffers are in a region; 0 where one is held, or a larger one reaches into it from outside. */
    int countTagsIn(int page, int order) {
        int tagCount = 0;
        int end = page - firstPage + (1 << order);
        for (int index = page - firstPage; index < end; index++) {
            if (buffers[index] != 0) {
                int itsOrder = (buffers[index] & ORDER_MASK) - 1;
                if (!isKept(index) || itsOrder > order) {
                    return 0;
                }
                tagCount++;
                index += (1 << itsOrder) - 1;
            }
        }
        return tagCount;
    }

    /** The tags of the buffers in a region, as many as {@link #countTagsIn} says. */
    long[] tagsIn(int page, int order) {
        int first = page - firstPage;
        return IntStream.range(first, first + (1 << order))
                .filter(index -> buffers[index] != 0)
                .mapToLong(index -> tags[index])
                .limit(countTagsIn(page, order))
                .toArray();
    }

    /** Bytes by use, added to {@code sums}. */
    void addTo(long[] sums) {
        for (int index = 0; index < buffers.length; index++) {
            if (buffers[index] != 0) {
                sums[use(index)] += (long) BufferPool.PAGE_BYTES << (buffers[index] & ORDER_MASK) - 1;
            }
        }
    }

    /** Whether it takes no more buffers. */
    boolean isClosed() {
        return withdrawn != null;
    }

    /** What is free in a closed one. */
    List<Block> withdrawn() {
        return withdrawn;
    }

    /** Closes it, with what is free in it now; or, with null, opens it again. */
    void withdraw(List<Block> free) {
        withdrawn = free;
    }
}
