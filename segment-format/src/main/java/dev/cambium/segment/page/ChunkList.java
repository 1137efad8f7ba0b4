package dev.cambium.segment.page;

import dev.cambium.segment.memory.Memory;

/**
 * A raw page that lists the value pages of a value of more than 1 MiB, in order. A view: the memory stays the caller's.
 * <pre>
 *   48      52     56       64
 *   +-------+------+--------+---------------------------------------------+
 *   | count | zero | length | count × (home u64, payloadCrc u32, length u32) |
 *   +-------+------+--------+---------------------------------------------+
 *     u32     u32    u64
 * </pre>
 * Each chunk is the only value of its page; all but the last have {@link #CHUNK_LENGTH} bytes. Safe for any thread.
 */
public final class ChunkList {
    public static final int COUNT_OFFSET = PageHeader.LENGTH;
    public static final int ZERO_OFFSET = 52;
    public static final int LENGTH_OFFSET = 56;
    public static final int CHUNKS_OFFSET = 64;

    public static final int CHUNK_HOME_OFFSET = 0;
    public static final int CHUNK_PAYLOAD_CRC_OFFSET = 8;
    public static final int CHUNK_LENGTH_OFFSET = 12;
    public static final int CHUNK_ENTRY_LENGTH = 16;

    /** Bytes of every chunk but the last: 1 MiB. */
    public static final int CHUNK_LENGTH = 1 << 20;

    /** Bytes of the longest value: its list fills the longest page. */
    public static final long MOST_LENGTH =
            (long) CHUNK_LENGTH * ((PageHeader.MAX_PAGE_LENGTH - CHUNKS_OFFSET) / CHUNK_ENTRY_LENGTH);

    private final Memory page;

    /** A view of a raw page that {@link #check} has passed. */
    public ChunkList(Memory page) {
        this.page = page;
    }

    /** Throws unless this is a chunk list whose lengths add up; see {@link LeafPage#check}. */
    public static void check(Memory page, String file, long zoneOffset) {
        KeyedPage.checkFlags(page, 0, file, zoneOffset);
        int limit = page.capacity();
        KeyedPage.require(
                limit >= CHUNKS_OFFSET + CHUNK_ENTRY_LENGTH,
                file,
                zoneOffset,
                "at least 80 bytes",
                Integer.toString(limit));
        int count = page.getInt(COUNT_OFFSET);
        KeyedPage.require(
                count > 0 && (long) count * CHUNK_ENTRY_LENGTH == limit - CHUNKS_OFFSET,
                file,
                zoneOffset + COUNT_OFFSET,
                "a count that fills the page of " + limit + " bytes",
                Integer.toUnsignedString(count));
        KeyedPage.require(page.getInt(ZERO_OFFSET) == 0, file, zoneOffset + ZERO_OFFSET, "zero", "another value");
        ChunkList list = new ChunkList(page);
        long length = page.getLong(LENGTH_OFFSET);
        for (int i = 0; i < count; i++) {
            int expected = (int) Math.min(CHUNK_LENGTH, length - (long) i * CHUNK_LENGTH);
            long at = zoneOffset + CHUNKS_OFFSET + (long) CHUNK_ENTRY_LENGTH * i;
            KeyedPage.require(
                    expected > 0 && list.chunkLength(i) == expected,
                    file,
                    at + CHUNK_LENGTH_OFFSET,
                    "a chunk of " + expected + " bytes",
                    Integer.toUnsignedString(list.chunkLength(i)));
            KeyedPage.require(
                    Pointer.isPlausible(list.home(i)) && Pointer.kind(list.home(i)) == PageKind.VALUES,
                    file,
                    at,
                    "a pointer to a value page",
                    Long.toHexString(list.home(i)));
        }
        KeyedPage.require(
                length > CHUNK_LENGTH && (length - 1) / CHUNK_LENGTH + 1 == count,
                file,
                zoneOffset + LENGTH_OFFSET,
                "the sum of " + count + " chunks, more than 1 MiB",
                Long.toUnsignedString(length));
    }

    /** How many chunks there are. */
    public int count() {
        return page.getInt(COUNT_OFFSET);
    }

    /** Bytes of the whole value. */
    public long length() {
        return page.getLong(LENGTH_OFFSET);
    }

    /** Home pointer of a chunk's value page. */
    public long home(int index) {
        return page.getLong(CHUNKS_OFFSET + CHUNK_ENTRY_LENGTH * index + CHUNK_HOME_OFFSET);
    }

    public int payloadCrc(int index) {
        return page.getInt(CHUNKS_OFFSET + CHUNK_ENTRY_LENGTH * index + CHUNK_PAYLOAD_CRC_OFFSET);
    }

    public int chunkLength(int index) {
        return page.getInt(CHUNKS_OFFSET + CHUNK_ENTRY_LENGTH * index + CHUNK_LENGTH_OFFSET);
    }

    /** Bytes of a raw page with so many chunks. */
    public static int pageLength(int count) {
        return CHUNKS_OFFSET + CHUNK_ENTRY_LENGTH * count;
    }

    /** Writes a raw page's head, its chunks yet to come. */
    public static void begin(Memory page, int count, long length) {
        page.zero(0, CHUNKS_OFFSET);
        page.putInt(COUNT_OFFSET, count);
        page.putLong(LENGTH_OFFSET, length);
    }

    /** Writes one chunk. */
    public static void putChunk(Memory page, int index, long home, int payloadCrc, int length) {
        int at = CHUNKS_OFFSET + CHUNK_ENTRY_LENGTH * index;
        page.putLong(at + CHUNK_HOME_OFFSET, home);
        page.putInt(at + CHUNK_PAYLOAD_CRC_OFFSET, payloadCrc);
        page.putInt(at + CHUNK_LENGTH_OFFSET, length);
    }
}
