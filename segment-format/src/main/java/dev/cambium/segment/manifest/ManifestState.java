package dev.cambium.segment.manifest;

import dev.cambium.error.CorruptionException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * What all edits of a manifest come to: which keyspaces and logs there are. Immutable.
 *
 * @param version of the last edit; 0 before the first
 * @param keyspaces names by id
 * @param logs live logs, oldest first
 * @param firstLiveLog logs with smaller ids are no longer named; 0 at first
 * @param ends what recovery settled, by log id
 * @param clean the last CLEAN about a log that is live, or null
 */
public record ManifestState(
        long version,
        SortedMap<Integer, String> keyspaces,
        List<ManifestRecord.LogNext> logs,
        long firstLiveLog,
        SortedMap<Long, ManifestRecord.LogEnded> ends,
        ManifestRecord.Clean clean) {
    /** Before the first edit. */
    public static final ManifestState EMPTY =
            new ManifestState(0, new TreeMap<>(), List.of(), 0, new TreeMap<>(), null);

    public ManifestState {
        keyspaces = Collections.unmodifiableSortedMap(new TreeMap<>(keyspaces));
        logs = List.copyOf(logs);
        ends = Collections.unmodifiableSortedMap(new TreeMap<>(ends));
    }

    /**
     * The state after an edit.
     *
     * @param file name of the manifest, for the message
     * @param fileOffset where the edit stands, for the message
     * @throws CorruptionException where the edit contradicts what was said before
     */
    public ManifestState apply(ManifestEdit edit, String file, long fileOffset) {
        Fold fold = new Fold(this, file, fileOffset);
        for (ManifestRecord record : edit.records()) {
            fold.apply(record);
        }
        return new ManifestState(edit.version(), fold.keyspaces, fold.logs, fold.firstLiveLog, fold.ends, fold.clean);
    }

    /** The smallest id for a log that was never used. */
    public long nextLogId() {
        return Math.max(
                firstLiveLog, logs.isEmpty() ? 1 : logs.get(logs.size() - 1).id() + 1);
    }

    /** An edit that says all of this at once, at the same version: the first one of a new manifest. */
    public ManifestEdit toSnapshotEdit() {
        ManifestEdit.Builder edit = ManifestEdit.to(version);
        for (Map.Entry<Integer, String> keyspace : keyspaces.entrySet()) {
            edit.keyspace(keyspace.getKey(), keyspace.getValue());
        }
        // Ids of dropped logs are not to be used again, so the bound is said even where no log is live.
        if (logs.isEmpty() ? firstLiveLog > 0 : true) {
            edit.logDrop(firstLiveLog);
        }
        logs.forEach(edit::add);
        ends.values().forEach(edit::add);
        if (clean != null) {
            edit.add(clean);
        }
        return edit.build();
    }

    /** The mutable half-way of one edit. */
    private static final class Fold {
        private final String file;
        private final long fileOffset;
        private final TreeMap<Integer, String> keyspaces;
        private final List<ManifestRecord.LogNext> logs;
        private final TreeMap<Long, ManifestRecord.LogEnded> ends;
        private long firstLiveLog;
        private ManifestRecord.Clean clean;

        Fold(ManifestState before, String file, long fileOffset) {
            this.file = file;
            this.fileOffset = fileOffset;
            keyspaces = new TreeMap<>(before.keyspaces);
            logs = new ArrayList<>(before.logs);
            ends = new TreeMap<>(before.ends);
            firstLiveLog = before.firstLiveLog;
            clean = before.clean;
        }

        void apply(ManifestRecord record) {
            if (record instanceof ManifestRecord.Keyspace keyspace) {
                String known = keyspaces.putIfAbsent(keyspace.id(), keyspace.name());
                require(known == null || known.equals(keyspace.name()), record, "keyspace " + known);
            } else if (record instanceof ManifestRecord.LogNext next) {
                long least = Math.max(
                        Math.max(1, firstLiveLog),
                        logs.isEmpty() ? 1 : logs.get(logs.size() - 1).id() + 1);
                require(next.id() >= least && next.capacity() > 0, record, "a log with an id of " + least + " or more");
                logs.add(next);
            } else if (record instanceof ManifestRecord.LogDrop drop) {
                require(drop.firstLiveId() >= firstLiveLog, record, "a first live log of " + firstLiveLog + " or more");
                firstLiveLog = drop.firstLiveId();
                logs.removeIf(log -> log.id() < firstLiveLog);
                ends.headMap(firstLiveLog).clear();
                clean = clean != null && clean.logId() < firstLiveLog ? null : clean;
            } else if (record instanceof ManifestRecord.Clean mark) {
                require(isLive(mark.logId()) && mark.position() >= 0 && mark.batch() >= 0, record, "a live log");
                clean = mark;
            } else if (record instanceof ManifestRecord.LogEnded ended) {
                require(isLive(ended.logId()) && ended.end() >= 0 && ended.lastBatch() >= 0, record, "a live log");
                ends.put(ended.logId(), ended);
            }
        }

        private boolean isLive(long id) {
            return logs.stream().anyMatch(log -> log.id() == id);
        }

        private void require(boolean holds, ManifestRecord record, String expected) {
            if (!holds) {
                throw new CorruptionException(file, fileOffset, expected, record.toString());
            }
        }
    }
}
