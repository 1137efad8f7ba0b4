package dev.cambium;

import static dev.cambium.StoreTest.b;
import static dev.cambium.StoreTest.s;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cambium.error.DiskFullException;
import dev.cambium.error.MemoryBudgetException;
import dev.cambium.error.StoreException;
import dev.cambium.error.StoreIOException;
import dev.cambium.error.WriterFailedException;
import dev.cambium.segment.pool.BufferPool;
import dev.cambium.segment.pool.MemoryUse;
import dev.cambium.testkit.SimulatedEnvironment;
import dev.cambium.testkit.disk.CrashOutcome;
import dev.cambium.testkit.disk.FaultPlan;
import dev.cambium.testkit.disk.FaultRule;
import dev.cambium.testkit.disk.OperationKind;
import dev.cambium.testkit.disk.SimulatedDisk;
import dev.cambium.testkit.explore.CrashExplorer;
import dev.cambium.testkit.explore.CrashPlan;
import dev.cambium.testkit.explore.ModelSubject;
import dev.cambium.testkit.generate.KeyShape;
import dev.cambium.testkit.generate.OperationGenerator;
import dev.cambium.testkit.generate.World;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Disks that fail and memory that runs out: the write that meets it fails with a typed error and is not seen, reads go
 * on, and a
 * reopen finds what was acknowledged.
 */
@ExtendWith(QuietLog.class) // each failed preparation of a log is logged
class FaultTest {
    private static final int WRITES = 60;
    private static final String PADDING = ".".repeat(300);

    /** One write of the workload: a put of one key, a deletion, or a batch. */
    private record Write(int number) {
        Durability durability() {
            return number % 3 == 0 ? Durability.SYNC : Durability.BUFFERED;
        }

        Map<String, String> changes() {
            Map<String, String> changes = new TreeMap<>();
            int keys = number % 5 == 0 ? 3 : 1;
            for (int i = 0; i < keys; i++) {
                boolean delete = number % 7 == 3;
                changes.put("k" + (number + i * 5) % 17, delete ? null : "v" + number + PADDING);
            }
            return changes;
        }

        void applyTo(Map<String, String> model) {
            changes().forEach((key, value) -> {
                if (value == null) {
                    model.remove(key);
                } else {
                    model.put(key, value);
                }
            });
        }

        void applyTo(Store store) {
            Map<String, String> changes = changes();
            if (changes.size() == 1) {
                changes.forEach((key, value) -> {
                    if (value == null) {
                        store.delete(b(key), durability());
                    } else {
                        store.put(b(key), b(value), durability());
                    }
                });
                return;
            }
            WriteBatch batch = new WriteBatch();
            changes.forEach((key, value) -> {
                if (value == null) {
                    batch.delete(b(key));
                } else {
                    batch.put(b(key), b(value));
                }
            });
            store.write(batch, durability());
        }
    }

    private static Store open(SimulatedDisk disk) {
        return Store.open(new SimulatedEnvironment(disk, 3).environment(), CambiumUnderTest.SMALL);
    }

    private static Map<String, String> contents(Store store) {
        Map<String, String> contents = new TreeMap<>();
        try (Cursor cursor = store.cursor()) {
            while (cursor.next()) {
                contents.put(s(cursor.key()), s(cursor.value()));
                assertEquals(s(cursor.value()), s(store.get(cursor.key())));
            }
        }
        return contents;
    }

    /** How a trial went. */
    private record Trial(long failures, boolean latched, int refused) {}

