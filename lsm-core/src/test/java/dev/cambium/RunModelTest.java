package dev.cambium;

import dev.cambium.testkit.runtime.SeededRandom;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A store of small memtables and pages beside a sorted map: random writes, reads, snapshots, cursors that stay open, flushes, reopens
 * and kills, with background steps inline or by chance.
 */
class RunModelTest {
    /** One store and its map. */
    private static final class Trial extends RunModelTrial {
        private final int mostValueBytes;
        private int values;

        Trial(long seed) {
            this(new SeededRandom(seed), seed);
        }

        private Trial(SeededRandom random, long seed) {
            super(
                    random,
                    random.pick(List.of(5, 60, 1000)),
                    SmallStore.SMALL
                            .withMemtableBytes(random.pick(List.of(4 << 10, 4 << 10, 64 << 10, 1 << 20)))
                            .withMergeThreads(random.between(1, 3)),
                    seed);
            mostValueBytes = random.pick(List.of(20, 200, 1500));
        }

        @Override
        byte[] value() {
            int length = random.chance(3) ? 5 * mostValueBytes : random.between(0, mostValueBytes);
            return SmallStore.noise(++values, length).getBytes(StandardCharsets.US_ASCII);
        }

        private void run(int operations) {
            try (small) {
                for (int i = 0; i < operations; i++) {
                    operate(random.nextInt(1000));
                    stepByChance(30);
                }
                compareAll();
                reopen();
            }
        }

        private void operate(int dice) {
            if (dice < 450) {
                put();
            } else if (dice < 600) {
                delete();
            } else if (dice < 680) {
                batch(12, 1);
            } else if (dice < 800) {
                get();
            } else if (dice < 860) {
                walk();
            } else if (dice < 880) {
                hold();
            } else if (dice < 960) {
                useHeld(15);
            } else if (dice < 985) {
                flush();
            } else if (dice < 993) {
                reopen();
            } else {
                kill();
            }
        }
    }

    private static void runSeed(long seed, int operations) {
        try {
            new Trial(seed).run(operations);
        } catch (RuntimeException | AssertionError e) {
            throw new AssertionError("seed " + seed, e);
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7})
    void behavesLikeASortedMapThroughFlushesMergesReopensAndKills(long seed) {
        runSeed(seed, 1500);
    }

    /** The last stretch of a sweep, too small by itself, was merged together with the first one, and what lay behind that was lost. */
    @Test
    void aSweepThatWrapsAroundMergesNoStretchTwice() {
        runSeed(4000, 10_000);
    }

    @Tag("long")
    @ParameterizedTest
    @ValueSource(longs = {1000, 2000, 3000, 4000})
    void behavesLikeASortedMapThroughFiveMillionOperations(long firstSeed) {
        for (long seed = firstSeed; seed < firstSeed + 125; seed++) {
            runSeed(seed, 10_000);
        }
    }
}
