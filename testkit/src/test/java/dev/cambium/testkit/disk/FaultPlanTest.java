package dev.cambium.testkit.disk;

import static dev.cambium.testkit.disk.SimulatedDiskTest.made;
import static dev.cambium.testkit.disk.SimulatedDiskTest.write;
import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.cambium.error.DiskFullException;
import dev.cambium.error.StoreIOException;
import dev.cambium.segment.disk.ZoneFile;
import dev.cambium.segment.memory.Memory;
import org.junit.jupiter.api.Test;

class FaultPlanTest {
    private final SimulatedDisk disk = made(new SimulatedDisk(1));

    @Test
    void ruleFailsTheNthMatchingOperationOnce() {
        ZoneFile log = disk.create("log");
        ZoneFile zone = disk.create("zone");
        disk.faults()
                .add(FaultRule.on(OperationKind.WRITE).inFiles("log"::equals).fromThe(2));
        write(zone, 0, 8, 1);
        write(log, 0, 8, 1);
        write(zone, 8, 8, 1);
        assertThrows(StoreIOException.class, () -> write(log, 8, 8, 1));
        assertEquals(8, log.length());
        write(log, 8, 8, 1);
        assertEquals(1, disk.faults().failures());
    }

    @Test
    void ruleMayFailForever() {
        disk.faults().add(FaultRule.on(OperationKind.CREATE).fromThe(2).always().forLackOfRoom());
        disk.create("a");
        assertThrows(DiskFullException.class, () -> disk.create("b"));
        assertThrows(DiskFullException.class, () -> disk.create("b"));
        disk.faults().clear();
        assertDoesNotThrow(() -> disk.create("b"));
    }

    @Test
    void failedWriteMayLeaveItsFirstSectors() {
        ZoneFile zone = disk.create("zone");
        disk.faults().add(FaultRule.on(OperationKind.WRITE).leaving(1000));
        assertThrows(StoreIOException.class, () -> write(zone, 0, 2048, 1));
        assertEquals(512, zone.length());
    }

    @Test
    void readCanFail() {
        ZoneFile zone = disk.create("zone");
        write(zone, 0, 8, 1);
        disk.faults().add(FaultRule.on(OperationKind.READ));
        Memory target = Memory.allocate(8);
        assertThrows(StoreIOException.class, () -> zone.read(0, target, 0, 8));
        assertDoesNotThrow(() -> zone.read(0, target, 0, 8));
        target.release();
    }

    @Test
    void growthBeyondTheCapacityIsRefused() {
        ZoneFile zone = disk.create("zone");
        disk.faults().capacityBytes(1500);
        write(zone, 0, 1000, 1);
        assertThrows(DiskFullException.class, () -> write(zone, 1000, 1000, 1));
        assertEquals(1024, zone.length(), "what fits is left behind");
        assertDoesNotThrow(() -> write(zone, 0, 1000, 2));
        disk.create("other");
        disk.delete("zone");
        assertThrows(DiskFullException.class, () -> write(disk.open("other"), 0, 1000, 1), "an open file keeps room");
        zone.close();
        assertDoesNotThrow(() -> write(disk.open("other"), 0, 1000, 1));
    }

    @Test
    void forceAfterAFailedForceReportsSuccessAndLosesTheBytes() {
        ZoneFile log = disk.create("log");
        write(log, 0, 1024, 1);
        log.force(true);
        disk.forceDirectory();
        write(log, 0, 512, 2);
        disk.faults().add(FaultRule.on(OperationKind.FORCE));
        assertThrows(StoreIOException.class, () -> log.force(false));
        write(log, 512, 512, 3);
        assertDoesNotThrow(() -> log.force(false));
        assertEquals(2, disk.bytes("log")[0], "the page cache still shows it");
        for (CrashOutcome outcome : new CrashOutcome[] {CrashOutcome.NOTHING_UNFORCED, CrashOutcome.EVERYTHING}) {
            byte[] left = disk.afterCrash(outcome).bytes("log");
            assertEquals(1, left[0], "lost at " + outcome);
            assertEquals(3, left[512]);
        }
        write(log, 0, 1, 2);
        log.force(false);
        assertEquals(2, disk.afterCrash(CrashOutcome.NOTHING_UNFORCED).bytes("log")[511], "written again");
    }

    @Test
    void failedForceOfTheDirectoryChangesNothing() {
        disk.create("zone");
        disk.faults().add(FaultRule.on(OperationKind.FORCE_DIRECTORY));
        assertThrows(StoreIOException.class, disk::forceDirectory);
        assertEquals(0, disk.afterCrash(CrashOutcome.NOTHING_UNFORCED).list().size());
    }
}
