package dev.cambium;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cambium.testkit.SimulatedEnvironment;
import dev.cambium.testkit.disk.SimulatedDisk;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Cursors over memtables and runs, moved in any order, against a sorted map. */
class CursorTest {
    private static byte[] key(int number) {
        return ByteBuffer.allocate(4).putInt(number).array();
    }

    /** Values of all lengths that are treated differently: inline, in pages of values, too long to be read ahead. */
    private static byte[] value(Random random) {
        byte[] value = new byte[random.nextInt(4) == 0 ? random.nextInt(5000) : random.nextInt(60)];
        random.nextBytes(value);
        return value;
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6})
    void aCursorMovesLikeThatOfASortedMap(long seed) {
        Random random = new Random(seed);
        TreeMap<byte[], byte[]> model = new TreeMap<>(Arrays::compareUnsigned);
        Options options = CambiumUnderTest.SMALL
                .withMemtableBytes(seed % 2 == 0 ? 1 << 20 : 8 << 10)
                .withPageBytes(1024);
        SimulatedEnvironment environment = new SimulatedEnvironment(new SimulatedDisk(seed), seed);
        try (Store store = Store.open(environment.environment(), options)) {
            int keys = 600;
            for (int i = 0; i < 2500; i++) {
                byte[] key = key(random.nextInt(keys));
                if (random.nextInt(3) == 0 || i > 2300 && random.nextBoolean()) {
                    store.delete(key, Durability.BUFFERED);
                    model.remove(key);
                } else {
                    byte[] value = value(random);
                    store.put(key, value, Durability.BUFFERED);
                    model.put(key, value);
                }
                if (i == 1500) {
                    store.flush();
                }
            }
            store.keyspace("other").put(key(1), key(1));
            byte[] lower = key(keys / 8);
            byte[] upper = key(keys - keys / 8);
            move(store, KeyRange.all(), model, random);
            move(store, KeyRange.between(lower, upper), new TreeMap<>(model.subMap(lower, upper)), random);
        }
    }

    /** Long stretches of one run, now and then an entry of another: the stretches are copied at once, and nothing is passed by. */
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6})
    void aCursorOverALargeRunAndSmallOnesMovesLikeThatOfASortedMap(long seed) {
        Random random = new Random(seed);
        TreeMap<byte[], byte[]> model = new TreeMap<>(Arrays::compareUnsigned);
        Options options = SmallStore.ROOMY.withPageBytes(seed % 2 == 0 ? 512 : 4096);
        SimulatedEnvironment environment = new SimulatedEnvironment(new SimulatedDisk(seed), seed);
        try (Store store = Store.open(environment.environment(), options)) {
            for (int run = 0; run < 3; run++) {
                for (int i = 0; i < (run == 0 ? 600 : 5); i++) {
                    byte[] key = key(run == 0 ? i : random.nextInt(600));
                    byte[] value = new byte[random.nextInt(20)];
                    random.nextBytes(value);
                    if (run > 0 && random.nextInt(3) == 0) {
                        store.delete(key, Durability.BUFFERED);
                        model.remove(key);
                    } else {
                        store.put(key, value, Durability.BUFFERED);
                        model.put(key, value);
                    }
                }
                if (run < 2 || random.nextBoolean()) {
                    store.flush();
                }
            }
            assertTrue(store.stats().runs() >= 2);
            byte[] lower = key(random.nextInt(300));
            byte[] upper = key(300 + random.nextInt(300));
            move(store, KeyRange.all(), model, random);
            move(store, KeyRange.between(lower, upper), new TreeMap<>(model.subMap(lower, upper)), random);
        }
    }

    private static void move(Store store, KeyRange range, TreeMap<byte[], byte[]> model, Random random) {
        try (Cursor cursor = store.cursor(range)) {
            Map.Entry<byte[], byte[]> at = null;
            boolean isBehind = false; // else before the first, where `at` is null
            for (int i = 0; i < 3000; i++) {
                int moves = random.nextInt(6) == 0 ? random.nextInt(200) : 1 + random.nextInt(3);
                int kind = random.nextInt(8);
                byte[] sought = key(random.nextInt(600));
                for (int n = 0; n < moves; n++) {
                    boolean on;
                    if (kind < 3) {
                        at = at != null ? model.higherEntry(at.getKey()) : isBehind ? null : model.firstEntry();
                        isBehind = at == null;
                        on = cursor.next();
                    } else if (kind < 6) {
                        at = at != null
                                ? model.lowerEntry(at.getKey())
                                : isBehind || i == 0 && n == 0 ? model.lastEntry() : null;
                        isBehind = false;
                        on = cursor.previous();
                    } else if (kind == 6) {
                        at = model.ceilingEntry(sought);
                        isBehind = at == null;
                        on = cursor.seek(sought);
                    } else {
                        at = model.floorEntry(sought);
                        isBehind = false;
                        on = cursor.seekFloor(sought);
                    }
                    assertEquals(at != null, on);
                    check(cursor, at, random);
                }
            }
        }
    }

    private static void check(Cursor cursor, Map.Entry<byte[], byte[]> at, Random random) {
        if (at == null) {
            assertThrows(IllegalStateException.class, cursor::key);
            assertThrows(IllegalStateException.class, cursor::value);
        } else {
            switch (random.nextInt(4)) {
                case 0 -> assertArrayEquals(at.getKey(), cursor.key());
                case 1 -> assertArrayEquals(at.getValue(), cursor.value());
                default -> {}
            }
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2})
    void aViewTakenInTheMiddleOfAScanIsOfThatEntryUntilTheNextMove(long seed) {
        SimulatedEnvironment environment = new SimulatedEnvironment(new SimulatedDisk(seed), seed);
        try (Store store = Store.open(environment.environment(), CambiumUnderTest.SMALL)) {
            for (int i = 0; i < 300; i++) {
                store.put(key(i), key(2 * i), Durability.BUFFERED);
            }
            if (seed == 1) {
                store.flush();
            }
            try (Cursor cursor = store.cursor()) {
                for (int i = 0; i < 100; i++) {
                    assertTrue(cursor.next());
                }
                ByteView key = cursor.keyView();
                ByteView value = cursor.valueView();
                assertArrayEquals(key(99), cursor.key());
                assertArrayEquals(key(99), key.toByteArray());
                assertArrayEquals(key(198), value.toByteArray());
                assertTrue(cursor.next());
                assertThrows(IllegalStateException.class, key::toByteArray);
                assertArrayEquals(key(100), cursor.key());
                assertArrayEquals(key(200), cursor.valueView().toByteArray());
            }
        }
    }
}
