package dev.cambium;

import dev.cambium.compaction.ChunkedValue;
import dev.cambium.compaction.SortedCursor;
import dev.cambium.error.StoreException;
import dev.cambium.segment.memory.Bytes;
import dev.cambium.segment.memory.Memory;
import dev.cambium.segment.page.EntryBlock;
import dev.cambium.version.Gaps;
import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.util.Arrays;

/**
 * A position among the keys of a snapshot, in the order of unsigned bytes, moved both ways.
 *
 * <p>A move returns whether the cursor stands on a key; only then may {@link #key} and {@link #value} be asked for. A new cursor
 * stands before the first key and behind the last one at once: {@link #next} goes to the first, {@link #previous} to the last.
 * Having run off one end, it comes back by a move the other way. After a move that threw, it stands nowhere until {@link #first},
 * {@link #last} or a seek takes it somewhere: it never leaves a key out.
 *
 * <p>For one thread at a time. After the close of cursor, snapshot or store every use throws {@link IllegalStateException}. A move
 * allocates nothing.
 *
 * <pre>{@code
 * try (Cursor c = store.cursor(KeyRange.prefix(prefix))) {
 *     while (c.next()) { c.key(); c.value(); }
 * }
 * }</pre>
 */
public final class Cursor implements AutoCloseable {
    private static final int KEYSPACE_BYTES = 4; // of an internal key, before the user's

    private enum Place {
        NOWHERE,
        BEFORE_FIRST,
        ON_KEY,
        BEHIND_LAST,
        /** A move failed half-way: going on from here could leave keys out. */
        LOST
    }

    /*
     * Read-ahead: after a move by one entry, the cursor copies the entries that come next into a block on the heap, in the same epoch
     * slot, so that the moves, keys and values that follow cost no slot each. The block grows with the moves in one direction. Where there
     * is a block with entries, the cursor stands on one of them, and `entries` on the one behind the block.
     */
    private static final int BLOCK_BYTES = 1 << 13;
    private static final int FIRST_BLOCK_BYTES = 1 << 11; // enough for a short scan
    private static final int FIRST_AHEAD = 8;
    private static final int MOST_AHEAD = 64;
    private static final int LONGEST_AHEAD = 1 << 10; // a longer entry is read where it lies

    /** Tombstones that are passed before it is asked again whether they are known as a gap. */
    private static final int PASSED_UNASKED = 32;

    /** Where {@code entries} stands while there is a block. */
    private enum Ahead {
        ON_ENTRY,
        AT_END,
        /** Reading failed there: the move that comes there reads again. */
        UNKNOWN
    }

    private final Snapshot snapshot;
    private final boolean ownsSnapshot;
    private final SortedCursor entries;
    private final byte[] lower; // internal keys, inclusive and exclusive
    private final byte[] upper;
    private final long lowerHead;
    private final long upperHead;
    private byte[] seekKey = new byte[64];
    private Place place = Place.NOWHERE;
    private EntryBlock block; // null till it is needed
    private int blockCount; // its entries, or 0 where it is not in use
    private int blockAt;
    private boolean blockIsForward;
    private Ahead ahead;
    private int window = 1;
    private long passed; // tombstones, one by one
    private boolean hasViews; // of entries where they lie, so that they are not copied
    private long moves;
    private Memory longValue; // for views of the entry that the cursor stands on; the collector's
    private volatile boolean closed;

    private Cursor(Snapshot snapshot, boolean ownsSnapshot, int keyspaceId, KeyRange range) {
        this.snapshot = snapshot;
        this.ownsSnapshot = ownsSnapshot;
        this.entries = snapshot.entries();
        this.lower = internal(keyspaceId, range.lower());
        this.upper = range.upper() != null ? internal(keyspaceId, range.upper()) : internal(keyspaceId + 1, null);
        this.lowerHead = head(lower);
        this.upperHead = head(upper);
    }

    private static byte[] internal(int keyspaceId, byte[] key) {
        byte[] bytes = new byte[KEYSPACE_BYTES + (key == null ? 0 : key.length)];
        Bytes.putIntBigEndian(bytes, 0, keyspaceId);
        if (key != null) {
            System.arraycopy(key, 0, bytes, KEYSPACE_BYTES, key.length);
        }
        return bytes;
    }

    static Cursor over(Snapshot snapshot, int keyspaceId, KeyRange range) {
        Limits.checkNotNull(range, "range");
        snapshot.store().epochs().exit(snapshot.enter());
        return new Cursor(snapshot, false, keyspaceId, range);
    }

