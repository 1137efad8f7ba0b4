package dev.cambium.memtable;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cambium.segment.log.Operation;
import dev.cambium.segment.log.OperationCode;
import dev.cambium.segment.memory.Memory;
import dev.cambium.segment.pool.BufferPool;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.function.Function;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class MemTreeTest {
    private final Arena arena = new Arena(new BufferPool(1L << 30, 64 << 10), 1 << 20);

    @AfterEach
    void releaseArena() {
        arena.release();
    }

    /** Appends an operation with an internal key to the arena. */
    static long operation(Arena arena, int code, byte[] key, byte[] value) {
        int length = Operation.length(key.length, value.length);
        long place = arena.allocate(length);
        Memory memory = arena.memory(place);
        int at = Arena.offset(place);
        Operation.putHeader(memory, at, code, key.length, value.length);
        memory.put(at + Operation.KEY_OFFSET, key, 0, key.length);
        memory.put(at + Operation.KEY_OFFSET + key.length, value, 0, value.length);
        return Arena.reference(code, place);
    }

    private long put(MemTree tree, byte[] key, int value) {
        long reference =
                operation(arena, OperationCode.PUT, key, Integer.toString(value).getBytes(StandardCharsets.UTF_8));
        tree.put(reference, key, 0, key.length);
        return reference;
    }

    static byte[] key(String text) {
        byte[] user = text.getBytes(StandardCharsets.ISO_8859_1);
        byte[] key = new byte[user.length + 4];
        System.arraycopy(user, 0, key, 4, user.length);
        return key;
    }

    /** Shapes of keys that have been trouble: no common bytes, long common ones, one a prefix of the next, bytes above 127. */
    static final List<Function<Random, byte[]>> KEY_SHAPES = List.of(
            random -> key(Integer.toString(random.nextInt(3000))),
            random -> key(String.format("%016d", random.nextInt(3000))),
            random -> key("user:account:" + "x".repeat(random.nextInt(3)) + random.nextInt(1000)),
            random -> key("a".repeat(random.nextInt(300))),
            random -> key("\0".repeat(random.nextInt(40)) + "b".repeat(random.nextInt(2))),
            random -> {
                byte[] bytes = new byte[4 + random.nextInt(12)];
                random.nextBytes(bytes);
                Arrays.fill(bytes, 0, 3, (byte) 0);
                bytes[3] = (byte) random.nextInt(3);
                return bytes;
            });

    @ParameterizedTest
    @CsvSource({"4,0", "4,3", "6,2", "64,8", "64,0"})
    void behavesLikeASortedMapUnderPutsBatchesAndSnapshots(int fanOut, int tail) {
        for (int seed = 0; seed < 60; seed++) {
            Random random = new Random(seed);
            Function<Random, byte[]> shape = KEY_SHAPES.get(seed % KEY_SHAPES.size());
            MemTree tree = new MemTree(arena, fanOut, tail);
            TreeMap<byte[], Long> model = new TreeMap<>(Arrays::compareUnsigned);
            Map<Root, TreeMap<byte[], Long>> snapshots = new java.util.LinkedHashMap<>();
            int steps = random.nextInt(700);
            for (int step = 0; step < steps; step++) {
                int choice = random.nextInt(40);
                if (choice == 0) {
                    snapshots.put(tree.snapshot(), new TreeMap<>(model));
                } else if (choice < 3) {
                    TreeMap<byte[], Long> batch = new TreeMap<>(Arrays::compareUnsigned);
                    for (int i = random.nextInt(50); i >= 0; i--) {
                        byte[] key = shape.apply(random);
                        batch.put(key, operation(arena, OperationCode.PUT, key, new byte[i]));
                    }
                    long[] sorted =
                            batch.values().stream().mapToLong(Long::longValue).toArray();
                    int before = model.size();
                    model.putAll(batch);
                    tree.beginStep();
                    BulkInsert.Outcome outcome = tree.putAll(sorted, sorted.length);
                    tree.endStep();
                    assertEquals(model.size() - before, outcome.added());
                } else {
                    byte[] key = shape.apply(random);
                    tree.beginStep();
                    Long reference = put(tree, key, step);
                    tree.endStep();
                    model.put(key, reference);
                }
            }
            String where = "seed " + seed;
            TreeChecker checker = new TreeChecker(arena, tree.currentStamp());
            assertEquals(new ArrayList<>(model.values()), checker.check(tree.current()), where);
            snapshots.forEach((root, then) -> {
                assertEquals(new ArrayList<>(then.values()), checker.check(root), where);
                readsLike(tree, root, then, shape, random, where);
            });
            readsLike(tree, tree.snapshot(), model, shape, random, where);
        }
    }

    private void readsLike(
            MemTree tree,
            Root root,
            TreeMap<byte[], Long> model,
            Function<Random, byte[]> shape,
            Random random,
            String where) {
        Aggregate sum = tree.aggregate(root);
        assertEquals(model.size(), sum.count(), where);
        assertEquals(model.values().stream().mapToLong(arena::entryBytes).sum(), sum.bytes(), where);
        TreeCursor cursor = new TreeCursor(arena, root);
        for (int i = 0; i < 20; i++) {
            byte[] key = shape.apply(random);
            assertEquals(model.getOrDefault(key, 0L), tree.find(root, key, 0, key.length), where);
            walk(cursor, cursor.seek(key, 0, key.length), true, model.tailMap(key, true), where);
            walk(
                    cursor,
                    cursor.seekFloor(key, 0, key.length),
                    false,
                    model.headMap(key, true).descendingMap(),
                    where);
        }
        walk(cursor, cursor.first(), true, model, where);
        walk(cursor, cursor.last(), false, model.descendingMap(), where);
    }

    private static void walk(TreeCursor cursor, boolean on, boolean forward, Map<byte[], Long> expected, String where) {
        for (Long reference : expected.values()) {
            assertTrue(on, where);
            assertEquals(reference, cursor.reference(), where);
            on = forward ? cursor.next() : cursor.previous();
        }
        assertTrue(!on, where);
    }

    @Test
    void ascendingLoadLeavesFullLeavesBehind() {
        MemTree tree = new MemTree(arena);
        tree.beginStep();
        for (int i = 0; i < 64 * 100; i++) {
            put(tree, key(String.format("%016d", i)), i);
        }
        tree.endStep();
        assertEquals(1 + 1 * 100, nodes(tree.current().node()) - (tree.current().height() - 1) * 3, 3);
        new TreeChecker(arena, tree.currentStamp()).check(tree.current());
    }

    private static int nodes(Object node) {
        int sum = 1;
        if (node instanceof Inner inner) {
            for (int i = 0; i < inner.children.length; i++) {
                sum += nodes(inner.child(i));
            }
        }
        return sum;
    }

    @Test
    void snapshotTakenBetweenStepsNeverChanges() {
        MemTree tree = new MemTree(arena, 4, 3);
        tree.beginStep();
        put(tree, key("a"), 1);
        tree.endStep();
        Root then = tree.snapshot();
        List<Long> before = new TreeChecker(arena, tree.currentStamp()).check(then);
        tree.beginStep();
        for (int i = 0; i < 100; i++) {
            put(tree, key("a"), i);
            put(tree, key("b" + i), i);
        }
        tree.endStep();
        assertEquals(before, new TreeChecker(arena, tree.currentStamp()).check(then));
        assertEquals(101, tree.aggregate(tree.snapshot()).count());
    }

    @Test
    void snapshotRefusesARootThatAStepOfItsOwnStampHasPublished() {
        MemTree tree = new MemTree(arena, 4, 3);
        tree.beginStep();
        put(tree, key("a"), 1);
        tree.endStep();
        long raised = tree.raiseStamp();
        assertSame(tree.current(), tree.rootBelow(raised));

        tree.beginStep(); // between the snapshot's raise and its look at the root
        put(tree, key("a"), 2);
        tree.endStep();
        assertNull(tree.rootBelow(raised), "the writer still changes this root in place");
        assertTrue(tree.snapshot().stamp() < tree.currentStamp());
    }

    @Test
    void sortKeepsTheNewestOfEachKeyAndABuildKeepsTheOrder() {
        for (int seed = 0; seed < 200; seed++) {
            Random random = new Random(seed);
            Function<Random, byte[]> shape = KEY_SHAPES.get(seed % KEY_SHAPES.size());
            TreeMap<byte[], Long> model = new TreeMap<>(Arrays::compareUnsigned);
            int count = random.nextInt(seed % 40 == 1 ? 60_000 : 400);
            long[] references = new long[count];
            for (int i = 0; i < count; i++) {
                byte[] key = shape.apply(random);
                references[i] = operation(arena, OperationCode.PUT, key, new byte[0]);
                model.put(key, references[i]);
            }
            SortedEntries sorted = ReferenceSort.sortNewestOnly(arena, references, count);
            int kept = sorted.count();
            assertArrayEquals(
                    model.values().stream().mapToLong(Long::longValue).toArray(),
                    Arrays.copyOf(references, kept),
                    "seed " + seed);
            for (int fanOut : new int[] {4, 64}) {
                Root built = new TreeBuilder(arena, fanOut, 3, 1, sorted).build();
                assertEquals(
                        new ArrayList<>(model.values()), new TreeChecker(arena, 1).check(built), "built, seed " + seed);
            }
        }
    }
}
