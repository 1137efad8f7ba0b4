package dev.cambium.testkit.reader;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/** The half of {@link SecondReader} that knows zones, pages and trees: sections 8 and 9 of {@code docs/FORMAT.md}. */
final class PageReader {
    private static final int LEAF = 1, VALUES = 2, KEYS = 3, FILTER = 4, CHUNKS = 5; // kinds
    private static final int FIXED_KEYS = 1, FIXED_VALUES = 2, OPERATIONS = 4, WIDE = 16; // flags
    private static final int MAX_BYTES = 4 << 20, CHUNK_BYTES = 1 << 20;

    private final byte[] storeId;
    private final Map<Long, Bytes> zones = new HashMap<>();

    PageReader(byte[] storeId) {
        this.storeId = storeId;
    }

    /** Takes a zone whose head holds; {@code named} is what the manifest says of it. Checks its directory if it has one. */
    void addZone(Bytes zone, Bytes named) {
        zone.zero(52, 56).zero(64, 72).zero(76, 4096);
        zone.require(zone.u64(40) == named.u64(0) && zone.u32(48) == named.u32(16), 40, "number or stream");
        zones.put(zone.u64(40), zone);
        Bytes footer = zone.part(zone.length() - 64, zone.length());
        if (named.u32(20) == SecondReader.SEALED && Arrays.equals(footer.copy(0, 8), "CAMB-ZEN".getBytes())) {
            footer.checksum(60, 0, 60, 0).zero(28, 60);
            footer.require(footer.u64(8) == zone.u64(40) && footer.u32(16) == footer.u32(20), 8, "number or dataEnd");
            checkDirectory(zone, footer.u32(20), footer.u32(24));
        }
    }

    /** Walks all pages, and compares. */
    private void checkDirectory(Bytes zone, int dataEnd, int count) {
        int at = 4096;
        for (int i = 0; i < count; i++) {
            Bytes entry = zone.part(dataEnd + 32 * i, dataEnd + 32 * i + 32);
            Bytes page = readPage(zone, at);
            boolean same = entry.u32(0) == at && entry.u32(4) == page.u32(16) && entry.u16(8) == page.u16(9);
            same &= entry.u16(10) == 0 && entry.u32(12) == page.u32(4) && entry.u64(16) == page.u64(40);
            boolean hasKey = page.u8(9) == LEAF || page.u8(9) == KEYS && page.u16(48) > 1;
            byte[] key = !hasKey ? new byte[4] : page.u8(9) == LEAF ? leafKeys(page)[0] : separators(page)[0];
            same &= Arrays.equals(entry.copy(24, 32), Arrays.copyOfRange(Arrays.copyOf(key, 12), 4, 12));
            entry.require(same, 0, "is not what the page says");
            int end = at + page.u32(16);
            at = Math.min(dataEnd, SecondReader.align(end, 64));
            zone.zero(end, at);
        }
        int end = dataEnd + 32 * count;
        zone.checksum(end, dataEnd, end, 0).zero(end + 4, zone.length() - 64);
        zone.require(
                at == dataEnd && SecondReader.align(end + 4, 64) == zone.length() - 64,
                at,
                "extent of pages or directory");
    }

    /** The page at an offset, unpacked behind its header. */
    private Bytes readPage(Bytes zone, int at) {
        Bytes header = zone.part(at, at + 48);
        ByteBuffer covered = ByteBuffer.allocate(60).put(storeId).put(header.copy(4, 48));
        header.require(header.u32(0) == new Bytes("", 0, covered.flip()).crc(0, 60), 0, "headerCrc");
        int kind = header.u8(9), level = header.u8(10), codec = header.u8(11);
        int stored = header.u32(16), raw = header.u32(20);
        header.require(header.u8(8) == 1 && codec <= 1 && header.u16(14) == 0, 8, "format, codec or dictionary");
        header.require(kind > 0 && kind <= CHUNKS && (kind == KEYS) == (level > 0) && level < 16, 9, "kind or level");
        int allowed =
                kind == LEAF ? FIXED_KEYS | FIXED_VALUES | OPERATIONS | WIDE : kind == KEYS ? FIXED_KEYS | WIDE : 0;
        header.require((header.u16(12) & ~allowed) == 0, 12, "flags");
        header.require(Math.min(stored, raw) >= 48 && Math.max(stored, raw) <= MAX_BYTES, 16, "lengths");
        long storedClass = 0, rawClass = 0;
        while ((8 + (storedClass & 7)) << (storedClass >> 3) + 8 < stored) {
            storedClass++;
        }
        while (4096L << rawClass < raw) {
            rawClass++;
        }
        long pointer = zone.u64(40) << 36 | at / 64L << 14 | storedClass << 7 | rawClass << 3 | kind;
        header.require(header.u64(24) == pointer, 24, "self");
        Bytes page = zone.part(at, at + stored).checksum(4, 48, stored, 0);
        return codec == 1 ? page.unpacked(48, raw) : page.require(stored == raw, 20, "rawLength");
    }

