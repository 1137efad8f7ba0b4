package dev.cambium.benchmarks.jmh;

import dev.cambium.benchmarks.KeyForm;
import dev.cambium.benchmarks.Permutation;
import dev.cambium.memtable.MemTree;
import dev.cambium.memtable.Root;
import dev.cambium.memtable.TreeAlgebra;
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

/** The union of two trees whose keys lie between each other; the inputs stay as they are. Uses the common pool. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
public class TreeUnionBenchmark {
    @Param({"500000+500000", "1000000+10000"})
    public String sizes;

    private TreeFixture trees;
    private Root older;
    private Root newer;
    private TreeAlgebra algebra;

    @Setup
    public void fill() {
        String[] parts = sizes.split("\\+");
        int olderCount = Integer.parseInt(parts[0]);
        int newerCount = Integer.parseInt(parts[1]);
        int total = olderCount + newerCount;
        int[] numbers = Permutation.random(total, 1);
        trees = new TreeFixture(KeyForm.DECIMAL);
        MemTree olderTree = trees.tree(MemTree.TAIL_CAPACITY);
        MemTree newerTree = trees.tree(MemTree.TAIL_CAPACITY);
        for (int i = 0; i < total; i++) {
            trees.put(i < olderCount ? olderTree : newerTree, numbers[i]);
        }
        older = olderTree.snapshot();
        newer = newerTree.snapshot();
        long stamp = Math.max(olderTree.currentStamp(), newerTree.currentStamp());
        algebra = new TreeAlgebra(trees.arena(), MemTree.FAN_OUT, MemTree.TAIL_CAPACITY, stamp);
        long count = algebra.rank(union(), maximum());
        if (count != total) {
            throw new IllegalStateException("the union has " + count + " entries, not " + total);
        }
    }

    private static byte[] maximum() {
        return new byte[] {-1};
    }

    @TearDown
    public void release() {
        trees.release();
    }

    @Benchmark
    public Root union() {
        return algebra.union(older, newer);
    }
}
