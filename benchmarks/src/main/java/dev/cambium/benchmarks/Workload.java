package dev.cambium.benchmarks;

import java.util.Locale;

/** What is measured. The lower-case name is what users write. */
public enum Workload {
    FILLSEQ("one put a call, ascending keys, buffered", 500_000, 50_000, 1),
    FILLRANDOM("one put a call, random keys, buffered; with latencies", 500_000, 50_000, 1),
    FILLBATCH("batches of 1000 random keys, buffered", 500_000, 50_000, 1),
    FILLSYNC("one put a call, random keys, each forced; with latencies", 20_000, 500, 1),
    FILLSYNC8("the same by 8 threads", 80_000, 2_000, 8),
    READRANDOM("get of keys that are there, random order, after a fill in the same process", 1_000_000, 50_000, 1),
    READMISSING("get of keys that are not there, between those that are", 1_000_000, 50_000, 1),
    REPLAY("reopen, by a new process, of a store whose process was halted; ms", 580_000, 20_000, 1);

    /** Entries of one batch of {@link #FILLBATCH}. */
    public static final int BATCH = 1000;

    private final String summary;
    private final int entries;
    private final int quickEntries;
    private final int threads;

    Workload(String summary, int entries, int quickEntries, int threads) {
        this.summary = summary;
        this.entries = entries;
        this.quickEntries = quickEntries;
        this.threads = threads;
    }

    /** What it does, for people. */
    public String summary() {
        return summary;
    }

    /** Entries that it writes unless told otherwise; it times as many operations. */
    public int entries(boolean quick) {
        return quick ? quickEntries : entries;
    }

    public int threads() {
        return threads;
    }

    /** Whether every put is forced. */
    public boolean isForced() {
        return this == FILLSYNC || this == FILLSYNC8;
    }

    /** Whether gets are timed; else puts, or the open. */
    public boolean isRead() {
        return this == READRANDOM || this == READMISSING;
    }

    /** Whether each call is timed by itself. */
    public boolean hasLatencies() {
        return this == FILLRANDOM || isForced();
    }

    /** Whether the time of one call is the result, so that less is better. */
    public boolean isTimed() {
        return this == REPLAY;
    }

    public String lowerName() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** The workload of that name, or null. */
    public static Workload named(String name) {
        for (Workload workload : values()) {
            if (workload.lowerName().equals(name)) {
                return workload;
            }
        }
        return null;
    }
}
