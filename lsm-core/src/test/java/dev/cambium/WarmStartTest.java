package dev.cambium;

import static dev.cambium.StoreTest.b;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cambium.segment.frame.WarmPages;
import dev.cambium.testkit.SimulatedEnvironment;
import dev.cambium.testkit.disk.FaultRule;
import dev.cambium.testkit.disk.OperationKind;
import dev.cambium.testkit.disk.SimulatedDisk;
import dev.cambium.testkit.runtime.StepExecutor;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** What was in memory when a store was closed is there again after it was opened; and the list of it is only a hint. */
class WarmStartTest {
    private static final int ENTRIES = 20_000;
    private static final Options OPTIONS = Options.DEFAULT
            .withMemoryBudget(64 << 20)
            .withMemtableBytes(1 << 20)
            .withPageBytes(4 << 10);

    private SimulatedDisk disk = new SimulatedDisk(1);
    private long seed = 1; // of the store's id too

    private Store open(Options options) {
        return Store.open(new SimulatedEnvironment(disk, seed, StepExecutor.Mode.INLINE).environment(), options);
    }

    private static byte[] key(int entry) {
        return b(String.format("key-%08d", entry));
    }

    private static byte[] value(int entry) {
        byte[] value = new byte[entry % 20 == 0 ? 3000 : 200];
        new SplittableRandom(entry).nextBytes(value);
        return value;
    }

    private static void fill(Store store) {
        for (int entry = 0; entry < ENTRIES; entry++) {
            store.put(key(entry), value(entry), Durability.BUFFERED);
        }
        store.compact();
    }

    private static void read(Store store, int from, int to) {
        for (int entry = from; entry < to; entry++) {
            assertArrayEquals(value(entry), store.get(key(entry)));
        }
    }

    /** Fills a store and closes it with a part of its pages in memory. */
    private void fillAndWarm() {
        try (Store store = open(OPTIONS)) {
            fill(store);
        }
        try (Store store = open(OPTIONS)) {
            read(store, 5000, 15_000);
        }
    }

    @Test
    void whatWasInMemoryIsThereAgainAfterAnOpen() {
        fillAndWarm();
        try (Store store = open(OPTIONS)) {
            long loads = store.stats().pageLoads();
            assertTrue(loads > 500, loads + " pages");
            read(store, 5000, 15_000);
            assertEquals(loads, store.stats().pageLoads(), "nothing is loaded that was in memory before");
            read(store, 0, ENTRIES);
            assertNotEquals(loads, store.stats().pageLoads());
        }
    }

    /** A store that is open for a moment only, before its pages are brought back, does not forget them. */
    @Test
    void aShortOpenLeavesTheListAsItWas() {
        fillAndWarm();
        byte[] list = disk.bytes(WarmPages.NAME);
        int hottest = (list.length - WarmPages.ENTRIES_OFFSET) / WarmPages.ENTRY_LENGTH;
        SimulatedEnvironment nothingInTheBackground = new SimulatedEnvironment(disk, seed, StepExecutor.Mode.MANUAL);
        try (Store store = Store.open(nothingInTheBackground.environment(), OPTIONS)) {
            read(store, 0, 1);
            assertTrue(store.stats().pageLoads() < 10);
        }
        int left = (disk.bytes(WarmPages.NAME).length - WarmPages.ENTRIES_OFFSET) / WarmPages.ENTRY_LENGTH;
        assertTrue(left >= hottest && left <= hottest + 10, left + " pages of " + hottest);
        try (Store store = open(OPTIONS)) {
            long loads = store.stats().pageLoads();
            read(store, 5000, 15_000);
            assertEquals(loads, store.stats().pageLoads());
        }
    }

    @Test
    void theBudgetBoundsWhatIsBroughtBack() {
        fillAndWarm();
        Options small = OPTIONS.withMemoryBudget(16 << 20).withPageBytes(4 << 10);
        try (Store store = open(small)) {
            MemoryStats memory = store.stats().memory();
            assertTrue(memory.pageBytes() > 1 << 20, memory::toString);
            assertTrue(memory.totalBytes() <= 16 << 20, memory::toString);
            read(store, 0, ENTRIES);
        }
    }

    /** Whatever is in the file: the store opens, reads what was written, and writes the file anew. */
    @Test
    void aDamagedListIsIgnored() {
        fillAndWarm();
        byte[] sound = disk.bytes(WarmPages.NAME);
        SplittableRandom random = new SplittableRandom(5);
        for (int round = 0; round < 60; round++) {
            byte[] damaged = sound.clone();
            int at = round < 48 ? round : random.nextInt(damaged.length);
            damaged[at] ^= (byte) (1 << random.nextInt(8));
            damaged = round % 7 == 6 ? Arrays.copyOf(damaged, random.nextInt(damaged.length)) : damaged;
            disk.replace(WarmPages.NAME, damaged);
            try (Store store = open(OPTIONS)) {
                assertEquals(0, store.stats().pageLoads(), "byte " + at);
                read(store, 7000, 7010);
            }
            assertTrue(disk.bytes(WarmPages.NAME).length < sound.length, "the pages that are in memory now");
        }
    }

    /** Entries that lead nowhere, or to other pages than they say, do no harm. */
    @Test
    void aListOfPagesThatAreGoneIsIgnored() {
        fillAndWarm();
        byte[] old = disk.bytes(WarmPages.NAME);
        try (Store store = open(OPTIONS)) {
            for (int entry = 0; entry < ENTRIES; entry += 2) {
                store.delete(key(entry), Durability.BUFFERED);
            }
            store.compact();
        }
        disk.replace(WarmPages.NAME, old);
        try (Store store = open(OPTIONS)) {
            for (int entry = 0; entry < ENTRIES; entry++) {
                assertArrayEquals(entry % 2 == 0 ? null : value(entry), store.get(key(entry)));
            }
        }
    }

    @Test
    void theListOfAnotherStoreIsIgnored() {
        fillAndWarm();
        byte[] other = disk.bytes(WarmPages.NAME);
        disk = new SimulatedDisk(2);
        seed = 2;
        fillAndWarm();
        disk.replace(WarmPages.NAME, other);
        try (Store store = open(OPTIONS)) {
            assertEquals(0, store.stats().pageLoads());
            read(store, 7000, 7010);
        }
    }

    /** Where the list cannot be written, the close is a clean one all the same. */
    @Test
    void aDiskThatIsFullAtTheCloseDoesNoHarm() {
        fillAndWarm();
        Store store = open(OPTIONS);
        read(store, 0, ENTRIES);
        disk.faults()
                .add(FaultRule.on(OperationKind.WRITE)
                        .inFiles(WarmPages.NEW_NAME::equals)
                        .forLackOfRoom());
        store.close();
        assertEquals(1, disk.faults().failures());
        assertTrue(disk.exists(WarmPages.NEW_NAME));
        try (Store again = open(OPTIONS)) {
            assertTrue(again.recoveryReport().cleanClose());
            assertFalse(disk.exists(WarmPages.NEW_NAME), "garbage");
            read(again, 0, 100);
        }
    }
}
