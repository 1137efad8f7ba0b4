package dev.cambium.benchmarks.jmh;

import dev.cambium.benchmarks.KeyForm;
import dev.cambium.benchmarks.Permutation;
import dev.cambium.memtable.MemTree;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/** A get of a random key out of a million that are there, with the copy of its value. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class MemtableGetBenchmark {
    private static final int ENTRIES = 1_000_000;

    @Param
    public KeyForm keys;

    /** The state of one structure only, so that the others take no memory. */
    @State(Scope.Thread)
    public static class FilledTree {
        TreeFixture trees;
        MemTree tree;
        long at;

        @Setup
        public void fill(MemtableGetBenchmark benchmark) {
            trees = new TreeFixture(benchmark.keys);
            tree = trees.tree(MemTree.TAIL_CAPACITY);
            for (int number : Permutation.random(ENTRIES, 1)) {
                trees.put(tree, number);
            }
            for (int number = 0; number < 1000; number++) {
                if (!trees.isValue(number, trees.get(tree, tree.current(), number))) {
                    throw new IllegalStateException("entry " + number + " reads wrong");
                }
            }
        }

        @TearDown
        public void release() {
            trees.release();
        }
    }

    /** The skip list with as many entries. */
    @State(Scope.Thread)
    public static class FilledSkipList {
        SkipListFixture skipLists;
        ConcurrentSkipListMap<byte[], byte[]> map;
        long at;

        @Setup
        public void fill(MemtableGetBenchmark benchmark) {
            skipLists = new SkipListFixture(benchmark.keys);
            map = skipLists.map();
            for (int number : Permutation.random(ENTRIES, 1)) {
                skipLists.put(map, number);
            }
        }
    }

    @Benchmark
    public byte[] tree(FilledTree state) {
        return state.trees.get(state.tree, state.tree.current(), random(state.at++));
    }

    @Benchmark
    public byte[] skipList(FilledSkipList state) {
        return state.skipLists.get(state.map, random(state.at++));
    }

    private static long random(long step) {
        return (KeyForm.mix(step) >>> 1) % ENTRIES;
    }
}
