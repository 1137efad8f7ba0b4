package dev.cambium.testkit.reader;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Comparator;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.zip.CRC32C;
import net.jpountz.lz4.LZ4Factory;

/**
 * Reads a closed store a second time: from {@code docs/FORMAT.md} alone, without a line of the product.
 *
 * <p>What it reads must be whole and have its place, else {@link IllegalStateException} says where it is not. It
 * recovers nothing and passes over what no entry depends on: filters, sums, directories, forced slots, mandatory zeros.
 */
public final class SecondReader {
    private static final int PUT = 1, DELETE = 2, PUT_REF = 3, KEYSPACE = 7; // operations
    private static final int LEAF = 1, VALUES = 2, KEYS = 3, CHUNKS = 5; // kinds of pages
    private static final int FIXED_KEYS = 1, FIXED_VALUES = 2, OPERATIONS = 4, WIDE = 16, FLAGS = 23; // flags of pages
    private static final LZ4Factory LZ4 = LZ4Factory.safeInstance();

    private final Function<String, byte[]> files;
    private final SortedMap<byte[], byte[]> entries = new TreeMap<>(Arrays::compareUnsigned); // value null: deleted
    private final SortedMap<Integer, String> keyspaces = new TreeMap<>();
    private final TreeMap<Long, ByteBuffer> logs = new TreeMap<>(); // fields of the manifest by id, as in the next two
    private final TreeMap<Long, ByteBuffer> runs = new TreeMap<>();
    private final TreeMap<Long, ByteBuffer> zones = new TreeMap<>(); // then of each the part of the file that counts
    private final TreeMap<Long, Long> logEnds = new TreeMap<>();
    private final TreeMap<Long, TreeMap<byte[], byte[]>> merged =
            new TreeMap<>(); // by run: from and to, null for no end
    private TreeMap<byte[], byte[]> skipped; // of the run that is being read
    private byte[] storeId;
    private ByteBuffer clean;
    private long flushed;
    private String reading;

    /** Reads a store; {@code files} gives the bytes of a file by its name. */
    public SecondReader(Function<String, byte[]> files) {
        this.files = files;
        try {
            readManifest(readSuperblock());
            zones.replaceAll((id, zone) -> part(open("zone-%016x", "CAMB-ZON", 72, id), 0, (int) zone.getLong(8)));
            Comparator<ByteBuffer> byAge = Comparator.comparing(run -> run.getLong(32));
            for (ByteBuffer run : runs.values().stream().sorted(byAge).toList()) {
                reading = "run " + run.getLong(0);
                skipped = merged.getOrDefault(run.getLong(0), new TreeMap<>());
                byte[] first = take(run.position(96), run.getChar(92)), last = take(run, run.getChar(94));
                readTree(page(run, 8, 16, run.getLong(0)), first, above(last));
            }
            readLogs();
        } catch (RuntimeException e) {
            throw new IllegalStateException(reading + ": " + e.getMessage(), e);
        }
        entries.values().removeIf(value -> value == null);
    }

    /** All live entries by internal key: the keyspace's id in four bytes, big-endian, then the user's key. */
    public SortedMap<byte[], byte[]> entries() {
        return entries;
    }

    /** The names of the keyspaces by id. */
    public SortedMap<Integer, String> keyspaces() {
        return keyspaces;
    }

    private ByteBuffer open(String name, String magic, int crcAt, Object... id) {
        reading = String.format(name, id);
        byte[] file = files.apply(reading);
        return checkHead(part(ByteBuffer.wrap(file), 0, file.length), magic, crcAt);
    }

    private ByteBuffer checkHead(ByteBuffer file, String magic, int crcAt) {
        checkCrc(file, crcAt, 0, crcAt, 0);
        storeId = storeId == null ? take(file.position(24), 16) : storeId;
        boolean known = text(take(file.position(0), 8)).equals(magic) && file.getChar(8) == 1 && file.getInt(12) == 0;
        require(known && Arrays.equals(take(file.position(24), 16), storeId), "magic, version or store");
        return file;
    }

    private ByteBuffer readSuperblock() {
        ByteBuffer slot0 = open("SUPERBLOCK", "CAMB-SUP", 104), slot1 = part(slot0, 65536, 69632);
        long sequence0 = slot0.getLong(88), sequence1 = slot1.getLong(88);
        if (sequence0 > 1 || !slot1.equals(ByteBuffer.allocate(4096))) { // slot 1 is zero until sequence 2
            checkHead(slot1, "CAMB-SUP", 104);
        }
        require(Math.abs(sequence0 - sequence1) == 1, "sequences");
        return sequence0 > sequence1 ? slot0 : slot1;
    }