    static Cursor owning(Snapshot snapshot, int keyspaceId, KeyRange range) {
        try {
            Limits.checkNotNull(range, "range");
            return new Cursor(snapshot, true, keyspaceId, range);
        } catch (RuntimeException | Error e) {
            snapshot.close();
            throw e;
        }
    }

    /** Moves to the first key. */
    public boolean first() {
        int slot = enterAfresh();
        try {
            return forward(entries.seek(lower, 0, lower.length));
        } finally {
            exit(slot);
        }
    }

    /** Moves to the last key. */
    public boolean last() {
        int slot = enterAfresh();
        try {
            return backward(entries.seekFloor(upper, 0, upper.length));
        } finally {
            exit(slot);
        }
    }

    /** Moves to the first key that is not below {@code key}. */
    public boolean seek(byte[] key) {
        Limits.checkKey(key);
        int length = setSeekKey(key);
        int slot = enterAfresh();
        try {
            return Arrays.compareUnsigned(seekKey, 0, length, lower, 0, lower.length) < 0
                    ? forward(entries.seek(lower, 0, lower.length))
                    : forward(entries.seek(seekKey, 0, length));
        } finally {
            exit(slot);
        }
    }

    /** Moves to the last key that is not above {@code key}. */
    public boolean seekFloor(byte[] key) {
        Limits.checkKey(key);
        int length = setSeekKey(key);
        int slot = enterAfresh();
        try {
            return Arrays.compareUnsigned(seekKey, 0, length, upper, 0, upper.length) >= 0
                    ? backward(entries.seekFloor(upper, 0, upper.length))
                    : backward(entries.seekFloor(seekKey, 0, length));
        } finally {
            exit(slot);
        }
    }

    private int setSeekKey(byte[] key) {
        int length = KEYSPACE_BYTES + key.length;
        if (seekKey.length < length) {
            seekKey = new byte[length];
        }
        System.arraycopy(lower, 0, seekKey, 0, KEYSPACE_BYTES);
        System.arraycopy(key, 0, seekKey, KEYSPACE_BYTES, key.length);
        return length;
    }

    /** Moves to the next key. */
    public boolean next() {
        if (blockAt + 1 < blockCount && blockIsForward) {
            return step();
        }
        int slot = enter();
        try {
            Place from = place;
            boolean on =
                    switch (from) {
                        case NOWHERE, BEFORE_FIRST -> leave() && entries.seek(lower, 0, lower.length);
                        case ON_KEY -> advance(true);
                        case BEHIND_LAST, LOST -> leave() && false;
                    };
            return forward(on) && readAhead(true);
        } finally {
            exit(slot);
        }
    }

    /** Moves to the key before. */
    public boolean previous() {
        if (blockAt + 1 < blockCount && !blockIsForward) {
            return step();
        }
        int slot = enter();
        try {
            Place from = place;
            boolean on =
                    switch (from) {
                        case NOWHERE, BEHIND_LAST -> leave() && entries.seekFloor(upper, 0, upper.length);
                        case ON_KEY -> advance(false);
                        case BEFORE_FIRST, LOST -> leave() && false;
                    };
            return backward(on) && readAhead(false);
        } finally {
            exit(slot);
        }
    }

    /** Moves to the next entry of the block. */
    private boolean step() {
        requireOpen();
        noteMove();
        blockAt++;
        return true;
    }

    /** All views end. */
    private void noteMove() {
        moves++;
        longValue = null;
    }

    private void requireOpen() {
        if (closed || !snapshot.isUsable()) {
            exit(enterOpen());
        }
    }

    /** Takes {@code entries} by one entry on from where the cursor stands; lost from now on, unless the move comes to its end. */
    private boolean advance(boolean isForward) {
        boolean known = blockCount > 0 && blockIsForward == isForward && ahead != Ahead.UNKNOWN;
        if (known) {
            leave();
            return ahead == Ahead.ON_ENTRY;
        }
        if (blockIsForward != isForward) {
            window = 1;
        }
        standOnEntry();
        leave();
        return isForward ? entries.next() : entries.previous();
    }

    /** Takes {@code entries} to where the cursor stands in its block, and gives the block up. */
    private void standOnEntry() {
        if (blockCount > 0) {
            int length = setSeekKey(block.key(blockAt));
            leave();
            if (!entries.seek(seekKey, 0, length)) {
                throw new IllegalStateException("an entry of the snapshot is gone");
            }
            place = Place.ON_KEY;
        }
    }

