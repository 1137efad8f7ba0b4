package dev.cambium.benchmarks.jmh;

import dev.cambium.segment.memory.Memory;
import dev.cambium.segment.pool.BufferPool;
import dev.cambium.segment.pool.MemoryUse;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/** A buffer from the pool, which is mostly full, beside one from the system: taken, touched and given back. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class BufferBenchmark {
    private static final int BUFFERS = 2000;

    /** Bytes of a buffer. */
    @Param({"4096", "16384"})
    public int length;

    private BufferPool pool;
    private final Deque<BufferPool.Buffer> pooled = new ArrayDeque<>();
    private final Deque<Memory> system = new ArrayDeque<>();

    @Setup(Level.Trial)
    public void fill() {
        pool = new BufferPool(1L << 30, 4 << 20);
        for (int i = 0; i < BUFFERS; i++) {
            pooled.add(pool.keep(MemoryUse.PAGES, length, i));
            system.add(Memory.allocate(length));
        }
    }

    @TearDown(Level.Trial)
    public void empty() {
        pooled.forEach(pool::free);
        pool.close();
        system.forEach(Memory::release);
    }

    @Benchmark
    public int pool() {
        BufferPool.Buffer buffer = pool.keep(MemoryUse.PAGES, length, 1);
        Memory memory = buffer.memory();
        memory.putInt(0, length);
        int read = memory.getInt(0);
        pool.free(buffer);
        return read;
    }

    @Benchmark
    public int system() {
        Memory memory = Memory.allocate(length);
        memory.putInt(0, length);
        int read = memory.getInt(0);
        memory.release();
        return read;
    }
}
