package dev.cambium.compaction;

import dev.cambium.segment.memory.Memory;
import dev.cambium.segment.zone.SharedZone;

/**
 * Several sorted sources as one: where more than one has a key, the newest one's entry stands for it. Tombstones are entries
 * here too; who reads for a user skips them.
 *
 * <p>Cost: a move compares each source's key with the winner's; there are few sources (memtables and young runs), so a scan over
 * them beats a heap. No allocation per move.
 */
public final class MergeCursor implements SortedCursor {
    /*
     * Moving forward, every valid source stands on its first key above the current one, or on the current one itself; backward is
     * the mirror image. A change of direction moves every source but the winner to the other side of the current key by a seek.
     */
    private final SortedCursor[] sources;
    private final boolean[] valid;
    private boolean forward = true;
    private int winner = -1;
    private byte[] turnKey = new byte[64];

    /** @param newestFirst the sources; an earlier one hides later ones */
    public MergeCursor(SortedCursor... newestFirst) {
        this.sources = newestFirst;
        this.valid = new boolean[newestFirst.length];
    }

    @Override
    public boolean first() {
        for (int i = 0; i < sources.length; i++) {
            valid[i] = sources[i].first();
        }
        return choose(true);
    }

    @Override
    public boolean last() {
        for (int i = 0; i < sources.length; i++) {
            valid[i] = sources[i].last();
        }
        return choose(false);
    }

    @Override
    public boolean seek(byte[] key, int offset, int length) {
        for (int i = 0; i < sources.length; i++) {
            valid[i] = sources[i].seek(key, offset, length);
        }
        return choose(true);
    }

    @Override
    public boolean seekFloor(byte[] key, int offset, int length) {
        for (int i = 0; i < sources.length; i++) {
            valid[i] = sources[i].seekFloor(key, offset, length);
        }
        return choose(false);
    }

    @Override
    public boolean next() {
        if (!forward) {
            turn(true);
        }
        for (int i = 0; i < sources.length; i++) {
            if (i != winner && valid[i] && compare(i, winner) == 0) {
                valid[i] = sources[i].next();
            }
        }
        valid[winner] = sources[winner].next();
        return choose(true);
    }

    @Override
    public boolean previous() {
        if (forward) {
            turn(false);
        }
        for (int i = 0; i < sources.length; i++) {
            if (i != winner && valid[i] && compare(i, winner) == 0) {
                valid[i] = sources[i].previous();
            }
        }
        valid[winner] = sources[winner].previous();
        return choose(false);
    }

    private void turn(boolean toForward) {
        int length = keyLength();
        if (turnKey.length < length) {
            turnKey = new byte[Math.max(length, 2 * turnKey.length)];
        }
        keyMemory().get(keyOffset(), turnKey, 0, length);
        for (int i = 0; i < sources.length; i++) {
            if (i != winner) {
                valid[i] = toForward ? sources[i].seek(turnKey, 0, length) : sources[i].seekFloor(turnKey, 0, length);
            }
        }
        forward = toForward;
    }

    private boolean choose(boolean forward) {
        this.forward = forward;
        int best = -1;
        for (int i = 0; i < sources.length; i++) {
            if (!valid[i]) {
                continue;
            }
            if (best < 0) {
                best = i;
                continue;
            }
            int order = compare(i, best);
            if (forward ? order < 0 : order > 0) {
                best = i;
            }
        }
        winner = best;
        return best >= 0;
    }

    private int compare(int left, int right) {
        SortedCursor a = sources[left];
        SortedCursor b = sources[right];
        return a.keyMemory().compare(a.keyOffset(), a.keyLength(), b.keyMemory(), b.keyOffset(), b.keyLength());
    }

    @Override
    public void resume() {
        for (int i = 0; i < sources.length; i++) {
            if (valid[i]) {
                sources[i].resume();
            }
        }
    }

    @Override
    public Memory keyMemory() {
        return sources[winner].keyMemory();
    }

    @Override
    public int keyOffset() {
        return sources[winner].keyOffset();
    }

    @Override
    public int keyLength() {
        return sources[winner].keyLength();
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
