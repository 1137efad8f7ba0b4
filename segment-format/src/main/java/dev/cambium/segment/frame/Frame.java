package dev.cambium.segment.frame;

import dev.cambium.segment.memory.Memory;
import dev.cambium.segment.page.FilterPage;
import dev.cambium.segment.page.KeyPage;
import dev.cambium.segment.page.LeafPage;
import dev.cambium.segment.page.PageHeader;
import dev.cambium.segment.page.PageKind;
import dev.cambium.segment.page.ValuePage;
import dev.cambium.segment.pool.BufferPool;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;

/**
 * A raw page in memory that may be evicted.
 *
 * <p>Lifetime: <em>resident</em>, until its cache gives it up; then <em>cooling</em>, till it is asked for again or its memory is needed; then
 * <em>gone</em>. Whoever finds it resident inside an epoch slot may use it until the slot is freed; whoever needs it longer pins it there
 * ({@link #tryPin}, {@link #unpin}), and it is not gone before. Safe for any thread; the page never changes.
 */
public final class Frame {
    /*
     * The state word: pins in the lower half, then two bits of phase, then a version that counts changes of phase.
     *
     * A reference to a frame, from a parent or a policy, says nothing by itself: it counts only if the frame is resident when looked at from
     * inside a slot. For then its mark, which is taken after it began to cool, is not passed before that slot is freed.
     */
    static final VarHandle SLOT = MethodHandles.arrayElementVarHandle(Object[].class);

    private static final long PINS = 0xFFFF_FFFFL;
    private static final long PHASE = 3L << 32;
    private static final long COOLING = 1L << 32;
    private static final long GONE = 2L << 32;
    private static final int VERSION_SHIFT = 34;

    /** Whether it is noted who pins what, with the stack: the system property {@code cambium.debugPins}. */
    public static final boolean DEBUG_PINS = Boolean.getBoolean("cambium.debugPins");

    private static final VarHandle STATE;
    private static final VarHandle VALUE_FRAMES;

