package dev.cambium;

import static dev.cambium.StoreTest.b;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cambium.error.StoreException;
import dev.cambium.log.Verification;
import dev.cambium.segment.memory.Memory;
import dev.cambium.testkit.SimulatedEnvironment;
import dev.cambium.testkit.disk.CrashOutcome;
import dev.cambium.testkit.disk.FaultRule;
import dev.cambium.testkit.disk.OperationKind;
import dev.cambium.testkit.disk.SimulatedDisk;
import dev.cambium.testkit.runtime.StepExecutor;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** One budget for all off-heap memory: what it is, who has what of it, and that it can be changed while the store is open. */
class MemoryBudgetTest {
    private static final long MIB = 1 << 20;
    private static final int ENTRIES = 60_000;
    private static final Options OPTIONS =
            Options.DEFAULT.withMemoryBudget(96 * MIB).withMemtableBytes(MIB).withPageBytes(4 << 10);

    private final SimulatedEnvironment environment =
            new SimulatedEnvironment(new SimulatedDisk(1), 1, StepExecutor.Mode.INLINE);

    private static byte[] key(int entry) {
        return b(String.format("key-%08d", entry));
    }

    private static byte[] value(int entry) {
        byte[] value = new byte[entry % 50 == 0 ? 5000 : 500];
        new SplittableRandom(entry).nextBytes(value);
        return value;
    }

    private static void fill(Store store) {
        for (int entry = 0; entry < ENTRIES; entry++) {
            store.put(key(entry), value(entry), Durability.BUFFERED);
        }
        store.compact();
    }

    private static void readAll(Store store) {
        for (int entry = 0; entry < ENTRIES; entry++) {
            assertArrayEquals(value(entry), store.get(key(entry)));
        }
    }

    /** Somebody may try for a long time to open a store whose disk fails, or whose files are damaged. */
    @Test
    void anOpenThatFailsGivesAllItsMemoryBack() {
        long before = Memory.heldPageBytes();
        SimulatedDisk disk;
        try (SmallStore small = new SmallStore(SmallStore.SMALL)) {
            for (int entry = 0; entry < 500; entry++) {
                small.store().put(key(entry), value(entry));
            }
            disk = small.disk().afterCrash(CrashOutcome.PROCESS_KILL);
        }
        assertEquals(before, Memory.heldPageBytes());
        int failed = 0;
        for (OperationKind kind :
                List.of(OperationKind.READ, OperationKind.WRITE, OperationKind.CREATE, OperationKind.STORE)) {
            for (int nth = 1; nth < 20; nth++) {
                SimulatedDisk copy = disk.afterCrash(CrashOutcome.PROCESS_KILL);
                copy.faults().add(FaultRule.on(kind).fromThe(nth));
                try {
                    Store.open(new SimulatedEnvironment(copy, 1).environment(), SmallStore.SMALL)
                            .close();
                } catch (StoreException e) {
                    failed++;
                }
                assertEquals(before, Memory.heldPageBytes(), kind + " " + nth);
            }
        }
        assertTrue(failed > 10, failed + " opens failed");
        new Verification(disk).run();
        assertEquals(before, Memory.heldPageBytes(), "verify");
    }

    private static void assertAddsUp(MemoryStats memory) {
        assertEquals(
                memory.totalBytes(),
                memory.memtableBytes()
                        + memory.pageBytes()
                        + memory.keyPageBytes()
                        + memory.filterBytes()
                        + memory.writeBufferBytes()
                        + memory.readBufferBytes()
                        + memory.freeBytes(),
                memory::toString);
    }

    @Test
    void statsSayWhoHasWhatAndAddUp() {
        try (Store store = Store.open(environment.environment(), OPTIONS)) {
            assertAddsUp(store.stats().memory());
            fill(store);
            readAll(store);
            MemoryStats memory = store.stats().memory();
            assertAddsUp(memory);
            assertEquals(96 * MIB, memory.budgetBytes());
            assertTrue(memory.pageBytes() >= 30 * MIB, memory::toString);
            assertTrue(memory.keyPageBytes() > 0 && memory.filterBytes() > 0, memory::toString);
            assertEquals(0, memory.heapIndexBytes(), "all is laid down");
            store.put(key(1), value(1));
            assertTrue(store.stats().memory().heapIndexBytes() > 0);
        }
    }

    @Test
    void aSmallerBudgetGivesMemoryBackAndALargerOneTakesItAgain() {
        try (Store store = Store.open(environment.environment(), OPTIONS)) {
            fill(store);
            readAll(store);
            long before = store.stats().memory().totalBytes();
            assertTrue(before > 40 * MIB, before + " bytes");
            for (long budget : new long[] {32 * MIB, 16 * MIB}) {
                store.setMemoryBudget(budget);
                MemoryStats memory = store.stats().memory();
                assertEquals(budget, memory.budgetBytes());
                assertTrue(memory.totalBytes() <= budget, memory::toString);
                assertAddsUp(memory);
                readAll(store);
                assertTrue(store.stats().memory().totalBytes() <= budget * 105 / 100, memory::toString);
            }
            store.setMemoryBudget(96 * MIB);
            readAll(store);
            long after = store.stats().memory().totalBytes();
            assertTrue(after > 40 * MIB, after + " bytes");
        }
    }

    /** Memtables, key pages and filters that were made when all low places were taken do not keep slabs from going. */
    @Test
    void whatIsHeldBeyondASmallerBudgetMoves() {
        Options options = OPTIONS.withMemtableBytes(4 * MIB);
        try (Store store = Store.open(environment.environment(), options)) {
            fill(store);
            for (int round = 0; round < 3; round++) {
                store.setMemoryBudget(96 * MIB);
                readAll(store);
                for (int entry = 0; entry < 3000; entry++) {
                    store.put(key(entry), value(entry), Durability.BUFFERED);
                }
                store.flush();
                readAll(store);
                store.put(key(1), value(1), Durability.BUFFERED);
                store.setMemoryBudget(16 * MIB);
                MemoryStats memory = store.stats().memory();
                assertTrue(memory.totalBytes() <= 16 * MIB, memory::toString);
            }
            readAll(store);
        }
    }

