package dev.cambium.segment.page;

import dev.cambium.segment.format.ChecksumSeed;
import dev.cambium.segment.memory.Memory;
import dev.cambium.segment.pool.BufferPool;
import dev.cambium.segment.pool.ReservedVector;
import dev.cambium.segment.pool.VectorGeometry;
import java.util.Arrays;

/**
 * Collects the hashes of keys and builds a {@link FilterPage} of them. Used again and again; for one thread. Takes about 30 bytes of its pool
 * a key, of those of the largest filter; allocates nothing per key.
 *
 * <p>Ownership: the memory is the builder's until {@link #release}. Cost: about 20 ns a key.
 */
public final class FilterBuilder {
    /*
     * Peeling: a position that only one key maps to can take whatever value makes that key's three fingerprints come out right, after
     * all other keys have been assigned; remove the key and go on. With the sizes below nearly every seed works.
     *
     * A key that was peeled stands at the position that it was found at: nothing else maps to that any more. The work is a record of 16
     * bytes for each position:
     *
     *   0      8        12
     *   +------+--------+-------+
     *   | sum  | degree | queue |
     *   +------+--------+-------+
     *
     * sum     XOR of the mixed hashes of the keys that map to the position
     * degree  how many do, times four, plus XOR of which of their positions it is
     * queue   of all records together: from the first on, the positions that wait, a stack; from the last down, those that were peeled, in
     *         that order. A position comes to wait once at most, so there is room for both.
     */
    private static final int SUM_OFFSET = 0;
    private static final int DEGREE_OFFSET = 8;
    private static final int QUEUE_OFFSET = 12;
    private static final int RECORD_LENGTH = 16;

    private static final int MOST_SEGMENT_LENGTH = 1 << 18;

    /** Beyond so many keys a filter would be longer than a page. */
    public static final int MOST_KEYS = 3_000_000;

    private static final int TRIES_BEFORE_DUPLICATES_ARE_SOUGHT = 4;
    private static final int MOST_TRIES = 100;
    private static final int SLACK_FROM = 1000;
    private static final double SLACK = 0.03;

    private final long baseSeed;
    private final ReservedVector hashes;
    private final ReservedVector records;
    private int distinct; // hashes at the beginning: what is peeled; all, until that has failed

    /** @param baseSeed of the store, so that nobody outside can choose keys that collide */
    public FilterBuilder(BufferPool pool, long baseSeed) {
        this.baseSeed = baseSeed;
        this.hashes = new ReservedVector(pool, VectorGeometry.of(1 << 12, Integer.MAX_VALUE));
        this.records = new ReservedVector(pool, VectorGeometry.of(1 << 12, Integer.MAX_VALUE));
    }

    /** Adds the hash of one key. */
    public void add(long hash) {
        hashes.reserve(Long.BYTES).putLong(hashes.used(), hash);
        hashes.advance(Long.BYTES);
    }

    /** Keys added since {@link #clear}. */
    public int count() {
        return hashes.used() / Long.BYTES;
    }

    public void clear() {
        hashes.clear();
    }

    /** Gives the memory back. */
    public void release() {
        hashes.release();
        records.release();
    }

    /** Bytes of the raw page that {@link #build} would write. */
    public int rawLength() {
        return FilterPage.FINGERPRINTS_OFFSET + (segmentCount(count()) + 2) * segmentLength(count());
    }

    private static int segmentLength(int keys) {
        return keys <= 1
                ? 4
                : Math.min(MOST_SEGMENT_LENGTH, 1 << (int) Math.floor(Math.log(keys) / Math.log(3.33) + 2.25));
    }

    private static int segmentCount(int keys) {
        if (keys <= 1) {
            return 1;
        }
        double factor = Math.max(1.125, 0.875 + 0.25 * Math.log(1_000_000) / Math.log(keys));
        if (keys >= SLACK_FROM) {
            factor += SLACK; // just above a power of the segment length, few seeds would work without it, or none
        }
        long capacity = Math.round(keys * factor);
        int length = segmentLength(keys);
        return (int) Math.max(1, (capacity + length - 1) / length - 2);
    }

