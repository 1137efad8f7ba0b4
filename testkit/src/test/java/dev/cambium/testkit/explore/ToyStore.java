package dev.cambium.testkit.explore;

import dev.cambium.segment.disk.DirectoryLock;
import dev.cambium.segment.disk.ZoneFile;
import dev.cambium.segment.disk.ZoneFileSystem;
import dev.cambium.segment.memory.Memory;
import dev.cambium.testkit.SimulatedEnvironment;
import dev.cambium.testkit.model.Change;
import dev.cambium.testkit.model.Durability;
import dev.cambium.testkit.model.Entry;
import dev.cambium.testkit.model.ModelStore;
import dev.cambium.testkit.model.ScanRange;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.zip.CRC32C;

/**
 * The smallest store that keeps the promises, or breaks one on purpose: an append-only log of checksummed records whose first
 * one is everything. Each open and each flush starts a new log.
 *
 * <pre>record: length of payload (4) | crc (4) | payload: changes; a keyspace is created by its name without a key</pre>
 */
class ToyStore implements TestedStore {
    /** A mistake that the explorer must catch. */
    enum Mistake {
        SYNC_WITHOUT_FORCE,
        FORGETS_THE_DIRECTORY,
        NAMES_BEFORE_FORCE,
        FORCES_WITHOUT_LENGTH,
        DELETES_OLD_BEFORE_NEW_IS_NAMED,
        IGNORES_CHECKSUM,
        WRITES_BATCH_IN_PIECES,
        RETRIES_FAILED_FORCE,
        LOSES_UNLOGGED_AT_FLUSH,
        LOGS_LATE
    }

    private static final String PREFIX = "log-";
    private static final String UNNAMED = "unnamed";
    private static final int HEAD = 8;

    private final Set<Mistake> mistakes;
    private ZoneFileSystem disk;
    private DirectoryLock lock;
    private ZoneFile log;
    private ModelStore state;
    private ModelStore logged;
    private List<Change> late = List.of();
    private RuntimeException failed;

    ToyStore(Mistake... mistakes) {
        this.mistakes = EnumSet.noneOf(Mistake.class);
        this.mistakes.addAll(Arrays.asList(mistakes));
    }

    @Override
    public void open(SimulatedEnvironment environment) {
        disk = environment.disk();
        disk.createDirectory();
        lock = disk.lock();
        state = new ModelStore();
        logged = new ModelStore();
        failed = null;
        late = List.of();
        String newest = newest();
        if (newest != null) {
            try (ZoneFile file = disk.openReadOnly(newest)) {
                replay(file);
            }
        }
        startLog();
    }

    private String newest() {
        return disk.list().stream()
                .filter(name -> name.startsWith(PREFIX))
                .reduce((a, b) -> b)
                .orElse(null);
    }

    private void replay(ZoneFile file) {
        byte[] bytes = read(file);
        for (int at = 0; at + HEAD <= bytes.length; ) {
            Memory head = Memory.allocate(HEAD);
            head.put(0, bytes, at, HEAD);
            int length = head.getInt(0);
            int crc = head.getInt(4);
            head.release();
            if (length <= 0 || length > bytes.length - at - HEAD) {
                return;
            }
            byte[] payload = Arrays.copyOfRange(bytes, at + HEAD, at + HEAD + length);
            if (crc != crc(payload) && !mistakes.contains(Mistake.IGNORES_CHECKSUM)) {
                return;
            }
            List<Change> changes = decode(payload);
            apply(state, changes);
            apply(logged, changes);
            at += HEAD + length;
        }
    }

    private static byte[] read(ZoneFile file) {
        int length = (int) file.length();
        if (length == 0) {
            return new byte[0];
        }
        Memory memory = Memory.allocate(length);
        file.read(0, memory, 0, length);
        byte[] bytes = memory.toArray(0, length);
        memory.release();
        return bytes;
    }

    private void startLog() {
        String old = newest();
        int next = old == null ? 1 : Integer.parseInt(old.substring(PREFIX.length())) + 1;
        String name = String.format(PREFIX + "%08d", next);
        if (disk.exists(UNNAMED)) {
            disk.delete(UNNAMED);
        }
        if (old != null && mistakes.contains(Mistake.DELETES_OLD_BEFORE_NEW_IS_NAMED)) {
            disk.delete(old);
        }
        log = disk.create(UNNAMED);
        append(everything(mistakes.contains(Mistake.LOSES_UNLOGGED_AT_FLUSH) ? logged : state));
        if (!mistakes.contains(Mistake.NAMES_BEFORE_FORCE)) {
            log.force(true);
        }
        disk.rename(UNNAMED, name);
        if (mistakes.contains(Mistake.NAMES_BEFORE_FORCE)) {
            disk.forceDirectory();
            log.force(true);
        } else if (!mistakes.contains(Mistake.FORGETS_THE_DIRECTORY)) {
            disk.forceDirectory();
        }
        if (old != null && disk.exists(old)) {
            disk.delete(old);
        }
        logged = state.snapshot();
    }

