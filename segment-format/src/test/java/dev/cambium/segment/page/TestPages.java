package dev.cambium.segment.page;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.cambium.segment.log.OperationCode;
import dev.cambium.segment.memory.Memory;
import dev.cambium.segment.pool.BufferPool;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.TreeMap;

/** Makes, seals and opens pages for tests. */
public final class TestPages {
    public static final byte[] STORE_ID = "store-id-16bytes".getBytes(StandardCharsets.US_ASCII);
    public static final String FILE = "zone-0000000000000007";
    public static final int ZONE = 7;

    private TestPages() {}

    /** An entry of a leaf. */
    public record Entry(byte[] key, int operation, byte[] value) {}

    /** A raw page with what its header will say of it; exactly as long as the page. */
    public record Raw(Memory memory, int kind, int level, int flags) {
        public int length() {
            return memory.capacity();
        }
    }

    /** A stored page at offset 0 of a block. */
    public record Stored(Memory memory, int length, long pointer, int payloadCrc) {}

    public static BufferPool pool() {
        return new BufferPool(1L << 40, 64 << 10);
    }

    public static Memory memory(byte[] bytes) {
        Memory memory = Memory.allocate(Math.max(1, bytes.length));
        memory.put(0, bytes, 0, bytes.length);
        return memory;
    }

    /** Appends an entry, through memory outside the heap, at an odd offset. */
    public static void add(LeafBuilder builder, Entry entry) {
        byte[] key = entry.key();
        byte[] value = entry.value();
        Memory memory = Memory.allocate(key.length + value.length + 3);
        memory.put(1, key, 0, key.length);
        memory.put(2 + key.length, value, 0, value.length);
        builder.add(
                memory,
                1,
                key.length,
                entry.operation(),
                memory,
                2 + key.length,
                value.length,
                key.length + value.length);
        memory.release();
    }

    public static boolean isFullFor(LeafBuilder builder, Entry entry) {
        Memory key = memory(entry.key());
        boolean full = builder.isFullFor(key, 0, entry.key().length, entry.operation(), entry.value().length);
        key.release();
        return full;
    }

    /** Builds what the builder holds. */
    public static Raw build(LeafBuilder builder) {
        Memory page = Memory.allocate(builder.rawLength());
        fillWithOnes(page);
        builder.build(page);
        return withHeader(page, PageKind.LEAF, 0, builder.flags());
    }

    /** A leaf of all entries. */
    public static Raw leaf(List<Entry> entries) {
        LeafBuilder builder = new LeafBuilder(pool(), PageHeader.MAX_PAGE_LENGTH);
        entries.forEach(entry -> add(builder, entry));
        Raw raw = build(builder);
        builder.release();
        return raw;
    }

    /** A key page; child i holds 10 + i entries, of which i are tombstones. */
    public static Raw keys(List<byte[]> separators, int level, long filter, int filterCrc) {
        KeyPageBuilder builder = new KeyPageBuilder(pool(), PageHeader.MAX_PAGE_LENGTH);
        for (int i = 0; i <= separators.size(); i++) {
            addChild(builder, i == 0 ? null : separators.get(i - 1), i, level);
        }
        Raw raw = build(builder, level, filter, filterCrc);
        builder.release();
        return raw;
    }

    public static void addChild(KeyPageBuilder builder, byte[] separator, int index, int level) {
        Aggregation held = new Aggregation();
        held.entries = 10 + index;
        held.bytes = 1000L * index;
        held.tombstones = index;
        held.newestBirth = 5 + index % 3;
        if (separator == null) {
            builder.addFirst(child(index, level), 77 * index, held);
        } else {
            Memory memory = memory(separator);
            builder.add(memory, 0, separator.length, child(index, level), 77 * index, held);
            memory.release();
        }
    }

    public static long child(int index, int level) {
        return Pointer.of(3, 4096 + 64 * index, 3000, 8000, level == 1 ? PageKind.LEAF : PageKind.KEYS);
    }

    public static Raw build(KeyPageBuilder builder, int level, long filter, int filterCrc) {
        Memory page = Memory.allocate(builder.rawLength());
        fillWithOnes(page);
        builder.build(page, filter, filterCrc);
        return withHeader(page, PageKind.KEYS, level, builder.flags());
    }

    public static Raw values(List<byte[]> values) {
        ValuePageBuilder builder = new ValuePageBuilder(pool(), PageHeader.MAX_PAGE_LENGTH);
        for (int i = 0; i < values.size(); i++) {
            Memory memory = memory(values.get(i));
            assertEquals(i, builder.add(memory, 0, values.get(i).length));
            memory.release();
        }
        Memory page = Memory.allocate(builder.rawLength());
        fillWithOnes(page);
        builder.build(page);
        builder.release();
        return withHeader(page, PageKind.VALUES, 0, 0);
    }

    public static Raw chunks(long length) {
        int count = (int) ((length - 1) / ChunkList.CHUNK_LENGTH + 1);
        Memory page = Memory.allocate(ChunkList.pageLength(count));
        fillWithOnes(page);
        ChunkList.begin(page, count, length);
        for (int i = 0; i < count; i++) {
            int bytes = (int) Math.min(ChunkList.CHUNK_LENGTH, length - (long) i * ChunkList.CHUNK_LENGTH);
            ChunkList.putChunk(page, i, home(i), 99 * i, bytes);
        }
        return withHeader(page, PageKind.CHUNKS, 0, 0);
    }

    public static long home(int index) {
        return Pointer.of(2, 4096 + (index << 10), 1_000_000, 1_048_640, PageKind.VALUES);
    }

