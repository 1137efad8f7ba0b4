package dev.cambium.segment.pool;

import dev.cambium.segment.memory.Memory;
import dev.cambium.segment.pool.BuddyAllocator.Block;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The pages of a pool: slabs one behind the other, and a buddy allocator over all of them. Knows places, not buffers. Guarded by its pool;
 * hands back the memory of slabs that go, to be released outside the pool's lock.
 */
final class SlabSpace {
    /*
     * A kept buffer that is freed stays allocated for the buddy allocator, in a short list by order, from where the next of its order comes:
     * splitting and merging through all orders costs ten times as much. The lists are emptied before anything is found to be missing.
     *
     * A region that is being cleared for one buffer, and a slab that is closed because it is to go, take nothing more: what is free in them
     * is withdrawn from the allocator, and what is freed later too.
     */
    private static final int LISTED_PAGES = 32; // of one order; larger buffers are not listed
    private static final int CANDIDATES = 8;

    private final int topOrder;
    private final BuddyAllocator pages;
    private final List<Slab> slabs = new ArrayList<>();
    private final List<Region> claimed = new ArrayList<>();
    private final int[][] listed; // by order: first pages
    private final int[] listedCount;
    private int hand; // the region that is looked at next
    private volatile boolean hasClosedSlabs;

    /** A place for one buffer, which others leave for it. */
    static final class Region {
        private final int firstPage;
        private final int order;
        private final long[] tags;
        private final List<Block> withdrawn;

        private Region(int firstPage, int order, long[] tags, List<Block> withdrawn) {
            this.firstPage = firstPage;
            this.order = order;
            this.tags = tags;
            this.withdrawn = withdrawn;
        }

        /** Of the buffers that have to leave. */
        long[] tags() {
            return tags;
        }

        private boolean contains(int page) {
            return page >>> order << order == firstPage;
        }

        private boolean overlaps(int page, int otherOrder) {
            return contains(page) || firstPage >>> otherOrder << otherOrder == page;
        }
    }

    SlabSpace(int topOrder) {
        this.topOrder = topOrder;
        this.pages = new BuddyAllocator(topOrder, 0);
        this.listed = new int[topOrder + 1][];
        this.listedCount = new int[topOrder + 1];
        for (int order = 0; order <= topOrder; order++) {
            listed[order] = new int[LISTED_PAGES >>> order];
        }
    }

    int length() {
        return pages.length();
    }

    int freePages() {
        return pages.freePages();
    }

    int slabs() {
        return slabs.size();
    }

    /** Bytes of all slabs. */
    long bytes() {
        return (long) pages.length() * BufferPool.PAGE_BYTES;
    }

    List<Block> blocks() {
        dropListed();
        return pages.allocatedBlocks();
    }

    void add(Memory memory) {
        slabs.add(new Slab(pages.length(), memory));
        pages.resize(slabs.get(slabs.size() - 1).endPage());
    }

