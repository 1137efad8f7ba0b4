package dev.cambium.commit;

import dev.cambium.epoch.SearchKey;
import dev.cambium.error.DiskFullException;
import dev.cambium.error.MemoryBudgetException;
import dev.cambium.error.StoreException;
import dev.cambium.error.StoreIOException;
import dev.cambium.error.WriterFailedException;
import dev.cambium.log.WriteAheadLog;
import dev.cambium.memtable.Arena;
import dev.cambium.memtable.Memtable;
import dev.cambium.run.Flusher;
import dev.cambium.segment.log.LogRecord;
import dev.cambium.segment.log.Operation;
import dev.cambium.segment.memory.Memory;
import dev.cambium.version.Gaps;
import dev.cambium.version.Versions;
import java.util.List;
import java.util.zip.CRC32C;

/**
 * Writes one group of requests: encode into the memtable's arena, append to the log, force if one of them asked for it, apply to
 * the memtable, in batch order. Used by the commit leader, so by one thread at a time.
 *
 * <p>Durability: nothing becomes visible before it is as durable as its writer asked, and the log holds batches in the order in
 * which they became visible.
 *
 * <p>Errors: a request for which memory or the next log file cannot be had fails alone, with nothing of it in memory or on disk. If
 * an append or a force fails, nothing of the group is applied, every request of it and of all later groups fails, and readers
 * keep the state before it.
 */
public final class GroupWriter {
    private final Versions versions;
    private final WriteAheadLog log;
    private final Flusher flusher;
    private final long memtableBytes;
    private final long mostLongBytes;
    private final SearchKey searchKey = new SearchKey();
    private final CRC32C crc = new CRC32C();

    private final IdleWatch idleWatch;

    private boolean closed;
    private volatile Throwable firstFailure;

    // The span: records encoded but not appended yet, neighbours in one chunk, for one log file.
    private Memory spanMemory;
    private int spanOffset;
    private int spanLength;
    private long spanLongBytes; // of the values that they refer to
    private boolean spanMapped;
    private long nextBatch;
    private boolean groupBegun; // a request of the group stands in the active memtable's arena

    /**
     * @param memtableBytes how full a memtable gets before it is sealed
     * @param mostLongBytes of long values that it refers to before it is sealed: till then those that were overwritten take room too
     */
    public GroupWriter(
            Versions versions,
            WriteAheadLog log,
            Flusher flusher,
            IdleWatch idleWatch,
            long memtableBytes,
            long mostLongBytes) {
        this.versions = versions;
        this.log = log;
        this.flusher = flusher;
        this.idleWatch = idleWatch;
        this.memtableBytes = memtableBytes;
        this.mostLongBytes = mostLongBytes;
    }

    /** Bytes of records that the active memtable takes before it is full; one that keeps many long values alive takes none. */
    long memtableRoom() {
        Memtable active = versions.current().active();
        return active.longBytes() >= mostLongBytes
                ? 0
                : memtableBytes - active.arena().filledBytes();
    }

    /**
     * Seals the active memtable, so that it is laid down. To be called from an action.
     *
     * @return the newest sealed memtable, or null where there is none
     * @throws MemoryBudgetException where there is no memory for the one that follows, and none is to come
     */
    public Memtable seal() {
        if (firstFailure != null) {
            throw new WriterFailedException(firstFailure);
        }
        if (versions.current().active().arena().filledBytes() > 0) {
            flusher.withMemory(this::sealActive);
        }
        List<Memtable> sealed = versions.current().sealed();
        return sealed.isEmpty() ? null : sealed.get(0);
    }

    /** Has all that was written until now in sealed memtables, and the active one in new memory. As {@link #seal}. */
    public Memtable renewActive() {
        if (firstFailure == null && versions.current().active().arena().filledBytes() == 0) {
            flusher.withMemory(versions::replaceActive);
        }
        return seal();
    }

    private void sealActive() {
        flusher.awaitRoom();
        versions.seal(log.currentId());
        flusher.wake();
    }

    /** Refuses every later request. To be called from an action. */
    public void close() {
        closed = true;
    }

    /** Throws where the writer is latched: before work that only a commit gives a meaning. From any thread. */
    public void throwIfFailed() {
        if (firstFailure != null) {
            throw new WriterFailedException(firstFailure);
        }
    }

    /** Why the writer is latched, or null. To be called from an action. */
    public Throwable failure() {
        return firstFailure;
    }

    /** Writes a chain of requests, linked by {@code next}; each that did not happen carries its failure afterwards. */
    void write(WriteRequest group) {
        if (closed) {
            for (WriteRequest request = group; request != null; request = request.next) {
                request.fail(new IllegalStateException("the store is closed"));
            }
        } else if (group != null && group.action != null) {
            run(group);
        } else if (firstFailure != null) {
            for (WriteRequest request = group; request != null; request = request.next) {
                request.fail(new WriterFailedException(firstFailure));
            }
        } else {
            try {
                commit(group);
            } catch (Throwable t) { // whatever it is, what reached the log is unknown: no later group may follow it
                firstFailure = t instanceof WriterFailedException ? t.getCause() : t;
                failUnknown(group, t);
            }
        }
    }

    private static void run(WriteRequest request) {
        try {
            request.action.run();
        } catch (RuntimeException | Error e) {
            request.fail(e); // thrown to whoever asked for the action
        }
    }

    /**
     * Fails the group in which something failed first. Its records may be on disk, so none of its callers may be told that the write
     * did not happen, which {@link WriterFailedException} and {@link DiskFullException} say.
     */
    private static void failUnknown(WriteRequest group, Throwable cause) {
        Thread leader = Thread.currentThread();
        for (WriteRequest request = group; request != null; request = request.next) {
            if (request.failure() == null) {
                request.fail(
                        cause instanceof Error && request.thread == leader
                                ? cause
                                : new StoreIOException(
                                        "the write failed, whether it is on disk is unknown: " + cause.getMessage(),
                                        cause));
            }
        }
    }

