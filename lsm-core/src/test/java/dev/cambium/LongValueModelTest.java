package dev.cambium;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cambium.log.Verification;
import dev.cambium.testkit.disk.CrashOutcome;
import dev.cambium.testkit.disk.SimulatedDisk;
import dev.cambium.testkit.runtime.SeededRandom;
import dev.cambium.testkit.runtime.StepExecutor;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Values of a byte to 3 MiB beside a sorted map: puts from arrays and streams, also such that fail, batches, deletes, streams and snapshots
 * that stay open, flushes, compactions, clean reopens and kills.
 */
class LongValueModelTest {
    private static final int MIB = 1 << 20;
    private static final int KEYS = 9;

    /** One store and its map. */
    private static final class Trial {
        private final SeededRandom random;
        private final SmallStore small;
        private final NavigableMap<byte[], byte[]> model = new TreeMap<>(Arrays::compareUnsigned);
        private final List<Reading> readings = new ArrayList<>();
        private final List<Held> held = new ArrayList<>();
        private boolean hasUnlogged;
        private int values;

        /** A stream that was begun, and what it must give. */
        private static final class Reading {
            private final InputStream stream;
            private final byte[] expected;
            private int position;

            Reading(InputStream stream, byte[] expected) {
                this.stream = stream;
                this.expected = expected;
            }
        }

        /** A snapshot, and what it must see. */
        private record Held(Snapshot snapshot, NavigableMap<byte[], byte[]> content) {}

        Trial(long seed) {
            random = new SeededRandom(seed);
            Options options = SmallStore.SMALL
                    .withMemtableBytes(random.pick(List.of(4 << 10, 1 << 20)))
                    .withZoneBytes(random.pick(List.of(MIB, 5 * MIB / 2, 16 * MIB)));
            StepExecutor.Mode mode = random.chance(50) ? StepExecutor.Mode.INLINE : StepExecutor.Mode.MANUAL;
            small = new SmallStore(options, mode, new SimulatedDisk(seed, random.chance(70)));
        }

        private byte[] key() {
            return ("key" + random.nextInt(KEYS)).getBytes(StandardCharsets.US_ASCII);
        }

        private int length() {
            int dice = random.nextInt(100);
            return dice < 40
                    ? random.between(1, 2000)
                    : dice < 65 ? random.between(MIB - 2, MIB + 2) : random.between(MIB + 1, 3 * MIB);
        }

        /** Bytes that no other value has; some compress. */
        private byte[] value() {
            byte[] value = new byte[length()];
            ByteBuffer words = ByteBuffer.wrap(value);
            boolean isNoise = random.chance(30);
            long word = ++values * 0x9E37_79B9_7F4A_7C15L;
            while (words.remaining() >= 8) {
                words.putLong(word);
                word += isNoise ? 0x9E37_79B9_7F4A_7C15L ^ word << 13 : words.position() % 4096 == 0 ? 1 : 0;
            }
            return value;
        }

        private Durability durability() {
            Durability durability = random.pick(List.of(Durability.values()));
            hasUnlogged |= durability == Durability.NONE;
            return durability;
        }

        private void run(int operations) throws IOException {
            try (small) {
                for (int i = 0; i < operations; i++) {
                    operate(random.nextInt(100));
                    if (small.executor().waiting() > 0 && random.chance(50)) {
                        small.executor().runNext();
                    }
                }
                compareAll();
                reopen();
            }
            assertEquals(List.of(), new Verification(small.disk()).run().findings());
            assertEquals("[]", small.unnamedOrMissing().toString());
        }

        private void operate(int dice) throws IOException {
            Store store = small.store();
            if (dice < 22) {
                byte[] key = key();
                byte[] value = value();
                store.put(key, value, durability());
                model.put(key, value);
            } else if (dice < 30) {
                byte[] key = key();
                byte[] value = value();
                store.put(key, new ByteArrayInputStream(value), durability());
                model.put(key, value);
            } else if (dice < 34) {
                InputStream broken = new Broken(value());
                assertThrows(UncheckedIOException.class, () -> store.put(key(), broken));
            } else if (dice < 42) {
                byte[] key = key();
                store.delete(key, durability());
                model.remove(key);
            } else if (dice < 50) {
                batch();
            } else if (dice < 60) {
                byte[] key = key();
                assertArrayEquals(model.get(key), store.get(key));
            } else if (dice < 66) {
                byte[] key = key();
                InputStream stream = store.getStream(key);
                assertEquals(model.get(key) == null, stream == null);
                if (stream != null) {
                    readings.add(new Reading(stream, model.get(key)));
                }
            } else if (dice < 76) {
                readOn();
            } else if (dice < 79) {
                if (held.size() < 3) {
                    NavigableMap<byte[], byte[]> content = new TreeMap<>(Arrays::compareUnsigned);
                    content.putAll(model);
                    held.add(new Held(store.snapshot(), content));
                }
            } else if (dice < 84) {
                useHeld();
            } else if (dice < 91) {
                store.flush();
                hasUnlogged = false;
            } else if (dice < 94) {
                store.compact();
                hasUnlogged = false;
            } else if (dice < 97) {
                reopen();
            } else {
                kill();
            }
        }

