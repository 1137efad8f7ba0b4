package dev.cambium.benchmarks;

import java.util.Locale;
import java.util.SplittableRandom;

/** How often which entry is meant. */
public enum Distribution {
    /** All as often. */
    UNIFORM {
        @Override
        public int[] draw(int entries, int count, long seed) {
            return new SplittableRandom(seed).ints(count, 0, entries).toArray();
        }
    },

    /**
     * The number {@code n} about as often as {@code 1 / (n + 1)^0.99}: as YCSB does it, after Gray et al., <i>Quickly Generating
     * Billion-Record Synthetic Databases</i>, 1994.
     */
    ZIPFIAN {
        @Override
        public int[] draw(int entries, int count, long seed) {
            double zeta = 0;
            for (int n = 1; n <= entries; n++) {
                zeta += Math.pow(n, -THETA);
            }
            double second = 1 + Math.pow(2, -THETA);
            double eta = (1 - Math.pow(2.0 / entries, 1 - THETA)) / (1 - second / zeta);
            SplittableRandom random = new SplittableRandom(seed);
            int[] numbers = new int[count];
            for (int i = 0; i < count; i++) {
                double drawn = random.nextDouble();
                double share = drawn * zeta;
                numbers[i] = share < 1
                        ? 0
                        : share < second ? 1 : (int) (entries * Math.pow(eta * drawn - eta + 1, 1 / (1 - THETA)));
            }
            return numbers;
        }
    };

    private static final double THETA = 0.99;

    /** Draws {@code count} of the numbers from 0 to {@code entries - 1}. */
    public abstract int[] draw(int entries, int count, long seed);

    /** The name in tables. */
    public String lowerName() {
        return name().toLowerCase(Locale.ROOT);
    }
}
