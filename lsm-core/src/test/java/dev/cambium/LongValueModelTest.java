package dev.cambium;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cambium.log.Verification;
import dev.cambium.testkit.runtime.SeededRandom;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Values of a byte to 3 MiB, shorter and longer than those that are written before the log, beside a sorted map: puts from arrays and streams, also such that fail, batches, deletes, streams and snapshots
 * that stay open, flushes, compactions, clean reopens and kills.
 */
class LongValueModelTest {
    private static final int MIB = 1 << 20;
    private static final int SHORTEST_LONG = 64 << 10;
    private static final int KEYS = 9;

    /** One store and its map. */
    private static final class Trial extends ModelTrial {
        private final List<Reading> readings = new ArrayList<>();
        private final List<Held> held = new ArrayList<>();
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
            this(new SeededRandom(seed), seed);
        }

        private Trial(SeededRandom random, long seed) {
            super(
                    random,
                    KEYS,
                    SmallStore.SMALL
                            .withMemtableBytes(random.pick(List.of(4 << 10, 1 << 20)))
                            .withZoneBytes(random.pick(List.of(MIB, 5 * MIB / 2, 16 * MIB))),
                    seed);
        }

        private int length() {
            int dice = random.nextInt(100);
            return dice < 30
                    ? random.between(1, 2000)
                    : dice < 55
                            ? random.between(SHORTEST_LONG - 2, SHORTEST_LONG + 2)
                            : dice < 70
                                    ? random.between(SHORTEST_LONG, MIB)
                                    : dice < 80 ? random.between(MIB - 2, MIB + 2) : random.between(MIB + 1, 3 * MIB);
        }

        /** Bytes that no other value has; some compress. */
        @Override
        byte[] value() {
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

        private void run(int operations) throws IOException {
            try (small) {
                for (int i = 0; i < operations; i++) {
                    operate(random.nextInt(100));
                    stepByChance(50);
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
                put();
            } else if (dice < 30) {
                byte[] key = key();
                byte[] value = value();
                store.put(key, new ByteArrayInputStream(value), durability());
                model.put(key, value);
            } else if (dice < 34) {
                InputStream broken = new Broken(value());
                assertThrows(UncheckedIOException.class, () -> store.put(key(), broken));
            } else if (dice < 42) {
                delete();
            } else if (dice < 50) {
                batch(5, 2);
            } else if (dice < 60) {
                get();
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
                    held.add(new Held(store.snapshot(), copyOfModel()));
                }
            } else if (dice < 84) {
                useHeld();
            } else if (dice < 91) {
                flush();
            } else if (dice < 94) {
                compact();
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

        @Override
        void closeSnapshots() {
            held.forEach(one -> one.snapshot.close());
            held.clear();
        }

        /** The store is closed from which they read. */
        @Override
        void closeStreams() {
            for (Reading reading : readings) {
                if (reading.expected.length > MIB) {
                    assertThrows(IllegalStateException.class, reading.stream::read);
                }
                assertDoesNotThrow(reading.stream::close);
            }
            readings.clear();
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
