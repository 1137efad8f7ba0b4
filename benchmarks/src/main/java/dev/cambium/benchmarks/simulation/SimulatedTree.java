package dev.cambium.benchmarks.simulation;

import dev.cambium.benchmarks.simulation.SimulatedZones.Stream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.TreeMap;
import java.util.function.IntConsumer;
import java.util.stream.LongStream;

/**
 * Entries in order, in pages: a run, a part of one, or a part of the base. An entry is a {@linkplain Write write}, and in the upper half of the
 * number the value's place, where values have pages of their own.
 */
final class SimulatedTree {
    private final long[] entries;
    private final SimulatedPage[] pages;
    private final int[] from; // of each page, its first entry; and behind the last page

    private SimulatedTree(long[] entries, SimulatedPage[] pages, int[] from) {
        this.entries = entries;
        this.pages = pages;
        this.from = from;
    }

    static final SimulatedTree EMPTY = new SimulatedTree(new long[0], new SimulatedPage[0], new int[1]);

    /** Writes entries in order, {@code most} a page. */
    static SimulatedTree write(long[] entries, int most, SimulatedZones zones, Stream stream) {
        Builder builder = new Builder(most, zones, stream);
        Arrays.stream(entries).forEach(builder::add);
        return builder.build();
    }

    static long entry(int write, int place) {
        return (long) place << 32 | write & 0xFFFF_FFFFL;
    }

    static int key(long entry) {
        return Write.key((int) entry);
    }

    static boolean isTombstone(long entry) {
        return Write.isDelete((int) entry);
    }

    static int place(long entry) {
        return (int) (entry >>> 32);
    }

    int size() {
        return entries.length;
    }

    int keyAt(int index) {
        return key(entries[index]);
    }

    int pageCount() {
        return pages.length;
    }

    /** The first entry of a page. */
    int firstOf(int page) {
        return from[page];
    }

    /** The newest put of each key of some trees, in order of keys. */
    static LongStream newest(List<SimulatedTree> newestFirst) {
        TreeMap<Integer, Long> found = new TreeMap<>();
        newestFirst.forEach(tree -> Arrays.stream(tree.entries).forEach(entry -> found.putIfAbsent(key(entry), entry)));
        return found.values().stream().mapToLong(entry -> entry).filter(entry -> !isTombstone(entry));
    }

    /** Entries of all pages that some trees refer to, each page once. */
    static long pageSize(List<SimulatedTree> trees) {
        return trees.stream()
                .flatMap(tree -> Arrays.stream(tree.pages))
                .distinct()
                .mapToLong(SimulatedPage::size)
                .sum();
    }

