package dev.cambium.testkit.explore;

import dev.cambium.testkit.SimulatedEnvironment;
import dev.cambium.testkit.model.Change;
import dev.cambium.testkit.model.Durability;
import dev.cambium.testkit.model.Entry;
import dev.cambium.testkit.model.ScanRange;
import java.util.List;

/**
 * A store as {@link ModelSubject} calls it: what has to be written to let the testkit drive a store.
 *
 * <p>Keyspaces are known by name; {@link dev.cambium.testkit.model.ModelStore#DEFAULT_KEYSPACE} always exists. Failures are
 * those of the store, unwrapped. One thread.
 */
public interface TestedStore {
    /** Opens, or creates on an empty disk. Called again after {@link #close}. */
    void open(SimulatedEnvironment environment);

    void close();

    /** Frees the memory of an open whose disk has died. Must not throw. */
    default void abandon() {}

    /** Makes a keyspace; called only for one that does not exist. It is durable as a synchronous write is. */
    void createKeyspace(String name);

    /** Names of all keyspaces, in any order. */
    List<String> keyspaces();

    void put(String keyspace, byte[] key, byte[] value, Durability durability);

    void delete(String keyspace, byte[] key, Durability durability);

    void write(List<Change> batch, Durability durability);

    /** The value or null. */
    byte[] get(String keyspace, byte[] key);

    List<Entry> scan(String keyspace, ScanRange range);

    void flush();

    View openSnapshot();

    /** An open snapshot. */
    interface View {
        byte[] get(String keyspace, byte[] key);

        List<Entry> scan(String keyspace, ScanRange range);

        void close();
    }
}
