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
 * One run of a workload inside this JVM: the workload once for the JIT's sake, with a million entries at most, in a directory of its own
 * that is deleted, then once more against the clock. What was written is checked after each.
 */
public final class WorkloadRun {
    private static final long IDLE_MILLIS = 5_000;
    private static final int MOST_WARM_UP = 1_000_000;

    private final EngineOpener opener;
    private final WorkloadPlan plan;
    private final Values values;
    private final long idleMillis;

    public WorkloadRun(EngineOpener opener, WorkloadPlan plan) {
        this(opener, plan, IDLE_MILLIS);
    }

    /** @param idleMillis between the fill and reads */
    WorkloadRun(EngineOpener opener, WorkloadPlan plan, long idleMillis) {
        this.idleMillis = idleMillis;
        this.opener = opener;
        this.plan = plan;
        this.values = new Values(plan.valueLength());
    }

    /** Warms up, then measures; for all workloads but those that time an open. */
    public Measurement run(Path directory) {
        if (plan.workload().isOpen()) {
            throw new IllegalArgumentException(plan.workload() + " takes two processes: fill, reopen");
        }
        if (!plan.workload().isSize()) {
            once(directory.resolve("warm-up"), Math.min(plan.entries(), MOST_WARM_UP));
            Directories.delete(directory.resolve("warm-up"));
            System.gc();
        }
        return once(directory.resolve("measured"), plan.entries());
    }

    private Measurement once(Path directory, int entries) {
        Workload workload = plan.workload();
        int[] order = workload == Workload.FILLSEQ ? Permutation.ascending(entries) : shuffled(0, entries);
        int passes = workload.passes(entries);
        int[] readOrder = workload.isRead() ? shuffled(1, entries) : null;
        LatencyHistogram latencies = workload.hasLatencies() ? new LatencyHistogram() : null;
        String description;
        long cost;
        long writtenBefore = workload == Workload.WRITTEN ? ProcessCounters.deviceWriteBytes() : 0;
        StallWatch watch = latencies == null ? null : StallWatch.start();
        Latencies stalls = null;
        try (Engine engine = open(directory, workload.isForced(), false)) {
            cost = fill(engine, order, latencies);
            stalls = watch == null ? null : watch.end();
            new EntryReader(engine, values).checkSample(order);
            if (workload.isRead()) {
                engine.settle();
                idle();
                long start = System.nanoTime();
                for (int pass = 0; pass < passes; pass++) {
                    read(engine, readOrder);
                }
                cost = System.nanoTime() - start;
            } else if (workload == Workload.WRITTEN) {
                fill(engine, shuffled(1, entries), null);
                engine.settle();
            } else if (workload == Workload.SIZE) {
                engine.compact();
                engine.settle();
            }
            description = engine.describe();
        }
        if (workload.isSize()) {
            long bytes = workload == Workload.WRITTEN
                    ? ProcessCounters.deviceWriteBytes() - writtenBefore
                    : Directories.bytes(directory);
            return new Measurement(1, bytes, null, null, description);
        }
        return new Measurement(
                (long) passes * order.length,
                cost,
                latencies == null ? null : latencies.summary(),
                stalls,
                description);
    }

    private void read(Engine engine, int[] order) {
        EntryReader reader = new EntryReader(engine, values);
        switch (plan.workload()) {
            case READRANDOM -> reader.getPresent(order, 0, 1);
            case READRANDOM2 ->
                byThreads(plan.workload().threads(), (first, count) -> new EntryReader(engine, values)
                        .getPresent(order, first, count));
            case READMISSING -> reader.getAbsent(order);
            case READSEQ -> reader.scan(order.length, true);
            case READREVERSE -> reader.scan(order.length, false);
            case SEEK10 -> reader.seekAll(order, Workload.ENTRIES_A_SEEK);
            case MIXED50 -> mixed(engine, reader, order, 2);
            case MIXED95 -> mixed(engine, reader, order, 20);
            default -> throw new IllegalArgumentException(plan.workload() + " reads nothing");
        }
    }

    /** Every {@code period}th operation is a put, the others are gets. */
    private void mixed(Engine engine, EntryReader reader, int[] order, int period) {
        EntryWriter writer = new EntryWriter(engine, values);
        for (int i = 0; i < order.length; i++) {
            if (i % period == 0) {
                writer.putEach(order, i, order.length);
            } else {
                reader.getPresent(order, i, order.length);
            }
        }
    }

    /** As long for every engine: what it does for readers while nobody writes, it may do now. */
    private void idle() {
        try {
            Thread.sleep(idleMillis);
        } catch (InterruptedException e) {
            throw new IllegalStateException("interrupted", e);
        }
    }

    private int[] shuffled(int which) {
        return shuffled(which, plan.entries());
    }

    private int[] shuffled(int which, int entries) {
        return Permutation.random(entries, plan.seed() + which);
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
        if (threads > 1 && !plan.workload().isRead()) {
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
        return byThreads(count, (first, step) -> {
            LatencyHistogram own = new LatencyHistogram();
            new EntryWriter(engine, values).putEach(order, first, step, own);
            synchronized (latencies) {
                latencies.add(own);
            }
        });
    }

    /** One thread's share: every {@code count}th entry from {@code first} on. */
    private interface Share {
        void run(int first, int count);
    }

    /** Runs the shares of so many threads at once; returns how long that took. */
    private static long byThreads(int count, Share share) {
        CyclicBarrier barrier = new CyclicBarrier(count + 1);
        AtomicReference<Throwable> failure = new AtomicReference<>();
        List<Thread> threads = new ArrayList<>();
        for (int t = 0; t < count; t++) {
            int first = t;
            Thread thread = new Thread(
                    () -> {
                        try {
                            barrier.await();
                            share.run(first, count);
                        } catch (Throwable e) { // the run ends with it, below
                            failure.compareAndSet(null, e);
                        }
                    },
                    "worker-" + t);
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
            if (failure.get() instanceof WrongDataException wrong) {
                throw wrong;
            }
            if (failure.get() != null) {
                throw new IllegalStateException("a thread failed", failure.get());
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

    /** First half of {@link Workload#OPEN}. */
    public void fillAndClose(Path directory) {
        int[] order = shuffled(0);
        try (Engine engine = open(directory, false, false)) {
            new EntryWriter(engine, values).putEach(order, 0, 1);
            new EntryReader(engine, values).checkSample(order);
        }
    }

    /** Second half, in a fresh process: times the open alone, then checks that nothing is missing. */
    public Measurement reopen(Path directory) {
        long start = System.nanoTime();
        Engine engine = open(directory, false, plan.workload() == Workload.REPLAY);
        long elapsed = System.nanoTime() - start;
        try (engine) {
            new EntryReader(engine, values).checkSample(shuffled(0));
            return new Measurement(1, elapsed, null, null, engine.describe());
        }
    }
}
