package dev.cambium.segment.pool;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cambium.error.CorruptionException;
import dev.cambium.segment.memory.Bytes;
import dev.cambium.segment.pool.BuddyAllocator.Block;
import dev.cambium.segment.pool.BuddyAllocator.Difference;
import dev.cambium.segment.pool.BuddyAllocator.Savepoint;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.Stream;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The allocator beside a plain list of what is free. */
class BuddyAllocatorTest {
    private static final Comparator<Block> BY_ORDER_AND_PAGE =
            Comparator.comparingInt(Block::order).thenComparingInt(Block::page);

    /** What is allocated, and from that alone, what is free. */
    private static final class Model {
        private final int topOrder;
        private final TreeMap<Integer, Integer> allocated = new TreeMap<>(); // page: order
        private int length;

        Model(int topOrder, int length) {
            this.topOrder = topOrder;
            this.length = length;
        }

        /** The largest blocks that lie wholly in free pages, by page. */
        List<Block> free() {
            List<Block> free = new ArrayList<>();
            int page = 0;
            for (Map.Entry<Integer, Integer> block : allocated.entrySet()) {
                addFree(page, block.getKey(), free);
                page = block.getKey() + (1 << block.getValue());
            }
            addFree(page, length, free);
            return free;
        }

        private void addFree(int from, int to, List<Block> free) {
            for (int page = from; page < to; ) {
                int order = topOrder;
                while ((page & (1 << order) - 1) != 0 || page + (1 << order) > to) {
                    order--;
                }
                free.add(new Block(page, order));
                page += 1 << order;
            }
        }

        Block bestFit(int order) {
            return free().stream()
                    .filter(block -> block.order() >= order)
                    .min(BY_ORDER_AND_PAGE)
                    .orElse(new Block(-1, 0));
        }

        Block lowest(int order) {
            return free().stream()
                    .filter(block -> block.order() >= order)
                    .findFirst()
                    .orElse(new Block(-1, 0));
        }

        int end() {
            return allocated.isEmpty()
                    ? 0
                    : allocated.lastKey() + (1 << allocated.lastEntry().getValue());
        }

        List<Block> blocks() {
            return allocated.entrySet().stream()
                    .map(block -> new Block(block.getKey(), block.getValue()))
                    .sorted(BY_ORDER_AND_PAGE)
                    .toList();
        }
    }

    private static final class Trial {
        private final Random random;
        private final int mostLength;
        private final Model model;
        private BuddyAllocator allocator;
        private Savepoint savepoint;
        private List<Block> atSavepoint;

        Trial(long seed, int topOrder, int mostLength) {
            this.random = new Random(seed);
            this.mostLength = mostLength;
            int length = random.nextInt(mostLength + 1);
            this.allocator = new BuddyAllocator(topOrder, length);
            this.model = new Model(topOrder, length);
            save();
        }

        private void save() {
            savepoint = allocator.savepoint();
            atSavepoint = model.blocks();
        }

        void run(int operations, int checkEach) {
            for (int i = 0; i < operations; i++) {
                operate(random.nextInt(100));
                assertEquals(model.length, allocator.length());
                if (i % checkEach == 0) {
                    check();
                }
            }
        }

        private void operate(int dice) {
            // Small blocks are asked for more often, as pages are.
            int order = Math.min(random.nextInt(model.topOrder + 1), random.nextInt(model.topOrder + 1));
            if (dice < 30) {
                allocated(model.bestFit(order).page(), allocator.allocate(order), order);
            } else if (dice < 45) {
                allocated(model.lowest(order).page(), allocator.allocateLowest(order), order);
            } else if (dice < 85) {
                freeOne();
            } else if (dice < 88) {
                recordOne(order);
            } else if (dice < 92) {
                allocator = BuddyAllocator.of(allocator.toBytes());
                save(); // a savepoint is of one allocator
            } else if (dice < 95) {
                checkDifference();
                if (random.nextBoolean()) {
                    save();
                }
            } else if (dice < 98) {
                resizeTo(random.nextInt(mostLength + 1));
            } else {
                resizeTo(model.end());
            }
        }

