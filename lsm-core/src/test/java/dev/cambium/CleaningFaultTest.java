package dev.cambium;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cambium.segment.manifest.ManifestState;
import dev.cambium.testkit.disk.FaultRule;
import dev.cambium.testkit.disk.OperationKind;
import dev.cambium.testkit.runtime.StepExecutor;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** A disk that is full while zones are cleaned: nothing is lost, and what was to be given back is, once there is room. */
@ExtendWith(QuietLog.class)
class CleaningFaultTest {
    private static final int KEYS = 3000;

    /** Zones of values that are full and mostly dead. */
    private static Set<Integer> mostlyDead(ManifestState state) {
        Set<Integer> zones = new TreeSet<>();
        state.zones().values().stream()
                .filter(zone -> zone.stream() == ValueWorld.STREAM_VALUES)
                .filter(zone -> zone.length() > 1 << 20 && state.liveBytes(zone.number()) < zone.length() / 2)
                .forEach(zone -> zones.add(zone.number()));
        return zones;
    }

    @Test
    void zonesThatCouldNotBeEmptiedForLackOfRoomAreEmptiedLater() {
        try (ValueWorld world = new ValueWorld(ValueWorld.OPTIONS, StepExecutor.Mode.MANUAL)) {
            world.fill(KEYS, 1100);
            world.runSteps();
            for (int i = 0; i < KEYS; i++) { // what stays is scattered over all zones
                if (i % 5 != 0) {
                    world.put(i, SmallStore.noise(-i, 1100));
                }
            }
            world.small.store().flush();
            int steps = 0;
            while (mostlyDead(world.small.manifest()).isEmpty() && steps++ < 100) {
                assertTrue(world.small.executor().runNext(), "the base was not merged");
            }
            Set<Integer> dead = mostlyDead(world.small.manifest());
            assertTrue(dead.size() >= 2, "what stays is to be moved out of " + dead);

            world.small
                    .disk()
                    .faults()
                    .add(FaultRule.on(OperationKind.WRITE)
                            .inFiles(name -> name.startsWith("zone-"))
                            .forLackOfRoom()
                            .always());
            world.runSteps();
            assertTrue(world.small.disk().faults().failures() > 0, "nothing was to be written");
            assertFalse(mostlyDead(world.small.manifest()).isEmpty());
            world.assertHolds("a full disk");

            world.small.disk().faults().clear();
            world.put(0, "anew");
            world.small.store().flush();
            world.runSteps();
            world.verify("there is room again");
            world.assertHolds("there is room again");
            Set<Integer> left = mostlyDead(world.small.manifest());
            assertTrue(left.size() < 2, left + " of " + dead + " are never given back"); // too few to be worth it
        }
    }
}