    /** The first entry whose key is not below a key. */
    int indexOf(int key) {
        int low = 0;
        int high = entries.length;
        while (low < high) {
            int middle = (low + high) >>> 1;
            if (key(entries[middle]) < key) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return low;
    }

    /** The part with keys from {@code low} to below {@code high}; pages that it cuts belong to both parts. */
    SimulatedTree part(int low, int high) {
        int first = indexOf(low);
        int end = indexOf(high);
        if (first == end) {
            return EMPTY;
        }
        int firstPage = pageOf(first);
        int endPage = pageOf(end - 1) + 1;
        int[] starts = new int[endPage - firstPage + 1];
        for (int i = 0; i < starts.length; i++) {
            starts[i] = Math.max(first, Math.min(end, from[firstPage + i])) - first;
        }
        return new SimulatedTree(
                Arrays.copyOfRange(entries, first, end), Arrays.copyOfRange(pages, firstPage, endPage), starts);
    }

    private int pageOf(int index) {
        int found = Arrays.binarySearch(from, index);
        return found < 0 ? -2 - found : found;
    }

    /** All but the entries with keys from {@code low} to below {@code high}. */
    SimulatedTree without(int low, int high) {
        return concat(List.of(part(Integer.MIN_VALUE >> 1, low), part(high, Integer.MAX_VALUE >> 1)));
    }

    /** Trees one behind the other. A page that two of them have a part of stays one of each. */
    static SimulatedTree concat(List<SimulatedTree> trees) {
        long[] entries = trees.stream()
                .flatMapToLong(tree -> Arrays.stream(tree.entries))
                .toArray();
        SimulatedPage[] pages =
                trees.stream().flatMap(tree -> Arrays.stream(tree.pages)).toArray(SimulatedPage[]::new);
        int[] from = new int[pages.length + 1];
        int page = 0;
        int entry = 0;
        for (SimulatedTree tree : trees) {
            for (int i = 0; i < tree.pages.length; i++) {
                from[page++] = entry + tree.from[i];
            }
            entry += tree.entries.length;
        }
        from[page] = entry;
        return new SimulatedTree(entries, pages, from);
    }

    /** Says of each page how much of it is used no more; those that die are killed. */
    void take(SimulatedZones zones) {
        for (int i = 0; i < pages.length; i++) {
            if (pages[i].take(from[i + 1] - from[i])) {
                zones.kill(pages[i]);
            }
        }
    }

    /** Sums up what becomes one tree. */
    private static final class Builder {
        private final int most;
        private final SimulatedZones zones;
        private final Stream stream;
        private long[] entries = new long[1024];
        private int count;
        private final List<SimulatedPage> pages = new ArrayList<>();
        private int[] from = new int[64];

        Builder(int most, SimulatedZones zones, Stream stream) {
            this.most = most;
            this.zones = zones;
            this.stream = stream;
        }

        private int pending() {
            return count - from[pages.size()];
        }

        void add(long entry) {
            if (count == entries.length) {
                entries = Arrays.copyOf(entries, 2 * count);
            }
            entries[count++] = entry;
            if (pending() == most) {
                endPage(zones.append(most, most, stream));
            }
        }

        private void endPage(SimulatedPage page) {
            pages.add(page);
            if (pages.size() == from.length) {
                from = Arrays.copyOf(from, 2 * from.length);
            }
            from[pages.size()] = count;
        }

        private void endPending() {
            if (pending() > 0) {
                endPage(zones.append(pending(), pending(), stream));
            }
        }

        void link(SimulatedTree tree, int page) {
            endPending();
            tree.pages[page].link();
            zones.link(tree.pages[page]);
            int length = tree.from[page + 1] - tree.from[page];
            while (count + length > entries.length) {
                entries = Arrays.copyOf(entries, 2 * entries.length);
            }
            System.arraycopy(tree.entries, tree.from[page], entries, count, length);
            count += length;
            endPage(tree.pages[page]);
        }

        SimulatedTree build() {
            endPending();
            return new SimulatedTree(
                    Arrays.copyOf(entries, count),
                    pages.toArray(SimulatedPage[]::new),
                    Arrays.copyOf(from, pages.size() + 1));
        }
    }

    /**
     * Merges trees; a page in whose stretch of keys no other tree has an entry is linked. What was linked lives on, the rest is taken.
     *
     * @param newestFirst an earlier one hides later ones
     * @param most entries of a page
     * @param dropTombstones whether nothing older is left
     * @param dropped is told the place of each value that nothing refers to any more
     */
    static SimulatedTree merge(
            List<SimulatedTree> newestFirst,
            int most,
            boolean dropTombstones,
            SimulatedZones zones,
            Stream stream,
            IntConsumer dropped) {
        Builder builder = new Builder(most, zones, stream);
        int[] at = new int[newestFirst.size()];
        int[] page = new int[at.length];
        for (; ; ) {
            int best = -1;
            int bestKey = Integer.MAX_VALUE;
            int secondKey = Integer.MAX_VALUE;
            for (int i = 0; i < at.length; i++) {
                SimulatedTree tree = newestFirst.get(i);
                int key = at[i] < tree.size() ? key(tree.entries[at[i]]) : Integer.MAX_VALUE;
                if (key < bestKey) {
                    secondKey = bestKey;
                    bestKey = key;
                    best = i;
                } else if (key < secondKey) {
                    secondKey = key;
                }
            }
            if (best < 0) {
                break;
            }
            SimulatedTree tree = newestFirst.get(best);
            while (tree.from[page[best] + 1] <= at[best]) {
                page[best]++;
            }
            if (tree.isLinkable(page[best], at[best], secondKey, dropTombstones)
                    && (builder.pending() == 0 || builder.pending() >= most / 3)) {
                builder.link(tree, page[best]);
                at[best] = tree.from[page[best] + 1];
                continue;
            }
            long entry = tree.entries[at[best]];
            if (!dropTombstones || !isTombstone(entry)) {
                builder.add(entry);
            }
            for (int i = 0; i < at.length; i++) {
                SimulatedTree other = newestFirst.get(i);
                if (at[i] < other.size() && key(other.entries[at[i]]) == bestKey) {
                    if (i != best) {
                        dropped.accept(place(other.entries[at[i]]));
                    }
                    at[i]++;
                }
            }
        }
        SimulatedTree merged = builder.build();
        newestFirst.forEach(tree -> tree.take(zones));
        return merged;
    }

    private boolean isLinkable(int page, int at, int otherKey, boolean dropTombstones) {
        if (from[page] != at
                || from[page + 1] - at != pages[page].entries()
                || key(entries[from[page + 1] - 1]) >= otherKey) {
            return false;
        }
        for (int i = at; dropTombstones && i < from[page + 1]; i++) {
            if (isTombstone(entries[i])) {
                return false;
            }
        }
        return true;
    }
}