    /**
     * Writes to a disk with faults and checks each promise.
     *
     * @param faults what fails once the store is open
     * @param mayHeal whether writes are expected to work again once the faults are gone, unless the writer is latched
     */
    private static Trial run(String what, SimulatedDisk disk, Consumer<FaultPlan> faults, boolean mayHeal) {
        Store store = open(disk);
        faults.accept(disk.faults());
        Map<String, String> visible = new TreeMap<>();
        List<Map<String, String>> forced = new ArrayList<>(); // what may be found after a power loss
        forced.add(new TreeMap<>());
        Throwable latch = null;
        int refused = 0;
        for (int i = 0; i < WRITES; i++) {
            Write write = new Write(i);
            String where = what + ", write " + i;
            try {
                write.applyTo(store);
                assertEquals(null, latch, where + " succeeds though the writer is latched");
                write.applyTo(visible);
                if (write.durability() == Durability.SYNC) {
                    forced.clear();
                }
                forced.add(new TreeMap<>(visible));
            } catch (DiskFullException e) {
                assertEquals(null, latch, where);
                refused++;
            } catch (WriterFailedException e) {
                assertNotNull(e.getCause(), where);
                latch = e; // what failed first may have been a background step
            } catch (StoreException e) {
                assertEquals(null, latch, where + " is refused by another error than the latch");
                Map<String, String> with = new TreeMap<>(visible);
                write.applyTo(with);
                forced.add(with); // it may be on disk
                refused++;
            }
            assertEquals(visible, contents(store), where);
        }
        try (Snapshot snapshot = store.snapshot()) {
            assertEquals(visible.get("k1"), s(snapshot.get(b("k1"))));
        }
        long failures = disk.faults().failures();
        if (mayHeal && latch == null) {
            disk.faults().clear();
            Write write = new Write(WRITES);
            write.applyTo(store);
            write.applyTo(visible);
            forced.clear();
            forced.add(new TreeMap<>(visible));
        }
        for (CrashOutcome outcome :
                List.of(CrashOutcome.PROCESS_KILL, CrashOutcome.NOTHING_UNFORCED, CrashOutcome.EVERYTHING)) {
            check(what + ", then " + outcome, disk.afterCrash(outcome), forced);
        }
        boolean closed = false;
        try {
            store.close();
            closed = true;
        } catch (StoreException e) {
            assertTrue(latch != null || disk.faults().failures() > 0 || refused > 0, what);
        }
        assertEquals(0, store.memoryUsedBytes(), what);
        disk.faults().clear();
        check(what + ", then close and reopen", disk, closed && latch == null ? List.of(visible) : forced);
        return new Trial(failures, latch != null, refused);
    }

    private static void check(String what, SimulatedDisk disk, List<Map<String, String>> allowed) {
        Store store;
        try {
            store = open(disk);
        } catch (RuntimeException e) {
            throw new AssertionError(what, e);
        }
        try (store) {
            Map<String, String> found = contents(store);
            assertTrue(allowed.contains(found), () -> (what + ": found " + found + ", allowed " + allowed)
                    .replace(PADDING, ""));
            store.put(b("after"), b("recovery"));
            assertEquals("recovery", s(store.get(b("after"))));
        }
    }

    @ParameterizedTest
    @EnumSource(
            value = OperationKind.class,
            names = {"WRITE", "STORE", "FORCE", "CREATE", "FORCE_DIRECTORY"})
    void everySingleFailureOfTheDiskIsSurvivedAsPromised(OperationKind kind) {
        int latched = 0;
        int nth = 1;
        for (boolean mapped : new boolean[] {true, false}) {
            for (boolean forever : new boolean[] {false, true}) {
                for (nth = 1; ; nth++) {
                    FaultRule once = FaultRule.on(kind).fromThe(nth).leaving(nth % 2 == 0 ? 1 << 20 : 0);
                    FaultRule full = nth % 4 < 2 ? once : once.forLackOfRoom();
                    FaultRule rule = forever ? full.always() : full;
                    Trial trial = run(
                            kind + " " + nth + (forever ? " and all later" : "") + (mapped ? "" : ", not mapped"),
                            new SimulatedDisk(nth, mapped),
                            plan -> plan.add(rule),
                            false);
                    latched += trial.latched ? 1 : 0;
                    if (trial.failures == 0) {
                        break;
                    }
                }
            }
        }
        System.out.println(kind + ": " + nth + " places, writer latched " + latched + " times");
        if (kind == OperationKind.WRITE || kind == OperationKind.FORCE) {
            assertTrue(latched > 10, "only " + latched);
        }
    }

    @Test
    void afterAFailedForceOfTheLogNothingIsWrittenUntilReopen() {
        for (int nth = 1; nth < 8; nth++) {
            SimulatedDisk disk = new SimulatedDisk(nth);
            FaultRule rule = FaultRule.on(OperationKind.FORCE)
                    .inFiles("log-0000000000000001"::equals)
                    .fromThe(nth);
            Store store = open(disk);
            disk.faults().add(rule);
            Throwable first = null;
            for (int i = 0; first == null; i++) {
                try {
                    store.put(b("k" + i), new byte[10]);
                } catch (StoreException e) {
                    first = e;
                    assertEquals(null, store.get(b("k" + i)));
                }
            }
            long operations = disk.operationCount();
            for (Durability durability : Durability.values()) {
                WriterFailedException e =
                        assertThrows(WriterFailedException.class, () -> store.put(b("later"), b("v"), durability));
                assertEquals(first.getCause(), e.getCause());
            }
            assertThrows(WriterFailedException.class, store::sync);
            assertThrows(WriterFailedException.class, store::flush);
            assertThrows(WriterFailedException.class, () -> store.keyspace("new"));
            assertThrows(WriterFailedException.class, () -> store.write(new WriteBatch().delete(b("k0"))));
            assertEquals(operations, disk.operationCount(), "a latched writer touches the disk");
            assertEquals(null, store.get(b("later")));
            assertEquals(List.of(), store.keyspaces());
            try {
                store.close();
            } catch (StoreException e) {
                assertTrue(e instanceof WriterFailedException, e.toString());
            }
            assertEquals(0, store.memoryUsedBytes());
        }
    }

