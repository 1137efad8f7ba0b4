package dev.cambium.segment.pool;

/** What a store needs off-heap memory for: the lines of its account. */
public enum MemoryUse {
    /** Records of memtables, and their filters. */
    MEMTABLES("memtables"),
    /** Leaves and pages of values; they give way to everything else. */
    PAGES("pages"),
    /** Pages above leaves. */
    KEY_PAGES("key pages"),
    /** Filters of runs. */
    FILTERS("filters"),
    /** What flushes, merges and long values are put together in. */
    WRITING("buffers of flushes and merges"),
    /** Where pages stand as they are stored, until they are unpacked. */
    READING("buffers of reads");

    private final String label;

    MemoryUse(String label) {
        this.label = label;
    }

    /** In words, for messages. */
    public String label() {
        return label;
    }
}
