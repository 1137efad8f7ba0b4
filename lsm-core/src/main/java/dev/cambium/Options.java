package dev.cambium;

import dev.cambium.segment.disk.ZoneFileSystem;
import dev.cambium.segment.pool.BufferPool;

/**
 * How a store is opened. Immutable; each {@code with…} method returns a copy with one setting changed.
 *
 * @param memoryBudget bytes of off-heap memory the store may hold, 16 MiB to 64 GiB; 256 MiB unless set. No flag
 *     of the JVM bounds it. Java objects of the memtable's
 *     index come on top: about 26 bytes an entry.
 * @param memtableBytes bytes of writes that are gathered before a memtable is sealed, 4 KiB to a quarter of the budget; 64 MiB, or
 *     that quarter, unless set
 * @param zoneBytes where a zone file ends and the next begins, 1 MiB to 256 MiB; 256 MiB unless set
 * @param pageBytes of a page before it is compressed, 512 B to 64 KiB; 16 KiB unless set
 * @param createIfMissing whether a missing or empty directory becomes a new store; true unless set
 * @param mergeThreads threads that merge at the same time, each a stretch of keys of its own, 1 to 16; 0, as it is unless set, lets
 *     the store choose: one for every two processors, 4 at most, and one for every 64 MiB of the budget. One of them also lays memtables down
 */
