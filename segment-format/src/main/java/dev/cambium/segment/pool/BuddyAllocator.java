package dev.cambium.segment.pool;

import dev.cambium.error.CorruptionException;
import dev.cambium.segment.memory.Bytes;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.zip.CRC32C;

/**
 * Gives out blocks of a range of pages. A block has a power of two of pages, its order says which, and starts at a multiple of its length; the
 * two halves of a block are buddies, and become one again once both are free. Knows page numbers only, and no memory.
 *
 * <p>Invariants: each page is in one block, allocated or free. Two buddies are never both free below the top order: so what is free follows
 * from what is allocated, and a page is free in the largest block that it can be. Free and allocated pages together are {@link #length}.
 *
 * <p>State (see {@link #toBytes}), little-endian:
 * <pre>
 *   0       4         5          6      8        12
 *   +-------+---------+----------+------+--------+-----------------------------+---------+
 *   | magic | version | topOrder | zero | length | for each order: its bitmap  | crc32c  |
 *   +-------+---------+----------+------+--------+-----------------------------+---------+
 *     u32     u8        u8         u16    u32      ceil(length / 2^order / 64) u64  u32, of all before
 * </pre>
 * A bit of an order's bitmap stands for one allocated block.
 *
 * <p>Cost: a call takes a few steps an order and searches nothing. For one thread at a time. Source: Knuth, The Art of Computer Programming,
 * volume 1, section 2.5.
 */
public final class BuddyAllocator {
    /** Order of the largest block that is possible. */
    public static final int MOST_TOP_ORDER = 20;

    private static final int MAGIC = 0x42_44_55_42; // "BUDB"
    private static final int VERSION = 1;
    private static final int HEADER_LENGTH = 12;
    private static final int CRC_LENGTH = 4;
    private static final String STATE = "the state of an allocator";

    private final int topOrder;
    private final BitmapTree[] free; // by order: blocks, numbered by their place among those of the order
    private final long[][] allocated; // likewise
    private int freeOrders; // bit o says whether there is a free block of order o
    private int length;
    private int freePages;

    /** A block: its first page, and the order of its length. */
    public record Block(int page, int order) {
        /** How many pages it has. */
        public int pages() {
            return 1 << order;
        }
    }

    /** What was allocated at a moment, see {@link #difference}. */
    public static final class Savepoint {
        private final long[][] allocated;

        private Savepoint(long[][] allocated) {
            this.allocated = allocated;
        }
    }

    /**
     * What has changed since a savepoint. A block that was freed and allocated again as it was is in neither list.
     *
     * @param allocated blocks that were not allocated then, by order and page
     * @param freed blocks that are not allocated any more
     */
    public record Difference(List<Block> allocated, List<Block> freed) {}

    /**
     * All pages are free.
     *
     * @param topOrder of the largest block, 0 to {@link #MOST_TOP_ORDER}
     * @param length pages, 0 or more; the last ones need not make up a whole block of the top order
     */
    public BuddyAllocator(int topOrder, int length) {
        if (topOrder < 0 || topOrder > MOST_TOP_ORDER) {
            throw new IllegalArgumentException("top order " + topOrder + ", must be 0 to " + MOST_TOP_ORDER);
        }
        this.topOrder = topOrder;
        this.free = new BitmapTree[topOrder + 1];
        this.allocated = new long[topOrder + 1][0];
        for (int order = 0; order <= topOrder; order++) {
            free[order] = new BitmapTree(0);
        }
        resize(length);
    }

    /** Pages, free and allocated. */
    public int length() {
        return length;
    }

    public int freePages() {
        return freePages;
    }

    public int allocatedPages() {
        return length - freePages;
    }

    /** How many free blocks there are of an order. */
    public int freeBlocks(int order) {
        checkOrder(order);
        return free[order].size();
    }

