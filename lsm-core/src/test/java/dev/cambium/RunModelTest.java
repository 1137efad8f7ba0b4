package dev.cambium;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cambium.testkit.disk.CrashOutcome;
import dev.cambium.testkit.disk.SimulatedDisk;
import dev.cambium.testkit.runtime.SeededRandom;
import dev.cambium.testkit.runtime.StepExecutor;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A store of small memtables and pages beside a sorted map: random writes, reads, snapshots, cursors that stay open, flushes, reopens
 * and kills, with background steps inline or by chance.
 */
class RunModelTest {
    /** One store and its map. */
    private static final class Trial {
        private final SeededRandom random;
        private final SmallStore small;
        private final int keys;
        private final int mostValueBytes;
        private NavigableMap<byte[], byte[]> model = newModel();
        private final List<Held> held = new ArrayList<>();
        private boolean hasUnlogged;
        private int values;

        /** A snapshot with a cursor somewhere in it, and what it must see. */
        private record Held(Snapshot snapshot, Cursor cursor, NavigableMap<byte[], byte[]> content) {}

        Trial(long seed) {
            random = new SeededRandom(seed);
            keys = random.pick(List.of(5, 60, 1000));
            mostValueBytes = random.pick(List.of(20, 200, 1500));
            StepExecutor.Mode mode = random.chance(50) ? StepExecutor.Mode.INLINE : StepExecutor.Mode.MANUAL;
            Options options =
                    SmallStore.SMALL.withMemtableBytes(random.pick(List.of(4 << 10, 4 << 10, 64 << 10, 1 << 20)));
            small = new SmallStore(options, mode, new SimulatedDisk(seed, random.chance(70)));
        }

        private static NavigableMap<byte[], byte[]> newModel() {
            return new TreeMap<>(Arrays::compareUnsigned);
        }

        private byte[] key() {
            return ("key" + random.nextInt(keys)).getBytes(StandardCharsets.US_ASCII);
        }

        private byte[] value() {
            int length = random.chance(3) ? 5 * mostValueBytes : random.between(0, mostValueBytes);
            return SmallStore.noise(++values, length).getBytes(StandardCharsets.US_ASCII);
        }

        private Durability durability() {
            Durability durability = random.pick(List.of(Durability.values()));
            hasUnlogged |= durability == Durability.NONE;
            return durability;
        }

        private void run(int operations) {
            try (small) {
                for (int i = 0; i < operations; i++) {
                    operate(random.nextInt(1000));
                    if (small.executor().waiting() > 0 && random.chance(30)) {
                        small.executor().runNext();
                    }
                }
                compareAll();
                close();
                small.reopen();
                compareAll();
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
                batch();
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
                small.store().flush();
                hasUnlogged = false;
            } else if (dice < 993) {
                close();
                small.reopen();
                hasUnlogged = false;
            } else {
                kill();
            }
        }

        private void batch() {
            WriteBatch batch = new WriteBatch();
            NavigableMap<byte[], byte[]> after = newModel();
            after.putAll(model);
            for (int left = random.between(1, 12); left > 0; left--) {
                byte[] key = key();
                if (random.chance(30)) {
                    batch.delete(key);
                    after.remove(key);
                } else {
                    byte[] value = value();
                    batch.put(key, value);
                    after.put(key, value);
                }
            }
            small.store().write(batch, durability());
            model = after;
        }

        private void hold() {
            if (held.size() < 4) {
                Snapshot snapshot = small.store().snapshot();
                NavigableMap<byte[], byte[]> content = newModel();
                content.putAll(model);
                held.add(new Held(snapshot, snapshot.cursor(), content));
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

        private void close() {
            held.forEach(one -> {
                one.cursor.close();
                one.snapshot.close();
            });
            held.clear();
        }

        /** What was written without a log is flushed first, what was not forced is, where the power goes: so nothing may be missing. */
        private void kill() {
            if (hasUnlogged) {
                small.store().flush();
                hasUnlogged = false;
            }
            close();
            if (random.chance(50)) {
                small.reopenAfter(CrashOutcome.PROCESS_KILL);
            } else {
                small.store().sync();
                small.reopenAfter(
                        random.chance(50)
                                ? CrashOutcome.NOTHING_UNFORCED
                                : CrashOutcome.powerLoss(random.nextLong() >>> 1));
            }
            compareAll();
        }

        private void compareAll() {
            try (Cursor cursor = small.store().cursor()) {
                for (Map.Entry<byte[], byte[]> entry : model.entrySet()) {
                    assertTrue(cursor.next());
                    assertArrayEquals(entry.getKey(), cursor.key());
                    assertArrayEquals(entry.getValue(), cursor.value());
                }
                assertTrue(!cursor.next());
                for (Map.Entry<byte[], byte[]> entry : model.descendingMap().entrySet()) {
                    assertTrue(cursor.previous());
                    assertArrayEquals(entry.getKey(), cursor.key());
                }
                assertTrue(!cursor.previous());
            }
            for (int i = 0; i < keys; i++) {
                byte[] key = ("key" + i).getBytes(StandardCharsets.US_ASCII);
                assertArrayEquals(model.get(key), small.store().get(key));
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

    @Tag("long")
    @ParameterizedTest
    @ValueSource(longs = {1000, 2000, 3000, 4000})
    void behavesLikeASortedMapThroughFiveMillionOperations(long firstSeed) {
        for (long seed = firstSeed; seed < firstSeed + 125; seed++) {
            runSeed(seed, 10_000);
        }
    }
}
