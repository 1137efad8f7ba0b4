package dev.cambium;

import static dev.cambium.StoreTest.b;
import static dev.cambium.StoreTest.s;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cambium.testkit.disk.CrashOutcome;
import java.util.List;
import java.util.Locale;
import java.util.NavigableMap;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/** What {@link Store#compact(Compaction, CompactionListener)} and {@link Store#clean} promise. */
class CompactRangeTest {
    private static final CompactionListener QUIET = (done, total) -> {};
    private static final int KEYS = 20_000;

    /** Pages so small that the base has dozens of ranges. */
    private static final Options OPTIONS =
            SmallStore.SMALL.withMemtableBytes(256 << 10).withPageBytes(1 << 10);

    private final NavigableMap<String, String> model = new TreeMap<>();

    private static String key(int number) {
        return String.format(Locale.ROOT, "key%06d", number);
    }

    private void put(SmallStore small, int number, String value) {
        small.store().put(b(key(number)), b(value), Durability.NONE);
        model.put(key(number), value);
    }

    private void load(SmallStore small, int valueLength) {
        for (int i = 0; i < KEYS; i++) {
            put(small, i, SmallStore.noise(i, valueLength));
        }
        small.store().compact();
    }

    private static double youngEntries(Store store) {
        return store.runStats().stream()
                .filter(run -> !run.isBase())
                .mapToLong(RunStats::entries)
                .sum();
    }

    @Test
    void aRangeIsMergedAndTheRestStaysAsItIs() {
        try (SmallStore small = new SmallStore(OPTIONS)) {
            load(small, 60);
            for (int i = 0; i < KEYS; i += 10) {
                put(small, i, "overwritten " + i);
            }
            small.store().flush();
            double before = youngEntries(small.store());
            CompactionReport report = small.store().compact(b(key(5000)), b(key(10_000)), QUIET);
            double after = youngEntries(small.store());
            assertTrue(after < before * 0.85 && after > before * 0.6, before + " became " + after);
            assertTrue(report.mergedBytes() < small.store().stats().runBytes() / 2, report::toString);
            small.assertHolds(model, "a quarter was merged");
            small.reopenAfter(CrashOutcome.NOTHING_UNFORCED);
            small.assertHolds(model, "after power loss");
        }
    }

    @Test
    void anEstimateChangesNothingAndSaysAboutWhatIsDone() {
        try (SmallStore small = new SmallStore(OPTIONS)) {
            load(small, 60);
            for (int i = 0; i < KEYS; i += 10) {
                put(small, i, "overwritten " + i);
            }
            small.store().flush();
            long operations = small.disk().operationCount();
            Keyspace other = small.store().keyspace("other");
            assertTrue(small.disk().operationCount() > operations);
            operations = small.disk().operationCount();
            CompactionEstimate all = small.store().estimate(Compaction.EVERYTHING.withTargetSpaceAmplification(1.1));
            CompactionEstimate none = small.store().estimate(Compaction.EVERYTHING.withKeyspace(other));
            assertEquals(operations, small.disk().operationCount());
            assertEquals(youngEntries(small.store()), all.youngEntries(), KEYS / 100.0);
            assertTrue(all.stretches() > 5 && all.stretches() == all.stretchesInAll(), all::toString);
            assertTrue(none.stretches() <= 1 && none.youngEntries() < 100, none::toString);
        }
    }

    @Test
    void aTargetLinksWhatNeedNotBeTouched() {
        try (SmallStore small = new SmallStore(OPTIONS)) {
            load(small, 60);
            for (int i = 0; i < 200; i++) { // few, and all in one place
                put(small, 700 + i, "overwritten " + i);
            }
            CompactionReport report =
                    small.store().compact(Compaction.EVERYTHING.withTargetSpaceAmplification(1.2), QUIET);
            assertEquals(1, small.store().stats().runs());
            assertEquals(KEYS, small.store().stats().entries());
            assertTrue(report.writtenBytes() < small.store().stats().pageBytes() / 5, report::toString);
            small.assertHolds(model, "merged");
        }
    }

    /** On a disk that has no more: what is done stays done, so its inputs can go. With 40 MB, merges of 2 MiB and zones of 1 MiB make up for most of it. */
    @Test
    void compactionTakesLittleMoreRoomThanWasTaken() {
        int keys = 2 * KEYS;
        try (SmallStore small = new SmallStore(OPTIONS)) {
            for (int i = 0; i < keys; i++) {
                put(small, i, SmallStore.noise(i, 1000));
            }
            for (int i = 0; i < keys; i += 20) {
                put(small, i, "short");
            }
            small.store().flush();
            long used = small.disk().list().stream()
                    .mapToLong(name -> small.disk().bytes(name).length)
                    .sum();
            small.disk().faults().capacityBytes(used + small.fileBytes("zone-") / 5);
            small.store().compact();
            small.disk().faults().clear();
            assertEquals(1, small.store().stats().runs());
            small.assertHolds(model, "compacted");
        }
    }

