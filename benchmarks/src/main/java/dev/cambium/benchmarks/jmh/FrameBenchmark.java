package dev.cambium.benchmarks.jmh;

import dev.cambium.benchmarks.KeyForm;
import dev.cambium.segment.frame.Frame;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;

/**
 * Eight bytes read from a random place of a random page in memory: on the heap, through a frame, through a frame inside an epoch slot of its
 * own; and what else can be done with a frame.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class FrameBenchmark {
    private static final int WORDS = ResidentPages.PAGE_BYTES / Long.BYTES;

    private final long[][] arrays = new long[ResidentPages.PAGES][WORDS];
    private long reads;

    private int nextPlace() {
        return (int) KeyForm.mix(reads++);
    }

    private static int page(int place) {
        return place & ResidentPages.PAGES - 1;
    }

    private static int word(int place) {
        return place >>> 16 & WORDS - 1;
    }

    @Benchmark
    public long array() {
        int place = nextPlace();
        return arrays[page(place)][word(place)];
    }

    @Benchmark
    public long hit(ResidentPages pages) {
        int place = nextPlace();
        return pages.hit(page(place)).page().getLong(Long.BYTES * word(place));
    }

    @Benchmark
    public long hitInSlot(ResidentPages pages) {
        int place = nextPlace();
        int slot = pages.epochs.enter();
        try {
            return pages.hit(page(place)).page().getLong(Long.BYTES * word(place));
        } finally {
            pages.epochs.exit(slot);
        }
    }

    @Benchmark
    public boolean pinUnpin(ResidentPages pages) {
        Frame frame = pages.hit(page(nextPlace()));
        boolean isPinned = frame.tryPin();
        frame.unpin();
        return isPinned;
    }

    /** What a hit would cost more if the policy were told of each. */
    @Benchmark
    public void policyHit(ResidentPages pages) {
        pages.touch(pages.hit(page(nextPlace())));
    }

    /** By the pointer, not through the parent. */
    @Benchmark
    public Frame fetchHit(ResidentPages pages) {
        return pages.fetch(page(nextPlace()));
    }
}
