package dev.cambium.testkit.reader;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Function;

/**
 * Reads a closed store a second time: from {@code docs/FORMAT.md} alone, without a line of the product.
 *
 * <p>Checks what that page lets a reader check: checksums, zeros, the order of keys, sums over subtrees, that filters let keys
 * pass. What does not hold throws {@link IllegalStateException} with file and offset. Nothing is recovered: a store whose last
 * writer did not close it, or whose superblock or manifest is damaged in part, is refused.
 */
public final class SecondReader {
    static final int OPEN = 1, SEALED = 2, CUT = 3; // a zone's states
    static final int PUT = 1, DELETE = 2, PUT_REF = 3, KEYSPACE = 7; // operations
    private static final int COMMIT = 255, SKIPPABLE = 0x8000; // tags

    private final PageReader pages;
    private final Collection<String> names;
    private final Function<String, byte[]> files;
    private final SortedMap<byte[], byte[]> entries = new TreeMap<>(Arrays::compareUnsigned); // value null: deleted
    private final SortedMap<Integer, String> keyspaces = new TreeMap<>(Integer::compareUnsigned);
    private final TreeMap<Long, Bytes> logs = new TreeMap<>(); // the manifest's fields by id, as in the next two
    private final TreeMap<Long, Bytes> runs = new TreeMap<>();
    private final TreeMap<Long, Bytes> zones = new TreeMap<>();
    private final Map<Long, Bytes> logEnds = new HashMap<>(); // by log: end and last batch
    private byte[] storeId;
    private long lastLog, flushed;
    private Bytes clean;

    private SecondReader(Collection<String> names, Function<String, byte[]> files) {
        this.names = names;
        this.files = files;
        Bytes slot = readSuperblock();
        readManifest(slot.u64(72), slot.u64(80));
        slot.require(clean != null && clean.u64(0) == slot.u64(56), 56, "this incarnation did not close");
        pages = new PageReader(storeId);
        zones.forEach((number, zone) -> {
            Bytes file = open(String.format("zone-%016x", number));
            file = file.part(0, (int) Math.min(zone.u64(8), Integer.MAX_VALUE)); // what is behind it was never named
            checkHead(file, "CAMB-ZON", 0, 72);
            pages.addZone(file, zone);
        });
        long newest = -1;
        for (Bytes run : runs.values().stream()
                .sorted(Comparator.comparingLong(run -> run.u64(32)))
                .toList()) {
            run.require(newest < run.u64(24) && run.u64(24) <= run.u64(32), 24, "births of two runs overlap");
            newest = run.u64(32);
            entries.putAll(pages.readRun(run));
        }
        readLogs();
        entries.values().removeIf(Objects::isNull);
    }

    /** Reads the store whose files have these names; {@code files} gives the bytes of each. */
    public static SecondReader read(Collection<String> names, Function<String, byte[]> files) {
        return new SecondReader(names, files);
    }

    /** All live entries by internal key: the keyspace's id in four bytes, big-endian, then the user's key. */
    public SortedMap<byte[], byte[]> entries() {
        return entries;
    }

    /** The names of the keyspaces by id. */
    public SortedMap<Integer, String> keyspaces() {
        return keyspaces;
    }

    private Bytes open(String name) {
        new Bytes(name, 0, ByteBuffer.allocate(0)).require(names.contains(name), 0, "no such file");
        return new Bytes(name, 0, ByteBuffer.wrap(files.apply(name)));
    }

    /** Checks what all heads have in common; {@code word} is what stands between head and store id. */
    private void checkHead(Bytes file, String magic, int word, int crcAt) {
        file.checksum(crcAt, 0, crcAt, 0).require(Arrays.equals(file.copy(0, 8), magic.getBytes()), 0, "magic");
        file.require(file.u16(8) == 1 && file.u32(12) == 0, 8, "version").require(file.u32(20) == word, 20, "word");
        storeId = storeId == null ? file.copy(24, 40) : storeId;
        file.require(Arrays.equals(storeId, file.copy(24, 40)), 24, "another store's");
    }

    private Bytes readSuperblock() {
        Bytes file = open("SUPERBLOCK").exactly(69632).zero(4096, 65536);
        List<Bytes> slots = List.of(file.part(0, 4096), file.part(65536, 69632));
        long[] sequences = new long[2];
        for (int i = 0; i < 2; i++) {
            if (i == 0 || sequences[0] > 1 || !slots.get(1).isZero(0, 4096)) { // slot 1 is zero until sequence 2
                checkHead(slots.get(i).zero(108, 4096), "CAMB-SUP", 0, 104);
                sequences[i] = slots.get(i).u64(88);
            }
        }
        boolean holds = sequences[0] % 2 == 1 && sequences[1] % 2 == 0 && Math.abs(sequences[0] - sequences[1]) == 1;
        file.require(holds, 88, "sequences");
        return slots.get(sequences[0] > sequences[1] ? 0 : 1);
    }

