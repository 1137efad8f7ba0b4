package dev.cambium.testkit.reader;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.TreeMap;
import java.util.zip.CRC32C;

/** Writes files of a store by hand, from {@code docs/FORMAT.md}: just enough that each thing the page describes occurs. */
final class HandMadeStore {
    static final byte[] STORE = "store-id-16bytes".getBytes(StandardCharsets.US_ASCII);

    final TreeMap<String, byte[]> files = new TreeMap<>();

    /** The bytes of each file that its content depends on. */
    final TreeMap<String, BitSet> used = new TreeMap<>();

    private void put(String name, byte[] bytes, BitSet bytesUsed) {
        files.put(name, bytes);
        used.put(name, bytesUsed);
    }

    private static BitSet range(int... bounds) {
        BitSet bytes = new BitSet();
        for (int i = 0; i < bounds.length; i += 2) {
            bytes.set(bounds[i], bounds[i + 1]);
        }
        return bytes;
    }

    SecondReader read() {
        return new SecondReader(files::get);
    }

    /** Little-endian bytes that grow. A number is followed by the count of bytes it takes. */
    static final class Out {
        private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

        Out number(long value, int size) {
            for (int i = 0; i < size; i++) {
                bytes.write((int) (value >>> 8 * i));
            }
            return this;
        }

        Out u16(long value) {
            return number(value, 2);
        }

        Out u32(long value) {
            return number(value, 4);
        }

        Out u64(long value) {
            return number(value, 8);
        }

        Out bytes(byte[] more) {
            bytes.writeBytes(more);
            return this;
        }

        Out padTo(int length) {
            return bytes(new byte[length - bytes.size()]);
        }

        Out align(int multiple) {
            return padTo((bytes.size() + multiple - 1) / multiple * multiple);
        }

        int size() {
            return bytes.size();
        }

        /** Appends the checksum of all bytes from an offset on. */
        Out crc(int from, int seed) {
            return u32(HandMadeStore.crc(Arrays.copyOfRange(array(), from, size())) ^ seed);
        }

        byte[] array() {
            return bytes.toByteArray();
        }
    }

    static int crc(byte[] bytes) {
        CRC32C crc = new CRC32C();
        crc.update(bytes);
        return (int) crc.getValue();
    }

    static Out head(String magic) {
        return new Out().bytes(magic.getBytes(StandardCharsets.US_ASCII)).u16(1).padTo(20);
    }

    /** Two slots, the newer one with this incarnation and manifest. */
    void superblock(long incarnation, long manifestId, long manifestLength) {
        Out file = new Out();
        for (long sequence = 1; sequence <= 2; sequence++) {
            Out slot = head("CAMB-SUP")
                    .u32(0)
                    .bytes(STORE)
                    .padTo(56)
                    .u64(incarnation)
                    .u64(7);
            slot.u64(manifestId)
                    .u64(manifestLength)
                    .u64(sequence)
                    .u64(0)
                    .crc(0, 0)
                    .padTo(4096);
            file.padTo(sequence == 1 ? 0 : 65536).bytes(slot.array());
        }
        put("SUPERBLOCK", file.array(), range(0, 108, 65536, 65536 + 108));
    }

    static byte[] field(int tag, Out value) {
        return new Out()
                .u16(tag)
                .u16(0)
                .u32(value.size())
                .bytes(value.array())
                .align(8)
                .array();
    }

    static byte[] keyspace(int id, String name) {
        return field(1, new Out().u32(id).bytes(name.getBytes(StandardCharsets.UTF_8)));
    }

    static byte[] numbers(int tag, long... values) {
        Out out = new Out();
        for (long value : values) {
            out.u64(value);
        }
        return field(tag, out);
    }

    static byte[] zone(long number, long length, int stream, int state) {
        return field(18, new Out().u64(number).u64(length).u32(stream).u32(state));
    }

    /** One edit for each list of fields. */
    void manifest(long id, List<List<byte[]>> edits) {
        Out file = head("CAMB-MAN").u32(0).bytes(STORE).u64(id).padTo(60).crc(0, 0);
        long version = 40;
        for (List<byte[]> fields : edits) {
            Out body = new Out().u64(++version);
            fields.forEach(body::bytes);
            body.bytes(numbers(255, version));
            Out covered = new Out().u32(body.size() + 8).bytes(body.array());
            file.u32(crc(covered.array()) ^ SecondReader.seed(id, file.size())).bytes(covered.array());
        }
        put(String.format("manifest-%016x", id), file.array(), range(0, file.size()));
    }

