package dev.cambium;

import dev.cambium.compaction.ChunkedValue;
import dev.cambium.segment.page.ChunkList;
import dev.cambium.segment.runtime.Forgotten;
import java.io.InputStream;
import java.lang.ref.Cleaner;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * A long value, read chunk by chunk. Skipping reads nothing. For one thread, though any may close it, which waits for a read under way:
 * what is read from is freed then.
 */
final class ValueStream extends InputStream {
    private final Store store;
    private final Held held;
    private final Cleaner.Cleanable cleanable;
    private long position;
    private int loaded = -1;

    /** What a stream keeps open; apart from it, so that it can be closed when the stream is unreachable. */
    private static final class Held implements Runnable {
        private final ChunkedValue value;
        private final AtomicBoolean open = new AtomicBoolean(true);
        private volatile boolean closedByUser;

        Held(ChunkedValue value) {
            this.value = value;
        }

        @Override
        public void run() {
            if (open.compareAndSet(true, false)) {
                synchronized (this) { // a read may be under way in another thread
                    value.close();
                }
                if (!closedByUser) {
                    System.getLogger("dev.cambium")
                            .log(System.Logger.Level.WARNING, "a stream of a value was never closed; closed now");
                }
            }
        }
    }

    /** Takes the value over. */
    ValueStream(Store store, ChunkedValue value) {
        this.store = store;
        this.held = new Held(value);
        this.cleanable = Forgotten.CLEANER.register(this, held);
    }

    private ChunkedValue value() {
        if (!held.open.get()) {
            throw new IllegalStateException("the stream is closed");
        }
        if (!store.isOpen()) {
            throw new IllegalStateException("the store is closed");
        }
        return held.value;
    }

    @Override
    public int read() {
        byte[] one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xFF;
    }

    @Override
    public int read(byte[] target, int offset, int length) {
        Limits.checkNotNull(target, "target");
        Objects.checkFromIndexSize(offset, length, target.length);
        synchronized (held) {
            return read(value(), target, offset, length);
        }
    }

    private int read(ChunkedValue value, byte[] target, int offset, int length) {
        if (length == 0) {
            return 0;
        }
        if (position == value.length()) {
            return -1;
        }
        int chunk = (int) (position / ChunkList.CHUNK_LENGTH);
        int at = (int) (position % ChunkList.CHUNK_LENGTH);
        if (chunk != loaded) {
            loaded = -1;
            value.load(chunk);
            loaded = chunk;
        }
        int copied = Math.min(length, value.chunkLength(chunk) - at);
        value.chunkMemory().get(value.chunkOffset() + at, target, offset, copied);
        position += copied;
        return copied;
    }

    @Override
    public long skip(long bytes) {
        synchronized (held) {
            long skipped = Math.max(0, Math.min(bytes, value().length() - position));
            position += skipped;
            return skipped;
        }
    }

    /** Bytes that are left of the chunk that was read last. */
    @Override
    public int available() {
        synchronized (held) {
            ChunkedValue value = value();
            int at = (int) (position % ChunkList.CHUNK_LENGTH);
            return loaded == position / ChunkList.CHUNK_LENGTH ? value.chunkLength(loaded) - at : 0;
        }
    }

    @Override
    public void close() {
        held.closedByUser = true;
        cleanable.clean();
    }
}
