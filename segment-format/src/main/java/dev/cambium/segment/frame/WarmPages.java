package dev.cambium.segment.frame;

import dev.cambium.error.CorruptionException;
import dev.cambium.segment.disk.ZoneFile;
import dev.cambium.segment.disk.ZoneFileSystem;
import dev.cambium.segment.format.FormatHead;
import dev.cambium.segment.memory.Memory;
import dev.cambium.segment.pool.BufferPool;
import dev.cambium.segment.pool.MemoryUse;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import java.util.zip.CRC32C;

/**
 * Which pages were in memory, hottest first: so that they can be brought back after the store was opened again. A hint: nothing is lost
 * with it, and who reads a page by it believes the page and its parent, not the hint.
 *
 * <p>The file {@code WARM}:
 * <pre>
 *   0      20        36      40           44         48
 *   +------+---------+-------+------------+----------+---------+
 *   | head | storeId | count | entriesCrc | headCrc  | entries |
 *   +------+---------+-------+------------+----------+---------+
 *    20 B    16 B      u32     u32, of      u32, of    count × (pointer u64, payloadCrc u32)
 *                              the entries  [0, 44)
 * </pre>
 * {@code head} is a {@link FormatHead} with the magic "CAMB-WRM". Not forced: a file that a power loss has torn fails a checksum.
 *
 * @param pointers of the pages
 * @param payloadCrcs that their parents have of them
 */
public record WarmPages(long[] pointers, int[] payloadCrcs) {
    /** Name of the file. */
    public static final String NAME = "WARM";

    /** Name of the file while it is written; one that is left is garbage. */
    public static final String NEW_NAME = "WARM.new";

    /** Pages that are noted at most: those of 16 GiB of 16 KiB each. */
    public static final int MOST_PAGES = 1 << 20;

    public static final WarmPages NONE = new WarmPages(new long[0], new int[0]);

    public static final int STORE_ID_OFFSET = FormatHead.LENGTH;
    public static final int COUNT_OFFSET = 36;
    public static final int ENTRIES_CRC_OFFSET = 40;
    public static final int HEAD_CRC_OFFSET = 44;
    public static final int ENTRIES_OFFSET = 48;
    public static final int ENTRY_LENGTH = 12;

    public static final long MAGIC = FormatHead.magic("CAMB-WRM");

    private static final int STORE_ID_LENGTH = 16;
    private static final int WRITE_BYTES = 1 << 16;

    public int count() {
        return pointers.length;
    }

    /** This list, and behind it what another one has from an index on and this one has not; {@link #MOST_PAGES} at most. */
    public WarmPages followedBy(WarmPages other, int from) {
        Set<Long> here = new HashSet<>();
        if (from < other.count()) {
            Arrays.stream(pointers).forEach(here::add);
        }
        int[] added = IntStream.range(from, other.count())
                .filter(i -> !here.contains(other.pointers[i]))
                .limit(MOST_PAGES - count())
                .toArray();
        return new WarmPages(
                LongStream.concat(Arrays.stream(pointers), Arrays.stream(added).mapToLong(i -> other.pointers[i]))
                        .toArray(),
                IntStream.concat(
                                Arrays.stream(payloadCrcs), Arrays.stream(added).map(i -> other.payloadCrcs[i]))
                        .toArray());
    }

    /** Writes the file in the place of the one there is; takes {@value #WRITE_BYTES} bytes of memory. */
    public void write(ZoneFileSystem disk, byte[] storeId, BufferPool pool) {
        BufferPool.Buffer buffer = pool.holdOrExceed(MemoryUse.WRITING, WRITE_BYTES);
        try {
            if (disk.exists(NEW_NAME)) {
                disk.delete(NEW_NAME);
            }
            try (ZoneFile file = disk.create(NEW_NAME)) {
                int entriesCrc = writeEntries(file, buffer.memory());
                writeHead(file, buffer.memory(), storeId, entriesCrc);
            }
            disk.rename(NEW_NAME, NAME);
        } finally {
            pool.free(buffer);
        }
    }

