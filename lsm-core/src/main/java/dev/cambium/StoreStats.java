package dev.cambium;

/**
 * What a store holds and uses, at about one moment.
 *
 * @param entries in all memtables and runs, tombstones included; a key that stands in several counts in each
 * @param tombstones of those
 * @param memtables active and sealed
 * @param runs what memtables were laid down and merged into
 * @param runBytes of keys and values in them
 * @param pageBytes of their pages as they are stored: what of the zones is alive
 * @param zones files that hold them
 * @param zoneBytes of those files, as far as they count
 * @param pageLoads pages read from zones since the store was opened, those that were in memory already not counted
 * @param pageLoadBytes read for them
 * @param memoryUsedBytes off-heap bytes of memtables, filters and pages
 * @param memoryBudgetBytes what {@link Options#memoryBudget} allows
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
        long runBytes,
        long pageBytes,
        int zones,
        long zoneBytes,
        long pageLoads,
        long pageLoadBytes,
        long memoryUsedBytes,
        long memoryBudgetBytes,
        long logPosition,
        long logForcedThrough,
        long batches,
        long openSnapshots,
        int keyspaces,
        boolean mappedLog) {}
