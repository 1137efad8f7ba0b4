package dev.cambium.segment.manifest;

/**
 * One statement of an edit. Immutable; {@link ManifestCodec} says how each stands in the file.
 *
 * <p>Tags below are given out or reserved here and never used for anything else. A reader refuses a tag that it does not know,
 * unless its bit 15 says that it may be skipped: then ignoring the record costs knowledge or speed, but no data.
 */
public sealed interface ManifestRecord {
    int TAG_KEYSPACE = 1;
    int TAG_LOG_NEXT = 2;
    int TAG_LOG_DROP = 3;
    int TAG_CLEAN = 4;
    int TAG_LOG_ENDED = 5;

    int TAG_RUN = 16;
    int TAG_RUN_DROP = 17;
    int TAG_ZONE = 18;
    int TAG_CHECKPOINT = 19;
    int TAG_LEASE = 20;
    int TAG_INGEST = 21;
    int TAG_OPTION = 22;

    /** Ends an edit; written and checked by {@link ManifestCodec} alone. */
    int TAG_COMMIT = 255;

    /** The bit of a tag that lets a reader pass over it. */
    int MAY_BE_SKIPPED = 1 << 15;

    /** A keyspace exists. */
    record Keyspace(int id, String name) implements ManifestRecord {}

    /** A log is named: from now on it may hold records. Ids ascend. */
    record LogNext(long id, long capacity) implements ManifestRecord {}

    /** Logs with ids below {@code firstLiveId} are no longer named: what they held stands in runs. */
    record LogDrop(long firstLiveId) implements ManifestRecord {}

    /**
     * The writer of {@code incarnation} closed the store: all batches up to {@code batch} are forced, the last log ends at
     * {@code position}. That the log ends there is true only as long as the superblock has that incarnation; that it is forced
     * up to there stays true.
     */
    record Clean(long incarnation, long logId, long position, long batch) implements ManifestRecord {}

    /** Recovery settled that the log ends at {@code end}, after {@code lastBatch}; what stands behind is set aside for good. */
    record LogEnded(long logId, long end, long lastBatch) implements ManifestRecord {}

    /** A record of a newer version that may be skipped. */
    record Skipped(int tag, int length) implements ManifestRecord {}
}
