package dev.cambium.compaction;

import dev.cambium.segment.memory.Memory;
import dev.cambium.segment.page.EntryBlock;
import dev.cambium.segment.zone.SharedZone;
import java.util.Arrays;

/**
 * Several sorted sources as one: where more than one has a key, the newest one's entry stands for it. Tombstones are entries
 * here too; who reads for a user skips them.
 *
 * <p>Cost: a move compares sixteen bytes of each source's key with the best one's, as two numbers, and more only where those are equal;
 * there are few sources (memtables and young runs), so a scan over them beats a heap. No allocation per move.
 */
public final class MergeCursor implements SortedCursor {
    /*
     * Moving forward, every valid source stands on its first key above the current one, or on the current one itself; backward is
     * the mirror image. A change of direction moves every source but the winner to the other side of the current key by a seek.
     *
     * Of each valid source there are kept: where its key lies, and sixteen bytes of it behind the common prefix, big-endian and padded with
     * zeros. Where those of two keys are equal and one key ends within them, the shorter key is a prefix of the other.
     */
    private static final int HEAD_BYTES = 16;

    /** After so many entries of one source, more of it are likely to follow before another's. */
    private static final int LONG_STREAK = 3;

    private final SortedCursor[] sources;
    private final int headAt;
    private final int headEnd;
    private final boolean[] valid;
    private final Memory[] keys;
    private final int[] keyOffsets;
    private final int[] keyLengths;
    private final long[] firstHeads;
    private final long[] secondHeads;
    private boolean forward = true;
    private int winner = -1;
    private int streak; // how often in a row the winner has won alone
    private final int[] tied; // sources behind the winner that stand on its key
    private int tiedCount;
    private byte[] turnKey = new byte[64];

    /** @param newestFirst the sources; an earlier one hides later ones */
    public MergeCursor(SortedCursor... newestFirst) {
        this(0, newestFirst);
    }

    /** @param commonPrefix bytes that all keys of all sources begin with alike */
    public MergeCursor(int commonPrefix, SortedCursor... newestFirst) {
        int count = newestFirst.length;
        this.sources = newestFirst;
        this.headAt = commonPrefix;
        this.headEnd = commonPrefix + HEAD_BYTES;
        this.valid = new boolean[count];
        this.keys = new Memory[count];
        this.keyOffsets = new int[count];
        this.keyLengths = new int[count];
        this.firstHeads = new long[count];
        this.secondHeads = new long[count];
        this.tied = new int[count];
    }

    /** Notes whether a source stands on an entry, and which. */
    private void stand(int source, boolean on) {
        valid[source] = on;
        if (on) {
            noteKey(source);
            Memory key = keys[source];
            int at = keyOffsets[source] + headAt;
            int length = keyLengths[source] - headAt;
            if (length >= HEAD_BYTES) {
                firstHeads[source] = key.getLongBigEndian(at);
                secondHeads[source] = key.getLongBigEndian(at + 8);
            } else {
                firstHeads[source] = shortHead(key, at, Math.min(8, length));
                secondHeads[source] = shortHead(key, at + 8, length - 8);
            }
        }
    }

    private void noteKey(int source) {
        SortedCursor cursor = sources[source];
        keys[source] = cursor.keyMemory();
        keyOffsets[source] = cursor.keyOffset();
        keyLengths[source] = cursor.keyLength();
    }

    private static long shortHead(Memory key, int at, int length) {
        long head = 0;
        for (int i = 0; i < length; i++) {
            head |= (long) key.getUnsignedByte(at + i) << (56 - 8 * i);
        }
        return head;
    }

    @Override
    public boolean first() {
        for (int i = 0; i < sources.length; i++) {
            stand(i, sources[i].first());
        }
        return choose(true);
    }

    @Override
    public boolean last() {
        for (int i = 0; i < sources.length; i++) {
            stand(i, sources[i].last());
        }
        return choose(false);
    }

    @Override
    public boolean seek(byte[] key, int offset, int length) {
        for (int i = 0; i < sources.length; i++) {
            stand(i, sources[i].seek(key, offset, length));
        }
        return choose(true);
    }

    @Override
    public boolean seekFloor(byte[] key, int offset, int length) {
        for (int i = 0; i < sources.length; i++) {
            stand(i, sources[i].seekFloor(key, offset, length));
        }
        return choose(false);
    }

    @Override
    public boolean next() {
        if (!forward) {
            turn(true);
        }
        for (int i = 0; i < tiedCount; i++) {
            stand(tied[i], sources[tied[i]].next());
        }
        stand(winner, sources[winner].next());
        return choose(true);
    }

    @Override
    public boolean previous() {
        if (forward) {
            turn(false);
        }
        for (int i = 0; i < tiedCount; i++) {
            stand(tied[i], sources[tied[i]].previous());
        }
        stand(winner, sources[winner].previous());
        return choose(false);
    }

