package dev.cambium;

import static dev.cambium.StoreTest.b;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cambium.segment.manifest.ManifestState;
import dev.cambium.testkit.disk.CrashOutcome;
import dev.cambium.testkit.runtime.StepExecutor;
import java.util.NavigableMap;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/** Values of 1 KiB and more stand in zones of their own, stay there, die one by one, and move when their zone is given back. */
class ValuePlacementTest {
    private static ValueWorld world() {
        return new ValueWorld(ValueWorld.OPTIONS, StepExecutor.Mode.INLINE);
    }

    @Test
    void mergesLeaveValuesOfAKibibyteAndMoreWhereTheyAre() {
        int keys = 3000;
        int length = 2000;
        int flushes = 20;
        NavigableMap<String, String> model = new TreeMap<>();
        try (SmallStore small = new SmallStore(ValueWorld.OPTIONS)) {
            for (int flush = 0;
                    flush < flushes;
                    flush++) { // each run has keys everywhere, so that nothing can be linked
                for (int i = flush; i < keys; i += flushes) {
                    String key = String.format("%05d", i);
                    String value = SmallStore.noise(i, length);
                    small.store().put(b(key), b(value), Durability.NONE);
                    model.put(key, value);
                }
                small.store().flush();
            }
            StoreStats stats = small.store().stats();
            small.assertHolds(model, "merged"); // whose scans have values brought together
            assertTrue(stats.runs() < flushes / 2, "nothing was merged: " + stats);
            assertTrue(stats.mergedBytes() > 0, "nothing was merged: " + stats);
            assertTrue(
                    stats.mergedBytes() < keys * (long) length / 5,
                    "merges wrote " + stats.mergedBytes() + " bytes, values have " + keys * length);
        }
    }

    @Test
    void valuesBelowAKibibyteStandInLeavesAndOthersInZonesOfTheirOwn() {
        try (ValueWorld world = world()) {
            world.fill(100, 1023);
            assertEquals(0, world.liveValueBytes(), "values of 1023 bytes");
            world.put(50, SmallStore.noise(1, 1024));
            world.small.store().flush();
            long one = world.liveValueBytes();
            assertTrue(one >= 800 && one <= 1200, one + " bytes for a value of 1024");
            world.assertHolds("one of 1024 bytes");
        }
    }

    @Test
    void overwrittenValuesDieAndTheirZonesAreGivenBack() {
        int keys = 2500;
        Random random = new Random(3);
        try (ValueWorld world = world()) {
            world.fill(keys, 1500);
            long live = world.liveValueBytes();
            double most = 0;
            for (int round = 0; round < 10; round++) {
                for (int i = 0; i < keys / 2; i++) {
                    world.put(random.nextInt(keys), SmallStore.noise(random.nextInt(), 1500));
                }
                world.small.store().flush();
                world.verify("round " + round);
                StoreStats stats = world.small.store().stats();
                most = Math.max(most, stats.spaceAmplification());
                // Young runs may hide a part of it. Beside that the live map must not grow.
                assertTrue(
                        world.liveValueBytes() < 1.7 * live,
                        "round " + round + ": " + world.liveValueBytes() + " bytes live, at first " + live);
                if (round % 4 == 3) {
                    world.small.reopenAfter(CrashOutcome.NOTHING_UNFORCED);
                }
            }
            world.assertHolds("overwritten");
            assertTrue(most < 1.9, "files were " + most + " times what is live"); // of which two open zones are half
            world.small.store().compact();
            world.verify("compacted");
            assertTrue(world.liveValueBytes() < 1.05 * live, "all that was overwritten is dead");
            world.assertHolds("compacted");
        }
    }

    @Test
    void aValueZoneThatIsMostlyDeadIsCleanedAndEveryValueIsStillThere() {
        int keys = 3000;
        try (ValueWorld world = world()) {
            world.fill(keys, 1200);
            ManifestState before = world.verify("filled");
            NavigableMap<String, String> then = new TreeMap<>(world.model);
            try (Snapshot snapshot = world.small.store().snapshot();
                    Cursor cursor = snapshot.cursor();
                    ValueView dies = snapshot.view(b(ValueWorld.key(1)));
                    ValueView moves = snapshot.view(b(ValueWorld.key(5)))) {
                assertTrue(cursor.next());
                for (int i = 0; i < keys; i++) {
                    if (i % 5 != 0) { // what stays is scattered over all zones
                        world.put(i, SmallStore.noise(keys + i, 1200));
                    }
                }
                world.small.store().flush();
                ManifestState after = world.verify("cleaned");
                long left = before.zones().values().stream()
                        .filter(zone -> zone.stream() == ValueWorld.STREAM_VALUES)
                        .filter(zone -> after.zones().containsKey(zone.number()))
                        .mapToLong(zone -> zone.length() - after.liveBytes(zone.number()))
                        .sum();
                assertTrue(left < 2 << 20, left + " dead bytes are left in the old zones");
                assertTrue(
                        after.zones().size() < before.zones().size() + 6,
                        "zones before: " + before.zones().keySet() + ", after: " + after.zones());
                world.assertHolds("cleaned");
                ValueWorld.assertReads(snapshot, then, 7, "the snapshot over what was cleaned");
                assertArrayEquals(b(then.get(ValueWorld.key(1))), dies.toByteArray());
                assertArrayEquals(b(then.get(ValueWorld.key(5))), moves.toByteArray());
                int read = 1;
                while (cursor.next()) {
                    assertEquals(then.get(StoreTest.s(cursor.key())), StoreTest.s(cursor.value()));
                    read++;
                }
                assertEquals(then.size(), read);
            }
            world.small.reopenAfter(CrashOutcome.NOTHING_UNFORCED);
            world.assertHolds("after a power loss");
        }
    }

