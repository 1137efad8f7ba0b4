package dev.cambium.testkit.explore;

import dev.cambium.testkit.SimulatedEnvironment;
import dev.cambium.testkit.model.AllowedContents;
import dev.cambium.testkit.model.ByteText;
import dev.cambium.testkit.model.CrashHistory;
import dev.cambium.testkit.model.Durability;
import dev.cambium.testkit.model.Entry;
import dev.cambium.testkit.model.ModelStore;
import dev.cambium.testkit.model.Operation;
import dev.cambium.testkit.model.ScanRange;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;

/**
 * A store and a model of it side by side: every operation goes to both, every read is compared.
 *
 * <p>As a subject of the crash explorer, it reads the whole store after a recovery, upwards, downwards and key by key, and
 * checks the contents against {@link AllowedContents}. Then it writes, closes and opens again: a recovered store must take
 * writes and keep what it has shown.
 */
public final class ModelSubject implements Subject<Operation> {
    private static final byte[] PROBE_KEY = ByteText.bytes("%ffprobe");
    private static final byte[] PROBE_VALUE = ByteText.bytes("written after recovery");

    private final TestedStore store;
    private final Map<Integer, Snapshot> snapshots = new TreeMap<>();
    private ModelStore model = new ModelStore();
    private SimulatedEnvironment environment;

    private record Snapshot(TestedStore.View view, ModelStore model) {}

    public ModelSubject(TestedStore store) {
        this.store = store;
    }

    /** What the store must hold now. */
    public ModelStore model() {
        return model;
    }

    @Override
    public void open(SimulatedEnvironment in) {
        environment = in;
        store.open(in);
    }

    @Override
    public void close() {
        closeSnapshots();
        store.close();
    }

    @Override
    public void abandon() {
        snapshots.clear();
        store.abandon();
    }

    @Override
    public void check(CrashHistory<Operation> history) {
        ModelStore found = contents();
        new AllowedContents(history).check(found);
        model = found;
        apply(new Operation.Put(ModelStore.DEFAULT_KEYSPACE, PROBE_KEY, PROBE_VALUE, Durability.SYNC));
        apply(new Operation.Reopen());
        compareContents("after recovery, a write and a clean close");
    }

    /** Compares all that the store holds with the model. */
    public void compareContents(String when) {
        String difference = contents().differenceTo(model);
        if (difference != null) {
            throw new AssertionError(when + " the store differs from the model: " + difference);
        }
    }

    /** All that the store holds; throws where its ways to read disagree with each other. */
    public ModelStore contents() {
        ModelStore found = new ModelStore();
        for (String keyspace : store.keyspaces()) {
            found.createKeyspace(keyspace);
            List<Entry> entries = store.scan(keyspace, ScanRange.ALL);
            byte[] previous = null;
            for (Entry entry : entries) {
                if (previous != null && Arrays.compareUnsigned(previous, entry.key()) >= 0) {
                    throw new AssertionError(
                            "a scan of " + keyspace + " gives " + entry + " after " + ByteText.toJava(previous));
                }
                previous = entry.key();
                compare("get of a key that the scan has given", entry.value(), store.get(keyspace, entry.key()));
                found.put(keyspace, entry.key(), entry.value());
            }
            compare(
                    "scan downwards of " + keyspace,
                    found.scan(keyspace, ScanRange.ALL.reversed()),
                    store.scan(keyspace, ScanRange.ALL.reversed()));
        }
        return found;
    }

    @Override
    public void apply(Operation operation) {
        if (!operation.isDoneOn(model)) {
            return;
        }
        if (operation instanceof Operation.Put put) {
            store.put(put.keyspace(), put.key(), put.value(), put.durability());
        } else if (operation instanceof Operation.Delete delete) {
            store.delete(delete.keyspace(), delete.key(), delete.durability());
        } else if (operation instanceof Operation.Batch batch) {
            store.write(batch.changes(), batch.durability());
        } else if (operation instanceof Operation.CreateKeyspace create) {
            store.createKeyspace(create.name());
        } else if (operation instanceof Operation.Flush) {
            store.flush();
        } else if (operation instanceof Operation.Reopen) {
            close();
            store.open(environment);
        } else if (operation instanceof Operation.RunBackground run) {
            runBackground(run.steps());
        } else {
            read(operation);
        }
        operation.applyTo(model);
    }

    private void runBackground(int steps) {
        int left = steps;
        while (left > 0
                && environment.executor() != null
                && environment.executor().runNext()) {
            left--;
        }
    }

    private void read(Operation operation) {
        if (operation instanceof Operation.Get get) {
            compare(operation, model.get(get.keyspace(), get.key()), store.get(get.keyspace(), get.key()));
        } else if (operation instanceof Operation.Scan scan) {
            compare(operation, model.scan(scan.keyspace(), scan.range()), store.scan(scan.keyspace(), scan.range()));
        } else if (operation instanceof Operation.OpenSnapshot open) {
            if (!snapshots.containsKey(open.snapshot())) {
                snapshots.put(open.snapshot(), new Snapshot(store.openSnapshot(), model.snapshot()));
            }
        } else if (operation instanceof Operation.GetFromSnapshot get) {
            Snapshot of = snapshots.get(get.snapshot());
            if (of != null && of.model.hasKeyspace(get.keyspace())) {
                compare(operation, of.model.get(get.keyspace(), get.key()), of.view.get(get.keyspace(), get.key()));
            }
        } else if (operation instanceof Operation.ScanSnapshot scan) {
            Snapshot of = snapshots.get(scan.snapshot());
            if (of != null && of.model.hasKeyspace(scan.keyspace())) {
                compare(
                        operation,
                        of.model.scan(scan.keyspace(), scan.range()),
                        of.view.scan(scan.keyspace(), scan.range()));
            }
        } else if (operation instanceof Operation.CloseSnapshot close) {
            Snapshot closed = snapshots.remove(close.snapshot());
            if (closed != null) {
                closed.view.close();
            }
        } else {
            throw new IllegalArgumentException("no such operation: " + operation);
        }
    }

    private void closeSnapshots() {
        snapshots.values().forEach(snapshot -> snapshot.view.close());
        snapshots.clear();
    }

    private static void compare(Object what, byte[] expected, byte[] found) {
        if (!Arrays.equals(expected, found)) {
            throw new AssertionError(
                    what + ": expected " + ByteText.toJava(expected) + ", found " + ByteText.toJava(found));
        }
    }

    private static void compare(Object what, List<Entry> expected, List<Entry> found) {
        for (int i = 0; i < Math.max(expected.size(), found.size()); i++) {
            Entry left = i < expected.size() ? expected.get(i) : null;
            Entry right = i < found.size() ? found.get(i) : null;
            if (!Objects.equals(left, right)) {
                throw new AssertionError(what + ": entry " + i + " expected " + left + ", found " + right);
            }
        }
    }
}
