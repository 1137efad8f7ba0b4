package dev.cambium.commit;

import dev.cambium.segment.log.Operation;
import dev.cambium.segment.log.OperationCode;
import dev.cambium.segment.zone.SharedZone;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.List;

/**
 * One call that waits for the commit leader: a single operation, a batch, a force, or an action that must have the writer to
 * itself. The caller's arrays are read by the leader while the caller waits.
 */
public final class WriteRequest {
    private static final int WAITING = 0;
    private static final int PARKED = 1;
    private static final int DONE = 2;

    private static final VarHandle STATE;

    static {
        try {
            STATE = MethodHandles.lookup().findVarHandle(WriteRequest.class, "state", int.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    // What is to be done: exactly one of key, operations, action; none for a force alone.
    final int code;
    final int keyspaceId;
    final byte[] key;
    final byte[] value;
    final OperationBuffer operations;
    final Runnable action;
    final boolean logged;
    final boolean sync;

    /** Where long values stand that the operations refer to. */
    final List<SharedZone> zones;

    /** Bytes of those values. */
    final long longBytes;

    final Thread thread = Thread.currentThread();

    @SuppressWarnings("unused") // through STATE
    private volatile int state;

    private Throwable failure;

    /** The one after it, in the queue or in its group. */
    WriteRequest next;

    /** Where the leader has put its operations in the arena. */
    long place;

    private WriteRequest(
            int code,
            int keyspaceId,
            byte[] key,
            byte[] value,
            OperationBuffer operations,
            Runnable action,
            boolean logged,
            boolean sync,
            List<SharedZone> zones,
            long longBytes) {
        this.code = code;
        this.keyspaceId = keyspaceId;
        this.key = key;
        this.value = value;
        this.operations = operations;
        this.action = action;
        this.logged = logged;
        this.sync = sync;
        this.zones = zones;
        this.longBytes = longBytes;
    }

    /** One put or delete of a user's key. */
    public static WriteRequest single(
            int code, int keyspaceId, byte[] key, byte[] value, boolean logged, boolean sync) {
        return new WriteRequest(code, keyspaceId, key, value, null, null, logged, sync, List.of(), 0);
    }

    /** One put of a long value: its reference, the zones that it leads into, which the caller holds, and how many bytes it has. */
    public static WriteRequest reference(
            int keyspaceId,
            byte[] key,
            byte[] reference,
            List<SharedZone> zones,
            long longBytes,
            boolean logged,
            boolean sync) {
        return new WriteRequest(
                OperationCode.PUT_REF, keyspaceId, key, reference, null, null, logged, sync, zones, longBytes);
    }

    /**
     * A batch of one operation or more.
     *
     * @param zones that its references to long values lead into, which the caller holds
     * @param longBytes of those values
     */
    public static WriteRequest batch(
            OperationBuffer operations, List<SharedZone> zones, long longBytes, boolean logged, boolean sync) {
        return new WriteRequest(0, 0, null, null, operations, null, logged, sync, zones, longBytes);
    }

    /** Makes everything logged before durable. */
    public static WriteRequest force() {
        return new WriteRequest(0, 0, null, null, null, null, true, true, List.of(), 0);
    }

    /** Runs while no write is under way. */
    public static WriteRequest action(Runnable action) {
        return new WriteRequest(0, 0, null, null, null, action, true, false, List.of(), 0);
    }

    boolean isSingle() {
        return key != null;
    }

    boolean hasOperations() {
        return key != null || operations != null;
    }

    int operationsLength() {
        return key != null
                ? Operation.length(Operation.KEYSPACE_ID_LENGTH + key.length, value.length)
                : operations == null ? 0 : operations.length();
    }

    int operationsCount() {
        return key != null ? 1 : operations.count();
    }

    boolean isDone() {
        return (int) STATE.getAcquire(this) == DONE;
    }

    /** Says that the waiter is about to park; false if there is nothing to wait for any more. */
    boolean aboutToPark() {
        return STATE.compareAndSet(this, WAITING, PARKED) || (int) STATE.getVolatile(this) == PARKED;
    }

    /** Notes why the request did not happen; before {@link #complete}. */
    void fail(Throwable reason) {
        failure = reason;
    }

    /** Ends the request; returns whether its thread has to be unparked. */
    boolean complete() {
        return (int) STATE.getAndSet(this, DONE) == PARKED;
    }

    Throwable failure() {
        return failure;
    }
}
