package dev.cambium;

import static dev.cambium.StoreTest.b;
import static dev.cambium.StoreTest.s;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cambium.error.StoreIOException;
import dev.cambium.testkit.disk.CrashOutcome;
import dev.cambium.testkit.disk.FaultRule;
import dev.cambium.testkit.disk.OperationKind;
import dev.cambium.testkit.runtime.StepExecutor;
import java.util.NavigableMap;
import java.util.TreeMap;
import java.util.function.Predicate;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Zones that cannot be read for a while: gets, cursors and merges fail, say so, and go on when the disk does. */
@ExtendWith(QuietLog.class)
class RunReadFaultTest {
    private static final Predicate<String> ZONES = name -> name.startsWith("zone-");

    private static void put(Store store, NavigableMap<String, String> model, String key, String value, Durability how) {
        store.put(b(key), b(value), how);
        model.put(key, value);
    }

    @Test
    void aMergeThatFailsIsTriedAgainAndStopsNoWrites() {
        NavigableMap<String, String> model = new TreeMap<>();
        try (SmallStore small = new SmallStore(
                SmallStore.ROOMY.withMemoryBudget(Options.MIN_MEMORY_BUDGET), StepExecutor.Mode.INLINE)) {
            for (int round = 0; round < 12; round++) {
                if (round == 3) {
                    small.reopen(); // so that the merge has to read
                    small.disk()
                            .faults()
                            .add(FaultRule.on(OperationKind.READ)
                                    .inFiles("zone-0000000000000001"::equals)
                                    .always());
                }
                for (int i = 0; i < 30; i++) {
                    put(small.store(), model, "k" + i + "." + round, SmallStore.noise(i, 200), Durability.NONE);
                }
                small.store().flush();
            }
            assertTrue(small.disk().faults().failures() > 0);
            assertTrue(small.store().stats().runs() >= 9, small.store().stats()::toString);
            small.disk().faults().clear();
            small.assertHolds(model, "readable again");
            put(small.store(), model, "last", "1", Durability.NONE);
            small.store().flush();
            assertTrue(small.store().stats().runs() <= 4, small.store().stats()::toString);
            small.assertHolds(model, "merged at last");
        }
    }

    /** The writer is always ahead, so that merges are due before memtables, and every one of them fails. */
    @Test
    void aMergeThatFailsKeepsNoMemtableFromBeingLaidDown() {
        NavigableMap<String, String> model = new TreeMap<>();
        try (SmallStore small = new SmallStore(SmallStore.SMALL, StepExecutor.Mode.MANUAL)) {
            put(small.store(), model, "first", SmallStore.noise(1, 3000), Durability.NONE);
            small.store().flush();
            small.reopenAfter(CrashOutcome.PROCESS_KILL); // the first zone is cut, and nothing of it is in memory
            small.disk()
                    .faults()
                    .add(FaultRule.on(OperationKind.READ)
                            .inFiles("zone-0000000000000001"::equals)
                            .always());
            for (int i = 0; i < 1000; i++) {
                put(small.store(), model, "k" + i % 100, SmallStore.noise(i, 100), Durability.NONE);
            }
            assertTrue(small.disk().faults().failures() > 10, "merges were not tried");
            small.disk().faults().clear();
            small.assertHolds(model, "readable again");
            small.executor().runAll();
            assertTrue(small.store().stats().runs() <= 6, small.store().stats()::toString);
            small.assertHolds(model, "merged at last");
        }
    }

    @Test
    void readsThatFailThrowAndSucceedWhenTheDiskDoes() {
        NavigableMap<String, String> model = new TreeMap<>();
        try (SmallStore small = new SmallStore(SmallStore.ROOMY)) {
            for (int i = 0; i < 300; i++) {
                put(small.store(), model, String.format("%04d", i), SmallStore.noise(i, 100), Durability.NONE);
            }
            small.store().flush();
            small.reopen();
            put(small.store(), model, "0100", "in memory", Durability.NONE);
            small.disk()
                    .faults()
                    .add(FaultRule.on(OperationKind.READ).inFiles(ZONES).always());
            assertThrows(StoreIOException.class, () -> small.store().get(b("0200")));
            assertEquals("in memory", s(small.store().get(b("0100"))));
            try (Cursor cursor = small.store().cursor()) {
                assertThrows(StoreIOException.class, cursor::next);
                small.disk().faults().clear();
                assertTrue(cursor.seek(b("0200")));
                assertEquals(model.get("0200"), s(cursor.value()));
                assertTrue(cursor.previous());
                assertEquals(model.get("0199"), s(cursor.value()));
            }
            small.assertHolds(model, "readable again");
        }
    }

    /** A cursor that went on behind the page that it could not read would leave out keys without a word. */
    @Test
    void aCursorWhoseMoveFailedLeavesOutNothing() {
        NavigableMap<String, String> model = new TreeMap<>();
        try (SmallStore small = new SmallStore(SmallStore.ROOMY)) {
            for (int i = 0; i < 300; i++) {
                put(small.store(), model, String.format("%04d", i), SmallStore.noise(i, 60), Durability.NONE);
                if (i == 150) {
                    small.store().flush();
                }
            }
            small.store().flush();
            for (int nth = 1; nth < 60; nth++) {
                for (boolean up : new boolean[] {true, false}) {
                    small.reopenCold();
                    small.disk()
                            .faults()
                            .add(FaultRule.on(OperationKind.READ).inFiles(ZONES).fromThe(nth));
                    NavigableMap<String, String> left = new TreeMap<>(model);
                    try (Cursor cursor = small.store().cursor()) {
                        scan(cursor, up, left);
                        String at = left.isEmpty() ? null : up ? left.firstKey() : left.lastKey();
                        if (at != null) { // a read has failed
                            assertThrows(IllegalStateException.class, up ? cursor::next : cursor::previous);
                            assertThrows(IllegalStateException.class, cursor::key);
                            assertTrue(up ? cursor.seek(b(at)) : cursor.seekFloor(b(at)));
                            assertEquals(left.remove(at), s(cursor.value()));
                            scan(cursor, up, left);
                        }
                    }
                    assertEquals(new TreeMap<>(), left, "left out, read " + nth);
                    small.disk().faults().clear();
                }
            }
            assertTrue(small.disk().faults().failures() > 20, "too few reads failed");
        }
    }

    /** Takes what the cursor meets out of {@code left}, until the end or a failure. */
    private static void scan(Cursor cursor, boolean up, NavigableMap<String, String> left) {
        try {
            while (up ? cursor.next() : cursor.previous()) {
                String key = s(cursor.key());
                assertEquals(up ? left.firstKey() : left.lastKey(), key);
                String value = s(cursor.value());
                assertEquals(left.remove(key), value);
            }
        } catch (StoreIOException e) {
            assertTrue(e.getMessage().contains("injected"), e.getMessage());
        }
    }
}
