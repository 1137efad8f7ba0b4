package dev.cambium.compaction;

import dev.cambium.error.CorruptionException;
import dev.cambium.segment.manifest.Stretch;
import dev.cambium.segment.manifest.Stretches;
import dev.cambium.segment.page.KeyPage;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.BiConsumer;

/**
 * How much the ranges of a base have, and how much of younger runs falls into each: from what key pages say of their children, and so exact but
 * for leaves that lie across a bound. A range is what one key page of level 1 speaks for. Made inside an epoch slot; for one thread.
 */
public final class RangeEstimates {
    private final List<byte[]> lows = new ArrayList<>(); // the first is empty: no bound
    private final List<Long> baseEntries = new ArrayList<>();
    private final List<ScanCount.Taken> scans; // or null
    private double[] youngEntries;
    private double[] youngTombstones;

    /**
     * Reads the key pages of the base down to level 2.
     *
     * @param damaged is told of stretches whose key page cannot be read: each is one range
     * @param takesScans whether scans are asked for, which are counted anew from then on
     */
    public RangeEstimates(RunTree base, BiConsumer<Stretch, CorruptionException> damaged, boolean takesScans) {
        scans = takesScans ? new ArrayList<>() : null;
        KeyNode root = base.root();
        if (root.level() == 1) {
            lows.add(Stretch.ALL.from());
            baseEntries.add(base.run().entries());
            if (takesScans) {
                scans.add(root.takeScans());
            }
        } else {
            addRanges(root, Stretch.ALL, damaged);
        }
        youngEntries = new double[lows.size()];
        youngTombstones = new double[lows.size()];
    }

    private void addRanges(KeyNode node, Stretch whole, BiConsumer<Stretch, CorruptionException> damaged) {
        KeyPage page = node.page();
        for (int i = 0; i < page.count(); i++) {
            Stretch child = new Stretch(
                    i == 0 ? whole.from() : page.key(i - 1), i + 1 == page.count() ? whole.to() : page.key(i));
            int before = lows.size();
            if (node.level() > 2) {
                try {
                    addRanges(node.keys(i), child, damaged);
                } catch (CorruptionException e) {
                    damaged.accept(child, e);
                }
            }
            if (lows.size() == before) {
                lows.add(child.from());
                baseEntries.add(page.entries(i));
                if (scans != null) {
                    scans.add(node.level() == 2 ? node.takeScans(i) : ScanCount.Taken.NOTHING);
                }
            }
        }
    }

    /** Adds what a younger run has; reads its key pages. */
    public void add(RunTree young, Stretches merged) {
        addBelow(
                young.root(),
                young.run().firstKey(),
                PageCursor.after(young.run().lastKey()),
                merged);
    }

    private void addBelow(KeyNode node, byte[] low, byte[] high, Stretches merged) {
        KeyPage page = node.page();
        for (int i = 0; i < page.count(); i++) {
            byte[] childLow = i == 0 ? low : page.key(i - 1);
            byte[] childHigh = i + 1 == page.count() ? high : page.key(i);
            if (merged.covers(childLow, childHigh)) {
                continue;
            }
            int from = rangeOf(childLow);
            int to = rangeOf(childHigh);
            boolean isRead = false;
            if (node.level() > 1 && from < to) {
                KeyNode below = readable(node, i);
                isRead = below != null;
                if (isRead) {
                    addBelow(below, childLow, childHigh, merged);
                }
            }
            for (int range = from; !isRead && range <= to; range++) {
                if (!merged.covers(stretch(range).from(), stretch(range).to())) {
                    youngEntries[range] += (double) page.entries(i) / (to - from + 1);
                    youngTombstones[range] += (double) page.tombstones(i) / (to - from + 1);
                }
            }
        }
    }

    /** A child that is a key page; null where it cannot be read, which whoever merges it is told. */
    private static KeyNode readable(KeyNode node, int child) {
        try {
            KeyNode below = node.keys(child);
            below.page();
            return below;
        } catch (CorruptionException e) {
            return null;
        }
    }

    /** How many entries of a run still count, about; reads its key pages. To be called inside an epoch slot. */
    public static long left(RunTree run, Stretches merged) {
        if (merged.isEmpty()) {
            return run.run().entries();
        }
        return left(run.root(), run.run().firstKey(), PageCursor.after(run.run().lastKey()), merged);
    }

    private static long left(KeyNode node, byte[] low, byte[] high, Stretches merged) {
        KeyPage page = node.page();
        long left = 0;
        for (int i = 0; i < page.count(); i++) {
            byte[] childLow = i == 0 ? low : page.key(i - 1);
            byte[] childHigh = i + 1 == page.count() ? high : page.key(i);
            Stretch child = new Stretch(childLow, childHigh);
            List<Stretch> counting = merged.leftOf(child);
            if (counting.equals(List.of(child))) {
                left += page.entries(i);
            } else if (!counting.isEmpty()) {
                left += node.level() > 1 ? left(node.keys(i), childLow, childHigh, merged) : page.entries(i) / 2;
            }
        }
        return left;
    }

    /**
     * Which part of the keys of a run another has too, about: of some keys that lie apart. Reads a leaf of each for every key; to be called
     * inside an epoch slot.
     */
    public static double overlap(RunTree run, Stretches merged, RunTree other, int samples) {
        List<byte[]> lows = new ArrayList<>();
        addLows(run.root(), run.run().firstKey(), lows, samples);
        RunCursor cursor = new RunCursor(run, merged);
        int step = Math.max(1, lows.size() / samples);
        int looked = 0;
        int found = 0;
        for (int i = 0; i < lows.size(); i += step) {
            byte[] low = lows.get(i);
            if (cursor.seek(low, 0, low.length)) {
                looked++;
                found += other.contains(cursor.key(0)) ? 1 : 0;
            }
        }
        return looked == 0 ? 0 : (double) found / looked;
    }

    /** Adds the keys where children begin, down to a level that has enough of them. */
    private static void addLows(KeyNode node, byte[] low, List<byte[]> lows, int enough) {
        KeyPage page = node.page();
        boolean isEnough = node.level() == 1 || page.count() >= enough;
        for (int i = 0; i < page.count(); i++) {
            byte[] childLow = i == 0 ? low : page.key(i - 1);
            if (isEnough) {
                lows.add(childLow);
            } else {
                addLows(node.keys(i), childLow, lows, enough);
            }
        }
    }

    private int rangeOf(byte[] key) {
        int low = 0;
        int high = lows.size();
        while (low + 1 < high) {
            int middle = (low + high) >>> 1;
            if (Arrays.compareUnsigned(lows.get(middle), key) <= 0) {
                low = middle;
            } else {
                high = middle;
            }
        }
        return low;
    }

    /** How many ranges there are. */
    public int count() {
        return lows.size();
    }

    /** The keys of a range. */
    public Stretch stretch(int range) {
        return new Stretch(lows.get(range), range + 1 == lows.size() ? null : lows.get(range + 1));
    }

    public long baseEntries(int range) {
        return baseEntries.get(range);
    }

    public double youngEntries(int range) {
        return youngEntries[range];
    }

    /** Whether scans have gone through a range often, where they are taken. */
    public boolean isScannedOften(int range) {
        return scans.get(range).isOften();
    }

    /** What of it they found apart, where they are taken. */
    public Scatter scatter(int range) {
        return scans.get(range).scatter();
    }

    public double youngTombstones(int range) {
        return youngTombstones[range];
    }
}
