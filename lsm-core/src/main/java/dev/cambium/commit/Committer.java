package dev.cambium.commit;

import dev.cambium.error.StoreException;
import dev.cambium.segment.log.LogRecord;
import dev.cambium.segment.runtime.Parker;
import java.util.ArrayDeque;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;

/**
 * The commit queue: whoever finds no leader becomes it, takes what is queued, has the {@link GroupWriter} write it as one group,
 * and wakes the others. There is no writer thread and no delay; while a group is forced, the next one gathers.
 *
 * <p>Threads: any. Interrupts of waiting threads are kept and change nothing. A lone writer pays one compare-and-set.
 */
public final class Committer {
    /*
     * No wake-up is lost: a waiter says that it is about to park, then looks whether somebody leads; a leader stops leading, then
     * looks whether somebody waits. Both go through volatile variables, so one of the two sees the other.
     */
    private static final int MOST_REQUESTS = 1024;
    private static final int MOST_BYTES = 1 << 20;
    private static final int SPINS = 200;

    private final GroupWriter writer;
    private final Parker parker;
    private final AtomicBoolean leading = new AtomicBoolean();
    private final AtomicReference<WriteRequest> queue = new AtomicReference<>(); // newest first

    /** Taken from the queue, oldest first; the leader's own. */
    private final ArrayDeque<WriteRequest> pending = new ArrayDeque<>();

    public Committer(GroupWriter writer, Parker parker) {
        this.writer = writer;
        this.parker = parker;
    }

    /** Commits a request and returns once it is as durable as it asked to be, and visible; or throws. */
    public void commit(WriteRequest request) {
        if (leading.compareAndSet(false, true)) {
            pending.add(request);
            lead();
        } else {
            enqueue(request);
        }
        if (!request.isDone()) { // also where it was led, but fell behind what others had queued before
            await(request);
        }
        Throwable failure = request.failure();
        if (failure instanceof RuntimeException e) {
            throw e;
        }
        if (failure instanceof Error e) {
            throw e;
        }
        if (failure != null) {
            throw new StoreException("the commit failed", failure);
        }
    }

    /** Runs an action while no write is under way, unless somebody leads now; returns whether it has run or will. */
    public boolean tryRun(Runnable action) {
        if (!leading.compareAndSet(false, true)) {
            return false;
        }
        pending.add(WriteRequest.action(action));
        lead();
        return true;
    }

    private void enqueue(WriteRequest request) {
        WriteRequest head;
        do {
            head = queue.get();
            request.next = head;
        } while (!queue.compareAndSet(head, request));
    }

    private void await(WriteRequest request) {
        boolean interrupted = false;
        int spins = request.sync ? SPINS : 0; // a force takes longer than anybody should spin
        for (; !request.isDone(); spins++) {
            if (!leading.get() && leading.compareAndSet(false, true)) {
                lead();
            } else if (spins < SPINS) {
                Thread.onSpinWait();
            } else if (request.aboutToPark() && leading.get()) {
                parker.park(this);
                interrupted |= Thread.interrupted();
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    /** Commits one group and hands the lead over. */
    private void lead() {
        takeQueue();
        WriteRequest group = collect();
        writer.write(group);
        while (group != null) { // before the lead is given up, so that their next requests make it into the next group
            WriteRequest following = group.next;
            if (group.complete()) {
                parker.unpark(group.thread);
            }
            group = following;
        }
        WriteRequest candidate = pending.peek();
        leading.set(false);
        if (candidate == null) {
            candidate = queue.get();
        }
        if (candidate != null) {
            parker.unpark(candidate.thread);
        }
    }

    private void takeQueue() {
        WriteRequest newest = queue.get() == null ? null : queue.getAndSet(null);
        WriteRequest oldest = null;
        while (newest != null) {
            WriteRequest older = newest.next;
            newest.next = oldest;
            oldest = newest;
            newest = older;
        }
        while (oldest != null) {
            WriteRequest following = oldest.next;
            oldest.next = null;
            pending.add(oldest);
            oldest = following;
        }
    }

    /** Takes the next group: up to its limits, not beyond what the memtable has room for, an action by itself. */
    private WriteRequest collect() {
        WriteRequest first = pending.poll();
        if (first == null || first.action != null) {
            return first;
        }
        long room = Math.min(MOST_BYTES, writer.memtableRoom()) - paddedLength(first);
        WriteRequest last = first;
        for (int count = 1; count < MOST_REQUESTS; count++) {
            WriteRequest request = pending.peek();
            if (request == null || request.action != null || (room -= paddedLength(request)) < 0) {
                break;
            }
            last.next = pending.poll();
            last = request;
        }
        return first;
    }

    private static int paddedLength(WriteRequest request) {
        return LogRecord.paddedLength(LogRecord.HEADER_LENGTH + request.operationsLength());
    }
}