    /**
     * Writes the raw page of all keys added, but for its header; there is at least one.
     *
     * @param page has room for {@link #rawLength} bytes
     * @return whether there is one: a set of keys for which none of many seeds works does without
     */
    public boolean build(Memory page) {
        int count = count();
        int segmentLength = segmentLength(count);
        int segmentCount = segmentCount(count);
        int length = (segmentCount + 2) * segmentLength;
        records.clear();
        Memory work = records.reserve(length * RECORD_LENGTH);
        distinct = count;
        long seed = baseSeed;
        for (int tries = 1; !peel(work, seed, segmentLength, segmentCount * segmentLength, length); tries++) {
            if (tries == TRIES_BEFORE_DUPLICATES_ARE_SOUGHT) {
                dropDuplicates(); // two keys with one hash never peel
            }
            if (tries == MOST_TRIES) {
                return false;
            }
            seed = ChecksumSeed.mix64(seed + tries);
        }
        page.putInt(FilterPage.ALGORITHM_OFFSET, FilterPage.BINARY_FUSE_8);
        page.putInt(FilterPage.COUNT_OFFSET, count);
        page.putLong(FilterPage.SEED_OFFSET, seed);
        page.putInt(FilterPage.SEGMENT_LENGTH_OFFSET, segmentLength);
        page.putInt(FilterPage.SEGMENT_COUNT_OFFSET, segmentCount);
        page.zero(FilterPage.FINGERPRINTS_OFFSET, length);
        assign(work, page, segmentLength, segmentCount * segmentLength, length);
        return true;
    }

    private void dropDuplicates() {
        Memory memory = hashes.memory();
        long[] sorted = new long[count()]; // seldom
        for (int i = 0; i < sorted.length; i++) {
            sorted[i] = memory.getLong(Long.BYTES * i);
        }
        Arrays.sort(sorted);
        int kept = 0;
        for (int i = 0; i < sorted.length; i++) {
            if (i == 0 || sorted[i] != sorted[i - 1]) {
                memory.putLong(Long.BYTES * kept++, sorted[i]);
            }
        }
        distinct = kept; // what stands behind them counts for the length only
    }

    /** Returns whether all keys were peeled; then the queue ends with their positions. */
    private boolean peel(Memory work, long seed, int segmentLength, int segmentCountLength, int length) {
        work.zero(0, length * RECORD_LENGTH);
        Memory memory = hashes.memory();
        for (int i = 0; i < distinct; i++) {
            long h = ChecksumSeed.mix64(memory.getLong(Long.BYTES * i) + seed);
            int p0 = FilterPage.position0(h, segmentCountLength);
            change(work, p0, h, 4, 0);
            change(work, FilterPage.position1(h, p0, segmentLength), h, 4, 1);
            change(work, FilterPage.position2(h, p0, segmentLength), h, 4, 2);
        }
        int waiting = 0;
        for (int position = 0; position < length; position++) {
            if (degree(work, position) >>> 2 == 1) {
                putQueue(work, waiting++, position);
            }
        }
        int done = 0;
        while (waiting > 0) {
            int position = queue(work, --waiting);
            int degree = degree(work, position);
            if (degree >>> 2 != 1) {
                continue;
            }
            putQueue(work, length - ++done, position);
            long h = sum(work, position);
            int which = degree & 3;
            int p0 = FilterPage.position0(h, segmentCountLength);
            for (int other = 0; other < 3; other++) {
                if (other != which) {
                    int at = position(h, p0, other, segmentLength);
                    if (change(work, at, h, -4, other) >>> 2 == 1) {
                        putQueue(work, waiting++, at);
                    }
                }
            }
        }
        return done == distinct;
    }

    private static int position(long h, int p0, int which, int segmentLength) {
        return switch (which) {
            case 0 -> p0;
            case 1 -> FilterPage.position1(h, p0, segmentLength);
            default -> FilterPage.position2(h, p0, segmentLength);
        };
    }

    private static long sum(Memory work, int position) {
        return work.getLong(RECORD_LENGTH * position + SUM_OFFSET);
    }

    private static int degree(Memory work, int position) {
        return work.getInt(RECORD_LENGTH * position + DEGREE_OFFSET);
    }

    private static int queue(Memory work, int index) {
        return work.getInt(RECORD_LENGTH * index + QUEUE_OFFSET);
    }

    private static void putQueue(Memory work, int index, int position) {
        work.putInt(RECORD_LENGTH * index + QUEUE_OFFSET, position);
    }

    /** Returns the degree that the position has now. */
    private static int change(Memory work, int position, long h, int by, int which) {
        int degree = degree(work, position) + by ^ which;
        work.putLong(RECORD_LENGTH * position + SUM_OFFSET, sum(work, position) ^ h);
        work.putInt(RECORD_LENGTH * position + DEGREE_OFFSET, degree);
        return degree;
    }

    /** Gives the keys their fingerprints, those first that were peeled last. */
    private void assign(Memory work, Memory page, int segmentLength, int segmentCountLength, int length) {
        for (int at = length - distinct; at < length; at++) {
            int peeledAt = queue(work, at);
            long h = sum(work, peeledAt);
            int which = degree(work, peeledAt) & 3;
            int p0 = FilterPage.position0(h, segmentCountLength);
            int value = FilterPage.fingerprint(h);
            for (int other = 0; other < 3; other++) {
                if (other != which) {
                    value ^= page.getByte(FilterPage.FINGERPRINTS_OFFSET + position(h, p0, other, segmentLength));
                }
            }
            page.putByte(FilterPage.FINGERPRINTS_OFFSET + peeledAt, value);
        }
    }
}
