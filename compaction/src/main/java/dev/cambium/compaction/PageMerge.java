package dev.cambium.compaction;

import dev.cambium.segment.log.OperationCode;
import dev.cambium.segment.memory.Memory;
import dev.cambium.segment.page.Aggregation;
import dev.cambium.segment.page.KeyPage;
import dev.cambium.segment.page.LeafPage;
import dev.cambium.segment.page.Pointer;
import dev.cambium.segment.page.ValueReference;
import dev.cambium.segment.zone.SharedZone;
import java.util.List;
import java.util.function.IntPredicate;
import java.util.function.LongPredicate;

/**
 * Runs as one, for a merge: where more than one has a key, the newest one's entry stands for it; and where a page of one run lies between the
 * keys of all others, it comes as a page, unread, and may become part of the new run as it is. Tombstones are entries.
 *
 * <p>After {@link #next} it stands on an entry, or before a page ({@link #isPage}) that is passed by with the next {@code next} or taken apart
 * with {@link #enter}. Moves happen inside an epoch slot; between them nothing of others is looked at.
 *
 * <p>Cost of a move: as of {@link MergeCursor}, whose comparison of sixteen bytes it shares. For one thread.
 */
public final class PageMerge implements Entry {
    private static final int HEAD_BYTES = 16;

    private final PageCursor[] sources; // newest first
    private final byte[] storeId;
    private final IntPredicate zonesToLink;
    private final LongPredicate leavesToLink;
    private final int headAt;
    private final int headEnd;
    private final boolean[] valid;
    private final Memory[] keys;
    private final int[] keyLengths;
    private final long[] firstHeads;
    private final long[] secondHeads;
    private int winner = -1;
    private final int[] tied;
    private int tiedCount;
    private boolean begun;
    private boolean isPage;

    /**
     * @param commonPrefix bytes that all keys of all sources begin with alike
     * @param zonesToLink says whether pages and values of a zone may become part of the new run where they are
     * @param leavesToLink says of a leaf, by its pointer, whether all its values may stay where they are
     * @param newestFirst the sources
     */
    PageMerge(
            int commonPrefix,
            byte[] storeId,
            IntPredicate zonesToLink,
            LongPredicate leavesToLink,
            List<PageCursor> newestFirst) {
        int count = newestFirst.size();
        this.sources = newestFirst.toArray(new PageCursor[0]);
        this.storeId = storeId;
        this.zonesToLink = zonesToLink;
        this.leavesToLink = leavesToLink;
        this.headAt = commonPrefix;
        this.headEnd = commonPrefix + HEAD_BYTES;
        this.valid = new boolean[count];
        this.keys = new Memory[count];
        this.keyLengths = new int[count];
        this.firstHeads = new long[count];
        this.secondHeads = new long[count];
        this.tied = new int[count];
    }

    /** Moves on; returns whether there is anything. */
    public boolean next() {
        if (!begun) {
            begun = true;
            for (int i = 0; i < sources.length; i++) {
                stand(i, sources[i].first());
            }
        } else {
            for (int i = 0; i < tiedCount; i++) {
                sources[tied[i]].noteHidden(storeId);
                stand(tied[i], sources[tied[i]].next());
            }
            stand(winner, sources[winner].next());
        }
        return choose();
    }

    /** Takes the page apart that it stands before; returns whether there is anything, which there is but in a page at the edge of a stretch. */
    public boolean enter() {
        stand(winner, sources[winner].enter());
        return choose();
    }

    private void stand(int source, boolean on) {
        valid[source] = on;
        if (on) {
            PageCursor cursor = sources[source];
            Memory key = cursor.keyMemory();
            keys[source] = key;
            keyLengths[source] = cursor.keyLength();
            firstHeads[source] = head(key, headAt, keyLengths[source]);
            secondHeads[source] = head(key, headAt + 8, keyLengths[source]);
        }
    }

    /** Eight bytes from {@code at} on, most significant first, padded with zeros where the key ends. */
    private static long head(Memory key, int at, int keyLength) {
        return keyLength - at >= 8 ? key.getLongBigEndian(at) : keyLength > at ? key.head(at, keyLength - at) : 0;
    }

    private boolean choose() {
        while (true) {
            int page = findLeast();
            if (winner < 0) {
                return false;
            }
            if (page < 0) {
                isPage = false;
                return true;
            }
            if (page == winner
                    && tiedCount == 0
                    && isAlone(page)
                    && sources[page].isLinkable(zonesToLink, leavesToLink)) {
                isPage = true;
                return true;
            }
            stand(page, sources[page].enter());
        }
    }

    /** Finds what comes first; returns a source that stands there before a page, or -1. */
    private int findLeast() {
        int best = -1;
        tiedCount = 0;
        for (int i = 0; i < sources.length; i++) {
            if (valid[i]) {
                int order = best < 0 ? -1 : compare(i, best);
                if (order < 0) {
                    best = i;
                    tiedCount = 0;
                } else if (order == 0) {
                    tied[tiedCount++] = i;
                }
            }
        }
        winner = best;
        int page = best >= 0 && isBeforePage(best) ? best : -1;
        for (int i = 0; page < 0 && i < tiedCount; i++) {
            page = isBeforePage(tied[i]) ? tied[i] : -1;
        }
        return page;
    }