    public static Raw filter(long seed, long... hashes) {
        FilterBuilder builder = new FilterBuilder(pool(), seed);
        for (long hash : hashes) {
            builder.add(hash);
        }
        Memory page = Memory.allocate(builder.rawLength());
        fillWithOnes(page);
        builder.build(page);
        builder.release();
        return withHeader(page, PageKind.FILTER, 0, 0);
    }

    /** What a builder leaves alone must show. */
    private static void fillWithOnes(Memory page) {
        byte[] ones = new byte[page.capacity()];
        Arrays.fill(ones, (byte) 0xFF);
        page.put(0, ones, 0, ones.length);
    }

    private static Raw withHeader(Memory page, int kind, int level, int flags) {
        page.putByte(PageHeader.KIND_OFFSET, kind);
        page.putByte(PageHeader.LEVEL_OFFSET, level);
        page.putShort(PageHeader.FLAGS_OFFSET, flags);
        return new Raw(page, kind, level, flags);
    }

    public static Stored seal(Raw raw, int zoneOffset, long birth, long owner) {
        PageSealer sealer = new PageSealer(STORE_ID);
        Memory target = Memory.allocate(PageSealer.room(raw.length()));
        fillWithOnes(target);
        int length = sealer.seal(
                raw.memory(),
                raw.length(),
                raw.kind(),
                raw.level(),
                raw.flags(),
                ZONE,
                zoneOffset,
                birth,
                owner,
                0,
                target,
                0);
        return new Stored(target, length, sealer.pointer(), sealer.payloadCrc());
    }

    public static void verify(Stored stored) {
        PageOpener.verify(stored.memory(), 0, stored.length(), STORE_ID, stored.pointer(), stored.payloadCrc(), FILE);
    }

    /** Seals, verifies and unpacks; releases what comes between. */
    public static Memory throughTheDisk(Raw raw) {
        Stored stored = seal(raw, 8192, 5, 11);
        verify(stored);
        assertEquals(raw.length(), PageHeader.rawLength(stored.memory(), 0));
        Memory target = Memory.allocate(raw.length());
        PageOpener.unpack(stored.memory(), 0, FILE, 8192, target);
        assertEquals(
                -1,
                Arrays.mismatch(
                        raw.memory().toArray(PageHeader.LENGTH, raw.length() - PageHeader.LENGTH),
                        target.toArray(PageHeader.LENGTH, raw.length() - PageHeader.LENGTH)));
        stored.memory().release();
        return target;
    }

    public static TreeMap<byte[], Entry> sorted() {
        return new TreeMap<>(Arrays::compareUnsigned);
    }

    public static Entry put(byte[] key, byte[] value) {
        return new Entry(key, OperationCode.PUT, value);
    }

    /** An internal key: a keyspace id, then a user key. */
    public static byte[] key(int keyspace, byte[] user) {
        byte[] key = new byte[4 + user.length];
        key[0] = (byte) (keyspace >>> 24);
        key[1] = (byte) (keyspace >>> 16);
        key[2] = (byte) (keyspace >>> 8);
        key[3] = (byte) keyspace;
        System.arraycopy(user, 0, key, 4, user.length);
        return key;
    }

    public static byte[] reference(long home, long length, int payloadCrc, int index) {
        Memory memory = Memory.allocate(ValueReference.LENGTH);
        ValueReference.put(memory, 0, home, length, payloadCrc, Pointer.storedBytes(home), index, index + 1);
        byte[] bytes = memory.toArray(0, ValueReference.LENGTH);
        memory.release();
        return bytes;
    }

    public static byte[] bytes(Random random, int length) {
        byte[] bytes = new byte[length];
        random.nextBytes(bytes);
        return bytes;
    }

    /** Keys of one of several shapes that a page treats differently, ascending. */
    public static List<byte[]> keys(Random random, int count) {
        TreeMap<byte[], Entry> keys = sorted();
        int shape = random.nextInt(10);
        byte[] stem = bytes(random, random.nextInt(300));
        for (int tries = 0; keys.size() < count && tries < 4 * count; tries++) {
            byte[] user =
                    switch (shape) {
                        case 0 -> alphabet(random, random.nextInt(12), 0, 1, 0x7F, 0x80, 0xFF);
                        case 1 -> alphabet(random, random.nextInt(40), 0); // prefixes of each other, all heads equal
                        case 2 -> bytes(random, 8);
                        case 3 -> join(stem, alphabet(random, random.nextInt(7), 0, 0x80, 0xFF));
                        case 4 -> join(stem, bytes(random, 3));
                        case 5 -> join(new byte[] {'h', 'e', 'a', (byte) random.nextInt(3)}, bytes(random, 2));
                        case 6 -> bytes(random, random.nextInt(6));
                        case 7 ->
                            random.nextInt(10) == 0
                                    ? bytes(random, 20_000 + random.nextInt(12_768))
                                    : bytes(random, random.nextInt(30));
                        case 8 -> join(alphabet(random, 4, 0, 1), alphabet(random, random.nextInt(5), 0, 1));
                        default -> alphabet(random, random.nextInt(5), 0, 0xFF);
                    };
            byte[] key = key(random.nextInt(6) == 0 ? 0x80000001 : 5, user);
            keys.put(key, put(key, new byte[0]));
        }
        if (keys.isEmpty()) {
            keys.put(key(5, new byte[0]), put(key(5, new byte[0]), new byte[0]));
        }
        return List.copyOf(keys.keySet());
    }

    private static byte[] alphabet(Random random, int length, int... letters) {
        byte[] bytes = new byte[length];
        for (int i = 0; i < length; i++) {
            bytes[i] = (byte) letters[random.nextInt(letters.length)];
        }
        return bytes;
    }

    public static byte[] join(byte[] a, byte[] b) {
        byte[] joined = Arrays.copyOf(a, a.length + b.length);
        System.arraycopy(b, 0, joined, a.length, b.length);
        return joined;
    }
}