public record Options(
        long memoryBudget,
        long memtableBytes,
        int zoneBytes,
        int pageBytes,
        boolean createIfMissing,
        int mergeThreads) {
    public static final long MIN_MEMORY_BUDGET = 16L << 20;
    public static final long MAX_MEMORY_BUDGET = 64L << 30;
    public static final long MIN_MEMTABLE_BYTES = 4L << 10;

    public static final int MIN_ZONE_BYTES = 1 << 20;
    public static final int MAX_ZONE_BYTES = 1 << 28;
    public static final int MIN_PAGE_BYTES = 512;
    public static final int MAX_PAGE_BYTES = 64 << 10;
    public static final int MAX_MERGE_THREADS = 16;

    private static final int MOST_CHOSEN_MERGE_THREADS = 4;

    /** Each has readers and writers of its own, of some MiB. */
    private static final long BUDGET_OF_MERGE_THREAD = 64L << 20;

    /** A hole takes the time in which as much is written, about; of small memtables whole zones are shorter. */
    private static final int LEAST_HOLE_BYTES = 1 << 20;

    private static final long MIN_MANIFEST_BYTES = 4 << 10;

    /** Has room for a chunk of a long value, with its head. */
    private static final int LONG_CHUNK_BUFFER = 2 << 20;

    /** The defaults: a budget of 256 MiB, memtables of 64 MiB, zones of 256 MiB, pages of 16 KiB, created if missing, as many merge threads as go with the processors. */
    public static final Options DEFAULT = new Options(256L << 20, 64L << 20, MAX_ZONE_BYTES, 16 << 10, true, 0);

    public Options {
        if (memoryBudget < MIN_MEMORY_BUDGET || memoryBudget > MAX_MEMORY_BUDGET) {
            throw new IllegalArgumentException("memoryBudget is " + memoryBudget + " bytes, must be "
                    + MIN_MEMORY_BUDGET + " to " + MAX_MEMORY_BUDGET);
        }
        if (memtableBytes < MIN_MEMTABLE_BYTES || memtableBytes > memoryBudget / 4) {
            throw new IllegalArgumentException("memtableBytes is " + memtableBytes + ", must be " + MIN_MEMTABLE_BYTES
                    + " to a quarter of the memory budget, " + memoryBudget / 4
                    + "; memtables of this size need a budget of " + 4 * memtableBytes + " or more");
        }
        if (zoneBytes < MIN_ZONE_BYTES || zoneBytes > MAX_ZONE_BYTES) {
            throw new IllegalArgumentException(
                    "zoneBytes is " + zoneBytes + ", must be " + MIN_ZONE_BYTES + " to " + MAX_ZONE_BYTES);
        }
        if (pageBytes < MIN_PAGE_BYTES || pageBytes > MAX_PAGE_BYTES) {
            throw new IllegalArgumentException(
                    "pageBytes is " + pageBytes + ", must be " + MIN_PAGE_BYTES + " to " + MAX_PAGE_BYTES);
        }
        if (mergeThreads < 0 || mergeThreads > MAX_MERGE_THREADS) {
            throw new IllegalArgumentException("mergeThreads is " + mergeThreads + ", must be 1 to " + MAX_MERGE_THREADS
                    + ", or 0 for as many as go with the processors");
        }
    }

    /** Sets the memory budget; memtables become a quarter of it where they were larger. */
    public Options withMemoryBudget(long bytes) {
        long memtables = Math.min(memtableBytes, Math.max(MIN_MEMTABLE_BYTES, bytes / 4));
        return new Options(bytes, memtables, zoneBytes, pageBytes, createIfMissing, mergeThreads);
    }

    public Options withMemtableBytes(long bytes) {
        return new Options(memoryBudget, bytes, zoneBytes, pageBytes, createIfMissing, mergeThreads);
    }

    public Options withZoneBytes(int bytes) {
        return new Options(memoryBudget, memtableBytes, bytes, pageBytes, createIfMissing, mergeThreads);
    }

    public Options withPageBytes(int bytes) {
        return new Options(memoryBudget, memtableBytes, zoneBytes, bytes, createIfMissing, mergeThreads);
    }

    public Options withCreateIfMissing(boolean create) {
        return new Options(memoryBudget, memtableBytes, zoneBytes, pageBytes, create, mergeThreads);
    }

    public Options withMergeThreads(int threads) {
        return new Options(memoryBudget, memtableBytes, zoneBytes, pageBytes, createIfMissing, threads);
    }

    /** These, with a number of merge threads that goes with so many processors where none was set. */
    Options settledFor(int processors) {
        if (mergeThreads > 0) {
            return this;
        }
        long most = Math.min(MOST_CHOSEN_MERGE_THREADS, memoryBudget / BUDGET_OF_MERGE_THREAD);
        return withMergeThreads((int) Math.max(1, Math.min(most, processors / 2)));
    }

    /** How long the manifest gets before it is replaced by a shorter one, if it has not more to say. */
    public long manifestBytes() {
        return Math.max(MIN_MANIFEST_BYTES, memtableBytes / 1024);
    }

    /** Bytes of a dead range of a zone file that are given back to the file system where the zone stays: less is not worth the call. */
    public int leastHoleBytes() {
        return (int) Math.min(LEAST_HOLE_BYTES, memtableBytes & -ZoneFileSystem.HOLE_ALIGNMENT);
    }

    /** Bytes of the largest size class of buffers: what is longer gets memory of its own. */
    public int largestBufferBytes() {
        // Where memtables are small, nearly all memory is pages, so there is always a block of its own for what is
        // longer.
        long least = memtableBytes < 1 << 20 ? 64 << 10 : LONG_CHUNK_BUFFER;
        return (int) Math.min(BufferPool.MOST_CLASS_BYTES, Math.max(least, Long.highestOneBit(memtableBytes / 4)));
    }

    /** Bytes of pages that are kept in memory at least, however much writes and snapshots take. */
    public long leastFrameBytes() {
        return leastFrameBytes(memoryBudget);
    }

    /**
     * As {@link #leastFrameBytes()}, with another budget.
     *
     * @throws IllegalArgumentException where that is not one for these options
     */
    long leastFrameBytes(long budget) {
        long minimum = Math.max(MIN_MEMORY_BUDGET, 4 * memtableBytes);
        if (budget < minimum || budget > MAX_MEMORY_BUDGET) {
            throw new IllegalArgumentException("memoryBudget is " + budget + " bytes, must be " + minimum + " to "
                    + MAX_MEMORY_BUDGET + " with memtables of " + memtableBytes + " bytes");
        }
        return budget / 8;
    }
}
