package dev.cambium.testkit.runtime;

import dev.cambium.segment.runtime.RandomSource;
import java.util.List;

/**
 * A stream of numbers fixed by its seed, the same on every JDK and machine: SplitMix64 (Steele, Lea, Flood, 2014).
 *
 * <p>Threads: safe for any, though only one thread at a time gets a repeatable sequence.
 */
public final class SeededRandom implements RandomSource {
    private static final long GOLDEN_GAMMA = 0x9E37_79B9_7F4A_7C15L;

    private long state;

    public SeededRandom(long seed) {
        this.state = seed;
    }

    /** A number that depends on both arguments, so that parts of a test can have seeds of their own. */
    public static long mix(long seed, long part) {
        return scramble(scramble(seed) + GOLDEN_GAMMA * (part + 1));
    }

    @Override
    public synchronized long nextLong() {
        state += GOLDEN_GAMMA;
        return scramble(state);
    }

    /** A number of [0, bound). */
    public int nextInt(int bound) {
        if (bound <= 0) {
            throw new IllegalArgumentException("bound is " + bound + ", must be positive");
        }
        return (int) Long.remainderUnsigned(nextLong(), bound);
    }

    /** A number of [low, high], both included. */
    public int between(int low, int high) {
        if (high < low) {
            throw new IllegalArgumentException("the range [" + low + ", " + high + "] is empty");
        }
        return low + (int) Long.remainderUnsigned(nextLong(), (long) high - low + 1);
    }

    /** True in {@code percent} of a hundred calls. */
    public boolean chance(int percent) {
        return nextInt(100) < percent;
    }

    /** Any element of a list that has one. */
    public <T> T pick(List<T> list) {
        return list.get(nextInt(list.size()));
    }

    private static long scramble(long z) {
        z = (z ^ (z >>> 30)) * 0xBF58_476D_1CE4_E5B9L;
        z = (z ^ (z >>> 27)) * 0x94D0_49BB_1331_11EBL;
        return z ^ (z >>> 31);
    }
}
