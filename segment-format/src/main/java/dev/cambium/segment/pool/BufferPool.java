package dev.cambium.segment.pool;

import dev.cambium.error.MemoryBudgetException;
import dev.cambium.segment.memory.Memory;
import dev.cambium.segment.pool.BuddyAllocator.Block;
import dev.cambium.segment.runtime.Forgotten;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;

/**
 * All off-heap memory of a store: buffers of power-of-two size classes, carved out of slabs by a {@link BuddyAllocator}, and the budget that
 * they are counted in. What one use gives back, another may have in any size, without a call to the system. A request above the largest
 * class gets a block of its own.
 *
 * <p>Slabs are added when nothing free is large enough, and double: the first is of one largest block, each later one as long as all before
 * it, up to a sixteenth of the limit or {@link #MOST_SLAB_BYTES}. Slabs at the end that have become free go back, but for one. The budget
 * counts slabs and blocks whole, so what it says is what the process holds.
 *
 * <p>Buffers are <em>held</em> until they are freed, or <em>kept</em>: those have a tag by which their owner knows them, and are given up
 * where a region is to be cleared for a held one ({@link MemoryRelief}). Memtables take the lowest place there is, so that the end of the pool
 * becomes free; small buffers of flushes, merges and reads have a slab of their own, so that they do not stand in the way everywhere.
 *
 * <p>Threads: any; a call takes a lock for some tens of nanoseconds, and waits as long as a new slab takes only where it needs that slab.
 * Ownership: who allocated a buffer frees it once, when nobody reads it any more. What a pool has that was never closed goes once the
 * collector finds the pool.
 */
public final class BufferPool implements AutoCloseable {
    /*
     * A slab is allocated outside the lock, for its pages are touched, which takes some milliseconds: others go on with what there is.
     */
    /** Bytes of the smallest class. */
    public static final int PAGE_BYTES = 4 << 10;

    /** Bytes of the largest class at most. */
    public static final int MOST_CLASS_BYTES = 4 << 20;

    /** Bytes of the largest slab. */
    public static final int MOST_SLAB_BYTES = 64 << 20;

    private static final int PAGE_SHIFT = 12;
    private static final int MOST_RELIEFS = 8;
    private static final int LEAST_SLABS =
            16; // that a limit is made up of, if they are not smaller than the largest class
    private static final int AHEAD_PAGES = (8 << 20) / PAGE_BYTES; // free at least, where slabs are large
    private static final int WORKING_PART = 2; // log2 of the largest class by the largest buffer of the working slab

    private static final MemoryRelief NO_RELIEF = new MemoryRelief() {
        @Override
        public void relieveNow(int bytes) {}

        @Override
        public boolean mayGiveUp(int bytes) {
            return false;
        }

        @Override
        public void giveUp(long[] tags) {}
    };

    private final int topOrder;
    private volatile MemoryRelief relief = NO_RELIEF;
    private volatile Consumer<Runnable> background; // or null
    private volatile boolean isGrowingAhead;
    private volatile long limitBytes;
    private volatile boolean enforced;

    private final Object growing = new Object(); // held while a slab is made; before this object's lock
    private final Leftovers memories = new Leftovers();

    // Guarded by this object.
    private final SlabSpace main;
    private final SlabSpace working; // at most one slab: small buffers of flushes, merges and reads
    private final long[] bytesByUse = new long[MemoryUse.values().length];
    private long totalBytes;
    private long usedBytes; // of buffers
    private long evictableBytes; // of those that are kept
    private long refusedAt = Long.MAX_VALUE; // a total that the system would not let grow
    private boolean isClosed;

    /** What the pool has from the system: given back too where the pool was never closed, and nobody can reach it any more. */
    private static final class Leftovers implements Runnable {
        private final Set<Memory> all = ConcurrentHashMap.newKeySet();

        @Override
        public void run() {
            if (!all.isEmpty()) {
                System.getLogger("dev.cambium")
                        .log(System.Logger.Level.DEBUG, "the memory of a store that was never closed is released");
                all.forEach(Memory::release);
            }
        }
    }

    /** A buffer that is in use. */
    public static final class Buffer {
        private final SlabSpace space; // or null, with a block of its own
        private final Slab slab;
        private final int page;
        private final int order;
        private final Memory block;
        private final Memory memory;
        private final int reserved;
        private final MemoryUse use;
        private boolean isFree;

        private Buffer(SlabSpace space, Slab slab, int page, int order, int length, MemoryUse use) {
            this.space = space;
            this.slab = slab;
            this.page = page;
            this.order = order;
            this.block = null;
            this.memory = slab.view(page, length);
            this.reserved = PAGE_BYTES << order;
            this.use = use;
        }

