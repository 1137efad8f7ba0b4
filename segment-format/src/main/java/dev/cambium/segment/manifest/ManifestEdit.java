package dev.cambium.segment.manifest;

import java.util.ArrayList;
import java.util.List;

/**
 * A change of the store's version: statements that become true together. Immutable.
 *
 * @param version number of the version that the edit leads to; edits count it up by one
 * @param records in the order in which they apply
 */
public record ManifestEdit(long version, List<ManifestRecord> records) {
    public ManifestEdit {
        if (version <= 0) {
            throw new IllegalArgumentException("version is " + version + ", must be 1 or more");
        }
        records = List.copyOf(records);
    }

    public static Builder to(long version) {
        return new Builder(version);
    }

    /** Collects the statements of one edit. */
    public static final class Builder {
        private final long version;
        private final List<ManifestRecord> records = new ArrayList<>();

        private Builder(long version) {
            this.version = version;
        }

        public Builder add(ManifestRecord record) {
            records.add(record);
            return this;
        }

        public Builder keyspace(int id, String name) {
            return add(new ManifestRecord.Keyspace(id, name));
        }

        public Builder logNext(long id, long capacity) {
            return add(new ManifestRecord.LogNext(id, capacity));
        }

        public Builder logDrop(long firstLiveId) {
            return add(new ManifestRecord.LogDrop(firstLiveId));
        }

        public Builder clean(long incarnation, long logId, long position, long batch) {
            return add(new ManifestRecord.Clean(incarnation, logId, position, batch));
        }

        public Builder logEnded(long logId, long end, long lastBatch) {
            return add(new ManifestRecord.LogEnded(logId, end, lastBatch));
        }

        public boolean isEmpty() {
            return records.isEmpty();
        }

        public ManifestEdit build() {
            return new ManifestEdit(version, records);
        }
    }
}
