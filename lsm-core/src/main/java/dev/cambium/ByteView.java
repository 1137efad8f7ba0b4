package dev.cambium;

import dev.cambium.segment.memory.Memory;
import java.nio.ByteBuffer;
import java.util.Objects;

/**
 * The key or value under a cursor, where it lies: nothing is copied until asked for. It lives until the cursor's next move, or
 * the close of cursor, snapshot or store; after that every method but {@link #length} throws {@link IllegalStateException}.
 *
 * <p>Each read enters the store's read protection once (some ten nanoseconds), so prefer {@link #copyTo} to many
 * {@link #byteAt}. For the cursor's thread.
 */
public final class ByteView {
    private final Cursor cursor;
    private final long move;
    private final boolean isKey;
    private final int length;

    ByteView(Cursor cursor, long move, boolean isKey, int length) {
        this.cursor = cursor;
        this.move = move;
        this.isKey = isKey;
        this.length = length;
    }

    public int length() {
        return length;
    }

    private Memory memory() {
        return cursor.memory(isKey);
    }

    private int offset() {
        return cursor.offset(isKey);
    }

    /** One byte, 0 to 255. */
    public int byteAt(int index) {
        Objects.checkIndex(index, length);
        int slot = cursor.enter(move);
        try {
            return memory().getUnsignedByte(offset() + index);
        } finally {
            cursor.exit(slot);
        }
    }

    /** Copies everything to {@code target} from {@code targetOffset} on; returns {@link #length}. */
    public int copyTo(byte[] target, int targetOffset) {
        Limits.checkNotNull(target, "target");
        Objects.checkFromIndexSize(targetOffset, length, target.length);
        int slot = cursor.enter(move);
        try {
            memory().get(offset(), target, targetOffset, length);
            return length;
        } finally {
            cursor.exit(slot);
        }
    }

    /** Copies everything to {@code target} at its position, which moves; returns {@link #length}. */
    public int copyTo(ByteBuffer target) {
        Limits.checkNotNull(target, "target");
        if (target.remaining() < length) {
            throw new IllegalArgumentException(
                    "the buffer has " + target.remaining() + " bytes remaining, " + length + " are needed");
        }
        int slot = cursor.enter(move);
        try {
            memory().get(offset(), target, length);
            return length;
        } finally {
            cursor.exit(slot);
        }
    }

    /** A copy. */
    public byte[] toByteArray() {
        byte[] copy = new byte[length];
        copyTo(copy, 0);
        return copy;
    }

    /** Compares with {@code other} as unsigned bytes. */
    public int compareTo(byte[] other) {
        Limits.checkNotNull(other, "other");
        int slot = cursor.enter(move);
        try {
            return memory().compare(offset(), length, other, 0, other.length);
        } finally {
            cursor.exit(slot);
        }
    }
}