    static {
        try {
            STATE = MethodHandles.lookup().findVarHandle(Frame.class, "state", long.class);
            VALUE_FRAMES = MethodHandles.lookup().findVarHandle(Frame.class, "valueFrames", Object[].class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    @SuppressWarnings("unused") // through STATE
    private long state;

    private final Long key; // the pointer, boxed once for the policy
    private final int payloadCrc;
    private final int weight;

    // Null once the frame is gone.
    private BufferPool.Buffer buffer;
    private LeafPage leaf;
    private ValuePage values;
    private KeyPage keys;
    private FilterPage filter;

    // Of a leaf: where it refers to frames of its pages of values, by entry; null till it is asked for.
    private Object[] valueFrames;

    private final Queue<Throwable> pinners = DEBUG_PINS ? new ConcurrentLinkedQueue<>() : null;

    // Where a parent refers to this frame directly, so that a hit costs one load.
    private Object[] slots;
    private int slot;

    /** @param payloadCrc that the page was verified with */
    Frame(Long pointer, int payloadCrc, BufferPool.Buffer buffer) {
        this.key = pointer;
        this.payloadCrc = payloadCrc;
        this.weight = buffer.reservedBytes();
        this.buffer = buffer;
        switch (PageHeader.kind(buffer.memory(), 0)) {
            case PageKind.LEAF -> leaf = new LeafPage(buffer.memory());
            case PageKind.VALUES -> values = new ValuePage(buffer.memory());
            case PageKind.KEYS -> keys = new KeyPage(buffer.memory());
            case PageKind.FILTER -> filter = new FilterPage(buffer.memory());
            default -> {} // a chunk list: who asked for it knows
        }
    }

    public long pointer() {
        return key;
    }

    Long key() {
        return key;
    }

    int payloadCrc() {
        return payloadCrc;
    }

    /** Bytes of memory that it takes. */
    int weight() {
        return weight;
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

    /** The page as a key page; null where it is none. */
    public KeyPage keys() {
        return keys;
    }

    /** The page as a filter; null where it is none. */
    public FilterPage filter() {
        return filter;
    }

    /**
     * Of a leaf: the frame of the page with an entry's value, where it was noted and is still in memory, else null. Valid until the caller's
     * epoch slot is freed.
     */
    public Frame valueFrame(int entry) {
        Object[] known = (Object[]) VALUE_FRAMES.getAcquire(this);
        Frame frame = known == null ? null : (Frame) SLOT.getAcquire(known, entry);
        return frame != null && frame.isResident() ? frame : null;
    }

    /** Of a leaf: lets an entry refer to the frame of the page with its value. What is evicted later need not be told. */
    public void noteValueFrame(int entry, Frame valuePage) {
        Object[] known = (Object[]) VALUE_FRAMES.getAcquire(this);
        if (known == null) {
            Object[] made = new Object[leaf.count()];
            known = (Object[]) VALUE_FRAMES.compareAndExchange(this, null, made);
            known = known == null ? made : known;
        }
        SLOT.setRelease(known, entry, valuePage);
    }

    BufferPool.Buffer buffer() {
        return buffer;
    }

    /** Whether whoever is inside an epoch slot may use the frame until it is freed. */
    public boolean isResident() {
        return ((long) STATE.getAcquire(this) & PHASE) == 0;
    }

    /** Pins the frame, unless it is gone. To be called inside the epoch slot in which it was found. */
    public boolean tryPin() {
        for (; ; ) {
            long now = (long) STATE.getVolatile(this);
            if ((now & PHASE) == GONE) {
                return false;
            }
            if (STATE.compareAndSet(this, now, now + 1)) {
                if (DEBUG_PINS) {
                    pinners.add(new Throwable("a page was pinned here"));
                }
                return true;
            }
        }
    }

    /** Gives up a pin. */
    public void unpin() {
        if (DEBUG_PINS) {
            pinners.poll();
        }
        long before = (long) STATE.getAndAdd(this, -1L);
        if ((before & PINS) == 0) {
            STATE.getAndAdd(this, 1L);
            throw new IllegalStateException("frame " + Long.toHexString(key) + " is unpinned more often than pinned");
        }
    }

    /** How many pins there are. */
    public int pins() {
        return (int) ((long) STATE.getVolatile(this) & PINS);
    }

    /** Where a pin was taken that is still there, as far as that is noted. */
    Throwable pinner() {
        Throwable noted = DEBUG_PINS ? pinners.peek() : null;
        return noted != null
                ? noted
                : new Throwable("a page is pinned; -Dcambium.debugPins=true shows who has done that");
    }

    /** How often the frame has changed its phase. */
    int version() {
        return (int) ((long) STATE.getVolatile(this) >>> VERSION_SHIFT);
    }

    /** Resident to cooling; returns whether it was this call. */
    boolean cool() {
        return change(0, COOLING);
    }

    /** Cooling to resident; returns whether it was this call. */
    boolean rescue() {
        return change(COOLING, 0);
    }

    private boolean change(long from, long to) {
        for (; ; ) {
            long now = (long) STATE.getVolatile(this);
            if ((now & PHASE) != from) {
                return false;
            }
            if (STATE.compareAndSet(this, now, now - from + to + (1L << VERSION_SHIFT))) {
                return true;
            }
        }
    }

    /** Whether it has been cooling since it had that version. */
    boolean isCooling(int version) {
        long now = (long) STATE.getVolatile(this);
        return (now & PHASE) == COOLING && now >>> VERSION_SHIFT == version;
    }

    /**
     * Cooling to gone, where nobody has pinned it; no earlier reader is left.
     *
     * @return the buffer, now the caller's; null where the frame is pinned, or has not been cooling since it had that version
     */
    BufferPool.Buffer take(int version) {
        long cooling = (long) version << VERSION_SHIFT | COOLING;
        return STATE.compareAndSet(this, cooling, cooling - COOLING + GONE) ? leaveBuffer() : null;
    }

    /** As {@link #take}, whoever has pinned it: nobody can be inside any more. */
    BufferPool.Buffer takePinned() {
        return change(COOLING, GONE) ? leaveBuffer() : null;
    }

    private BufferPool.Buffer leaveBuffer() {
        detach();
        BufferPool.Buffer taken = buffer;
        // Parents may refer to what is left of the frame for long.
        buffer = null;
        leaf = null;
        values = null;
        keys = null;
        filter = null;
        valueFrames = null;
        return taken;
    }

    /** Lets a parent refer to this frame. */
    void attach(Object[] parent, int index) {
        if (parent != null) {
            slots = parent;
            slot = index;
            SLOT.setVolatile(parent, index, this);
            if (!isResident()) {
                detach();
            }
        }
    }

    /** Makes the parent forget this frame: so that it need not look, and nothing is kept on the heap. */
    void detach() {
        Object[] parent = slots;
        if (parent != null) {
            SLOT.compareAndSet(parent, slot, this, null);
        }
    }
}
