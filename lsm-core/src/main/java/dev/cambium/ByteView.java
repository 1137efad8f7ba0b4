package dev.cambium;

import dev.cambium.segment.memory.Memory;
import java.nio.ByteBuffer;
import java.util.Objects;

/**
 * A key or value where it lies: nothing is copied until asked for. It ends with what it was taken from: a cursor's at its next move, or at the
 * close of cursor, snapshot or store; a {@link ValueView} at its own close, or that of snapshot or store. After that every method but {@link
 * #length} throws {@link IllegalStateException}. It never shows other bytes, whatever is evicted, compacted or closed.
 *
 * <p>Each read enters the store's read protection once (some ten nanoseconds), so prefer {@link #copyTo} to many
 * {@link #byteAt}. A cursor's view is for the cursor's thread.
 */
public abstract sealed class ByteView permits CursorView, ValueView {
    private final int length;

    ByteView(int length) {
        this.length = length;
    }

    /** Enters the read protection; throws where the view has ended. */
    abstract int enter();

    abstract void exit(int slot);

    /** Where the bytes lie now; inside a slot, as {@link #offset}. */
    abstract Memory memory();

    abstract int offset();

    public int length() {
        return length;
    }

    /** One byte, 0 to 255. */
    public int byteAt(int index) {
        Objects.checkIndex(index, length);
        int slot = enter();
        try {
            return memory().getUnsignedByte(offset() + index);
        } finally {
            exit(slot);
        }
    }

    /** Copies everything to {@code target} from {@code targetOffset} on; returns {@link #length}. */
    public int copyTo(byte[] target, int targetOffset) {
        Limits.checkNotNull(target, "target");
        Objects.checkFromIndexSize(targetOffset, length, target.length);
        int slot = enter();
        try {
            memory().get(offset(), target, targetOffset, length);
            return length;
        } finally {
            exit(slot);
        }
    }

    /** Copies everything to {@code target} at its position, which moves; returns {@link #length}. */
    public int copyTo(ByteBuffer target) {
        Limits.checkNotNull(target, "target");
        if (target.remaining() < length) {
            throw new IllegalArgumentException(
                    "the buffer has " + target.remaining() + " bytes remaining, " + length + " are needed");
        }
        int slot = enter();
        try {
            memory().get(offset(), target, length);
            return length;
        } finally {
            exit(slot);
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
        int slot = enter();
        try {
            return memory().compare(offset(), length, other, 0, other.length);
        } finally {
            exit(slot);
        }
    }
}
