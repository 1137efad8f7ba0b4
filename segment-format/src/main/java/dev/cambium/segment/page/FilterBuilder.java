package dev.cambium.segment.page;

import dev.cambium.segment.format.ChecksumSeed;
import dev.cambium.segment.memory.Memory;
import java.util.Arrays;

/**
 * Collects the hashes of keys and builds a {@link FilterPage} of them. Used again and again; for one thread. Heap: about 30 bytes
 * a key while it is used, nothing per key allocated once it has grown.
 *
 * <p>Cost: about 20 ns a key.
 */
public final class FilterBuilder {
    /*
     * Peeling: a position that only one key maps to can take whatever value makes that key's three fingerprints come out right, after
     * all other keys have been assigned; remove the key and go on. With the sizes below nearly every seed works.
     */
    private static final int MOST_SEGMENT_LENGTH = 1 << 18;

    /** Beyond so many keys a filter would be longer than a page. */
    public static final int MOST_KEYS = 3_000_000;

    private static final int TRIES_BEFORE_DUPLICATES_ARE_SOUGHT = 4;
    private static final int MOST_TRIES = 100;
    private static final int SLACK_FROM = 1000;
    private static final double SLACK = 0.03;

    private final long baseSeed;
    private long[] hashes = new long[1024];
    private int count;
    private int distinct; // of them, at the beginning: what is peeled; all, until that has failed

    private long[] sums = {}; // by position: XOR of the mixed hashes that map to it
    private int[] degrees = {}; // by position: how many do, times four, plus XOR of which of their positions it is
    private int[] queue = {};
    private long[] peeled = {};
    private byte[] peeledAt = {};
    private byte[] fingerprints = {};

    /** @param baseSeed of the store, so that nobody outside can choose keys that collide */
    public FilterBuilder(long baseSeed) {
        this.baseSeed = baseSeed;
    }

    /** Adds the hash of one key. */
    public void add(long hash) {
        if (count == hashes.length) {
            hashes = Arrays.copyOf(hashes, 2 * count);
        }
        hashes[count++] = hash;
    }

    /** Keys added since {@link #clear}. */
    public int count() {
        return count;
    }

    public void clear() {
        count = 0;
    }

    /** Bytes of the raw page that {@link #build} would write. */
    public int rawLength() {
        return FilterPage.FINGERPRINTS_OFFSET + (segmentCount(count) + 2) * segmentLength(count);
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
        int segmentLength = segmentLength(count);
        int segmentCount = segmentCount(count);
        int length = (segmentCount + 2) * segmentLength;
        makeRoom(length);
        distinct = count;
        long seed = baseSeed;
        for (int tries = 1; !peel(seed, segmentLength, segmentCount * segmentLength, length); tries++) {
            if (tries == TRIES_BEFORE_DUPLICATES_ARE_SOUGHT) {
                dropDuplicates(); // two keys with one hash never peel
            }
            if (tries == MOST_TRIES) {
                return false;
            }
            seed = ChecksumSeed.mix64(seed + tries);
        }
        assign(segmentLength, segmentCount * segmentLength);
        page.putInt(FilterPage.ALGORITHM_OFFSET, FilterPage.BINARY_FUSE_8);
        page.putInt(FilterPage.COUNT_OFFSET, count);
        page.putLong(FilterPage.SEED_OFFSET, seed);
        page.putInt(FilterPage.SEGMENT_LENGTH_OFFSET, segmentLength);
        page.putInt(FilterPage.SEGMENT_COUNT_OFFSET, segmentCount);
        page.put(FilterPage.FINGERPRINTS_OFFSET, fingerprints, 0, length);
        return true;
    }

    private void makeRoom(int length) {
        if (sums.length < length) {
            sums = new long[length];
            degrees = new int[length];
            queue = new int[length];
            fingerprints = new byte[length];
        }
        if (peeled.length < count) {
            peeled = new long[hashes.length];
            peeledAt = new byte[hashes.length];
        }
        Arrays.fill(fingerprints, 0, length, (byte) 0);
    }

    private void dropDuplicates() {
        Arrays.sort(hashes, 0, count);
        int kept = 1;
        for (int i = 1; i < count; i++) {
            if (hashes[i] != hashes[i - 1]) {
                hashes[kept++] = hashes[i];
            }
        }
        distinct = kept; // behind them stand duplicates
    }

    private boolean peel(long seed, int segmentLength, int segmentCountLength, int length) {
        Arrays.fill(sums, 0, length, 0L);
        Arrays.fill(degrees, 0, length, 0);
        for (int i = 0; i < distinct; i++) {
            long h = ChecksumSeed.mix64(hashes[i] + seed);
            int p0 = FilterPage.position0(h, segmentCountLength);
            change(p0, h, 4, 0);
            change(FilterPage.position1(h, p0, segmentLength), h, 4, 1);
            change(FilterPage.position2(h, p0, segmentLength), h, 4, 2);
        }
        int waiting = 0;
        for (int position = 0; position < length; position++) {
            if (degrees[position] >>> 2 == 1) {
                queue[waiting++] = position;
            }
        }
        int done = 0;
        while (waiting > 0) {
            int position = queue[--waiting];
            if (degrees[position] >>> 2 != 1) {
                continue;
            }
            long h = sums[position];
            int which = degrees[position] & 3;
            peeled[done] = h;
            peeledAt[done++] = (byte) which;
            int p0 = FilterPage.position0(h, segmentCountLength);
            for (int other = 0; other < 3; other++) {
                int at = position(h, p0, other, segmentLength);
                change(at, h, -4, other);
                if (other != which && degrees[at] >>> 2 == 1) {
                    queue[waiting++] = at;
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

    private void change(int position, long h, int degree, int which) {
        sums[position] ^= h;
        degrees[position] = degrees[position] + degree ^ which;
    }

    private void assign(int segmentLength, int segmentCountLength) {
        for (int i = distinct - 1; i >= 0; i--) {
            long h = peeled[i];
            int which = peeledAt[i];
            int p0 = FilterPage.position0(h, segmentCountLength);
            int value = FilterPage.fingerprint(h);
            for (int other = 0; other < 3; other++) {
                if (other != which) {
                    value ^= fingerprints[position(h, p0, other, segmentLength)];
                }
            }
            fingerprints[position(h, p0, which, segmentLength)] = (byte) value;
        }
    }
}
