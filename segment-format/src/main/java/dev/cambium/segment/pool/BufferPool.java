package dev.cambium.segment.pool;

import dev.cambium.error.MemoryBudgetException;
import dev.cambium.segment.memory.Memory;
import dev.cambium.segment.memory.MemoryBudget;
import dev.cambium.segment.pool.BuddyAllocator.Block;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Off-heap buffers of power-of-two size classes, carved out of slabs by a {@link BuddyAllocator}: what one use gives back, another may have
 * in any size, without a call to the system. A request above the largest class gets a block of its own.
 *
 * <p>Slabs are added when nothing free is large enough, and double: the first is of one largest block, each later one as long as all before
 * it, up to {@link #MOST_SLAB_BYTES}. Slabs at the end that have become free go back, but for one. The budget counts slabs and blocks, so
 * what it says is what the process holds.
 *
 * <p>Buffers are <em>held</em>, or <em>evictable</em>: those have a tag by which their owner knows them, and are given up where a region is
 * to be cleared ({@link #evictable}). Held ones take the lowest place there is, so that the end of the pool becomes free.
 *
 * <p>Threads: any; a call takes a lock for some tens of nanoseconds, or as long as a new slab takes. Ownership: who allocated a buffer frees it
 * once, when nobody reads it any more.
 */
public final class BufferPool implements AutoCloseable {
    /** Bytes of the smallest class. */
    public static final int PAGE_BYTES = 4 << 10;

    /** Bytes of the largest slab. */
    public static final int MOST_SLAB_BYTES = 64 << 20;

    private static final int PAGE_SHIFT = 12;

    private final MemoryBudget budget;
    private final int topOrder;
    private final int mostSlabPages;

    // Guarded by this object.
    private final BuddyAllocator pages;
    private final List<Slab> slabs = new ArrayList<>();
    private Buffer[] owners = {}; // by a buffer's first page
    private Memory[] views = {}; // by their first page: made once, opened again for each buffer of their order
    private byte[] viewOrders = {};
    private long blockBytes; // of requests above the largest class
    private long evictableBytes;
    private int hand; // the region that is looked at next

    /** Some pages of the pool, in one piece of memory. */
    private record Slab(int firstPage, Memory memory) {
        int pages() {
            return memory.capacity() >>> PAGE_SHIFT;
        }
    }

    /** A buffer that is in use. */
    public static final class Buffer {
        private final int page; // or -1 with a block of its own
        private final int order;
        private final Memory block;
        private final Memory memory;
        private final int reserved;
        private final boolean isEvictable;
        private final long tag;
        private boolean isFree;

        private Buffer(int page, int order, Memory block, Memory memory, boolean isEvictable, long tag) {
            this.reserved = block == null ? PAGE_BYTES << order : block.capacity();
            this.page = page;
            this.order = order;
            this.block = block;
            this.memory = memory;
            this.isEvictable = isEvictable;
            this.tag = tag;
        }

        /** The bytes: as many as were asked for. */
        public Memory memory() {
            return memory;
        }

        /** Bytes that the buffer takes: those of its class. */
        public int reservedBytes() {
            return reserved;
        }
    }

    /**
     * An empty pool.
     *
     * @param largestClass bytes of the largest size class and the first slab, a power of two of {@link #PAGE_BYTES} to 4 MiB
     */
    public BufferPool(MemoryBudget budget, int largestClass) {
        if (Integer.bitCount(largestClass) != 1 || largestClass < PAGE_BYTES || largestClass > 4 << 20) {
            throw new IllegalArgumentException(
                    "the largest class is " + largestClass + " bytes, must be a power of two of 4 KiB to 4 MiB");
        }
        this.budget = budget;
        this.topOrder = Integer.numberOfTrailingZeros(largestClass >>> PAGE_SHIFT);
        this.mostSlabPages = Math.max(largestClass, MOST_SLAB_BYTES) >>> PAGE_SHIFT;
        this.pages = new BuddyAllocator(topOrder, 0);
    }

    private static int orderOf(int length) {
        return Math.max(0, 32 - Integer.numberOfLeadingZeros((length - 1) >>> PAGE_SHIFT));
    }

    /** A buffer of {@code length} bytes that stays until it is freed; what is in it is of no meaning. Takes the lowest place. */
    public Buffer hold(int length) {
        return allocate(length, false, 0);
    }

    /** A buffer whose owner gives it up when it is told its tag. */
    public Buffer keep(int length, long tag) {
        return allocate(length, true, tag);
    }

    /**
     * @throws MemoryBudgetException where the pool would have to grow beyond the budget
     */
    private Buffer allocate(int length, boolean isEvictable, long tag) {
        if (length <= 0) {
            throw new IllegalArgumentException("a buffer of " + length + " bytes, must be 1 or more");
        }
        int order = orderOf(length);
        if (order > topOrder) {
            return allocateBlock(length, isEvictable, tag);
        }
        synchronized (this) {
            int page = isEvictable ? pages.allocate(order) : pages.allocateLowest(order);
            if (page < 0) {
                grow();
                page = pages.allocate(order);
            }
            Buffer buffer = new Buffer(page, order, null, view(page, order, length), isEvictable, tag);
            owners[page] = buffer;
            evictableBytes += isEvictable ? buffer.reservedBytes() : 0;
            return buffer;
        }
    }

    private Memory view(int page, int order, int length) {
        Memory view = views[page];
        if (view == null || viewOrders[page] != order) {
            Slab slab = slabOf(page);
            view = slab.memory().view(page - slab.firstPage() << PAGE_SHIFT, PAGE_BYTES << order);
            view.release();
            views[page] = view;
            viewOrders[page] = (byte) order;
        }
        view.reopen(length);
        return view;
    }

    private Buffer allocateBlock(int length, boolean isEvictable, long tag) {
        int capacity = length + PAGE_BYTES - 1 & -PAGE_BYTES;
        Memory block = allocateMemory(capacity);
        Buffer buffer = new Buffer(-1, 0, block, block.view(0, length), isEvictable, tag);
        synchronized (this) {
            blockBytes += capacity;
            evictableBytes += isEvictable ? capacity : 0;
        }
        return buffer;
    }

    private Memory allocateMemory(int capacity) {
        budget.reserve(capacity);
        try {
            return Memory.allocate(capacity);
        } catch (RuntimeException | Error e) {
            budget.release(capacity);
            throw e;
        }
    }

    /** Adds a slab as long as all there are; where the budget has no room for that, half as long, and so on. */
    private void grow() {
        int length = pages.length();
        int wanted = Math.max(1 << topOrder, Math.min(mostSlabPages, length));
        Memory memory = null;
        while (memory == null) {
            try {
                memory = allocateMemory(wanted << PAGE_SHIFT);
            } catch (MemoryBudgetException e) {
                if (wanted == 1 << topOrder) {
                    throw e;
                }
                wanted = wanted >>> topOrder + 1 << topOrder; // about half of it, in largest classes
            }
        }
        slabs.add(new Slab(length, memory));
        pages.resize(length + wanted);
        resizeTables();
    }

    private void resizeTables() {
        owners = Arrays.copyOf(owners, pages.length());
        views = Arrays.copyOf(views, pages.length());
        viewOrders = Arrays.copyOf(viewOrders, pages.length());
    }

    private Slab slabOf(int page) {
        int low = 0;
        int high = slabs.size() - 1;
        while (low < high) {
            int middle = (low + high + 1) >>> 1;
            if (slabs.get(middle).firstPage() <= page) {
                low = middle;
            } else {
                high = middle - 1;
            }
        }
        return slabs.get(low);
    }

    /**
     * Takes a buffer back.
     *
     * @throws IllegalStateException where that was done before
     */
    public void free(Buffer buffer) {
        List<Memory> gone = new ArrayList<>(0);
        synchronized (this) {
            if (buffer.isFree) {
                throw new IllegalStateException("a buffer of " + buffer.memory.capacity() + " bytes is freed twice");
            }
            buffer.isFree = true;
            buffer.memory.release(); // before its page, and with it the view, can be another's
            evictableBytes -= buffer.isEvictable ? buffer.reservedBytes() : 0;
            if (buffer.block != null) {
                blockBytes -= buffer.block.capacity();
                gone.add(buffer.block);
            } else {
                pages.free(buffer.page, buffer.order);
                owners[buffer.page] = null;
                cutSpareSlabs(1, gone);
            }
        }
        release(gone);
    }

    /** Takes slabs at the end that are free, but for {@code spare} of them. */
    private void cutSpareSlabs(int spare, List<Memory> gone) {
        for (; ; ) {
            int count = slabs.size();
            int least = count <= spare ? 0 : slabs.get(count - 1 - spare).firstPage();
            if (count <= spare || pages.trailingFreePages() < pages.length() - least) {
                return;
            }
            Slab last = slabs.remove(count - 1);
            pages.resize(last.firstPage());
            resizeTables();
            gone.add(last.memory());
        }
    }

    private void release(List<Memory> gone) {
        for (Memory memory : gone) {
            budget.release(memory.capacity());
            memory.release();
        }
    }

    /** Gives back all slabs at the end that are free. */
    public void trim() {
        List<Memory> gone = new ArrayList<>();
        synchronized (this) {
            cutSpareSlabs(0, gone);
        }
        release(gone);
    }

    /**
     * What has to be given up so that a buffer of {@code length} bytes can be had where there is none now: the tags of all buffers in one
     * region of that length in which none is held, another one each time. Empty where there is no such region.
     */
    public synchronized long[] evictable(int length) {
        int order = Math.min(topOrder, orderOf(length));
        int regions = pages.length() >>> order;
        for (int i = 0; i < regions; i++) {
            hand = hand + 1 < regions ? hand + 1 : 0;
            long[] tags = tagsIn(hand << order, order);
            if (tags.length > 0) {
                return tags;
            }
        }
        return new long[0];
    }

    /** The tags of all buffers of the last slab in which there is one that can be given up: what has to go for slabs to go. */
    public synchronized long[] evictableAtEnd() {
        for (int i = slabs.size() - 1; i >= 0; i--) {
            Slab slab = slabs.get(i);
            List<Long> tags = new ArrayList<>();
            for (int page = slab.firstPage(); page < slab.firstPage() + slab.pages(); page++) {
                if (owners[page] != null && owners[page].isEvictable) {
                    tags.add(owners[page].tag);
                }
            }
            if (!tags.isEmpty()) {
                return tags.stream().mapToLong(Long::longValue).toArray();
            }
        }
        return new long[0];
    }

    /** Tags of the buffers in a region; empty where one is held, or a larger one reaches into it from outside. */
    private long[] tagsIn(int firstPage, int order) {
        long[] tags = new long[1 << order];
        int count = 0;
        for (int page = firstPage; page < firstPage + (1 << order); page++) {
            Buffer owner = owners[page];
            if (owner != null) {
                if (!owner.isEvictable || owner.order > order) {
                    return new long[0];
                }
                tags[count++] = owner.tag;
                page += (1 << owner.order) - 1;
            }
        }
        return Arrays.copyOf(tags, count);
    }

    /** Off-heap bytes that the pool has from the system. */
    public synchronized long totalBytes() {
        return ((long) pages.length() << PAGE_SHIFT) + blockBytes;
    }

    /** Of those, bytes of buffers that are held. */
    public synchronized long heldBytes() {
        return ((long) pages.allocatedPages() << PAGE_SHIFT) + blockBytes - evictableBytes;
    }

    /** Of those, bytes of buffers that can be given up. */
    public synchronized long evictableBytes() {
        return evictableBytes;
    }

    /** Of those, bytes that nobody uses. */
    public synchronized long freeBytes() {
        return (long) pages.freePages() << PAGE_SHIFT;
    }

    /** How many slabs there are. */
    public synchronized int slabs() {
        return slabs.size();
    }

    /** All blocks that are in use, for reports. */
    public synchronized List<Block> blocks() {
        return pages.allocatedBlocks();
    }

    /**
     * Gives all slabs back. Every buffer has been freed.
     *
     * @throws IllegalStateException where one has not; then all memory stays
     */
    @Override
    public void close() {
        List<Memory> gone = new ArrayList<>();
        synchronized (this) {
            if (pages.allocatedPages() > 0 || blockBytes > 0) {
                throw new IllegalStateException(
                        pages.allocatedBlocks().size() + " buffers and " + blockBytes + " bytes of blocks are in use");
            }
            cutSpareSlabs(0, gone);
        }
        release(gone);
    }
}