    @Test
    void aFullDiskRefusesWritesOneByOneAndRoomHealsIt() {
        SimulatedDisk created = new SimulatedDisk(1);
        open(created).close();
        int refusals = 0;
        int latches = 0;
        int trials = 0;
        int refused;
        do {
            long capacity = used(created) + 401L * trials++;
            Trial trial = run("capacity " + capacity, new SimulatedDisk(1), plan -> plan.capacityBytes(capacity), true);
            refused = trial.refused; // a lack of room is no failure by a rule, and not counted as one
            refusals += refused;
            latches += trial.latched ? 1 : 0;
        } while (refused > 0);
        System.out.println(trials + " capacities, " + refusals + " writes refused, " + latches + " latches");
        assertTrue(refusals > 10, "only " + refusals + " writes were refused");
    }

    private static long used(SimulatedDisk disk) {
        return disk.list().stream()
                .mapToLong(name -> name.equals("LOCK") ? 0 : disk.bytes(name).length)
                .sum();
    }

    @Test
    void aStoreThatCannotBeCreatedIsCreatedOnceThereIsRoom() {
        SimulatedDisk roomy = new SimulatedDisk(1);
        open(roomy).close();
        long operations = roomy.operationCount();
        for (OperationKind kind : OperationKind.values()) {
            for (long nth = 1; nth < operations; nth++) {
                SimulatedDisk disk = new SimulatedDisk(1);
                disk.faults()
                        .add(FaultRule.on(kind).fromThe(nth).forLackOfRoom().leaving(700));
                createThenRetry(kind + " " + nth, disk);
            }
        }
        for (long capacity = 0; capacity < used(roomy) + 1000; capacity += 500) {
            SimulatedDisk disk = new SimulatedDisk(1);
            disk.faults().capacityBytes(capacity);
            createThenRetry("capacity " + capacity, disk);
        }
    }

    private static void createThenRetry(String what, SimulatedDisk disk) {
        try (Store store = open(disk)) {
            store.put(b("k"), b("v"));
        } catch (StoreIOException expected) {
            // whether it was in open, put or close
        } catch (WriterFailedException e) {
            assertNotNull(e.getCause(), what);
        } catch (RuntimeException e) {
            throw new AssertionError(what, e);
        }
        disk.faults().clear();
        try (Store store = open(disk)) {
            store.put(b("k"), b("w"));
            assertEquals("w", s(store.get(b("k"))));
        } catch (RuntimeException e) {
            throw new AssertionError(what + ", then room", e);
        }
    }

    private static void explore(OperationKind kind, int nth, int points, long seed) {
        World world = seed % 2 == 0
                ? World.tiny().withValues(200)
                : World.tiny().with(KeyShape.MIXED, 40).withValues(600);
        FaultRule rule = FaultRule.on(kind).fromThe(nth);
        new CrashExplorer<>(() -> new ModelSubject(new CambiumUnderTest()), seed)
                .withFaults(plan -> plan.add(nth % 2 == 0 ? rule : rule.leaving(600)))
                .with(CrashPlan.everywhere(seed).atMost(points, 1))
                .explore(new OperationGenerator(world, seed).take(40));
    }

    @ParameterizedTest
    @EnumSource(
            value = OperationKind.class,
            names = {"WRITE", "STORE", "FORCE"})
    void recoverKeepsEveryPromiseWhenAFailureCameBeforeTheCrash(OperationKind kind) {
        for (int nth = 1; nth < 40; nth++) {
            explore(kind, nth, 6, nth);
        }
    }

    @Tag("long")
    @ParameterizedTest
    @EnumSource(
            value = OperationKind.class,
            names = {"WRITE", "STORE", "FORCE", "FORCE_DIRECTORY", "CREATE", "DELETE", "RENAME"})
    void recoverKeepsEveryPromiseWhenAnyFailureCameBeforeAnyCrash(OperationKind kind) {
        for (int nth = 1; nth < 60; nth++) {
            for (int seed = 0; seed < 2; seed++) {
                explore(kind, nth, 30, 1000L * nth + seed);
            }
        }
    }

