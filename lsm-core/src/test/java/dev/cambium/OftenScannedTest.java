package dev.cambium;

import static dev.cambium.StoreTest.b;
import static dev.cambium.StoreTest.s;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.NavigableMap;
import java.util.Random;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** What is scanned often is merged for the scans' sake: with what younger runs have of it, and leaves and values brought together. */
class OftenScannedTest {
    private static final int KEYS = 4000;

    private final NavigableMap<String, String> expected = new TreeMap<>();

    private static String key(int number) {
        return String.format("key%06d", number);
    }

    private void put(SmallStore small, int number, long seed, int length) {
        String value = SmallStore.noise(seed, length);
        small.store().put(b(key(number)), b(value), Durability.BUFFERED);
        expected.put(key(number), value);
    }

    private void fill(SmallStore small, int keys, int length) {
        List<Integer> numbers = IntStream.range(0, keys).boxed().collect(Collectors.toList());
        Collections.shuffle(numbers, new Random(7));
        for (int number : numbers) {
            put(small, number, number, length);
        }
        small.store().flush();
        small.store().compact();
    }

    private static void scan(SmallStore small, KeyRange range, int times) {
        for (int i = 0; i < times; i++) {
            small.pass(Duration.ofSeconds(1)); // scans are not heard of more often
            scan(small, range);
        }
    }

    private static void scan(SmallStore small, KeyRange range) {
        try (Cursor cursor = small.store().cursor(range)) {
            while (cursor.next()) {
                s(cursor.value());
            }
        }
    }

    /** Too little for a merge that nobody scans for. */
    private void overwriteSome(SmallStore small, long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        for (int i = 0; i < KEYS / 30; i++) {
            put(small, random.nextInt(KEYS), seed + i, 40);
        }
        small.store().flush();
    }

    @Test
    void whatYoungerRunsHaveOfARangeThatIsScannedOftenGoesIntoTheBase() {
        try (SmallStore small = new SmallStore(SmallStore.ROOMY)) {
            fill(small, KEYS, 40);
            overwriteSome(small, 77);
            small.reopen();
            assertEquals(2, small.store().stats().runs());
            scan(small, KeyRange.all(), 1);
            assertEquals(2, small.store().stats().runs(), "one scan is not often");
            scan(small, KeyRange.all(), 2);
            assertEquals(1, small.store().stats().runs());
            small.assertHolds(expected, "after scans");
        }
    }

    @Test
    void whatIsNotScannedStaysAsItIs() {
        try (SmallStore small = new SmallStore(SmallStore.ROOMY)) {
            fill(small, KEYS, 40);
            overwriteSome(small, 77);
            small.reopen();
            long before = small.store().stats().mergedBytes();
            scan(small, KeyRange.between(b(key(0)), b(key(KEYS / 4))), 9);
            long after = small.store().stats().mergedBytes();
            assertEquals(2, small.store().stats().runs(), "the rest of the younger run");
            assertTrue(after > before, "nothing was merged");
            assertTrue(
                    after - before < small.store().stats().pageBytes() / 2,
                    (after - before) + " bytes of " + small.store().stats());
            small.assertHolds(expected, "after scans");
        }
    }

    @Test
    void valuesThatLieAsTheyWerePutAreBroughtTogetherOnce() {
        try (SmallStore small = new SmallStore(SmallStore.SMALL.withMemtableBytes(128 << 10))) {
            fill(small, 1500, 1200);
            small.reopen();
            assertEquals(0, movedValues(small), "a compaction leaves values where they are");
            scan(small, KeyRange.all(), 3);
            long live = movedValues(small);
            assertTrue(live > 1500 * 600, live + " bytes of values were brought together");
            long before = small.store().stats().mergedBytes();
            scan(small, KeyRange.all(), 9);
            assertEquals(before, small.store().stats().mergedBytes(), "and now they are together");
            small.assertHolds(expected, "after scans");
        }
    }

    /** Longer than what is near, one behind the other: they once counted as apart for ever. */
    @Test
    void largeValuesAreBroughtTogetherOnce() {
        try (SmallStore small =
                new SmallStore(SmallStore.ROOMY.withPageBytes(1 << 10).withZoneBytes(8 << 20))) {
            for (int i = 0; i < 120; i++) {
                byte[] value = new byte[300_000];
                new SplittableRandom(i).nextBytes(value);
                small.store().put(b(key((int) (i * 77L % 120))), value, Durability.BUFFERED);
            }
            small.store().flush();
            small.store().compact();
            small.reopen();
            scan(small, KeyRange.all(), 3);
            long before = small.store().stats().mergedBytes();
            assertTrue(before > 120 * 300_000, before + " bytes");
            scan(small, KeyRange.all(), 9);
            assertEquals(before, small.store().stats().mergedBytes());
        }
    }

