package dev.cambium.benchmarks.jmh;

import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Threads;

/** One page that all threads read, each read in an epoch slot: reads of all threads together, to see whether they hinder each other. */
@State(Scope.Thread)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
public class EpochReadBenchmark {
    private static final int PAGE = 7;

    private int reads;

    @Benchmark
    @Threads(1)
    public long oneThread(ResidentPages pages) {
        return read(pages);
    }

    @Benchmark
    @Threads(2)
    public long twoThreads(ResidentPages pages) {
        return read(pages);
    }

    private long read(ResidentPages pages) {
        int offset = Long.BYTES * reads++ & ResidentPages.PAGE_BYTES - Long.BYTES;
        int slot = pages.epochs.enter();
        try {
            return pages.hit(PAGE).page().getLong(offset);
        } finally {
            pages.epochs.exit(slot);
        }
    }
}
