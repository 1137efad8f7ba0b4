package dev.cambium;

import static dev.cambium.StoreTest.b;
import static dev.cambium.StoreTest.s;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cambium.error.StoreException;
import dev.cambium.log.Verification;
import dev.cambium.testkit.SimulatedEnvironment;
import dev.cambium.testkit.disk.CrashOutcome;
import dev.cambium.testkit.disk.DiskOperation;
import dev.cambium.testkit.disk.FaultRule;
import dev.cambium.testkit.disk.OperationKind;
import dev.cambium.testkit.disk.SimulatedCrash;
import dev.cambium.testkit.disk.SimulatedDisk;
import dev.cambium.testkit.runtime.SeededRandom;
import dev.cambium.testkit.runtime.StepExecutor;
import java.util.ArrayList;
import java.util.List;
import java.util.NavigableMap;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * A process that dies, or a disk that fails, while holes are punched: whatever was acknowledged is there, no file contradicts another, and the next
 * process punches what is left. All lives begin with the disk of a full store, and delete ranges of its keys in one batch.
 */
@ExtendWith(QuietLog.class)
class HolesCrashTest {
    private static final int[][] DELETED = {{150, 320}, {560, 740}};

    private static SimulatedDisk before;
    private static NavigableMap<String, String> content;
    private static NavigableMap<String, String> contentAfter;

    @BeforeAll
    static void makeTheDisk() {
        ValueWorld world = HolesTest.filled();
        world.close();
        before = world.small.disk().afterCrash(CrashOutcome.EVERYTHING);
        content = world.model;
        contentAfter = new TreeMap<>(content);
        for (int[] range : DELETED) {
            contentAfter
                    .subMap(ValueWorld.key(range[0]), ValueWorld.key(range[1]))
                    .clear();
        }
    }

    private static SimulatedDisk disk() {
        return before.afterCrash(CrashOutcome.EVERYTHING);
    }

    /** One process, which deletes, merges, and punches what is due; whether the deletes were acknowledged. */
    private static boolean live(SimulatedDisk disk, boolean isThere) {
        boolean isAcknowledged = isThere;
        Store store = null;
        try {
            SimulatedEnvironment environment = new SimulatedEnvironment(disk, 1, StepExecutor.Mode.INLINE);
            store = Store.open(environment.environment(), HolesTest.OPTIONS);
            assertHolds(store, isThere);
            WriteBatch batch = new WriteBatch();
            for (int[] range : DELETED) {
                for (int i = range[0]; i < range[1]; i++) {
                    batch.delete(b(ValueWorld.key(i)));
                }
            }
            store.write(batch, Durability.SYNC);
            isAcknowledged = true;
            store.flush();
            assertHolds(store, true);
            store.close();
        } catch (SimulatedCrash | StoreException e) {
            if (!disk.hasCrashed()) {
                throw e;
            }
            abandon(store);
        }
        return isAcknowledged;
    }

    private static void abandon(Store store) {
        if (store != null) {
            try {
                store.close();
            } catch (SimulatedCrash | StoreException expected) {
                // that is what a dead disk does
            }
            assertEquals(0, store.memoryUsedBytes(), "memory that a close on a dead disk does not give back");
        }
    }

    private static void assertHolds(Store store, boolean isThere) {
        NavigableMap<String, String> found = new TreeMap<>();
        try (Cursor cursor = store.cursor()) {
            while (cursor.next()) {
                found.put(s(cursor.key()), s(cursor.value()));
            }
        }
        assertTrue(found.equals(contentAfter) || !isThere && found.equals(content), "what is found is something else");
        for (int i = 0; i < 1200; i += 97) {
            String key = ValueWorld.key(i);
            assertEquals(found.get(key), s(store.get(b(key))));
        }
    }

    /** A life that is not cut short, and what it leaves; returns what it did. */
    private static List<DiskOperation> recover(SimulatedDisk disk, boolean isThere) {
        live(disk, isThere);
        assertFalse(disk.hasCrashed());
        assertEquals(List.of(), new Verification(disk).run().findings());
        assertTrue(SmallStore.manifest(disk).punched().size() > 0, "what was not punched before is now");
        return disk.operations();
    }

    /** Where to die: around each hole, and somewhere else. */
    private static TreeSet<Integer> points(List<DiskOperation> operations, int others, SeededRandom random) {
        TreeSet<Integer> points = new TreeSet<>();
        for (DiskOperation operation : operations) {
            if (operation.kind() == OperationKind.PUNCH) {
                for (int at = -1; at <= 4; at++) {
                    points.add((int) Math.max(0, Math.min(operations.size() - 1, operation.number() + at)));
                }
            }
        }
        for (int i = 0; i < others; i++) {
            points.add(random.nextInt(operations.size()));
        }
        return points;
    }

