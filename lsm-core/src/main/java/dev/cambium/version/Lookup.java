package dev.cambium.version;

import dev.cambium.compaction.BlockedBloomFilter;
import dev.cambium.compaction.ChunkedValue;
import dev.cambium.compaction.RunTree;
import dev.cambium.epoch.SearchKey;
import dev.cambium.memtable.Arena;
import dev.cambium.memtable.Memtable;
import dev.cambium.memtable.Root;
import dev.cambium.run.LiveRun;
import dev.cambium.segment.frame.Frame;
import dev.cambium.segment.frame.FrameCache;
import dev.cambium.segment.log.Operation;
import dev.cambium.segment.log.OperationCode;
import dev.cambium.segment.memory.Memory;
import dev.cambium.segment.page.LeafPage;
import dev.cambium.segment.page.ValueReference;
import java.nio.ByteBuffer;

/**
 * One search for a key through memtables and runs, newest first, and where its value lies. Kept beside an epoch slot and used again
 * and again, so that a lookup allocates nothing; what it has found is valid as long as the slot is held.
 */
public final class Lookup {
    private final SearchKey key = new SearchKey();
    private long hash;
    private boolean settled;
    private Memory memory; // null where the key is absent
    private int offset;
    private int length;
    private Frame frame; // that the value lies in, or null
    private int uses;

    // Of a value in chunks, what the reference stands in: one of the two. Then memory, offset and length are those of
    // the reference.
    private Memtable chunkedIn;
    private RunTree chunkedInRun;

    /** Begins a search. */
    public void begin(int keyspaceId, byte[] userKey) {
        key.set(keyspaceId, userKey);
        hash = BlockedBloomFilter.hash(key.bytes(), 0, key.length());
        settled = false;
        memory = null;
        frame = null;
        chunkedIn = null;
        chunkedInRun = null;
    }

    /**
     * Searches one more memtable, which is older than those before.
     *
     * @return whether the search is over: the key has a value here, or a tombstone
     */
    public boolean search(Memtable memtable, Root root) {
        if (memtable.mayContain(hash)) {
            long reference = memtable.find(root, key.bytes(), key.length());
            if (reference != 0) {
                settled = true;
                if (Arena.code(reference) != OperationCode.DELETE) {
                    int operation = Arena.offset(reference);
                    memory = memtable.arena().memory(reference);
                    offset = Operation.valueOffset(memory, operation);
                    length = Operation.valueLength(memory, operation);
                    if (Arena.code(reference) == OperationCode.PUT_REF) {
                        chunkedIn = memtable;
                    }
                }
            }
        }
        return settled;
    }

    /** As {@link #search(Memtable, Root)}, one more run; loads the pages that are not in memory. */
    public boolean search(LiveRun live) {
        if (!live.mayHave(key.bytes(), key.length())) {
            return false;
        }
        RunTree run = live.tree();
        boolean isNoted = FrameCache.isNoted(++uses);
        Frame leafFrame = run.leafFor(key.bytes(), key.length(), hash, isNoted);
        if (leafFrame == null) {
            return false;
        }
        LeafPage leaf = leafFrame.leaf();
        int index = leaf.search(key.bytes(), 0, key.length());
        if (index < 0) {
            return false;
        }
        settled = true;
        int operation = leaf.operation(index);
        if (operation == OperationCode.PUT) {
            frame = leafFrame;
            memory = leaf.memory();
            offset = leaf.valueOffset(index);
            length = leaf.valueLength(index);
        } else if (operation == OperationCode.PUT_REF) {
            int reference = leaf.valueOffset(index);
            if (ValueReference.isChunked(leaf.memory(), reference)) {
                memory = leaf.memory();
                offset = reference;
                length = ValueReference.LENGTH;
                chunkedInRun = run;
                return true;
            }
            Frame values = run.valuesOf(leafFrame, index, isNoted);
            int valueIndex = ValueReference.index(leaf.memory(), reference);
            frame = values;
            memory = values.page();
            offset = values.values().valueOffset(valueIndex);
            length = values.values().valueLength(valueIndex);
        }
        return true;
    }

    /** Whether the value is in chunks, or a memtable refers to it, and so is to be got by {@link #openChunked} only. */
    public boolean isChunked() {
        return chunkedIn != null || chunkedInRun != null;
    }

    /** That value, the caller's to close; it may be read after the slot is freed. */
    public ChunkedValue openChunked(byte[] storeId) {
        return ChunkedValue.open(
                chunkedIn != null ? chunkedIn::zone : chunkedInRun::sharedZone, storeId, memory, offset);
    }

    /** Whether the key has a value. */
    public boolean isPresent() {
        return memory != null;
    }

    /** Where the value lies, as {@link #offset} and {@link #length}; not of one in chunks. */
    public Memory memory() {
        return memory;
    }

    public int offset() {
        return offset;
    }

    public int length() {
        return length;
    }

    /** The frame that the value lies in; null where it lies in a memtable. */
    public Frame frame() {
        return frame;
    }

    /** A copy of the value, or null where the key is absent. */
    public byte[] value() {
        return memory == null ? null : memory.toArray(offset, length);
    }

    /** Copies as much of the value as there is room for; returns its whole length, or -1 where the key is absent. */
    public int value(ByteBuffer target) {
        if (memory == null) {
            return -1;
        }
        memory.get(offset, target, Math.min(length, target.remaining()));
        return length;
    }
}
