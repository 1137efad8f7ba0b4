package dev.cambium.run;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cambium.segment.runtime.Parker;
import dev.cambium.testkit.runtime.ManualClock;
import java.time.Duration;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** A writer that the background can keep up with is let be; one that comes faster is slowed down to what it can do. */
class WritePaceTest {
    private static final long MEMTABLE_BYTES = 4 << 20;

    /** Bytes of pages that the lane does in a millisecond: 100 MiB a second, in steps of ten milliseconds. */
    private static final long WORK_PER_MILLI = 100 << 10;

    private static final int STEP_MILLIS = 10;

    /** Work for each byte that is written: so the writer may come at a quarter of the lane's rate. */
    private static final int WORK_OF_BYTE = 4;

    private static final double SUSTAINED_PER_NANO = WORK_PER_MILLI / 1e6 / WORK_OF_BYTE;

    private final ManualClock clock = new ManualClock();
    private int sleeps;
    private final Parker parker = new Parker() {
        @Override
        public void park(Object blocker) {
            throw new AssertionError("waits for somebody");
        }

        @Override
        public void parkNanos(Object blocker, long nanos) {
            sleeps++;
            clock.advance(Duration.ofNanos(nanos));
        }

        @Override
        public void unpark(Thread thread) {
            throw new AssertionError("wakes somebody");
        }
    };
    private final WritePace pace = new WritePace(clock, parker);

    // The lane: what it has to do, and what it is at.
    private double owed;
    private long stepEnds;
    private double workOfStep;
    private double mostLeft; // of the lane's work, when the next memtable was full

    /** Lets the lane do what it would have done by now. */
    private void runLane() {
        while (workOfStep > 0 && stepEnds <= clock.nanoTime() || workOfStep == 0 && owed > 0) {
            if (workOfStep > 0) {
                owed -= workOfStep;
                pace.stepEnded(0, (long) workOfStep);
                pace.owes((long) owed);
            }
            workOfStep = Math.min(owed, STEP_MILLIS * WORK_PER_MILLI);
            if (workOfStep > 0) {
                pace.stepBegins();
                stepEnds = clock.nanoTime() + (long) (workOfStep / WORK_PER_MILLI * 1e6);
            }
        }
    }

    /**
     * Writes some memtables, each of which leaves the lane work once it is full, at a multiple of the rate that can be kept up.
     *
     * @param burst writes that come at once, with a pause behind them that makes up for it
     * @return the rate that came of it, as a multiple of that rate
     */
    private double write(double multiple, int memtables, int bytesEach, int burst) {
        long began = clock.nanoTime();
        long room = MEMTABLE_BYTES;
        long total = 0;
        double pause = 0;
        for (int full = 0, inBurst = 0; full < memtables; ) {
            runLane();
            pace(pace, bytesEach, 0, room);
            pause += bytesEach / (SUSTAINED_PER_NANO * multiple);
            if (++inBurst == burst) {
                for (double left = pause; left > 0; left -= 100_000) {
                    clock.advance(Duration.ofNanos((long) Math.min(left, 100_000)));
                    runLane();
                }
                pause = 0;
                inBurst = 0;
            }
            room -= bytesEach;
            total += bytesEach;
            if (room <= 0) {
                room += MEMTABLE_BYTES;
                mostLeft = Math.max(mostLeft, owed);
                owed += MEMTABLE_BYTES * WORK_OF_BYTE;
                pace.owes((long) owed);
                full++;
            }
        }
        return total / ((clock.nanoTime() - began) * SUSTAINED_PER_NANO);
    }

    /** The lane has worked, so that its rate is known. */
    private void measure() {
        owed = 20 * STEP_MILLIS * WORK_PER_MILLI;
        for (int i = 0; i < 400; i++) {
            runLane();
            clock.advance(Duration.ofMillis(1));
        }
        assertTrue(owed <= 0, "the lane is done");
        owed = 0;
        pace.owes(0);
    }

    @Test
    void aWriterAtFourFifthsOfTheRateNeverSleeps() {
        measure();
        double rate = write(0.8, 20, 1000, 1);
        assertEquals(0, sleeps);
        assertEquals(0.8, rate, 0.02);
    }

    @Test
    void neitherDoesOneThatComesInBursts() {
        measure();
        write(0.8, 20, 1000, 20); // of what should take a millisecond
        assertEquals(0, sleeps);
    }

