package dev.cambium.memtable;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;

/** Checks the invariants that the head of {@link MemTree} lists, and reads a tree back in key order. */
final class TreeChecker {
    private final Arena arena;
    private final long currentStamp;

    TreeChecker(Arena arena, long currentStamp) {
        this.arena = arena;
        this.currentStamp = currentStamp;
    }

    /** The references in key order, after every invariant has been checked. */
    List<Long> check(Root root) {
        List<Long> out = new ArrayList<>();
        check(root.node(), root.height(), currentStamp, 0, 0, out);
        for (int i = 1; i < out.size(); i++) {
            assertTrue(arena.compareKeys(out.get(i - 1), out.get(i)) < 0, "keys ascend");
        }
        return out;
    }

    private void check(Object node, int level, long parentStamp, long low, long high, List<Long> out) {
        assertTrue(Inner.stampOf(node) <= parentStamp, "a child's stamp is not above its parent's");
        if (level == 0) {
            long[] leaf = (long[]) node;
            int count = KeyBlock.count(leaf);
            assertTrue(count <= KeyBlock.capacity(leaf));
            checkBlock(leaf, count);
            long[] heads = new long[count];
            long[] references = new long[count];
            KeyBlock.inOrder(leaf, arena, count, heads, references, 0);
            for (long reference : references) {
                assertTrue(low == 0 || arena.compareKeys(reference, low) >= 0, "not below the separator");
                assertTrue(high == 0 || arena.compareKeys(reference, high) < 0, "below the next separator");
                out.add(reference);
            }
            return;
        }
        Inner inner = (Inner) node;
        int separators = inner.children.length - 1;
        assertEquals(separators, KeyBlock.sorted(inner.separators));
        checkBlock(inner.separators, separators);
        for (int i = 0; i <= separators; i++) {
            check(
                    inner.child(i),
                    level - 1,
                    inner.stamp,
                    i == 0 ? low : KeyBlock.reference(inner.separators, i - 1),
                    i == separators ? high : KeyBlock.reference(inner.separators, i),
                    out);
        }
    }

    private void checkBlock(long[] block, int count) {
        int prefixLength = KeyBlock.prefixLength(block);
        for (int i = 0; i < count; i++) {
            long reference = KeyBlock.reference(block, i);
            byte[] key = arena.key(reference);
            assertTrue(key.length >= prefixLength);
            assertEquals(0, KeyBlock.comparePrefix(block, key, 0, key.length), "every key has the prefix");
            assertEquals(arena.head(reference, prefixLength), KeyBlock.head(block, i), "heads agree with the arena");
            if (i > 0 && i < KeyBlock.sorted(block)) {
                assertTrue(arena.compareKeys(KeyBlock.reference(block, i - 1), reference) < 0, "sorted part ascends");
            }
        }
    }
}
