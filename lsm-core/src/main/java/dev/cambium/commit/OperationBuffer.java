package dev.cambium.commit;

import dev.cambium.segment.log.LogRecord;
import dev.cambium.segment.log.Operation;
import java.util.Arrays;

/**
 * A growing vector of encoded operations, as they will stand in a log record. Bytes and their count are apart: clearing keeps the
 * reserved capacity. For one thread at a time.
 */
public final class OperationBuffer {
    private static final int FIRST_CAPACITY = 256;

    /** Most bytes of operations in one record. */
    public static final int MAX_BYTES = LogRecord.MAX_LENGTH - LogRecord.HEADER_LENGTH;

    public static final int MAX_COUNT = LogRecord.MAX_COUNT;

    private byte[] bytes;
    private int length;
    private int count;

    public OperationBuffer() {
        this(FIRST_CAPACITY);
    }

    public OperationBuffer(int capacity) {
        bytes = new byte[capacity];
    }

    /** Another buffer with the same operations. */
    public OperationBuffer copy() {
        OperationBuffer copy = new OperationBuffer(Math.max(1, length));
        System.arraycopy(bytes, 0, copy.bytes, 0, length);
        copy.length = length;
        copy.count = count;
        return copy;
    }

    /** Appends one operation on a user's key. */
    public void add(int code, int keyspaceId, byte[] key, byte[] value) {
        long needed = (long) Operation.length(Operation.KEYSPACE_ID_LENGTH + key.length, 0) + value.length;
        if (needed > MAX_BYTES - length || count == MAX_COUNT) {
            throw new IllegalArgumentException("the batch has " + count + " operations in " + length
                    + " bytes; one more of " + needed + " bytes exceeds the limit of " + MAX_COUNT
                    + " operations or " + MAX_BYTES + " bytes");
        }
        reserve((int) needed);
        length = Operation.put(bytes, length, code, keyspaceId, key, 0, key.length, value, 0, value.length);
        count++;
    }

    /** Appends the creation of a keyspace. */
    public void addKeyspace(int keyspaceId, byte[] name) {
        reserve(Operation.length(Operation.KEYSPACE_ID_LENGTH, name.length));
        length = Operation.putKeyspace(bytes, length, keyspaceId, name);
        count++;
    }

    private void reserve(int more) {
        if (bytes.length - length < more) {
            long grown = Math.max((long) length + more, 2L * bytes.length);
            bytes = Arrays.copyOf(bytes, (int) Math.min(grown, MAX_BYTES));
        }
    }

    /** Writes over what stands before {@code end}, which is the end of an operation. */
    public void patch(int end, byte[] tail) {
        System.arraycopy(tail, 0, bytes, end - tail.length, tail.length);
    }

    public byte[] bytes() {
        return bytes;
    }

    /** Bytes in use. */
    public int length() {
        return length;
    }

    /** Operations in it. */
    public int count() {
        return count;
    }

    public void clear() {
        length = 0;
        count = 0;
    }
}