    private void readManifest(ByteBuffer superblock) {
        long id = superblock.getLong(72);
        ByteBuffer file = open("manifest-%016x", "CAMB-MAN", 60, id);
        require(file.capacity() >= superblock.getLong(80), "shorter than what was forced");
        long version = file.getLong(72);
        for (int at = 64; at < file.capacity(); at += file.getInt(at + 4)) {
            ByteBuffer edit = part(file, at, at + file.getInt(at + 4));
            checkCrc(edit, 0, 4, edit.capacity(), seed(id, at));
            require(edit.getLong(8) == version++ && edit.getChar(edit.capacity() - 16) == 255, "version or COMMIT");
            for (int field = 16; field < edit.capacity(); ) {
                int end = field + 8 + edit.getInt(field + 4);
                fold(edit.getChar(field), part(edit, field + 8, end));
                field = end + 7 & -8;
            }
        }
        require(clean != null && clean.getLong(0) == superblock.getLong(56), "this incarnation did not close");
    }

    private void fold(int tag, ByteBuffer value) {
        switch (tag) {
            case 1 -> keyspaces.put(value.getInt(), text(take(value, value.remaining())));
            case 2 -> logs.put(value.getLong(0), value);
            case 3 -> logs.headMap(value.getLong(0)).clear();
            case 4 -> clean = value;
            case 5 -> logEnds.put(value.getLong(0), value.getLong(8));
            case 16 -> runs.put(value.getLong(0), value);
            case 17 -> runs.remove(value.getLong(0));
            case 18 -> zones.put(value.getLong(0), value);
            case 23 -> zones.remove(value.getLong(0));
            case 25 -> flushed = value.getLong(0);
            case 28 -> {
                byte[] from = take(value.position(16), value.getChar(8)), to = take(value, value.getChar(10));
                TreeMap<byte[], byte[]> of =
                        merged.computeIfAbsent(value.getLong(0), run -> new TreeMap<>(Arrays::compareUnsigned));
                of.merge(
                        from,
                        to,
                        (one, other) -> to.length == 0 || one.length == 0
                                ? new byte[0]
                                : Arrays.compareUnsigned(one, other) < 0 ? other : one);
            }
            default ->
                require(tag == 24 || tag == 26 || tag == 27 || tag == 255 || tag >= 0x8000, "unknown tag " + tag);
        }
    }

    private void readLogs() {
        TreeMap<Long, ByteBuffer> byPosition = new TreeMap<>();
        for (long id : logs.keySet()) {
            ByteBuffer log = open("log-%016x", "CAMB-LOG", 64, id);
            boolean setAside = logEnds.getOrDefault(id, Long.MAX_VALUE) < log.getLong(528);
            boolean used = !part(log, 512, 576).equals(ByteBuffer.allocate(64)); // START is zero until then
            if (used && !setAside) {
                checkCrc(log, 568, 512, 568, seed(log.getLong(48), 512));
                byPosition.put(log.getLong(528), log);
            }
        }
        long position = byPosition.firstKey(), batch = byPosition.get(position).getLong(552);
        while (position < clean.getLong(16)) {
            ByteBuffer log = byPosition.floorEntry(position).getValue();
            int at = 4096 + (int) (position - log.getLong(528));
            ByteBuffer record = part(log, at, at + (log.getInt(at + 4) + 7 & -8));
            checkCrc(record, 0, 4, record.capacity(), seed(log.getLong(48), position));
            require(record.getChar(16) == 1 && record.getLong(8) == ++batch, "type or batch at " + position);
            if (batch > flushed) {
                readBatch(record.position(32));
            }
            position += record.capacity();
        }
        require(position == clean.getLong(16) && batch == clean.getLong(24), "does not end where CLEAN says");
    }

    private void readBatch(ByteBuffer record) {
        for (int i = 0; i < record.getInt(20); i++) {
            int operation = record.getChar(), keyLength = record.getChar(), valueLength = record.getInt();
            apply(operation, take(record, keyLength), record, valueLength);
        }
        require(record.position() == record.getInt(4), "operations do not fill a record");
    }

