package dev.cambium.memtable;

import java.util.Arrays;

/**
 * A stable sort of references by key, on heads taken after the common prefix of all of them; equal heads ask the arena. Input that
 * is sorted already costs one pass, a large one is sorted by radix on the bytes of the heads that differ, and only neighbours
 * with equal heads are compared.
 */
final class ReferenceSort {
    private static final int INSERTION_BELOW = 24;
    private static final int RADIX_FROM = 1 << 12;

    private ReferenceSort() {}

    /** Sorts {@code references[0, count)} by key, in place, and keeps the last of each key, which is the newest. */
    static SortedEntries sortNewestOnly(Arena arena, long[] references, int count) {
        int prefixLength = count == 0 ? 0 : arena.keyLength(references[0]);
        int shortest = prefixLength;
        int longest = prefixLength;
        for (int i = 1; i < count; i++) {
            int length = arena.keyLength(references[i]);
            shortest = Math.min(shortest, length);
            longest = Math.max(longest, length);
            prefixLength = arena.commonPrefix(references[0], references[i], prefixLength);
        }
        long[] heads = new long[count];
        boolean ascending = true;
        for (int i = 0; i < count; i++) {
            heads[i] = arena.head(references[i], prefixLength);
            ascending &= i == 0 || !isAbove(arena, heads[i - 1], references[i - 1], heads[i], references[i]);
        }
        if (!ascending) {
            long[] spareHeads = new long[count];
            long[] spare = new long[count];
            if (count >= RADIX_FROM) {
                radixSort(arena, heads, references, spareHeads, spare, count);
            } else {
                mergeSort(arena, heads, references, spareHeads, spare, 0, count);
            }
        }
        int kept = 0;
        for (int i = 0; i < count; i++) {
            boolean newest = i + 1 == count
                    || heads[i] != heads[i + 1]
                    || arena.compareKeys(references[i], references[i + 1]) != 0;
            if (newest) {
                heads[kept] = heads[i];
                references[kept++] = references[i];
            }
        }
        return new SortedEntries(references, heads, kept, prefixLength, shortest, longest);
    }

    /** Sorts by one byte of the heads after the other, the least significant first; then settles equal heads by key. */
    private static void radixSort(
            Arena arena, long[] heads, long[] references, long[] spareHeads, long[] spare, int count) {
        long differing = 0;
        for (int i = 1; i < count; i++) {
            differing |= heads[i] ^ heads[0];
        }
        long[] fromHeads = heads;
        long[] from = references;
        long[] toHeads = spareHeads;
        long[] to = spare;
        int[] starts = new int[257];
        for (int shift = 0; shift < 64; shift += 8) {
            if ((differing >>> shift & 0xFF) == 0) {
                continue;
            }
            distribute(fromHeads, from, toHeads, to, starts, shift, count);
            long[] swap = fromHeads;
            fromHeads = toHeads;
            toHeads = swap;
            swap = from;
            from = to;
            to = swap;
        }
        if (from != references) {
            System.arraycopy(fromHeads, 0, heads, 0, count);
            System.arraycopy(from, 0, references, 0, count);
        }
        for (int i = 0; i < count; ) {
            int end = i + 1;
            while (end < count && heads[end] == heads[i]) {
                end++;
            }
            if (end - i > 1) {
                mergeSort(arena, heads, references, spareHeads, spare, i, end);
            }
            i = end;
        }
    }

    private static void distribute(
            long[] fromHeads, long[] from, long[] toHeads, long[] to, int[] starts, int shift, int count) {
        Arrays.fill(starts, 0);
        for (int i = 0; i < count; i++) {
            starts[(int) (fromHeads[i] >>> shift & 0xFF) + 1]++;
        }
        for (int i = 1; i < 256; i++) {
            starts[i] += starts[i - 1];
        }
        for (int i = 0; i < count; i++) {
            int at = starts[(int) (fromHeads[i] >>> shift & 0xFF)]++;
            toHeads[at] = fromHeads[i];
            to[at] = from[i];
        }
    }

    private static void mergeSort(
            Arena arena, long[] heads, long[] references, long[] spareHeads, long[] spare, int from, int to) {
        if (to - from < INSERTION_BELOW) {
            insertionSort(arena, heads, references, from, to);
            return;
        }
        int middle = (from + to) >>> 1;
        mergeSort(arena, heads, references, spareHeads, spare, from, middle);
        mergeSort(arena, heads, references, spareHeads, spare, middle, to);
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
