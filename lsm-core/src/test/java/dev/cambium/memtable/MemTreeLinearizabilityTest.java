package dev.cambium.memtable;

import dev.cambium.segment.log.Operation;
import dev.cambium.segment.log.OperationCode;
import dev.cambium.segment.memory.Memory;
import dev.cambium.segment.pool.BufferPool;
import java.util.List;
import java.util.TreeMap;
import org.jetbrains.lincheck.datastructures.IntGen;
import org.jetbrains.lincheck.datastructures.ManagedStrategyGuaranteeKt;
import org.jetbrains.lincheck.datastructures.ModelCheckingOptions;
import org.jetbrains.lincheck.datastructures.Param;
import org.jetbrains.lincheck.datastructures.Validate;
import org.jetbrains.lincheck.util.LoggingLevel;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * The tree under Lincheck's model checker: one writer, any readers, threads switched between any two accesses to shared
 * memory.
 */
class MemTreeLinearizabilityTest {
    /**
     * Off-heap memory, which the model checker takes for fields that it does not find; what stands there is published
     * by nodes.
     */
    private static final List<String> OPAQUE =
            List.of("net.openhft.", "dev.cambium.segment.", "dev.cambium.memtable.Arena", "dev.cambium.error.");

    /** A tree of nodes so small that the keys stand in several leaves. */
    @Param(name = "key", gen = IntGen.class, conf = "1:2")
    @Param(name = "value", gen = IntGen.class, conf = "1:9")
    public static class Subject {
        private final Arena arena = new Arena(new BufferPool(1 << 20, 64 << 10), 4096);
        private final MemTree tree = new MemTree(arena, 4, 2);

        public Subject() {
            tree.beginStep();
            for (byte[] key :
                    new byte[][] {other(5), other(1), key(1), other(8), other(3), key(2), other(7), other(0), other(2)
                    }) {
                tree.put(MemTreeTest.operation(arena, OperationCode.PUT, key, new byte[1]), key, 0, key.length);
            }
            tree.endStep();
        }

        /**
         * A key that stands between those that are written; it, and some of those, are there from the beginning, with a
         * 0.
         */
        private static byte[] other(int number) {
            return new byte[] {0, 0, 0, 0, (byte) (number / 2), (byte) (1 + number % 2)};
        }

        private static byte[] key(int number) {
            return new byte[] {0, 0, 0, 0, (byte) number};
        }

        private long operation(int key, int value) {
            return MemTreeTest.operation(arena, OperationCode.PUT, key(key), new byte[] {(byte) value});
        }

        @org.jetbrains.lincheck.datastructures.Operation(nonParallelGroup = "writer")
        public void put(@Param(name = "key") int key, @Param(name = "value") int value) {
            byte[] bytes = key(key);
            tree.beginStep();
            tree.put(operation(key, value), bytes, 0, bytes.length);
            tree.endStep();
        }

        @org.jetbrains.lincheck.datastructures.Operation(nonParallelGroup = "writer")
        public void putBatch(@Param(name = "value") int value) {
            tree.beginStep();
            tree.putAll(new long[] {operation(1, value), operation(2, value)}, 2);
            tree.endStep();
        }

        @org.jetbrains.lincheck.datastructures.Operation
        public int get(@Param(name = "key") int key) {
            return find(tree.current(), key);
        }

        /** Reads a frozen tree twice: the second time it has not changed. */
        @org.jetbrains.lincheck.datastructures.Operation
        public String snapshot() {
            Root frozen = tree.snapshot();
            String once = find(frozen, 1) + " " + find(frozen, 2) + " ";
            return once + find(frozen, 1) + " " + find(frozen, 2);
        }

        private int find(Root root, int key) {
            byte[] bytes = key(key);
            long reference = tree.find(root, bytes, 0, bytes.length);
            if (reference == 0) {
                return 0;
            }
            Memory memory = arena.memory(reference);
            return memory.getByte(Operation.valueOffset(memory, Arena.offset(reference)));
        }

        @Validate
        public void release() {
            arena.release();
        }
    }

    /** What the operations mean, one after the other. */
    public static class Model {
        private final TreeMap<Integer, Integer> entries = new TreeMap<>();

        public void put(int key, int value) {
            entries.put(key, value);
        }

        public void putBatch(int value) {
            entries.put(1, value);
            entries.put(2, value);
        }

        public int get(int key) {
            return entries.getOrDefault(key, 0);
        }

        public String snapshot() {
            return get(1) + " " + get(2) + " " + get(1) + " " + get(2);
        }
    }

    /**
     * @param insideNodes whether threads are switched inside the search of a node too, which makes many more
     * interleavings
     */
    private static void check(int threads, int scenarios, int interleavings, boolean insideNodes) {
        new ModelCheckingOptions()
                .threads(threads)
                .actorsPerThread(2)
                .actorsBefore(0)
                .actorsAfter(0)
                .iterations(scenarios)
                .invocationsPerIteration(interleavings)
                .loopBound(2000) // a snapshot spins before it yields
                .addGuarantee(ManagedStrategyGuaranteeKt.forClasses(
                                name -> OPAQUE.stream().anyMatch(name::startsWith)
                                        || !insideNodes && name.startsWith("dev.cambium.memtable.KeyBlock"))
                        .allMethods()
                        .ignore())
                .logLevel(LoggingLevel.ERROR)
                .sequentialSpecification(Model.class)
                .check(Subject.class);
    }

    @Test
    void readersSeeEachWriteAtOnePointWhereverThreadsAreSwitched() {
        check(2, 9, 150, false);
    }

    @Tag("long")
    @Test
    void readersSeeEachWriteAtOnePointInLongerRuns() {
        check(2, 40, 1000, false);
        check(2, 40, 1000, true);
        check(3, 20, 1000, false);
    }
}
