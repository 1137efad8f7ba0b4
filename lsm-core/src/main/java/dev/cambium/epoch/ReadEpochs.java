package dev.cambium.epoch;

import dev.cambium.segment.runtime.Reclaimer;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;

/**
 * The read protection of off-heap memory: a reader claims a slot before it looks at anything and frees it after; what was
 * unlinked is released only when every slot that was claimed before the unlinking has been freed.
 *
 * <p>Protocol of a reader: {@link #enter}; read the current version; check that the handle is open; work; {@link #exit}. Of a
 * writer: make the object unreachable for later readers; {@link #retire} it.
 *
 * <p>Cost: one compare-and-set in, one release store out, both on a cache line that belongs to the thread's slot; nothing is
 * allocated. Threads: any. A slot is held for microseconds: by one lookup, one cursor step, one read of a view.
 */
public final class ReadEpochs implements Reclaimer {
    /*
     * A slot holds 0, or the epoch that its reader saw just before it claimed it. Retiring takes the epoch e and raises it. A reader
     * whose claim comes before the scan of the slots is seen with a value of e or less, and is waited for. A reader whose claim
     * comes after it reads the version after its claim (the compare-and-set is a full fence), so it cannot find the object. An
     * epoch read long before the claim is too small, which only waits longer.
     *
     * A mark is the epoch of a moment, which is raised with it: who finds what was unlinked before has claimed with that epoch or less.
     *
     * Slots are claimed, not owned by threads: nothing to clean up when a thread dies, and virtual threads need no map.
     */
    /** How many readers can be inside at once; further ones wait. Slots are numbered from 0. */
    public static final int SLOTS = 64;

    private static final int STRIDE = 16; // longs: 128 bytes, two lines, for the prefetcher fetches pairs

    private static final VarHandle SLOT = MethodHandles.arrayElementVarHandle(long[].class);

    private final long[] slots = new long[(SLOTS + 1) * STRIDE];
    private final AtomicLong epoch = new AtomicLong(1);

    private record Retired(long epoch, Runnable release) {}

    private final ArrayDeque<Retired> retired = new ArrayDeque<>();

    /** Claims a slot; to be followed by {@link #exit} in a {@code finally}. */
    public int enter() {
        @SuppressWarnings("deprecation") // threadId() from 19 on; any thread may answer what it likes, it is a hint
        long thread = Thread.currentThread().getId();
        int slot = (int) ((thread * 0x9E37_79B9_7F4A_7C15L) >>> 58);
        for (int tries = 1; ; tries++) {
            int at = (slot + 1) * STRIDE;
            if ((long) SLOT.getOpaque(slots, at) == 0 && SLOT.compareAndSet(slots, at, 0L, epoch.get())) {
                return slot;
            }
            slot = (slot + 1) % SLOTS;
            if (tries % SLOTS == 0) {
                Thread.yield(); // more readers inside than slots: each is there for microseconds
            }
        }
    }

    /** Frees the slot. */
    public void exit(int slot) {
        SLOT.setRelease(slots, (slot + 1) * STRIDE, 0L);
    }

    /** Releases an object, which no later reader can find, once no earlier reader can hold it; perhaps at once. */
    @Override
    public void retire(Runnable release) {
        synchronized (retired) {
            retired.add(new Retired(mark(), release));
        }
        reclaim();
    }

    /** Releases what can be by now; returns how many objects still wait. */
    public int reclaim() {
        List<Retired> free = new ArrayList<>();
        int waiting;
        synchronized (retired) {
            long oldest = oldestReader();
            while (!retired.isEmpty() && retired.peek().epoch < oldest) {
                free.add(retired.poll());
            }
            waiting = retired.size();
        }
        releaseAll(free);
        return waiting;
    }

    /** Releases each, whatever the others throw: nobody would come for them later. */
    private static void releaseAll(List<Retired> free) {
        Throwable failure = null;
        for (Retired object : free) {
            try {
                object.release.run();
            } catch (RuntimeException | Error e) {
                failure = e;
            }
        }
        if (failure instanceof RuntimeException e) {
            throw e;
        }
        if (failure instanceof Error e) {
            throw e;
        }
    }

    @Override
    public void settle() {
        awaitReaders();
        reclaim();
    }

    @Override
    public long mark() {
        return epoch.getAndIncrement();
    }

    @Override
    public long passed() {
        long next =
                epoch.get(); // before the slots are looked at: later marks are of readers that may come behind the look
        return Math.min(next, oldestReader()) - 1;
    }

    private long oldestReader() {
        VarHandle.fullFence();
        long oldest = Long.MAX_VALUE;
        for (int slot = 0; slot < SLOTS; slot++) {
            long value = (long) SLOT.getVolatile(slots, (slot + 1) * STRIDE);
            if (value != 0 && value < oldest) {
                oldest = value;
            }
        }
        return oldest;
    }

    /** Returns once every reader that is inside now has left. */
    public void awaitReaders() {
        long now = mark();
        while (oldestReader() <= now) {
            Thread.yield();
        }
    }
}
