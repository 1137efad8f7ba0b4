package dev.cambium;

import static dev.cambium.StoreTest.b;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cambium.error.StoreException;
import dev.cambium.log.Verification;
import dev.cambium.segment.manifest.ManifestState;
import dev.cambium.testkit.SimulatedEnvironment;
import dev.cambium.testkit.disk.CrashOutcome;
import dev.cambium.testkit.disk.DiskOperation;
import dev.cambium.testkit.disk.SimulatedCrash;
import dev.cambium.testkit.disk.SimulatedDisk;
import dev.cambium.testkit.runtime.SeededRandom;
import dev.cambium.testkit.runtime.StepExecutor;
import java.util.ArrayList;
import java.util.List;
import java.util.NavigableMap;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A process that dies while stretches of the base are merged and zones of values are cleaned, at any operation on the disk, and again while the
 * next one recovers and goes on with that: whatever was acknowledged is there, and no file contradicts another.
 *
 * <p>All lives begin with the disk of a store that has both before it: a base, and a young run over most of its values.
 */
class CleaningCrashTest {
    private static final int KEYS = 1800;

    /** Two stretches at the same time: each has zones of its own, between which a crash may tell. */
    private static final Options OPTIONS = ValueWorld.OPTIONS.withMergeThreads(2);

    private static SimulatedDisk before;
    private static NavigableMap<String, String> content;

    /** A write that is acknowledged once it is forced; or a flush, which is followed by all merges and cleaning that are due. */
    private record Step(String key, String value) {
        boolean isFlush() {
            return key == null;
        }

        void applyTo(Store store) {
            if (isFlush()) {
                store.flush();
            } else if (value == null) {
                store.delete(b(key), Durability.SYNC);
            } else {
                store.put(b(key), b(value), Durability.SYNC);
            }
        }

        void applyTo(NavigableMap<String, String> map) {
            if (value != null) {
                map.put(key, value);
            } else if (!isFlush()) {
                map.remove(key);
            }
        }
    }

    private static final List<Step> STEPS = List.of(
            new Step(ValueWorld.key(5), SmallStore.noise(-1, 1500)),
            new Step(null, null),
            new Step(ValueWorld.key(KEYS - 1), null),
            new Step(ValueWorld.key(KEYS / 2), SmallStore.noise(-2, 7000)),
            new Step(null, null));

    @BeforeAll
    static void makeTheDisk() {
        ValueWorld world = new ValueWorld(OPTIONS, StepExecutor.Mode.MANUAL);
        for (int i = 0; i < KEYS; i++) { // four values share a page, or one has its own
            world.put(i, SmallStore.noise(i, i % 8 == 0 ? 6000 : 1024));
        }
        world.small.store().flush();
        world.runSteps();
        for (int i = 0; i < KEYS; i++) {
            if (i % 9 != 0) {
                if (i % 5 == 0) {
                    world.delete(i);
                } else {
                    world.put(i, SmallStore.noise(KEYS + i, i % 8 == 0 ? 6000 : 1024));
                }
            }
        }
        world.small.store().flush();
        world.close(); // what is due now is not done
        before = world.small.disk().afterCrash(CrashOutcome.EVERYTHING);
        content = world.model;
    }

    private static NavigableMap<String, String> after(int steps) {
        NavigableMap<String, String> map = new TreeMap<>(content);
        STEPS.subList(0, steps).forEach(step -> step.applyTo(map));
        return map;
    }

    private static SimulatedDisk disk() {
        return before.afterCrash(CrashOutcome.EVERYTHING);
    }

    /** One process: opens, finds out how far the one before has come, and does the rest. */
    private static final class Life {
        final SimulatedDisk disk;
        int acknowledged;
        ManifestState last; // of a life that was not cut short

        Life(SimulatedDisk disk, int acknowledged) {
            this.disk = disk;
            this.acknowledged = acknowledged;
        }

        Life live() {
            Store store = null;
            try {
                SimulatedEnvironment environment = new SimulatedEnvironment(disk, 1, StepExecutor.Mode.INLINE);
                store = Store.open(environment.environment(), OPTIONS);
                acknowledged = stepsFound(store);
                while (acknowledged < STEPS.size()) {
                    STEPS.get(acknowledged).applyTo(store);
                    acknowledged++;
                }
                assertEquals(STEPS.size(), stepsFound(store));
                store.close();
                last = SmallStore.manifest(disk);
            } catch (SimulatedCrash | StoreException e) {
                if (!disk.hasCrashed()) {
                    throw e;
                }
                abandon(store);
            }
            return this;
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

        /** After how many steps a store is that holds what this one does: all that were acknowledged, and perhaps the one after. */
        private int stepsFound(Store store) {
            NavigableMap<String, String> found = new TreeMap<>();
            try (Cursor cursor = store.cursor()) {
                while (cursor.next()) {
                    found.put(StoreTest.s(cursor.key()), StoreTest.s(cursor.value()));
                }
            }
            for (int steps = acknowledged; steps <= Math.min(acknowledged + 1, STEPS.size()); steps++) {
                if (found.equals(after(steps))) {
                    for (String key : List.of(ValueWorld.key(0), ValueWorld.key(5), ValueWorld.key(KEYS / 2))) {
                        assertArrayEquals(found.containsKey(key) ? b(found.get(key)) : null, store.get(b(key)));
                    }
                    return steps;
                }
            }
            throw new AssertionError("what is found is not what was acknowledged in " + acknowledged + " steps");
        }
    }

