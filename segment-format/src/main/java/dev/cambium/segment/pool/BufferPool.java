package dev.cambium.segment.pool;

import dev.cambium.error.MemoryBudgetException;
import dev.cambium.segment.memory.Memory;
import dev.cambium.segment.pool.BuddyAllocator.Block;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.IntStream;

/**
 * All off-heap memory of a store: buffers of power-of-two size classes, carved out of slabs by a {@link BuddyAllocator}, and the budget that
 * they are counted in. What one use gives back, another may have in any size, without a call to the system. A request above the largest
 * class gets a block of its own.
 *
 * <p>Slabs are added when nothing free is large enough, and double: the first is of one largest block, each later one as long as all before
 * it, up to a sixteenth of the limit or {@link #MOST_SLAB_BYTES}. Slabs at the end that have become free go back, but for one. The budget counts slabs and blocks whole,
 * so what it says is what the process holds.
 *
 * <p>Buffers are <em>held</em> until they are freed, or <em>kept</em>: those have a tag by which their owner knows them, and are given up
 * where a region is to be cleared ({@link #evictable}). Held ones take the lowest place there is, so that the end of the pool becomes free.
 *
 * <p>Threads: any; a call takes a lock for some tens of nanoseconds, and waits as long as a new slab takes only where it needs that slab.
 * Ownership: who allocated a buffer frees it once, when nobody reads it any more.
 */
public final class BufferPool implements AutoCloseable {
    /*
     * A kept buffer that is freed stays allocated for the buddy allocator, in a short list by order, from where the next of its order comes:
     * splitting and merging through all orders costs ten times as much. The lists are emptied before anything is found to be missing.
     *
     * A slab is allocated outside the lock, for its pages are touched, which takes some milliseconds: others go on with what there is.
     *
     * Where the limit is lowered, the slabs beyond it are closed: what is free in them is withdrawn from the allocator, and what is freed later
     * too; a closed slab at the end goes with its last buffer.
     */
    /** Bytes of the smallest class. */
    public static final int PAGE_BYTES = 4 << 10;

    /** Bytes of the largest class at most. */
    public static final int MOST_CLASS_BYTES = 4 << 20;

    /** Bytes of the largest slab. */
    public static final int MOST_SLAB_BYTES = 64 << 20;

    private static final int PAGE_SHIFT = 12;
    private static final int MOST_RELIEFS = 8;
    private static final int LISTED_PAGES = 64; // of one order; larger buffers are not listed
    private static final int CANDIDATES = 8;
    private static final int KEPT = 1 << 6;
    private static final int AHEAD_PAGES = (8 << 20) / PAGE_BYTES; // free at least, where slabs are large
    private static final int LEAST_SLABS =
            16; // that a limit is made up of, if they are not smaller than the largest class

    private static final MemoryRelief NO_RELIEF = new MemoryRelief() {
        @Override
        public void relieveNow() {}

        @Override
        public boolean relieve(int length) {
            return false;
        }
    };

    private final int topOrder;
    private volatile int mostSlabPages;
    private volatile MemoryRelief relief = NO_RELIEF;
    private volatile Consumer<Runnable> background; // or null
    private volatile boolean isGrowingAhead;
    private volatile long limitBytes;
    private volatile boolean enforced;

    private final Object growing = new Object(); // held while a slab is made; before this object's lock

    // Guarded by this object.
    private final BuddyAllocator pages;
    private final List<Slab> slabs = new ArrayList<>();
    private final int[][] listed; // by order: first pages of buffers that nobody uses, though the allocator says so
    private final int[] listedCount;
    private final long[] bytesByUse = new long[MemoryUse.values().length];
    private long totalBytes;
    private long usedBytes; // of buffers
    private long evictableBytes;
    private long refusedAt = Long.MAX_VALUE; // a total that the system would not let grow
    private boolean isClosed;
    private int hand; // the region that is looked at next

