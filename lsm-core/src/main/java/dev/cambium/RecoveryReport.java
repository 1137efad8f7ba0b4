package dev.cambium;

import java.util.List;
import java.util.Locale;

/**
 * What an open found on disk and what it did about it. Immutable; {@link #toString} is for people.
 *
 * @param store the directory
 * @param incarnation how many times a writer has opened the store, this one included
 * @param created whether the store was made by this open
 * @param cleanClose whether the last writer had closed the store
 * @param manifestEdits edits read from the manifest
 * @param manifestTornTail whether a last edit whose force had not returned was lost
 * @param logs each log that held records, oldest first
 * @param batches batches found in them
 * @param operations operations in those batches
 * @param entries entries in memory afterwards, tombstones included
 * @param setAsideRecords records that a power loss left behind a gap: never promised, not used, still in the file
 * @param elapsedNanos how long it took
 */
public record RecoveryReport(
        String store,
        long incarnation,
        boolean created,
        boolean cleanClose,
        int manifestEdits,
        boolean manifestTornTail,
        List<Log> logs,
        long batches,
        long operations,
        long entries,
        long setAsideRecords,
        long elapsedNanos) {
    /**
     * What a log held.
     *
     * @param file its name
     * @param bytes of records
     * @param batches how many records
     * @param end position behind the last one
     * @param finding how it ends, for people
     */
    public record Log(String file, long bytes, long batches, long end, String finding) {}

    public RecoveryReport {
        logs = List.copyOf(logs);
    }

    @Override
    public String toString() {
        if (created) {
            return "created " + store;
        }
        StringBuilder text = new StringBuilder();
        text.append("opened ")
                .append(store)
                .append(", writer ")
                .append(incarnation)
                .append('\n');
        text.append(cleanClose ? "  the last writer closed it\n" : "  the last writer did not close it\n");
        text.append("  manifest: ").append(manifestEdits).append(" edits");
        text.append(manifestTornTail ? ", and a last one that was never forced\n" : "\n");
        for (Log log : logs) {
            text.append("  ").append(log.file).append(": ").append(log.batches).append(" batches in ");
            text.append(log.bytes).append(" bytes; ").append(log.finding).append('\n');
        }
        text.append(String.format(
                Locale.ROOT,
                "  %d batches with %d operations make %d entries%s, in %.1f ms",
                batches,
                operations,
                entries,
                setAsideRecords > 0 ? "; " + setAsideRecords + " records set aside" : "",
                elapsedNanos / 1e6));
        return text.toString();
    }
}
