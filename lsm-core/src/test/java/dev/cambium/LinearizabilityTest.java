package dev.cambium;

import dev.cambium.segment.runtime.Environment;
import dev.cambium.segment.runtime.Parker;
import dev.cambium.testkit.SimulatedEnvironment;
import dev.cambium.testkit.disk.SimulatedDisk;
import java.util.List;
import java.util.TreeMap;
import java.util.concurrent.locks.LockSupport;
import org.jetbrains.lincheck.datastructures.IntGen;
import org.jetbrains.lincheck.datastructures.ManagedStrategyGuaranteeKt;
import org.jetbrains.lincheck.datastructures.ModelCheckingOptions;
import org.jetbrains.lincheck.datastructures.Operation;
import org.jetbrains.lincheck.datastructures.Param;
import org.jetbrains.lincheck.datastructures.StressOptions;
import org.jetbrains.lincheck.datastructures.Validate;
import org.jetbrains.lincheck.util.LoggingLevel;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * The store under Lincheck: all results of concurrent calls are those of some order of the calls, one after the other.
 */
class LinearizabilityTest {
    /**
     * Where the model checker switches no threads: off-heap memory, which it takes for fields that it does not find;
     * what works on
     * arrays before they are published; and what only the commit leader enters.
     */
    private static final List<String> OPAQUE = List.of(
            "net.openhft.",
            "dev.cambium.segment.",
            "dev.cambium.testkit.",
            "dev.cambium.log.",
            "dev.cambium.error.",
            "dev.cambium.compaction.Blocked",
            "dev.cambium.commit.OperationBuffer",
            "dev.cambium.memtable.Arena",
            "dev.cambium.memtable.KeyBlock",
            "dev.cambium.memtable.ReferenceSort",
            "dev.cambium.memtable.TreeAlgebra",
            "dev.cambium.memtable.BulkInsert",
            "dev.cambium.memtable.Nodes",
            "dev.cambium.WriteBatch",
            "dev.cambium.Limits");

    /**
     * Operations on three keys that stand in leaves of their own, so that a put changes an inner node in place. A
     * memtable is sealed
     * after one or two large values.
     */
    @Param(name = "key", gen = IntGen.class, conf = "1:3")
    @Param(name = "value", gen = IntGen.class, conf = "1:9")
    public static class Subject {
        /**
         * Whether large values are merged at once: versions are installed, zones dropped, and readers left with pages of runs that are gone.
         * Not where interleavings are chosen: two readers who load a page wait for each other in a way that the chooser does not see.
         */
        private static volatile boolean compacts;

        private final Store store;

        public Subject() {
            SimulatedEnvironment simulated = new SimulatedEnvironment(new SimulatedDisk(1), 1);
            Environment inside = simulated.environment();
            store = Store.open(
                    new Environment(
                            inside.disk(), inside.clock(), inside.random(), new SeenParker(), inside.executor()),
                    Options.DEFAULT.withMemoryBudget(64 << 20).withMemtableBytes(6 << 10));
            WriteBatch others = new WriteBatch();
            for (int i = 0; i < 200; i++) {
                others.put(new byte[] {(byte) i, 1}, new byte[] {-1});
            }
            store.write(others, Durability.NONE);
        }

        private static byte[] value(int number) {
            return new byte[] {(byte) number};
        }

        private static byte[] bytes(int number) {
            return new byte[] {(byte) (number * 60)};
        }

        private static int number(byte[] value) {
            return value == null ? 0 : value[0];
        }

        @Operation
        public void put(@Param(name = "key") int key, @Param(name = "value") int value) {
            store.put(bytes(key), value(value), Durability.BUFFERED);
        }

        @Operation
        public void putSync(@Param(name = "key") int key, @Param(name = "value") int value) {
            store.put(bytes(key), value(value));
        }

        /** A value that fills the memtable, so that the next write seals it. */
        @Operation
        public void putLarge(@Param(name = "key") int key, @Param(name = "value") int value) {
            byte[] large = new byte[3000];
            large[0] = (byte) value;
            store.put(bytes(key), large, Durability.NONE);
            if (compacts) {
                store.compact();
            }
        }

        @Operation
        public void delete(@Param(name = "key") int key) {
            store.delete(bytes(key), Durability.BUFFERED);
        }

        @Operation
        public void writeTwo(@Param(name = "key") int key, @Param(name = "value") int value) {
            store.write(
                    new WriteBatch().put(bytes(key), value(value)).put(bytes(key % 3 + 1), value(value)),
                    Durability.BUFFERED);
        }

