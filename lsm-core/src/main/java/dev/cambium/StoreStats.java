package dev.cambium;

/**
 * What a store holds and uses, at about one moment.
 *
 * @param entries in all memtables, tombstones included; a key that stands in several counts in each
 * @param tombstones of those
 * @param memtables active and sealed
 * @param memoryUsedBytes off-heap bytes of memtables and filters
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
        long memoryUsedBytes,
        long memoryBudgetBytes,
        long logPosition,
        long logForcedThrough,
        long batches,
        long openSnapshots,
        int keyspaces,
        boolean mappedLog) {}
