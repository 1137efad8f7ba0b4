package dev.cambium.compaction;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.cambium.segment.memory.Memory;
import dev.cambium.segment.zone.SharedZone;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class MergeCursorTest {
    /** A sorted source over a map; each entry's key and value lie in one block. */
    private static final class MapCursor implements SortedCursor {
        private final List<Map.Entry<byte[], Integer>> entries;
        private final Memory memory = Memory.allocate(64);
        private int at;

        MapCursor(TreeMap<byte[], Integer> map) {
            entries = new ArrayList<>(map.entrySet());
        }

        private boolean stand(int index) {
            at = index;
            if (index < 0 || index >= entries.size()) {
                return false;
            }
            byte[] key = entries.get(index).getKey();
            memory.put(8, key, 0, key.length);
            memory.putInt(0, entries.get(index).getValue());
            return true;
        }

        @Override
        public boolean first() {
            return stand(0);
        }

        @Override
        public boolean last() {
            return stand(entries.size() - 1);
        }

        @Override
        public boolean seek(byte[] key, int offset, int length) {
            int i = 0;
            while (i < entries.size() && compare(i, key, offset, length) < 0) {
                i++;
            }
            return stand(i);
        }

        @Override
        public boolean seekFloor(byte[] key, int offset, int length) {
            int i = entries.size() - 1;
            while (i >= 0 && compare(i, key, offset, length) > 0) {
                i--;
            }
            return stand(i);
        }

        private int compare(int index, byte[] key, int offset, int length) {
            byte[] mine = entries.get(index).getKey();
            return Arrays.compareUnsigned(mine, 0, mine.length, key, offset, offset + length);
        }

        @Override
        public boolean next() {
            return stand(at + 1);
        }

        @Override
        public boolean previous() {
            return stand(at - 1);
        }

        @Override
        public void resume() {}

        @Override
        public Memory keyMemory() {
            return memory;
        }

        @Override
        public int keyOffset() {
            return 8;
        }

        @Override
        public int keyLength() {
            return entries.get(at).getKey().length;
        }

        @Override
        public Memory valueMemory() {
            return memory;
        }

        @Override
        public int valueOffset() {
            return 0;
        }

        @Override
        public int valueLength() {
            return 4;
        }

        @Override
        public boolean isTombstone() {
            return entries.get(at).getValue() < 0;
        }

        @Override
        public boolean isChunked() {
            return false;
        }

        @Override
        public SharedZone zone(long pointer) {
            throw new AssertionError("no value is chunked");
        }
    }

    private static final int SHAPES = 4;

    /** Keys of one shape begin with the same {@link #commonPrefix} bytes. */
    private static byte[] key(int shape, int number) {
        return switch (shape) {
            case 0 -> new byte[] {0, (byte) number, (byte) (number * 7)};
            case 1 -> Arrays.copyOf(new byte[] {5, 6}, 2 + number); // each is a prefix of the next, and ends with zeros
            case 2 ->
                ByteBuffer.allocate(25)
                        .put(20, (byte) (number * 11))
                        .put(24, (byte) number)
                        .array();
            default -> Arrays.copyOf(new byte[] {0, 1, (byte) (number % 3)}, 3 + 2 * number);
        };
    }

    private static int commonPrefix(int shape) {
        return new int[] {1, 2, 20, 2}[shape];
    }

    @Test
    void mergesNewestFirstUnderMovesInBothDirections() {
        for (int seed = 0; seed < 600; seed++) {
            Random random = new Random(seed);
            int sources = 1 + random.nextInt(4);
            int shape = seed % SHAPES;
            int commonPrefix = random.nextInt(commonPrefix(shape) + 1);
            TreeMap<byte[], Integer> merged = new TreeMap<>(Arrays::compareUnsigned);
            SortedCursor[] newestFirst = new SortedCursor[sources];
            for (int age = sources - 1; age >= 0; age--) {
                TreeMap<byte[], Integer> map = new TreeMap<>(Arrays::compareUnsigned);
                for (int i = random.nextInt(12); i > 0; i--) {
                    map.put(key(shape, random.nextInt(25)), random.nextInt(4) == 0 ? -1 : 1000 * age + i);
                }
                merged.putAll(map);
                newestFirst[age] = new MapCursor(map);
            }
            walk(
                    new MergeCursor(commonPrefix, newestFirst),
                    new ArrayList<>(merged.entrySet()),
                    shape,
                    random,
                    "seed " + seed);
        }
    }

    private static void walk(
            MergeCursor cursor, List<Map.Entry<byte[], Integer>> expected, int shape, Random random, String where) {
        int at = -1; // nowhere
        boolean on = false;
        for (int step = 0; step < 200; step++) {
            int move = random.nextInt(on ? 8 : 4);
            if (move == 0) {
                on = cursor.first();
                at = 0;
            } else if (move == 1) {
                on = cursor.last();
                at = expected.size() - 1;
            } else if (move <= 3) {
                byte[] key = key(shape, random.nextInt(27));
                on = move == 2 ? cursor.seek(key, 0, key.length) : cursor.seekFloor(key, 0, key.length);
                at = 0;
                while (at < expected.size()
                        && Arrays.compareUnsigned(expected.get(at).getKey(), key) < 0) {
                    at++;
                }
                boolean exact =
                        at < expected.size() && Arrays.equals(expected.get(at).getKey(), key);
                at -= move == 3 && !exact ? 1 : 0;
            } else if (move <= 5) {
                on = cursor.next();
                at++;
            } else {
                on = cursor.previous();
                at--;
            }
            assertEquals(at >= 0 && at < expected.size(), on, where);
            if (on) {
                byte[] key = cursor.keyMemory().toArray(cursor.keyOffset(), cursor.keyLength());
                assertEquals(Arrays.toString(expected.get(at).getKey()), Arrays.toString(key), where);
                assertEquals(expected.get(at).getValue(), cursor.valueMemory().getInt(cursor.valueOffset()), where);
                assertEquals(expected.get(at).getValue() < 0, cursor.isTombstone(), where);
            }
        }
    }
}
