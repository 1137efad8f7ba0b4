package dev.cambium;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;

/**
 * A named part of a store with an order of its own: the same keys may stand in several keyspaces. All share one log, one memtable
 * and one budget, so a {@link WriteBatch} over several is still all or nothing.
 *
 * <p>Got from {@link Store#keyspace}; lives as long as its store. Safe for any thread. Contracts as those of {@link Store}.
 */
public final class Keyspace {
    static final int DEFAULT_ID = 0;

    private final Store store;
    private final int id;
    private final String name;

    Keyspace(Store store, int id, String name) {
        this.store = store;
        this.id = id;
        this.name = name;
    }

    public String name() {
        return name;
    }

    int id() {
        return id;
    }

    Store store() {
        return store;
    }

    public void put(byte[] key, byte[] value) {
        put(key, value, Durability.SYNC);
    }

    public void put(byte[] key, byte[] value, Durability durability) {
        store.writes().put(id, key, value, durability);
    }

    /** As {@link Store#put(byte[], InputStream)}. */
    public void put(byte[] key, InputStream value) throws IOException {
        put(key, value, Durability.SYNC);
    }

    /** As {@link Store#put(byte[], InputStream, Durability)}. */
    public void put(byte[] key, InputStream value, Durability durability) throws IOException {
        store.writes().put(id, key, value, durability);
    }

    public void delete(byte[] key) {
        delete(key, Durability.SYNC);
    }

    public void delete(byte[] key, Durability durability) {
        store.writes().delete(id, key, durability);
    }

    public byte[] get(byte[] key) {
        return store.reads().get(id, key);
    }

    public int get(byte[] key, ByteBuffer target) {
        return store.reads().get(id, key, target);
    }

    /** As {@link Store#getStream}. */
    public InputStream getStream(byte[] key) {
        return store.reads().getStream(id, key);
    }

    /** A cursor over the keyspace as it is now, with a snapshot of its own. */
    public Cursor cursor() {
        return cursor(KeyRange.all());
    }

    /** A cursor over a part of the keyspace as it is now, with a snapshot of its own. */
    public Cursor cursor(KeyRange range) {
        return Cursor.owning(store.snapshot(), id, range);
    }

    @Override
    public String toString() {
        return "Keyspace[" + name + "]";
    }
}