    /** Some pages of the pool, in one piece of memory. */
    private static final class Slab {
        private final int firstPage;
        private final Memory memory;
        private final byte[] classes; // by page: of the buffer that begins there, its order + 1, and whether it is kept
        private final long[] tags; // by page: of the kept buffer that begins there
        private int buffers;
        private List<Block> withdrawn; // not null where it is closed

        Slab(int firstPage, Memory memory) {
            this.firstPage = firstPage;
            this.memory = memory;
            this.classes = new byte[memory.capacity() >>> PAGE_SHIFT];
            this.tags = new long[classes.length];
        }

        int endPage() {
            return firstPage + classes.length;
        }

        boolean isClosed() {
            return withdrawn != null;
        }
    }

    /** A buffer that is in use. */
    public static final class Buffer {
        private final Slab slab; // or null, with a block of its own
        private final int page;
        private final int order;
        private final Memory block;
        private final Memory memory;
        private final int reserved;
        private final MemoryUse use;
        private final boolean isKept;
        private boolean isFree;

        private Buffer(Slab slab, int page, int order, int length, MemoryUse use, boolean isKept) {
            this.slab = slab;
            this.page = page;
            this.order = order;
            this.block = null;
            this.memory = slab.memory.view(page - slab.firstPage << PAGE_SHIFT, length);
            this.reserved = PAGE_BYTES << order;
            this.use = use;
            this.isKept = isKept;
        }