        private void allocated(int expected, int page, int order) {
            assertEquals(expected, page);
            if (page >= 0) {
                model.allocated.put(page, order);
            }
        }

        private void freeOne() {
            if (model.allocated.isEmpty()) {
                return;
            }
            Integer page = model.allocated.ceilingKey(random.nextInt(mostLength));
            page = page == null ? model.allocated.firstKey() : page;
            allocator.free(page, model.allocated.remove(page));
        }

        private void recordOne(int order) {
            int page = random.nextInt(mostLength) >>> order << order;
            boolean isFree = page + (1 << order) <= model.length
                    && model.free().stream()
                            .anyMatch(block ->
                                    block.page() <= page && page + (1 << order) <= block.page() + block.pages());
            if (isFree) {
                allocator.recordAllocated(page, order);
                model.allocated.put(page, order);
            } else {
                assertThrows(IllegalArgumentException.class, () -> allocator.recordAllocated(page, order));
            }
        }

        private void resizeTo(int length) {
            if (length >= model.end()) {
                allocator.resize(length);
                model.length = length;
            } else {
                assertThrows(IllegalArgumentException.class, () -> allocator.resize(length));
            }
        }

        private void checkDifference() {
            Difference difference = allocator.difference(savepoint);
            List<Block> now = model.blocks();
            assertEquals(
                    now.stream().filter(block -> !atSavepoint.contains(block)).toList(), difference.allocated());
            assertEquals(
                    atSavepoint.stream().filter(block -> !now.contains(block)).toList(), difference.freed());
        }

        private void check() {
            List<Block> free = model.free();
            assertEquals(free.stream().mapToInt(Block::pages).sum(), allocator.freePages(), "pages that are free");
            assertEquals(model.length, allocator.freePages() + allocator.allocatedPages());
            assertEquals(model.blocks(), allocator.allocatedBlocks());
            assertEquals(
                    free.stream().mapToInt(Block::order).max().orElse(-1), allocator.highestFreeOrder(), "the highest");
            assertEquals(model.length - model.end(), allocator.trailingFreePages());
            for (int order = 0; order <= model.topOrder; order++) {
                int wanted = order;
                assertEquals(
                        free.stream().filter(block -> block.order() == wanted).count(),
                        allocator.freeBlocks(order),
                        "free blocks of order " + order);
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"0,70", "1,64", "3,100", "5,1000", "10,5000"})
    void behavesLikeAListOfWhatIsFree(int topOrder, int mostLength) {
        for (long seed = 1; seed <= 3; seed++) {
            new Trial(seed, topOrder, mostLength).run(3000, 1);
        }
    }

    @Tag("long")
    @ParameterizedTest
    @CsvSource({"0,200", "3,100", "4,1000", "10,4096"})
    void behavesLikeAListOfWhatIsFreeForAMillionOperations(int topOrder, int mostLength) {
        new Trial(topOrder, topOrder, mostLength).run(250_000, 1);
    }

    @Test
    void whatWasAllocatedIsFreedOnceAndAsItWas() {
        BuddyAllocator allocator = new BuddyAllocator(3, 16);
        assertEquals(0, allocator.allocate(1));
        assertEquals(2, allocator.allocate(0));
        assertRefused(() -> allocator.free(0, 0), "order 0 at page 0", "order 1 at page 0, which is allocated");
        assertRefused(() -> allocator.free(0, 2), "order 2 at page 0", "order 1 at page 0, which is allocated");
        assertRefused(() -> allocator.free(1, 1), "order 1 at page 1", "multiple of 2");
        assertRefused(() -> allocator.free(3, 0), "order 0 at page 3", "which is free");
        assertRefused(() -> allocator.free(16, 0), "order 0 at page 16", "16 pages");
        assertRefused(() -> allocator.free(-4, 2), "page -4", "16 pages");
        assertRefused(() -> allocator.free(16, 3), "order 3 at page 16", "16 pages");
        assertRefused(() -> allocator.free(0, 4), "order 4", "0 to 3");
        assertRefused(() -> allocator.allocate(-1), "order -1", "0 to 3");
        allocator.free(0, 1);
        assertRefused(() -> allocator.free(0, 1), "order 1 at page 0", "which is free");
        assertRefused(() -> allocator.recordAllocated(0, 2), "order 2 at page 0");
        assertRefused(() -> allocator.resize(2), "3 or more");
        assertEquals(15, allocator.freePages());
    }

