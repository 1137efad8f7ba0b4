package dev.cambium.segment.page;

import dev.cambium.error.CorruptionException;
import dev.cambium.error.FormatVersionException;
import dev.cambium.segment.log.Operation;
import dev.cambium.segment.log.OperationCode;
import dev.cambium.segment.memory.Memory;

/**
 * A raw leaf page: sorted entries, each a key with an operation and a value. A view, see {@link KeyedPage}.
 * <pre>
 *   48      50             52           53     54           56            60     64
 *   +-------+--------------+------------+------+------------+-------------+------+-------+-----------+------------+------------+--------+-------+--------+
 *   | count | prefixLength | headLength | zero | tailLength | valueLength | zero | heads | tailStart | valueStart | operations | prefix | tails | values |
 *   +-------+--------------+------------+------+------------+-------------+------+-------+-----------+------------+------------+--------+-------+--------+
 *     u16     u16            u8           u8     u16          u32           u32
 * </pre>
 * A value page's layout is that of {@link ValuePage}; where an entry's operation is PUT_REF its value is a {@link ValueReference}.
 */
public final class LeafPage extends KeyedPage {
    public static final int VALUE_LENGTH_OFFSET = 56;
    public static final int ZERO_2_OFFSET = 60;

    private static final int KNOWN_FLAGS =
            PageFlags.FIXED_KEYS | PageFlags.FIXED_VALUES | PageFlags.OPERATIONS | PageFlags.WIDE;

    private final int valueLength; // of all, or -1
    private final int valueStartAt;
    private final int operationsAt; // or -1
    private final int valuesAt;

    /** A view of a raw page that {@link #check} has passed. */
    public LeafPage(Memory page) {
        this(page, false);
    }

    private LeafPage(Memory page, boolean unchecked) {
        super(page, page.getUnsignedShort(COUNT_OFFSET));
        int flags = PageHeader.flags(page, 0);
        int count = keyCount();
        int width = width(isWide());
        int at = HEADS_OFFSET + HEAD_BYTES * count;
        int tailStartAt = at;
        if (!hasFixedKeys()) {
            at += width * (count + 1);
        }
        if ((flags & PageFlags.FIXED_VALUES) == 0) {
            valueLength = -1;
            valueStartAt = at;
            at += width * (count + 1);
        } else {
            valueLength = page.getInt(VALUE_LENGTH_OFFSET);
            valueStartAt = -1;
        }
        if ((flags & PageFlags.OPERATIONS) == 0) {
            operationsAt = -1;
        } else {
            operationsAt = at;
            at += count;
        }
        place(tailStartAt, at);
        valuesAt = unchecked ? at : tailsEnd();
    }

    /**
     * Throws unless this is a leaf whose parts lie inside it.
     *
     * @param page the raw page, whose header has been checked; as long as its raw length
     * @param zoneOffset where the page stands in its zone, for the message; offsets in it are those of the raw page
     */
    public static void check(Memory page, String file, long zoneOffset) {
        checkFlags(page, KNOWN_FLAGS, file, zoneOffset);
        int limit = page.capacity();
        require(limit >= HEADS_OFFSET, file, zoneOffset, "at least " + HEADS_OFFSET + " bytes", "" + limit);
        require(page.getUnsignedShort(COUNT_OFFSET) > 0, file, zoneOffset + COUNT_OFFSET, "a count of 1 or more", "0");
        require(page.getInt(ZERO_2_OFFSET) == 0, file, zoneOffset + ZERO_2_OFFSET, "zero", "another value");
        // Nothing here reads beyond the first 64 bytes: the sums are at most a few hundred KiB.
        LeafPage leaf = new LeafPage(page, true);
        leaf.checkKeys(leaf.valuesAt + leaf.prefixLength(), Operation.MIN_KEY_LENGTH, limit, file, zoneOffset);
        new LeafPage(page).checkValues(limit, file, zoneOffset);
    }

    private void checkValues(int limit, String file, long zoneOffset) {
        int count = keyCount();
        long end;
        if (valueLength < 0 && valueStartAt >= 0) {
            require(
                    page.getInt(VALUE_LENGTH_OFFSET) == 0,
                    file,
                    zoneOffset + VALUE_LENGTH_OFFSET,
                    "no value length in a page whose values differ",
                    Integer.toUnsignedString(page.getInt(VALUE_LENGTH_OFFSET)));
            checkAscending(valueStartAt, count, limit - valuesAt, file, zoneOffset);
            end = valuesAt + (long) element(valueStartAt, count);
        } else {
            end = valuesAt + (long) count * (valueLength & 0xFFFF_FFFFL);
        }
        require(end == limit, file, zoneOffset, "values that end at " + limit, "values that end at " + end);
        for (int i = 0; operationsAt >= 0 && i < count; i++) {
            int operation = operation(i);
            int length = valueLength(i);
            boolean known = operation == OperationCode.PUT
                    || operation == OperationCode.DELETE
                    || operation == OperationCode.PUT_REF;
            if (!known && OperationCode.isReserved(operation)) {
                throw new FormatVersionException(
                        file,
                        "the operation " + operation + " at offset " + (zoneOffset + operationsAt + i),
                        "PUT, DELETE and PUT_REF");
            }
            if (!known
                    || operation == OperationCode.DELETE && length != 0
                    || operation == OperationCode.PUT_REF && length != ValueReference.LENGTH) {
                throw new CorruptionException(
                        file,
                        zoneOffset + operationsAt + i,
                        "an operation that goes with a value of " + length + " bytes",
                        Integer.toString(operation));
            }
            if (operation == OperationCode.PUT_REF) {
                ValueReference.check(page, valueOffset(i), file, zoneOffset + valueOffset(i));
            }
        }
    }

    /** How many entries there are. */
    public int count() {
        return keyCount();
    }

    /** Whether there are entries that are not plain puts. */
    public boolean hasOperations() {
        return operationsAt >= 0;
    }

    /** The code of an entry's operation: PUT, DELETE or PUT_REF. */
    public int operation(int index) {
        return operationsAt < 0 ? OperationCode.PUT : page.getUnsignedByte(operationsAt + index);
    }

    /** How many entries are puts with their values here: from one on to one side, {@code most} at most, up to the first that is not. */
    int puts(int from, int most, boolean ascending) {
        int end = Math.min(most, ascending ? count() - from : from + 1);
        if (operationsAt < 0) {
            return end;
        }
        int puts = 0;
        while (puts < end && operation(ascending ? from + puts : from - puts) == OperationCode.PUT) {
            puts++;
        }
        return puts;
    }

    /** Where an entry's value starts, in {@link #memory}. */
    public int valueOffset(int index) {
        return valuesAt + (valueLength >= 0 ? index * valueLength : element(valueStartAt, index));
    }

    /** Bytes of an entry's value, or of the reference to it. */
    public int valueLength(int index) {
        return valueLength >= 0 ? valueLength : element(valueStartAt, index + 1) - element(valueStartAt, index);
    }

    /** The raw page. */
    public Memory memory() {
        return page;
    }
}
