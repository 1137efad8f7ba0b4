package dev.cambium;

import dev.cambium.segment.log.OperationCode;
import dev.cambium.testkit.SimulatedEnvironment;

/** Opens stores on simulated disks, and writes what a version of before would have: which the API does not offer. Stateless. */
public final class SimulatedStores {
    private SimulatedStores() {}

    public static Store open(SimulatedEnvironment environment, Options options) {
        return Store.open(environment.environment(), options);
    }

    /** Puts a value of 64 KiB and more through the log and the memtable, so that a flush writes it to a page of values. */
    public static void putThroughLog(Store store, byte[] key, byte[] value) {
        WriteBatch batch = new WriteBatch();
        batch.operationsFor(store).add(OperationCode.PUT, Keyspace.DEFAULT_ID, key, value);
        store.write(batch);
    }
}
