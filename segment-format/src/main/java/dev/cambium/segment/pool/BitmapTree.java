package dev.cambium.segment.pool;

import java.util.Arrays;

/**
 * A set of small numbers that finds its least member in a few steps: a tree of bitmaps, in which a bit says whether the word of 64 bits below
 * it has any. 64 to the number of levels numbers fit; 16 million take four levels, and 2 MiB.
 *
 * <p>Cost: a change or a search touches one word a level. For one thread at a time.
 */
final class BitmapTree {
    private static final int SHIFT = 6;

    private long[][] levels = new long[1][1]; // members first, the root, one word, last
    private int bound;
    private int size;

    /** An empty set of numbers below {@code bound}. */
    BitmapTree(int bound) {
        resize(bound);
    }

    /** Changes the bound. There are no members beyond the new one. */
    void resize(int newBound) {
        long[][] resized = new long[levelsFor(newBound)][];
        int words = newBound;
        for (int level = 0; level < resized.length; level++) {
            words = Math.max(1, wordsFor(words));
            resized[level] = level < levels.length ? Arrays.copyOf(levels[level], words) : new long[words];
        }
        // A level that is new has one bit a word of the level below, which so far was the root.
        for (int level = levels.length; level < resized.length; level++) {
            if (resized[level - 1][0] != 0) {
                resized[level][0] = 1;
            }
        }
        levels = resized;
        bound = newBound;
    }

    private static int levelsFor(int bound) {
        int levels = 1;
        for (int words = wordsFor(bound); words > 1; words = wordsFor(words)) {
            levels++;
        }
        return levels;
    }

    private static int wordsFor(int bits) {
        return (bits + 63) >>> SHIFT;
    }

    int size() {
        return size;
    }

    boolean contains(int number) {
        return number >= 0 && number < bound && (levels[0][number >>> SHIFT] >>> number & 1) != 0;
    }

    /** Adds a number that is not a member. */
    void add(int number) {
        size++;
        int at = number;
        for (long[] level : levels) {
            int word = at >>> SHIFT;
            long before = level[word];
            level[word] = before | 1L << at;
            if (before != 0) {
                return; // the levels above know of it
            }
            at = word;
        }
    }

    /** Takes a member out. */
    void remove(int number) {
        size--;
        int at = number;
        for (long[] level : levels) {
            int word = at >>> SHIFT;
            level[word] &= ~(1L << at);
            if (level[word] != 0) {
                return;
            }
            at = word;
        }
    }

    /** The least member, or -1. */
    int first() {
        if (size == 0) {
            return -1;
        }
        int at = 0;
        for (int level = levels.length - 1; level >= 0; level--) {
            at = at << SHIFT | Long.numberOfTrailingZeros(levels[level][at]);
        }
        return at;
    }
}
