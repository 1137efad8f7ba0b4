package dev.cambium.compaction;

/** What lies apart on the disk that a scan reads one after the other. */
public enum Scatter {
    /** Nothing, or too little to be worth anything. */
    NONE,
    /** Leaves: merges have linked some and written others elsewhere. */
    LEAVES,
    /** Values in pages of their own, and perhaps leaves: they lie in the order in which they were put. */
    VALUES
}