    private void readManifest(long id, long forcedLength) {
        Bytes file = open(String.format("manifest-%016x", id)).zero(48, 60);
        checkHead(file, "CAMB-MAN", 0, 60);
        file.require(
                file.u64(40) == id && 64 < forcedLength && forcedLength <= file.length(), 40, "id or forced length");
        long version = file.u64(72);
        for (int at = 64; at < file.length(); version++) {
            Bytes edit = file.part(at, at + file.u32(at + 4));
            edit.require(edit.length() > 16 && edit.length() % 8 == 0, 4, "length");
            edit.checksum(0, 4, edit.length(), seed(id, at)).require(edit.u64(8) == version, 8, "version");
            int tag = 0;
            for (int field = 16; field < edit.length(); ) {
                edit.require(tag != COMMIT, field, "a field behind COMMIT").zero(field + 2, field + 4);
                tag = edit.u16(field);
                Bytes value = edit.part(field + 8, field + 8 + edit.u32(field + 4));
                apply(tag, value, version);
                int end = field + 8 + value.length();
                edit.zero(end, field = align(end, 8));
            }
            edit.require(tag == COMMIT, 0, "no COMMIT");
            at += edit.length();
        }
    }

    private void apply(int tag, Bytes value, long version) {
        long id = tag == 1 || tag > COMMIT ? 0 : value.u64(0);
        switch (tag) {
            case 1 -> nameKeyspace(value.u32(0), value.copy(4, value.length()), value);
            case 2 ->
                logs.put(lastLog = value.require(id > lastLog, 0, "log id").u64(0), value.exactly(16));
            case 3 -> logs.headMap(value.exactly(8).u64(0)).clear();
            case 4 -> clean = value.exactly(32);
            case 5 -> endLog(value.exactly(24), 0);
            case 16 ->
                runs.put(value.require(!runs.containsKey(id), 0, "run id").u64(0), value);
            case 17 -> value.exactly(8).require(runs.remove(id) != null, 0, "no such run");
            case 18 -> {
                Bytes old = zones.put(id, value.exactly(24));
                boolean same = old == null || Arrays.equals(old.copy(0, 24), value.copy(0, 24));
                boolean grown =
                        !same && old.u32(20) == OPEN && old.u64(8) <= value.u64(8) && old.u32(16) == value.u32(16);
                value.require(value.u32(20) >= OPEN && value.u32(20) <= CUT, 20, "state");
                value.require(same || grown, 0, "contradicts what was said of the zone");
            }
            case 23 -> value.exactly(8).require(zones.remove(id) != null, 0, "no such zone");
            case 24 -> value.exactly(24);
            case 25 -> flushed = value.exactly(8).u64(0);
            case COMMIT -> value.exactly(8).require(id == version, 0, "COMMIT of another version");
            default -> value.require(tag >= SKIPPABLE, 0, "unknown tag " + tag);
        }
    }

    private void nameKeyspace(int id, byte[] name, Bytes where) {
        String text = new String(name, StandardCharsets.UTF_8);
        String old = keyspaces.put(id, text);
        where.require(!text.isEmpty() && (old == null || old.equals(text)), 0, "name of a keyspace");
    }

    /** What stands at {@code at}: a log's id, the position at which it ends, the last batch in it. */
    private void endLog(Bytes said, int at) {
        Bytes old = logEnds.put(said.u64(at), said.part(at + 8, at + 24));
        boolean same = old == null || Arrays.equals(old.copy(0, 16), said.copy(at + 8, at + 24));
        said.require(same, at, "the log was said to end elsewhere");
    }

    private void readLogs() {
        if (clean.u64(8) != 0) {
            endLog(clean, 8);
        }
        List<Bytes> counting = new ArrayList<>();
        for (Bytes named : logs.values()) {
            Bytes log = openLog(named);
            Bytes end = logEnds.get(named.u64(0));
            boolean setAside = end != null && end.u64(0) < log.u64(528);
            if (!log.isZero(512, 1024) && !setAside) {
                counting.add(log);
                if (log.u64(536) != 0) {
                    endLog(log, 536);
                }
            }
        }
        counting.forEach(this::readLog);
        for (String name : names) {
            if (name.matches("log-[0-7][0-9a-f]{15}") && Long.parseLong(name.substring(4), 16) > lastLog) {
                Bytes log = open(name);
                log.zero(Math.min(512, log.length()), Math.min(1024, log.length())); // it was named before it was used
            }
        }
    }