    @Test
    void zonesThatAreNamedAreGivenBack() {
        Random random = new Random(8);
        try (SmallStore small = new SmallStore(OPTIONS)) {
            load(small, 1500);
            for (int i = 0; i < 2000; i++) {
                put(small, random.nextInt(KEYS), SmallStore.noise(i, i % 2 == 0 ? 1500 : 100));
            }
            small.store().flush();
            for (ZoneStats.Stream stream :
                    List.of(ZoneStats.Stream.VALUES, ZoneStats.Stream.BASE, ZoneStats.Stream.YOUNG)) {
                put(small, KEYS + stream.ordinal(), "so that there is a young run");
                small.store().flush();
                ZoneStats one = small.store().zoneStats().stream()
                        .filter(zone -> zone.stream() == stream && zone.liveBytes() > 0)
                        .findFirst()
                        .orElseThrow(() -> new AssertionError("no zone of " + stream));
                CompactionReport report = small.store().clean(List.of(one.number()), QUIET);
                assertTrue(
                        small.store().zoneStats().stream().noneMatch(zone -> zone.number() == one.number()),
                        one + " is still there: " + report);
                assertFalse(small.disk().exists(String.format("zone-%016x", one.number())));
                small.assertHolds(model, "without " + one);
            }
            small.reopenAfter(CrashOutcome.NOTHING_UNFORCED);
            small.assertHolds(model, "after power loss");
        }
    }

    @Test
    void cleaningComesToItsTarget() {
        Random random = new Random(2);
        try (SmallStore small = new SmallStore(OPTIONS)) {
            load(small, 1500);
            for (int i = 0; i < KEYS / 4; i++) {
                put(small, random.nextInt(KEYS), SmallStore.noise(i, 1500));
            }
            small.store().flush();
            double before = small.store().stats().spaceAmplification();
            assertFalse(small.store().estimateClean(1.05).isEmpty());
            small.store().clean(1.05, QUIET);
            double after = small.store().stats().spaceAmplification();
            assertTrue(after < 1.08 && after < before, before + " became " + after);
            small.assertHolds(model, "cleaned");
        }
    }

    /** Younger runs hide little of the base, but much in one place. */
    @Test
    void denseTombstonesGoSoonThoughASnapshotIsOpen() {
        try (SmallStore small = new SmallStore(OPTIONS.withMemtableBytes(4 << 20))) {
            load(small, 60);
            try (Snapshot then = small.store().snapshot()) {
                for (int i = 3000; i < 5000; i++) {
                    small.store().delete(b(key(i)), Durability.NONE);
                    model.remove(key(i));
                }
                small.store().flush();
                assertTrue(
                        small.store().stats().tombstones() < 200, small.store().stats()::toString);
                small.assertHolds(model, "deleted");
                assertEquals(SmallStore.noise(4000, 60), s(then.get(b(key(4000)))), "the snapshot still sees it");
                assertNull(small.store().get(b(key(4000))));
            }
        }
    }

    @Test
    void whatCannotBeMeantIsRefusedWithTheReason() {
        try (SmallStore small = new SmallStore(SmallStore.SMALL);
                SmallStore other = new SmallStore(SmallStore.SMALL)) {
            small.store().put(b("k"), b("v"));
            small.store().flush();
            assertRefused(
                    "\"b\\x00\" and ends at \"a\"", () -> small.store().compact(new byte[] {'b', 0}, b("a"), QUIET));
            assertRefused("must start below its end", () -> small.store().compact(b("a"), b("a"), QUIET));
            assertRefused("of one keyspace", () -> Compaction.EVERYTHING.withRange(b("a"), b("b")));
            assertRefused("1.04, must be 1.05", () -> Compaction.EVERYTHING.withTargetSpaceAmplification(1.04));
            assertRefused("NaN, must be 1.05", () -> small.store().clean(Double.NaN, QUIET));
            assertRefused("there is no zone 77", () -> small.store().clean(List.of(77), QUIET));
            Keyspace foreign = other.store().keyspace("foreign");
            assertRefused("of another store", () -> small.store()
                    .compact(Compaction.EVERYTHING.withKeyspace(foreign), QUIET));
            assertThrows(IllegalArgumentException.class, () -> small.store().compact((Compaction) null, QUIET));
            assertEquals("v", s(small.store().get(b("k"))));
        }
    }

    private static void assertRefused(String reason, Runnable call) {
        String said = assertThrows(IllegalArgumentException.class, call::run).getMessage();
        assertTrue(said.contains(reason), said);
    }
}
