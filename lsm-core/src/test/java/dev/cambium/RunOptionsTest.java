package dev.cambium;

import static dev.cambium.StoreTest.b;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cambium.testkit.disk.CrashOutcome;
import dev.cambium.testkit.disk.SimulatedDisk;
import dev.cambium.testkit.runtime.StepExecutor;
import java.util.List;
import java.util.NavigableMap;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Sizes that do not fit each other: other options at each open, batches larger than memtables, values as large as the budget allows. */
class RunOptionsTest {
    private static final int MIB = 1 << 20;

    private static void put(Store store, NavigableMap<String, String> model, String key, String value, Durability how) {
        store.put(b(key), b(value), how);
        model.put(key, value);
    }

    @Test
    void eachOpenMayHaveOtherOptions() {
        List<Options> options = List.of(
                SmallStore.SMALL,
                Options.DEFAULT,
                SmallStore.ROOMY.withPageBytes(Options.MAX_PAGE_BYTES),
                SmallStore.SMALL.withZoneBytes(4 * MIB).withPageBytes(2000),
                SmallStore.ROOMY.withMemoryBudget(Options.MIN_MEMORY_BUDGET));
        NavigableMap<String, String> model = new TreeMap<>();
        SimulatedDisk disk = new SimulatedDisk(1);
        for (int life = 0; life < 25; life++) {
            try (SmallStore small =
                    new SmallStore(options.get(life % options.size()), StepExecutor.Mode.INLINE, disk)) {
                small.assertHolds(model, "life " + life);
                for (int i = 0; i < 40; i++) {
                    String value = SmallStore.noise(i + life, 300 * (life % 4));
                    put(small.store(), model, "k" + (i + life) % 60, value, Durability.values()[life % 3]);
                }
                if (life % 3 == 2) {
                    small.store().flush();
                    disk = disk.afterCrash(CrashOutcome.NOTHING_UNFORCED);
                    small.disk().crash();
                }
            }
        }
    }

    /** What stood in three large memtables is replayed into small ones, and into a budget that is smaller than all of it. */
    @Test
    void aKilledStoreOpensWithASmallerBudgetAndSmallerMemtables() {
        Options large = SmallStore.SMALL.withMemoryBudget(128 * MIB).withMemtableBytes(16 * MIB);
        Options little =
                SmallStore.SMALL.withMemoryBudget(Options.MIN_MEMORY_BUDGET).withMemtableBytes(64 << 10);
        NavigableMap<String, String> model = new TreeMap<>();
        SmallStore before = new SmallStore(large, StepExecutor.Mode.MANUAL);
        for (int i = 0; i < 300; i++) {
            put(before.store(), model, "k" + i, SmallStore.noise(i, 60_000), Durability.BUFFERED);
        }
        assertEquals(0, before.store().stats().runs(), "it is to be replayed");
        SimulatedDisk left = before.disk().afterCrash(CrashOutcome.PROCESS_KILL);
        before.close();
        try (SmallStore after = new SmallStore(little, StepExecutor.Mode.INLINE, left)) {
            assertEquals(300, after.store().recoveryReport().operations());
            put(after.store(), model, "more", SmallStore.noise(1, 50_000), Durability.SYNC);
            after.assertHolds(model, "replayed");
            after.store().flush();
            assertTrue(
                    after.store().stats().memory().totalBytes() <= Options.MIN_MEMORY_BUDGET,
                    after.store().stats()::toString);
            after.assertHolds(model, "laid down");
        }
    }

    @ParameterizedTest
    @EnumSource(Durability.class)
    void aBatchThatIsLargerThanMemtablesAndZonesStaysWhole(Durability how) {
        NavigableMap<String, String> model = new TreeMap<>();
        try (SmallStore small = new SmallStore(SmallStore.SMALL)) {
            for (int round = 0; round < 4; round++) {
                WriteBatch batch = new WriteBatch();
                for (int i = 0; i < 250; i++) {
                    String value = SmallStore.noise(round + i, 9_000);
                    batch.put(b("k" + i), b(value));
                    model.put("k" + i, value);
                }
                batch.delete(b("k" + round));
                model.remove("k" + round);
                small.store().write(batch, how);
                small.assertHolds(model, "written");
            }
            small.store().flush();
            small.assertHolds(model, "laid down");
            small.reopenAfter(CrashOutcome.NOTHING_UNFORCED);
            small.assertHolds(model, "after power loss");
        }
    }

    @Test
    void theSmallestBudgetIsEnoughForTheLargestValuesReadsAndMerges() {
        Options options = Options.DEFAULT.withMemoryBudget(Options.MIN_MEMORY_BUDGET);
        byte[][] last = new byte[12][];
        Random random = new Random(1);
        try (SmallStore small = new SmallStore(options)) {
            for (int i = 0; i < 40; i++) {
                byte[] value = new byte[MIB];
                random.nextBytes(value);
                int key = i * 5 % last.length;
                small.store().put(b("k" + key), value, i % 2 == 0 ? Durability.BUFFERED : Durability.NONE);
                last[key] = value;
                int other = random.nextInt(last.length);
                assertArrayEquals(last[other], small.store().get(b("k" + other)));
                StoreStats stats = small.store().stats();
                assertTrue(stats.memory().totalBytes() <= options.memoryBudget() + 3 * MIB, stats.toString());
            }
            small.store().flush();
            assertTrue(small.store().stats().runs() > 0);
            small.reopen();
            for (int key = 0; key < last.length; key++) {
                assertArrayEquals(last[key], small.store().get(b("k" + key)));
            }
        }
    }

    /** A memtable is held by a snapshot, so that there is room for two and a bit: others wait to be laid down first. */
    @Test
    void writesWaitForMemoryThatLayingDownGivesBackBeforeTheyAreRefused() {
        Options options =
                SmallStore.SMALL.withMemoryBudget(Options.MIN_MEMORY_BUDGET).withMemtableBytes(4 * MIB);
        NavigableMap<String, String> model = new TreeMap<>();
        try (SmallStore small = new SmallStore(options, StepExecutor.Mode.MANUAL)) {
            Snapshot snapshot = null;
            NavigableMap<String, String> before = null;
            for (int i = 0; i < 330; i++) {
                put(small.store(), model, "k" + i % 200, SmallStore.noise(i, 60_000), Durability.NONE);
                if (i == 58) {
                    snapshot = small.store().snapshot();
                    before = new TreeMap<>(model);
                }
            }
            SmallStore.assertHolds(before, snapshot, "snapshot");
            snapshot.close();
            small.assertHolds(model, "at the end");
        }
    }
}