    static byte[] key(int keyspace, String key) {
        byte[] user = key.getBytes(StandardCharsets.ISO_8859_1);
        return ByteBuffer.allocate(4 + user.length).putInt(keyspace).put(user).array();
    }

    static byte[] operation(int code, byte[] key, String value) {
        return operation(code, key, value.getBytes(StandardCharsets.UTF_8));
    }

    static byte[] operation(int code, byte[] key, byte[] value) {
        Out out = new Out().number(code, 2).u16(key.length).u32(value.length);
        return out.bytes(key).bytes(value).array();
    }

    /** A log with a batch for each operation, behind {@code lastBatch}; returns the position at which it ends. */
    long log(long id, int capacity, long base, long previousId, long lastBatch, byte[]... operations) {
        long salt = 0x5A175A1700000000L + id;
        Out file = new Out()
                .bytes(head("CAMB-LOG")
                        .u32(8)
                        .bytes(STORE)
                        .u64(id)
                        .u64(salt)
                        .u64(capacity)
                        .crc(0, 0)
                        .array());
        file.padTo(512)
                .padTo(528)
                .u64(base)
                .u64(previousId)
                .u64(previousId == 0 ? 0 : base)
                .u64(lastBatch)
                .u64(0);
        file.crc(512, SecondReader.seed(salt, 512)).u32(1);
        long end = base;
        Out records = new Out();
        long batch = lastBatch;
        for (byte[] operation : operations) {
            Out covered = new Out()
                    .u32(32 + operation.length)
                    .u64(++batch)
                    .number(1, 1)
                    .number(0, 3)
                    .u32(1)
                    .u64(base);
            covered.bytes(operation).padTo((operation.length + 28 + 4 + 7) / 8 * 8 - 4);
            records.u32(crc(covered.array()) ^ SecondReader.seed(salt, end)).bytes(covered.array());
            end = base + records.size();
        }
        for (int slot = 0; slot < 2; slot++) {
            file.padTo(1024 + 512 * slot)
                    .u64(slot + 1)
                    .u64(slot == 0 ? base : end)
                    .u64(batch);
            file.crc(1024 + 512 * slot, SecondReader.seed(salt, 1024 + 512 * slot));
        }
        put(
                String.format("log-%016x", id),
                file.padTo(4096).bytes(records.array()).padTo(capacity).array(),
                range(0, 68, 512, 572, 4096, 4096 + records.size()));
        return end;
    }

    /** What a parent says of a page. */
    record Named(long pointer, int crc, byte[] page, long entries, long bytes, long tombstones, long birth) {
        Named of(long entries, long bytes, long tombstones, long birth) {
            return new Named(pointer, crc, page, entries, bytes, tombstones, birth);
        }
    }

    /** A zone that grows by pages. */
    static final class Zone {
        final long number;
        final Out file;
        final BitSet used = range(0, 76);

        Zone(long number, int stream) {
            this.number = number;
            file = head("CAMB-ZON")
                    .u32(0)
                    .bytes(STORE)
                    .u64(number)
                    .u32(stream)
                    .u32(0)
                    .u64(1)
                    .u64(0)
                    .crc(0, 0)
                    .padTo(4096);
        }

        /** Owner 0 stands for the page's own pointer; a payload is packed if {@code codec} is 1, with literals only. */
        Named append(int kind, int level, int codec, int flags, long owner, long birth, byte[] raw) {
            byte[] payload = codec == 0 ? raw : literals(raw);
            int stored = 48 + payload.length;
            int storedClass = 0;
            int rawClass = 0;
            for (; (8 + storedClass % 8) << storedClass / 8 + 8 < stored; ) {
                storedClass++;
            }
            for (; 4096 << rawClass < 48 + raw.length; ) {
                rawClass++;
            }
            int at = file.align(64).size();
            long self = number << 36 | (long) at / 64 << 14 | storedClass << 7 | rawClass << 3 | kind;
            Out covered = new Out()
                    .u32(crc(payload))
                    .number(1, 1)
                    .number(kind, 1)
                    .number(level, 1)
                    .number(codec, 1);
            covered.u16(flags)
                    .u16(0)
                    .u32(stored)
                    .u32(48 + raw.length)
                    .u64(self)
                    .u64(birth)
                    .u64(owner == 0 ? self : owner);
            int headerCrc = crc(new Out().bytes(STORE).bytes(covered.array()).array());
            file.u32(headerCrc).bytes(covered.array()).bytes(payload);
            used.set(at, at + stored, kind != 4);
            return new Named(self, crc(payload), raw, 0, 0, 0, birth);
        }
    }

