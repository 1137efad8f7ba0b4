package dev.cambium.tools.load;

import dev.cambium.Durability;
import dev.cambium.Keyspace;
import dev.cambium.Store;
import dev.cambium.WriteBatch;
import dev.cambium.error.StoreException;

/**
 * Gathers entries into batches and writes them to one keyspace of a store. What was written survives a power loss once
 * {@link #finish} has returned. One thread; the store stays the caller's.
 */
public final class Loader {
    /** A batch that is this long is written, however few entries it has. */
    private static final int MAX_BATCH_BYTES = 4 << 20;

    private final Store store;
    private final Keyspace keyspace;
    private final int batchEntries;
    private final Durability durability;
    private final WriteBatch batch = new WriteBatch();
    private long written;
    private long bytes;

    /** @param keyspace null for the store's own */
    public Loader(Store store, Keyspace keyspace, int batchEntries, Durability durability) {
        this.store = store;
        this.keyspace = keyspace;
        this.batchEntries = batchEntries;
        this.durability = durability;
    }

    /**
     * Takes an entry, and writes the batch that it completes.
     *
     * @throws MalformedLineException where key or value are longer than a store takes; the entry is left out
     */
    public void add(Entry entry) throws MalformedLineException {
        try {
            if (keyspace == null) {
                batch.put(entry.key(), entry.value());
            } else {
                batch.put(keyspace, entry.key(), entry.value());
            }
        } catch (IllegalArgumentException e) {
            throw new MalformedLineException(e.getMessage());
        }
        bytes += entry.key().length + entry.value().length;
        if (batch.count() >= batchEntries || batch.sizeBytes() >= MAX_BATCH_BYTES) {
            write();
        }
    }

    /** Writes what has been gathered. */
    public void write() {
        store.write(batch, durability);
        written += batch.count();
        batch.clear();
    }

    /** Writes what has been gathered, and makes it all durable. */
    public void finish() {
        write();
        if (durability == Durability.NONE) {
            store.flush();
        } else {
            store.sync();
        }
    }

    /** Entries in the store; after a {@link StoreException}, those before the batch that failed. */
    public long written() {
        return written;
    }

    /** Bytes of keys and values taken. */
    public long bytes() {
        return bytes;
    }
}
