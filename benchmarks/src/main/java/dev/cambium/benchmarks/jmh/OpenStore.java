package dev.cambium.benchmarks.jmh;

import dev.cambium.Durability;
import dev.cambium.Options;
import dev.cambium.Store;
import dev.cambium.benchmarks.KeyForm;
import dev.cambium.benchmarks.Permutation;
import dev.cambium.benchmarks.Values;
import java.io.IOException;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/**
 * A store in a temporary directory with entries 0 to {@link #entries} - 1, decimal keys, values of 100 bytes; nobody
 * writes.
 */
@State(Scope.Benchmark)
public class OpenStore {
    @Param("1000000")
    public int entries;

    Store store;
    private ScratchDirectory directory;

    @Setup
    public void fill() throws IOException {
        directory = ScratchDirectory.create();
        store = Store.open(directory.path(), Options.DEFAULT.withMemoryBudget(512L << 20));
        Values values = new Values(100);
        byte[] key = new byte[KeyForm.LENGTH];
        byte[] value = new byte[values.length()];
        for (int number : Permutation.random(entries, 1)) {
            KeyForm.DECIMAL.write(number, key, 0);
            values.write(number, value);
            store.put(key, value, Durability.BUFFERED);
        }
    }

    @TearDown
    public void delete() throws IOException {
        store.close();
        directory.delete();
    }
}