    private void commit(WriteRequest group) {
        boolean sync = false;
        long bytes = 0;
        for (WriteRequest request = group; request != null; request = request.next) {
            sync |= request.sync;
            bytes += LogRecord.HEADER_LENGTH + request.operationsLength();
        }
        if (flusher.noteWritten(bytes)) {
            flusher.pace(memtableRoom(), memtableBytes);
        }
        spanMapped = !sync;
        long firstBatch = log.lastBatch() + 1;
        nextBatch = firstBatch;
        groupBegun = false;
        for (WriteRequest request = group; request != null; request = request.next) {
            if (request.hasOperations()) {
                encode(request);
            }
        }
        appendSpan();
        if (log.lastBatch() >= firstBatch) {
            versions.current().active().noteLogged(firstBatch, log.lastBatch(), log.position());
        }
        if (sync && !log.isForced()) {
            log.force();
        }
        apply(group);
        idleWatch.noteWrite();
    }

    private void encode(WriteRequest request) {
        int operationsLength = request.operationsLength();
        int length = LogRecord.HEADER_LENGTH + operationsLength;
        int padded = LogRecord.paddedLength(length);
        if (request.logged && log.room() - spanLength < padded) {
            appendSpan();
            try {
                log.goToNextFile(padded);
            } catch (WriterFailedException e) {
                throw e; // no file can be had any more
            } catch (StoreException e) {
                if (e instanceof DiskFullException) {
                    flusher.wake(); // there may be zones to be given back
                }
                request.fail(e);
                return;
            }
        }
        long place;
        try {
            place = allocate(padded);
        } catch (StoreException e) {
            request.fail(e);
            return;
        }
        Memtable memtable = versions.current().active();
        if (!request.zones.isEmpty()) {
            // Now: a record whose group fails is not applied, and may be in the log.
            request.zones.forEach(memtable::hold);
        }
        Memory memory = memtable.arena().memory(place);
        int at = Arena.offset(place);
        request.place = place + LogRecord.OPERATIONS_OFFSET;
        groupBegun = true;
        encodeOperations(request, memory, at + LogRecord.OPERATIONS_OFFSET);
        if (!request.logged) {
            return;
        }
        if (memory != spanMemory || at != spanOffset + spanLength) {
            appendSpan();
            spanMemory = memory;
            spanOffset = at;
        }
        LogRecord.putHeader(memory, at, length, nextBatch++, request.operationsCount(), log.forcedThrough());
        LogRecord.seal(memory, at, log.salt(), log.position() + spanLength, crc);
        spanLength += padded;
        spanLongBytes += request.longBytes;
    }

    /**
     * Makes room in the active memtable, a new one where this one is full. Where the budget has none, pages in memory give way; where they
     * cannot any more, waits for what is being laid down.
     */
    private long allocate(int length) {
        try {
            return tryAllocate(length);
        } catch (MemoryBudgetException e) {
            long[] place = new long[1];
            flusher.withMemory(() -> place[0] = tryAllocate(length));
            return place[0];
        }
    }

    private long tryAllocate(int length) {
        if (memtableRoom() < length && versions.current().active().arena().filledBytes() > 0) {
            assert !groupBegun : "the group is larger than what the memtable had room for";
            sealActive();
        }
        return versions.current().active().arena().allocate(length);
    }

    private static void encodeOperations(WriteRequest request, Memory memory, int at) {
        if (request.isSingle()) {
            Operation.put(
                    memory,
                    at,
                    request.code,
                    request.keyspaceId,
                    request.key,
                    0,
                    request.key.length,
                    request.value,
                    0,
                    request.value.length);
        } else {
            memory.put(at, request.operations.bytes(), 0, request.operations.length());
        }
    }

    private void appendSpan() {
        if (spanLength > 0) {
            int length = spanLength;
            long longBytes = spanLongBytes;
            spanLength = 0;
            spanLongBytes = 0;
            log.append(spanMemory, spanOffset, length, spanMapped, longBytes);
        }
        spanMemory = null;
    }

    private void apply(WriteRequest group) {
        Memtable memtable = versions.current().active();
        Gaps gaps = versions.gaps();
        boolean asksForSearch = false;
        boolean inStep = false;
        for (WriteRequest request = group; request != null; request = request.next) {
            if (!request.hasOperations() || request.failure() != null) {
                continue;
            }
            if (inStep != request.isSingle()) {
                inStep = request.isSingle();
                if (inStep) {
                    memtable.beginStep();
                } else {
                    memtable.endStep();
                }
            }
            if (request.longBytes > 0) {
                memtable.noteLongBytes(
                        request.longBytes); // not before: a group is not to find its memtable full half-way
            }
            if (request.isSingle()) {
                searchKey.set(request.keyspaceId, request.key);
                asksForSearch |= gaps.note(request.code, searchKey.bytes(), searchKey.length());
                memtable.apply(
                        Arena.reference(request.code, request.place),
                        searchKey.bytes(),
                        searchKey.length(),
                        request.logged);
            } else {
                memtable.beginStep();
                asksForSearch |= gaps.note(
                        memtable.arena().memory(request.place), Arena.offset(request.place), request.operationsCount());
                memtable.applyBatch(request.place, request.operationsCount(), request.logged);
                memtable.endStep();
            }
        }
        if (inStep) {
            memtable.endStep();
        }
        if (asksForSearch) {
            flusher.wake();
        }
    }
}