    private static void assertRefused(Executable call, String... words) {
        String message = assertThrows(IllegalArgumentException.class, call).getMessage();
        Stream.of(words).forEach(word -> assertTrue(message.contains(word), message));
    }

    @Test
    void theLowestPagesAreTakenSoThatTheEndBecomesFree() {
        BuddyAllocator allocator = new BuddyAllocator(4, 64);
        assertEquals(0, allocator.allocate(4));
        assertEquals(16, allocator.allocate(0));
        allocator.free(0, 4);
        assertEquals(17, allocator.allocate(0), "what fits best");
        assertEquals(0, allocator.allocateLowest(0), "what comes first");
        allocator.free(16, 0);
        allocator.free(17, 0);
        assertEquals(63, allocator.trailingFreePages());
        allocator.resize(1);
        assertEquals(0, allocator.freePages());
        assertEquals(-1, allocator.allocateLowest(0));
        assertEquals(-1, allocator.highestFreeOrder());
    }

    /** A piece of work that fails gives back exactly what it took. */
    @Test
    void theDifferenceToASavepointIsWhatWorkHasTakenSince() {
        BuddyAllocator allocator = new BuddyAllocator(3, 32);
        int before = allocator.allocate(1);
        byte[] state = allocator.toBytes();
        Savepoint savepoint = allocator.savepoint();
        allocator.allocate(0);
        allocator.allocate(2);
        allocator.allocate(2);
        allocator.difference(savepoint).allocated().forEach(block -> allocator.free(block.page(), block.order()));
        assertArrayEquals(state, allocator.toBytes());
        allocator.free(before, 1);
        assertEquals(
                List.of(new Block(before, 1)), allocator.difference(savepoint).freed());
    }

    @Test
    void noBitOfAStateCanBeFlippedUnnoticed() {
        BuddyAllocator allocator = new BuddyAllocator(2, 10);
        allocator.allocate(2);
        allocator.allocate(0);
        byte[] state = allocator.toBytes();
        for (int bit = 0; bit < 8 * state.length; bit++) {
            byte[] flipped = state.clone();
            flipped[bit >>> 3] ^= (byte) (1 << (bit & 7));
            assertThrows(CorruptionException.class, () -> BuddyAllocator.of(flipped));
        }
        for (int length = 0; length < state.length; length++) {
            byte[] cut = Arrays.copyOf(state, length);
            assertThrows(CorruptionException.class, () -> BuddyAllocator.of(cut));
        }
    }

    /** Blocks that overlap, or lie outside, under a checksum that holds. */
    @Test
    void aStateThatCannotBeIsRefused() {
        byte[] state = new BuddyAllocator(1, 10).toBytes();
        for (int bits : new int[] {0b1, 0b1000, 1 << 10}) { // of order 0
            byte[] forged = state.clone();
            forged[20] = 0b11; // order 1: pages 0 to 3
            forged[12] = (byte) bits;
            forged[13] = (byte) (bits >>> 8);
            CRC32C crc = new CRC32C();
            crc.update(forged, 0, forged.length - 4);
            Bytes.putInt(forged, forged.length - 4, (int) crc.getValue());
            assertThrows(CorruptionException.class, () -> BuddyAllocator.of(forged));
        }
    }
}
