package dev.cambium.benchmarks.jmh;

import dev.cambium.benchmarks.KeyForm;
import dev.cambium.benchmarks.Values;
import dev.cambium.memtable.Arena;
import dev.cambium.memtable.MemTree;
import dev.cambium.memtable.Root;
import dev.cambium.segment.log.Operation;
import dev.cambium.segment.log.OperationCode;
import dev.cambium.segment.memory.Memory;
import dev.cambium.segment.pool.BufferPool;

/**
 * An arena, and what it takes to fill trees from it as a store does: each put is encoded into the arena and applied in
 * a step of its own. For one thread.
 */
final class TreeFixture {
    /** Bytes of an internal key: the keyspace id, then the user's key. */
    static final int KEY_LENGTH = Operation.KEYSPACE_ID_LENGTH + KeyForm.LENGTH;

    private static final int CHUNK_BYTES = 1 << 20;
    private static final long BUDGET_BYTES = 4L << 30;

    private final Arena arena = new Arena(new BufferPool(BUDGET_BYTES, 64 << 10), CHUNK_BYTES);
    private final KeyForm form;
    private final Values values = new Values(100);
    private final byte[] key = new byte[KEY_LENGTH];
    private final byte[] value = new byte[values.length()];

    TreeFixture(KeyForm form) {
        this.form = form;
    }

    /** An empty tree over the arena. */
    MemTree tree(int tailCapacity) {
        return new MemTree(arena, MemTree.FAN_OUT, tailCapacity);
    }

    /** Puts the entry of a number. */
    void put(MemTree tree, long number) {
        form.write(number, key, Operation.KEYSPACE_ID_LENGTH);
        values.write(number, value);
        int length = Operation.length(KEY_LENGTH, value.length);
        long place = arena.allocate(length);
        Memory memory = arena.memory(place);
        int at = Arena.offset(place);
        Operation.putHeader(memory, at, OperationCode.PUT, KEY_LENGTH, value.length);
        memory.put(at + Operation.KEY_OFFSET, key, 0, KEY_LENGTH);
        memory.put(at + Operation.KEY_OFFSET + KEY_LENGTH, value, 0, value.length);
        tree.beginStep();
        tree.put(Arena.reference(OperationCode.PUT, place), key, 0, KEY_LENGTH);
        tree.endStep();
    }

    /** A copy of the value of a number, or null. */
    byte[] get(MemTree tree, Root root, long number) {
        form.write(number, key, Operation.KEYSPACE_ID_LENGTH);
        long reference = tree.find(root, key, 0, KEY_LENGTH);
        if (reference == 0) {
            return null;
        }
        Memory memory = arena.memory(reference);
        int at = Arena.offset(reference);
        return memory.toArray(Operation.valueOffset(memory, at), Operation.valueLength(memory, at));
    }

    /** Whether a value is that of the number. */
    boolean isValue(long number, byte[] found) {
        return values.isValue(number, found);
    }

    Arena arena() {
        return arena;
    }

    /** Frees the arena's chunks; no tree over it may be used any more. */
    void release() {
        // The arena frees itself for its own package only; no entry here is longer than a chunk, so all chunks have one
        // size.
        for (long chunk = 0; chunk < arena.capacityBytes() / CHUNK_BYTES; chunk++) {
            arena.memory(chunk << 32).release();
        }
    }
}