    private static void explore(int mostPoints, int mostAgain, long seed) {
        Life whole = new Life(disk(), 0).live();
        List<DiskOperation> operations = whole.disk.operations();
        assertTheMergesWereMet(whole);
        SeededRandom random = new SeededRandom(seed);
        int recoveries = 0;
        for (int point : points(operations.size(), mostPoints, random)) {
            SimulatedDisk dying = disk();
            dying.crashAt(point, cut(operations, point, random));
            Life life = new Life(dying, 0).live();
            List<CrashOutcome> outcomes = List.of(
                    CrashOutcome.PROCESS_KILL,
                    CrashOutcome.NOTHING_UNFORCED,
                    CrashOutcome.powerLoss(SeededRandom.mix(seed, point) >>> 1));
            for (CrashOutcome outcome : mostPoints == Integer.MAX_VALUE ? outcomes : List.of(random.pick(outcomes))) {
                String place = "seed " + seed + ", operation " + point + ", " + outcome;
                int last = -1;
                try {
                    int count = recover(dying.afterCrash(outcome), life.acknowledged);
                    recoveries++;
                    for (int again : points(count, mostAgain, random)) {
                        last = again;
                        SimulatedDisk next = dying.afterCrash(outcome);
                        next.crashAt(again);
                        Life second = new Life(next, life.acknowledged).live();
                        recover(
                                next.afterCrash(
                                        random.chance(50) ? CrashOutcome.PROCESS_KILL : CrashOutcome.NOTHING_UNFORCED),
                                second.acknowledged);
                        recoveries++;
                    }
                } catch (RuntimeException | AssertionError e) {
                    throw new AssertionError(place + (last < 0 ? "" : ", again at " + last), e);
                }
            }
        }
        System.out.println("merges of the base and the cleaner: " + operations.size() + " operations, " + recoveries
                + " recoveries");
    }

    /** A life that is not cut short; returns how many operations it took. */
    private static int recover(SimulatedDisk disk, int acknowledged) {
        Life life = new Life(disk, acknowledged).live();
        assertFalse(disk.hasCrashed());
        assertEquals(List.of(), new Verification(disk).run().findings());
        return disk.operations().size();
    }

    private static int cut(List<DiskOperation> operations, int point, SeededRandom random) {
        List<Integer> cuts = point < operations.size() ? operations.get(point).cuts() : List.of();
        return cuts.isEmpty() || random.chance(70) ? 0 : random.pick(cuts);
    }

    private static List<Integer> points(int count, int most, SeededRandom random) {
        List<Integer> points = new ArrayList<>();
        int parts = Math.min(count, most);
        for (int part = 0; part < parts; part++) {
            int from = (int) ((long) count * part / parts);
            points.add(random.between(from, (int) ((long) count * (part + 1) / parts) - 1));
        }
        return points;
    }

    /** That a life has merged stretches of the base and emptied zones of values, which is what all this is about. */
    private static void assertTheMergesWereMet(Life whole) {
        ManifestState then = SmallStore.manifest(before);
        assertEquals(2, then.runs().size());
        long gone = then.zones().values().stream()
                .filter(zone -> zone.stream() == ValueWorld.STREAM_VALUES)
                .filter(zone -> then.liveBytes(zone.number()) > 0)
                .filter(zone -> !whole.last.zones().containsKey(zone.number()))
                .count();
        assertTrue(gone >= 2, gone + " zones of values have been emptied");
    }

    @Test
    void nothingIsLostWhereverMergesOfTheBaseAndTheCleanerAreCutShort() {
        explore(24, 0, 1);
    }

    @Test
    void nothingIsLostWhereTheRecoveryIsCutShortToo() {
        explore(6, 2, 2);
    }

    @Tag("long")
    @ParameterizedTest
    @ValueSource(longs = {10, 11, 12})
    void nothingIsLostAtAnyOperationNorInAnyRecovery(long seed) {
        explore(Integer.MAX_VALUE, 3, seed);
    }
}
