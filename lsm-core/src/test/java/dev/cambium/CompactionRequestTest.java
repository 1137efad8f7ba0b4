package dev.cambium;

import static dev.cambium.StoreTest.b;
import static dev.cambium.StoreTest.s;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cambium.testkit.SimulatedEnvironment;
import dev.cambium.testkit.disk.SimulatedDisk;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.Test;

/** What a compaction or cleaning is asked for, what is estimated of it, and what it tells. */
class CompactionRequestTest {
    private static final Options SMALL =
            CambiumUnderTest.SMALL.withPageBytes(1024).withZoneBytes(1 << 20);
    private static final int ENTRIES = 2000;

    private final SimulatedDisk disk = new SimulatedDisk(1);

    private Store open() {
        Store store = Store.open(new SimulatedEnvironment(disk, 1).environment(), SMALL);
        Keyspace users = store.keyspace("users");
        for (int i = 0; i < ENTRIES; i++) {
            store.put(key(i), b("own value " + i), Durability.NONE);
            users.put(key(i), b("users' value " + i), Durability.NONE);
        }
        store.compact();
        for (int i = 0; i < ENTRIES; i += 10) {
            store.put(key(i), b("new"), Durability.NONE);
            users.put(key(i), b("new"), Durability.NONE);
        }
        store.flush();
        return store;
    }

    private static byte[] key(int number) {
        return b(String.format(Locale.ROOT, "%05d", number));
    }

    private static long young(Store store) {
        return store.runStats().stream()
                .filter(run -> !run.isBase())
                .mapToLong(RunStats::entries)
                .sum();
    }

    @Test
    void aRangeOfTheStoresOwnKeyspaceCanBeAskedForWithATarget() {
        try (Store store = open()) {
            Compaction range = Compaction.EVERYTHING
                    .withKeyspace(store.ownKeyspace())
                    .withRange(key(0), null)
                    .withTargetSpaceAmplification(1.5);
            CompactionEstimate estimate = store.estimate(range);
            assertTrue(estimate.stretches() > 0, estimate::toString);
            CompactionReport report = store.compact(range, (done, total) -> {});
            assertTrue(young(store) > 0, "the other keyspace's stay");
            assertEquals(0, store.estimate(range).stretches());
            assertTrue(report.mergedBytes() >= report.linkedBytes(), report::toString);
            assertEquals("new", s(store.get(key(10))));
            assertEquals("users' value 11", s(store.keyspace("users").get(key(11))));
        }
    }

    @Test
    void aRangeWithoutAKeyspaceOrInDisorderIsRefused() {
        assertThrows(IllegalArgumentException.class, () -> Compaction.EVERYTHING.withRange(key(1), null));
        try (Store store = open()) {
            Compaction own = Compaction.EVERYTHING.withKeyspace(store.ownKeyspace());
            String message = assertThrows(IllegalArgumentException.class, () -> own.withRange(key(2), key(2)))
                    .getMessage();
            assertEquals("the range starts at \"00002\" and ends at \"00002\": it must start below its end", message);
        }
    }

    @Test
    void cleaningTellsWhatWentThroughItAndGivesTheNamedZonesBack() {
        try (Store store = open()) {
            List<Integer> base = store.zoneStats().stream()
                    .filter(zone -> zone.stream() == ZoneStats.Stream.BASE)
                    .map(ZoneStats::number)
                    .toList();
            assertEquals(
                    base,
                    store.estimateClean(base).stream().map(ZoneStats::number).toList());
            long[] most = new long[2];
            CompactionReport report = store.clean(base, (done, total) -> {
                most[0] = Math.max(most[0], done);
                most[1] = Math.max(most[1], total);
            });
            assertTrue(report.mergedBytes() > 0, report::toString);
            assertEquals(report.mergedBytes(), most[0]);
            assertEquals(0, most[1], "nobody knows how much there is");
            assertTrue(store.zoneStats().stream().noneMatch(zone -> base.contains(zone.number())));
            String message = assertThrows(IllegalArgumentException.class, () -> store.estimateClean(base))
                    .getMessage();
            assertTrue(message.startsWith("there is no zone " + base.get(0) + "; there are "), message);
            assertEquals("own value 1", s(store.get(key(1))));
        }
    }
}
