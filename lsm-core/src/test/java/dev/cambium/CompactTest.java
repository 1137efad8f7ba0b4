package dev.cambium;

import static dev.cambium.StoreTest.b;
import static dev.cambium.StoreTest.s;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cambium.error.CorruptionException;
import dev.cambium.error.DiskFullException;
import dev.cambium.log.Verification;
import dev.cambium.segment.zone.ZoneFiles;
import dev.cambium.testkit.SimulatedEnvironment;
import dev.cambium.testkit.disk.CrashOutcome;
import dev.cambium.testkit.disk.SimulatedCrash;
import dev.cambium.testkit.disk.SimulatedDisk;
import dev.cambium.testkit.runtime.StepExecutor;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.Test;

/** What {@link Store#compact} promises. */
class CompactTest {
    private static final Options SMALL =
            CambiumUnderTest.SMALL.withPageBytes(1024).withZoneBytes(1 << 20);
    private static final int ENTRIES = 400;

    private final SimulatedDisk disk = new SimulatedDisk(1);

    private Store open() {
        return Store.open(new SimulatedEnvironment(disk, 1).environment(), SMALL);
    }

    private static byte[] key(int number) {
        return b(String.format(Locale.ROOT, "%05d", number));
    }

    /** Every third is deleted and every other overwritten. */
    private static void fill(Store store) {
        for (int round = 0; round < 3; round++) {
            for (int i = 0; i < ENTRIES; i++) {
                store.put(key(i), b("value " + i + " of round " + round), Durability.BUFFERED);
            }
        }
        for (int i = 0; i < ENTRIES; i += 3) {
            store.delete(key(i), Durability.BUFFERED);
        }
    }

    private static void check(Store store) {
        for (int i = 0; i < ENTRIES; i++) {
            assertEquals(i % 3 == 0 ? null : "value " + i + " of round 2", s(store.get(key(i))));
        }
    }

    private List<String> zoneFiles() {
        return disk.list().stream().filter(name -> ZoneFiles.numberOf(name) > 0).toList();
    }

    @Test
    void compactLeavesOneRunWithoutTombstonesAndDeletesTheZonesOfBefore() {
        try (Store store = open()) {
            fill(store);
            List<String> before = zoneFiles();
            List<Long> progress = new ArrayList<>();
            store.compact((done, total) -> {
                assertTrue(done <= total, done + " of " + total);
                progress.add(done);
            });
            assertEquals(1, store.stats().runs());
            assertEquals(0, store.stats().tombstones());
            assertEquals(ENTRIES - (ENTRIES + 2) / 3, store.stats().entries());
            assertTrue(zoneFiles().stream().noneMatch(before::contains), before + " became " + zoneFiles());
            assertTrue(!progress.isEmpty() && progress.get(progress.size() - 1) > 0, progress::toString);
            check(store);
            long operations = disk.operationCount();
            store.compact();
            assertEquals(operations, disk.operationCount(), "there is nothing to compact");
        }
        assertTrue(new Verification(disk).run().isSound());
        try (Store store = open()) {
            check(store);
        }
    }

    @Test
    void compactOfAnEmptyStoreAndOfNothingButTombstonesLeavesNoRun() {
        try (Store store = open()) {
            store.compact();
            store.put(key(1), b("v"));
            store.compact();
            store.delete(key(1));
            store.compact();
            assertEquals(0, store.stats().runs());
            assertEquals(0, store.stats().entries());
            assertNull(store.get(key(1)));
        }
        assertTrue(new Verification(disk).run().isSound());
    }

    /** The base went while a younger run was laid down: what makes another base is not the compaction that was asked for. */
    @Test
    void compactOfAStoreWithoutABaseLeavesOneRunToo() {
        int keys = 40_000; // so many that the merge takes some steps
        try (SmallStore small = new SmallStore(SmallStore.SMALL.withMemtableBytes(8 << 20), StepExecutor.Mode.MANUAL)) {
            for (int i = 0; i < keys; i++) {
                small.store().put(key(i), b("v"), Durability.NONE);
            }
            small.store().flush();
            for (int i = 0; i < keys; i++) {
                small.store().delete(key(i), Durability.NONE);
            }
            small.store().flush();
            IllegalStateException enough = new IllegalStateException("enough");
            assertThrows(IllegalStateException.class, () -> small.store().compact((done, total) -> {
                if (total > 0) { // the merge is under way, and will leave nothing
                    small.store().put(b("a"), b("1"), Durability.NONE);
                    small.store().delete(b("b"), Durability.NONE);
                    small.store().flush();
                    throw enough;
                }
            }));
            while (small.store().runStats().stream().anyMatch(RunStats::isBase)) {
                assertTrue(
                        small.executor().runNext(),
                        () -> "the base stays: " + small.store().runStats());
            }
            assertEquals(1, small.store().stats().runs());
            small.reopen();
            small.store().put(b("c"), b("2"), Durability.NONE);
            small.store().compact();
            assertEquals(1, small.store().stats().runs());
            assertEquals(2, small.store().stats().entries());
            assertEquals("1", s(small.store().get(b("a"))));
            assertEquals("2", s(small.store().get(b("c"))));
        }
    }

