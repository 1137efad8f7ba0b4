package dev.cambium.testkit.runtime;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cambium.segment.runtime.Environment;
import dev.cambium.testkit.SimulatedEnvironment;
import dev.cambium.testkit.disk.SimulatedDisk;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class RuntimeTest {
    @Test
    void stepRunsOnlyWhenAskedFor() {
        List<String> ran = new ArrayList<>();
        StepExecutor executor = new StepExecutor(StepExecutor.Mode.MANUAL);
        executor.execute(() -> {
            ran.add("one");
            executor.execute(() -> ran.add("three"));
            assertFalse(executor.runNext(), "a step ran inside another");
        });
        executor.execute(() -> ran.add("two"));
        assertEquals(List.of(), ran);
        assertTrue(executor.runNext());
        assertEquals(List.of("one"), ran);
        assertEquals(2, executor.runAll());
        assertEquals(List.of("one", "two", "three"), ran);
    }

    @Test
    void inlineStepRunsBeforeExecuteReturnsAndAfterTheRunningStep() {
        List<String> ran = new ArrayList<>();
        StepExecutor executor = new StepExecutor(StepExecutor.Mode.INLINE);
        executor.execute(() -> {
            executor.execute(() -> ran.add("second"));
            ran.add("first");
        });
        assertEquals(List.of("first", "second"), ran);
    }

    @Test
    void closedExecutorDropsSteps() {
        StepExecutor executor = new StepExecutor(StepExecutor.Mode.MANUAL);
        executor.execute(() -> {});
        executor.close();
        executor.close();
        executor.execute(() -> {});
        assertEquals(0, executor.runAll());
    }

    @Test
    void closeWaitsForTheStepThatRuns() throws InterruptedException {
        StepExecutor executor = new StepExecutor(StepExecutor.Mode.MANUAL);
        Thread[] closer = new Thread[1];
        executor.execute(() -> {
            closer[0] = new Thread(executor::close);
            closer[0].start();
            while (!executor.isClosed()) {
                Thread.onSpinWait();
            }
            assertTrue(closer[0].isAlive());
        });
        executor.runNext();
        closer[0].join(10_000);
        assertFalse(closer[0].isAlive());
    }

    @Test
    void clockMovesOnlyByHand() {
        ManualClock clock = new ManualClock();
        long before = clock.nanoTime();
        assertEquals(before, clock.nanoTime());
        clock.advance(Duration.ofSeconds(2));
        assertEquals(before + 2_000_000_000L, clock.nanoTime());
        assertEquals(ManualClock.FIRST_WALL_MILLIS + 2000, clock.wallMillis());
        clock.setWallMillis(5);
        assertEquals(5, clock.wallMillis());
        assertEquals(before + 2_000_000_000L, clock.nanoTime());
        assertThrows(IllegalArgumentException.class, () -> clock.advance(Duration.ofNanos(-1)));
    }

    @Test
    void tickingClockMovesWithEachLook() {
        ManualClock clock = new ManualClock(3);
        assertEquals(3, clock.nanoTime());
        assertEquals(6, clock.nanoTime());
    }

    @Test
    void parkedThreadRunsBackgroundStepsElseTimePasses() {
        SimulatedEnvironment simulated = new SimulatedEnvironment(new SimulatedDisk(1), 1, StepExecutor.Mode.MANUAL);
        Environment environment = simulated.environment();
        environment.parker().park(this);
        assertEquals(1_000_000, simulated.clock().nanoTime());
        List<String> ran = new ArrayList<>();
        environment.executor().get().execute(() -> ran.add("step"));
        environment.parker().park(this);
        assertEquals(List.of("step"), ran);
        assertEquals(1_000_000, simulated.clock().nanoTime());
    }

    @Test
    void waitWithoutEndIsReported() {
        SteppingParker parker = new SteppingParker(new ManualClock(), () -> null);
        assertThrows(IllegalStateException.class, () -> {
            for (; ; ) {
                parker.park("nothing");
            }
        });
    }

    @Test
    void seedFixesTheSequence() {
        SeededRandom one = new SeededRandom(0);
        assertEquals(0xE220_A839_7B1D_CDAFL, one.nextLong(), "SplitMix64's first number of seed 0");
        assertEquals(new SeededRandom(7).nextLong(), new SeededRandom(7).nextLong());
        assertNotEquals(SeededRandom.mix(1, 1), SeededRandom.mix(1, 2));
        for (int i = 0; i < 1000; i++) {
            int number = one.between(-2, 2);
            assertTrue(number >= -2 && number <= 2);
        }
    }
}
