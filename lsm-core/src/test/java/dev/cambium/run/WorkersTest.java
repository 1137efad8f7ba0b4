package dev.cambium.run;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cambium.error.StoreException;
import dev.cambium.segment.runtime.BackgroundExecutor;
import dev.cambium.testkit.runtime.StepExecutor;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Parts of a step at the same time. */
@Timeout(60)
class WorkersTest {
    private final List<String> log = new ArrayList<>();

    /** A lane with a thread. */
    private record ThreadLane(ExecutorService thread) implements BackgroundExecutor {
        ThreadLane() {
            this(Executors.newSingleThreadExecutor());
        }

        @Override
        public void execute(Runnable step) {
            thread.execute(step);
        }

        @Override
        public void executeLater(Runnable step, long nanos) {
            throw new UnsupportedOperationException();
        }

        @Override
        public void close() {
            thread.shutdown();
        }
    }

    private Runnable say(String what) {
        return () -> log.add(what);
    }

    private static Runnable fail(RuntimeException failure) {
        return () -> {
            throw failure;
        };
    }

    @Test
    void partsThatNoLaneHasBegunAreRunInOrderByWhoAsksAndNotAgain() {
        StepExecutor lane = new StepExecutor(StepExecutor.Mode.MANUAL);
        StepExecutor other = new StepExecutor(StepExecutor.Mode.MANUAL);
        Workers workers = new Workers(List.of(lane, other));
        assertEquals(3, workers.count());
        workers.runAll(List.of(say("a"), say("b"), say("c")));
        assertEquals(List.of("a", "b", "c"), log);
        assertEquals(1, lane.runAll() * other.runAll(), "each was told");
        assertEquals(List.of("a", "b", "c"), log);
        workers.runAll(List.of(say("d")));
        workers.runAll(List.of());
        assertEquals(List.of("a", "b", "c", "d"), log);
        assertEquals(0, lane.waiting());
    }

    @Test
    void partsRunAtTheSameTime() {
        CountDownLatch met = new CountDownLatch(3);
        Thread[] threads = new Thread[3];
        try (ThreadLane one = new ThreadLane();
                ThreadLane other = new ThreadLane()) {
            List<Runnable> parts = new ArrayList<>();
            for (int i = 0; i < 3; i++) {
                int part = i;
                parts.add(() -> {
                    threads[part] = Thread.currentThread();
                    met.countDown();
                    try {
                        assertTrue(met.await(30, TimeUnit.SECONDS), "all three are there");
                    } catch (InterruptedException e) {
                        throw new IllegalStateException(e);
                    }
                });
            }
            new Workers(List.of(one, other)).runAll(parts);
        }
        assertSame(Thread.currentThread(), threads[0]);
        assertEquals(3, List.of(threads).stream().distinct().count());
    }

    @Test
    void theFailureOfTheFirstIsThrownOnceAllHaveEnded() {
        StoreException first = new StoreException("first");
        StoreException second = new StoreException("second");
        StepExecutor lane = new StepExecutor(StepExecutor.Mode.MANUAL);
        Workers workers = new Workers(List.of(lane, lane, lane));
        StoreException thrown = assertThrows(
                StoreException.class, () -> workers.runAll(List.of(say("a"), fail(first), say("c"), fail(second))));
        assertSame(first, thrown);
        assertArrayEquals(new Throwable[] {second}, thrown.getSuppressed());
        assertEquals(List.of("a", "c"), log);
        assertThrows(
                AssertionError.class,
                () -> workers.runAll(List.of(() -> {
                    throw new AssertionError("as it is");
                })));
    }

    @Test
    void whereALaneTakesNothingItsPartIsRunByWhoAsks() {
        BackgroundExecutor noThread = new BackgroundExecutor() {
            @Override
            public void execute(Runnable step) {
                throw new OutOfMemoryError("unable to create native thread (injected)");
            }

            @Override
            public void executeLater(Runnable step, long nanos) {
                throw new UnsupportedOperationException();
            }

            @Override
            public void close() {}
        };
        StepExecutor lane = new StepExecutor(StepExecutor.Mode.MANUAL);
        new Workers(List.of(noThread, lane)).runAll(List.of(say("a"), say("b"), say("c")));
        assertEquals(List.of("a", "b", "c"), log);
    }

    @Test
    void anInterruptLeavesNothingHalfDoneAndIsKept() throws InterruptedException {
        CountDownLatch begun = new CountDownLatch(1);
        CountDownLatch goOn = new CountDownLatch(1);
        try (ThreadLane lane = new ThreadLane()) {
            Thread asks = Thread.currentThread();
            Thread helper = new Thread(() -> {
                asks.interrupt();
                goOn.countDown();
            });
            new Workers(List.of(lane))
                    .runAll(List.of(
                            () -> {
                                await(begun); // so that the lane has its part
                                helper.start();
                            },
                            () -> {
                                begun.countDown();
                                await(goOn);
                                log.add("whole");
                            }));
            assertTrue(Thread.interrupted());
            helper.join();
        }
        assertEquals(List.of("whole"), log);
    }

    private static void await(CountDownLatch latch) {
        try {
            assertTrue(latch.await(30, TimeUnit.SECONDS));
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }
}