    /** Afterwards every source stands on the winner's key, or beyond it the other way. */
    private void turn(boolean toForward) {
        int length = keyLength();
        if (turnKey.length < length) {
            turnKey = new byte[Math.max(length, 2 * turnKey.length)];
        }
        keyMemory().get(keyOffset(), turnKey, 0, length);
        for (int i = 0; i < sources.length; i++) {
            if (i != winner) {
                stand(i, toForward ? sources[i].seek(turnKey, 0, length) : sources[i].seekFloor(turnKey, 0, length));
            }
        }
        choose(toForward);
    }

    private boolean choose(boolean toForward) {
        forward = toForward;
        tiedCount = 0;
        int best = -1;
        for (int i = 0; i < sources.length; i++) {
            if (!valid[i]) {
                continue;
            }
            int order = best < 0 ? -1 : toForward ? compare(i, best) : compare(best, i);
            if (order < 0) {
                best = i;
                tiedCount = 0;
            } else if (order == 0) {
                tied[tiedCount++] = i;
            }
        }
        streak = best == winner && tiedCount == 0 ? streak + 1 : 0;
        winner = best;
        return best >= 0;
    }

    /**
     * Where one source has long come first, its entries up to the next key of the others are copied without a comparison with those.
     */
    @Override
    public int copyOn(EntryBlock target, int most, boolean ascending, byte[] bound, int boundLength) {
        if (streak < LONG_STREAK || ascending != forward) {
            return 0;
        }
        int next = runnerUp();
        int copied;
        if (next < 0) {
            copied = sources[winner].copyOn(target, most, ascending, bound, boundLength);
        } else {
            int length = copyBound(next);
            boolean isNearer = ascending
                    ? Arrays.compareUnsigned(turnKey, 0, length, bound, 0, boundLength) < 0
                    : Arrays.compareUnsigned(turnKey, 0, length, bound, 0, boundLength) > 0;
            copied = isNearer
                    ? sources[winner].copyOn(target, most, ascending, turnKey, length)
                    : sources[winner].copyOn(target, most, ascending, bound, boundLength);
        }
        if (copied > 1) {
            stand(winner, true);
        }
        return copied;
    }

    /** The source that comes next behind the winner, or -1. */
    private int runnerUp() {
        int best = -1;
        for (int i = 0; i < sources.length; i++) {
            if (i != winner && valid[i] && (best < 0 || (forward ? compare(i, best) : compare(best, i)) < 0)) {
                best = i;
            }
        }
        return best;
    }

    /** Puts the key of a source into {@code turnKey} as a bound: going down, the key right above it, for it must not be passed by. */
    private int copyBound(int source) {
        int length = keyLengths[source];
        if (turnKey.length <= length) {
            turnKey = new byte[Math.max(length + 1, 2 * turnKey.length)];
        }
        keys[source].get(keyOffsets[source], turnKey, 0, length);
        if (forward) {
            return length;
        }
        turnKey[length] = 0;
        return length + 1;
    }

    private int compare(int left, int right) {
        if (firstHeads[left] != firstHeads[right]) {
            return Long.compareUnsigned(firstHeads[left], firstHeads[right]);
        }
        if (secondHeads[left] != secondHeads[right]) {
            return Long.compareUnsigned(secondHeads[left], secondHeads[right]);
        }
        int leftLength = keyLengths[left];
        int rightLength = keyLengths[right];
        if (leftLength <= headEnd || rightLength <= headEnd) {
            return Integer.compare(leftLength, rightLength);
        }
        return keys[left].compare(
                keyOffsets[left] + headEnd,
                leftLength - headEnd,
                keys[right],
                keyOffsets[right] + headEnd,
                rightLength - headEnd);
    }

    @Override
    public void resume() {
        for (int i = 0; i < sources.length; i++) {
            if (valid[i]) {
                sources[i].resume();
                noteKey(i);
            }
        }
    }

    @Override
    public Memory keyMemory() {
        return keys[winner];
    }

    @Override
    public int keyOffset() {
        return keyOffsets[winner];
    }

    @Override
    public int keyLength() {
        return keyLengths[winner];
    }

    @Override
    public Memory valueMemory() {
        return sources[winner].valueMemory();
    }

    @Override
    public int valueOffset() {
        return sources[winner].valueOffset();
    }

    @Override
    public int valueLength() {
        return sources[winner].valueLength();
    }

    @Override
    public boolean isTombstone() {
        return sources[winner].isTombstone();
    }

    @Override
    public boolean isChunked() {
        return sources[winner].isChunked();
    }

    @Override
    public SharedZone zone(long pointer) {
        return sources[winner].zone(pointer);
    }
}
