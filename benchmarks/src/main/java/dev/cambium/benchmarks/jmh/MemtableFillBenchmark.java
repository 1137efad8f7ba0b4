package dev.cambium.benchmarks.jmh;

import dev.cambium.benchmarks.KeyForm;
import dev.cambium.benchmarks.Permutation;
import dev.cambium.memtable.MemTree;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/** A put, as the mean over the fill of an empty memtable with a million keys in random order; nothing is logged. */
@State(Scope.Thread)
@BenchmarkMode(Mode.SingleShotTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@OperationsPerInvocation(MemtableFillBenchmark.ENTRIES)
public class MemtableFillBenchmark {
    static final int ENTRIES = 1_000_000;

    @Param
    public KeyForm keys;

    private final int[] order = Permutation.random(ENTRIES, 1);
    private TreeFixture trees;
    private SkipListFixture skipLists;

    @Setup(Level.Iteration)
    public void makeEmpty() {
        trees = new TreeFixture(keys);
        skipLists = new SkipListFixture(keys);
        System.gc();
    }

    @TearDown(Level.Iteration)
    public void release() {
        trees.release();
    }

    /** The memtable's tree as the store has it. */
    @Benchmark
    public Object tree() {
        return fill(MemTree.TAIL_CAPACITY);
    }

    /** The tree with leaves that are built anew by each put. */
    @Benchmark
    public Object treeWithoutTail() {
        return fill(0);
    }

    private MemTree fill(int tailCapacity) {
        MemTree tree = trees.tree(tailCapacity);
        for (int number : order) {
            trees.put(tree, number);
        }
        return tree;
    }

    @Benchmark
    public Object skipList() {
        ConcurrentSkipListMap<byte[], byte[]> map = skipLists.map();
        for (int number : order) {
            skipLists.put(map, number);
        }
        return map;
    }
}
