package dev.cambium.version;

import dev.cambium.compaction.SortedCursor;
import dev.cambium.segment.log.Operation;
import dev.cambium.segment.log.OperationCode;
import dev.cambium.segment.memory.Bytes;
import dev.cambium.segment.memory.Memory;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Stretches of internal keys of which is known that nothing lives there, however many tombstones do and keys that those hide: cursors go past
 * all of one in a single move, until merges have taken the tombstones away.
 *
 * <p>How one becomes known: after every so many deletes the writer {@linkplain #noteDelete asks}; {@link GapSearch} begins to {@link #watch}, takes
 * a view, and walks in it to the next key that lives; {@link #found}. Gaps are few, and forgotten as they please: nothing depends on them.
 *
 * <p>Why nothing is left out. A put cuts every gap that it lies in, the watched one too, inside its step and before it becomes visible. A view
 * waits for steps that have begun: a put that did not see the watch is in the view of the search; one that did has cut it. A cursor uses a gap only if
 * its view was taken after that was found, and looks for it after that: so its view has the tombstones, and of puts that came later all
 * that have not cut the gap are not in it.
 *
 * <p>Threads: one writer, inside the steps of its memtable; one search at a time; everything else from any thread, without a lock unless a gap
 * changes.
 */
public final class Gaps {
    private static final int MOST = 8;

    /** Searches that may wait. */
    private static final int MOST_ASKED = 16;

    /** Deletes of different keyspaces are counted apart, as far as the last bits of their numbers tell. */
    private static final int FRONTS = 4;

    /** So many tombstones are not worth a gap of their own. */
    private static final int FEW = 16;

    /** While a gap becomes longer again and again, what it was so many times before is kept for views that were taken then. */
    private static final int MOST_OLDER = 16;

    private static final int BYTES_OF_DELETES = 1 << 12; // of a memtable, for each delete that is waited for
    private static final int MOST_DELETES = 1 << 11;

    private static final Gap[] NONE = {};

    /** A stretch, from a key on and up to another that is not in it. Never changes. */
    public static final class Gap {
        private final byte[] from;
        private final byte[] to; // null: no key is behind it
        private final long fromHead;
        private final long toHead;
        private final long found; // its number; 0 while it is watched
        private final boolean isRest; // what a put has left of one behind itself
        private final Gap older; // what of it was known before; or null. Never what a put has cut since

        private Gap(byte[] from, byte[] to, long found, boolean isRest) {
            this(from, to, found, isRest, null);
        }

        private Gap(byte[] from, byte[] to, long found, boolean isRest, Gap older) {
            this.isRest = isRest;
            this.older = older;
            this.from = from;
            this.to = to;
            this.fromHead = head(from);
            this.toHead = to == null ? 0 : head(to);
            this.found = found;
        }

        private static long head(byte[] key) {
            return Bytes.getLongBigEndian(Arrays.copyOf(key, Long.BYTES), 0);
        }

        /** Nothing lives from here on. */
        public byte[] from() {
            return from;
        }

        /** The first key behind it, which may live; or null. */
        public byte[] to() {
            return to;
        }

        private boolean holds(byte[] key, int length) {
            return Arrays.compareUnsigned(key, 0, length, from, 0, from.length) >= 0
                    && (to == null || Arrays.compareUnsigned(key, 0, length, to, 0, to.length) < 0);
        }

        /** Whether an entry lies in it. */
        public boolean holds(SortedCursor entries) {
            return !entries.isBelow(from, fromHead) && (to == null || entries.isBelow(to, toHead));
        }

        private boolean isEmpty() {
            return to != null && Arrays.compareUnsigned(from, to) >= 0;
        }

        /** Whether the two overlap, or one begins where the other ends. */
        private boolean touches(Gap other) {
            return (to == null || Arrays.compareUnsigned(other.from, to) <= 0)
                    && (other.to == null || Arrays.compareUnsigned(from, other.to) <= 0);
        }

        /** As much of it as was known when a view was taken, or null. */
        private Gap asOf(long latest) {
            Gap gap = this;
            while (gap != null && gap.found > latest) {
                gap = gap.older;
            }
            return gap;
        }

        /** Without what was known longer ago than so many times. */
        private Gap withOlder(int most) {
            return new Gap(from, to, found, isRest, most == 0 || older == null ? null : older.withOlder(most - 1));
        }

        /** The two as one, which is found now; {@code other} is what was known before. */
        private Gap with(Gap other, long number) {
            boolean isLater = to == null || other.to != null && Arrays.compareUnsigned(to, other.to) >= 0;
            return new Gap(
                    Arrays.compareUnsigned(from, other.from) <= 0 ? from : other.from,
                    isLater ? to : other.to,
                    number,
                    false,
                    other.withOlder(MOST_OLDER - 1));
        }
    }

    private final int deletesBetween;
    private volatile Gap[] gaps = NONE; // changed by whoever holds this object's lock; one of them may be watched
    private volatile long found; // so many until now

    private final Front[] fronts = new Front[FRONTS]; // the writer's own
    private byte[] key = new byte[64]; // of an operation of a batch; the writer's own

    private final ArrayDeque<byte[]> asked = new ArrayDeque<>(); // where to search from; under the lock
    private volatile boolean isAsked;

    /** Deletes since a search was asked for. */
    private static final class Front {
        private int deletes;
        private byte[] least = new byte[64]; // key of those
        private int leastLength;

        void note(byte[] key, int length) {
            if (deletes++ == 0 || Arrays.compareUnsigned(key, 0, length, least, 0, leastLength) < 0) {
                if (least.length < length) {
                    least = new byte[length];
                }
                System.arraycopy(key, 0, least, 0, length);
                leastLength = length;
            }
        }
    }

    /** @param memtableBytes of a full one, which is to hold many times as many deletes as are waited for */
    public Gaps(long memtableBytes) {
        this.deletesBetween = (int) Math.max(FEW, Math.min(MOST_DELETES, memtableBytes / BYTES_OF_DELETES));
        Arrays.setAll(fronts, i -> new Front());
    }

    /** Number of the latest gap: whoever takes a view afterwards may use it and those before. */
    public long latest() {
        return found;
    }

    /**
     * The gap that an entry lies in, or null.
     *
     * @param latest what {@link #latest} said before the view was taken
     */
    public Gap around(SortedCursor entries, long latest) {
        for (Gap newest : gaps) {
            Gap gap = newest.asOf(latest);
            if (gap != null && gap.found > 0 && gap.holds(entries)) {
                return gap;
            }
        }
        return null;
    }

    /**
     * Notes a put or delete that is about to be applied, inside the step.
     *
     * @param key internal
     * @return whether a search is asked for and none was, so that somebody is to begin
     */
    public boolean note(int code, byte[] key, int length) {
        if (code == OperationCode.DELETE) {
            return noteDelete(key, length);
        }
        notePut(key, length);
        return false;
    }

    /**
     * As {@link #note}, of the operations of a batch.
     *
     * @param at where the first of them stands
     */
    public boolean note(Memory operations, int at, int count) {
        boolean hasGaps = gaps.length > 0;
        boolean asks = false;
        for (int i = 0; i < count; i++) {
            int code = Operation.code(operations, at);
            if (code == OperationCode.DELETE || hasGaps) {
                int length = Operation.keyLength(operations, at);
                if (key.length < length) {
                    key = new byte[length];
                }
                operations.get(Operation.keyOffset(operations, at), key, 0, length);
                asks |= note(code, key, length);
            }
            at += Operation.length(operations, at);
        }
        return asks;
    }

    private void notePut(byte[] key, int length) {
        for (Gap gap : gaps) {
            if (gap.holds(key, length)) {
                cut(Arrays.copyOf(key, length));
                return;
            }
        }
    }

    private synchronized void cut(byte[] at) {
        List<Gap> left = new ArrayList<>();
        for (Gap gap : gaps) {
            if (!gap.holds(at, at.length)) {
                left.add(gap);
            } else if (gap.found == 0) {
                left.add(new Gap(gap.from, at, 0, false)); // though it may be empty
            } else {
                if (!gap.isRest) { // else it is what lies between two puts, most of the time
                    addUnlessEmpty(left, new Gap(gap.from, at, gap.found, false));
                }
                addUnlessEmpty(left, new Gap(Arrays.copyOf(at, at.length + 1), gap.to, gap.found, true));
            }
        }
        keep(left);
    }

    private static void addUnlessEmpty(List<Gap> to, Gap gap) {
        if (!gap.isEmpty()) {
            to.add(gap);
        }
    }

    /** Where there are too many, rests go first, and of those the one that has been known longest. */
    private void keep(List<Gap> left) {
        while (left.size() > MOST) {
            Gap least = null;
            for (Gap gap : left) {
                if (gap.found > 0 && (least == null || gap.isRest && !least.isRest)) {
                    least = gap;
                }
            }
            left.remove(least);
        }
        gaps = left.toArray(NONE);
    }

    private boolean noteDelete(byte[] key, int length) {
        Front front = fronts[key[Operation.KEYSPACE_ID_LENGTH - 1] & FRONTS - 1];
        front.note(key, length);
        if (front.deletes < deletesBetween) {
            return false;
        }
        front.deletes = 0;
        return ask(Arrays.copyOf(front.least, front.leastLength));
    }

    /** Asks for a search from a key on; returns whether none was asked for. */
    synchronized boolean ask(byte[] from) {
        boolean isNew = asked.isEmpty();
        if (asked.size() >= MOST_ASKED) { // one from further ahead comes by there
            byte[] last = asked.removeLast();
            asked.addLast(Arrays.compareUnsigned(from, last) < 0 ? from : last);
        } else {
            asked.addLast(from);
        }
        isAsked = true;
        return isNew;
    }

    /** Asks for a search to go on, before others. */
    synchronized void askFirst(byte[] from) {
        asked.addFirst(from);
        isAsked = true;
    }

    boolean isAsked() {
        return isAsked;
    }

    /** Where a search is to begin, once; there is one that was {@linkplain #isAsked asked for}. */
    synchronized byte[] takeAsked() {
        byte[] from = asked.poll();
        isAsked = !asked.isEmpty();
        return from;
    }

    /**
     * Watches puts from a key on, until {@link #found} or {@link #giveUp}: before the view is taken that is searched.
     *
     * @return where to search from: further on, where a gap is known there; null where that has no end
     */
    synchronized byte[] watch(byte[] from) {
        List<Gap> more = new ArrayList<>(List.of(gaps));
        more.add(new Gap(from, null, 0, false));
        gaps = more.toArray(NONE);
        byte[] start = from;
        for (Gap gap : gaps) {
            if (gap.found > 0 && gap.holds(from, from.length)) {
                start = gap.to;
            }
        }
        return start;
    }

    /**
     * Nothing lives, in the view, from where {@link #watch} began up to a key.
     *
     * @param to the key, or null where none is left
     * @param passed tombstones that were found there
     */
    synchronized void found(byte[] to, int passed) {
        Gap watched = watched();
        boolean isCut = watched.to != null && (to == null || Arrays.compareUnsigned(watched.to, to) < 0);
        long number = found + 1;
        Gap union = new Gap(watched.from, isCut ? watched.to : to, number, false);
        List<Gap> left = new ArrayList<>();
        for (Gap gap : gaps) {
            if (gap == watched) {
                continue;
            }
            if (!union.isEmpty() && union.touches(gap)) {
                union = union.with(gap, number);
                passed += FEW; // it is a longer one now
            } else {
                left.add(gap);
            }
        }
        if (passed >= FEW && !union.isEmpty()) {
            left.add(union);
        }
        found = number;
        keep(left);
    }

    /** Ends the watch, if there is one. */
    synchronized void giveUp() {
        Gap watched = watched();
        gaps = Arrays.stream(gaps).filter(gap -> gap != watched).toArray(Gap[]::new);
    }

    private Gap watched() {
        return Arrays.stream(gaps).filter(gap -> gap.found == 0).findAny().orElse(null);
    }

    /** Forgets all of them: there are no tombstones any more. */
    synchronized void forget() {
        gaps = Arrays.stream(gaps).filter(gap -> gap.found == 0).toArray(Gap[]::new);
    }

    /** How many are known. */
    public int count() {
        return gaps.length;
    }
}
