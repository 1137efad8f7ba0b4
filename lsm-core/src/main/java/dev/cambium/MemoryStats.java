package dev.cambium;

/**
 * Who holds which part of a store's off-heap memory, at about one moment. The parts, from {@code memtableBytes} to {@code freeBytes}, add up to
 * {@code totalBytes}: what the process would have less without the store, as the operating system counts it (RssAnon), but for the heap.
 *
 * @param budgetBytes what {@link Options#memoryBudget} allows
 * @param totalBytes that the store has from the system
 * @param memtableBytes of records in memtables, and their filters
 * @param pageBytes of leaves and values; they give way to everything else
 * @param keyPageBytes of the pages above leaves
 * @param filterBytes of filters of runs
 * @param writeBufferBytes of what flushes, merges and long values are put together in
 * @param readBufferBytes where pages stand as they are stored, until they are unpacked
 * @param freeBytes that nobody uses now
 * @param mappedBytes of log files that are mapped: the page cache's, and not part of the total
 * @param heapIndexBytes of Java objects that the index of memtables takes, about: on the heap, and not part of the total
 */
public record MemoryStats(
        long budgetBytes,
        long totalBytes,
        long memtableBytes,
        long pageBytes,
        long keyPageBytes,
        long filterBytes,
        long writeBufferBytes,
        long readBufferBytes,
        long freeBytes,
        long mappedBytes,
        long heapIndexBytes) {}
