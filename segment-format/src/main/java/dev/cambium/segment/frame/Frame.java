package dev.cambium.segment.frame;

import dev.cambium.segment.memory.Memory;
import dev.cambium.segment.page.LeafPage;
import dev.cambium.segment.page.PageHeader;
import dev.cambium.segment.page.PageKind;
import dev.cambium.segment.page.ValuePage;
import dev.cambium.segment.runtime.References;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * A raw page in memory that may be evicted: a leaf, a value page or a chunk list.
 *
 * <p>Lifetime: whoever found it inside an epoch slot may use it until the slot is freed; whoever needs it longer pins it
 * ({@link #tryPin}, {@link #unpin}). The cache holds one pin. The memory goes back with the last pin, once no slot that was claimed
 * before is active. Safe for any thread; the page never changes.
 */
public final class Frame {
    static final VarHandle SLOT = MethodHandles.arrayElementVarHandle(Object[].class);
    private static final VarHandle VALUE_FRAMES;

    static {
        try {
            VALUE_FRAMES = MethodHandles.lookup().findVarHandle(Frame.class, "valueFrames", Object[].class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private final Long key; // the pointer, boxed once for the policy
    private final SlabPool.Buffer buffer;
    private final LeafPage leaf;
    private final ValuePage values;
    private final References pins = new References();

    // Where the parent refers to this frame directly, so that a hit costs one load.
    private final Object[] slots;
    private final int slot;
    private volatile boolean evicted;

    // Of a leaf: where it refers to frames of its pages of values, by a hash of their pointers; null till it is asked
    // for.
    private Object[] valueFrames;

    /** @param slots the parent's references, or null */
    Frame(Long pointer, SlabPool.Buffer buffer, Object[] slots, int slot) {
        this.key = pointer;
        this.buffer = buffer;
        this.slots = slots;
        this.slot = slot;
        int kind = PageHeader.kind(buffer.memory(), 0);
        this.leaf = kind == PageKind.LEAF ? new LeafPage(buffer.memory()) : null;
        this.values = kind == PageKind.VALUES ? new ValuePage(buffer.memory()) : null;
    }

    public long pointer() {
        return key;
    }

    Long key() {
        return key;
    }

    /** The raw page. */
    public Memory page() {
        return buffer.memory();
    }

    /** The page as a leaf; null where it is none. */
    public LeafPage leaf() {
        return leaf;
    }

    /** The page as a page of values; null where it is none. */
    public ValuePage values() {
        return values;
    }

    /**
     * Of a leaf: the frame of the page with an entry's value, where it was noted and is still in memory, else null. Valid until the caller's
     * epoch slot is freed.
     */
    public Frame valueFrame(int entry) {
        Object[] known = (Object[]) VALUE_FRAMES.getAcquire(this);
        Frame frame = known == null ? null : (Frame) SLOT.getAcquire(known, entry);
        return frame != null && frame.isLive() ? frame : null;
    }

    /** Of a leaf: lets an entry refer to the frame of the page with its value. What is evicted later need not be told: it is live no more. */
    public void noteValueFrame(int entry, Frame values) {
        Object[] known = (Object[]) VALUE_FRAMES.getAcquire(this);
        if (known == null) {
            Object[] made = new Object[leaf.count()];
            known = (Object[]) VALUE_FRAMES.compareAndExchange(this, null, made);
            known = known == null ? made : known;
        }
        SLOT.setRelease(known, entry, values);
    }

    SlabPool.Buffer buffer() {
        return buffer;
    }

    /** Pins the frame, unless the last pin is gone. To be called inside the epoch slot in which it was found. */
    public boolean tryPin() {
        return pins.tryRetain();
    }

    /** Whether the frame may still be used, by whoever is inside an epoch slot now. */
    public boolean isLive() {
        return pins.isHeld();
    }

    /** Drops a pin; returns whether it was the last. */
    boolean dropPin() {
        return pins.release();
    }

    /** Notes that the cache has given its pin up, or is about to; before {@link #detach}. */
    void markEvicted() {
        evicted = true;
    }

    /** Lets the parent refer to this frame, unless it has been evicted. The caller holds a pin. */
    void attach() {
        if (slots != null) {
            SLOT.setVolatile(slots, slot, this);
            if (evicted) {
                detach();
            }
        }
    }

    /** Makes the parent forget this frame. */
    void detach() {
        if (slots != null) {
            SLOT.compareAndSet(slots, slot, this, null);
        }
    }
}