    /** Where nothing was to be done before, nothing is to the writer's credit; then it is what its pauses have made up for. */
    @Test
    void longerBurstsAreSleptInOnceForEachMemtable() {
        measure();
        double rate = write(0.8, 20, 1000, 100);
        assertTrue(sleeps <= 3 * 20, sleeps + " sleeps for 20 memtables in 838 bursts");
        assertEquals(0.8, rate, 0.03);
    }

    @Test
    void aWriterOfTenTimesTheRateIsSlowedDownToAboutTheRate() {
        measure();
        double rate = write(10, 20, 1000, 1);
        assertTrue(sleeps > 100, sleeps + " sleeps");
        assertTrue(rate > 0.8 && rate < 1.3, "came at " + rate + " of what can be kept up");
        double ofMemtable = MEMTABLE_BYTES * WORK_OF_BYTE;
        assertTrue(mostLeft < 0.3 * ofMemtable, mostLeft / ofMemtable + " of the work was left when there was no room");
    }

    @Test
    void nobodySleepsWhereThereIsNothingToDo() {
        measure();
        for (int i = 0; i < 100_000; i++) {
            pace(pace, 1000, 0, MEMTABLE_BYTES);
        }
        assertEquals(0, sleeps);
    }

    @Test
    void nobodySleepsWhereNoStepHasBeenMeasured() {
        pace.owes(1L << 40);
        for (int i = 0; i < 100_000; i++) {
            pace(pace, 1000, 1L << 40, 0);
        }
        assertEquals(0, sleeps);
    }

    /** A millisecond at a time, whatever has piled up: nobody waits here for long. */
    @Test
    void aWriteSleepsAMillisecondAtMost() {
        measure();
        pace.stepBegins();
        pace.owes(1L << 40);
        Random random = new Random(1);
        for (int i = 0; i < 1000; i++) {
            long before = clock.nanoTime();
            pace(pace, 1 + random.nextInt(1 << 20), 1L << 40, 0);
            assertTrue(clock.nanoTime() - before <= 1_000_000);
        }
        assertTrue(sleeps > 500, sleeps + " sleeps");
        sleeps = 0;
        pace.owes(0);
        pace(pace, 1 << 20, 0, MEMTABLE_BYTES);
        pace.owes(1000);
        pace(pace, 1 << 20, 0, MEMTABLE_BYTES);
        assertEquals(0, sleeps, "what has been done is forgotten");
    }

    /** A parker that returns at once, as it does where the thread is interrupted, delays nobody and breaks nothing. */
    @Test
    void aSleepThatIsCutShortIsTriedAgainWithTheNextWrites() {
        Parker impatient = new Parker() {
            @Override
            public void park(Object blocker) {}

            @Override
            public void parkNanos(Object blocker, long nanos) {
                sleeps++;
            }

            @Override
            public void unpark(Thread thread) {}
        };
        WritePace other = new WritePace(clock, impatient);
        other.stepBegins();
        clock.advance(Duration.ofMillis(10));
        other.stepEnded(0, 10 * WORK_PER_MILLI);
        other.owes(1000 * WORK_PER_MILLI);
        other.stepBegins();
        for (int i = 0; i < 100; i++) {
            pace(other, 8 << 10, 0, MEMTABLE_BYTES);
        }
        assertTrue(sleeps > 10 && sleeps <= 100, sleeps + " sleeps for a hundred writes");
    }

    /** Merges that leave values where they are write next to nothing in their time. */
    @Test
    void mergesThatWriteLittleDoNotMakeFlushesLookSlow() {
        for (int i = 0; i < 20; i++) {
            pace.stepBegins();
            clock.advance(Duration.ofMillis(10));
            pace.stepEnded(10 * WORK_PER_MILLI, 0);
            pace.stepBegins();
            clock.advance(Duration.ofMillis(100));
            pace.stepEnded(0, WORK_PER_MILLI / 100);
        }
        pace.owes(0);
        pace.stepBegins();
        long began = clock.nanoTime();
        long sealed = MEMTABLE_BYTES / 2; // which takes 20 milliseconds
        for (long written = 0; written < MEMTABLE_BYTES; written += 4 << 10) {
            pace(pace, 4 << 10, sealed, MEMTABLE_BYTES - written);
        }
        long nanos = clock.nanoTime() - began;
        assertTrue(nanos < 25_000_000, "held up for " + nanos + " ns by what takes 20 ms");
    }

    /** As the commit leader does. */
    private static void pace(WritePace pace, long bytes, long sealedWork, long room) {
        if (pace.noteWritten(bytes)) {
            pace.pace(sealedWork, room);
        }
    }
}
