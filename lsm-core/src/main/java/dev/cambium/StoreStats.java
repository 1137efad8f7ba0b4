package dev.cambium;

/**
 * What a store holds and uses, at about one moment.
 *
 * @param entries in all memtables and runs, tombstones included; a key that stands in several counts in each
 * @param tombstones of those
 * @param memtables active and sealed
 * @param runs what memtables were laid down and merged into
 * @param damagedRuns of those, left alone since a merge met a page that does not hold
 * @param runBytes of keys and values in them
 * @param pageBytes of their pages as they are stored: what of the zones is alive
 * @param zones files that hold them
 * @param zoneBytes of those files, as far as they count
 * @param punchedBytes of those, given back to the file system: holes, which read as zeros
 * @param punchesHoles whether long dead ranges of zone files are given back so, as far as is known: on Linux with a JDK 22 or later, where the file
 *     system can do it and the JVM lets the module call the system
 * @param flushedBytes of pages that memtables were laid down in since the store was opened
 * @param mergedBytes of pages that merges wrote since then
 * @param debtBytes of pages that are to be laid down, merged or moved, about, so that memtables are on disk, younger runs hide no more than they may, and
 *     zone files are as long as aimed at
 * @param pageLoads pages read from zones since the store was opened, those that were in memory already not counted
 * @param pageLoadBytes read for them
 * @param memory who holds which part of it
 * @param logPosition bytes of records written to the log in the life of the store
 * @param logForcedThrough of those, how many are known to survive a power loss
 * @param batches written in the life of the store
 * @param openSnapshots taken and not closed, cursors' own included
 * @param keyspaces beside the store's own
 * @param mappedLog whether buffered writes go through a mapping, without a system call
 */
public record StoreStats(
        long entries,
        long tombstones,
        int memtables,
        int runs,
        int damagedRuns,
        long runBytes,
        long pageBytes,
        int zones,
        long zoneBytes,
        long punchedBytes,
        boolean punchesHoles,
        long flushedBytes,
        long mergedBytes,
        long debtBytes,
        long pageLoads,
        long pageLoadBytes,
        MemoryStats memory,
        long logPosition,
        long logForcedThrough,
        long batches,
        long openSnapshots,
        int keyspaces,
        boolean mappedLog) {
    /**
     * Bytes of pages written since the store was opened, for each byte of pages that what was put takes once; 0 where nothing was laid down.
     * Values of 64 KiB and more are not among them as long as they stay where they were put: they are written once.
     */
    public double writeAmplification() {
        return flushedBytes == 0 ? 0 : (double) (flushedBytes + mergedBytes) / flushedBytes;
    }

    /** In how many places a read looks for a key that is not there: memtables and runs, each of which has a filter. */
    public int readAmplification() {
        return memtables + runs;
    }

    /** Bytes that zones take, holes left out, for each byte of pages that are alive; 0 where there are none. */
    public double spaceAmplification() {
        return pageBytes == 0 ? 0 : (double) (zoneBytes - punchedBytes) / pageBytes;
    }
}
