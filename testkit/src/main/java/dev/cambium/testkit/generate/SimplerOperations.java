package dev.cambium.testkit.generate;

import dev.cambium.testkit.model.Change;
import dev.cambium.testkit.model.Durability;
import dev.cambium.testkit.model.Operation;
import dev.cambium.testkit.model.ScanRange;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** What an operation may be replaced by when a failing workload is made small; each is smaller in some way, none greater. */
final class SimplerOperations {
    private SimplerOperations() {}

    static List<Operation> of(Operation operation) {
        List<Operation> simpler = new ArrayList<>();
        if (operation instanceof Operation.Put put) {
            for (byte[] value : shorter(put.value())) {
                simpler.add(new Operation.Put(put.keyspace(), put.key(), value, put.durability()));
            }
            for (Durability durability : plainer(put.durability())) {
                simpler.add(new Operation.Put(put.keyspace(), put.key(), put.value(), durability));
            }
        } else if (operation instanceof Operation.Delete delete) {
            for (Durability durability : plainer(delete.durability())) {
                simpler.add(new Operation.Delete(delete.keyspace(), delete.key(), durability));
            }
        } else if (operation instanceof Operation.Batch batch) {
            addSimplerBatches(batch, simpler);
        } else if (operation instanceof Operation.Scan scan) {
            for (ScanRange range : wider(scan.range())) {
                simpler.add(new Operation.Scan(scan.keyspace(), range));
            }
        } else if (operation instanceof Operation.ScanSnapshot scan) {
            for (ScanRange range : wider(scan.range())) {
                simpler.add(new Operation.ScanSnapshot(scan.snapshot(), scan.keyspace(), range));
            }
        } else if (operation instanceof Operation.RunBackground run && run.steps() > 1) {
            simpler.add(new Operation.RunBackground(run.steps() - 1));
        }
        return simpler;
    }

    private static void addSimplerBatches(Operation.Batch batch, List<Operation> simpler) {
        List<Change> changes = batch.changes();
        if (changes.size() == 1) {
            Change only = changes.get(0);
            simpler.add(
                    only.isDelete()
                            ? new Operation.Delete(only.keyspace(), only.key(), batch.durability())
                            : new Operation.Put(only.keyspace(), only.key(), only.value(), batch.durability()));
            return;
        }
        for (int i = 0; i < changes.size(); i++) {
            List<Change> fewer = new ArrayList<>(changes);
            fewer.remove(i);
            simpler.add(new Operation.Batch(fewer, batch.durability()));
        }
        for (int i = 0; i < changes.size(); i++) {
            Change change = changes.get(i);
            for (byte[] value : change.isDelete() ? List.<byte[]>of() : shorter(change.value())) {
                List<Change> smaller = new ArrayList<>(changes);
                smaller.set(i, new Change(change.keyspace(), change.key(), value));
                simpler.add(new Operation.Batch(smaller, batch.durability()));
            }
        }
        for (Durability durability : plainer(batch.durability())) {
            simpler.add(new Operation.Batch(changes, durability));
        }
    }

    /** Shorter values that still begin as this one does. */
    private static List<byte[]> shorter(byte[] value) {
        List<byte[]> shorter = new ArrayList<>();
        for (int length : new int[] {0, 1, 4, 16, value.length / 2, value.length - 1}) {
            if (length >= 0 && length < value.length) {
                shorter.add(Arrays.copyOf(value, length));
            }
        }
        return shorter;
    }

    private static List<Durability> plainer(Durability durability) {
        return durability == Durability.SYNC ? List.of() : List.of(Durability.SYNC);
    }

    private static List<ScanRange> wider(ScanRange range) {
        return range.equals(ScanRange.ALL) ? List.of() : List.of(ScanRange.ALL);
    }
}
