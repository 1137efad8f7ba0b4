package dev.cambium.memtable;

import dev.cambium.compaction.SortedCursor;
import dev.cambium.segment.log.Operation;
import dev.cambium.segment.log.OperationCode;
import dev.cambium.segment.memory.Memory;
import dev.cambium.segment.zone.SharedZone;

/** A frozen memtable tree as a sorted source: keys and values are where they were written, in the arena. */
final class MemtableCursor implements SortedCursor {
    private final Memtable memtable;
    private final Arena arena;
    private final TreeCursor tree;
    private long reference;
    private Memory memory;
    private int offset;

    MemtableCursor(Memtable memtable, Root root) {
        this.memtable = memtable;
        this.arena = memtable.arena();
        this.tree = new TreeCursor(arena, root);
    }

    private boolean stand(boolean on) {
        if (on) {
            reference = tree.reference();
            memory = arena.memory(reference);
            offset = Arena.offset(reference);
        }
        return on;
    }

    @Override
    public boolean first() {
        return stand(tree.first());
    }

    @Override
    public boolean last() {
        return stand(tree.last());
    }

    @Override
    public boolean seek(byte[] key, int keyOffset, int length) {
        return stand(tree.seek(key, keyOffset, length));
    }

    @Override
    public boolean seekFloor(byte[] key, int keyOffset, int length) {
        return stand(tree.seekFloor(key, keyOffset, length));
    }

    @Override
    public boolean next() {
        return stand(tree.next());
    }

    @Override
    public boolean previous() {
        return stand(tree.previous());
    }

    @Override
    public void resume() {
        // The arena stays where it is as long as the memtable is held.
    }

    @Override
    public Memory keyMemory() {
        return memory;
    }

    @Override
    public int keyOffset() {
        return Operation.keyOffset(memory, offset);
    }

    @Override
    public int keyLength() {
        return Operation.keyLength(memory, offset);
    }

    @Override
    public Memory valueMemory() {
        return memory;
    }

    @Override
    public int valueOffset() {
        return Operation.valueOffset(memory, offset);
    }

    @Override
    public int valueLength() {
        return Operation.valueLength(memory, offset);
    }

    @Override
    public boolean isTombstone() {
        return Arena.code(reference) == OperationCode.DELETE;
    }

    @Override
    public boolean isChunked() {
        return Arena.code(reference) == OperationCode.PUT_REF;
    }

    @Override
    public SharedZone zone(long pointer) {
        return memtable.zone(pointer);
    }
}