    /** However values lie, those that it reads lie apart. */
    @Test
    void aScanThatReadsAValueHereAndThereHasThemBroughtTogetherOnceAtMost() {
        try (SmallStore small =
                new SmallStore(SmallStore.ROOMY.withPageBytes(16 << 10).withZoneBytes(8 << 20))) {
            fill(small, 8000, 2000);
            small.reopen();
            readHereAndThere(small, 3);
            long before = small.store().stats().mergedBytes();
            assertTrue(before > 8000 * 1000, before + " bytes");
            readHereAndThere(small, 9);
            assertEquals(before, small.store().stats().mergedBytes());
        }
    }

    private static void readHereAndThere(SmallStore small, int times) {
        for (int i = 0; i < times; i++) {
            small.pass(Duration.ofSeconds(1));
            try (Cursor cursor = small.store().cursor(KeyRange.all())) {
                for (int n = 0; cursor.next(); n++) {
                    if (n % 200 == 0) {
                        s(cursor.value());
                    }
                }
            }
        }
    }

    @Test
    void scansBackwardsFindTogetherWhatIsTogether() {
        try (SmallStore small =
                new SmallStore(SmallStore.SMALL.withMemtableBytes(128 << 10).withPageBytes(4 << 10))) {
            fill(small, 600, 6000);
            small.reopen();
            scanBackwards(small, 3);
            long before = small.store().stats().mergedBytes();
            assertTrue(before > 600 * 4000, before + " bytes");
            scanBackwards(small, 9);
            assertEquals(before, small.store().stats().mergedBytes());
            small.assertHolds(expected, "after scans");
        }
    }

    private static void scanBackwards(SmallStore small, int times) {
        for (int i = 0; i < times; i++) {
            small.pass(Duration.ofSeconds(1));
            try (Cursor cursor = small.store().cursor(KeyRange.all())) {
                while (cursor.previous()) {
                    s(cursor.value());
                }
            }
        }
    }

    private static long movedValues(SmallStore small) {
        return small.store().zoneStats().stream()
                .filter(zone -> zone.stream() == ZoneStats.Stream.MOVED_VALUES)
                .mapToLong(ZoneStats::liveBytes)
                .sum();
    }

    @Test
    void leavesThatLieApartAreWrittenTogetherOnce() {
        try (SmallStore small = new SmallStore(SmallStore.ROOMY.withPageBytes(4 << 10))) {
            fill(small, KEYS, 600);
            for (int round = 0; round < 5; round++) { // stretches here and there, so that the leaves between are linked
                for (int at = round * 30; at < KEYS; at += 150) {
                    for (int i = at; i < Math.min(KEYS, at + 30); i++) {
                        put(small, i, round, 600);
                    }
                }
                small.store().flush();
            }
            small.reopen();
            long before = small.store().stats().mergedBytes();
            scan(small, KeyRange.all(), 3);
            long after = small.store().stats().mergedBytes();
            assertTrue(
                    after - before > small.store().stats().pageBytes() / 2, (after - before) + " bytes were written");
            scan(small, KeyRange.all(), 9);
            assertEquals(after, small.store().stats().mergedBytes(), "and now they are together");
            small.assertHolds(expected, "after scans");
        }
    }

    /** A store that is written to is not to write everything anew for each pair of scans. */
    @Test
    void whileThereAreWritesMergesForScansWriteAPartOfWhatMemtablesDo() {
        try (SmallStore small = new SmallStore(SmallStore.ROOMY)) {
            fill(small, KEYS, 40);
            small.reopen();
            long live = small.store().stats().pageBytes();
            for (int round = 0; round < 30; round++) {
                overwriteSome(small, 1000L * round);
                for (int part = 0; part < 6; part++) { // never a second without a write
                    small.pass(Duration.ofMillis(600));
                    put(small, part, round, 40);
                    scan(small, KeyRange.all());
                }
            }
            StoreStats stats = small.store().stats();
            assertTrue(
                    stats.mergedBytes() < 8 * stats.flushedBytes(),
                    stats.mergedBytes() + " merged for " + stats.flushedBytes() + " laid down, " + live + " live");
            small.assertHolds(expected, "after scans");
        }
    }
}
