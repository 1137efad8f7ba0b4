package dev.cambium.compaction;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cambium.segment.page.Pointer;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class ScanCountTest {
    private static long page(int zone, int offset) {
        return Pointer.of(zone, offset, 5000, 16384, 1);
    }

    private static boolean areApart(long... pages) {
        return ScanCount.areApart(pages.length, at -> pages[at]);
    }

    @Test
    void pagesAreNearThatLieOneBehindTheOther() {
        assertTrue(ScanCount.isNear(page(3, 4096), page(3, 9600)));
        assertTrue(ScanCount.isNear(page(3, 9600), page(3, 4096)), "and of a scan backwards, one before the other");
        assertTrue(ScanCount.isNear(page(3, 5 << 20), page(4, 4096)), "the first of the next zone");
        long large = Pointer.of(3, 8192, 900_000, 1 << 20, 1);
        assertTrue(ScanCount.isNear(large, page(3, 8192 + 900_032)));
        assertTrue(ScanCount.isNear(page(3, 4096), page(3, 4096)), "values of one page");
        assertFalse(ScanCount.isNear(page(3, 4096), page(3, 4 << 20)));
        assertFalse(ScanCount.isNear(page(3, 8192), page(4, 9600)));
    }

    @Test
    void leavesAreApartWhereMoreThanOneInFourIsNotNear() {
        assertFalse(areApart(page(1, 4096)));
        assertFalse(areApart(
                IntStream.range(0, 100).mapToLong(i -> page(1, 4096 + 6400 * i)).toArray()));
        long[] oneInFive = IntStream.range(0, 100)
                .mapToLong(i -> page(1 + i / 5, 4096 + 6400 * (i % 5)))
                .toArray();
        assertFalse(areApart(oneInFive), "another zone for each five");
        long[] twoInFive = IntStream.range(0, 100)
                .mapToLong(i -> page(i % 5 == 0 ? 900 : 1, 4096 + 6400 * i))
                .toArray();
        assertTrue(areApart(twoInFive), "one in five lies elsewhere: there and back");
    }

    @Test
    void aRangeIsScannedOftenOnceScansHaveGoneThroughItTwice() {
        ScanCount count = new ScanCount();
        assertEquals(
                5,
                IntStream.range(0, 5 * 2 * 9).filter(i -> count.note(10, 0, 0)).count(),
                "said each second time");
    }
}