    /** Copies the entry that the cursor has come to, and as many behind it as the window says; true. */
    private boolean readAhead(boolean isForward) {
        window = Math.min(MOST_AHEAD, 2 * window);
        if (hasViews) {
            return true;
        }
        place = Place.LOST; // till the end, whatever is thrown
        if (block == null) {
            block = new EntryBlock(FIRST_BLOCK_BYTES, FIRST_AHEAD, KEYSPACE_BYTES);
        } else if (window > FIRST_AHEAD && block.capacity() < BLOCK_BYTES) {
            block = new EntryBlock(BLOCK_BYTES, MOST_AHEAD, KEYSPACE_BYTES);
        }
        block.clear();
        ahead = Ahead.ON_ENTRY;
        byte[] bound = isForward ? upper : lower;
        try {
            while (block.count() < window
                    && (entries.copyOn(block, window - block.count(), isForward, bound, bound.length) > 0
                            || copyOne(isForward))) {
                boolean on = isForward ? entries.next() : entries.previous();
                if (!on) {
                    ahead = Ahead.AT_END;
                    break;
                }
                if (entries.isTombstone()) {
                    break; // there may be many: they are passed over when the cursor comes there
                }
            }
        } catch (StoreException e) { // what cannot be read is told when the cursor comes there
            ahead = Ahead.UNKNOWN;
        }
        blockAt = 0;
        blockIsForward = isForward;
        blockCount = block.count();
        place = Place.ON_KEY;
        return true;
    }

    /** Copies the entry that {@code entries} stands on to the end of the block; false where it is too long or out of bounds. */
    private boolean copyOne(boolean isForward) {
        int keyLength = entries.keyLength();
        int valueLength = entries.valueLength();
        return !entries.isChunked()
                && keyLength <= LONGEST_AHEAD
                && valueLength <= LONGEST_AHEAD
                && (block.count() == 0 || (isForward ? isBelowUpper() : !isBelowLower()))
                && block.add(
                        entries.keyMemory(),
                        entries.keyOffset(),
                        keyLength,
                        entries.valueMemory(),
                        entries.valueOffset(),
                        valueLength);
    }

    /** Goes on to the first entry that is no tombstone, from where {@code entries} stands. */
    private boolean forward(boolean on) {
        for (int n = 0; on && isBelowUpper() && entries.isTombstone(); n++) {
            on = passTombstone(n, true);
        }
        on = on && isBelowUpper();
        place = on ? Place.ON_KEY : Place.BEHIND_LAST;
        return on;
    }

    private boolean backward(boolean on) {
        for (int n = 0; on && !isBelowLower() && (entries.isTombstone() || !isBelowUpper()); n++) {
            on = entries.isTombstone() ? passTombstone(n, false) : entries.previous();
        }
        on = on && !isBelowLower();
        place = on ? Place.ON_KEY : Place.BEFORE_FIRST;
        return on;
    }

    /** Goes on from a tombstone, the n-th of this move; with it past all that are known to be nothing else. */
    private boolean passTombstone(int n, boolean isForward) {
        Gaps.Gap gap = n % PASSED_UNASKED == 0 ? snapshot.gapAround(entries) : null;
        if (gap == null) {
            passed++;
            return isForward ? entries.next() : entries.previous();
        }
        if (isForward) {
            return gap.to() != null && entries.seek(gap.to(), 0, gap.to().length);
        }
        boolean on = entries.seekFloor(gap.from(), 0, gap.from().length);
        return on && gap.holds(entries) ? entries.previous() : on;
    }

    /** Tombstones that were passed one by one since the cursor was made. */
    long passed() {
        return passed;
    }

    private boolean isBelowUpper() {
        return entries.isBelow(upper, upperHead);
    }

    private boolean isBelowLower() {
        return entries.isBelow(lower, lowerHead);
    }

    /** The first eight bytes of a bound, padded with zeros. */
    private static long head(byte[] bound) {
        return Bytes.getLongBigEndian(Arrays.copyOf(bound, 8), 0);
    }

    /** A copy of the key. */
    public byte[] key() {
        if (blockCount > 0) {
            requireOpen();
            return block.key(blockAt);
        }
        int slot = enterOnKey();
        try {
            return entries.key(KEYSPACE_BYTES);
        } finally {
            exit(slot);
        }
    }

