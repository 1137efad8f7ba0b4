package dev.cambium.memtable;

import dev.cambium.compaction.BlockedBloomFilter;
import dev.cambium.epoch.SearchKey;
import dev.cambium.segment.log.Operation;
import dev.cambium.segment.log.OperationCode;
import dev.cambium.segment.memory.Memory;
import java.nio.ByteBuffer;

/**
 * One search for a key through memtables, newest first, and where its value lies. Kept beside an epoch slot and used again and
 * again, so that a lookup allocates nothing; what it has found is valid as long as the slot is held.
 */
public final class Lookup {
    private final SearchKey key = new SearchKey();
    private long hash;
    private boolean settled;
    private Memory memory;
    private int operation;

    /** Begins a search. */
    public void begin(int keyspaceId, byte[] userKey) {
        key.set(keyspaceId, userKey);
        hash = BlockedBloomFilter.hash(key.bytes(), 0, key.length());
        settled = false;
        memory = null;
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
                    memory = memtable.arena().memory(reference);
                    operation = Arena.offset(reference);
                }
            }
        }
        return settled;
    }

    /** A copy of the value, or null where the key is absent. */
    public byte[] value() {
        return memory == null
                ? null
                : memory.toArray(Operation.valueOffset(memory, operation), Operation.valueLength(memory, operation));
    }

    /** Copies as much of the value as there is room for; returns its whole length, or -1 where the key is absent. */
    public int value(ByteBuffer target) {
        if (memory == null) {
            return -1;
        }
        int length = Operation.valueLength(memory, operation);
        memory.get(Operation.valueOffset(memory, operation), target, Math.min(length, target.remaining()));
        return length;
    }
}