    /** Applies an operation of a log or a leaf, whose value is next. */
    private void apply(int operation, byte[] key, ByteBuffer from, int length) {
        int at = from.position();
        byte[] value = take(from, length);
        switch (operation) {
            case PUT -> entries.put(key, value);
            case DELETE -> entries.put(key, null);
            case PUT_REF ->
                entries.put(key, referenced(from, at, at + 16, from.getLong(at + 8), from.getChar(at + 24)));
            case KEYSPACE -> keyspaces.put(ByteBuffer.wrap(key).getInt(), text(value));
            default -> require(false, "operation " + operation);
        }
    }

    private static byte[] above(byte[] key) {
        return Arrays.copyOf(key, key.length + 1);
    }

    /** Whether nothing from {@code low} to before {@code high} counts any more in the run that is being read. */
    private boolean isSkipped(byte[] low, byte[] high) {
        for (var stretch : skipped.entrySet()) {
            byte[] to = stretch.getValue();
            if (Arrays.compareUnsigned(stretch.getKey(), low) <= 0) {
                if (to.length == 0 || Arrays.compareUnsigned(high, to) <= 0) {
                    return true;
                }
                low = Arrays.compareUnsigned(low, to) < 0 ? to : low; // and what begins there may go on
            }
        }
        return false;
    }

    /** Adds what stands in and below a page: keys from {@code low} to before {@code high}. */
    private void readTree(ByteBuffer page, byte[] low, byte[] high) {
        require(page.get(9) == (page.get(10) == 0 ? LEAF : KEYS), "kind of a page in a tree");
        int count = page.getChar(48), pointers = 64 + 4 * count + 7 & -8, crcs = pointers + 40 * count;
        if (page.get(9) == LEAF) {
            readLeaf(page.position(64 + 4 * count), count, low, high);
            return;
        }
        int[] tails = starts(page.position(crcs + 4 * count), FIXED_KEYS, count - 1, page.getChar(54));
        byte[][] separators = keys(page, tails);
        for (int i = 0; i < count; i++) {
            byte[] from = i == 0 ? low : separators[i - 1], to = i == count - 1 ? high : separators[i];
            if (!isSkipped(from, to)) { // else it may not be there any more
                ByteBuffer child = page(page, pointers + 8 * i, crcs + 4 * i, page.getLong(40));
                require(child.get(10) == page.get(10) - 1, "level of a child");
                readTree(child, from, to);
            }
        }
    }

    private void readLeaf(ByteBuffer page, int count, byte[] low, byte[] high) {
        int[] tails = starts(page, FIXED_KEYS, count, page.getChar(54));
        int[] values = starts(page, FIXED_VALUES, count, page.getInt(56));
        byte[] operations = take(page, (page.getChar(12) & OPERATIONS) != 0 ? count : 0);
        byte[][] keys = keys(page, tails);
        boolean below = Arrays.compareUnsigned(keys[count - 1], high) < 0;
        require(below && Arrays.compareUnsigned(low, keys[0]) <= 0, "keys that the pages above place elsewhere");
        for (int i = 0; i < count; i++) {
            if (isSkipped(keys[i], above(keys[i]))) {
                take(page, values[i + 1] - values[i]);
            } else {
                apply(operations.length == 0 ? PUT : operations[i], keys[i], page, values[i + 1] - values[i]);
            }
        }
        require(!page.hasRemaining(), "bytes behind the values");
    }

    /** Where {@code count} parts begin, and the last one ends: by the offsets that are next, or all have one length. */
    private static int[] starts(ByteBuffer page, int fixed, int count, int length) {
        int flags = page.getChar(12);
        int[] starts = new int[count + 1];
        for (int i = 0; i <= count; i++) {
            starts[i] = (flags & fixed) != 0 ? i * length : (flags & WIDE) != 0 ? page.getInt() : page.getChar();
        }
        return starts;
    }

    /** The keys whose prefix and tails are next. */
    private static byte[][] keys(ByteBuffer page, int[] tails) {
        byte[] prefix = take(page, page.getChar(50)), head = new byte[page.get(52)];
        byte[][] keys = new byte[tails.length - 1][];
        for (int i = 0; i < keys.length; i++) {
            byte[] tail = take(page, tails[i + 1] - tails[i]);
            page.get(64 + 4 * i, head);
            ByteBuffer key = ByteBuffer.allocate(prefix.length + head.length + tail.length);
            keys[i] = key.put(prefix).put(head).put(tail).array();
            require(i == 0 || Arrays.compareUnsigned(keys[i - 1], keys[i]) < 0, "order of keys");
        }
        return keys;
    }