    /** What a snapshot and a view hold stays readable, and goes when they are closed. */
    @Test
    void snapshotsAndViewsOutliveASmallerBudget() {
        Options options = OPTIONS.withMemtableBytes(8 * MIB);
        try (Store store = Store.open(environment.environment(), options)) {
            fill(store);
            readAll(store);
            for (int entry = 0; entry < 10_000; entry++) {
                store.put(key(entry), b("new"), Durability.BUFFERED);
            }
            Snapshot snapshot = store.snapshot();
            Cursor cursor = snapshot.cursor();
            assertTrue(cursor.seek(key(50_000)));
            ByteView view = cursor.valueView();
            store.setMemoryBudget(32 * MIB);
            assertArrayEquals(value(50_000), view.toByteArray());
            assertArrayEquals(b("new"), snapshot.get(key(9999)));
            assertArrayEquals(value(10_001), snapshot.get(key(10_001)));
            assertNull(snapshot.get(b("absent")));
            snapshot.close();
            assertThrows(IllegalStateException.class, view::toByteArray);
            store.setMemoryBudget(32 * MIB);
            MemoryStats memory = store.stats().memory();
            assertTrue(memory.totalBytes() <= 32 * MIB, memory::toString);
        }
    }

    @Test
    void aBudgetOutsideItsRangeIsRefusedAndChangesNothing() {
        Options options = OPTIONS.withMemtableBytes(8 * MIB);
        try (Store store = Store.open(environment.environment(), options)) {
            for (long budget : new long[] {-1, 0, 32 * MIB - 1, Options.MAX_MEMORY_BUDGET + 1}) {
                IllegalArgumentException refused =
                        assertThrows(IllegalArgumentException.class, () -> store.setMemoryBudget(budget));
                assertTrue(refused.getMessage().contains("must be " + 32 * MIB), refused.getMessage());
            }
            assertEquals(96 * MIB, store.stats().memory().budgetBytes());
            store.close();
            assertThrows(IllegalStateException.class, () -> store.setMemoryBudget(64 * MIB));
        }
    }

    @Test
    void memtablesThatNeedMoreThanTheBudgetAreRefusedWithTheMinimum() {
        IllegalArgumentException refused =
                assertThrows(IllegalArgumentException.class, () -> OPTIONS.withMemtableBytes(25 * MIB));
        assertTrue(refused.getMessage().contains("need a budget of " + 100 * MIB), refused.getMessage());
    }

    /** Calls under way let go of what they hold beyond a budget. */
    private static void awaitWithin(Store store, long budget) throws InterruptedException {
        long end = System.nanoTime() + 10_000_000_000L;
        while (store.stats().memory().totalBytes() > budget * 105 / 100) {
            assertTrue(
                    System.nanoTime() < end,
                    () -> store.stats().memory() + ", beyond it "
                            + store.pool().accountBeyond().describe());
            Thread.sleep(5);
        }
    }

    /** Threads read, scan and write while the budget goes up and down; each sees what it should, and the memory stays inside. */
    @Test
    void theBudgetChangesUnderReadersAndWriters(@TempDir Path directory) throws Exception {
        ExecutorService threads = Executors.newCachedThreadPool();
        AtomicBoolean stop = new AtomicBoolean();
        try (Store store = Store.open(directory, OPTIONS)) {
            fill(store);
            List<Callable<Void>> tasks = new ArrayList<>();
            for (int seed = 0; seed < 2; seed++) {
                SplittableRandom random = new SplittableRandom(seed);
                tasks.add(() -> {
                    while (!stop.get()) {
                        int entry = random.nextInt(ENTRIES);
                        assertArrayEquals(value(entry), store.get(key(entry)));
                    }
                    return null;
                });
            }
            tasks.add(() -> {
                SplittableRandom random = new SplittableRandom(3);
                while (!stop.get()) {
                    try (Cursor cursor = store.cursor()) { // for a moment: it holds memtables
                        int from = random.nextInt(ENTRIES - 1000);
                        assertTrue(cursor.seek(key(from)));
                        for (int entry = from; entry < from + 1000; entry++) {
                            assertArrayEquals(key(entry), cursor.key());
                            if (entry % 7 == 0) {
                                assertArrayEquals(
                                        value(entry), cursor.valueView().toByteArray());
                            }
                            assertEquals(entry + 1 < ENTRIES, cursor.next());
                        }
                    }
                }
                return null;
            });
            tasks.add(() -> {
                for (int i = 0; !stop.get(); i++) {
                    int entry = i % ENTRIES;
                    store.put(key(entry), value(entry), Durability.BUFFERED);
                }
                return null;
            });
            tasks.add(() -> {
                try {
                    SplittableRandom random = new SplittableRandom(7);
                    for (int change = 0; change < 25; change++) {
                        long budget = (16 + random.nextInt(80)) * MIB;
                        store.setMemoryBudget(budget);
                        assertAddsUp(store.stats().memory());
                        awaitWithin(store, budget);
                        Thread.sleep(40);
                    }
                } finally {
                    stop.set(true);
                }
                return null;
            });
            for (Future<Void> task : threads.invokeAll(tasks, 2, TimeUnit.MINUTES)) {
                task.get();
            }
            readAll(store);
        } finally {
            threads.shutdownNow();
        }
    }
}
