package dev.cambium.segment.pool;

/** What a store needs off-heap memory for: the lines of its account. */
public enum MemoryUse {
    /** Records of memtables, and their filters. */
    MEMTABLES("memtables"),
    /** Leaves and pages of values. */
    PAGES("pages", true),
    /** Pages above leaves. */
    KEY_PAGES("key pages", true),
    /** Filters of runs. */
    FILTERS("filters", true),
    /** What flushes, merges and long values are put together in. */
    WRITING("buffers of flushes and merges"),
    /** Where pages stand as they are stored, until they are unpacked. */
    READING("buffers of reads");

    private final String label;
    private final boolean isKept;

    MemoryUse(String label) {
        this(label, false);
    }

    MemoryUse(String label, boolean isKept) {
        this.label = label;
        this.isKept = isKept;
    }

    /** Whether its buffers give way to others, see {@link BufferPool#keep}. */
    boolean isKept() {
        return isKept;
    }

    /** In words, for messages. */
    public String label() {
        return label;
    }
}
