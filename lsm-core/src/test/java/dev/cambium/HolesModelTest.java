package dev.cambium;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cambium.log.Verification;
import dev.cambium.testkit.disk.OperationKind;
import dev.cambium.testkit.runtime.SeededRandom;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A store beside a sorted map, in which ranges of keys die and holes are punched between operations, while snapshots stay open, the store is
 * reopened, killed, and loses power.
 */
class HolesModelTest {
    private static final int KEYS = 700;

    /** One store and its map. */
    private static final class Trial extends RunModelTrial {
        private int values;
        private long punches; // of lives that are over

        Trial(long seed) {
            this(new SeededRandom(seed), seed);
        }

        private Trial(SeededRandom random, long seed) {
            super(
                    random,
                    KEYS,
                    SmallStore.SMALL
                            .withPageBytes(random.pick(List.of(512, 4 << 10)))
                            .withMemtableBytes(random.pick(List.of(4 << 10, 16 << 10, 64 << 10)))
                            .withMergeThreads(random.between(1, 2)),
                    seed);
        }

        @Override
        byte[] value() {
            int length = random.chance(70) ? random.between(1024, 3000) : random.between(0, 200);
            return SmallStore.noise(++values, length).getBytes(StandardCharsets.US_ASCII);
        }

        private static byte[] key(int number) {
            return ("key" + number).getBytes(StandardCharsets.US_ASCII);
        }

        private void fill() {
            for (int i = 0; i < KEYS; i++) {
                put(key(i));
                stepByChance(50);
            }
        }

        /** Deletes, or overwrites, most keys that begin alike: about eleven, or all that there are. */
        private void killRange() {
            String prefix = "key" + random.nextInt(random.chance(40) ? 10 : 70);
            boolean isDelete = random.chance(70);
            for (int i = 0; i < KEYS; i++) {
                byte[] key = key(i);
                if (new String(key, StandardCharsets.US_ASCII).startsWith(prefix) && random.chance(98)) {
                    if (isDelete) {
                        small.store().delete(key, durability());
                        model.remove(key);
                    } else {
                        put(key);
                    }
                }
            }
        }

        private void run(int operations) {
            try (small) {
                fill();
                for (int i = 0; i < operations; i++) {
                    operate(random.nextInt(1000));
                    stepByChance(60);
                }
                compareAll();
                count();
                reopen();
            }
            assertEquals(List.of(), new Verification(small.disk()).run().findings());
        }

        private void count() {
            punches += small.disk().operations().stream()
                    .filter(operation -> operation.kind() == OperationKind.PUNCH)
                    .count();
        }

        private void operate(int dice) {
            if (dice < 80) {
                killRange();
            } else if (dice < 250) {
                put();
            } else if (dice < 300) {
                delete();
            } else if (dice < 340) {
                batch(12, 1);
            } else if (dice < 500) {
                get();
            } else if (dice < 600) {
                walk();
            } else if (dice < 640) {
                hold();
            } else if (dice < 850) {
                useHeld(15);
            } else if (dice < 900) {
                flush();
            } else if (dice < 960) {
                while (small.executor().waiting() > 0 && small.executor().runNext()) {
                    // all that is due
                }
            } else if (dice < 975) {
                compact();
            } else if (dice < 990) {
                reopen();
            } else {
                count();
                kill();
            }
        }
    }

    private static long runSeed(long seed, int operations) {
        try {
            Trial trial = new Trial(seed);
            trial.run(operations);
            return trial.punches;
        } catch (RuntimeException | AssertionError e) {
            throw new AssertionError("seed " + seed, e);
        }
    }

    @Test
    void behavesLikeASortedMapWhileDeadRangesAreGivenBack() {
        long punches = 0;
        for (long seed = 1; seed <= 6; seed++) {
            punches += runSeed(seed, 400);
        }
        assertTrue(punches >= 20, punches + " holes were punched");
    }

    @Tag("long")
    @ParameterizedTest
    @ValueSource(longs = {1000, 2000, 3000})
    void behavesLikeASortedMapThroughHundredThousandsOfOperations(long firstSeed) {
        for (long seed = firstSeed; seed < firstSeed + 50; seed++) {
            runSeed(seed, 1500);
        }
    }
}