    /** The free blocks of a range that no larger block, free or not, reaches into from outside. */
    public List<Block> freeBlocks(int fromPage, int toPage) {
        List<Block> found = new ArrayList<>();
        for (int page = fromPage; page < toPage; ) {
            int order = topOrder;
            while (order >= 0 && ((page & (1 << order) - 1) != 0 || !free[order].contains(page >>> order))) {
                order--;
            }
            if (order >= 0) {
                found.add(new Block(page, order));
            }
            page += 1 << Math.max(0, order);
        }
        return found;
    }

    /** The order of the largest free block, or -1 where nothing is free. */
    public int highestFreeOrder() {
        return 31 - Integer.numberOfLeadingZeros(freeOrders);
    }

    /** How many pages at the end are free: what {@link #resize} can cut off. */
    public int trailingFreePages() {
        int page = length;
        for (Block last = freeBlockBefore(page); last != null; last = freeBlockBefore(page)) {
            page = last.page();
        }
        return length - page;
    }

    /** The free block that ends where {@code page} begins, or null. */
    private Block freeBlockBefore(int page) {
        for (int order = 0; order <= topOrder && (page & (1 << order) - 1) == 0; order++) {
            if (free[order].contains((page >>> order) - 1)) {
                return new Block(page - (1 << order), order);
            }
        }
        return null;
    }

    /**
     * Allocates a block: the first one of those that fit best.
     *
     * @return its first page, or -1 where there is none
     */
    public int allocate(int order) {
        checkOrder(order);
        int fitting = freeOrders >>> order << order;
        if (fitting == 0) {
            return -1;
        }
        int from = Integer.numberOfTrailingZeros(fitting);
        return allocateIn(from, free[from].first(), free[from].first() << from, order);
    }

    /**
     * Allocates the block with the lowest page there is, whatever has to be split for it: so that what lies at the end becomes free sooner.
     *
     * @return its first page, or -1 where there is none
     */
    public int allocateLowest(int order) {
        checkOrder(order);
        int best = -1;
        int bestOrder = 0;
        for (int from = order; from <= topOrder; from++) {
            int first = free[from].first();
            if (first >= 0 && (best < 0 || first << from < best)) {
                best = first << from;
                bestOrder = from;
            }
        }
        return best < 0 ? -1 : allocateIn(bestOrder, best >>> bestOrder, best, order);
    }

    /**
     * Allocates a block that is known by its place.
     *
     * @throws IllegalArgumentException where not all of it is free
     */
    public void recordAllocated(int page, int order) {
        checkBlock(page, order);
        for (int from = order; from <= topOrder; from++) {
            if (free[from].contains(page >>> from)) {
                allocateIn(from, page >>> from, page, order);
                return;
            }
        }
        throw new IllegalArgumentException(name(page, order) + " cannot be allocated: " + stateOf(page));
    }

    /** Splits a free block until the one at {@code page} is by itself, and allocates that. */
    private int allocateIn(int from, int index, int page, int order) {
        removeFree(from, index);
        for (int half = from - 1; half >= order; half--) {
            addFree(half, page >>> half ^ 1);
        }
        int block = page >>> order;
        allocated[order][block >>> 6] |= 1L << block;
        freePages -= 1 << order;
        return page;
    }

    private void addFree(int order, int index) {
        free[order].add(index);
        freeOrders |= 1 << order;
    }

    private void removeFree(int order, int index) {
        free[order].remove(index);
        if (free[order].size() == 0) {
            freeOrders &= ~(1 << order);
        }
    }

    /**
     * Frees a block that was allocated with that order.
     *
     * @throws IllegalArgumentException where it was not: freed already, of another order, or not of this allocator
     */
    public void free(int page, int order) {
        checkBlock(page, order);
        if (!isAllocated(page, order)) {
            throw new IllegalArgumentException(name(page, order) + " cannot be freed: " + stateOf(page));
        }
        int block = page >>> order;
        allocated[order][block >>> 6] &= ~(1L << block);
        freePages += 1 << order;
        addMerged(page, order);
    }

    /** Adds a free block, as one with its buddy where that is free, and so on. */
    private void addMerged(int page, int order) {
        int at = order;
        int index = page >>> order;
        while (at < topOrder && free[at].contains(index ^ 1)) {
            removeFree(at, index ^ 1);
            index >>>= 1;
            at++;
        }
        addFree(at, index);
    }

