package dev.cambium;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cambium.testkit.disk.CrashOutcome;
import dev.cambium.testkit.generate.KeyShape;
import dev.cambium.testkit.generate.OperationGenerator;
import dev.cambium.testkit.generate.World;
import dev.cambium.testkit.model.Operation;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Random;
import java.util.TreeMap;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Keys and values of every length that is allowed, mixed in one run, found again by every way to read. */
class RunSizesTest {
    private static final Options DEEP = SmallStore.SMALL
            .withMemoryBudget(96 << 20)
            .withMemtableBytes(24 << 20)
            .withZoneBytes(32 << 20);
    private static final int[] KEY_LENGTHS = {
        0, 1, 2, 3, 4, 5, 7, 8, 9, 31, 255, 256, 511, 512, 513, 4096, 32_766, 32_767
    };
    private static final int[] VALUE_LENGTHS = {
        0, 1, 63, 64, 255, 400, 511, 512, 513, 1023, 1024, 1025, 4095, 4096, 16_384, 65_535, 65_536, 262_144, 1_048_575,
        1 << 20
    };

    private final Random random = new Random(7);
    private final NavigableMap<byte[], byte[]> model = new TreeMap<>(Arrays::compareUnsigned);

    private byte[] bytes(int length, boolean compressible) {
        byte[] bytes = new byte[length];
        if (!compressible) {
            random.nextBytes(bytes);
        } else if (length > 0) {
            bytes[length - 1] = (byte) random.nextInt();
        }
        return bytes;
    }

    private void put(Store store, byte[] key, byte[] value) {
        store.put(key, value, Durability.NONE);
        model.put(key, value);
    }

    /** Each key's length with some values' lengths, and the other way round; and many short keys for a tree of some depth. */
    private void fill(Store store) {
        for (int i = 0; i < KEY_LENGTHS.length; i++) {
            put(store, bytes(KEY_LENGTHS[i], false), bytes(VALUE_LENGTHS[i], i % 2 == 0));
            put(store, bytes(KEY_LENGTHS[i], true), bytes(VALUE_LENGTHS[VALUE_LENGTHS.length - 6 - i % 10], false));
        }
        for (int length : VALUE_LENGTHS) {
            put(store, bytes(5, false), bytes(length, length % 2 == 0));
        }
        for (int i = 0; i < 1500; i++) {
            put(store, bytes(1 + random.nextInt(12), i % 3 == 0), bytes(random.nextInt(80), i % 2 == 0));
        }
    }

    private void assertAllRead(Store store, String when) {
        List<Map.Entry<byte[], byte[]>> expected = new ArrayList<>(model.entrySet());
        ByteBuffer target = ByteBuffer.allocate(1 << 20);
        for (Map.Entry<byte[], byte[]> entry : expected) {
            assertArrayEquals(entry.getValue(), store.get(entry.getKey()), when);
            assertEquals(entry.getValue().length, store.get(entry.getKey(), target.clear()), when);
            assertEquals(ByteBuffer.wrap(entry.getValue()), target.flip(), when);
        }
        try (Cursor cursor = store.cursor()) {
            for (Map.Entry<byte[], byte[]> entry : expected) {
                assertTrue(cursor.next(), when);
                assertArrayEquals(entry.getKey(), cursor.key(), when);
                assertArrayEquals(entry.getValue(), cursor.value(), when);
            }
            assertFalse(cursor.next(), when);
            for (int i = expected.size() - 1; i >= 0; i--) {
                assertTrue(cursor.previous(), when);
                assertEquals(0, cursor.keyView().compareTo(expected.get(i).getKey()), when);
                assertEquals(0, cursor.valueView().compareTo(expected.get(i).getValue()), when);
            }
            assertFalse(cursor.previous(), when);
            for (Map.Entry<byte[], byte[]> entry : expected) {
                assertNeighbours(store, cursor, entry.getKey(), when);
            }
        }
    }

    private interface Seek {
        boolean to(byte[] key);
    }

    /** Seeks to a key, and to what lies just below and above it. */
    private void assertNeighbours(Store store, Cursor cursor, byte[] key, String when) {
        List<byte[]> places = new ArrayList<>(List.of(key));
        if (key.length < 32_767) {
            places.add(Arrays.copyOf(key, key.length + 1)); // the smallest key above it
        }
        if (key.length > 0) {
            places.add(Arrays.copyOf(key, key.length - 1));
            byte[] below = key.clone();
            below[key.length - 1]--;
            places.add(below);
        }
        for (byte[] place : places) {
            assertFound(model::ceilingEntry, cursor::seek, cursor, place, when);
            assertFound(model::floorEntry, cursor::seekFloor, cursor, place, when);
            if (!model.containsKey(place)) {
                assertNull(store.get(place), when);
            }
        }
    }

    private static void assertFound(
            Function<byte[], Map.Entry<byte[], byte[]>> model, Seek seek, Cursor cursor, byte[] place, String when) {
        Map.Entry<byte[], byte[]> expected = model.apply(place);
        assertEquals(expected != null, seek.to(place), when);
        if (expected != null) {
            assertArrayEquals(expected.getKey(), cursor.key(), when);
            assertEquals(expected.getValue().length, cursor.valueView().length(), when);
        }
    }

    @Test
    void everyLengthIsReadBackAfterFlushMergeAndReopen() {
        try (SmallStore small = new SmallStore(DEEP)) {
            fill(small.store());
            assertAllRead(small.store(), "in memory");
            small.store().flush();
            assertEquals(1, small.store().stats().runs());
            assertTrue(small.store().stats().zones() >= 3, small.store().stats()::toString);
            assertAllRead(small.store(), "in a run");
            small.reopenAfter(CrashOutcome.NOTHING_UNFORCED);
            assertAllRead(small.store(), "in a run, reopened");
            for (int i = 0; i < 3; i++) {
                List<byte[]> keys = new ArrayList<>(model.keySet());
                for (int j = i; j < keys.size(); j += 5) {
                    if (j % 2 == 0) {
                        small.store().delete(keys.get(j), Durability.NONE);
                        model.remove(keys.get(j));
                    } else {
                        put(small.store(), keys.get(j), bytes(VALUE_LENGTHS[random.nextInt(16)], false));
                    }
                }
                small.store().flush();
            }
            assertAllRead(small.store(), "merged in part");
            small.store().compact();
            assertEquals(1, small.store().stats().runs());
            assertEquals(model.size(), small.store().stats().entries());
            assertAllRead(small.store(), "merged");
            small.reopen();
            assertAllRead(small.store(), "merged, reopened");
        }
    }

    /** Keys of each shape that stores trip over, spread over several runs and the memtable. */
    @ParameterizedTest
    @EnumSource(KeyShape.class)
    void keysOfEveryShapeAreFoundInManyRuns(KeyShape shape) {
        World world = World.tiny().with(shape, 600).withValues(60);
        List<Operation> operations = new OperationGenerator(world, 5).take(2500);
        try (SmallStore small = new SmallStore(SmallStore.ROOMY)) {
            int written = 0;
            for (Operation operation : operations) {
                if (operation instanceof Operation.Put put) {
                    put(small.store(), put.key(), put.value());
                } else if (operation instanceof Operation.Delete delete) {
                    small.store().delete(delete.key(), Durability.NONE);
                    model.remove(delete.key());
                } else {
                    continue;
                }
                if (++written % 150 == 0) {
                    small.store().flush();
                }
            }
            assertTrue(small.store().stats().runs() >= 2, small.store().stats()::toString);
            assertAllRead(small.store(), shape.toString());
            small.reopen();
            assertAllRead(small.store(), shape + ", reopened");
        }
    }
}
