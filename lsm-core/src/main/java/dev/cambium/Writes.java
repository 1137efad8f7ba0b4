package dev.cambium;

import dev.cambium.commit.Committer;
import dev.cambium.commit.GroupWriter;
import dev.cambium.commit.OperationBuffer;
import dev.cambium.commit.WriteRequest;
import dev.cambium.run.Flusher;
import dev.cambium.run.LongValues;
import dev.cambium.segment.log.OperationCode;
import dev.cambium.segment.zone.SharedZone;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.PushbackInputStream;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;

/** From arguments to commit requests: checks them, and writes long values before the request that names them. Safe for any thread. */
final class Writes {
    private static final byte[] NO_VALUE = {};
    private static final long UNKNOWN_LENGTH = Long.MAX_VALUE;

    private final Store store;
    private final Committer committer;
    private final GroupWriter writer;
    private final LongValues longValues;
    private final Flusher flusher;

    Writes(Store store, Committer committer, GroupWriter writer, LongValues longValues, Flusher flusher) {
        this.store = store;
        this.committer = committer;
        this.writer = writer;
        this.longValues = longValues;
        this.flusher = flusher;
    }

    void put(int keyspaceId, byte[] key, byte[] value, Durability durability) {
        Limits.checkKey(key);
        Limits.checkValue(value);
        Limits.checkNotNull(durability, "durability");
        if (value.length > Limits.LONGEST_INLINE_VALUE) {
            try {
                putLong(keyspaceId, key, new ByteArrayInputStream(value), value.length, durability);
            } catch (IOException e) {
                throw new UncheckedIOException(e); // an array throws none
            }
            return;
        }
        commit(WriteRequest.single(
                OperationCode.PUT,
                keyspaceId,
                key,
                value,
                durability != Durability.NONE,
                durability == Durability.SYNC));
    }

    /** See {@link Store#put(byte[], InputStream)}. */
    void put(int keyspaceId, byte[] key, InputStream value, Durability durability) throws IOException {
        Limits.checkKey(key);
        Limits.checkNotNull(value, "value");
        Limits.checkNotNull(durability, "durability");
        store.requireOpen();
        byte[] start = value.readNBytes(Limits.LONGEST_INLINE_VALUE + 1);
        if (start.length <= Limits.LONGEST_INLINE_VALUE) {
            put(keyspaceId, key, start, durability);
        } else {
            PushbackInputStream whole = new PushbackInputStream(value, start.length);
            whole.unread(start);
            putLong(keyspaceId, key, whole, UNKNOWN_LENGTH, durability);
        }
    }

    private void putLong(int keyspaceId, byte[] key, InputStream value, long length, Durability durability)
            throws IOException {
        try (LongValues.Written written = writeLong(value, length)) {
            refer(List.of(written), durability);
            commit(WriteRequest.reference(
                    keyspaceId,
                    key,
                    written.reference(),
                    written.zones(),
                    written.length(),
                    durability != Durability.NONE,
                    durability == Durability.SYNC));
        }
    }

    private LongValues.Written writeLong(InputStream value, long length) throws IOException {
        store.requireOpen();
        writer.throwIfFailed();
        return longValues.write(value, length, Limits.MAX_VALUE_BYTES, flusher::withMemory);
    }

    /** Makes values as durable as the record is going to be that refers to them. */
    private static void refer(List<LongValues.Written> values, Durability durability) {
        if (durability == Durability.SYNC) { // here, so that the commit leader has nothing to wait for
            values.forEach(LongValues.Written::force);
        }
        values.forEach(LongValues.Written::refer);
    }

    void delete(int keyspaceId, byte[] key, Durability durability) {
        Limits.checkKey(key);
        Limits.checkNotNull(durability, "durability");
        commit(WriteRequest.single(
                OperationCode.DELETE,
                keyspaceId,
                key,
                NO_VALUE,
                durability != Durability.NONE,
                durability == Durability.SYNC));
    }

    void write(WriteBatch batch, Durability durability) {
        Limits.checkNotNull(batch, "batch");
        Limits.checkNotNull(durability, "durability");
        OperationBuffer operations = batch.operationsFor(store);
        if (operations.count() > 0) {
            write(operations, batch.longPuts(), durability);
        }
    }

    private void write(OperationBuffer operations, List<WriteBatch.LongPut> longPuts, Durability durability) {
        OperationBuffer complete = longPuts.isEmpty() ? operations : operations.copy();
        List<LongValues.Written> written = new ArrayList<>(longPuts.size());
        List<SharedZone> leadInto = new ArrayList<>();
        long longBytes = 0;
        try {
            for (WriteBatch.LongPut put : longPuts) {
                LongValues.Written value = writeLong(new ByteArrayInputStream(put.value()), put.value().length);
                written.add(value);
                complete.patch(put.end(), value.reference());
                leadInto.addAll(value.zones());
                longBytes += value.length();
            }
            refer(written, durability);
            commit(WriteRequest.batch(
                    complete, leadInto, longBytes, durability != Durability.NONE, durability == Durability.SYNC));
        } catch (IOException e) {
            throw new UncheckedIOException(e); // an array throws none
        } finally {
            written.forEach(LongValues.Written::close);
        }
    }

    /** Creates a keyspace. */
    void createKeyspace(int id, byte[] encodedName) {
        OperationBuffer operation = new OperationBuffer();
        operation.addKeyspace(id, encodedName);
        commit(WriteRequest.batch(operation, List.of(), 0, true, true));
    }

    /** Commits what else there is: a force, an action. */
    void commit(WriteRequest request) {
        store.requireOpen();
        committer.commit(request);
    }
}