    /** Whether a block of that order was allocated there. */
    public boolean isAllocated(int page, int order) {
        int block = page >>> order;
        return (page & (1 << order) - 1) == 0
                && block >>> 6 < allocated[order].length
                && (allocated[order][block >>> 6] >>> block & 1) != 0;
    }

    /**
     * Adds free pages at the end, or takes some away.
     *
     * @throws IllegalArgumentException where pages that would go are allocated
     */
    public void resize(int newLength) {
        if (newLength < 0) {
            throw new IllegalArgumentException("a length of " + newLength + " pages, must not be negative");
        }
        int least = length - trailingFreePages();
        if (newLength < least) {
            throw new IllegalArgumentException(
                    "a length of " + newLength + " pages, must be " + least + " or more: the page before is allocated");
        }
        int before = length;
        if (newLength > before) {
            resizeBitmaps(newLength);
            addRange(before, newLength);
        } else {
            for (int page = before; page > newLength; ) {
                Block last = freeBlockBefore(page);
                removeFree(last.order(), last.page() >>> last.order());
                addRange(last.page(), newLength); // what of it stays
                page = last.page();
            }
            resizeBitmaps(newLength);
        }
        length = newLength;
        freePages += newLength - before;
    }

    private void resizeBitmaps(int newLength) {
        for (int order = 0; order <= topOrder; order++) {
            int blocks = newLength >>> order;
            free[order].resize(blocks);
            allocated[order] = Arrays.copyOf(allocated[order], wordsFor(newLength, order));
        }
    }

    private static int wordsFor(int length, int order) {
        return (length >>> order) + 63 >>> 6;
    }

    /** Adds free blocks from {@code from} to {@code to}, if that is more. */
    private void addRange(int from, int to) {
        for (int page = from; page < to; ) {
            int order = Math.min(topOrder, Integer.numberOfTrailingZeros(page));
            while (order > 31 - Integer.numberOfLeadingZeros(to - page)) {
                order--;
            }
            addMerged(page, order);
            page += 1 << order;
        }
    }

    /** Notes what is allocated now; takes memory for all bitmaps. */
    public Savepoint savepoint() {
        long[][] copy = new long[allocated.length][];
        for (int order = 0; order < copy.length; order++) {
            copy[order] = allocated[order].clone();
        }
        return new Savepoint(copy);
    }

    /** What has been allocated and freed since a savepoint of this allocator. */
    public Difference difference(Savepoint since) {
        Difference difference = new Difference(new ArrayList<>(), new ArrayList<>());
        for (int order = 0; order <= topOrder; order++) {
            long[] then = since.allocated[order];
            long[] now = allocated[order];
            for (int word = 0; word < Math.max(then.length, now.length); word++) {
                long before = word < then.length ? then[word] : 0;
                long after = word < now.length ? now[word] : 0;
                addBlocks(after & ~before, word, order, difference.allocated());
                addBlocks(before & ~after, word, order, difference.freed());
            }
        }
        return difference;
    }

    private static void addBlocks(long bits, int word, int order, List<Block> target) {
        for (long left = bits; left != 0; left &= left - 1) {
            target.add(new Block((word << 6 | Long.numberOfTrailingZeros(left)) << order, order));
        }
    }

    /** All allocated blocks, by order and page. */
    public List<Block> allocatedBlocks() {
        List<Block> blocks = new ArrayList<>();
        for (int order = 0; order <= topOrder; order++) {
            for (int word = 0; word < allocated[order].length; word++) {
                addBlocks(allocated[order][word], word, order, blocks);
            }
        }
        return blocks;
    }