        /** Fails at its end. */
        private static final class Broken extends ByteArrayInputStream {
            Broken(byte[] bytes) {
                super(bytes);
            }

            @Override
            public int read(byte[] target, int offset, int length) {
                int read = super.read(target, offset, length);
                if (read < 0) {
                    throw new UncheckedIOException(new IOException("the line is dead"));
                }
                return read;
            }
        }

        private void batch() {
            WriteBatch batch = new WriteBatch();
            for (int left = random.between(1, 5); left > 0; left--) {
                byte[] key = key();
                if (random.chance(25)) {
                    batch.delete(key);
                    model.remove(key);
                } else {
                    byte[] value = value();
                    batch.put(key, value);
                    model.put(key, value);
                }
            }
            for (int times = random.between(1, 2); times > 0; times--) {
                small.store().write(batch, durability());
            }
        }

        private void readOn() throws IOException {
            if (readings.isEmpty()) {
                return;
            }
            Reading reading = random.pick(readings);
            int left = reading.expected.length - reading.position;
            if (random.chance(25)) {
                int skipped = (int) reading.stream.skip(random.nextInt(left + 2));
                assertTrue(skipped <= left);
                reading.position += skipped;
            } else {
                byte[] part = reading.stream.readNBytes(random.nextInt(left + 2));
                assertTrue(part.length <= left);
                int from = reading.position;
                assertTrue(Arrays.equals(part, 0, part.length, reading.expected, from, from + part.length));
                reading.position += part.length;
            }
            if (random.chance(30)) {
                readings.remove(reading);
                reading.stream.close();
            }
        }

        private void useHeld() {
            if (held.isEmpty()) {
                return;
            }
            Held one = random.pick(held);
            byte[] key = key();
            assertArrayEquals(one.content.get(key), one.snapshot.get(key));
            try (Cursor cursor = one.snapshot.cursor()) {
                Map.Entry<byte[], byte[]> expected = one.content.ceilingEntry(key);
                assertEquals(expected != null, cursor.seek(key));
                for (int steps = 3; expected != null && steps > 0; steps--) {
                    assertArrayEquals(expected.getKey(), cursor.key());
                    assertArrayEquals(
                            expected.getValue(),
                            random.chance(50)
                                    ? cursor.value()
                                    : cursor.valueView().toByteArray());
                    expected = one.content.higherEntry(expected.getKey());
                    assertEquals(expected != null, cursor.next());
                }
            }
            if (random.chance(30)) {
                held.remove(one);
                one.snapshot.close();
            }
        }

        private void reopen() throws IOException {
            held.forEach(one -> one.snapshot.close());
            held.clear();
            small.reopen();
            hasUnlogged = false;
            closeReadings();
            compareAll();
        }

        /** The store is closed from which they read. */
        private void closeReadings() throws IOException {
            for (Reading reading : readings) {
                if (reading.expected.length > MIB) {
                    assertThrows(IllegalStateException.class, reading.stream::read);
                }
                reading.stream.close();
            }
            readings.clear();
        }

        /** What was written without a log is flushed first, what was not forced is, where the power goes: so nothing may be missing. */
        private void kill() throws IOException {
            if (hasUnlogged) {
                small.store().flush();
                hasUnlogged = false;
            }
            held.forEach(one -> one.snapshot.close());
            held.clear();
            if (random.chance(50)) {
                small.reopenAfter(CrashOutcome.PROCESS_KILL);
            } else {
                small.store().sync();
                small.reopenAfter(
                        random.chance(50)
                                ? CrashOutcome.NOTHING_UNFORCED
                                : CrashOutcome.powerLoss(random.nextLong() >>> 1));
            }
            closeReadings();
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
            }
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 115, 120, 129, 137, 257})
    void behavesLikeASortedMapWhateverItsValuesAreLong(long seed) {
        try {
            new Trial(seed).run(130);
        } catch (IOException | RuntimeException | AssertionError e) {
            throw new AssertionError("seed " + seed, e);
        }
    }
}
