package dev.cambium.segment.frame;

import dev.cambium.segment.memory.Memory;
import dev.cambium.segment.memory.MemoryBudget;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.stream.Stream;

/**
 * Buffers of power-of-two size classes, carved out of off-heap slabs of one class each; what is longer than a slab gets a block of its
 * own. An empty slab goes back.
 *
 * <p>The budget counts slabs, not buffers. Safe for any thread; taken once a page load, so a lock is cheap here.
 */
public final class SlabPool {
    private static final int SLAB_SHIFT = 20;

    /** Bytes of a slab. */
    public static final int SLAB_BYTES = 1 << SLAB_SHIFT;

    private static final int SMALLEST_SHIFT = 12;
    private static final int CLASSES = SLAB_SHIFT - SMALLEST_SHIFT + 1;

    private final MemoryBudget budget;
    private final List<Deque<Slab>>
            partial; // by class: slabs with a free buffer, those with the most recent release first
    private final Deque<Slab> all = new ArrayDeque<>(); // slabs, the one that is next to be emptied first
    private long slabBytes;

    private static final class Slab {
        private final Memory memory;
        private final int shift;
        private final Buffer[] inUse;
        private final long[] free;
        private int freeCount;

        Slab(Memory memory, int shift) {
            this.memory = memory;
            this.shift = shift;
            this.freeCount = memory.capacity() >>> shift;
            this.inUse = new Buffer[freeCount];
            this.free = new long[(freeCount + 63) / 64];
            for (int i = 0; i < freeCount; i++) {
                free[i >>> 6] |= 1L << i;
            }
        }

        int take() {
            for (int word = 0; ; word++) {
                if (free[word] != 0) {
                    int index = (word << 6) + Long.numberOfTrailingZeros(free[word]);
                    free[word] &= free[word] - 1;
                    freeCount--;
                    return index;
                }
            }
        }

        boolean isEmpty() {
            return freeCount == memory.capacity() >>> shift;
        }
    }

    /** A buffer that is in use. Its owner gives it back once. */
    public static final class Buffer {
        private final Slab slab; // or null
        private final int index;
        private final Memory block; // of its own, or null
        private final Memory memory;
        private final int reserved;
        private long tag;

        private Buffer(Slab slab, int index, Memory block, Memory memory, int reserved) {
            this.slab = slab;
            this.index = index;
            this.block = block;
            this.memory = memory;
            this.reserved = reserved;
        }

        /** The bytes: as many as were asked for. */
        public Memory memory() {
            return memory;
        }

        /** What its owner calls it, for {@link SlabPool#nextSlab}. */
        public void tag(long newTag) {
            tag = newTag;
        }

        /** Bytes that the buffer takes: those of its class. */
        public int reservedBytes() {
            return reserved;
        }
    }

    public SlabPool(MemoryBudget budget) {
        this.budget = budget;
        this.partial = Stream.generate(() -> (Deque<Slab>) new ArrayDeque<Slab>())
                .limit(CLASSES)
                .toList();
    }

    private static int shift(int length) {
        return Math.max(SMALLEST_SHIFT, 32 - Integer.numberOfLeadingZeros(length - 1));
    }

    /**
     * A buffer of {@code length} bytes; what is in it is of no meaning. Counted in the budget, even beyond its limit: how much is
     * in use at once is bounded by who asks.
     */
    public Buffer allocate(int length) {
        int shift = shift(length);
        if (shift > SLAB_SHIFT) {
            Memory block = allocateBlock(1 << shift);
            return new Buffer(null, 0, block, block.view(0, length), 1 << shift);
        }
        synchronized (this) {
            Deque<Slab> slabs = partial.get(shift - SMALLEST_SHIFT);
            Slab slab = slabs.peekFirst();
            if (slab == null) {
                slab = new Slab(allocateBlock(1 << SLAB_SHIFT), shift);
                slabs.addFirst(slab);
                all.addLast(slab);
            }
            int index = slab.take();
            if (slab.freeCount == 0) {
                slabs.removeFirst();
            }
            Buffer buffer = new Buffer(slab, index, null, slab.memory.view(index << shift, length), 1 << shift);
            slab.inUse[index] = buffer;
            return buffer;
        }
    }

    /** The tags of all buffers in one slab, another one each time: if they are given back, the slab goes. Empty where there is none. */
    public synchronized long[] nextSlab() {
        Slab slab = all.pollFirst();
        if (slab == null) {
            return new long[0];
        }
        all.addLast(slab);
        return Arrays.stream(slab.inUse)
                .filter(buffer -> buffer != null)
                .mapToLong(buffer -> buffer.tag)
                .toArray();
    }

    private Memory allocateBlock(int capacity) {
        budget.reserveBeyondLimit(capacity);
        try {
            Memory block = Memory.allocate(capacity);
            synchronized (this) {
                slabBytes += capacity;
            }
            return block;
        } catch (RuntimeException | Error e) {
            budget.release(capacity);
            throw e;
        }
    }

    /** Takes a buffer back; nobody may use it any more. */
    public void free(Buffer buffer) {
        buffer.memory.release();
        Memory gone = buffer.slab == null ? buffer.block : giveBack(buffer.slab, buffer.index);
        if (gone != null) {
            synchronized (this) {
                slabBytes -= gone.capacity();
            }
            budget.release(gone.capacity());
            gone.release();
        }
    }

    /** Returns the slab's block if it is to go. */
    private synchronized Memory giveBack(Slab slab, int index) {
        Deque<Slab> slabs = partial.get(slab.shift - SMALLEST_SHIFT);
        long bit = 1L << index;
        if ((slab.free[index >>> 6] & bit) != 0) {
            throw new IllegalStateException("a buffer was given back twice");
        }
        slab.free[index >>> 6] |= bit;
        slab.inUse[index] = null;
        if (slab.freeCount++ == 0) {
            slabs.addFirst(slab);
        }
        if (!slab.isEmpty()) {
            return null;
        }
        slabs.remove(slab);
        all.remove(slab);
        return slab.memory;
    }

    /** Off-heap bytes held, whether in use or not. */
    public synchronized long slabBytes() {
        return slabBytes;
    }
}