    private boolean isBeforePage(int source) {
        return sources[source].level() != PageCursor.ENTRY;
    }

    /** Whether every other source has yet to come to keys behind a page. */
    private boolean isAlone(int page) {
        byte[] high = sources[page].high();
        for (int i = 0; i < sources.length; i++) {
            if (i != page && valid[i] && keys[i].compare(0, keyLengths[i], high, 0, high.length) < 0) {
                return false;
            }
        }
        return true;
    }

    private int compare(int left, int right) {
        if (firstHeads[left] != firstHeads[right]) {
            return Long.compareUnsigned(firstHeads[left], firstHeads[right]);
        }
        if (secondHeads[left] != secondHeads[right]) {
            return Long.compareUnsigned(secondHeads[left], secondHeads[right]);
        }
        int leftLength = keyLengths[left];
        int rightLength = keyLengths[right];
        if (leftLength <= headEnd || rightLength <= headEnd) {
            return Integer.compare(leftLength, rightLength);
        }
        return keys[left].compare(headEnd, leftLength - headEnd, keys[right], headEnd, rightLength - headEnd);
    }

    /** Whether it stands before a page, not on an entry. */
    public boolean isPage() {
        return isPage;
    }

    /** Whether the page that it stands before has tombstones. */
    public boolean hasTombstones() {
        return sources[winner].held().tombstones > 0;
    }

    /** 1 for a key page with its leaves, 0 for a leaf. */
    int pageLevel() {
        return sources[winner].level();
    }

    long pointer() {
        return sources[winner].pointer();
    }

    int payloadCrc() {
        return sources[winner].payloadCrc();
    }

    byte[] low() {
        return sources[winner].low();
    }

    byte[] last() {
        return sources[winner].last();
    }

    Aggregation held() {
        return sources[winner].held();
    }

    /** Whether something of the page lies in a zone that is to be left, so that it can become part of the new run elsewhere only. */
    boolean mustMove() {
        return sources[winner].mustMove();
    }

    /** Whether a page may stay where it is, for its zone. */
    boolean canStay(long page) {
        return zonesToLink.test(Pointer.zone(page));
    }

    /** Whether all values that a leaf refers to may stay where they are, for their zones; chunks always may. */
    boolean canValuesStay(LeafPage leaf) {
        for (int i = 0; leaf.hasOperations() && i < leaf.count(); i++) {
            if (leaf.operation(i) == OperationCode.PUT_REF
                    && !ValueReference.isChunked(leaf.memory(), leaf.valueOffset(i))
                    && !canStay(ValueReference.home(leaf.memory(), leaf.valueOffset(i)))) {
                return false;
            }
        }
        return true;
    }

    LeafPage readLeaf() {
        return sources[winner].readLeaf();
    }

    LeafPage readLeaf(long leafPointer, int leafCrc) {
        return sources[winner].readLeaf(leafPointer, leafCrc);
    }

    void readFilter(long filterPointer, int filterCrc) {
        sources[winner].readFilter(filterPointer, filterCrc);
    }

    KeyPage readKeys() {
        return sources[winner].readKeys();
    }

    Memory readHeader(long below) {
        return sources[winner].readHeader(below);
    }

    Memory stored() {
        return sources[winner].stored();
    }

    int storedAt() {
        return sources[winner].storedAt();
    }

    void noteMoved(long from, int storedLength) {
        sources[winner].noteMoved(from, storedLength);
    }

    /** Whether the value of the entry stands in a page of values. */
    boolean isElsewhere() {
        return sources[winner].isElsewhere();
    }

    /** Whether the value of the entry can stay where it stands, in a page of values. */
    boolean canValueStay() {
        return isElsewhere() && canStay(ValueReference.home(reference(), referenceOffset()));
    }

    /** The page with the {@link ValueReference} of the entry. */
    Memory reference() {
        return sources[winner].reference();
    }

    /** Where the reference lies in that page. */
    int referenceOffset() {
        return sources[winner].referenceOffset();
    }

    /** The value of the entry has been written anew elsewhere. */
    void noteValueGone() {
        sources[winner].noteValueGone();
    }

    @Override
    public Memory keyMemory() {
        return keys[winner];
    }

    @Override
    public int keyOffset() {
        return 0;
    }

    @Override
    public int keyLength() {
        return keyLengths[winner];
    }

    @Override
    public Memory valueMemory() {
        return sources[winner].valueMemory();
    }

    @Override
    public int valueOffset() {
        return sources[winner].valueOffset();
    }

    @Override
    public int valueLength() {
        return sources[winner].valueLength();
    }

    @Override
    public boolean isTombstone() {
        return sources[winner].isTombstone();
    }

    @Override
    public boolean isChunked() {
        return sources[winner].isChunked();
    }

    @Override
    public SharedZone zone(long pointer) {
        return sources[winner].zone(pointer);
    }
}
