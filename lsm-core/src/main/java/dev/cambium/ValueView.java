package dev.cambium;

import dev.cambium.segment.frame.Frame;
import dev.cambium.segment.memory.Memory;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * A value as it was when a snapshot was taken, read where it lies: in its page, which stays in memory, pinned, till the view is closed. So close
 * it soon; the close of its snapshot ends it too, with a warning. After that every method but {@link #length} throws {@link
 * IllegalStateException}. Safe for any thread.
 *
 * <p>Cost: a pin when it is made, another step when it is closed, and what {@link ByteView} says for each read. With the system property
 * {@code cambium.debugPins} a view that was not closed is reported with the stack that took it.
 */
public final class ValueView extends ByteView implements AutoCloseable {
    private final Snapshot.Held held;
    private final Memory memory;
    private final int offset;
    private final Frame pinned; // or null, where the snapshot holds the memory, or nobody has to
    private final AtomicBoolean open = new AtomicBoolean(true);
    private final Throwable taken; // or null

    ValueView(Snapshot.Held held, Memory memory, int offset, int length, Frame pinned) {
        super(length);
        this.held = held;
        this.memory = memory;
        this.offset = offset;
        this.pinned = pinned;
        this.taken = Frame.DEBUG_PINS ? new Throwable("a view that was not closed") : null;
    }

    @Override
    int enter() {
        int slot = held.enter();
        if (open.get()) {
            return slot;
        }
        exit(slot);
        throw new IllegalStateException("the view is closed");
    }

    @Override
    void exit(int slot) {
        held.epochs().exit(slot);
    }

    @Override
    Memory memory() {
        return memory;
    }

    @Override
    int offset() {
        return offset;
    }

    /** Ends the view and lets go of its page. Idempotent; in any order with snapshot and store. */
    @Override
    public void close() {
        if (end()) {
            held.forget(this);
        }
    }

    /** Returns whether the view was open. */
    boolean end() {
        if (!open.compareAndSet(true, false)) {
            return false;
        }
        if (pinned != null) {
            held.epochs().retire(pinned::unpin); // another thread may be reading
        }
        return true;
    }

    /** The stack that took the view, where that is noted; else null. */
    Throwable taken() {
        return taken;
    }
}