    @Test
    void writesGoOnFarBeyondTheMemoryBudget(@TempDir Path directory) {
        Options options = Options.DEFAULT.withMemoryBudget(16 << 20);
        int puts = 1200;
        try (Store store = Store.open(directory, options)) {
            byte[] value = new byte[50_000];
            for (int i = 0; i < puts; i++) {
                value[0] = (byte) i;
                store.put(b("k" + i), value, Durability.BUFFERED);
                // Three memtables, an eighth for pages, and what works on them: at the smallest budget more than the
                // budget.
                assertTrue(store.stats().memory().totalBytes() <= 22 << 20, store.stats()::toString);
            }
            assertEquals(puts, store.stats().entries());
        }
        try (Store store = Store.open(directory, options)) {
            for (int i = 0; i < puts; i++) {
                assertEquals((byte) i, store.get(b("k" + i))[0]);
            }
        }
    }

    private static long left(Store store) {
        MemoryStats memory = store.stats().memory();
        return memory.budgetBytes() - memory.totalBytes() + memory.freeBytes();
    }

    /** There is no room for the memtable that follows: who asks for a flush is told, and waits for nothing. */
    @Test
    void aFlushForWhichThereIsNoMemoryFailsAtOnce() {
        Options options = Options.DEFAULT.withMemoryBudget(16 << 20);
        List<Snapshot> snapshots = new ArrayList<>();
        SimulatedEnvironment inline = new SimulatedEnvironment(new SimulatedDisk(1), 1);
        try (Store store = Store.open(inline.environment(), options)) {
            int puts = 0;
            while (left(store) > 5 << 19) {
                store.put(b("k" + puts++), new byte[1_000_000], Durability.BUFFERED);
                snapshots.add(store.snapshot());
            }
            List<BufferPool.Buffer> rest = new ArrayList<>();
            for (int length = 1 << 20; length >= BufferPool.PAGE_BYTES; length /= 2) {
                holdAll(store.pool(), length, rest);
            }
            assertTimeoutPreemptively(
                    Duration.ofSeconds(30), () -> assertThrows(MemoryBudgetException.class, store::flush));
            snapshots.forEach(Snapshot::close);
            rest.forEach(store.pool()::free);
            store.flush();
            assertEquals(0, store.get(b("k1"))[0]);
        }
    }

    private static void holdAll(BufferPool pool, int length, List<BufferPool.Buffer> held) {
        try {
            for (; ; ) {
                held.add(pool.hold(MemoryUse.WRITING, length));
            }
        } catch (MemoryBudgetException e) {
            // There is none of that length any more.
        }
    }

    @Test
    void aBudgetHeldBySnapshotsRefusesWritesUntilTheyAreClosed(@TempDir Path directory) {
        Options options = Options.DEFAULT.withMemoryBudget(16 << 20);
        List<Snapshot> snapshots = new ArrayList<>();
        int puts = 0;
        try (Store store = Store.open(directory, options)) {
            byte[] value = new byte[50_000];
            MemoryBudgetException full = null;
            while (full == null) {
                value[0] = (byte) puts;
                try {
                    store.put(b("k" + puts), value, Durability.BUFFERED);
                    snapshots.add(store.snapshot());
                    puts++;
                } catch (MemoryBudgetException e) {
                    full = e;
                }
                assertTrue(puts < 400, "snapshots hold no memory");
            }
            assertTrue(puts > 100, "only " + puts + " values of 50 kB fit into 16 MiB");
            assertTrue(full.getMessage().contains("16777216"), full.getMessage());
            assertEquals(null, store.get(b("k" + puts)));
            for (int i = 0; i < puts; i++) {
                assertEquals((byte) i, store.get(b("k" + i))[0]);
                Snapshot then = snapshots.get(i);
                assertEquals((byte) i, then.get(b("k" + i))[0]);
                assertEquals(null, then.get(b("k" + (i + 1))));
            }
            for (Durability durability : Durability.values()) {
                assertThrows(MemoryBudgetException.class, () -> store.put(b("k"), new byte[60_000], durability));
            }
            try (Cursor cursor = store.cursor()) {
                int seen = 0;
                while (cursor.next()) {
                    seen++;
                }
                assertEquals(puts, seen);
            }
            store.sync();
            snapshots.forEach(Snapshot::close);
            store.put(b("k"), new byte[1_000_000]);
            store.flush();
        }
        try (Store store = Store.open(directory, options)) {
            for (int i = 0; i < puts; i++) {
                assertEquals((byte) i, store.get(b("k" + i))[0]);
            }
            assertEquals(1_000_000, store.get(b("k")).length);
        }
    }
}