    /** A page of values that has less than 64 bytes for each is not made: two values would share a unit of the live map. */
    @Test
    void valuesThatShrinkToNearlyNothingAreExactInTheLiveMap() {
        int keys = 3000;
        Options options = ValueWorld.OPTIONS.withPageBytes(64 << 10);
        Random random = new Random(8);
        try (ValueWorld world = new ValueWorld(options, StepExecutor.Mode.INLINE)) {
            for (int i = 0; i < keys; i++) {
                world.put(i, "x".repeat(1024 + i % 7));
            }
            world.small.store().flush();
            world.verify("filled");
            for (int round = 0; round < 6; round++) {
                for (int i = 0; i < keys / 3; i++) {
                    int number = random.nextInt(keys);
                    if (random.nextInt(4) == 0) {
                        world.delete(number);
                    } else if (random.nextInt(4) == 0) {
                        world.put(number, SmallStore.noise(i, 1100));
                    } else {
                        world.put(number, "y".repeat(1024 + random.nextInt(3000)));
                    }
                }
                world.small.store().flush();
                world.verify("round " + round);
            }
            world.assertHolds("overwritten");
            world.small.store().compact();
            ManifestState state = world.verify("compacted");
            assertEquals(1, state.runs().size());
            world.assertHolds("compacted");
        }
    }

    @Test
    void deletedValuesDieAndWithTheLastOfThemEveryZone() {
        int keys = 2000;
        try (ValueWorld world = world()) {
            world.fill(keys, 1300);
            long live = world.liveValueBytes();
            for (int i = 0; i < keys; i++) {
                if (i % 3 != 0) {
                    world.delete(i);
                }
            }
            world.small.store().flush();
            world.small.reopen();
            world.verify("two thirds deleted");
            world.assertHolds("two thirds deleted");
            assertTrue(
                    world.liveValueBytes() < 0.55 * live,
                    world.liveValueBytes() + " bytes live of " + live); // young runs may hide some
            for (int i = 0; i < keys; i++) {
                if (i % 2 == 0) { // tombstones over tombstones, and over values that are new
                    world.put(i, SmallStore.noise(-i, 2000));
                }
                world.delete(i);
            }
            world.small.store().flush();
            world.small.store().compact();
            world.verify("all deleted");
            world.assertHolds("all deleted");
            assertEquals(0, world.liveValueBytes());
            assertEquals(0, world.small.store().stats().pageBytes());
            world.small.reopen();
            world.fill(10, 1300);
            world.assertHolds("filled again");
        }
    }

    /** Of blocks of keys the young run has all, which goes into the base; of those between it has few, which stay: its leaves are cut. */
    @Test
    void aYoungRunOfWhichStretchesHaveGoneKeepsTheRestOfItsValues() {
        int keys = 4200;
        int block = 700;
        try (ValueWorld world = new ValueWorld(ValueWorld.OPTIONS, StepExecutor.Mode.MANUAL)) {
            world.fill(keys, 1100);
            world.runSteps();
            int mostLost = 0;
            for (int round = 1; round <= 6; round++) {
                for (int i = 0; i < keys; i++) {
                    if (i / block % 3 == round % 3 || i % 20 == round) {
                        if (i % 11 == 0) {
                            world.delete(i);
                        } else {
                            world.put(i, SmallStore.noise(round * keys + i, 1000 + i % 300));
                        }
                    }
                }
                world.small.store().flush();
                for (int steps = 0; steps < 40 * round && world.small.executor().runNext(); steps++) {
                    if (steps % 16 == 0) {
                        ManifestState state = world.verify("round " + round + ", step " + steps);
                        mostLost = Math.max(mostLost, state.merged().size());
                    }
                }
                if (round % 2 == 0) {
                    world.small.reopen();
                }
                if (round == 4) {
                    world.runSteps();
                }
                world.verify("round " + round);
                world.assertHolds("round " + round);
            }
            assertTrue(mostLost > 0, "no young run has lost a stretch and kept the rest");
            world.runSteps();
            world.verify("idle");
            world.assertHolds("idle");
        }
    }
}
