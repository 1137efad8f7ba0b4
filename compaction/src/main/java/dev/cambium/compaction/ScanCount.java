package dev.cambium.compaction;

import dev.cambium.segment.page.KeyPage;
import dev.cambium.segment.page.Pointer;
import dev.cambium.segment.zone.ZoneHeader;
import java.util.function.IntToLongFunction;
import java.util.function.Supplier;

/**
 * How often scans have gone through the leaves below a key page of level 1, and how far apart the values lay that they read. Counted without a lock or an
 * order, so about: a scan adds to it once a leaf.
 */
final class ScanCount {
    /** Times that scans have gone through all leaves, so that it is worth something to have them as scans want them. */
    private static final int OFTEN = 2;

    /** What no more than this lies between is near: the system reads it ahead. */
    private static final int NEAR_BYTES = 1 << 18;

    /** One in so many leaves may lie apart from the one before. */
    private static final int LEAVES_OF_APART = 4;

    /** One in so many values may. */
    private static final int VALUES_OF_APART = 2;

    /** Fewer values say nothing. */
    private static final int LEAST_VALUES = 64;

    private int leaves;
    private int values;
    private int valuesApart;

    /**
     * A scan has gone from one leaf to the next.
     *
     * @param ofAll how many there are below the page
     * @param valuesRead from pages of values
     * @param apart of those, whose page is neither that of the value before nor near it
     * @return whether it has been scanned often, by which it is said once in a while
     */
    boolean note(int ofAll, int valuesRead, int apart) {
        values += valuesRead;
        valuesApart += apart;
        return ++leaves % often(ofAll) == 0;
    }

    /** A scan that goes through all leaves goes from one to the next so often, once less at an end. */
    private static int often(int leavesBelow) {
        return Math.max(1, OFTEN * (leavesBelow - 1));
    }

    /**
     * Whether it has been scanned often since that was asked last; and then begins anew.
     *
     * @param ofAll how many leaves there are below the page
     * @param page is asked for where it has been
     */
    Taken take(int ofAll, Supplier<KeyPage> page) {
        if (leaves < often(ofAll)) {
            return Taken.NOTHING; // and it goes on counting
        }
        Taken taken = new Taken(true, scatter(page.get()));
        leaves = 0;
        values = 0;
        valuesApart = 0;
        return taken;
    }

    /** What was counted. */
    record Taken(boolean isOften, Scatter scatter) {
        static final Taken NOTHING = new Taken(false, Scatter.NONE);
    }

    private Scatter scatter(KeyPage page) {
        if (values >= LEAST_VALUES && valuesApart * VALUES_OF_APART > values) {
            return Scatter.VALUES;
        }
        return areApart(page.count(), page::child) ? Scatter.LEAVES : Scatter.NONE;
    }

    /** Whether too many of some pages do not lie near behind the one before. */
    static boolean areApart(int count, IntToLongFunction pages) {
        int apart = 0;
        for (int i = 1; i < count; i++) {
            apart += isNear(pages.applyAsLong(i - 1), pages.applyAsLong(i)) ? 0 : 1;
        }
        return apart * LEAVES_OF_APART > count;
    }

    /** Whether little or nothing lies between two pages; or the one is the first of its zone, as where what is written together goes on in another. */
    static boolean isNear(long one, long other) {
        if (Pointer.zone(one) != Pointer.zone(other)) {
            return Pointer.offset(one) == ZoneHeader.LENGTH || Pointer.offset(other) == ZoneHeader.LENGTH;
        }
        long lower = Pointer.offset(one) < Pointer.offset(other) ? one : other;
        long higher = lower == one ? other : one;
        return Pointer.offset(higher) - (long) Pointer.offset(lower) - Pointer.storedBytes(lower) <= NEAR_BYTES;
    }
}