        private Buffer(Memory block, int length, MemoryUse use) {
            this.space = null;
            this.slab = null;
            this.page = -1;
            this.order = -1;
            this.block = block;
            this.memory = block.view(0, length);
            this.reserved = block.capacity();
            this.use = use;
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
        this.main = new SlabSpace(topOrder);
        this.working = new SlabSpace(topOrder);
        Forgotten.CLEANER.register(this, memories);
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
            refusedAt = Long.MAX_VALUE;
            gone = fit();
        }
        release(gone);
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

    private static int blockLength(int length) {
        return (int) Math.min(Integer.MAX_VALUE, (long) length + PAGE_BYTES - 1 & -PAGE_BYTES);
    }

    /**
     * A buffer that stays until it is freed; what is in it is of no meaning. Where the limit leaves no room, others give way, and the call
     * waits for those who read what they held: so no caller may be a reader.
     *
     * @throws MemoryBudgetException where nothing gives way any more
     */
    public Buffer hold(MemoryUse use, int length) {
        Buffer buffer = tryHold(use, length);
        if (buffer == null) {
            throw shortage(length);
        }
        return buffer;
    }

    /** As {@link #hold}, but goes beyond the limit where nothing gives way: for what gives back more than it takes. */
    public Buffer holdOrExceed(MemoryUse use, int length) {
        Buffer buffer = tryHold(use, length);
        return buffer == null ? allocateBeyond(use, length) : buffer;
    }

    private Buffer tryHold(MemoryUse use, int length) {
        Buffer buffer = allocate(use, length, 0);
        for (int tries = 0; buffer == null && tries < MOST_RELIEFS && relief.mayGiveUp(length); tries++) {
            if (orderOf(length) > topOrder) {
                relief.giveUp(evictableAtEnd());
                trim();
                buffer = allocate(use, length, 0);
            } else {
                buffer = clearRegion(use, length);
            }
        }
        return buffer;
    }

    /** A buffer in the place of kept ones that are given up for it; null where one of them is still in use, and there is no other place. */
    private Buffer clearRegion(MemoryUse use, int length) {
        SlabSpace.Region region;
        synchronized (this) {
            region = main.claim(orderOf(length));
        }
        if (region == null) {
            return allocate(use, length, 0);
        }
        try {
            relief.giveUp(region.tags());
        } catch (RuntimeException | Error e) {
            release(region, null, 0);
            throw e;
        }
        return release(region, use, length);
    }

    /** Ends the clearing of a region, and takes a buffer for a use in the same step, if that is not null and there is a place for it. */
    private Buffer release(SlabSpace.Region region, MemoryUse use, int length) {
        List<Memory> gone;
        Buffer buffer;
        synchronized (this) {
            gone = gone(main.release(region));
            buffer = use == null ? null : take(use, length, 0);
        }
        release(gone);
        return buffer;
    }

    /** As {@link #holdOrExceed}, for readers: does not wait. */
    public Buffer holdNow(MemoryUse use, int length) {
        Buffer buffer = allocate(use, length, 0);
        if (buffer == null) {
            relief.relieveNow(length);
            buffer = allocate(use, length, 0);
        }
        return buffer == null ? allocateBeyond(use, length) : buffer;
    }

    /**
     * A buffer whose owner gives it up when it is told its tag.
     *
     * @param use one whose buffers give way
     * @return null where the limit leaves no room
     */
    public Buffer keep(MemoryUse use, int length, long tag) {
        return allocate(requireKept(use), length, tag);
    }

    /** As {@link #keep}, in a block of its own, whether the limit leaves room or not: for a moment. */
    public Buffer keepBeyond(MemoryUse use, int length) {
        return allocateBeyond(requireKept(use), length);
    }

    private static MemoryUse requireKept(MemoryUse use) {
        if (!use.isKept()) {
            throw new IllegalArgumentException(use.label() + " do not give way to others");
        }
        return use;
    }

    private Buffer allocate(MemoryUse use, int length, long tag) {
        if (length <= 0) {
            throw new IllegalArgumentException("a buffer of " + length + " bytes, must be 1 or more");
        }
        if (orderOf(length) > topOrder) {
            return reserve(blockLength(length)) ? allocateBlock(use, length) : null;
        }
        for (; ; ) {
            int slabsSeen;
            Buffer buffer;
            synchronized (this) {
                buffer = take(use, length, tag);
                if (buffer != null) {
                    if (!isToGrowAhead()) {
                        return buffer;
                    }
                    isGrowingAhead = true;
                }
                slabsSeen = main.slabs();
            }
            if (buffer != null) {
                growAhead(slabsSeen);
                return buffer;
            }
            if (!grow(use, length, slabsSeen)) {
                return null;
            }
        }
    }

