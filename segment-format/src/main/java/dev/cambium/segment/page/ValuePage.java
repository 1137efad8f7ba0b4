package dev.cambium.segment.page;

import dev.cambium.error.CorruptionException;
import dev.cambium.segment.memory.Memory;

/**
 * A raw page of values that leaves refer to. A view: the memory stays the caller's.
 * <pre>
 *   48      52     56
 *   +-------+------+---------------------------+--------+
 *   | count | zero | valueStart (count + 1)    | values |
 *   +-------+------+---------------------------+--------+
 *     u32     u32    u32 each
 * </pre>
 * {@code valueStart} begins with 0, never descends, and ends with the end of the last value, which is the page's. Safe for any
 * thread.
 */
public final class ValuePage {
    public static final int COUNT_OFFSET = PageHeader.LENGTH;
    public static final int ZERO_OFFSET = 52;
    public static final int VALUE_START_OFFSET = 56;

    private final Memory page;
    private final int count;
    private final int valuesAt;

    /** A view of a raw page that {@link #check} has passed. */
    public ValuePage(Memory page) {
        this.page = page;
        this.count = page.getInt(COUNT_OFFSET);
        this.valuesAt = VALUE_START_OFFSET + 4 * (count + 1);
    }

    /** Throws unless this is a value page whose parts lie inside it; see {@link LeafPage#check}. */
    public static void check(Memory page, String file, long zoneOffset) {
        KeyedPage.checkFlags(page, 0, file, zoneOffset);
        int limit = page.capacity();
        KeyedPage.require(
                limit >= VALUE_START_OFFSET + 8, file, zoneOffset, "at least 64 bytes", Integer.toString(limit));
        int count = page.getInt(COUNT_OFFSET);
        int most = (limit - VALUE_START_OFFSET) / 4 - 1;
        KeyedPage.require(
                count > 0 && count <= most,
                file,
                zoneOffset + COUNT_OFFSET,
                "a count of 1 to " + most,
                Integer.toUnsignedString(count));
        KeyedPage.require(page.getInt(ZERO_OFFSET) == 0, file, zoneOffset + ZERO_OFFSET, "zero", "another value");
        int room = limit - VALUE_START_OFFSET - 4 * (count + 1);
        int before = 0;
        for (int i = 0; i <= count; i++) {
            int start = page.getInt(VALUE_START_OFFSET + 4 * i);
            if (i == 0 ? start != 0 : start < before || start > room || i == count && start != room) {
                throw new CorruptionException(
                        file,
                        zoneOffset + VALUE_START_OFFSET + 4L * i,
                        i == 0 ? "0" : "an offset of " + (i == count ? room : before) + " to " + room,
                        Integer.toUnsignedString(start));
            }
            before = start;
        }
    }

    public int count() {
        return count;
    }

    /** Where a value starts, in {@link #memory}. */
    public int valueOffset(int index) {
        return valuesAt + page.getInt(VALUE_START_OFFSET + 4 * index);
    }

    public int valueLength(int index) {
        return page.getInt(VALUE_START_OFFSET + 4 * (index + 1)) - page.getInt(VALUE_START_OFFSET + 4 * index);
    }

    /** The raw page. */
    public Memory memory() {
        return page;
    }
}
