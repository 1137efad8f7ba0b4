package dev.cambium.benchmarks.simulation;

import dev.cambium.benchmarks.Distribution;
import dev.cambium.benchmarks.Permutation;
import java.util.Arrays;
import java.util.Locale;
import java.util.SplittableRandom;

/** What is written to a store that has been filled. */
public enum Traffic {
    /** Any key as often as any other. */
    UNIFORM {
        @Override
        int[] draw(int entries, int count, long seed) {
            return puts(Distribution.UNIFORM.draw(entries, count, seed));
        }
    },

    /** Some keys much more than others; which, the order of keys does not tell. */
    ZIPFIAN {
        @Override
        int[] draw(int entries, int count, long seed) {
            int[] places = Permutation.random(entries, 1);
            return puts(Arrays.stream(Distribution.ZIPFIAN.draw(entries, count, seed))
                    .map(number -> places[number])
                    .toArray());
        }
    },

    /** A tenth of the keys, next to each other. */
    HOT_RANGE {
        @Override
        int[] draw(int entries, int count, long seed) {
            return puts(new SplittableRandom(seed)
                    .ints(count, entries / 2, entries / 2 + entries / 10)
                    .toArray());
        }
    },

    /** New keys, each above all before it. */
    TIME_ORDERED {
        @Override
        int[] draw(int entries, int count, long seed) {
            int[] keys = new int[count];
            Arrays.setAll(keys, i -> entries + i);
            return puts(keys);
        }
    },

    /** Any key, deleted as often as put. */
    DELETE_HEAVY {
        @Override
        int[] draw(int entries, int count, long seed) {
            SplittableRandom random = new SplittableRandom(seed);
            int[] writes = new int[count];
            Arrays.setAll(writes, i -> {
                int key = random.nextInt(entries);
                return random.nextBoolean() ? Write.put(key) : Write.delete(key);
            });
            return writes;
        }
    };

    /** {@linkplain Write Writes} to a store that has the keys from 0 to {@code entries - 1}. */
    abstract int[] draw(int entries, int count, long seed);

    /** The keys of so many writes, in order; deletes are as good as puts here. */
    public int[] keys(int entries, int count, long seed) {
        return Arrays.stream(draw(entries, count, seed)).map(Write::key).toArray();
    }

    private static int[] puts(int[] keys) {
        return Arrays.stream(keys).map(Write::put).toArray();
    }

    /** The name in tables. */
    public String title() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
