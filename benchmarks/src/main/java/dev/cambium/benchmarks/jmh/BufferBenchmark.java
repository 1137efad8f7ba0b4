package dev.cambium.benchmarks.jmh;

import dev.cambium.segment.memory.Memory;
import dev.cambium.segment.pool.BufferPool;
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

/** A buffer from the pool, which is mostly full, beside one from the system: taken, and the oldest of many given back. */
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
            pooled.add(pool.keep(length, i));
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
    public BufferPool.Buffer pool() {
        pool.free(pooled.poll());
        BufferPool.Buffer buffer = pool.keep(length, 1);
        pooled.add(buffer);
        return buffer;
    }

    @Benchmark
    public Memory system() {
        system.poll().release();
        Memory memory = Memory.allocate(length);
        system.add(memory);
        return memory;
    }
}
