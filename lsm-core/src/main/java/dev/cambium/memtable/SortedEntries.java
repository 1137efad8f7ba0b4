package dev.cambium.memtable;

/**
 * References in key order, no key twice, with the heads they were sorted by.
 *
 * @param references the entries; those from {@code count} on mean nothing
 * @param heads of their keys, after the first {@code prefixLength} bytes
 * @param prefixLength bytes that all keys share
 * @param shortest length of the shortest key, or less
 * @param longest length of the longest key, or more
 */
record SortedEntries(long[] references, long[] heads, int count, int prefixLength, int shortest, int longest) {
    /**
     * How many bytes beyond the common prefix the heads of a part can tell to be shared by it, and still hold all that is left of
     * each key; 0 where they cannot.
     */
    int lengthenable(int from, int to) {
        if (longest > prefixLength + 8 || to - from < 2) {
            return 0;
        }
        int sharedBytes = Long.numberOfLeadingZeros(heads[from] ^ heads[to - 1]) / 8;
        return Math.min(sharedBytes, Math.min(shortest, KeyBlock.LONGEST_PREFIX) - prefixLength);
    }
}
