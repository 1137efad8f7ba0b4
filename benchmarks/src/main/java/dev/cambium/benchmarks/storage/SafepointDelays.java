package dev.cambium.benchmarks.storage;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordingFile;

/**
 * Times to safepoint, in microseconds, while something was done: how long the JVM waited till all threads stood still, which is how much
 * longer each of its pauses is for whoever else is running.
 *
 * @param rate of what was done, as that says
 */
record SafepointDelays(double rate, double median, double percentile99, double most) {
    private static final String EVENT = "jdk.SafepointStateSynchronization";
    private static final long BETWEEN_NANOS = 2_000_000;

    interface Work {
        /** Returns how much it did a second. */
        double run() throws IOException;
    }

    /** Has the JVM stand still every two milliseconds while something is done. */
    static SafepointDelays during(Work work) throws IOException {
        AtomicBoolean ended = new AtomicBoolean();
        Thread asking = new Thread(() -> {
            while (!ended.get()) {
                ManagementFactory.getThreadMXBean().findDeadlockedThreads();
                LockSupport.parkNanos(BETWEEN_NANOS);
            }
        });
        try (Recording recording = new Recording()) {
            recording.enable(EVENT).withoutThreshold();
            recording.start();
            asking.start();
            double rate;
            try {
                rate = work.run();
            } finally {
                ended.set(true);
                join(asking);
            }
            recording.stop();
            return of(rate, recording);
        }
    }

    private static void join(Thread thread) {
        try {
            thread.join();
        } catch (InterruptedException e) {
            throw new IllegalStateException("interrupted", e);
        }
    }

    private static SafepointDelays of(double rate, Recording recording) throws IOException {
        Path file = Files.createTempFile("safepoints", ".jfr");
        try {
            recording.dump(file);
            double[] delays = RecordingFile.readAllEvents(file).stream()
                    .filter(event -> event.getEventType().getName().equals(EVENT))
                    .mapToDouble(event -> event.getDuration().toNanos() / 1e3)
                    .toArray();
            if (delays.length == 0) {
                return new SafepointDelays(rate, 0, 0, 0);
            }
            Arrays.sort(delays);
            return new SafepointDelays(
                    rate, delays[delays.length / 2], delays[delays.length * 99 / 100], delays[delays.length - 1]);
        } finally {
            Files.delete(file);
        }
    }
}
