package dev.cambium.compaction;

import dev.cambium.segment.memory.Memory;
import dev.cambium.segment.zone.SharedZone;

/** An entry where it lies. Key: an internal key (keyspace id, then the user's key). Valid until its source moves on. */
public interface Entry {
    /** Where the key lies, which some sources put together only now. */
    Memory keyMemory();

    int keyOffset();

    int keyLength();

    Memory valueMemory();

    int valueOffset();

    int valueLength();

    boolean isTombstone();

    /**
     * Whether the value stands in chunks, or in a page that only the log and a memtable refer to: then what {@link #valueMemory} and its companions show is the
     * {@link dev.cambium.segment.page.ValueReference} to them, which {@link ChunkedValue} reads.
     */
    boolean isChunked();

    /** The zone that a pointer in the reference of a chunked value leads into. */
    SharedZone zone(long pointer);
}