    /**
     * A place for a buffer: of a kept one, the first that fits best; of a held one, the lowest, so that the end becomes free.
     *
     * @return its first page, or -1 where there is none
     */
    int take(int order, boolean isKept) {
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

    Slab slabOf(int page) {
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
     * Takes a place back, of which its slab has been told.
     *
     * @param spare slabs at the end that stay though they are free, or -1 where nothing is to be listed either
     * @return what goes
     */
    List<Memory> put(Slab slab, int page, int order, boolean isKept, int spare) {
        for (Region region : claimed) {
            if (region.contains(page)) {
                region.withdrawn.add(new Block(page, order));
                return List.of();
            }
        }
        if (slab.isClosed()) {
            slab.withdrawn().add(new Block(page, order));
            return slab.count() == 0 ? cutClosed() : List.of();
        }
        if (isKept && spare >= 0 && listedCount[order] < listed[order].length) {
            listed[order][listedCount[order]++] = page;
            return List.of();
        }
        pages.free(page, order);
        return cutFree(Math.max(0, spare));
    }

    /** Takes slabs at the end that are free, but for {@code spare} of them. */
    List<Memory> cut(int spare) {
        dropListed();
        return cutFree(spare);
    }

    private List<Memory> cutFree(int spare) {
        List<Memory> gone = List.of();
        for (int count = slabs.size(); count > spare; count--) {
            int needed = pages.length() - slabs.get(count - 1 - spare).firstPage();
            if (pages.freePages() < needed || pages.trailingFreePages() < needed) {
                break;
            }
            gone = gone.isEmpty() ? new ArrayList<>() : gone;
            cutLast(gone);
        }
        return gone;
    }

    private void cutLast(List<Memory> gone) {
        Slab last = slabs.remove(slabs.size() - 1);
        pages.resize(last.firstPage());
        gone.add(last.memory());
    }

    /** Closes slabs so that the others have no more bytes than this, and opens those that need not be closed; the first one stays. */
    List<Memory> fit(long bytes) {
        dropListed();
        for (Slab slab : slabs) {
            boolean isBeyond = slab.firstPage() > 0 && (long) slab.endPage() * BufferPool.PAGE_BYTES > bytes;
            if (isBeyond && !slab.isClosed()) {
                slab.withdraw(withdraw(slab.firstPage(), slab.endPage()));
            } else if (!isBeyond) {
                reopen(slab);
            }
        }
        return cutClosed();
    }

    private List<Block> withdraw(int firstPage, int endPage) {
        List<Block> free = new ArrayList<>(pages.freeBlocks(firstPage, endPage));
        free.forEach(block -> pages.recordAllocated(block.page(), block.order()));
        return free;
    }

    private void reopen(Slab slab) {
        if (slab.isClosed()) {
            slab.withdrawn().forEach(block -> pages.free(block.page(), block.order()));
            slab.withdraw(null);
        }
    }

    private List<Memory> cutClosed() {
        List<Memory> gone = new ArrayList<>();
        for (int last = slabs.size() - 1; last > 0; last--) {
            Slab slab = slabs.get(last);
            if (!slab.isClosed() || !isEmpty(slab)) {
                break;
            }
            reopen(slab);
            cutLast(gone);
        }
        hasClosedSlabs = slabs.stream().anyMatch(Slab::isClosed);
        return gone;
    }

    /** Whether a slab is to go; to be read without the pool's lock. */
    boolean hasClosedSlabs() {
        return hasClosedSlabs;
    }

    /** Bytes by use in slabs that are to go, added to {@code sums}. */
    void addClosedTo(long[] sums) {
        slabs.stream().filter(Slab::isClosed).forEach(slab -> slab.addTo(sums));
    }

    /** The tags of all kept buffers in slabs that are to go. */
    long[] keptInClosed() {
        return slabs.stream()
                .filter(Slab::isClosed)
                .flatMapToLong(slab -> Arrays.stream(slab.keptTags()))
                .toArray();
    }

    /** The tags of all kept buffers of the last slab in which there is one. */
    long[] keptAtEnd() {
        for (int i = slabs.size() - 1; i >= 0; i--) {
            long[] tags = slabs.get(i).keptTags();
            if (tags.length > 0) {
                return tags;
            }
        }
        return new long[0];
    }

    /** The tags of what has to leave for a buffer of an order; empty where there is no region in which none is held. */
    long[] keptInRegion(int order) {
        int page = regionToClear(order);
        return page < 0 ? new long[0] : tagsIn(page, order);
    }

    /** Begins to clear a region; null where there is none in which none is held. */
    Region claim(int order) {
        int page = regionToClear(order);
        if (page < 0) {
            return null;
        }
        Region region = new Region(page, order, tagsIn(page, order), withdraw(page, page + (1 << order)));
        claimed.add(region);
        return region;
    }

    /** Ends that: the allocator may have what is free there. Returns what goes. */
    List<Memory> release(Region region) {
        claimed.remove(region);
        Slab slab = slabOf(region.firstPage);
        if (slab.isClosed()) {
            slab.withdrawn().addAll(region.withdrawn);
            return cutClosed();
        }
        region.withdrawn.forEach(block -> pages.free(block.page(), block.order()));
        return List.of();
    }

    /** Whether nothing is in a slab, and nobody clears a part of it. */
    private boolean isEmpty(Slab slab) {
        return slab.count() == 0 && claimed.stream().noneMatch(region -> slabOf(region.firstPage) == slab);
    }

    /** The region of some with the fewest buffers; others come first the next time. -1 where there is none. */
    private int regionToClear(int order) {
        dropListed();
        int regions = pages.length() >>> order;
        int best = -1;
        int fewest = Integer.MAX_VALUE;
        for (int i = 0, found = 0; i < regions && found < CANDIDATES; i++) {
            hand = hand + 1 < regions ? hand + 1 : 0;
            int page = hand << order;
            int tags = countTagsIn(page, order);
            if (tags > 0 && claimed.stream().noneMatch(region -> region.overlaps(page, order))) {
                found++;
                if (tags < fewest) {
                    best = page;
                    fewest = tags;
                }
            }
        }
        return best;
    }

    private int countTagsIn(int page, int order) {
        Slab slab = slabOf(page);
        return slab.isClosed() ? 0 : slab.countTagsIn(page, order);
    }

    private long[] tagsIn(int page, int order) {
        return slabOf(page).tagsIn(page, order);
    }
}
