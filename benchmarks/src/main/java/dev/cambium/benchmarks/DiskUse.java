package dev.cambium.benchmarks;

/**
 * What an engine has written, and what its files take, at about one moment; logs are not in it.
 *
 * @param flushedBytes that memtables were laid down in since the open; 0 where it is not counted
 * @param mergedBytes that merges have written since then; 0 where it is not counted
 * @param fileBytes of all files that hold entries, as the engine tells it
 * @param liveBytes of those, what its newest version refers to
 */
public record DiskUse(long flushedBytes, long mergedBytes, long fileBytes, long liveBytes) {
    /** Bytes written to files for each byte laid down, since another moment; NaN where nothing was laid down. */
    public double writeAmplificationSince(DiskUse before) {
        double flushed = flushedBytes - before.flushedBytes;
        double merged = mergedBytes - before.mergedBytes;
        return flushed == 0 ? Double.NaN : (flushed + merged) / flushed;
    }

    /** Bytes of files for each byte that is referred to; NaN where there are none. */
    public double spaceAmplification() {
        return liveBytes == 0 ? Double.NaN : fileBytes / (double) liveBytes;
    }

    /** Bytes written since the open. */
    public long writtenBytes() {
        return flushedBytes + mergedBytes;
    }
}