        private Buffer(Memory block, int length, MemoryUse use, boolean isKept) {
            this.slab = null;
            this.page = -1;
            this.order = -1;
            this.block = block;
            this.memory = block.view(0, length);
            this.reserved = block.capacity();
            this.use = use;
            this.isKept = isKept;
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
     * An empty pool. Its limit is counted but not enforced yet: recovery must hold what is there, whether it fits or not.
     *
     * @param limitBytes that it may have from the system
     * @param largestClass bytes of the largest size class and of the first slab, a power of two of {@link #PAGE_BYTES} to
     *     {@link #MOST_CLASS_BYTES}
     */
    public BufferPool(long limitBytes, int largestClass) {
        if (Integer.bitCount(largestClass) != 1 || largestClass < PAGE_BYTES || largestClass > MOST_CLASS_BYTES) {
            throw new IllegalArgumentException(
                    "the largest class is " + largestClass + " bytes, must be a power of two of 4 KiB to 4 MiB");
        }
        this.limitBytes = limitBytes;
        this.topOrder = Integer.numberOfTrailingZeros(largestClass >>> PAGE_SHIFT);
        this.mostSlabPages = mostSlabPages(limitBytes);
        this.pages = new BuddyAllocator(topOrder, 0);
        this.listed = new int[topOrder + 1][];
        this.listedCount = new int[topOrder + 1];
        for (int order = 0; order <= topOrder; order++) {
            listed[order] = new int[(LISTED_PAGES >>> order) / 2];
        }
    }

    private int mostSlabPages(long limit) {
        long part = Math.min(MOST_SLAB_BYTES, Long.highestOneBit(Math.max(1, limit / LEAST_SLABS)));
        return (int) Math.max(1L << topOrder, part >>> PAGE_SHIFT);
    }

    /** A pool without a limit, for work outside a store. */
    public static BufferPool unlimited() {
        return new BufferPool(Long.MAX_VALUE, 64 << 10);
    }

    /** Says who gives memory up where there is none left. */
    public void relieveBy(MemoryRelief newRelief) {
        relief = newRelief;
    }

    /** Lets large slabs be added before they are needed. */
    public void growAheadOn(Consumer<Runnable> newBackground) {
        background = newBackground;
    }

    /** From now on the limit holds. */
    public void enforce() {
        enforced = true;
    }

    public long limitBytes() {
        return limitBytes;
    }

    /**
     * Changes the limit. Slabs beyond it take no more buffers and go once those in them are freed: {@link #evictableBeyond} says which can be
     * given up. The first slab stays.
     */
    public void limit(long newLimitBytes) {
        List<Memory> gone;
        synchronized (this) {
            limitBytes = newLimitBytes;
            mostSlabPages = mostSlabPages(newLimitBytes);
            refusedAt = Long.MAX_VALUE;
            dropListed();
            long kept = totalBytes;
            for (Slab slab : slabs) {
                kept -= slab.memory.capacity();
            }
            for (Slab slab : slabs) {
                kept += slab.memory.capacity();
                if (kept > newLimitBytes && slab.firstPage > 0) {
                    close(slab);
                } else {
                    reopen(slab);
                }
            }
            gone = cutClosedSlabs();
        }
        gone.forEach(Memory::release);
    }

    private void close(Slab slab) {
        if (!slab.isClosed()) {
            slab.withdrawn = new ArrayList<>(pages.freeBlocks(slab.firstPage, slab.endPage()));
            for (Block block : slab.withdrawn) {
                pages.recordAllocated(block.page(), block.order());
            }
        }
    }

    private void reopen(Slab slab) {
        if (slab.isClosed()) {
            for (Block block : slab.withdrawn) {
                pages.free(block.page(), block.order());
            }
            slab.withdrawn = null;
        }
    }

    private List<Memory> cutClosedSlabs() {
        List<Memory> gone = new ArrayList<>();
        for (int last = slabs.size() - 1; last > 0; last--) {
            Slab slab = slabs.get(last);
            if (!slab.isClosed() || slab.buffers > 0) {
                break;
            }
            reopen(slab);
            cutLastSlab(gone);
        }
        return gone;
    }

    private void cutLastSlab(List<Memory> gone) {
        Slab last = slabs.remove(slabs.size() - 1);
        pages.resize(last.firstPage);
        totalBytes -= last.memory.capacity();
        refusedAt = Long.MAX_VALUE;
        gone.add(last.memory);
    }

    public int largestClass() {
        return PAGE_BYTES << topOrder;
    }

    /** Bytes that a buffer of a length takes: a power of two, or whole pages where it is above the largest class. */
    public long classBytes(int length) {
        int order = orderOf(length);
        return order > topOrder ? blockLength(length) : (long) PAGE_BYTES << order;
    }

    private static int orderOf(int length) {
        return Math.max(0, 32 - Integer.numberOfLeadingZeros((length - 1) >>> PAGE_SHIFT));
    }

    /**
     * A buffer that stays until it is freed; what is in it is of no meaning. Where the limit leaves no room, others give way, and the call
     * waits for those who read what they held: so no caller may be a reader.
     *
     * @throws MemoryBudgetException where nothing gives way any more
     */
    public Buffer hold(MemoryUse use, int length) {
        Buffer buffer = allocate(use, length, false, 0);
        for (int tries = 0; buffer == null && tries < MOST_RELIEFS && relief.relieve(length); tries++) {
            buffer = allocate(use, length, false, 0);
        }
        if (buffer == null) {
            throw shortage(length);
        }
        return buffer;
    }

    /** As {@link #hold}, for readers and for what gives back more than it takes: does not wait, but goes beyond the limit. */
    public Buffer holdNow(MemoryUse use, int length) {
        Buffer buffer = allocate(use, length, false, 0);
        if (buffer == null) {
            relief.relieveNow();
            buffer = allocate(use, length, false, 0);
        }
        return buffer == null ? allocateBlock(use, length, false) : buffer;
    }

    /**
     * A buffer whose owner gives it up when it is told its tag.
     *
     * @return null where the limit leaves no room
     */
    public Buffer keep(int length, long tag) {
        return allocate(MemoryUse.PAGES, length, true, tag);
    }

    /** As {@link #keep}, in a block of its own, whether the limit leaves room or not: for a moment. */
    public Buffer keepBeyond(int length) {
        return allocateBlock(MemoryUse.PAGES, length, true);
    }

    private Buffer allocate(MemoryUse use, int length, boolean isKept, long tag) {
        if (length <= 0) {
            throw new IllegalArgumentException("a buffer of " + length + " bytes, must be 1 or more");
        }
        int order = orderOf(length);
        if (order > topOrder) {
            synchronized (this) {
                if (room() < blockLength(length)) {
                    return null;
                }
            }
            return allocateBlock(use, length, isKept);
        }
        for (; ; ) {
            int slabsSeen;
            Buffer buffer = null;
            synchronized (this) {
                int page = take(order, isKept);
                if (page >= 0) {
                    buffer = own(page, order, length, use, isKept, tag);
                    if (!isToGrowAhead()) {
                        return buffer;
                    }
                    isGrowingAhead = true;
                }
                slabsSeen = slabs.size();
            }
            if (buffer != null) {
                growAhead(slabsSeen);
                return buffer;
            }
            if (!grow(slabsSeen)) {
                return null;
            }
        }
    }

    /** Whether a slab is soon needed that takes long to add. */
    private boolean isToGrowAhead() {
        return pages.freePages() < AHEAD_PAGES
                && background != null
                && !isGrowingAhead
                && Math.min(pages.length(), room() >>> PAGE_SHIFT) >= 2 * AHEAD_PAGES;
    }

    private void growAhead(int slabsSeen) {
        background.accept(() -> {
            try {
                grow(slabsSeen);
            } finally {
                isGrowingAhead = false;
            }
        });
    }

    /** Bytes that the system may still be asked for. */
    private long room() {
        return enforced ? Math.min(limitBytes, refusedAt) - totalBytes : Long.MAX_VALUE;
    }

    private int take(int order, boolean isKept) {
        if (isKept && listedCount[order] > 0) {
            return listed[order][--listedCount[order]];
        }
        int page = isKept ? pages.allocate(order) : pages.allocateLowest(order);
        if (page < 0 && dropListed()) {
            page = pages.allocate(order);
        }
        return page;
    }

    /** Gives the allocator back what is listed; returns whether there was any. */
    private boolean dropListed() {
        boolean dropped = false;
        for (int order = 0; order <= topOrder; order++) {
            while (listedCount[order] > 0) {
                pages.free(listed[order][--listedCount[order]], order);
                dropped = true;
            }
        }
        return dropped;
    }

    private Buffer own(int page, int order, int length, MemoryUse use, boolean isKept, long tag) {
        Slab slab = slabOf(page);
        Buffer buffer = new Buffer(slab, page, order, length, use, isKept);
        slab.classes[page - slab.firstPage] = (byte) (isKept ? order + 1 | KEPT : order + 1);
        slab.tags[page - slab.firstPage] = tag;
        slab.buffers++;
        count(buffer, 1);
        assert poison(buffer.memory);
        return buffer;
    }

    private void count(Buffer buffer, int sign) {
        long bytes = (long) sign * buffer.reserved;
        bytesByUse[buffer.use.ordinal()] += bytes;
        usedBytes += bytes;
        evictableBytes += buffer.isKept ? bytes : 0;
    }

    /** Makes what is there of no meaning, so that a test fails where somebody relies on it. */
    private static boolean poison(Memory memory) {
        for (int at = 0; at + 8 <= memory.capacity(); at += 8) {
            memory.putLong(at, 0xA5A5_A5A5_A5A5_A5A5L);
        }
        return true;
    }

    private static int blockLength(int length) {
        return (int) Math.min(Integer.MAX_VALUE, (long) length + PAGE_BYTES - 1 & -PAGE_BYTES);
    }

    private Buffer allocateBlock(MemoryUse use, int length, boolean isKept) {
        Memory block = allocateMemory(blockLength(length));
        Buffer buffer = new Buffer(block, length, use, isKept);
        synchronized (this) {
            count(buffer, 1);
        }
        assert poison(buffer.memory);
        return buffer;
    }

    private Memory allocateMemory(int capacity) {
        synchronized (this) {
            totalBytes += capacity;
        }
        try {
            return Memory.allocatePages(capacity);
        } catch (RuntimeException | Error e) {
            synchronized (this) {
                totalBytes -= capacity;
            }
            throw e;
        }
    }

    /**
     * Adds a slab as long as all there are, or as the limit leaves room for.
     *
     * @param slabsSeen when something was missing
     * @return whether there are other slabs now
     */
    private boolean grow(int slabsSeen) {
        synchronized (growing) {
            int wanted;
            synchronized (this) {
                if (slabs.size() != slabsSeen) {
                    return true;
                }
                int most = Math.max(1 << topOrder, Math.min(mostSlabPages, pages.length()));
                wanted = (int) Math.min(most, Math.max(0, room()) >>> PAGE_SHIFT) >>> topOrder << topOrder;
            }
            return wanted > 0 && addSlab(wanted);
        }
    }

    private boolean addSlab(int wanted) {
        Memory memory;
        try {
            memory = allocateMemory(wanted << PAGE_SHIFT);
        } catch (MemoryBudgetException e) {
            synchronized (this) {
                refusedAt = totalBytes; // asking again would only take long
                if (slabs.isEmpty()) {
                    throw e;
                }
            }
            return false;
        }
        synchronized (this) {
            slabs.add(new Slab(pages.length(), memory));
            pages.resize(pages.length() + wanted);
        }
        return true;
    }

    private Slab slabOf(int page) {
        int low = 0;
        int high = slabs.size() - 1;
        while (low < high) {
            int middle = (low + high + 1) >>> 1;
            if (slabs.get(middle).firstPage <= page) {
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
        List<Memory> gone = List.of();
        synchronized (this) {
            if (buffer.isFree) {
                throw new IllegalStateException("a buffer of " + buffer.reserved + " bytes is freed twice");
            }
            assert poison(buffer.memory);
            buffer.isFree = true;
            buffer.memory.release();
            count(buffer, -1);
            if (buffer.slab == null) {
                totalBytes -= buffer.reserved;
                gone = List.of(buffer.block);
            } else {
                gone = freeIn(buffer.slab, buffer);
            }
        }
        gone.forEach(Memory::release);
    }

    private List<Memory> freeIn(Slab slab, Buffer buffer) {
        slab.classes[buffer.page - slab.firstPage] = 0;
        slab.buffers--;
        if (slab.isClosed()) {
            slab.withdrawn.add(new Block(buffer.page, buffer.order));
            return slab.buffers == 0 ? cutClosedSlabs() : List.of();
        }
        if (buffer.isKept && !isClosed && listedCount[buffer.order] < listed[buffer.order].length) {
            listed[buffer.order][listedCount[buffer.order]++] = buffer.page;
            return List.of();
        }
        pages.free(buffer.page, buffer.order);
        return cutSpareSlabs(isClosed ? 0 : 1);
    }

    /** Takes slabs at the end that are free, but for {@code spare} of them; the caller gives them back outside the lock. */
    private List<Memory> cutSpareSlabs(int spare) {
        List<Memory> gone = List.of();
        for (int count = slabs.size(); count > spare; count--) {
            int least = slabs.get(count - 1 - spare).firstPage;
            int needed = pages.length() - least;
            if (pages.freePages() < needed || pages.trailingFreePages() < needed) {
                break;
            }
            gone = gone.isEmpty() ? new ArrayList<>() : gone;
            cutLastSlab(gone);
        }
        return gone;
    }

    /** Gives back all slabs at the end that are free. */
    public void trim() {
        List<Memory> gone;
        synchronized (this) {
            dropListed();
            gone = cutSpareSlabs(0);
        }
        gone.forEach(Memory::release);
    }

    /**
     * What has to be given up so that a buffer of {@code length} bytes can be had where there is none now: the tags of all buffers in one
     * region of that length in which none is held, the one of some with the fewest. Empty where there is no such region.
     */
    public synchronized long[] evictable(int length) {
        dropListed();
        int order = Math.min(topOrder, orderOf(length));
        int regions = pages.length() >>> order;
        long[] best = {};
        int found = 0;
        for (int i = 0; i < regions && found < CANDIDATES; i++) {
            hand = hand + 1 < regions ? hand + 1 : 0;
            long[] tags = tagsIn(hand << order, order);
            if (tags.length > 0) {
                found++;
                best = best.length == 0 || tags.length < best.length ? tags : best;
            }
        }
        return best;
    }

    /** The tags of all kept buffers of the last slab in which there is one: what has to go for slabs to go. */
    public synchronized long[] evictableAtEnd() {
        dropListed();
        for (int i = slabs.size() - 1; i >= 0; i--) {
            long[] tags = keptIn(slabs.get(i));
            if (tags.length > 0) {
                return tags;
            }
        }
        return new long[0];
    }

    /** The tags of all kept buffers beyond the limit. */
    public synchronized long[] evictableBeyond() {
        return slabs.stream()
                .filter(Slab::isClosed)
                .flatMapToLong(slab -> Arrays.stream(keptIn(slab)))
                .toArray();
    }

    private static long[] keptIn(Slab slab) {
        return IntStream.range(0, slab.classes.length)
                .filter(page -> (slab.classes[page] & KEPT) != 0)
                .mapToLong(page -> slab.tags[page])
                .toArray();
    }

    /** Whether a buffer has a block of its own, and so gives memory back to the system when it is freed. */
    public boolean isOwnBlock(Buffer buffer) {
        return buffer.slab == null;
    }

    /** Whether a held buffer lies beyond the limit: its owner may move what is in it. */
    public synchronized boolean isBeyond(Buffer buffer) {
        return buffer.slab != null && buffer.slab.isClosed();
    }

    /** Bytes that the system still has to get back for the limit to hold. */
    public synchronized long excessBytes() {
        return Math.max(0, totalBytes - limitBytes);
    }

    /** Tags of the buffers in a region; empty where one is held, or a larger one reaches into it from outside. */
    private long[] tagsIn(int firstPage, int order) {
        Slab slab = slabOf(firstPage);
        if (slab.isClosed()) {
            return new long[0];
        }
        long[] tags = new long[1 << order];
        int count = 0;
        for (int page = firstPage; page < firstPage + (1 << order); page++) {
            int of = slab.classes[page - slab.firstPage];
            if (of != 0) {
                int itsOrder = (of & ~KEPT) - 1;
                if ((of & KEPT) == 0 || itsOrder > order) {
                    return new long[0];
                }
                tags[count++] = slab.tags[page - slab.firstPage];
                page += (1 << itsOrder) - 1;
            }
        }
        return Arrays.copyOf(tags, count);
    }

    private MemoryBudgetException shortage(int length) {
        MemoryAccount account = account();
        return new MemoryBudgetException(length, account.totalBytes(), account.limitBytes(), account.describe());
    }

    /** Who holds what. */
    public synchronized MemoryAccount account() {
        return MemoryAccount.of(limitBytes, totalBytes, bytesByUse, freeBytes());
    }

    /** Off-heap bytes that the pool has from the system. */
    public synchronized long totalBytes() {
        return totalBytes;
    }

    /** Of those, bytes of buffers. */
    public synchronized long usedBytes() {
        return usedBytes;
    }

    /** Of those, bytes of buffers that are held. */
    public synchronized long heldBytes() {
        return usedBytes - evictableBytes;
    }

    /** Of those, bytes of buffers that are kept. */
    public synchronized long evictableBytes() {
        return evictableBytes;
    }

    /** Of those, bytes that nobody uses. */
    public synchronized long freeBytes() {
        return totalBytes - usedBytes;
    }

    /** How many slabs there are. */
    public synchronized int slabs() {
        return slabs.size();
    }

    /** All buffers in slabs that are in use, for reports. */
    public synchronized List<Block> blocks() {
        dropListed();
        return pages.allocatedBlocks();
    }

    /** Gives back all that nobody uses, now and whenever a buffer is freed. */
    @Override
    public void close() {
        synchronized (this) {
            isClosed = true;
        }
        trim();
    }
}
