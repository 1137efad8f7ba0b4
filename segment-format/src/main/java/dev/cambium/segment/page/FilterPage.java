package dev.cambium.segment.page;

import dev.cambium.error.FormatVersionException;
import dev.cambium.segment.format.ChecksumSeed;
import dev.cambium.segment.memory.Memory;

/**
 * A raw page with a filter over the keys below a key page: a binary fuse filter of three segments with eight-bit fingerprints. A
 * view: the memory stays the caller's.
 * <pre>
 *   48          52      56     64              68             72
 *   +-----------+-------+------+---------------+--------------+--------------+
 *   | algorithm | count | seed | segmentLength | segmentCount | fingerprints |
 *   +-----------+-------+------+---------------+--------------+--------------+
 *     u32         u32     u64    u32             u32            u8 × (segmentCount + 2) × segmentLength
 * </pre>
 * Says "no" only for keys that were not put in, and "perhaps" for one other key in 256. A probe touches three cache lines, fetched at
 * once; about nine bits a key. Safe for any thread.
 *
 * <p>Paper: Graf, Lemire, "Binary Fuse Filters: Fast and Smaller Than Xor Filters" (2022).
 */
public final class FilterPage {
    public static final int ALGORITHM_OFFSET = PageHeader.LENGTH;
    public static final int COUNT_OFFSET = 52;
    public static final int SEED_OFFSET = 56;
    public static final int SEGMENT_LENGTH_OFFSET = 64;
    public static final int SEGMENT_COUNT_OFFSET = 68;
    public static final int FINGERPRINTS_OFFSET = 72;

    public static final int BINARY_FUSE_8 = 1;

    private final Memory page;
    private final long seed;
    private final int segmentLength;
    private final int segmentCountLength;

    /** A view of a raw page that {@link #check} has passed. */
    public FilterPage(Memory page) {
        this.page = page;
        this.seed = page.getLong(SEED_OFFSET);
        this.segmentLength = page.getInt(SEGMENT_LENGTH_OFFSET);
        this.segmentCountLength = page.getInt(SEGMENT_COUNT_OFFSET) * segmentLength;
    }

    /** Throws unless this is a filter that fills its page; see {@link LeafPage#check}. */
    public static void check(Memory page, String file, long zoneOffset) {
        KeyedPage.checkFlags(page, 0, file, zoneOffset);
        int limit = page.capacity();
        KeyedPage.require(
                limit > FINGERPRINTS_OFFSET,
                file,
                zoneOffset,
                "more than " + FINGERPRINTS_OFFSET + " bytes",
                Integer.toString(limit));
        int algorithm = page.getInt(ALGORITHM_OFFSET);
        if (algorithm != BINARY_FUSE_8) {
            throw new FormatVersionException(
                    file,
                    "a filter of algorithm " + Integer.toUnsignedString(algorithm) + " at offset " + zoneOffset,
                    "algorithm 1");
        }
        long length = page.getInt(SEGMENT_LENGTH_OFFSET) & 0xFFFF_FFFFL;
        long count = page.getInt(SEGMENT_COUNT_OFFSET) & 0xFFFF_FFFFL;
        KeyedPage.require(
                Long.bitCount(length) == 1
                        && count > 0
                        && length <= limit
                        && count <= limit
                        && (count + 2) * length == limit - FINGERPRINTS_OFFSET,
                file,
                zoneOffset + SEGMENT_LENGTH_OFFSET,
                "segments that fill " + (limit - FINGERPRINTS_OFFSET) + " bytes, their length a power of two",
                count + " + 2 segments of " + length);
    }

    /** How many keys were put in. */
    public int count() {
        return page.getInt(COUNT_OFFSET);
    }

    /** Whether the key with this hash may be among those put in. */
    public boolean mayContain(long hash) {
        long h = ChecksumSeed.mix64(hash + seed);
        int p0 = position0(h, segmentCountLength);
        int fingerprints = page.getByte(FINGERPRINTS_OFFSET + p0)
                ^ page.getByte(FINGERPRINTS_OFFSET + position1(h, p0, segmentLength))
                ^ page.getByte(FINGERPRINTS_OFFSET + position2(h, p0, segmentLength));
        return (byte) fingerprints == fingerprint(h);
    }

    static byte fingerprint(long h) {
        return (byte) (h ^ h >>> 32);
    }

    static int position0(long h, int segmentCountLength) {
        return (int) ((h >>> 32) * segmentCountLength >>> 32);
    }

    static int position1(long h, int p0, int segmentLength) {
        return (p0 + segmentLength) ^ (int) (h >>> 18) & (segmentLength - 1);
    }

    static int position2(long h, int p0, int segmentLength) {
        return (p0 + 2 * segmentLength) ^ (int) h & (segmentLength - 1);
    }
}
