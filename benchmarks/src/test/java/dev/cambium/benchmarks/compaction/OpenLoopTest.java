package dev.cambium.benchmarks.compaction;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cambium.benchmarks.LatencyHistogram;
import dev.cambium.benchmarks.StallWatch;
import java.util.List;
import org.junit.jupiter.api.Test;

class OpenLoopTest {
    private static final long MILLI = 1_000_000;

    private final long[] now = {7 * MILLI}; // nothing begins at 0
    private final OpenLoopLatencies latencies = new OpenLoopLatencies();

    /** A thousand requests a second, each of which takes 200 to 300 ns with two looks at the clock, but for the one of that number. */
    private long run(long millis, int slowRequest, long slowNanos) {
        int[] count = {0};
        return new OpenLoop(() -> now[0] += 100, 1000)
                .run(millis * MILLI, () -> now[0] += count[0]++ == slowRequest ? slowNanos : 100, latencies);
    }

    @Test
    void requestsComeAtTheirRateWhateverTheyTake() {
        assertEquals(200, run(200, -1, 0));
        assertEquals(200, latencies.all().count());
        assertEquals(7 * MILLI + 199 * MILLI, now[0], 1000);
        assertEquals(250, latencies.all().maxNanos(), 60);
    }

    @Test
    void aSlowRequestMakesThoseBehindItLate() {
        assertEquals(200, run(200, 100, 20 * MILLI));
        LatencyHistogram all = latencies.all();
        assertEquals(20 * MILLI, all.maxNanos(), 1000);
        // One every millisecond was held back: 20 of 200, by 20 ms to 1 ms.
        assertEquals(250, all.atShare(0.89), 60);
        assertEquals(10 * MILLI, all.atShare(0.95), 1.1 * MILLI);
    }

    @Test
    void requestsThatOverlapAStallAreCountedApart() {
        long start = now[0];
        run(200, 100, 20 * MILLI);
        long slow = start + 100 * MILLI;
        assertEquals(20 * MILLI, without(0).maxNanos(), 1000, "no stall, nothing apart");
        StallWatch.Stall stall = new StallWatch.Stall(slow + 10 * MILLI, slow + 20 * MILLI);
        LatencyHistogram left = without(0, new StallWatch.Stall(start, start + MILLI), stall);
        // Those that were meant to begin within it, and the slow one itself; all of them are done after it.
        assertEquals(180, left.count(), 1);
        assertTrue(left.maxNanos() < OpenLoopLatencies.FAST_NANOS, "at most the end of the queue");
        assertEquals(200, latencies.all().count());
    }

    @Test
    void theWakeOfAStallReachesToTheEndOfTheQueueBehindIt() {
        long start = now[0];
        latencies.record(start, start + 5 * MILLI); // the stall
        latencies.record(start + 6 * MILLI, start + 9 * MILLI); // in the queue behind it
        latencies.record(start + 26 * MILLI, start + 27 * MILLI);
        latencies.record(start + 40 * MILLI, start + 40 * MILLI + 100);
        StallWatch.Stall stall = new StallWatch.Stall(start, start + 5 * MILLI);
        assertEquals(3 * MILLI, without(0, stall).maxNanos());
        assertEquals(3, without(0, stall).count());
        assertEquals(MILLI, without(4, stall).maxNanos());
        assertEquals(2, without(4, stall).count());
        // A short one within the wake of a long one does not end it.
        StallWatch.Stall shorter = new StallWatch.Stall(start + 5 * MILLI + 1, start + 5 * MILLI + 2);
        assertEquals(2, without(4, stall, shorter).count());
    }

    @Test
    void slowRequestsBeyondTheRoomStayWithTheRest() {
        OpenLoopLatencies few = new OpenLoopLatencies(1);
        few.record(0, MILLI);
        few.record(MILLI, 3 * MILLI);
        LatencyHistogram left = few.without(List.of(new StallWatch.Stall(0, 3 * MILLI)), 0);
        assertEquals(1, left.count());
        assertEquals(2 * MILLI, left.maxNanos());
    }

    private LatencyHistogram without(double wake, StallWatch.Stall... stalls) {
        return latencies.without(List.of(stalls), wake);
    }

    @Test
    void aRateOfNothingIsRefused() {
        assertThrows(IllegalArgumentException.class, () -> new OpenLoop(() -> 0, 0));
        assertThrows(IllegalArgumentException.class, () -> new OpenLoop(() -> 0, Double.NaN));
    }
}
