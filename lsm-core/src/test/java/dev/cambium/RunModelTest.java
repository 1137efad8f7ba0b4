package dev.cambium;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.cambium.testkit.runtime.SeededRandom;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
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
    private static final class Trial extends ModelTrial {
        private final int mostValueBytes;
        private final List<Held> held = new ArrayList<>();
        private int values;

        /** A snapshot with a cursor somewhere in it, and what it must see. */
        private record Held(Snapshot snapshot, Cursor cursor, NavigableMap<byte[], byte[]> content) {}

        Trial(long seed) {
            this(new SeededRandom(seed), seed);
        }

        private Trial(SeededRandom random, long seed) {
            super(
                    random,
                    random.pick(List.of(5, 60, 1000)),
                    SmallStore.SMALL.withMemtableBytes(random.pick(List.of(4 << 10, 4 << 10, 64 << 10, 1 << 20))),
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
                byte[] key = key();
                byte[] value = value();
                small.store().put(key, value, durability());
                model.put(key, value);
            } else if (dice < 600) {
                byte[] key = key();
                small.store().delete(key, durability());
                model.remove(key);
            } else if (dice < 680) {
                batch(12, 1);
            } else if (dice < 800) {
                byte[] key = key();
                assertArrayEquals(model.get(key), small.store().get(key));
            } else if (dice < 860) {
                walk(small.store().cursor(), model, true);
            } else if (dice < 880) {
                hold();
            } else if (dice < 960) {
                useHeld();
            } else if (dice < 985) {
                flush();
            } else if (dice < 993) {
                reopen();
            } else {
                kill();
            }
        }

        private void hold() {
            if (held.size() < 4) {
                Snapshot snapshot = small.store().snapshot();
                held.add(new Held(snapshot, snapshot.cursor(), copyOfModel()));
            }
        }

        private void useHeld() {
            if (held.isEmpty()) {
                return;
            }
            Held one = random.pick(held);
            byte[] key = key();
            assertArrayEquals(one.content.get(key), one.snapshot.get(key));
            walk(one.cursor, one.content, false);
            if (random.chance(15)) {
                held.remove(one);
                one.cursor.close();
                one.snapshot.close();
            }
        }

        /** Goes to a random place and some steps to and fro. */
        private void walk(Cursor cursor, NavigableMap<byte[], byte[]> content, boolean close) {
            byte[] key = key();
            boolean up = random.chance(50);
            boolean on = up ? cursor.seek(key) : cursor.seekFloor(key);
            Map.Entry<byte[], byte[]> expected = up ? content.ceilingEntry(key) : content.floorEntry(key);
            for (int steps = random.between(0, 12); ; steps--) {
                assertEquals(expected != null, on);
                if (expected == null) {
                    break;
                }
                assertArrayEquals(expected.getKey(), cursor.key());
                assertArrayEquals(expected.getValue(), cursor.value());
                if (steps == 0) {
                    break;
                }
                up ^= random.chance(20);
                byte[] from = expected.getKey();
                on = up ? cursor.next() : cursor.previous();
                expected = up ? content.higherEntry(from) : content.lowerEntry(from);
            }
            if (close) {
                cursor.close();
            }
        }

        @Override
        void closeSnapshots() {
            held.forEach(one -> {
                one.cursor.close();
                one.snapshot.close();
            });
            held.clear();
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
