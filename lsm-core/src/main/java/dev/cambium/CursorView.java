package dev.cambium;

import dev.cambium.segment.memory.Memory;

/** The key or value under a cursor. Holds nothing: a page that was evicted between two reads is fetched again. */
final class CursorView extends ByteView {
    private final Cursor cursor;
    private final long move;
    private final boolean isKey;

    CursorView(Cursor cursor, long move, boolean isKey, int length) {
        super(length);
        this.cursor = cursor;
        this.move = move;
        this.isKey = isKey;
    }

    @Override
    int enter() {
        return cursor.enter(move);
    }

    @Override
    void exit(int slot) {
        cursor.exit(slot);
    }

    @Override
    Memory memory() {
        return cursor.memory(isKey);
    }

    @Override
    int offset() {
        return cursor.offset(isKey);
    }
}
