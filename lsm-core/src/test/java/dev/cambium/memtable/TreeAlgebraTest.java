package dev.cambium.memtable;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cambium.segment.log.OperationCode;
import dev.cambium.segment.pool.BufferPool;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.TreeMap;
import java.util.function.Function;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class TreeAlgebraTest {
    private final Arena arena = new Arena(new BufferPool(1L << 30, 64 << 10), 1 << 20);

    @AfterEach
    void releaseArena() {
        arena.release();
    }

    private record Sample(Root root, TreeMap<byte[], Long> model) {}

    private Sample sample(Random random, Function<Random, byte[]> shape, int most, int fanOut) {
        MemTree tree = new MemTree(arena, fanOut, random.nextInt(3));
        TreeMap<byte[], Long> model = new TreeMap<>(Arrays::compareUnsigned);
        int count = random.nextInt(most + 1);
        for (int i = 0; i < count; i++) {
            byte[] key = shape.apply(random);
            long reference = MemTreeTest.operation(
                    arena,
                    i % 5 == 0 ? OperationCode.DELETE : OperationCode.PUT,
                    key,
                    new byte[i % 5 == 0 ? 0 : i % 7]);
            tree.beginStep();
            tree.put(reference, key, 0, key.length);
            tree.endStep();
            model.put(key, reference);
        }
        return new Sample(tree.snapshot(), model);
    }

    private void same(TreeMap<byte[], Long> expected, Root found, String where) {
        same(new ArrayList<>(expected.values()), found, where);
    }

    private void same(List<Long> expected, Root found, String where) {
        assertEquals(expected, new TreeChecker(arena, Long.MAX_VALUE).check(found), where);
        Aggregate sum = Aggregate.of(found.node(), arena, Long.MAX_VALUE);
        assertEquals(expected.size(), sum.count(), where);
        assertEquals(
                expected.stream()
                        .filter(r -> Arena.code(r) == OperationCode.DELETE)
                        .count(),
                sum.tombstones(),
                where);
    }

    @Test
    void splitJoinUnionAndRangesAgreeWithASortedMap() {
        for (int seed = 0; seed < 400; seed++) {
            Random random = new Random(seed);
            String where = "seed " + seed;
            int fanOut = random.nextBoolean() ? 4 : random.nextBoolean() ? 8 : 64;
            Function<Random, byte[]> shape = MemTreeTest.KEY_SHAPES.get(random.nextInt(MemTreeTest.KEY_SHAPES.size()));
            TreeAlgebra algebra = new TreeAlgebra(arena, fanOut, 2, 1_000_000);
            Sample older = sample(random, shape, random.nextInt(600), fanOut);
            Sample newer = sample(random, shape, random.nextInt(600), fanOut);

            TreeMap<byte[], Long> both = new TreeMap<>(older.model);
            both.putAll(newer.model);
            Root union = algebra.union(older.root, newer.root);
            same(both, union, where);

            byte[] key = shape.apply(random);
            TreeAlgebra.Split split = algebra.split(union, key);
            same(new ArrayList<>(both.headMap(key, false).values()), split.below(), where);
            same(new ArrayList<>(both.tailMap(key, true).values()), split.rest(), where);
            same(both, algebra.join(split.below(), split.rest()), where);
            assertEquals(both.headMap(key, false).size(), algebra.rank(union, key), where);

            byte[] to = shape.apply(random);
            List<Long> range = Arrays.compareUnsigned(key, to) < 0
                    ? new ArrayList<>(both.subMap(key, true, to, false).values())
                    : List.of();
            same(range, algebra.range(union, key, to), where);

            int first = random.nextInt(both.size() + 1);
            int last = first + random.nextInt(both.size() - first + 1);
            same(new ArrayList<>(both.values()).subList(first, last), algebra.rangeByRank(union, first, last), where);

            same(older.model, older.root, where);
            same(newer.model, newer.root, where);
        }
    }

    @Test
    void manyJoinsKeepTheTreeShallow() {
        TreeAlgebra algebra = new TreeAlgebra(arena, 4, 0, 5);
        Root joined = Root.empty(1);
        for (int i = 0; i < 5000; i++) {
            byte[] key = MemTreeTest.key(String.format("%06d", i));
            MemTree one = new MemTree(arena, 4, 0);
            one.beginStep();
            one.put(MemTreeTest.operation(arena, OperationCode.PUT, key, new byte[0]), key, 0, key.length);
            one.endStep();
            joined = algebra.join(joined, one.snapshot());
        }
        assertEquals(5000, Aggregate.of(joined.node(), arena, Long.MAX_VALUE).count());
        assertTrue(joined.height() <= 12, "height " + joined.height());
        new TreeChecker(arena, Long.MAX_VALUE).check(joined);
    }

    @Test
    void parallelInsertionAndUnionGiveTheSameTreeAsOneByOne() {
        Random random = new Random(7);
        int count = 60_000;
        TreeMap<byte[], Long> model = new TreeMap<>(Arrays::compareUnsigned);
        MemTree tree = new MemTree(arena);
        for (int round = 0; round < 3; round++) {
            TreeMap<byte[], Long> batch = new TreeMap<>(Arrays::compareUnsigned);
            for (int i = 0; i < count; i++) {
                byte[] key = MemTreeTest.key(String.format("%016d", random.nextInt(1_000_000)));
                batch.put(key, MemTreeTest.operation(arena, OperationCode.PUT, key, new byte[3]));
            }
            long[] sorted = batch.values().stream().mapToLong(Long::longValue).toArray();
            Root before = tree.snapshot();
            tree.beginStep();
            tree.putAll(sorted, sorted.length);
            tree.endStep();
            model.putAll(batch);
            same(model, tree.snapshot(), "round " + round);
            MemTree alone = new MemTree(arena);
            alone.beginStep();
            alone.putAll(sorted, sorted.length);
            alone.endStep();
            TreeAlgebra algebra = new TreeAlgebra(arena, 64, 8, 100);
            same(model, algebra.union(before, alone.snapshot()), "round " + round);
        }
    }
}
