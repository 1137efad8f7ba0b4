package dev.cambium;

import dev.cambium.compaction.ChunkedValue;
import dev.cambium.compaction.SortedCursor;
import dev.cambium.epoch.ReadEpochs;
import dev.cambium.segment.frame.Frame;
import dev.cambium.segment.memory.Memory;
import dev.cambium.segment.runtime.Forgotten;
import dev.cambium.version.Gaps;
import dev.cambium.version.Lookup;
import dev.cambium.version.Pin;
import java.io.InputStream;
import java.lang.ref.Cleaner;
import java.nio.ByteBuffer;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;

/**
 * The content of a store as it was at one moment, for as long as it is open. O(1) to take, nothing is copied; it keeps the memory
 * of the memtables that it sees. Batches are seen wholly or not at all.
 *
 * <p>Close it; one that was forgotten is released after the garbage collector found it, with a warning. After {@link #close}, or
 * that of the store, every use throws {@link IllegalStateException}. Safe for any thread; cursors are not.
 */
public final class Snapshot implements AutoCloseable {
    private final Store store;
    private final Held held;
    private final Cleaner.Cleanable cleanable;

    /** What a snapshot keeps alive; apart from it, so that it can be released when the snapshot is unreachable. */
    static final class Held extends PointReads implements Runnable {
        final Pin content;
        private final long latestGap;
        private final Set<ValueView> views = ConcurrentHashMap.newKeySet();
        private final AtomicBoolean open = new AtomicBoolean(true);
        private final AtomicLong openSnapshots;
        private volatile boolean closedByUser;

        Held(Store store, Pin content, long latestGap, AtomicLong openSnapshots) {
            super(store);
            this.content = content;
            this.latestGap = latestGap;
            this.openSnapshots = openSnapshots;
            openSnapshots.incrementAndGet();
        }

        boolean isOpen() {
            return open.get();
        }

        @Override
        int enter() {
            int slot = store.epochs().enter();
            if (isOpen() && store.isOpen()) {
                return slot;
            }
            store.epochs().exit(slot);
            throw new IllegalStateException(store.isOpen() ? "the snapshot is closed" : "the store is closed");
        }

        @Override
        void find(Lookup lookup) {
            content.find(lookup);
        }

        ReadEpochs epochs() {
            return store.epochs();
        }

        /** See {@link Snapshot#view(byte[])}. */
        ValueView view(int keyspaceId, byte[] key) {
            Limits.checkKey(key);
            ChunkedValue chunked;
            int slot = enter();
            try {
                Lookup found = find(slot, keyspaceId, key);
                if (!found.isPresent()) {
                    return null;
                }
                if (!found.isChunked()) {
                    return viewOf(found);
                }
                chunked = found.openChunked(store.storeId());
            } finally {
                epochs().exit(slot);
            }
            try (chunked) {
                Memory memory = chunked.toMemory(); // the collector's
                return note(new ValueView(this, memory, 0, memory.capacity(), null));
            }
        }

        private ValueView viewOf(Lookup found) {
            Frame frame = found.frame();
            if (frame != null && !frame.tryPin()) {
                throw new IllegalStateException("a page that was found in this slot is gone");
            }
            return note(new ValueView(this, found.memory(), found.offset(), found.length(), frame));
        }

        private ValueView note(ValueView view) {
            views.add(view);
            if (!isOpen()) {
                view.close(); // who closes may have missed it; its reads say that the snapshot is closed
            }
            return view;
        }

        void forget(ValueView view) {
            views.remove(view);
        }

        /** Ends views that were not closed; returns how one was taken, where that is known, or null. */
        private Throwable endViews() {
            Throwable taken = null;
            int left = 0;
            for (ValueView view : views) {
                if (view.end()) {
                    taken = view.taken();
                    left++;
                }
            }
            views.clear();
            if (left > 0) {
                System.getLogger("dev.cambium")
                        .log(
                                System.Logger.Level.WARNING,
                                "{0} views were not closed before their snapshot; released now",
                                left);
            }
            return taken;
        }

