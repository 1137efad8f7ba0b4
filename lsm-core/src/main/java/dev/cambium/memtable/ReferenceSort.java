package dev.cambium.memtable;

import java.util.concurrent.RecursiveAction;

/**
 * A stable merge sort of references by key, on heads taken after the common prefix of all of them; equal heads ask the arena.
 * Input that is sorted already costs one pass; large input is sorted by several threads of the common pool, with the same result.
 */
final class ReferenceSort {
    private static final int INSERTION_BELOW = 24;
    private static final int PARALLEL_FROM = 1 << 14;

    private ReferenceSort() {}

    /**
     * Sorts {@code references[0, count)} by key and keeps the last of each key, which is the newest.
     *
     * @return how many are left
     */
    static int sortNewestOnly(Arena arena, long[] references, int count) {
        if (count < 2) {
            return count;
        }
        int prefixLength = arena.keyLength(references[0]);
        for (int i = 1; i < count && prefixLength > 0; i++) {
            prefixLength = arena.commonPrefix(references[0], references[i], prefixLength);
        }
        long[] heads = new long[count];
        boolean ascending = true;
        for (int i = 0; i < count; i++) {
            heads[i] = arena.head(references[i], prefixLength);
            ascending &= i == 0 || !isAbove(arena, heads[i - 1], references[i - 1], heads[i], references[i]);
        }
        if (!ascending) {
            Part whole = new Part(arena, heads, references, new long[count], new long[count], 0, count);
            if (count >= PARALLEL_FROM) {
                whole.invoke();
            } else {
                whole.compute();
            }
        }
        int kept = 0;
        for (int i = 0; i < count; i++) {
            boolean newest = i + 1 == count
                    || heads[i] != heads[i + 1]
                    || arena.compareKeys(references[i], references[i + 1]) != 0;
            if (newest) {
                references[kept++] = references[i];
            }
        }
        return kept;
    }

    /** A part of the arrays, to be sorted with spare room of its own. */
    @SuppressWarnings("serial")
    private static final class Part extends RecursiveAction {
        private final Arena arena;
        private final long[] heads;
        private final long[] references;
        private final long[] spareHeads;
        private final long[] spare;
        private final int from;
        private final int to;

        Part(Arena arena, long[] heads, long[] references, long[] spareHeads, long[] spare, int from, int to) {
            this.arena = arena;
            this.heads = heads;
            this.references = references;
            this.spareHeads = spareHeads;
            this.spare = spare;
            this.from = from;
            this.to = to;
        }

        @Override
        protected void compute() {
            sort(from, to);
        }

        private void sort(int from, int to) {
            if (to - from < INSERTION_BELOW) {
                insertionSort(arena, heads, references, from, to);
                return;
            }
            int middle = (from + to) >>> 1;
            if (to - from >= PARALLEL_FROM) {
                invokeAll(part(from, middle), part(middle, to));
            } else {
                sort(from, middle);
                sort(middle, to);
            }
            merge(from, middle, to);
        }

        private Part part(int from, int to) {
            return new Part(arena, heads, references, spareHeads, spare, from, to);
        }

        private void merge(int from, int middle, int to) {
            if (!isAbove(arena, heads[middle - 1], references[middle - 1], heads[middle], references[middle])) {
                return;
            }
            int left = middle - from;
            System.arraycopy(heads, from, spareHeads, from, left);
            System.arraycopy(references, from, spare, from, left);
            int i = from;
            int j = middle;
            for (int at = from; i < middle; at++) {
                if (j < to && isAbove(arena, spareHeads[i], spare[i], heads[j], references[j])) {
                    heads[at] = heads[j];
                    references[at] = references[j++];
                } else {
                    heads[at] = spareHeads[i];
                    references[at] = spare[i++];
                }
            }
        }
    }

    private static void insertionSort(Arena arena, long[] heads, long[] references, int from, int to) {
        for (int i = from + 1; i < to; i++) {
            long head = heads[i];
            long reference = references[i];
            int at = i;
            while (at > from && isAbove(arena, heads[at - 1], references[at - 1], head, reference)) {
                heads[at] = heads[at - 1];
                references[at] = references[at - 1];
                at--;
            }
            heads[at] = head;
            references[at] = reference;
        }
    }

    private static boolean isAbove(Arena arena, long head, long reference, long otherHead, long other) {
        int order = Long.compareUnsigned(head, otherHead);
        return order != 0 ? order > 0 : arena.compareKeys(reference, other) > 0;
    }
}