    /** The page whose pointer and payloadCrc stand at two places of {@code from}. */
    private Bytes page(Bytes from, int pointerAt, int crcAt, long owner) {
        long pointer = from.u64(pointerAt);
        Bytes zone = zones.get(pointer >>> 36);
        from.require(zone != null, pointerAt, "pointer into a zone that is not named");
        Bytes page = readPage(zone, (int) (pointer >>> 14 & 0x3FFFFF) * 64);
        from.require(page.u64(24) == pointer && page.u32(4) == from.u32(crcAt), pointerAt, "pointer to another page");
        return page.require(page.u64(40) == owner, 40, "owner");
    }

    /** All entries of a run, from the field of the manifest; a tombstone's value is null. */
    SortedMap<byte[], byte[]> readRun(Bytes run) {
        TreeMap<byte[], byte[]> found = new TreeMap<>(Arrays::compareUnsigned);
        Bytes root = page(run, 8, 16, run.u64(0));
        run.require(root.u8(9) == KEYS && run.u64(80) == 0, 8, "root or range deletes");
        long[] sums = readTree(root, new byte[0], null, found);
        run.require(sums[0] == run.u64(56) && sums[1] == run.u64(72) && sums[2] == run.u64(64), 56, "sums");
        int firstKey = 96 + 16 * run.u32(88), lastKey = firstKey + run.u16(92), end = lastKey + run.u16(94);
        boolean same = Arrays.equals(found.firstKey(), run.exactly(end).copy(firstKey, lastKey));
        run.require(same && Arrays.equals(found.lastKey(), run.copy(lastKey, end)), firstKey, "first or last key");
        return found;
    }

    /** Adds what stands below a page, from {@code low} to before {@code high}; returns entries, bytes, tombstones, newest birth. */
    private long[] readTree(Bytes page, byte[] low, byte[] high, TreeMap<byte[], byte[]> found) {
        if (page.u8(9) == LEAF) {
            return readLeaf(page, low, high, found);
        }
        byte[][] separators = separators(page);
        int count = page.u16(48), crc = 60 + 4 * count, pointers = SecondReader.align(crc + 4, 8);
        long[] sums = {0, 0, 0, page.u64(32)};
        for (int i = 0; i < count; i++) {
            Bytes child = page(page, pointers + 8 * i, pointers + 40 * count + 4 * i, page.u64(40));
            boolean fits = child.u8(10) == page.u8(10) - 1 && (child.u8(9) == LEAF || child.u8(9) == KEYS);
            child.require(fits, 9, "kind or level under this parent");
            byte[] from = i == 0 ? low : separators[i - 1];
            long[] below = readTree(child, from, i == count - 1 ? high : separators[i], found);
            for (int k = 0; k < 4; k++) {
                page.require(
                        page.u64(pointers + 8 * (count * (k + 1) + i)) == below[k],
                        pointers,
                        "sum " + k + " of child " + i);
                sums[k] = k < 3 ? sums[k] + below[k] : Math.max(sums[k], below[k]);
            }
        }
        if (page.u64(56) != 0) {
            Bytes filter = page(page, 56, crc, page.u64(40));
            filter.require(filter.u8(9) == FILTER && page.u8(10) == 1, 9, "kind of a filter, or level of its owner");
            found.tailMap(low).keySet().forEach(key -> checkFilter(filter, key));
        }
        page.require(page.u64(56) != 0 || page.u32(crc) == 0, crc, "filterCrc");
        return sums;
    }