    private Buffer take(MemoryUse use, int length, long tag) {
        int order = orderOf(length);
        if (isWorking(use, order)) {
            int page = working.take(order, false);
            if (page >= 0) {
                return own(working, page, order, length, use, tag);
            }
        }
        int page = main.take(order, use.isKept());
        return page < 0 ? null : own(main, page, order, length, use, tag);
    }

    private boolean isWorking(MemoryUse use, int order) {
        return (use == MemoryUse.WRITING || use == MemoryUse.READING) && order <= topOrder - WORKING_PART;
    }

    private Buffer own(SlabSpace space, int page, int order, int length, MemoryUse use, long tag) {
        Slab slab = space.slabOf(page);
        slab.add(page, order, use, tag);
        Buffer buffer = new Buffer(space, slab, page, order, length, use);
        count(buffer, 1);
        assert poison(buffer.memory);
        return buffer;
    }

    private void count(Buffer buffer, int sign) {
        long bytes = (long) sign * buffer.reserved;
        bytesByUse[buffer.use.ordinal()] += bytes;
        usedBytes += bytes;
        evictableBytes += buffer.use.isKept() ? bytes : 0;
    }

    /** Makes what is there of no meaning, so that a test fails where somebody relies on it. */
    private static boolean poison(Memory memory) {
        for (int at = 0; at + 8 <= memory.capacity(); at += 8) {
            memory.putLong(at, 0xA5A5_A5A5_A5A5_A5A5L);
        }
        return true;
    }

    private Buffer allocateBeyond(MemoryUse use, int length) {
        synchronized (this) {
            totalBytes += blockLength(length);
        }
        return allocateBlock(use, length);
    }

    /** Counts bytes that the system is asked for next, if there is room for them. */
    private synchronized boolean reserve(int bytes) {
        boolean hasRoom = room() >= bytes;
        totalBytes += hasRoom ? bytes : 0;
        return hasRoom;
    }

    private Buffer allocateBlock(MemoryUse use, int length) {
        Buffer buffer = new Buffer(allocateReserved(blockLength(length)), length, use);
        synchronized (this) {
            count(buffer, 1);
        }
        assert poison(buffer.memory);
        return buffer;
    }

    private Memory allocateReserved(int bytes) {
        try {
            Memory memory = Memory.allocatePages(bytes);
            memories.all.add(memory);
            return memory;
        } catch (RuntimeException | Error e) {
            synchronized (this) {
                totalBytes -= bytes;
            }
            throw e;
        }
    }

    /** Bytes that the system may still be asked for. */
    private long room() {
        return enforced ? Math.min(limitBytes, refusedAt) - totalBytes : Long.MAX_VALUE;
    }

    /** Whether a slab is soon needed that takes long to add. */
    private boolean isToGrowAhead() {
        return main.freePages() < AHEAD_PAGES
                && background != null
                && !isGrowingAhead
                && Math.min(nextSlabPages(), room() >>> PAGE_SHIFT) >= AHEAD_PAGES;
    }

    private void growAhead(int slabsSeen) {
        background.accept(() -> {
            try {
                growMain(slabsSeen);
            } finally {
                isGrowingAhead = false;
            }
        });
    }

    /** Adds a slab for a buffer; returns whether there is one now that was not seen when it was missing. */
    private boolean grow(MemoryUse use, int length, int slabsSeen) {
        boolean isWorking = isWorking(use, orderOf(length));
        synchronized (growing) {
            synchronized (this) {
                isWorking = isWorking && working.slabs() == 0 && reserve(largestClass());
            }
            if (isWorking && addSlab(working, 1 << topOrder)) {
                return true;
            }
        }
        return growMain(slabsSeen);
    }

    /** Adds a slab as long as all there are, or as the limit leaves room for. */
    private boolean growMain(int slabsSeen) {
        synchronized (growing) {
            int wanted;
            synchronized (this) {
                if (main.slabs() != slabsSeen) {
                    return true;
                }
                wanted = (int) Math.min(nextSlabPages(), Math.max(0, room()) >>> PAGE_SHIFT) >>> topOrder << topOrder;
                reserve(wanted << PAGE_SHIFT);
            }
            return wanted > 0 && addSlab(main, wanted);
        }
    }

    private int nextSlabPages() {
        long part = Math.min(MOST_SLAB_BYTES, Long.highestOneBit(Math.max(1, limitBytes / LEAST_SLABS)));
        return (int) Math.max(1L << topOrder, Math.min(part >>> PAGE_SHIFT, main.length()));
    }

    /** Adds a slab, for which there is room; returns whether it is there. */
    private boolean addSlab(SlabSpace space, int newPages) {
        Memory memory;
        try {
            memory = allocateReserved(newPages << PAGE_SHIFT);
        } catch (MemoryBudgetException e) {
            synchronized (this) {
                refusedAt = totalBytes; // asking again would only take long
                if (main.slabs() == 0) {
                    throw e;
                }
            }
            return false;
        }
        List<Memory> gone;
        synchronized (this) {
            space.add(memory);
            gone = fit(); // the limit may have been lowered meanwhile
        }
        release(gone);
        return !gone.contains(memory);
    }

