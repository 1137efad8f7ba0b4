package dev.cambium.benchmarks.compaction;

import dev.cambium.benchmarks.LatencyHistogram;
import dev.cambium.benchmarks.StallWatch;
import java.util.ArrayList;
import java.util.List;

/**
 * Latencies from the intended time of each request, in order of time; the slow ones one by one, so that those can be told apart that overlap
 * what a machine did to any thread. Recording allocates nothing. For one thread.
 */
final class OpenLoopLatencies {
    /** Requests that took no longer are never counted apart. */
    static final long FAST_NANOS = 20_000;

    private static final int MOST_SLOW = 8 << 20;

    private final LatencyHistogram all = new LatencyHistogram();
    private final LatencyHistogram kept = new LatencyHistogram(); // fast, or slow when there was no more room
    private final long[] intended;
    private final long[] completed;
    private int slow;

    OpenLoopLatencies() {
        this(MOST_SLOW);
    }

    /** @param mostSlow how many slow ones it has room for; those beyond count as if there had been no stall */
    OpenLoopLatencies(int mostSlow) {
        intended = new long[mostSlow];
        completed = new long[mostSlow];
    }

    void record(long intendedNanos, long completedNanos) {
        long latency = completedNanos - intendedNanos;
        all.record(latency);
        if (latency <= FAST_NANOS || slow == intended.length) {
            kept.record(latency);
        } else {
            intended[slow] = intendedNanos;
            completed[slow++] = completedNanos;
        }
    }

    /** Of all requests. */
    LatencyHistogram all() {
        return all;
    }

    /**
     * Of requests that overlap no stall.
     *
     * @param stalls in order of time
     * @param wake how many times its own length a stall reaches beyond its end: 0, or as long as it takes until the requests that it has held
     *     back are through
     */
    LatencyHistogram without(List<StallWatch.Stall> stalls, double wake) {
        List<StallWatch.Stall> spans = spans(stalls, wake);
        LatencyHistogram found = new LatencyHistogram();
        found.add(kept);
        int next = 0;
        for (int i = 0; i < slow; i++) {
            while (next < spans.size() && spans.get(next).toNanos() < intended[i]) {
                next++;
            }
            boolean overlaps = next < spans.size() && spans.get(next).fromNanos() <= completed[i];
            if (!overlaps) {
                found.record(completed[i] - intended[i]);
            }
        }
        return found;
    }

    /** The times that stalls take with their wakes; those that touch made one. */
    private static List<StallWatch.Stall> spans(List<StallWatch.Stall> stalls, double wake) {
        List<StallWatch.Stall> spans = new ArrayList<>();
        for (StallWatch.Stall stall : stalls) {
            long from = stall.fromNanos();
            long to = stall.toNanos() + (long) (wake * (stall.toNanos() - from));
            StallWatch.Stall last = spans.isEmpty() ? null : spans.get(spans.size() - 1);
            if (last != null && last.toNanos() >= from) {
                spans.set(spans.size() - 1, new StallWatch.Stall(last.fromNanos(), Math.max(to, last.toNanos())));
            } else {
                spans.add(new StallWatch.Stall(from, to));
            }
        }
        return spans;
    }
}
