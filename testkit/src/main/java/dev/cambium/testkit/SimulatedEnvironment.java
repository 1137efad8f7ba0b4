package dev.cambium.testkit;

import dev.cambium.segment.runtime.Environment;
import dev.cambium.testkit.disk.SimulatedDisk;
import dev.cambium.testkit.runtime.ManualClock;
import dev.cambium.testkit.runtime.SeededRandom;
import dev.cambium.testkit.runtime.StepExecutor;
import dev.cambium.testkit.runtime.SteppingParker;

/**
 * One process life for a store under test: a simulated disk, a manual clock, seeded chance and an executor that is stepped.
 *
 * <p>Two environments of equal seed and mode over equal disks make a deterministic store do the same operations in the same
 * order, which is what the crash explorer relies on. For tests with one thread; {@link #environment} may be recombined with
 * {@code Parker.SYSTEM} for others.
 */
public final class SimulatedEnvironment {
    private final SimulatedDisk disk;
    private final ManualClock clock = new ManualClock();
    private final SeededRandom random;
    private final StepExecutor.Mode mode;
    private StepExecutor executor;

    /** An environment whose background steps run inline. */
    public SimulatedEnvironment(SimulatedDisk disk, long seed) {
        this(disk, seed, StepExecutor.Mode.INLINE);
    }

    public SimulatedEnvironment(SimulatedDisk disk, long seed, StepExecutor.Mode mode) {
        this.disk = disk;
        this.random = new SeededRandom(seed);
        this.mode = mode;
    }

    /** What a store is opened with; it may be opened, closed and opened again. */
    public Environment environment() {
        return new Environment(disk, clock, random, new SteppingParker(clock, this::executor), () -> {
            synchronized (this) { // one for all lanes of an open store
                if (executor == null || executor.isClosed()) {
                    executor = new StepExecutor(mode, clock);
                }
                return executor;
            }
        });
    }

    public SimulatedDisk disk() {
        return disk;
    }

    public ManualClock clock() {
        return clock;
    }

    public SeededRandom random() {
        return random;
    }

    /** The executor of the latest open, or null before the first. */
    public synchronized StepExecutor executor() {
        return executor;
    }
}