        @Operation
        public int get(@Param(name = "key") int key) {
            return number(store.get(bytes(key)));
        }

        @Operation
        public String getTwoFromSnapshot(@Param(name = "key") int key) {
            try (Snapshot snapshot = store.snapshot()) {
                return number(snapshot.get(bytes(key))) + " " + number(snapshot.get(bytes(key % 3 + 1)));
            }
        }

        @Operation
        public String scan() {
            StringBuilder found = new StringBuilder();
            try (Cursor cursor = store.cursor()) {
                for (int key = 1; key <= 3; key++) {
                    if (cursor.seek(bytes(key)) && cursor.key().length == 1) {
                        found.append(key).append('=').append(cursor.value()[0]).append(' ');
                    }
                }
            }
            return found.toString();
        }

        @Operation
        public String scanDown() {
            String found = "";
            try (Cursor cursor = store.cursor()) {
                for (int key = 3; key >= 1; key--) {
                    if (cursor.seekFloor(bytes(key)) && cursor.key().length == 1) {
                        found = key + "=" + cursor.value()[0] + " " + found;
                    }
                }
            }
            return found;
        }

        /** The last call of each run: nothing is left behind. */
        @Validate
        public void close() {
            store.close();
            if (store.memoryUsedBytes() != 0) {
                throw new IllegalStateException(store.memoryUsedBytes() + " bytes stay behind");
            }
        }
    }

    /** Parks as the real one does, in a class whose calls the model checker sees: it must know that a waiter does not run. */
    private static final class SeenParker implements Parker {
        @Override
        public void park(Object blocker) {
            LockSupport.park(blocker);
        }

        @Override
        public void parkNanos(Object blocker, long nanos) {
            LockSupport.parkNanos(blocker, nanos);
        }

        @Override
        public void unpark(Thread thread) {
            LockSupport.unpark(thread);
        }
    }

    /** What the operations mean, one after the other. */
    public static class Model {
        private final TreeMap<Integer, Integer> entries = new TreeMap<>();

        public void put(int key, int value) {
            entries.put(key, value);
        }

        public void putSync(int key, int value) {
            entries.put(key, value);
        }

        public void putLarge(int key, int value) {
            entries.put(key, value);
        }

        public void delete(int key) {
            entries.remove(key);
        }

        public void writeTwo(int key, int value) {
            entries.put(key, value);
            entries.put(key % 3 + 1, value);
        }

        public int get(int key) {
            return entries.getOrDefault(key, 0);
        }

        public String getTwoFromSnapshot(int key) {
            return get(key) + " " + get(key % 3 + 1);
        }

        public String scan() {
            StringBuilder found = new StringBuilder();
            entries.forEach(
                    (key, value) -> found.append(key).append('=').append(value).append(' '));
            return found.toString();
        }

        public String scanDown() {
            return scan();
        }
    }

    private static void modelCheck(int scenarios, int interleavings) {
        Subject.compacts = false;
        new ModelCheckingOptions()
                .threads(2)
                .actorsPerThread(2)
                .actorsBefore(1)
                .actorsAfter(1)
                .iterations(scenarios)
                .invocationsPerIteration(interleavings)
                .loopBound(5000) // a waiter spins before it parks
                .addGuarantee(ManagedStrategyGuaranteeKt.forClasses(
                                name -> OPAQUE.stream().anyMatch(name::startsWith))
                        .allMethods()
                        .ignore())
                .logLevel(LoggingLevel.ERROR)
                .sequentialSpecification(Model.class)
                .check(Subject.class);
    }

    private static void stress(int scenarios, int runs) {
        Subject.compacts = true;
        new StressOptions()
                .threads(3)
                .actorsPerThread(4)
                .actorsBefore(2)
                .actorsAfter(1)
                .iterations(scenarios)
                .invocationsPerIteration(runs)
                .logLevel(LoggingLevel.ERROR)
                .sequentialSpecification(Model.class)
                .check(Subject.class);
    }

    @Test
    void concurrentCallsAreLinearizable() {
        stress(15, 200);
    }

    @Tag("long")
    @Test
    void manyChosenInterleavingsAreLinearizable() {
        modelCheck(3, 60);
    }

    @Tag("long")
    @Test
    void manyConcurrentCallsAreLinearizable() {
        stress(60, 500);
    }
}
