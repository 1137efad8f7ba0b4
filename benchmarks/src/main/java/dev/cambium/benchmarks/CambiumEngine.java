package dev.cambium.benchmarks;

import dev.cambium.Cursor;
import dev.cambium.Durability;
import dev.cambium.Options;
import dev.cambium.Store;
import dev.cambium.StoreStats;
import dev.cambium.WriteBatch;

/** Cambium with its default options, but for the memory budget and, where that is asked for, the size of memtables. */
public final class CambiumEngine implements Engine {
    private final Store store;
    private final long memtableBytes;
    private final Durability durability;
    private final WriteBatch batch = new WriteBatch();

    private CambiumEngine(Store store, long memtableBytes, Durability durability) {
        this.store = store;
        this.memtableBytes = memtableBytes;
        this.durability = durability;
    }

    /** Opens Cambium. */
    public static final class Opener implements EngineOpener {
        @Override
        public CambiumEngine open(EngineSettings settings) {
            Options options = Options.DEFAULT.withMemoryBudget(settings.memoryBytes());
            if (settings.memtableBytes() > 0) {
                options = options.withMemtableBytes(settings.memtableBytes());
            }
            return new CambiumEngine(
                    Store.open(settings.directory(), options),
                    options.memtableBytes(),
                    settings.forced() ? Durability.SYNC : Durability.BUFFERED);
        }
    }

    @Override
    public void put(byte[] key, byte[] value) {
        store.put(key, value, durability);
    }

    @Override
    public void putAll(byte[][] keys, byte[][] values) {
        batch.clear();
        for (int i = 0; i < keys.length; i++) {
            batch.put(keys[i], values[i]);
        }
        store.write(batch, durability);
    }

    @Override
    public byte[] get(byte[] key) {
        return store.get(key);
    }

    @Override
    public EntryCursor cursor() {
        Cursor cursor = store.cursor();
        return new EntryCursor() {
            @Override
            public boolean first() {
                return cursor.first();
            }

            @Override
            public boolean last() {
                return cursor.last();
            }

            @Override
            public boolean seek(byte[] key) {
                return cursor.seek(key);
            }

            @Override
            public boolean next() {
                return cursor.next();
            }

            @Override
            public boolean previous() {
                return cursor.previous();
            }

            @Override
            public byte[] key() {
                return cursor.key();
            }

            @Override
            public byte[] value() {
                return cursor.value();
            }

            @Override
            public void close() {
                cursor.close();
            }
        };
    }

    @Override
    public void delete(byte[] key) {
        store.delete(key, durability);
    }

    @Override
    public Snapshot snapshot() {
        return store.snapshot()::close;
    }

    @Override
    public void flush() {
        store.flush();
    }

    @Override
    public DiskUse diskUse() {
        StoreStats stats = store.stats();
        return new DiskUse(
                stats.flushedBytes(), stats.mergedBytes(), stats.zoneBytes() - stats.punchedBytes(), stats.pageBytes());
    }

    @Override
    public void compact() {
        store.compact();
    }

    /** What the store says of itself. */
    public StoreStats stats() {
        return store.stats();
    }

    @Override
    public String describe() {
        return "Cambium: default options, memory budget "
                + (store.stats().memory().budgetBytes() >> 20) + " MiB, memtables of " + (memtableBytes >> 10)
                + " KiB, "
                + durability
                + (store.stats().mappedLog() ? ", mapped log" : ", log by write calls");
    }

    @Override
    public void close() {
        store.close();
    }
}
