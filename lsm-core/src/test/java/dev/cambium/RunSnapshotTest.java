package dev.cambium;

import static dev.cambium.StoreTest.b;
import static dev.cambium.StoreTest.s;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cambium.testkit.disk.CrashOutcome;
import dev.cambium.testkit.disk.FaultRule;
import dev.cambium.testkit.disk.OperationKind;
import dev.cambium.testkit.disk.SimulatedDisk;
import dev.cambium.testkit.runtime.StepExecutor;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Set;
import java.util.TreeMap;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.junit.jupiter.api.Test;

/** Snapshots and cursors see what they saw, whatever is laid down, merged or dropped meanwhile; what they held goes when they do. */
class RunSnapshotTest {
    /** Little room for pages in memory: most of what is read comes from zones. */
    private static final Options READING_ZONES = SmallStore.SMALL
            .withMemoryBudget(Options.MIN_MEMORY_BUDGET)
            .withMemtableBytes(4 << 20)
            .withPageBytes(4 << 10);

    private static String key(int number) {
        return String.format("k%04d", number);
    }

    private static void put(Store store, NavigableMap<String, String> model, int number, String value) {
        store.put(b(key(number)), b(value), Durability.BUFFERED);
        model.put(key(number), value);
    }

    @Test
    void snapshotsOfEveryMomentKeepTheirContent() {
        NavigableMap<String, String> model = new TreeMap<>();
        List<Snapshot> snapshots = new ArrayList<>();
        List<NavigableMap<String, String>> seen = new ArrayList<>();
        try (SmallStore small = new SmallStore(SmallStore.ROOMY)) {
            for (int i = 0; i < 70; i++) {
                for (int j = 0; j < 10; j++) {
                    put(small.store(), model, (i * 7 + j) % 40, "v" + i + "." + j);
                }
                small.store().delete(b(key(i % 40)), Durability.NONE);
                model.remove(key(i % 40));
                if (i % 3 == 0) {
                    snapshots.add(small.store().snapshot());
                    seen.add(new TreeMap<>(model));
                }
                small.store().flush();
                if (i % 5 == 0) {
                    snapshots.add(small.store().snapshot());
                    seen.add(new TreeMap<>(model));
                }
            }
            for (int i = 0; i < snapshots.size(); i++) {
                SmallStore.assertHolds(seen.get(i), snapshots.get(i), "snapshot " + i);
            }
            for (int i = snapshots.size() - 1; i >= 0; i -= 2) { // half of them go, the others stay as they were
                snapshots.get(i).close();
            }
            for (int i = snapshots.size() - 2; i >= 0; i -= 2) {
                SmallStore.assertHolds(seen.get(i), snapshots.get(i), "snapshot " + i + " among closed ones");
                snapshots.get(i).close();
            }
            small.assertHolds(model, "after all");
            assertEquals(0, small.store().stats().openSnapshots());
        }
    }

    @Test
    void cursorsGoOnWhileTheirRunsAreMergedAway() {
        NavigableMap<String, String> model = new TreeMap<>();
        try (SmallStore small = new SmallStore(SmallStore.ROOMY)) {
            Store store = small.store();
            for (int i = 0; i < 400; i++) {
                put(store, model, i, "old" + i);
                if (i % 130 == 129) {
                    store.flush();
                }
            }
            List<Map.Entry<String, String>> before = new ArrayList<>(new TreeMap<>(model).entrySet());
            try (Cursor up = store.cursor();
                    Cursor down = store.cursor()) {
                for (int i = 0; i < 400; i++) {
                    assertTrue(up.next());
                    assertTrue(down.previous());
                    if (i % 10 == 0) { // key and value are asked for after the flush that may take the page away
                        for (int j = 0; j < 400; j += 3) {
                            put(store, model, (i + j) % 500, "new" + i);
                        }
                        store.delete(b(key(399 - i)), Durability.NONE);
                        model.remove(key(399 - i));
                        store.flush();
                    }
                    assertEquals(before.get(i).getKey(), s(up.key()));
                    assertEquals(before.get(i).getValue(), s(up.valueView().toByteArray()));
                    assertEquals(before.get(399 - i).getKey(), s(down.keyView().toByteArray()));
                    assertEquals(before.get(399 - i).getValue(), s(down.value()));
                }
                assertFalse(up.next());
                assertFalse(down.previous());
                assertTrue(up.previous(), "and all the way back");
                assertEquals(before.get(399).getValue(), s(up.value()));
            }
            small.assertHolds(model, "afterwards");
        }
    }

    @Test
    void aViewLivesUntilItsCursorMovesThoughItsRunIsMergedAway() {
        try (SmallStore small = new SmallStore(SmallStore.ROOMY)) {
            Store store = small.store();
            store.put(b("k"), b("value"));
            store.flush();
            try (Cursor cursor = store.cursor()) {
                assertTrue(cursor.next());
                ByteView key = cursor.keyView();
                ByteView value = cursor.valueView();
                for (int i = 0; i < 40; i++) {
                    store.put(b("k"), b("other" + i));
                    store.flush();
                    assertEquals("k", s(key.toByteArray()));
                    assertEquals("value", s(value.toByteArray()));
                }
                assertFalse(cursor.next());
                assertThrows(IllegalStateException.class, value::toByteArray);
            }
        }
    }