    private static List<Change> everything(ModelStore store) {
        List<Change> all = new ArrayList<>();
        for (String keyspace : store.keyspaces()) {
            all.add(creation(keyspace));
            store.scan(keyspace, ScanRange.ALL)
                    .forEach(entry -> all.add(new Change(keyspace, entry.key(), entry.value())));
        }
        return all;
    }

    private void append(List<Change> changes) {
        byte[] payload = encode(changes);
        Memory record = Memory.allocate(HEAD + payload.length);
        record.putInt(0, payload.length);
        record.putInt(4, crc(payload));
        record.put(HEAD, payload, 0, payload.length);
        log.write(log.length(), record, 0, record.capacity());
        record.release();
    }

    private void commit(List<Change> changes, Durability durability) {
        if (failed != null) {
            throw new dev.cambium.error.WriterFailedException(failed);
        }
        if (durability.isLogged()) {
            try {
                log(changes);
                if (durability == Durability.SYNC) {
                    force();
                }
            } catch (RuntimeException failure) {
                failed = failure;
                throw failure;
            }
            apply(logged, changes);
        }
        apply(state, changes);
    }

    private void log(List<Change> changes) {
        if (mistakes.contains(Mistake.LOGS_LATE)) {
            if (!late.isEmpty()) {
                append(late);
            }
            late = changes;
        } else if (mistakes.contains(Mistake.WRITES_BATCH_IN_PIECES)) {
            changes.forEach(change -> append(List.of(change)));
        } else {
            append(changes);
        }
    }

    private void force() {
        if (mistakes.contains(Mistake.SYNC_WITHOUT_FORCE)) {
            return;
        }
        boolean metadata = !mistakes.contains(Mistake.FORCES_WITHOUT_LENGTH);
        try {
            log.force(metadata);
        } catch (dev.cambium.error.StoreIOException failure) {
            if (!mistakes.contains(Mistake.RETRIES_FAILED_FORCE)) {
                throw failure;
            }
            log.force(metadata);
        }
    }

    private static Change creation(String keyspace) {
        return new Change(keyspace, new byte[] {1, 2, 3, 4, 5}, new byte[] {6});
    }

    private static void apply(ModelStore store, List<Change> changes) {
        for (Change change : changes) {
            if (change.equals(creation(change.keyspace()))) {
                store.createKeyspace(change.keyspace());
            } else {
                store.apply(List.of(change));
            }
        }
    }

    private static byte[] encode(List<Change> changes) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (DataOutputStream out = new DataOutputStream(bytes)) {
            for (Change change : changes) {
                out.writeUTF(change.keyspace());
                out.writeInt(change.key().length);
                out.write(change.key());
                out.writeInt(change.isDelete() ? -1 : change.value().length);
                out.write(change.isDelete() ? new byte[0] : change.value());
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return bytes.toByteArray();
    }

    private static List<Change> decode(byte[] payload) {
        List<Change> changes = new ArrayList<>();
        try (DataInputStream in = new DataInputStream(new ByteArrayInputStream(payload))) {
            while (in.available() > 0) {
                String keyspace = in.readUTF();
                byte[] key = in.readNBytes(in.readInt());
                int length = in.readInt();
                changes.add(new Change(keyspace, key, length < 0 ? null : in.readNBytes(length)));
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return changes;
    }

    private static int crc(byte[] payload) {
        CRC32C crc = new CRC32C();
        crc.update(payload);
        return (int) crc.getValue();
    }

    @Override
    public void close() {
        flush();
        log.close();
        lock.close();
    }

    @Override
    public void createKeyspace(String name) {
        commit(List.of(creation(name)), Durability.SYNC);
    }

    @Override
    public List<String> keyspaces() {
        return state.keyspaces();
    }

    @Override
    public void put(String keyspace, byte[] key, byte[] value, Durability durability) {
        commit(List.of(new Change(keyspace, key, value)), durability);
    }

    @Override
    public void delete(String keyspace, byte[] key, Durability durability) {
        commit(List.of(new Change(keyspace, key, null)), durability);
    }

    @Override
    public void write(List<Change> batch, Durability durability) {
        commit(batch, durability);
    }

    @Override
    public byte[] get(String keyspace, byte[] key) {
        return state.get(keyspace, key);
    }

    @Override
    public List<Entry> scan(String keyspace, ScanRange range) {
        return state.scan(keyspace, range);
    }

    @Override
    public void flush() {
        if (failed != null) {
            throw new dev.cambium.error.WriterFailedException(failed);
        }
        log.close();
        startLog();
    }

    @Override
    public View openSnapshot() {
        ModelStore snapshot = state.snapshot();
        return new View() {
            @Override
            public byte[] get(String keyspace, byte[] key) {
                return snapshot.get(keyspace, key);
            }

            @Override
            public List<Entry> scan(String keyspace, ScanRange range) {
                return snapshot.scan(keyspace, range);
            }

            @Override
            public void close() {}
        };
    }
}
