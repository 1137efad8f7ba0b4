package dev.cambium.segment.manifest;

import java.nio.ByteBuffer;
import java.util.List;
import org.roaringbitmap.RoaringBitmap;

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
    int TAG_ZONE_DROP = 23;
    int TAG_NEXT = 24;
    int TAG_FLUSHED = 25;
    int TAG_PAGES_LIVE = 26;
    int TAG_PAGES_DEAD = 27;
    int TAG_RUN_MERGED = 28;

    /** Ends an edit; written and checked by {@link ManifestCodec} alone. */
    int TAG_COMMIT = 255;

    /** The bit of a tag that lets a reader pass over it. */
    int MAY_BE_SKIPPED = 1 << 15;

    int TAG_ZONE_PUNCHED = MAY_BE_SKIPPED | 29;

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

    /**
     * A run: a sorted, immutable tree of pages.
     *
     * @param root pointer to its root, a key page
     * @param rootCrc payload checksum of the root
     * @param tier how many merges its entries have gone through at least; of the base {@link #BASE_TIER}
     * @param oldest number of the oldest flush whose entries it holds
     * @param newest number of the newest; of two runs that have a key, the one with the greater number hides the other's entry
     * @param minBatch first batch in it; 0 where none of it was logged
     * @param maxBatch last batch in it
     * @param entries tombstones included
     * @param bytes of keys and values
     * @param firstKey an internal key, or the beginning of one, that is not above any of its keys
     * @param lastKey one that is not below any of its keys
     */
    record Run(
            long id,
            long root,
            int rootCrc,
            int tier,
            long oldest,
            long newest,
            long minBatch,
            long maxBatch,
            long entries,
            long tombstones,
            long bytes,
            byte[] firstKey,
            byte[] lastKey)
            implements ManifestRecord {
        @Override
        public boolean equals(Object other) {
            return other instanceof Run run && describe().equals(run.describe());
        }

        @Override
        public int hashCode() {
            return Long.hashCode(id);
        }

        /** Whether it is the base. */
        public boolean isBase() {
            return tier == BASE_TIER;
        }

        /** The same tree as the base, under another number. */
        public Run asBase(long newId) {
            return new Run(
                    newId,
                    root,
                    rootCrc,
                    BASE_TIER,
                    oldest,
                    newest,
                    minBatch,
                    maxBatch,
                    entries,
                    tombstones,
                    bytes,
                    firstKey,
                    lastKey);
        }

        private List<Object> describe() {
            return List.of(
                    id,
                    root,
                    rootCrc,
                    tier,
                    oldest,
                    newest,
                    minBatch,
                    maxBatch,
                    entries,
                    tombstones,
                    bytes,
                    ByteBuffer.wrap(firstKey),
                    ByteBuffer.wrap(lastKey));
        }

        @Override
        public String toString() {
            return "Run" + describe();
        }
    }

    /** The tier of the base: the oldest run, which takes what is merged by stretches of keys. */
    int BASE_TIER = 255;

    /** What a run, which is not the base, has in a stretch of keys counts no more: it has gone into the base. */
    record RunMerged(long run, Stretch stretch) implements ManifestRecord {}

    /** A run is no longer part of the store. */
    record RunDrop(long id) implements ManifestRecord {}

    /** Whether pages are appended to a zone, and how it ends. */
    enum ZoneState {
        /** Pages are appended; the length is the end of the last named one. */
        OPEN,
        /** Nothing is appended any more; directory and footer end it. */
        SEALED,
        /** Nothing is appended any more, for its writer died or failed; it ends with its last named page. */
        CUT
    }

    /**
     * A zone exists.
     *
     * @param length bytes that count, all forced
     * @param stream what the writer puts there
     */
    record Zone(int number, long length, int stream, ZoneState state) implements ManifestRecord {}

    /** A zone is no longer named: no run has pages there. */
    record ZoneDrop(int number) implements ManifestRecord {}

    /**
     * Pages of a zone have become part of what runs are made of.
     *
     * @param units of {@link dev.cambium.segment.page.Pointer#ALIGNMENT} bytes that they take, padding included; not to be changed
     */
    record PagesLive(int zone, RoaringBitmap units) implements ManifestRecord {}

    /** Pages of a zone are no longer part of any run; see {@link PagesLive}. */
    record PagesDead(int zone, RoaringBitmap units) implements ManifestRecord {}

    /**
     * Ranges of a sealed zone in which no page lives have been given back to the file system and read as zeros; that is forced. May be skipped:
     * who does not know it takes the file to be longer than the room it needs.
     *
     * @param units of {@link dev.cambium.segment.page.Pointer#ALIGNMENT} bytes, in whole blocks of
     *     {@link dev.cambium.segment.disk.ZoneFileSystem#HOLE_ALIGNMENT}; not to be changed
     */
    record ZonePunched(int zone, RoaringBitmap units) implements ManifestRecord {}

    /** The smallest numbers that were never used: of a zone, of a run, of a flush or merge. */
    record Next(int zone, long run, long birth) implements ManifestRecord {}

    /** Batches up to this one stand in runs, as far as they still count; replay passes over them. */
    record Flushed(long batch) implements ManifestRecord {}

    /** A record of a newer version that may be skipped. */
    record Skipped(int tag, int length) implements ManifestRecord {}
}
