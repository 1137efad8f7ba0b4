package dev.cambium.epoch;

import dev.cambium.segment.memory.Bytes;

/** A buffer in which an internal key is put together: keyspace id, then the user's key. For one thread at a time. */
public final class SearchKey {
    private static final int KEPT = 1024;

    private byte[] bytes = new byte[128];
    private int length;

    /** Puts a key together. */
    public void set(int keyspaceId, byte[] key) {
        length = 4 + key.length;
        if (bytes.length < length || bytes.length > KEPT && length <= KEPT) {
            bytes = new byte[Math.max(length, 128)];
        }
        Bytes.putIntBigEndian(bytes, 0, keyspaceId);
        System.arraycopy(key, 0, bytes, 4, key.length);
    }

    /** The internal key, from index 0 on; longer than {@link #length}. */
    public byte[] bytes() {
        return bytes;
    }

    public int length() {
        return length;
    }
}