    void zone(Zone zone) {
        put(String.format("zone-%016x", zone.number), zone.file.array(), zone.used);
    }

    private static byte[] literals(byte[] raw) {
        Out out = new Out().number(raw.length < 15 ? raw.length << 4 : 0xF0, 1);
        int rest = raw.length - 15;
        for (; rest >= 255; rest -= 255) {
            out.number(255, 1);
        }
        return (rest < 0 ? out : out.number(rest, 1)).bytes(raw).array();
    }

    /** Heads of keys that share {@code prefix} bytes and of which {@code headLength} more stand in the heads only. */
    private static Out heads(Out out, int prefix, int headLength, List<byte[]> keys) {
        keys.forEach(key -> out.bytes(Arrays.copyOf(Arrays.copyOfRange(key, prefix, key.length), 4)));
        return out;
    }

    private static Out offsets(Out out, int width, List<byte[]> parts, int skipped) {
        int sum = 0;
        out.number(0, width);
        for (byte[] part : parts) {
            out.number(sum += part.length - skipped, width);
        }
        return out;
    }

    /** Payload of a leaf. {@code operations} null: all PUT. Keys and values stand as the flags say. */
    static byte[] leaf(
            int flags, int prefix, int headLength, List<byte[]> keys, int[] operations, List<byte[]> values) {
        boolean fixedKeys = (flags & 1) != 0;
        boolean fixedValues = (flags & 2) != 0;
        int width = (flags & 16) != 0 ? 4 : 2;
        int skipped = prefix + headLength;
        Out out = new Out().u16(keys.size()).u16(prefix).number(headLength, 1).number(0, 1);
        out.u16(fixedKeys ? keys.get(0).length - skipped : 0)
                .u32(fixedValues ? values.get(0).length : 0)
                .u32(0);
        heads(out, prefix, headLength, keys);
        if (!fixedKeys) {
            offsets(out, width, keys, skipped);
        }
        if (!fixedValues) {
            offsets(out, width, values, 0);
        }
        for (int operation : operations == null ? new int[0] : operations) {
            out.number(operation, 1);
        }
        out.bytes(Arrays.copyOf(keys.get(0), prefix));
        keys.forEach(key -> out.bytes(Arrays.copyOfRange(key, skipped, key.length)));
        values.forEach(out::bytes);
        return out.array();
    }

    /** Payload of a key page. */
    static byte[] keyPage(
            int flags, int prefix, int headLength, List<byte[]> separators, List<Named> children, Named filter) {
        int skipped = prefix + headLength;
        boolean fixedKeys = (flags & 1) != 0;
        Out out =
                new Out().u16(children.size()).u16(prefix).number(headLength, 1).number(0, 1);
        out.u16(fixedKeys && !separators.isEmpty() ? separators.get(0).length - skipped : 0);
        heads(out.u64(filter == null ? 0 : filter.pointer), prefix, headLength, separators);
        out.u32(filter == null ? 0 : filter.crc).align(8); // the page's header has a multiple of 8 too
        children.forEach(child -> out.u64(child.pointer));
        children.forEach(child -> out.u64(child.entries));
        children.forEach(child -> out.u64(child.bytes));
        children.forEach(child -> out.u64(child.tombstones));
        children.forEach(child -> out.u64(child.birth));
        children.forEach(child -> out.u32(child.crc));
        if (!fixedKeys) {
            offsets(out, (flags & 16) != 0 ? 4 : 2, separators, skipped);
        }
        out.bytes(separators.isEmpty() ? new byte[0] : Arrays.copyOf(separators.get(0), prefix));
        separators.forEach(key -> out.bytes(Arrays.copyOfRange(key, skipped, key.length)));
        return out.array();
    }

    static byte[] valuePage(byte[]... values) {
        Out out = offsets(new Out().u32(values.length).u32(0), 4, List.of(values), 0);
        List.of(values).forEach(out::bytes);
        return out.array();
    }

    static byte[] reference(Named page, long length, int index) {
        return new Out()
                .u64(page.pointer)
                .u64(length)
                .u32(page.crc)
                .u32(page.page.length)
                .u16(index)
                .u16(2)
                .array();
    }

    static byte[] chunkList(long length, List<Named> chunks, List<Integer> lengths) {
        Out out = new Out().u32(chunks.size()).u32(0).u64(length);
        for (int i = 0; i < chunks.size(); i++) {
            out.u64(chunks.get(i).pointer).u32(chunks.get(i).crc).u32(lengths.get(i));
        }
        return out.array();
    }
}
