package dev.cambium.benchmarks;

import java.util.Locale;

/** What is measured. The lower-case name is what users write. */
public enum Workload {
    FILLSEQ("one put a call, ascending keys, buffered", Kind.FILL, 1_000_000, 50_000, 1),
    FILLRANDOM("one put a call, random keys, buffered; with latencies", Kind.FILL, 1_000_000, 50_000, 1),
    FILLBATCH("batches of 1000 random keys, buffered", Kind.FILL, 1_000_000, 50_000, 1),
    FILLSYNC("one put a call, random keys, each forced; with latencies", Kind.FILL, 20_000, 500, 1),
    FILLSYNC8("the same by 8 threads", Kind.FILL, 80_000, 2_000, 8),
    READRANDOM(
            "get of keys that are there, random order, after a fill in the same process",
            Kind.READ,
            1_000_000,
            50_000,
            1),
    READRANDOM2("the same by 2 threads, each half of the keys", Kind.READ, 1_000_000, 50_000, 2),
    READMISSING("get of keys that are not there, between those that are", Kind.READ, 1_000_000, 50_000, 1),
    READSEQ(
            "scan of all entries upwards, key and value copied, up to ten times; entries are counted",
            Kind.READ,
            1_000_000,
            50_000,
            1),
    READREVERSE("the same downwards", Kind.READ, 1_000_000, 50_000, 1),
    SEEK10("seek to a random key, then ten entries from there; seeks are counted", Kind.READ, 1_000_000, 50_000, 1),
    MIXED50("a get and a put of random keys in turns, buffered", Kind.READ, 1_000_000, 50_000, 1),
    MIXED95("19 gets, then a put, of random keys, buffered", Kind.READ, 1_000_000, 50_000, 1),
    SIZE("bytes of all files after random puts, compaction and close; MB", Kind.SIZE, 1_000_000, 50_000, 1),
    WRITTEN(
            "bytes that the process gives the disk, logs included, for two random puts of each key, flush and close; MB",
            Kind.SIZE,
            1_000_000,
            50_000,
            1),
    OPEN("open, by a new process, of a store that was closed; ms", Kind.OPEN, 1_000_000, 20_000, 1),
    REPLAY("reopen, by a new process, of a store whose process was halted; ms", Kind.OPEN, 580_000, 20_000, 1);

    /** What is timed, or counted. */
    private enum Kind {
        FILL,
        READ,
        OPEN,
        SIZE
    }

    /** Entries that a seek of {@link #SEEK10} reads. */
    public static final int ENTRIES_A_SEEK = 10;

    private static final int MOST_SCANS = 10;
    private static final int SCANNED = 10_000_000; // entries that scans have seen when no other is begun

    /** Entries of one batch of {@link #FILLBATCH}. */
    public static final int BATCH = 1000;

    private final String summary;
    private final Kind kind;
    private final int entries;
    private final int quickEntries;
    private final int threads;

    Workload(String summary, Kind kind, int entries, int quickEntries, int threads) {
        this.summary = summary;
        this.kind = kind;
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

    /** How often all of so many entries are read. */
    int passes(int entries) {
        boolean isScan = this == READSEQ || this == READREVERSE; // one of a million entries takes a tenth of a second
        return isScan ? Math.max(1, Math.min(MOST_SCANS, SCANNED / entries)) : 1;
    }

    public int threads() {
        return threads;
    }

    /** Whether every put is forced. */
    public boolean isForced() {
        return this == FILLSYNC || this == FILLSYNC8;
    }

    /** Whether what follows a fill is timed, gets above all. */
    public boolean isRead() {
        return kind == Kind.READ;
    }

    /** Whether each call is timed by itself. */
    public boolean hasLatencies() {
        return this == FILLRANDOM || isForced();
    }

    /** Whether the open is timed, in a process of its own. */
    public boolean isOpen() {
        return kind == Kind.OPEN;
    }

    /** Whether bytes on disk are the result. */
    public boolean isSize() {
        return kind == Kind.SIZE;
    }

    /** Whether less is better: {@link Measurement#millions} is what is shown. */
    public boolean isCost() {
        return isOpen() || isSize();
    }

    /** The unit of the figure that is shown. */
    public String unit() {
        return isOpen() ? "ms" : isSize() ? "MB" : "ops/s";
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
