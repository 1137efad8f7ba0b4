package dev.cambium;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cambium.log.Verification;
import dev.cambium.segment.manifest.ManifestRecord;
import dev.cambium.segment.manifest.ManifestState;
import dev.cambium.testkit.disk.CrashOutcome;
import dev.cambium.testkit.disk.SimulatedDisk;
import dev.cambium.testkit.runtime.SeededRandom;
import java.nio.charset.StandardCharsets;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A store whose values stand in pages of their own beside a sorted map: each is written many times over, so that stretches of the base are merged
 * and zones of values cleaned all the time, under snapshots that stay open, reopens and kills; files are verified now and then, as they are.
 */
class RunValueModelTest {
    /** One store and its map. */
    private static final class Trial extends RunModelTrial {
        private final int mostValueBytes;
        private final int share; // of a hundred, of values that compress to nearly nothing
        private final Set<Integer> valueZones = new HashSet<>(); // all there have been, as far as was looked
        private boolean hasLostStretches;
        private int values;

        Trial(long seed) {
            this(new SeededRandom(seed), seed);
        }

        private Trial(SeededRandom random, long seed) {
            super(
                    random,
                    random.pick(List.of(60, 300, 700)),
                    SmallStore.SMALL
                            .withPageBytes(random.pick(List.of(512, 2 << 10, 4 << 10)))
                            .withMemtableBytes(random.pick(List.of(16 << 10, 64 << 10, 256 << 10)))
                            .withMergeThreads(random.between(1, 3)),
                    seed);
            mostValueBytes = random.pick(List.of(1100, 5000, 5000));
            share = random.pick(List.of(0, 0, 50));
        }

        @Override
        byte[] value() {
            int length = random.chance(10) ? random.between(0, 1023) : random.between(1024, mostValueBytes);
            String value = random.chance(share)
                    ? String.format("%08d", ++values).repeat(length / 8 + 1)
                    : SmallStore.noise(++values, length);
            return value.getBytes(StandardCharsets.US_ASCII);
        }

        private void run(int operations) {
            try (small) {
                for (int i = 0; i < operations; i++) {
                    operate(random.nextInt(1000));
                    stepByChance(30);
                    if (i % 50 == 0) {
                        look(small.manifest());
                    }
                    if (i % 500 == 499) {
                        verify();
                    }
                }
                compareAll();
                verify();
                reopen();
            }
        }

        /** Overwrites what stands next to each other, as batches of jobs do, or one key. */
        private void operate(int dice) {
            if (dice < 440) {
                put();
            } else if (dice < 520) {
                delete();
            } else if (dice < 740) {
                overwriteStretch();
            } else if (dice < 750) {
                batch(12, 1);
            } else if (dice < 860) {
                get();
            } else if (dice < 880) {
                hold();
            } else if (dice < 960) {
                useHeld(10);
            } else if (dice < 993) {
                flush();
            } else if (dice < 994) {
                compact();
            } else if (dice < 997) {
                reopen();
            } else {
                kill();
            }
        }

        private void overwriteStretch() {
            Map.Entry<byte[], byte[]> next = model.ceilingEntry(key());
            for (int left = random.between(1, 12); left > 0 && next != null; left--) {
                put(next.getKey());
                next = model.higherEntry(next.getKey());
            }
        }

        private void verify() {
            SimulatedDisk now = small.disk().afterCrash(CrashOutcome.EVERYTHING);
            assertEquals(List.of(), new Verification(now).run().findings());
        }

        private void look(ManifestState state) {
            hasLostStretches |= !state.merged().isEmpty();
            for (ManifestRecord.Zone zone : state.zones().values()) {
                if (zone.stream() == ValueWorld.STREAM_VALUES) {
                    valueZones.add(zone.number());
                }
            }
        }
    }

    private static Trial runSeed(long seed, int operations) {
        try {
            Trial trial = new Trial(seed);
            trial.run(operations);
            return trial;
        } catch (RuntimeException | AssertionError e) {
            throw new AssertionError("seed " + seed, e);
        }
    }

    @Test
    void behavesLikeASortedMapWhileItsValuesAreMergedAndCleaned() {
        boolean haveLostStretches = false;
        int mostZones = 0;
        for (long seed = 2; seed <= 7; seed++) {
            Trial trial = runSeed(seed, 1500);
            haveLostStretches |= trial.hasLostStretches;
            mostZones = Math.max(mostZones, trial.valueZones.size());
        }
        assertTrue(haveLostStretches, "the base was never merged in stretches");
        assertTrue(mostZones > 6, "there were never more than " + mostZones + " zones of values");
    }

    @Tag("long")
    @ParameterizedTest
    @ValueSource(longs = {1000, 2000, 3000})
    void behavesLikeASortedMapThroughAMillionOperationsOnValues(long firstSeed) {
        for (long seed = firstSeed; seed < firstSeed + 35; seed++) {
            runSeed(seed, 10_000);
        }
    }
}