    /** A copy of the value. */
    public byte[] value() {
        if (blockCount > 0) {
            requireOpen();
            return block.value(blockAt);
        }
        ChunkedValue chunked;
        int slot = enterOnKey();
        try {
            if (!entries.isChunked()) {
                return entries.valueMemory().toArray(entries.valueOffset(), entries.valueLength());
            }
            chunked = openChunked();
        } finally {
            exit(slot);
        }
        try (chunked) {
            return chunked.toArray();
        }
    }

    private ChunkedValue openChunked() {
        return ChunkedValue.open(
                entries::zone, snapshot.store().storeId(), entries.valueMemory(), entries.valueOffset());
    }

    /** The value as a stream, which may be read after the cursor has moved or was closed; see {@link Store#getStream}. */
    public InputStream valueStream() {
        if (blockCount == 0) {
            int slot = enterOnKey();
            try {
                if (entries.isChunked()) {
                    return new ValueStream(snapshot.store(), openChunked());
                }
            } finally {
                exit(slot);
            }
        }
        return new ByteArrayInputStream(value());
    }

    /** The key where it lies, until the next move. */
    public ByteView keyView() {
        int slot = enterOnKey();
        try {
            lookWhereItLies();
            return new CursorView(this, moves, true, entries.keyLength() - KEYSPACE_BYTES);
        } finally {
            exit(slot);
        }
    }

    /** The value where it lies, until the next move; one of 64 KiB and more may be read into memory of its own first. */
    public ByteView valueView() {
        ChunkedValue chunked;
        int slot = enterOnKey();
        try {
            lookWhereItLies();
            if (!entries.isChunked()) {
                return new CursorView(this, moves, false, entries.valueLength());
            }
            chunked = openChunked();
        } finally {
            exit(slot);
        }
        try (chunked) {
            longValue = chunked.toMemory();
            return new CursorView(this, moves, false, longValue.capacity());
        }
    }

    /** A view is of the entry in its page or memtable: from now on nothing is copied ahead. */
    private void lookWhereItLies() {
        hasViews = true;
        standOnEntry();
        blockCount = 0;
    }

    private int enterOnKey() {
        int slot = enterOpen();
        if (place != Place.ON_KEY) {
            exit(slot);
            throw new IllegalStateException(
                    "the cursor stands on no key: its last move returned false, or there was none");
        }
        return resume(slot);
    }

    /** Enters the read protection for a move from where the cursor stands, which ends all views. */
    private int enter() {
        int slot = enterOpen();
        if (place == Place.LOST) {
            exit(slot);
            throw new IllegalStateException(
                    "the cursor stands nowhere since a move failed: go somewhere by first, last or a seek");
        }
        noteMove();
        return place == Place.ON_KEY ? resume(slot) : slot;
    }

    /** Enters the read protection for a move from nowhere, which ends all views. */
    private int enterAfresh() {
        int slot = enterOpen();
        noteMove();
        window = 1;
        leave();
        return slot;
    }

    /** Lost from now on, and without a block, unless the move comes to its end; true. */
    private boolean leave() {
        place = Place.LOST;
        blockCount = 0;
        return true;
    }

    private int resume(int slot) {
        try {
            if (blockCount == 0 || ahead == Ahead.ON_ENTRY) {
                entries.resume();
            }
            return slot;
        } catch (RuntimeException | Error e) {
            exit(slot);
            throw e;
        }
    }

    /** Enters the read protection for a view that was given out at {@code move}. */
    int enter(long move) {
        int slot = enterOpen();
        if (moves == move) {
            return resume(slot);
        }
        exit(slot);
        throw new IllegalStateException("the cursor has moved since the view was taken");
    }

    private int enterOpen() {
        int slot = snapshot.enter();
        if (!closed) {
            return slot;
        }
        exit(slot);
        throw new IllegalStateException("the cursor is closed");
    }

    /** Where the key or value lies now; inside a slot. */
    Memory memory(boolean key) {
        return key ? entries.keyMemory() : longValue != null ? longValue : entries.valueMemory();
    }

    int offset(boolean key) {
        return key ? entries.keyOffset() + KEYSPACE_BYTES : longValue != null ? 0 : entries.valueOffset();
    }

    void exit(int slot) {
        snapshot.store().epochs().exit(slot);
    }

    /** Ends the cursor, and its snapshot where it has one of its own. Idempotent. */
    @Override
    public void close() {
        closed = true;
        if (ownsSnapshot) {
            snapshot.close();
        }
        snapshot.store().noteScans();
    }
}
