package dev.cambium.memtable;

import java.util.Arrays;

/**
 * A growing list of neighbouring nodes of one level, each with the key that separates it from the one before. What bulk
 * operations collect a level in before they cut it into nodes of the next.
 */
final class Nodes {
    Object[] nodes = new Object[8];
    long[] separators = new long[8];
    int size;

    /** @param separator smallest key that belongs under {@code node}; of no meaning for the first of the list */
    void add(Object node, long separator) {
        if (size == nodes.length) {
            nodes = Arrays.copyOf(nodes, 2 * size);
            separators = Arrays.copyOf(separators, 2 * size);
        }
        nodes[size] = node;
        separators[size++] = separator;
    }

    void addAll(Nodes other, long firstSeparator) {
        for (int i = 0; i < other.size; i++) {
            add(other.nodes[i], i == 0 ? firstSeparator : other.separators[i]);
        }
    }

    /** Cuts this level into inner nodes of even size, onto {@code out}. */
    void cut(Arena arena, int fanOut, long stamp, Nodes out) {
        int pieces = (size + fanOut - 1) / fanOut;
        for (int piece = 0, from = 0; piece < pieces; piece++) {
            int to = (int) ((long) size * (piece + 1) / pieces);
            long[] between = KeyBlock.build(arena, separators, from + 1, to, 0, stamp);
            out.add(new Inner(stamp, between, Arrays.copyOfRange(nodes, from, to)), separators[from]);
            from = to;
        }
    }

    /** Cuts level after level until one node is left. */
    Root toRoot(Arena arena, int fanOut, long stamp, int height) {
        Nodes level = this;
        while (level.size > 1) {
            Nodes above = new Nodes();
            level.cut(arena, fanOut, stamp, above);
            level = above;
            height++;
        }
        return new Root(level.nodes[0], height);
    }

    /** An inner node over {@code children[from, to)}, whose separators are {@code separators[from, to - 1)} of a block. */
    static Inner inner(Arena arena, long[] separators, Object[] children, int from, int to, long stamp) {
        int count = to - from - 1;
        long[] references = new long[count];
        for (int i = 0; i < count; i++) {
            references[i] = KeyBlock.reference(separators, from + i);
        }
        return new Inner(
                stamp, KeyBlock.build(arena, references, 0, count, 0, stamp), Arrays.copyOfRange(children, from, to));
    }
}
