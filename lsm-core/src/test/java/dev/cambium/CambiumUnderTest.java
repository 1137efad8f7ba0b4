package dev.cambium;

import dev.cambium.error.CorruptionException;
import dev.cambium.error.StoreException;
import dev.cambium.log.Verification;
import dev.cambium.testkit.SimulatedEnvironment;
import dev.cambium.testkit.disk.SimulatedCrash;
import dev.cambium.testkit.disk.SimulatedDisk;
import dev.cambium.testkit.explore.TestedStore;
import dev.cambium.testkit.model.Change;
import dev.cambium.testkit.model.Entry;
import dev.cambium.testkit.model.ModelStore;
import dev.cambium.testkit.model.ScanRange;
import java.util.ArrayList;
import java.util.List;

/** Cambium as the testkit drives it, in a small world: memtables and logs of a few KiB, so that both are sealed all the time. */
final class CambiumUnderTest implements TestedStore {
    static final Options SMALL = Options.DEFAULT.withMemoryBudget(64 << 20).withMemtableBytes(4 << 10);

    private final Options options;
    private final List<Snapshot> snapshots = new ArrayList<>();
    private Store store;
    private SimulatedDisk disk;

    CambiumUnderTest() {
        this(SMALL);
    }

    CambiumUnderTest(Options options) {
        this.options = options;
    }

    @Override
    public void open(SimulatedEnvironment environment) {
        disk = environment.disk();
        store = Store.open(environment.environment(), options);
    }

    @Override
    public void close() {
        Store closing = store;
        store = null;
        if (closing != null) { // not after a reopen that failed
            SecondOpinion before = new SecondOpinion(closing);
            closing.close();
            VerifyReport report = new Verification(disk).run();
            for (VerifyReport.Finding finding : report.findings()) {
                throw new CorruptionException(
                        finding.file(), finding.offset(), "a closed store to be sound", finding.problem());
            }
            if (report.cleanClose()) { // not where the writer had failed
                before.assertAgreesWith(disk);
            }
        }
    }

    @Override
    public void abandon() {
        // The disk is dead; what counts is that memory is given back.
        for (Snapshot snapshot : snapshots) {
            ignoringTheDisk(snapshot::close);
        }
        snapshots.clear();
        if (store != null) {
            ignoringTheDisk(store::close);
            if (store.memoryUsedBytes() != 0) {
                throw new AssertionError("close leaks " + store.memoryUsedBytes());
            }
            store = null;
        }
    }

    private static void ignoringTheDisk(Runnable close) {
        try {
            close.run();
        } catch (SimulatedCrash | StoreException expected) {
            // that is what a dead disk does
        }
    }

    @Override
    public void createKeyspace(String name) {
        store.keyspace(name);
    }

    @Override
    public List<String> keyspaces() {
        List<String> names = new ArrayList<>(store.keyspaces());
        names.add(ModelStore.DEFAULT_KEYSPACE);
        return names;
    }

    private static boolean isDefault(String keyspace) {
        return keyspace.equals(ModelStore.DEFAULT_KEYSPACE);
    }

    private static Durability durability(dev.cambium.testkit.model.Durability durability) {
        return Durability.valueOf(durability.name());
    }

    @Override
    public void put(String keyspace, byte[] key, byte[] value, dev.cambium.testkit.model.Durability durability) {
        if (isDefault(keyspace)) {
            store.put(key, value, durability(durability));
        } else {
            store.keyspace(keyspace).put(key, value, durability(durability));
        }
    }

    @Override
    public void delete(String keyspace, byte[] key, dev.cambium.testkit.model.Durability durability) {
        if (isDefault(keyspace)) {
            store.delete(key, durability(durability));
        } else {
            store.keyspace(keyspace).delete(key, durability(durability));
        }
    }

    @Override
    public void write(List<Change> changes, dev.cambium.testkit.model.Durability durability) {
        WriteBatch batch = new WriteBatch();
        for (Change change : changes) {
            if (isDefault(change.keyspace())) {
                if (change.isDelete()) {
                    batch.delete(change.key());
                } else {
                    batch.put(change.key(), change.value());
                }
            } else if (change.isDelete()) {
                batch.delete(store.keyspace(change.keyspace()), change.key());
            } else {
                batch.put(store.keyspace(change.keyspace()), change.key(), change.value());
            }
        }
        store.write(batch, durability(durability));
    }

    @Override
    public byte[] get(String keyspace, byte[] key) {
        return isDefault(keyspace) ? store.get(key) : store.keyspace(keyspace).get(key);
    }

    @Override
    public List<Entry> scan(String keyspace, ScanRange range) {
        try (Cursor cursor = isDefault(keyspace)
                ? store.cursor(bounds(range))
                : store.keyspace(keyspace).cursor(bounds(range))) {
            return scan(cursor, range);
        }
    }

    /** The bounds as far as Cambium has them; the rest is left to {@link ScanRange#contains}. */
    private static KeyRange bounds(ScanRange range) {
        if (range.prefix().length > 0) {
            return KeyRange.prefix(range.prefix());
        }
        if (range.lower() != null && range.upper() != null && !range.upperIncluded()) {
            return KeyRange.between(range.lower(), range.upper());
        }
        if (range.lower() != null) {
            return KeyRange.from(range.lower());
        }
        return range.upper() != null && !range.upperIncluded() ? KeyRange.below(range.upper()) : KeyRange.all();
    }

    private static List<Entry> scan(Cursor cursor, ScanRange range) {
        List<Entry> entries = new ArrayList<>();
        boolean down = range.descending();
        boolean on;
        if (down) {
            on = range.upper() != null ? cursor.seekFloor(range.upper()) : cursor.last();
        } else {
            on = range.lower() != null ? cursor.seek(range.lower()) : cursor.first();
        }
        for (; on && entries.size() < range.limit(); on = down ? cursor.previous() : cursor.next()) {
            byte[] key = cursor.key();
            if (range.contains(key)) {
                entries.add(new Entry(key, cursor.value()));
            }
        }
        return entries;
    }

    @Override
    public void flush() {
        store.flush();
    }

    @Override
    public View openSnapshot() {
        Store opened = store;
        Snapshot snapshot = store.snapshot();
        snapshots.add(snapshot);
        return new View() {
            @Override
            public byte[] get(String keyspace, byte[] key) {
                return isDefault(keyspace) ? snapshot.get(key) : snapshot.get(opened.keyspace(keyspace), key);
            }

            @Override
            public List<Entry> scan(String keyspace, ScanRange range) {
                try (Cursor cursor = isDefault(keyspace)
                        ? snapshot.cursor(bounds(range))
                        : snapshot.cursor(opened.keyspace(keyspace), bounds(range))) {
                    return CambiumUnderTest.scan(cursor, range);
                }
            }

            @Override
            public void close() {
                snapshot.close();
                snapshots.remove(snapshot);
            }
        };
    }
}