    /** Returns their checksum. */
    private int writeEntries(ZoneFile file, Memory memory) {
        CRC32C crc = new CRC32C();
        int at = 0;
        long offset = ENTRIES_OFFSET;
        for (int i = 0; i < count(); i++) {
            memory.putLong(at, pointers[i]);
            memory.putInt(at + 8, payloadCrcs[i]);
            at += ENTRY_LENGTH;
            if (at + ENTRY_LENGTH > memory.capacity() || i == count() - 1) {
                memory.update(crc, 0, at);
                file.write(offset, memory, 0, at);
                offset += at;
                at = 0;
            }
        }
        return (int) crc.getValue();
    }

    private void writeHead(ZoneFile file, Memory memory, byte[] storeId, int entriesCrc) {
        FormatHead.put(memory, 0, MAGIC);
        memory.put(STORE_ID_OFFSET, storeId, 0, STORE_ID_LENGTH);
        memory.putInt(COUNT_OFFSET, count());
        memory.putInt(ENTRIES_CRC_OFFSET, entriesCrc);
        memory.putInt(HEAD_CRC_OFFSET, FormatHead.crc(memory, 0, HEAD_CRC_OFFSET));
        file.write(0, memory, 0, ENTRIES_OFFSET);
    }

    /**
     * Reads the file; {@link #NONE} where there is none.
     *
     * @throws CorruptionException where it does not hold, or is another store's
     * @throws dev.cambium.error.FormatVersionException where a newer Cambium wrote it
     */
    public static WarmPages read(ZoneFileSystem disk, byte[] storeId, BufferPool pool) {
        if (!disk.exists(NAME)) {
            return NONE;
        }
        try (ZoneFile file = disk.openReadOnly(NAME)) {
            long length = file.length();
            if (length < ENTRIES_OFFSET || length > ENTRIES_OFFSET + (long) MOST_PAGES * ENTRY_LENGTH) {
                throw new CorruptionException(
                        NAME, 0, "up to " + MOST_PAGES + " entries behind a head", length + " bytes");
            }
            BufferPool.Buffer buffer = pool.holdOrExceed(MemoryUse.READING, (int) length);
            try {
                file.read(0, buffer.memory(), 0, (int) length);
                return parse(buffer.memory(), storeId);
            } finally {
                pool.free(buffer);
            }
        }
    }

    private static WarmPages parse(Memory memory, byte[] storeId) {
        FormatHead.checkIntact(memory, 0, MAGIC, HEAD_CRC_OFFSET, NAME, 0);
        FormatHead.checkReadable(memory, 0, NAME);
        int entriesLength = memory.capacity() - ENTRIES_OFFSET;
        long count = memory.getUnsignedInt(COUNT_OFFSET);
        if (!Arrays.equals(memory.toArray(STORE_ID_OFFSET, STORE_ID_LENGTH), storeId)
                || count * ENTRY_LENGTH != entriesLength) {
            throw new CorruptionException(
                    NAME, 0, "the list of this store, of " + entriesLength / ENTRY_LENGTH + " pages", count + " pages");
        }
        int crc = FormatHead.crc(memory, ENTRIES_OFFSET, entriesLength);
        if (memory.getInt(ENTRIES_CRC_OFFSET) != crc) {
            throw new CorruptionException(
                    NAME,
                    ENTRIES_CRC_OFFSET,
                    "the checksum " + Integer.toHexString(crc),
                    Integer.toHexString(memory.getInt(ENTRIES_CRC_OFFSET)));
        }
        long[] pointers = new long[(int) count];
        int[] crcs = new int[(int) count];
        int at = ENTRIES_OFFSET;
        for (int i = 0; i < count; i++, at += ENTRY_LENGTH) {
            pointers[i] = memory.getLong(at);
            crcs[i] = memory.getInt(at + 8);
        }
        return new WarmPages(pointers, crcs);
    }
}
