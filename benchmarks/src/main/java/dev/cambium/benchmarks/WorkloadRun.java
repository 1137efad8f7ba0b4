package dev.cambium.benchmarks;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BrokenBarrierException;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.atomic.AtomicReference;

/**
 * One run of a workload inside this JVM: the workload once for the JIT's sake, in a directory of its own that is
 * deleted, then once more against the clock. What was written is checked after each.
 */
public final class WorkloadRun {
    private static final long IDLE_MILLIS = 5_000;

    private final EngineOpener opener;
    private final WorkloadPlan plan;
    private final Values values;

    public WorkloadRun(EngineOpener opener, WorkloadPlan plan) {
        this.opener = opener;
        this.plan = plan;
        this.values = new Values(plan.valueLength());
    }

    /** Warms up, then measures; for all workloads but {@link Workload#REPLAY}. */
    public Measurement run(Path directory) {
        if (plan.workload().isTimed()) {
            throw new IllegalArgumentException(plan.workload() + " takes two processes: fill, reopen");
        }
        once(directory.resolve("warm-up"));
        Directories.delete(directory.resolve("warm-up"));
        System.gc();
        return once(directory.resolve("measured"));
    }

    private Measurement once(Path directory) {
        Workload workload = plan.workload();
        int[] order = workload == Workload.FILLSEQ ? Permutation.ascending(plan.entries()) : shuffled(0);
        int[] readOrder = workload.isRead() ? shuffled(1) : null;
        LatencyHistogram latencies = workload.hasLatencies() ? new LatencyHistogram() : null;
        try (Engine engine = open(directory, workload.isForced(), false)) {
            EntryReader reader = new EntryReader(engine, values);
            long elapsed = fill(engine, order, latencies);
            reader.checkSample(order);
            if (workload.isRead()) {
                engine.settle();
                idle();
                long start = System.nanoTime();
                if (workload == Workload.READRANDOM) {
                    reader.getPresent(readOrder);
                } else {
                    reader.getAbsent(readOrder);
                }
                elapsed = System.nanoTime() - start;
            }
            return new Measurement(
                    order.length, elapsed, latencies == null ? null : latencies.summary(), engine.describe());
        }
    }

    /** As long for every engine: what it does for readers while nobody writes, it may do now. */
    private static void idle() {
        try {
            Thread.sleep(IDLE_MILLIS);
        } catch (InterruptedException e) {
            throw new IllegalStateException("interrupted", e);
        }
    }

    private int[] shuffled(int which) {
        return Permutation.random(plan.entries(), plan.seed() + which);
    }

    private Engine open(Path directory, boolean forced, boolean unflushed) {
        try {
            Files.createDirectories(directory);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return opener.open(new EngineSettings(directory, plan.memoryBytes(), forced, unflushed));
    }

    private long fill(Engine engine, int[] order, LatencyHistogram latencies) {
        int threads = plan.workload().threads();
        if (threads > 1) {
            return fillByThreads(engine, order, latencies, threads);
        }
        EntryWriter writer = new EntryWriter(engine, values);
        long start = System.nanoTime();
        if (plan.workload() == Workload.FILLBATCH) {
            writer.putBatches(order, Workload.BATCH);
        } else if (latencies != null) {
            writer.putEach(order, 0, 1, latencies);
        } else {
            writer.putEach(order, 0, 1);
        }
        return System.nanoTime() - start;
    }

    private long fillByThreads(Engine engine, int[] order, LatencyHistogram latencies, int count) {
        CyclicBarrier barrier = new CyclicBarrier(count + 1);
        AtomicReference<Throwable> failure = new AtomicReference<>();
        List<Thread> threads = new ArrayList<>();
        for (int t = 0; t < count; t++) {
            int first = t;
            Thread thread = new Thread(
                    () -> {
                        try {
                            EntryWriter writer = new EntryWriter(engine, values);
                            LatencyHistogram own = new LatencyHistogram();
                            barrier.await();
                            writer.putEach(order, first, count, own);
                            synchronized (latencies) {
                                latencies.add(own);
                            }
                        } catch (Throwable e) { // the run ends with it, below
                            failure.compareAndSet(null, e);
                        }
                    },
                    "writer-" + t);
            thread.start();
            threads.add(thread);
        }
        try {
            barrier.await();
            long start = System.nanoTime();
            for (Thread thread : threads) {
                thread.join();
            }
            long elapsed = System.nanoTime() - start;
            if (failure.get() != null) {
                throw new IllegalStateException("a writer failed", failure.get());
            }
            return elapsed;
        } catch (InterruptedException | BrokenBarrierException e) {
            throw new IllegalStateException("interrupted", e);
        }
    }

    /** First half of {@link Workload#REPLAY}: fills, and leaves the store open, for the caller to halt the process. */
    public void fillForReplay(Path directory) {
        int[] order = shuffled(0);
        Engine engine = open(directory, false, true);
        new EntryWriter(engine, values).putEach(order, 0, 1);
        new EntryReader(engine, values).checkSample(order);
    }

    /** Second half, in a fresh process: times the open alone, then checks that nothing is missing. */
    public Measurement reopen(Path directory) {
        long start = System.nanoTime();
        Engine engine = open(directory, false, true);
        long elapsed = System.nanoTime() - start;
        try (engine) {
            new EntryReader(engine, values).checkSample(shuffled(0));
            return new Measurement(1, elapsed, null, engine.describe());
        }
    }
}