    /** Closes slabs beyond the limit, and opens those that are not. */
    private List<Memory> fit() {
        return enforced ? gone(main.fit(limitBytes - (totalBytes - main.bytes()))) : List.of();
    }

    /**
     * Takes a buffer back.
     *
     * @throws IllegalStateException where that was done before
     */
    public void free(Buffer buffer) {
        List<Memory> gone;
        synchronized (this) {
            if (buffer.isFree) {
                throw new IllegalStateException("a buffer of " + buffer.reserved + " bytes is freed twice");
            }
            assert poison(buffer.memory);
            buffer.isFree = true;
            buffer.memory.release();
            count(buffer, -1);
            if (buffer.space == null) {
                gone = gone(List.of(buffer.block));
            } else {
                buffer.slab.remove(buffer.page);
                int spare = isClosed ? -1 : 1;
                gone = gone(buffer.space.put(buffer.slab, buffer.page, buffer.order, buffer.use.isKept(), spare));
            }
        }
        release(gone);
    }

    private void release(List<Memory> gone) {
        gone.forEach(memory -> {
            memories.all.remove(memory);
            memory.release();
        });
    }

    /** Counts what goes back to the system; the caller releases it outside the lock. */
    private List<Memory> gone(List<Memory> memories) {
        for (Memory memory : memories) {
            totalBytes -= memory.capacity();
            refusedAt = Long.MAX_VALUE;
        }
        return memories;
    }

    /** Gives back all slabs at the end that are free. */
    public void trim() {
        List<Memory> gone = new ArrayList<>();
        synchronized (this) {
            gone.addAll(gone(main.cut(0)));
            gone.addAll(gone(working.cut(0)));
        }
        release(gone);
    }

    /** Tags of what has to be given up so that a buffer of {@code length} bytes can be had; empty where there is no such region. */
    public synchronized long[] evictable(int length) {
        return main.keptInRegion(Math.min(topOrder, orderOf(length)));
    }

    /** The tags of all kept buffers of the last slab in which there is one: what has to go for slabs to go. */
    public synchronized long[] evictableAtEnd() {
        return main.keptAtEnd();
    }

    /** The tags of all kept buffers beyond the limit. */
    public synchronized long[] evictableBeyond() {
        return main.keptInClosed();
    }

    /** Whether a buffer has a block of its own, and so gives memory back to the system when it is freed. */
    public boolean isOwnBlock(Buffer buffer) {
        return buffer.slab == null;
    }

    /**
     * Whether a buffer lies beyond the limit, in a slab that is to go or a block that there was no room for: its owner may move what is in it.
     * Takes no lock where nothing does.
     */
    public boolean isBeyond(Buffer buffer) {
        return buffer.slab != null
                ? main.hasClosedSlabs() && isClosed(buffer.slab)
                : buffer.reserved <= largestClass() && excessBytes() > 0;
    }

    /**
     * A buffer of the same length and use for who can move what is in one that lies {@linkplain #isBeyond beyond} the limit; else null. What is
     * in a slab that is to go moves in any case, for all of the slab goes with it.
     */
    public Buffer betterPlace(Buffer buffer) {
        if (!isBeyond(buffer)) {
            return null;
        }
        int length = buffer.memory.capacity();
        return buffer.slab != null ? holdNow(buffer.use, length) : allocate(buffer.use, length, 0);
    }

    private synchronized boolean isClosed(Slab slab) {
        return slab.isClosed();
    }

    private MemoryBudgetException shortage(int length) {
        MemoryAccount account = account();
        return new MemoryBudgetException(length, account.totalBytes(), account.limitBytes(), account.describe());
    }

    /** Who holds what. */
    public synchronized MemoryAccount account() {
        return MemoryAccount.of(limitBytes, totalBytes, bytesByUse, freeBytes());
    }

    /** Who holds what in slabs beyond the limit. */
    public synchronized MemoryAccount accountBeyond() {
        long[] sums = new long[bytesByUse.length];
        main.addClosedTo(sums);
        return MemoryAccount.of(limitBytes, excessBytes(), sums, 0);
    }

    /** Bytes that the system still has to get back for the limit to hold. */
    public synchronized long excessBytes() {
        return Math.max(0, totalBytes - limitBytes);
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

    /** Bytes that nobody uses. */
    public synchronized long freeBytes() {
        return totalBytes - usedBytes;
    }

    /** How many slabs there are. */
    public synchronized int slabs() {
        return main.slabs() + working.slabs();
    }

    /** All buffers in slabs that are in use, but for those of the working slab, for reports. */
    public synchronized List<Block> blocks() {
        return main.blocks();
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
