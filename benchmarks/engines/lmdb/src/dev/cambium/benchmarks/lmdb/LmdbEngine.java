package dev.cambium.benchmarks.lmdb;

import dev.cambium.benchmarks.Engine;
import dev.cambium.benchmarks.EngineOpener;
import dev.cambium.benchmarks.EngineSettings;
import java.nio.ByteBuffer;
import org.lmdbjava.Dbi;
import org.lmdbjava.DbiFlags;
import org.lmdbjava.Env;
import org.lmdbjava.EnvFlags;
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
    private Txn<ByteBuffer> reading; // of the one reading thread

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
        if (reading == null) {
            reading = environment.txnRead();
        } else {
            reading.renew();
        }
        try {
            ByteBuffer found = database.get(reading, own.key);
            if (found == null) {
                return null;
            }
            byte[] copy = new byte[found.remaining()];
            found.get(copy);
            return copy;
        } finally {
            reading.reset();
        }
    }

    @Override
    public String describe() {
        Meta.Version version = Meta.version();
        return "LMDB " + version.major + "." + version.minor + "." + version.patch
                + ": a transaction for each put or batch, " + (settings.forced() ? "sync" : "MDB_NOSYNC");
    }

    @Override
    public void close() {
        if (reading != null) {
            reading.close();
        }
        environment.close();
    }
}