    /** The state as bytes, for {@link #of}. */
    public byte[] toBytes() {
        int words = 0;
        for (long[] bitmap : allocated) {
            words += bitmap.length;
        }
        byte[] bytes = new byte[HEADER_LENGTH + 8 * words + CRC_LENGTH];
        Bytes.putInt(bytes, 0, MAGIC);
        bytes[4] = VERSION;
        bytes[5] = (byte) topOrder;
        Bytes.putInt(bytes, 8, length);
        int at = HEADER_LENGTH;
        for (long[] bitmap : allocated) {
            for (long word : bitmap) {
                Bytes.putLong(bytes, at, word);
                at += 8;
            }
        }
        Bytes.putInt(bytes, at, crc(bytes));
        return bytes;
    }

    private static int crc(byte[] bytes) {
        CRC32C crc = new CRC32C();
        crc.update(bytes, 0, bytes.length - CRC_LENGTH);
        return (int) crc.getValue();
    }

    /**
     * An allocator in the state that {@link #toBytes} gave.
     *
     * @throws CorruptionException where the bytes are no such state
     */
    public static BuddyAllocator of(byte[] bytes) {
        require(bytes.length >= HEADER_LENGTH + CRC_LENGTH, 0, "at least 16 bytes", bytes.length + " bytes");
        require(Bytes.getInt(bytes, 0) == MAGIC, 0, "its magic", "another");
        int expected = crc(bytes);
        int found = Bytes.getInt(bytes, bytes.length - CRC_LENGTH);
        require(found == expected, bytes.length - CRC_LENGTH, "crc " + expected, "crc " + found);
        require(bytes[4] == VERSION, 4, "version " + VERSION, "version " + bytes[4]);
        require(bytes[5] >= 0 && bytes[5] <= MOST_TOP_ORDER, 5, "an order of 0 to 20", "order " + bytes[5]);
        require(Bytes.getUnsignedShort(bytes, 6) == 0, 6, "zero", "another value");
        int top = bytes[5];
        int length = Bytes.getInt(bytes, 8);
        long needed = HEADER_LENGTH + CRC_LENGTH;
        for (int order = 0; order <= top; order++) {
            needed += 8L * wordsFor(Math.max(0, length), order);
        }
        require(length >= 0 && needed == bytes.length, 8, "a length that goes with its bitmaps", length + " pages");
        BuddyAllocator allocator = new BuddyAllocator(top, length);
        int at = HEADER_LENGTH;
        for (int order = 0; order <= top; order++) {
            for (int word = 0; word < wordsFor(length, order); word++, at += 8) {
                List<Block> blocks = new ArrayList<>();
                addBlocks(Bytes.getLong(bytes, at), word, order, blocks);
                for (Block block : blocks) {
                    allocator.restore(block, at);
                }
            }
        }
        return allocator;
    }

    private void restore(Block block, int at) {
        try {
            recordAllocated(block.page(), block.order());
        } catch (IllegalArgumentException e) {
            require(false, at, "blocks inside the range and apart from each other", e.getMessage());
        }
    }

    private static void require(boolean holds, int offset, String expected, String found) {
        if (!holds) {
            throw new CorruptionException(STATE, offset, expected, found);
        }
    }

    private void checkOrder(int order) {
        if (order < 0 || order > topOrder) {
            throw new IllegalArgumentException("order " + order + ", must be 0 to " + topOrder);
        }
    }

    private void checkBlock(int page, int order) {
        checkOrder(order);
        if (page < 0 || page > length - (1 << order)) {
            throw new IllegalArgumentException(
                    name(page, order) + " is not one of this allocator, which has " + length + " pages");
        }
        if ((page & (1 << order) - 1) != 0) {
            throw new IllegalArgumentException(
                    name(page, order) + " does not exist: it would have to start at a multiple of " + (1 << order));
        }
    }

    private static String name(int page, int order) {
        return "the block of order " + order + " at page " + page;
    }

    /** What a page is part of, for messages. */
    private String stateOf(int page) {
        for (int order = 0; order <= topOrder; order++) {
            int start = page >>> order << order;
            if (isAllocated(start, order)) {
                return "page " + page + " is in " + name(start, order) + ", which is allocated";
            }
            if (free[order].contains(page >>> order)) {
                return "page " + page + " is in " + name(start, order) + ", which is free";
            }
        }
        return "a part of it is allocated";
    }
}
