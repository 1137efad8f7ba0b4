package dev.cambium.segment.manifest;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cambium.error.CorruptionException;
import dev.cambium.segment.memory.Memory;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class StretchesTest {
    private static final int KEYS = 60;

    /** Keys 0 to 59 as two bytes; the key right above one is above it. */
    private static byte[] key(int number) {
        return new byte[] {1, (byte) number};
    }

    private static Stretch stretch(int from, int to) {
        return new Stretch(from == 0 ? new byte[0] : key(from), to == KEYS ? null : key(to));
    }

    private static int number(byte[] bound, int none) {
        return bound == null || bound.length == 0 ? none : bound[1];
    }

    private static void is(BitSet expected, List<Stretch> found, int from, int to) {
        BitSet bits = new BitSet();
        int last = -1;
        for (Stretch stretch : found) {
            int begin = number(stretch.from(), 0);
            int end = number(stretch.to(), KEYS);
            assertTrue(begin > last && begin < end, found + " is not ascending and apart");
            bits.set(begin, end);
            last = end;
        }
        BitSet within = new BitSet();
        within.set(from, to);
        within.and(expected);
        assertEquals(within, bits);
    }

    @Test
    void stretchesAreTheKeysThatWereAdded() {
        for (int seed = 0; seed < 400; seed++) {
            Random random = new Random(seed);
            Stretches stretches = Stretches.NONE;
            BitSet model = new BitSet();
            for (int i = 0; i < 12; i++) {
                int from = random.nextInt(KEYS);
                int to = from + 1 + random.nextInt(Math.min(9, KEYS - from));
                stretches = stretches.with(stretch(from, to));
                model.set(from, to);
                is(model, stretches.list(), 0, KEYS);
                BitSet left = (BitSet) model.clone();
                left.flip(0, KEYS);
                int wholeFrom = random.nextInt(KEYS);
                int wholeTo = wholeFrom + 1 + random.nextInt(KEYS - wholeFrom);
                is(left, stretches.leftOf(stretch(wholeFrom, wholeTo)), wholeFrom, wholeTo);
                for (int k = 1; k < KEYS; k++) {
                    Stretch of = stretches.of(key(k), 0, 2);
                    assertEquals(model.get(k), of != null);
                    assertTrue(of == null || of.contains(key(k), 0, 2));
                    int end = k + 1 + random.nextInt(KEYS - k);
                    assertEquals(
                            model.nextClearBit(k) >= end,
                            stretches.covers(key(k), end == KEYS ? null : key(end)),
                            k + " to " + end + " of " + model);
                }
            }
        }
    }

    @Test
    void nothingAndAll() {
        assertTrue(Stretches.NONE.isEmpty());
        assertEquals(List.of(Stretch.ALL), Stretches.NONE.leftOf(Stretch.ALL));
        assertEquals(List.of(), Stretches.ALL.leftOf(Stretch.ALL));
        assertTrue(Stretches.ALL.covers(new byte[0], null));
        assertEquals(Stretches.ALL, Stretches.NONE.with(stretch(0, 7)).with(stretch(7, KEYS)));
    }

    @Test
    void aStretchComesBackFromItsBytesAndOthersAreRefused() {
        for (Stretch stretch : List.of(stretch(3, 9), stretch(0, 9), stretch(3, KEYS), Stretch.ALL)) {
            ManifestRecord.RunMerged merged = new ManifestRecord.RunMerged(7, stretch);
            int length = RunMergedField.length(merged);
            Memory memory = Memory.allocate(length + 8);
            RunMergedField.put(memory, 0, merged);
            assertEquals(merged, RunMergedField.read(memory, 0, length, "m", 0));
            assertArrayEquals(
                    stretch.from(),
                    RunMergedField.read(memory, 0, length, "m", 0).stretch().from());
            for (int other = 0; other < length + 8; other++) {
                int bytes = other;
                if (other != length) {
                    assertThrows(
                            CorruptionException.class, () -> RunMergedField.read(memory, 0, bytes, "m", 0), "" + other);
                }
            }
            memory.putInt(RunMergedField.ZERO_OFFSET, 1);
            assertThrows(CorruptionException.class, () -> RunMergedField.read(memory, 0, length, "m", 0));
            memory.putInt(RunMergedField.ZERO_OFFSET, 0);
            memory.putLong(0, 0);
            assertThrows(CorruptionException.class, () -> RunMergedField.read(memory, 0, length, "m", 0));
            memory.release();
        }
        ManifestRecord.RunMerged wrong = new ManifestRecord.RunMerged(7, new Stretch(key(9), Arrays.copyOf(key(9), 2)));
        Memory memory = Memory.allocate(RunMergedField.length(wrong));
        RunMergedField.put(memory, 0, wrong);
        assertThrows(CorruptionException.class, () -> RunMergedField.read(memory, 0, memory.capacity(), "m", 0));
        memory.release();
    }
}
