package dev.cambium.segment.page;

import dev.cambium.error.CorruptionException;
import dev.cambium.segment.memory.Memory;

/**
 * A raw page of the levels above the leaves: children, the separators between them, and what each child's subtree holds. A view,
 * see {@link KeyedPage}.
 * <pre>
 *   48      50             52           53     54           56       64
 *   +-------+--------------+------------+------+------------+--------+--
 *   | count | prefixLength | headLength | zero | tailLength | filter | …
 *   +-------+--------------+------------+------+------------+--------+--
 *     u16     u16            u8           u8     u16          u64
 *
 *   64: heads (4 × (count - 1)) · filterCrc u32 · zero to a multiple of 8
 *     · pointer · entries · bytes · tombstones · newestBirth (8 × count each) · payloadCrc (4 × count)
 *     · tailStart (unless FIXED_KEYS) · prefix · tails
 * </pre>
 * {@code count} children have {@code count - 1} separators: separator i is above every key of child i and not above any key of
 * child i + 1.
 */
public final class KeyPage extends KeyedPage {
    public static final int FILTER_OFFSET = 56;

    /** Bytes of a child in the columns. */
    static final int CHILD_BYTES = 5 * 8 + 4;

    private static final int KNOWN_FLAGS = PageFlags.FIXED_KEYS | PageFlags.WIDE;

    private final int count;
    private final int pointersAt;

    /** A view of a raw page that {@link #check} has passed. */
    public KeyPage(Memory page) {
        super(page, page.getUnsignedShort(COUNT_OFFSET) - 1);
        this.count = page.getUnsignedShort(COUNT_OFFSET);
        this.pointersAt = pointersAt(count);
        int tailStartAt = pointersAt + CHILD_BYTES * count;
        place(tailStartAt, hasFixedKeys() ? tailStartAt : tailStartAt + width(isWide()) * count);
    }

    static int filterCrcAt(int count) {
        return HEADS_OFFSET + HEAD_BYTES * (count - 1);
    }

    static int pointersAt(int count) {
        return (filterCrcAt(count) + 4 + 7) & -8;
    }

    /** Throws unless this is a key page whose parts lie inside it; see {@link LeafPage#check}. */
    public static void check(Memory page, String file, long zoneOffset) {
        checkFlags(page, KNOWN_FLAGS, file, zoneOffset);
        int limit = page.capacity();
        require(limit >= HEADS_OFFSET, file, zoneOffset, "at least " + HEADS_OFFSET + " bytes", "" + limit);
        int count = page.getUnsignedShort(COUNT_OFFSET);
        require(count > 0, file, zoneOffset + COUNT_OFFSET, "a count of 1 or more", "0");
        KeyPage keys = new KeyPage(page);
        int parts = keys.pointersAt
                + CHILD_BYTES * count
                + (keys.hasFixedKeys() ? 0 : width(keys.isWide()) * count)
                + keys.prefixLength();
        keys.checkKeys(parts, 1, limit, file, zoneOffset);
        require(keys.tailsEnd() == limit, file, zoneOffset, "keys that end at " + limit, "" + keys.tailsEnd());
        int zeroAt = filterCrcAt(count) + 4;
        require(page.isZero(zeroAt, keys.pointersAt - zeroAt), file, zoneOffset + zeroAt, "zeros", "another value");
        int level = PageHeader.level(page, 0);
        long filter = keys.filter();
        require(
                filter == Pointer.NULL
                        ? keys.filterCrc() == 0
                        : level == 1 && Pointer.isPlausible(filter) && Pointer.kind(filter) == PageKind.FILTER,
                file,
                zoneOffset + FILTER_OFFSET,
                "no filter, or the pointer to one in a page of level 1",
                Long.toHexString(filter));
        int childKind = level == 1 ? PageKind.LEAF : PageKind.KEYS;
        for (int i = 0; i < count; i++) {
            long pointer = keys.child(i);
            if (!Pointer.isPlausible(pointer) || Pointer.kind(pointer) != childKind) {
                throw new CorruptionException(
                        file,
                        zoneOffset + keys.pointersAt + 8L * i,
                        "a pointer to a " + PageKind.name(childKind) + " page",
                        Long.toHexString(pointer));
            }
            long entries = keys.entries(i);
            long tombstones = keys.tombstones(i);
            if (entries <= 0
                    || tombstones < 0
                    || tombstones > entries
                    || keys.bytes(i) < 0
                    || keys.newestBirth(i) < 0) {
                throw new CorruptionException(
                        file,
                        zoneOffset + keys.pointersAt + 8L * (count + i),
                        "entries, not fewer than tombstones, with bytes and a birth",
                        Long.toUnsignedString(entries) + " and " + Long.toUnsignedString(tombstones) + ", "
                                + Long.toUnsignedString(keys.bytes(i)) + " bytes, birth "
                                + Long.toUnsignedString(keys.newestBirth(i)));
            }
        }
    }

    /** How many children there are. */
    public int count() {
        return count;
    }

    /** Pointer to the filter over all keys below, or {@link Pointer#NULL}. */
    public long filter() {
        return page.getLong(FILTER_OFFSET);
    }

    /** Says in a raw page that its filter stands elsewhere. */
    public static void putFilter(Memory page, long filter) {
        page.putLong(FILTER_OFFSET, filter);
    }

    /** Says in a raw page that a child stands elsewhere. */
    public static void putChild(Memory page, int index, long pointer) {
        page.putLong(pointersAt(page.getUnsignedShort(COUNT_OFFSET)) + 8 * index, pointer);
    }

    /** Payload checksum of the filter page. */
    public int filterCrc() {
        return page.getInt(filterCrcAt(count));
    }

    private long column(int column, int index) {
        return page.getLong(pointersAt + 8 * (column * count + index));
    }

    /** Pointer to a child. */
    public long child(int index) {
        return column(0, index);
    }

    /** Entries below a child, tombstones included. */
    public long entries(int index) {
        return column(1, index);
    }

    /** Bytes of keys and values below a child. */
    public long bytes(int index) {
        return column(2, index);
    }

    public long tombstones(int index) {
        return column(3, index);
    }

    /** The greatest birth of a page in a child's subtree. */
    public long newestBirth(int index) {
        return column(4, index);
    }

    /** Payload checksum of a child. */
    public int payloadCrc(int index) {
        return page.getInt(pointersAt + 5 * 8 * count + 4 * index);
    }

    /** Adds what the whole page's subtree holds. */
    public void addTo(Aggregation sum) {
        for (int i = 0; i < count; i++) {
            addTo(sum, i);
        }
    }

    /** Adds what a child's subtree holds. */
    public void addTo(Aggregation sum, int index) {
        sum.entries += entries(index);
        sum.bytes += bytes(index);
        sum.tombstones += tombstones(index);
        sum.newestBirth = Math.max(sum.newestBirth, newestBirth(index));
    }

    /** The child whose keys a key belongs to. */
    public int childFor(byte[] key, int offset, int length) {
        int index = search(key, offset, length);
        return index < 0 ? -1 - index : index + 1;
    }

    /** The raw page. */
    public Memory memory() {
        return page;
    }
}