    /** What a listener throws comes to who waits, and what it stood for is given up; what is done stays done. */
    @Test
    void aListenerThatThrowsEndsTheCompaction() {
        try (Store store = open()) {
            fill(store);
            IllegalStateException stop = new IllegalStateException("enough");
            assertEquals(
                    stop,
                    assertThrows(
                            IllegalStateException.class,
                            () -> store.compact((done, total) -> {
                                throw stop;
                            })));
            check(store);
            store.compact();
            assertEquals(1, store.stats().runs());
            check(store);
        }
    }

    @Test
    void aSnapshotKeepsItsViewAndItsZonesUntilItIsClosed() {
        try (Store store = open()) {
            fill(store);
            store.flush();
            List<String> before = zoneFiles();
            try (Snapshot then = store.snapshot();
                    Cursor cursor = then.cursor()) {
                assertTrue(cursor.next());
                for (int i = 0; i < ENTRIES; i++) {
                    store.put(key(i), b("new"), Durability.BUFFERED);
                }
                store.compact();
                assertTrue(zoneFiles().containsAll(before), "a snapshot reads the zones of before");
                int seen = 1;
                while (cursor.next()) {
                    seen++;
                }
                assertEquals(ENTRIES - (ENTRIES + 2) / 3, seen);
                assertEquals("value 1 of round 2", s(then.get(key(1))));
                assertEquals("new", s(store.get(key(1))));
            }
            assertTrue(zoneFiles().stream().noneMatch(before::contains), "the zones go with the last snapshot");
        }
    }

    @Test
    void withoutRoomCompactSaysSoAndNothingIsLost() {
        Store store = open();
        fill(store);
        store.flush();
        long used =
                disk.list().stream().mapToLong(name -> disk.bytes(name).length).sum();
        disk.faults().capacityBytes(used + 2000);
        assertThrows(DiskFullException.class, store::compact);
        check(store);
        disk.faults().clear();
        store.compact();
        assertEquals(1, store.stats().runs());
        check(store);
        store.close();
        assertTrue(new Verification(disk).run().isSound());
    }

    @Test
    void aDamagedPageEndsTheCompactionWithItsPlaceAndOtherKeysAreStillRead() {
        String zone;
        try (Store store = open()) {
            fill(store);
            store.compact();
            zone = zoneFiles().get(0);
        }
        disk.corrupt(zone, 8 * (4096 + 200));
        try (Store store = open()) {
            assertEquals(
                    zone,
                    assertThrows(CorruptionException.class, () -> check(store)).file());
            store.put(b("other"), b("works"));
            store.flush();
            Exception failure = assertThrows(CorruptionException.class, store::compact);
            assertTrue(failure.getMessage().contains(zone), failure.getMessage());
            assertEquals("works", s(store.get(b("other"))));
        }
    }

    @Test
    void aKillInTheMiddleLosesNothing() {
        try (Store store = open()) {
            fill(store);
            store.flush();
        }
        SimulatedDisk whole = disk.afterCrash(CrashOutcome.EVERYTHING);
        Store compacted = Store.open(new SimulatedEnvironment(whole, 1).environment(), SMALL);
        compacted.compact();
        long operations = whole.operationCount();
        compacted.close();
        for (long at = 1; at <= operations; at += 3) {
            SimulatedDisk dying = disk.afterCrash(CrashOutcome.EVERYTHING);
            dying.crashAt(at);
            try {
                Store.open(new SimulatedEnvironment(dying, 1).environment(), SMALL)
                        .compact();
            } catch (SimulatedCrash expected) {
                // at each place in turn
            }
            SimulatedDisk left = dying.afterCrash(CrashOutcome.NOTHING_UNFORCED);
            try (Store store = Store.open(new SimulatedEnvironment(left, 1).environment(), SMALL)) {
                check(store);
            }
            assertTrue(new Verification(left).run().isSound(), "killed after operation " + at);
        }
    }
}