    /** The value whose home and payloadCrc stand at two places of {@code from}. */
    private byte[] referenced(ByteBuffer from, int homeAt, int crcAt, long length, int index) {
        ByteBuffer page = page(from, homeAt, crcAt, from.getLong(homeAt));
        ByteArrayOutputStream value = new ByteArrayOutputStream();
        if (page.get(9) == CHUNKS) {
            for (int at = 64; at < page.capacity(); at += 16) {
                value.writeBytes(referenced(page, at, at + 8, page.getInt(at + 12), 0));
            }
        } else {
            require(page.get(9) == VALUES && 0 <= index && index < page.getInt(48), "kind or index");
            int start = 56 + 4 * index, values = 60 + 4 * page.getInt(48) + page.getInt(start);
            value.writeBytes(take(page.position(values), page.getInt(start + 4) - page.getInt(start)));
        }
        require(value.size() == length, "length of a value");
        return value.toByteArray();
    }

    /** The page whose pointer and payloadCrc stand at two places of {@code from}, unpacked behind its header. */
    private ByteBuffer page(ByteBuffer from, int pointerAt, int crcAt, long owner) {
        long pointer = from.getLong(pointerAt);
        int at = (int) (pointer >>> 14 & 0x3FFFFF) * 64;
        ByteBuffer zone = zones.get(pointer >>> 36), page = part(zone, at, at + zone.getInt(at + 16));
        byte[] header = take(page, 48), stored = take(page, page.remaining());
        ByteBuffer covered = ByteBuffer.allocate(64).put(header, 0, 4);
        checkCrc(part(covered.put(storeId).put(header, 4, 44), 0, 64), 0, 4, 64, 0);
        checkCrc(page, 4, 48, page.capacity(), 0);
        boolean older =
                (page.get(9) == LEAF || page.get(9) == KEYS) && 0 < page.getLong(40) && page.getLong(40) < owner;
        boolean meant = page.getLong(24) == pointer && page.get(9) == (pointer & 7);
        require(older || page.getLong(40) == owner, "owner");
        require(meant && page.getInt(4) == from.getInt(crcAt), "self, kind or payloadCrc");
        int codec = page.get(11), length = Math.min(page.getInt(20), 4 << 20) - 48;
        byte[] payload = codec == 0 ? stored : LZ4.safeDecompressor().decompress(stored, length);
        boolean known = page.get(8) == 1 && codec <= 1 && page.getChar(14) == 0 && (page.getChar(12) & ~FLAGS) == 0;
        require(known && payload.length == length, "format, codec, dictionary, flags or rawLength");
        return part(ByteBuffer.allocate(48 + length).put(header).put(payload), 0, 48 + length);
    }

    private static void require(boolean holds, String what) {
        if (!holds) {
            throw new IllegalStateException(what);
        }
    }

    /** Little-endian; a u16 is a {@code char}. */
    private static ByteBuffer part(ByteBuffer buffer, int from, int to) {
        return buffer.slice(from, to - from).order(ByteOrder.LITTLE_ENDIAN);
    }

    private static byte[] take(ByteBuffer buffer, int length) {
        require(0 <= length && length <= buffer.remaining(), "bytes that are not there");
        byte[] taken = new byte[length];
        buffer.get(taken);
        return taken;
    }

    private static String text(byte[] utf8) {
        return new String(utf8, StandardCharsets.UTF_8);
    }

    private static void checkCrc(ByteBuffer buffer, int crcAt, int from, int to, int seed) {
        CRC32C crc = new CRC32C();
        crc.update(part(buffer, from, to));
        require(buffer.getInt(crcAt) == ((int) crc.getValue() ^ seed), "crc of [" + from + ", " + to + ")");
    }

    static int seed(long salt, long position) {
        long h = salt + 0x9E3779B97F4A7C15L * (position >>> 32);
        h = (h ^ h >>> 30) * 0xBF58476D1CE4E5B9L;
        h = (h ^ h >>> 27) * 0x94D049BB133111EBL;
        h ^= h >>> 31;
        int z = (int) position + (int) h;
        z = (z ^ z >>> 16) * 0x85EBCA6B;
        z = (z ^ z >>> 13) * 0xC2B2AE35;
        return z ^ z >>> 16 ^ (int) (h >>> 32);
    }
}
