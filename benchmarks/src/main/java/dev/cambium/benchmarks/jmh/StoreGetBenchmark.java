package dev.cambium.benchmarks.jmh;

import dev.cambium.benchmarks.KeyForm;
import java.nio.ByteBuffer;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;

/**
 * Gets through the API. What each allocates is the point: the returned array of 100 bytes (120 with its header), or
 * nothing.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class StoreGetBenchmark {
    private final byte[] key = new byte[KeyForm.LENGTH];
    private final ByteBuffer target = ByteBuffer.allocateDirect(128);
    private long at;

    private void nextKey(OpenStore state) {
        KeyForm.DECIMAL.write((KeyForm.mix(at++) >>> 1) % state.entries, key, 0);
    }

    @Benchmark
    public byte[] present(OpenStore state) {
        nextKey(state);
        return state.store.get(key);
    }

    @Benchmark
    public int presentIntoBuffer(OpenStore state) {
        nextKey(state);
        return state.store.get(key, target.clear());
    }

    @Benchmark
    public byte[] missing(OpenStore state) {
        nextKey(state);
        key[0] = '9';
        return state.store.get(key);
    }
}