    private static void explore(int mostPoints, int others, int again, boolean allOutcomes, long seed) {
        List<DiskOperation> operations = recover(disk(), false);
        long holes = operations.stream()
                .filter(operation -> operation.kind() == OperationKind.PUNCH)
                .count();
        assertTrue(holes >= 2, holes + " holes are punched");
        SeededRandom random = new SeededRandom(seed);
        List<Integer> points = new ArrayList<>(points(operations, others, random));
        while (points.size() > mostPoints) {
            points.remove(random.nextInt(points.size()));
        }
        int recoveries = 0;
        for (int point : points) {
            SimulatedDisk dying = disk();
            dying.crashAt(point);
            boolean isThere = live(dying, false);
            List<CrashOutcome> outcomes = List.of(
                    CrashOutcome.PROCESS_KILL,
                    CrashOutcome.NOTHING_UNFORCED,
                    CrashOutcome.powerLoss(SeededRandom.mix(seed, point) >>> 1));
            for (CrashOutcome outcome : allOutcomes ? outcomes : List.of(random.pick(outcomes))) {
                String place = "seed " + seed + ", operation " + operations.get(point) + ", " + outcome;
                int last = -1;
                try {
                    List<DiskOperation> recovery = recover(dying.afterCrash(outcome), isThere);
                    recoveries++;
                    List<Integer> seconds = new ArrayList<>(points(recovery, 2, random));
                    for (int i = 0; i < again; i++) {
                        last = random.pick(seconds);
                        SimulatedDisk next = dying.afterCrash(outcome);
                        next.crashAt(last);
                        boolean isThereThen = live(next, isThere);
                        recover(next.afterCrash(random.pick(outcomes)), isThereThen);
                        recoveries++;
                    }
                } catch (RuntimeException | AssertionError e) {
                    throw new AssertionError(place + (last < 0 ? "" : ", again at " + last), e);
                }
            }
        }
        System.out.println("holes: " + operations.size() + " operations, " + holes + " holes, " + points.size()
                + " deaths, " + recoveries + " recoveries");
    }

    @Test
    void nothingIsLostWhereverPunchingIsCutShort() {
        explore(40, 6, 0, false, 1);
    }

    @Test
    void nothingIsLostWhereTheRecoveryIsCutShortToo() {
        explore(10, 2, 2, false, 2);
    }

    @Tag("long")
    @Test
    void nothingIsLostWhereverPunchingIsCutShortNorInAnyRecovery() {
        for (long seed = 10; seed < 14; seed++) {
            explore(Integer.MAX_VALUE, 60, 3, true, seed);
        }
    }

    @Test
    void aFailureOfAnyHoleOrOfTheForceBehindItLosesNothing() {
        List<DiskOperation> operations = recover(disk(), false);
        long holes = operations.stream()
                .filter(operation -> operation.kind() == OperationKind.PUNCH)
                .count();
        for (int nth = 1; nth <= holes; nth++) {
            SimulatedDisk failing = disk();
            failing.faults().add(FaultRule.on(OperationKind.PUNCH).fromThe(nth));
            live(failing, false);
            assertEquals(1, failing.faults().failures());
            assertEquals(List.of(), new Verification(failing).run().findings());
            failing.faults().clear();
            recover(failing, true);
        }
        for (int at = 1; at < operations.size(); at++) {
            DiskOperation operation = operations.get(at);
            boolean isOfAHole = operation.kind() == OperationKind.FORCE
                    && operations.get(at - 1).kind() == OperationKind.PUNCH
                    && operations.get(at - 1).file().equals(operation.file());
            if (isOfAHole) {
                long nth = operations.subList(0, at + 1).stream()
                        .filter(each -> each.kind() == OperationKind.FORCE
                                && each.file().equals(operation.file()))
                        .count();
                SimulatedDisk failing = disk();
                failing.faults()
                        .add(FaultRule.on(OperationKind.FORCE)
                                .inFiles(operation.file()::equals)
                                .fromThe(nth));
                live(failing, false);
                assertEquals(1, failing.faults().failures(), operation.toString());
                assertEquals(List.of(), new Verification(failing).run().findings());
                SimulatedDisk left = failing.afterCrash(CrashOutcome.powerLoss(nth));
                recover(left, true);
            }
        }
    }
}