        @Override
        public void run() {
            if (open.compareAndSet(true, false)) {
                openSnapshots.decrementAndGet();
                Throwable leaked = endViews();
                content.release();
                if (!store.isOpen()) {
                    // Nobody may come later to reclaim what a passing reader has kept from being freed.
                    store.epochs().awaitReaders();
                    store.epochs().reclaim();
                }
                if (!closedByUser) {
                    System.getLogger("dev.cambium")
                            .log(System.Logger.Level.WARNING, "a snapshot or cursor was never closed; released now");
                }
                if (leaked != null) {
                    throw new IllegalStateException("a view was not closed before its snapshot", leaked);
                }
            }
        }
    }

    Snapshot(Store store, Held held) {
        this.store = store;
        this.held = held;
        this.cleanable = Forgotten.CLEANER.register(this, held);
    }

    /** A copy of the value of {@code key} as it was then, or null. */
    public byte[] get(byte[] key) {
        return held.get(Keyspace.DEFAULT_ID, key);
    }

    /** As {@link #get(byte[])}, in a keyspace. */
    public byte[] get(Keyspace keyspace, byte[] key) {
        return held.get(store.idOf(keyspace), key);
    }

    /** Copies the value of {@code key} as it was then to {@code target}; see {@link Store#get(byte[], ByteBuffer)}. */
    public int get(byte[] key, ByteBuffer target) {
        return held.get(Keyspace.DEFAULT_ID, key, target);
    }

    /** As {@link #get(byte[], ByteBuffer)}, in a keyspace. */
    public int get(Keyspace keyspace, byte[] key, ByteBuffer target) {
        return held.get(store.idOf(keyspace), key, target);
    }

    /**
     * The value of {@code key} as it was then where it lies, without a copy, or null. Close it: until then its page stays in memory. One of
     * 64 KiB and more may be read into memory of its own first.
     */
    public ValueView view(byte[] key) {
        return held.view(Keyspace.DEFAULT_ID, key);
    }

    /** As {@link #view(byte[])}, in a keyspace. */
    public ValueView view(Keyspace keyspace, byte[] key) {
        return held.view(store.idOf(keyspace), key);
    }

    /** The value of {@code key} as it was then, as a stream, or null. It may be read after the snapshot was closed; see {@link Store#getStream}. */
    public InputStream getStream(byte[] key) {
        return held.getStream(Keyspace.DEFAULT_ID, key);
    }

    /** As {@link #getStream(byte[])}, in a keyspace. */
    public InputStream getStream(Keyspace keyspace, byte[] key) {
        return held.getStream(store.idOf(keyspace), key);
    }

    /** A cursor over the store's own keyspace; it ends with this snapshot. */
    public Cursor cursor() {
        return cursor(KeyRange.all());
    }

    /** A cursor over a part of the store's own keyspace. */
    public Cursor cursor(KeyRange range) {
        return Cursor.over(this, Keyspace.DEFAULT_ID, range);
    }

    /** A cursor over a keyspace. */
    public Cursor cursor(Keyspace keyspace) {
        return cursor(keyspace, KeyRange.all());
    }

    /** A cursor over a part of a keyspace. */
    public Cursor cursor(Keyspace keyspace, KeyRange range) {
        return Cursor.over(this, store.idOf(keyspace), range);
    }

    /** All entries, tombstones included; to be used inside epoch slots. */
    SortedCursor entries() {
        return held.content.entries();
    }

    /** The stretch around an entry of {@link #entries} in which nothing lives, if one is known; or null. */
    Gaps.Gap gapAround(SortedCursor entries) {
        return store.gaps().around(entries, held.latestGap);
    }

    /** Enters the read protection; throws where this snapshot or its store is closed. */
    int enter() {
        return held.enter();
    }

    /** Whether snapshot and store are open. */
    boolean isUsable() {
        return held.isOpen() && store.isOpen();
    }

    Store store() {
        return store;
    }

    /** Lets go of everything. Idempotent; in any order with cursors and the store. */
    @Override
    public void close() {
        held.closedByUser = true;
        cleanable.clean();
    }
}
