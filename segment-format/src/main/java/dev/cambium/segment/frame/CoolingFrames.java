package dev.cambium.segment.frame;

import dev.cambium.segment.pool.BufferPool;
import dev.cambium.segment.runtime.Reclaimer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;

/**
 * Frames that were given up, in that order: each is there to be had back until its memory is needed, and by then its readers have long left,
 * so that whoever needs memory need not wait for them. Safe for any thread.
 */
final class CoolingFrames {
    private final BufferPool pool;
    private final Reclaimer reclaimer;
    private final ConcurrentHashMap<Long, Frame> byPointer = new ConcurrentHashMap<>();

    // Guarded by this object.
    private final Deque<Entry> dropped = new ArrayDeque<>(); // that nobody will ask for: they go first
    private final Deque<Entry> cooling = new ArrayDeque<>();
    private boolean closed;

    /** A frame that was given up, with its version then, and a mark after which nobody could find it. */
    private record Entry(Frame frame, int version, long mark) {}

    CoolingFrames(BufferPool pool, Reclaimer reclaimer) {
        this.pool = pool;
        this.reclaimer = reclaimer;
    }

    /**
     * Takes a frame in that was resident until now.
     *
     * @param isWanted whether somebody may ask for it again
     */
    synchronized void add(Frame frame, boolean isWanted) {
        if (!frame.cool()) {
            return; // another was faster
        }
        if (closed) { // while the run that had it was given back by another thread
            pool.free(frame.takePinned());
            return;
        }
        frame.detach();
        (isWanted ? cooling : dropped).add(new Entry(frame, frame.version(), reclaimer.mark()));
        if (isWanted) {
            byPointer.put(frame.key(), frame);
        }
    }

    /** Makes the frame of a page that was verified with that checksum resident again, if it is here; or null. */
    Frame rescue(Long pointer, int payloadCrc) {
        Frame frame = byPointer.remove(pointer);
        return frame != null && frame.payloadCrc() == payloadCrc && frame.rescue() ? frame : null;
    }

    /**
     * Frees memory of frames, oldest first, that no reader and no pin holds.
     *
     * @param bytes how much is enough
     * @return how much it was
     */
    long free(long bytes) {
        return free(List.of(dropped, cooling), bytes);
    }

    /** Frees memory of frames that nobody will ask for, as far as no reader and no pin holds it. */
    void freeDropped() {
        free(List.of(dropped), Long.MAX_VALUE);
    }

    private long free(List<Deque<Entry>> from, long bytes) {
        long passed = reclaimer.passed();
        Deque<BufferPool.Buffer> taken = new ArrayDeque<>();
        long freed = 0;
        synchronized (this) {
            for (Deque<Entry> entries : from) {
                freed += take(entries, bytes - freed, passed, taken::add);
            }
        }
        taken.forEach(pool::free);
        return freed;
    }

    /**
     * Frees memory of all frames, pinned ones too, and of those that come later at once. No reader is inside, and none may come. Returns who has
     * pinned one, each.
     */
    synchronized List<Throwable> close() {
        closed = true;
        List<Throwable> pinners = new ArrayList<>();
        for (Deque<Entry> entries : List.of(dropped, cooling)) {
            for (Entry entry = entries.poll(); entry != null; entry = entries.poll()) {
                BufferPool.Buffer buffer = entry.frame.takePinned();
                if (buffer != null) {
                    if (entry.frame.pins() > 0) {
                        pinners.add(entry.frame.pinner());
                    }
                    pool.free(buffer);
                }
            }
        }
        byPointer.clear();
        return pinners;
    }

    private long take(Deque<Entry> from, long bytes, long passed, Consumer<BufferPool.Buffer> taken) {
        long freed = 0;
        for (int left = from.size(); left > 0 && freed < bytes && from.peek().mark <= passed; left--) {
            Entry entry = from.poll();
            BufferPool.Buffer buffer = entry.frame.take(entry.version);
            if (buffer != null) {
                byPointer.remove(entry.frame.key(), entry.frame);
                freed += buffer.reservedBytes();
                taken.accept(buffer);
            } else if (entry.frame.isCooling(entry.version)) {
                from.add(entry); // pinned: its turn comes again
            }
        }
        return freed;
    }
}
