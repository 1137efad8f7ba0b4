package dev.cambium;

/**
 * What a compaction came to.
 *
 * @param mergedBytes of keys and values that were merged, those that were linked included; and of pages that were moved to give zones back
 * @param linkedBytes of those, in pages that became part of the new tree as they were, unread
 * @param copiedBytes of those that were merged, in pages that were copied as they are stored, since zones that they lay in are given back
 * @param writtenBytes of pages that were written, those that were copied included
 * @param zoneBytesBefore that zone files took, holes left out, with what was laid down for it
 * @param zoneBytesAfter that they take; those that a snapshot or a cursor still holds are not among them
 * @param elapsedNanos from the call to its end
 */
public record CompactionReport(
        long mergedBytes,
        long linkedBytes,
        long copiedBytes,
        long writtenBytes,
        long zoneBytesBefore,
        long zoneBytesAfter,
        long elapsedNanos) {
    /** Bytes that zone files take no more; negative where they take more. */
    public long givenBackBytes() {
        return zoneBytesBefore - zoneBytesAfter;
    }
}
