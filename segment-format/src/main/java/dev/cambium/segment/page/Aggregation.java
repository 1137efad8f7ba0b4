package dev.cambium.segment.page;

/**
 * What a subtree of pages holds, in sums that add up: the augmentation of key pages. Mutable, so that builders allocate nothing
 * per child.
 */
public final class Aggregation {
    /** Entries, tombstones included. */
    public long entries;

    /** Bytes of keys and values; a referenced value counts with its length. */
    public long bytes;

    public long tombstones;

    /** The greatest birth of a page. */
    public long newestBirth;

    /** Adds what another subtree holds. */
    public void add(Aggregation other) {
        entries += other.entries;
        bytes += other.bytes;
        tombstones += other.tombstones;
        newestBirth = Math.max(newestBirth, other.newestBirth);
    }

    /** Adds one entry of a leaf. */
    public void addEntry(long entryBytes, boolean isTombstone) {
        entries++;
        bytes += entryBytes;
        if (isTombstone) {
            tombstones++;
        }
    }

    public void clear() {
        entries = 0;
        bytes = 0;
        tombstones = 0;
        newestBirth = 0;
    }

    @Override
    public String toString() {
        return entries + " entries, " + bytes + " bytes, " + tombstones + " tombstones, newest birth " + newestBirth;
    }
}
