package dev.cambium.benchmarks.lmdb;

import dev.cambium.benchmarks.Engine;
import dev.cambium.benchmarks.EngineOpener;
import dev.cambium.benchmarks.EngineSettings;
import dev.cambium.benchmarks.EntryCursor;
import java.nio.ByteBuffer;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.lmdbjava.Cursor;
import org.lmdbjava.Dbi;
import org.lmdbjava.DbiFlags;
import org.lmdbjava.Env;
import org.lmdbjava.EnvFlags;
import org.lmdbjava.GetOp;
import org.lmdbjava.Meta;
import org.lmdbjava.Txn;

/**
 * LMDB through lmdbjava: each put, and each batch, a transaction; buffered without a sync ({@code MDB_NOSYNC}), forced
 * with LMDB's own. Direct buffers are kept for each thread, one read transaction for the reader, reset and renewed with
 * each get.
 */
public final class LmdbEngine implements Engine {
    private static final int MAX_ENTRY_BYTES = 1 << 20;
    private static final int MAX_READERS = 126;

    private final EngineSettings settings;
    private final Env<ByteBuffer> environment;
    private final Dbi<ByteBuffer> database;
    private final ThreadLocal<Buffers> buffers = ThreadLocal.withInitial(Buffers::new);
    private final Queue<Txn<ByteBuffer>> readings = new ConcurrentLinkedQueue<>();

    private LmdbEngine(EngineSettings settings) {
        this.settings = settings;
        Env.Builder<ByteBuffer> builder = Env.create()
                .setMapSize(Math.max(1L << 30, 8 * settings.memoryBytes()))
                .setMaxReaders(MAX_READERS);
        environment = settings.forced()
                ? builder.open(settings.directory().toFile())
                : builder.open(settings.directory().toFile(), EnvFlags.MDB_NOSYNC);
        database = environment.openDbi((byte[]) null, DbiFlags.MDB_CREATE);
    }

    /** Opens LMDB. */
    public static final class Opener implements EngineOpener {
        public Opener() {
            Meta.version(); // loads the library
        }

        @Override
        public Engine open(EngineSettings settings) {
            return new LmdbEngine(settings);
        }
    }

    /** Where a thread hands over keys and values. */
    private static final class Buffers {
        final ByteBuffer key = ByteBuffer.allocateDirect(511);
        final ByteBuffer value = ByteBuffer.allocateDirect(MAX_ENTRY_BYTES);
        Txn<ByteBuffer> reading;

        void set(byte[] newKey, byte[] newValue) {
            setKey(newKey);
            value.clear().put(newValue).flip();
        }

        void setKey(byte[] newKey) {
            key.clear().put(newKey).flip();
        }
    }

    @Override
    public void put(byte[] key, byte[] value) {
        Buffers own = buffers.get();
        own.set(key, value);
        try (Txn<ByteBuffer> transaction = environment.txnWrite()) {
            database.put(transaction, own.key, own.value);
            transaction.commit();
        }
    }

    @Override
    public void putAll(byte[][] keys, byte[][] values) {
        Buffers own = buffers.get();
        try (Txn<ByteBuffer> transaction = environment.txnWrite()) {
            for (int i = 0; i < keys.length; i++) {
                own.set(keys[i], values[i]);
                database.put(transaction, own.key, own.value);
            }
            transaction.commit();
        }
    }

    @Override
    public byte[] get(byte[] key) {
        Buffers own = buffers.get();
        own.setKey(key);
        if (own.reading == null) {
            own.reading = environment.txnRead();
            readings.add(own.reading);
        } else {
            own.reading.renew();
        }
        try {
            ByteBuffer found = database.get(own.reading, own.key);
            if (found == null) {
                return null;
            }
            byte[] copy = new byte[found.remaining()];
            found.get(copy);
            return copy;
        } finally {
            own.reading.reset();
        }
    }

    @Override
    public EntryCursor cursor() {
        Txn<ByteBuffer> transaction = environment.txnRead();
        Cursor<ByteBuffer> cursor = database.openCursor(transaction);
        ByteBuffer sought = ByteBuffer.allocateDirect(511);
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
                sought.clear().put(key).flip();
                return cursor.get(sought, GetOp.MDB_SET_RANGE);
            }

            @Override
            public boolean next() {
                return cursor.next();
            }

            @Override
            public boolean previous() {
                return cursor.prev();
            }

            @Override
            public byte[] key() {
                return copy(cursor.key());
            }

            @Override
            public byte[] value() {
                return copy(cursor.val());
            }

            @Override
            public void close() {
                cursor.close();
                transaction.close();
            }
        };
    }

    private static byte[] copy(ByteBuffer bytes) {
        byte[] copy = new byte[bytes.remaining()];
        bytes.get(bytes.position(), copy);
        return copy;
    }

    @Override
    public String describe() {
        Meta.Version version = Meta.version();
        return "LMDB " + version.major + "." + version.minor + "." + version.patch
                + ": a transaction for each put or batch, " + (settings.forced() ? "sync" : "MDB_NOSYNC");
    }

    @Override
    public void close() {
        readings.forEach(Txn::close);
        environment.close();
    }
}
