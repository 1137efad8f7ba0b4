package dev.cambium;

/**
 * How a store is opened. Immutable; each {@code with…} method returns a copy with one setting changed.
 *
 * @param memoryBudget bytes of off-heap memory the store may hold, 16 MiB to 64 GiB; 256 MiB unless set. The JVM must
 *     allow it as direct memory ({@code -XX:MaxDirectMemorySize}, the maximum heap unless set). Java objects of the memtable's
 *     index come on top: about 26 bytes an entry.
 * @param memtableBytes bytes of writes that are gathered before a memtable is sealed, 4 KiB to a quarter of the budget; 64 MiB, or
 *     that quarter, unless set
 * @param createIfMissing whether a missing or empty directory becomes a new store; true unless set
 */
public record Options(long memoryBudget, long memtableBytes, boolean createIfMissing) {
    public static final long MIN_MEMORY_BUDGET = 16L << 20;
    public static final long MAX_MEMORY_BUDGET = 64L << 30;
    public static final long MIN_MEMTABLE_BYTES = 4L << 10;

    /** The defaults: a budget of 256 MiB, memtables of 64 MiB, created if missing. */
    public static final Options DEFAULT = new Options(256L << 20, 64L << 20, true);

    public Options {
        if (memoryBudget < MIN_MEMORY_BUDGET || memoryBudget > MAX_MEMORY_BUDGET) {
            throw new IllegalArgumentException("memoryBudget is " + memoryBudget + " bytes, must be "
                    + MIN_MEMORY_BUDGET + " to " + MAX_MEMORY_BUDGET);
        }
        if (memtableBytes < MIN_MEMTABLE_BYTES || memtableBytes > memoryBudget / 4) {
            throw new IllegalArgumentException("memtableBytes is " + memtableBytes + ", must be " + MIN_MEMTABLE_BYTES
                    + " to a quarter of the memory budget, " + memoryBudget / 4);
        }
    }

    /** Sets the memory budget; memtables become a quarter of it where they were larger. */
    public Options withMemoryBudget(long bytes) {
        return new Options(bytes, Math.min(memtableBytes, Math.max(MIN_MEMTABLE_BYTES, bytes / 4)), createIfMissing);
    }

    public Options withMemtableBytes(long bytes) {
        return new Options(memoryBudget, bytes, createIfMissing);
    }

    public Options withCreateIfMissing(boolean create) {
        return new Options(memoryBudget, memtableBytes, create);
    }
}