    private long[] readLeaf(Bytes page, byte[] low, byte[] high, TreeMap<byte[], byte[]> found) {
        byte[][] keys = leafKeys(page);
        int count = keys.length, starts = 64 + 4 * count + width(page, FIXED_KEYS) * (count + 1);
        int[] values = starts(page, starts, count, width(page, FIXED_VALUES), page.u32(56));
        int operations = starts + width(page, FIXED_VALUES) * (count + 1), base = page.length() - values[count];
        long[] sums = {count, 0, 0, page.u64(32)};
        for (int i = 0; i < count; i++) {
            byte[] key = keys[i];
            boolean inOrder =
                    Arrays.compareUnsigned(low, key) <= 0 && (high == null || Arrays.compareUnsigned(key, high) < 0);
            page.require(inOrder && key.length >= 4, 64 + 4 * i, "key outside its page's range");
            int operation = (page.u16(12) & OPERATIONS) == 0 ? SecondReader.PUT : page.u8(operations + i);
            Bytes value = page.part(base + values[i], base + values[i + 1]);
            switch (operation) {
                case SecondReader.PUT -> found.put(key, value.copy(0, value.length()));
                case SecondReader.DELETE -> found.put(key, value.exactly(0).length() == 0 ? null : key);
                case SecondReader.PUT_REF -> {
                    value.exactly(24);
                    found.put(key, referenced(value, 0, 16, value.u64(8), value.u32(20)));
                }
                default -> page.require(false, operations + i, "operation " + operation);
            }
            byte[] content = found.get(key);
            sums[1] += key.length + (content == null ? 0 : content.length);
            sums[2] += content == null ? 1 : 0;
        }
        return sums;
    }

    /** The value whose home and payloadCrc stand at two places of {@code from}: one of a value page, or a list of chunks. */
    byte[] referenced(Bytes from, int homeAt, int crcAt, long length, int index) {
        Bytes page = page(from, homeAt, crcAt, from.u64(homeAt)).zero(52, 56);
        int count = page.u32(48);
        if (page.u8(9) == CHUNKS) {
            boolean holds =
                    index == 0 && length > CHUNK_BYTES && page.u64(56) == length && page.length() == 64 + 16L * count;
            page.require(holds, 48, "count or length of a chunk list");
            ByteArrayOutputStream chunks = new ByteArrayOutputStream();
            for (int at = 64; at < page.length(); at += 16) {
                int chunk = page.u32(at + 12);
                page.require(
                        chunk == CHUNK_BYTES || at + 16 == page.length() && chunk < CHUNK_BYTES,
                        at,
                        "length of a chunk");
                chunks.writeBytes(referenced(page, at, at + 8, chunk, 0));
            }
            page.require(chunks.size() == length, 56, "length");
            return chunks.toByteArray();
        }
        from.require(page.u8(9) == VALUES, homeAt, "no page of values");
        int[] starts = starts(page, 56, count, 4, 0);
        int base = 60 + 4 * count;
        page.require(base + starts[count] == page.length(), 48, "extent of the values");
        from.require(
                0 <= index && index < count && starts[index + 1] - starts[index] == length, homeAt, "index or length");
        return page.copy(base + starts[index], base + starts[index + 1]);
    }

    private static byte[][] leafKeys(Bytes page) {
        int count = page.zero(60, 64).u16(48), tailStart = 64 + 4 * count;
        int valueStart = tailStart + width(page, FIXED_KEYS) * (count + 1);
        int operations = valueStart + width(page, FIXED_VALUES) * (count + 1);
        int values = starts(page, valueStart, count, width(page, FIXED_VALUES), page.u32(56))[count];
        int prefix = operations + ((page.u16(12) & OPERATIONS) == 0 ? 0 : count);
        page.require(count > 0, 48, "count");
        return keys(page, count, tailStart, prefix, page.length() - values);
    }

