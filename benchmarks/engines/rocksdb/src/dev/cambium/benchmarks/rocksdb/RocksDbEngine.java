package dev.cambium.benchmarks.rocksdb;

import dev.cambium.benchmarks.DiskUse;
import dev.cambium.benchmarks.Engine;
import dev.cambium.benchmarks.EngineOpener;
import dev.cambium.benchmarks.EngineSettings;
import dev.cambium.benchmarks.EntryCursor;
import java.util.ArrayList;
import java.util.List;
import org.rocksdb.BlockBasedTableConfig;
import org.rocksdb.BloomFilter;
import org.rocksdb.CompactionStyle;
import org.rocksdb.CompressionType;
import org.rocksdb.FlushOptions;
import org.rocksdb.LRUCache;
import org.rocksdb.Options;
import org.rocksdb.RocksDB;
import org.rocksdb.RocksDBException;
import org.rocksdb.RocksIterator;
import org.rocksdb.Statistics;
import org.rocksdb.StatsLevel;
import org.rocksdb.TickerType;
import org.rocksdb.WriteBatch;
import org.rocksdb.WriteOptions;

/**
 * RocksDB: LZ4, Bloom filters of 10 bits, blocks of 4 KiB, write-ahead log on, two write buffers of 64 MiB, levels. Where the size of
 * memtables is given, files are as large as a write buffer and the first level four times so, which is RocksDB's own proportion, and it counts
 * what it writes.
 */
public final class RocksDbEngine implements Engine {
    private static final long WRITE_BUFFER_BYTES = 64L << 20;
    private static final long FIRST_LEVEL_BUFFERS = 4;
    private static final long SETTLE_POLL_MILLIS = 10;

    private final EngineSettings settings;
    private final LRUCache cache;
    private final BloomFilter filter;
    private final Options options;
    private final WriteOptions writeOptions;
    private final Statistics statistics; // or null
    private final long writeBufferBytes;
    private final RocksDB database;

    private RocksDbEngine(EngineSettings settings) throws RocksDBException {
        this.settings = settings;
        cache = new LRUCache(settings.memoryBytes());
        filter = new BloomFilter(10, false);
        boolean isSized = settings.memtableBytes() > 0;
        // Four times as large where nothing shall be flushed; its unflushed bytes are then all in the log.
        writeBufferBytes =
                isSized ? settings.memtableBytes() : settings.unflushed() ? 4 * WRITE_BUFFER_BYTES : WRITE_BUFFER_BYTES;
        options = new Options()
                .setCreateIfMissing(true)
                .setCompressionType(CompressionType.LZ4_COMPRESSION)
                .setWriteBufferSize(writeBufferBytes)
                .setMaxWriteBufferNumber(2)
                .setTableFormatConfig(new BlockBasedTableConfig()
                        .setBlockSize(4096)
                        .setBlockCache(cache)
                        .setFilterPolicy(filter));
        if (settings.universal()) {
            options.setCompactionStyle(CompactionStyle.UNIVERSAL);
        } else if (isSized) {
            options.setLevelCompactionDynamicLevelBytes(true)
                    .setTargetFileSizeBase(writeBufferBytes)
                    .setMaxBytesForLevelBase(FIRST_LEVEL_BUFFERS * writeBufferBytes);
        }
        statistics = isSized ? new Statistics() : null;
        if (isSized) {
            statistics.setStatsLevel(StatsLevel.EXCEPT_DETAILED_TIMERS);
            options.setStatistics(statistics);
        }
        writeOptions = new WriteOptions().setSync(settings.forced());
        database = RocksDB.open(options, settings.directory().toString());
    }

    /** Opens RocksDB. */
    public static final class Opener implements EngineOpener {
        public Opener() {
            RocksDB.loadLibrary();
        }

        @Override
        public Engine open(EngineSettings settings) {
            try {
                return new RocksDbEngine(settings);
            } catch (RocksDBException e) {
                throw new IllegalStateException(e);
            }
        }
    }

