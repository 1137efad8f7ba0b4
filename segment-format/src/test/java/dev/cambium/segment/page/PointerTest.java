package dev.cambium.segment.page;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Random;
import org.junit.jupiter.api.Test;

class PointerTest {
    /** As FORMAT.md has it. */
    private static int named(int storedClass) {
        return (8 + (storedClass & 7)) << ((storedClass >> 3) + 8);
    }

    private static void classesAreTheSmallest(int length) {
        int stored = SizeClass.stored(length);
        assertTrue(stored >= 0 && stored < 128 && named(stored) >= length, () -> "stored " + length);
        assertTrue(stored == 0 || named(stored - 1) < length, () -> "stored " + length);
        assertEquals(named(stored), SizeClass.storedBytes(stored));
        int raw = SizeClass.raw(length);
        assertTrue(raw >= 0 && raw <= 10 && 4096 << raw >= length, () -> "raw " + length);
        assertTrue(raw == 0 || 4096 << (raw - 1) < length, () -> "raw " + length);
        assertEquals(4096 << raw, SizeClass.rawBytes(raw));
    }

    @Test
    void aClassIsTheSmallestThatHoldsTheLength() {
        for (int length = 1; length <= 200_000; length++) {
            classesAreTheSmallest(length);
        }
        Random random = new Random(1);
        for (int i = 0; i < 200_000; i++) {
            classesAreTheSmallest(1 + random.nextInt(1 << 22));
        }
        classesAreTheSmallest(1 << 22);
        for (int c = 1; c < 128; c++) {
            assertTrue(named(c) > named(c - 1), "classes ascend");
        }
    }

    @Test
    void bitsOfAPointerAreAsInThePicture() {
        long seed = 2;
        Random random = new Random(seed);
        for (int i = 0; i < 100_000; i++) {
            int zone = 1 + random.nextInt((1 << 28) - 1);
            int offset = 64 * random.nextInt(1 << 22);
            int raw = 49 + random.nextInt(i % 2 == 0 ? 20_000 : (1 << 22) - 48);
            int stored = 49 + random.nextInt(raw - 48);
            int kind = 1 + random.nextInt(5);
            long pointer = Pointer.of(zone, offset, stored, raw, kind);
            String round = "seed " + seed + ", round " + i;
            assertEquals(zone, pointer >>> 36, round);
            assertEquals(offset / 64, pointer >>> 14 & (1 << 22) - 1, round);
            assertEquals(SizeClass.stored(stored), pointer >>> 7 & 127, round);
            assertEquals(SizeClass.raw(raw), pointer >>> 3 & 15, round);
            assertEquals(kind, pointer & 7, round);
            assertEquals(zone, Pointer.zone(pointer), round);
            assertEquals(offset, Pointer.offset(pointer), round);
            assertEquals(SizeClass.stored(stored), Pointer.storedClass(pointer), round);
            assertEquals(SizeClass.raw(raw), Pointer.rawClass(pointer), round);
            assertEquals(kind, Pointer.kind(pointer), round);
            assertTrue(Pointer.storedBytes(pointer) >= stored && Pointer.rawBytes(pointer) >= raw, round);
            assertEquals(offset >= 4096, Pointer.isPlausible(pointer), round);
        }
    }

    @Test
    void pointersThatNoPageCanHaveAreNotPlausible() {
        assertFalse(Pointer.isPlausible(Pointer.NULL));
        long good = Pointer.of(1, 4096, 100, 5000, PageKind.LEAF);
        assertTrue(Pointer.isPlausible(good));
        assertFalse(Pointer.isPlausible(good & ~7L), "kind 0");
        assertFalse(Pointer.isPlausible(good | 7), "kind 7");
        assertFalse(Pointer.isPlausible(good & (1L << 36) - 1), "zone 0");
        assertFalse(Pointer.isPlausible(Pointer.of(1, 4032, 100, 5000, PageKind.LEAF)), "in the zone's header");
        assertFalse(Pointer.isPlausible(good & ~(15L << 3) | 11L << 3), "a raw page of 8 MiB");
        assertFalse(Pointer.isPlausible(good | 127L << 7), "a stored page of 120 MiB");
        assertFalse(Pointer.isPlausible(good & ~(127L << 7) | 17L << 7), "a stored page longer than the raw one");
        assertTrue(Pointer.isPlausible(good & ~(127L << 7) | 16L << 7), "a stored page as long as the raw one");
        assertEquals("null", Pointer.toString(Pointer.NULL));
        assertTrue(Pointer.toString(good).contains("zone 1 offset 4096"), Pointer.toString(good));
    }
}