    private Bytes openLog(Bytes named) {
        Bytes log = open(String.format("log-%016x", named.u64(0)));
        checkHead(log, "CAMB-LOG", 8, 64);
        boolean same = log.u64(40) == named.u64(0) && log.u64(56) == named.u64(8) && log.u64(56) == log.length();
        log.require(same, 40, "id or capacity").zero(68, 512).zero(2048, 4096);
        if (log.isZero(512, 1024)) {
            return log.zero(1024, 2048);
        }
        log.checksum(568, 512, 568, seed(log.u64(48), 512)).zero(576, 1024);
        return log.require(log.u32(572) == 1, 572, "marker").require(log.u64(544) <= log.u64(528), 528, "basePosition");
    }

    private void readLog(Bytes log) {
        Bytes end = logEnds.get(log.u64(40));
        log.require(end != null, 512, "nothing says where this log ends");
        checkSlots(log, end);
        long base = log.u64(528), position = base, batch = log.u64(552);
        while (position < end.u64(0)) {
            int at = (int) Math.min(4096 + position - base, Integer.MAX_VALUE);
            Bytes record = log.part(at, at + align(log.u32(at + 4), 8));
            record.checksum(0, 4, record.length(), seed(log.u64(48), position));
            record.zero(17, 20).require(record.u8(16) == 1, 16, "type").require(record.u64(8) == ++batch, 8, "batch");
            record.require(record.u64(24) <= position, 24, "forcedThrough");
            readBatch(record, batch);
            position += record.length();
        }
        log.require(position == end.u64(0) && batch == end.u64(8), 512, "ends elsewhere than it was said to");
    }

    /** After a crash one slot may be damaged; after a clean close none. */
    private void checkSlots(Bytes log, Bytes end) {
        int damaged = 0;
        long[] sequences = new long[2];
        for (int i = 0; i < 2; i++) {
            Bytes slot = log.part(1024 + 512 * i, 1536 + 512 * i);
            sequences[i] = slot.u64(0);
            if (!slot.isZero(0, 512)) {
                boolean holds = slot.u32(24) == (slot.crc(0, 24) ^ seed(log.u64(48), 1024 + 512 * i));
                holds &= sequences[i] % 2 == 1 - i && slot.isZero(28, 512) && log.u64(528) <= slot.u64(8);
                damaged += holds ? 0 : 1;
                slot.require(!holds || slot.u64(8) <= end.u64(0), 8, "forced beyond the log's end");
            }
        }
        boolean neighbours = Math.abs(sequences[0] - sequences[1]) == 1 || sequences[0] == 0 && sequences[1] == 0;
        damaged = Math.max(damaged, neighbours ? 0 : 1);
        log.require(damaged <= (log.u64(40) == clean.u64(8) ? 0 : 1), 1024, "forced slots");
    }

    private void readBatch(Bytes record, long batch) {
        int at = 32, end = record.u32(4);
        record.require(record.u32(20) > 0, 20, "count").zero(end, record.length());
        for (int i = 0; i < record.u32(20); i++) {
            int code = record.u8(at), key = at + 8, value = key + record.u16(at + 2), next = value + record.u32(at + 4);
            boolean empty = next == value, isName = code == KEYSPACE && value - key == 4;
            boolean isReference = code == PUT_REF && next - value == 24;
            boolean known = code == PUT || isReference || code == DELETE && empty || isName;
            record.require(known && record.u8(at + 1) == 0 && value - key >= 4, at, "operation");
            if (isName && batch > flushed) {
                int id = ByteBuffer.wrap(record.copy(key, value)).getInt();
                nameKeyspace(id, record.copy(value, next), record);
            } else if (batch > flushed && isReference) {
                Bytes reference = record.part(value, next);
                entries.put(
                        record.copy(key, value),
                        pages.referenced(reference, 0, 16, reference.u64(8), reference.u32(20)));
            } else if (batch > flushed) {
                entries.put(record.copy(key, value), code == PUT ? record.copy(value, next) : null);
            }
            at = next;
        }
        record.require(at == end, at, "operations do not fill the record");
    }

    static int align(int offset, int multiple) {
        return offset + multiple - 1 & -multiple;
    }

    static int seed(long salt, long position) {
        long h = mix64(salt + 0x9E3779B97F4A7C15L * (position >>> 32));
        int z = (int) position + (int) h;
        z = (z ^ z >>> 16) * 0x85EBCA6B;
        z = (z ^ z >>> 13) * 0xC2B2AE35;
        return z ^ z >>> 16 ^ (int) (h >>> 32);
    }

    static long mix64(long z) {
        z = (z ^ z >>> 30) * 0xBF58476D1CE4E5B9L;
        z = (z ^ z >>> 27) * 0x94D049BB133111EBL;
        return z ^ z >>> 31;
    }
}