    @Test
    void zonesThatAreNoLongerNamedAreReadAsLongAsSomeoneSeesThem() {
        NavigableMap<String, String> model = new TreeMap<>();
        try (SmallStore small = new SmallStore(READING_ZONES)) {
            Store store = small.store();
            for (int i = 0; i < 300; i++) {
                put(store, model, i, SmallStore.noise(i, 10_000));
            }
            store.flush();
            NavigableMap<String, String> old = new TreeMap<>(model);
            Set<Integer> zones = new HashSet<>(small.manifest().zones().keySet());
            assertTrue(zones.size() >= 3, zones.toString());
            Snapshot then = store.snapshot();
            Cursor cursor = then.cursor();
            assertTrue(cursor.seek(b(key(150))));
            long loads = store.stats().pageLoads();
            for (int round = 0; round < 8; round++) {
                for (int i = 0; i < 300; i++) {
                    put(store, model, i, SmallStore.noise(1000L * round + i, 3_000));
                }
                store.flush();
            }
            assertTrue(small.manifest().live().keySet().stream().noneMatch(zones::contains), "they are still in use");
            zones.removeAll(small.manifest().zones().keySet()); // but for one that is appended to
            assertTrue(zones.size() >= 2, "hardly any is no longer named");
            assertTrue(cursor.next());
            assertEquals(old.get(key(151)), s(cursor.value()));
            SmallStore.assertHolds(old, then, "zones without a name");
            assertTrue(store.stats().pageLoads() > loads + 300, "nothing was read from zones");
            cursor.close();
            then.close();
            store.put(b("some"), b("more work"));
            store.flush();
            small.store().close();
            assertEquals(Set.of(), small.unnamedOrMissing());
            small.open();
            model.put("some", "more work");
            small.assertHolds(model, "at the end");
        }
    }

    @Test
    void aSnapshotThatOutlivesItsStoreIsClosedWithoutHarm() {
        try (SmallStore small = new SmallStore(SmallStore.ROOMY)) {
            NavigableMap<String, String> model = new TreeMap<>();
            put(small.store(), model, 1, "v");
            small.store().flush();
            Snapshot snapshot = small.store().snapshot();
            Cursor cursor = snapshot.cursor();
            assertTrue(cursor.next());
            for (int i = 0; i < 8; i++) {
                put(small.store(), model, 1, "w" + i);
                small.store().flush();
            }
            small.store().close();
            assertThrows(IllegalStateException.class, cursor::value);
            assertThrows(IllegalStateException.class, () -> snapshot.get(b(key(1))));
            snapshot.close();
            cursor.close();
            assertEquals(0, small.store().memoryUsedBytes());
            small.open();
            small.assertHolds(model, "reopened");
            small.reopen();
            assertEquals(Set.of(), small.unnamedOrMissing());
        }
    }

    @Test
    void deadZonesAreDeletedAfterAKillThatCameWhileASnapshotHeldThem() {
        try (SmallStore small = new SmallStore(SmallStore.ROOMY)) {
            NavigableMap<String, String> model = new TreeMap<>();
            Snapshot snapshot = small.store().snapshot();
            for (int round = 0; round < 60; round++) {
                overwrite(small.store(), model, round);
                if (round == 0) {
                    snapshot.close();
                    snapshot = small.store().snapshot();
                }
            }
            assertTrue(small.manifest().zones().firstKey() > 1, "the first zone is in use till the end");
            assertTrue(small.files("zone-").size() > small.manifest().zones().size(), "nothing is held");
            SimulatedDisk left = small.disk().afterCrash(CrashOutcome.PROCESS_KILL);
            try (SmallStore later = new SmallStore(SmallStore.ROOMY, StepExecutor.Mode.INLINE, left)) {
                later.assertHolds(model, "after the kill");
                later.store().close();
                assertEquals(Set.of(), later.unnamedOrMissing());
            }
            snapshot.close();
        }
    }

    private static void overwrite(Store store, NavigableMap<String, String> model, int round) {
        for (int i = 0; i < 20; i++) {
            put(store, model, i, SmallStore.noise(round * 20L + i, 3000));
        }
        store.flush();
    }

    @Test
    void aZoneThatCannotBeDeletedHarmsNobody() {
        Logger logger = Logger.getLogger("dev.cambium");
        logger.setLevel(Level.OFF); // each failure is logged
        for (boolean forever : new boolean[] {true, false}) {
            try (SmallStore small = new SmallStore(SmallStore.ROOMY)) {
                NavigableMap<String, String> model = new TreeMap<>();
                overwrite(small.store(), model, 0);
                Snapshot snapshot = small.store().snapshot();
                NavigableMap<String, String> old = new TreeMap<>(model);
                for (int round = 1; round < 60; round++) {
                    overwrite(small.store(), model, round);
                }
                FaultRule rule = FaultRule.on(OperationKind.DELETE).inFiles(name -> name.startsWith("zone-"));
                small.disk().faults().add(forever ? rule.always() : rule);
                SmallStore.assertHolds(old, snapshot, "old");
                snapshot.close();
                for (int round = 60; round < 100; round++) {
                    overwrite(small.store(), model, round);
                }
                small.assertHolds(model, "no zone can be deleted");
                assertTrue(small.disk().faults().failures() > 0, "nothing was deleted");
                small.store().close();
                small.disk().faults().clear();
                small.open();
                small.assertHolds(model, "reopened");
                small.store().close();
                assertEquals(Set.of(), small.unnamedOrMissing());
            }
        }
        logger.setLevel(null);
    }
}