    private static byte[][] separators(Bytes page) {
        int count = page.u16(48), crc = 60 + 4 * count, pointers = SecondReader.align(crc + 4, 8);
        int tailStart = pointers + 44 * count;
        page.require(count > 0, 48, "count").zero(crc + 4, pointers);
        return keys(page, count - 1, tailStart, tailStart + width(page, FIXED_KEYS) * count, page.length());
    }

    /** The sorted keys of a page whose prefix and tails fill it from {@code prefixAt} to {@code end}. */
    private static byte[][] keys(Bytes page, int count, int tailStart, int prefixAt, int end) {
        int tailAt = prefixAt + page.u16(50), headLength = page.u8(52);
        int[] tails = starts(page, tailStart, count, width(page, FIXED_KEYS), page.u16(54));
        page.require(headLength <= 4 && tailAt + tails[count] == end, 52, "extent of the keys")
                .zero(53, 54);
        byte[][] keys = new byte[count][];
        for (int i = 0; i < count; i++) {
            byte[] head = page.copy(64 + 4 * i, 68 + 4 * i);
            byte[] suffix =
                    joined(Arrays.copyOf(head, headLength), page.copy(tailAt + tails[i], tailAt + tails[i + 1]));
            keys[i] = joined(page.copy(prefixAt, tailAt), suffix);
            boolean ascends = i == 0 || Arrays.compareUnsigned(keys[i - 1], keys[i]) < 0;
            page.require(
                    ascends && Arrays.equals(head, Arrays.copyOf(suffix, 4)), 64 + 4 * i, "order or head of a key");
        }
        return keys;
    }

    private static byte[] joined(byte[] first, byte[] second) {
        byte[] both = Arrays.copyOf(first, first.length + second.length);
        System.arraycopy(second, 0, both, first.length, second.length);
        return both;
    }

    /** Bytes of an element of an array of offsets; 0 where a flag says that there is none. */
    private static int width(Bytes page, int fixed) {
        return (page.u16(12) & fixed) != 0 ? 0 : (page.u16(12) & WIDE) != 0 ? 4 : 2;
    }

    /** Where each of {@code count} things begins, and the end of all; of width 0 all have the same length. */
    private static int[] starts(Bytes page, int at, int count, int width, int length) {
        page.require(count >= 0 && count <= MAX_BYTES / 4 && (width == 0 || length == 0), at, "count or length");
        int[] starts = new int[count + 1];
        for (int i = 0; i <= count; i++) {
            starts[i] = width == 0 ? i * length : width == 2 ? page.u16(at + 2 * i) : page.u32(at + 4 * i);
            page.require(i == 0 ? starts[0] == 0 : starts[i - 1] <= starts[i], at, "offsets descend");
        }
        return starts;
    }

    private static void checkFilter(Bytes filter, byte[] key) {
        int length = filter.u32(64), segments = filter.u32(68);
        filter.require(filter.u32(48) == 1 && Integer.bitCount(length) == 1, 48, "algorithm or segmentLength");
        filter.require(filter.length() == 72 + (segments + 2L) * length, 68, "count of fingerprints");
        long h = SecondReader.mix64(hash(key) + filter.u64(56));
        int p0 = (int) ((h >>> 32) * ((long) segments * length) >>> 32);
        int p1 = p0 + length ^ (int) (h >>> 18) & length - 1;
        int p2 = p0 + 2 * length ^ (int) h & length - 1;
        int fingerprint = filter.u8(72 + p0) ^ filter.u8(72 + p1) ^ filter.u8(72 + p2);
        filter.require(fingerprint == ((h ^ h >>> 32) & 0xFF), 72, "does not know a key below its page");
    }

    static long hash(byte[] key) {
        long a = 0xA0761D6478BD642FL ^ key.length;
        long s = a;
        for (int i = 0; i < key.length; i += 8) {
            s = fold(s ^ ByteBuffer.wrap(Arrays.copyOfRange(key, i, i + 8)).getLong(), 0xE7037ED1A0B428DBL);
        }
        return fold(s, a);
    }

    private static long fold(long a, long b) {
        return a * b ^ Math.multiplyHigh(a, b);
    }
}