    @Override
    public void put(byte[] key, byte[] value) {
        try {
            database.put(writeOptions, key, value);
        } catch (RocksDBException e) {
            throw new IllegalStateException(e);
        }
    }

    @Override
    public void putAll(byte[][] keys, byte[][] values) {
        try (WriteBatch batch = new WriteBatch()) {
            for (int i = 0; i < keys.length; i++) {
                batch.put(keys[i], values[i]);
            }
            database.write(writeOptions, batch);
        } catch (RocksDBException e) {
            throw new IllegalStateException(e);
        }
    }

    @Override
    public byte[] get(byte[] key) {
        try {
            return database.get(key);
        } catch (RocksDBException e) {
            throw new IllegalStateException(e);
        }
    }

    @Override
    public EntryCursor cursor() {
        RocksIterator iterator = database.newIterator();
        return new EntryCursor() {
            @Override
            public boolean first() {
                iterator.seekToFirst();
                return iterator.isValid();
            }

            @Override
            public boolean last() {
                iterator.seekToLast();
                return iterator.isValid();
            }

            @Override
            public boolean seek(byte[] key) {
                iterator.seek(key);
                return iterator.isValid();
            }

            @Override
            public boolean next() {
                iterator.next();
                return iterator.isValid();
            }

            @Override
            public boolean previous() {
                iterator.prev();
                return iterator.isValid();
            }

            @Override
            public byte[] key() {
                return iterator.key();
            }

            @Override
            public byte[] value() {
                return iterator.value();
            }

            @Override
            public void close() {
                iterator.close();
            }
        };
    }

    @Override
    public void delete(byte[] key) {
        try {
            database.delete(writeOptions, key);
        } catch (RocksDBException e) {
            throw new IllegalStateException(e);
        }
    }

    @Override
    public Snapshot snapshot() {
        org.rocksdb.Snapshot snapshot = database.getSnapshot();
        return () -> database.releaseSnapshot(snapshot);
    }

    @Override
    public void flush() {
        try (FlushOptions wait = new FlushOptions().setWaitForFlush(true)) {
            database.flush(wait);
        } catch (RocksDBException e) {
            throw new IllegalStateException(e);
        }
    }

    @Override
    public DiskUse diskUse() {
        try {
            return new DiskUse(
                    statistics == null ? 0 : statistics.getTickerCount(TickerType.FLUSH_WRITE_BYTES),
                    statistics == null ? 0 : statistics.getTickerCount(TickerType.COMPACT_WRITE_BYTES),
                    database.getLongProperty("rocksdb.total-sst-files-size"),
                    database.getLongProperty("rocksdb.live-sst-files-size"));
        } catch (RocksDBException e) {
            throw new IllegalStateException(e);
        }
    }

    @Override
    public void compact() {
        try {
            database.compactRange();
        } catch (RocksDBException e) {
            throw new IllegalStateException(e);
        }
    }

    @Override
    public void settle() {
        List<String> signs = new ArrayList<>(List.of(
                "rocksdb.mem-table-flush-pending", "rocksdb.num-running-flushes", "rocksdb.num-running-compactions"));
        if (!settings.universal()) { // where it may stay pending, with nothing that the picker would do
            signs.add(2, "rocksdb.compaction-pending");
        }
        try {
            for (String sign : signs) {
                while (database.getLongProperty(sign) > 0) {
                    Thread.sleep(SETTLE_POLL_MILLIS);
                }
            }
        } catch (RocksDBException | InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    @Override
    public String describe() {
        return "RocksDB " + RocksDB.rocksdbVersion() + ": LZ4, 10-bit Bloom filters, 4 KiB blocks, "
                + (settings.universal() ? "universal" : "levels") + ", write buffers 2 × "
                + (writeBufferBytes >> 10) + " KiB, block cache " + (settings.memoryBytes() >> 20) + " MiB, WAL on, "
                + (settings.forced() ? "sync" : "no sync");
    }

    @Override
    public void close() {
        database.close();
        writeOptions.close();
        options.close();
        if (statistics != null) {
            statistics.close();
        }
        filter.close();
        cache.close();
    }
}
