package dev.cambium.testkit.disk;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cambium.error.StoreIOException;
import dev.cambium.error.StoreLockedException;
import dev.cambium.segment.disk.DirectoryLock;
import dev.cambium.segment.disk.ZoneFile;
import dev.cambium.segment.memory.Memory;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

class SimulatedDiskTest {
    private final SimulatedDisk disk = made(new SimulatedDisk(1));

    static SimulatedDisk made(SimulatedDisk disk) {
        disk.createDirectory();
        return disk;
    }

    static Memory block(int length, int value) {
        byte[] bytes = new byte[length];
        Arrays.fill(bytes, (byte) value);
        Memory memory = Memory.allocate(length);
        memory.put(0, bytes, 0, length);
        return memory;
    }

    static void write(ZoneFile file, long offset, int length, int value) {
        Memory block = block(length, value);
        file.write(offset, block, 0, length);
        block.release();
    }

    static void store(ZoneFile file, long offset, int length, int value) {
        Memory block = block(length, value);
        file.store(offset, block, 0, length);
        block.release();
    }

    private ZoneFile forcedFile(String name, int length) {
        ZoneFile file = disk.create(name);
        write(file, 0, length, 1);
        file.force(true);
        disk.forceDirectory();
        return file;
    }

    private static int count(byte[] bytes, int value) {
        int count = 0;
        for (byte b : bytes) {
            count += b == value ? 1 : 0;
        }
        return count;
    }

    @Test
    void readSeesWhatWasWritten() {
        ZoneFile file = disk.create("zone");
        write(file, 700, 1000, 5);
        assertEquals(1700, file.length());
        Memory target = Memory.allocate(1700);
        file.read(0, target, 0, 1700);
        assertTrue(target.isZero(0, 700));
        assertEquals(1000, count(target.toArray(700, 1000), 5));
        target.release();
        Memory mapped = file.mapReadOnly();
        assertArrayEquals(disk.bytes("zone"), mapped.toArray(0, 1700));
        mapped.release();
    }

    @Test
    void readBeyondTheEndIsRefused() {
        ZoneFile file = forcedFile("zone", 10);
        Memory target = Memory.allocate(20);
        assertThrows(StoreIOException.class, () -> file.read(5, target, 0, 6));
        assertDoesNotThrow(() -> file.read(5, target, 0, 5));
        target.release();
    }

    @Test
    void crashForgetsUnforcedBytes() {
        ZoneFile file = forcedFile("zone", 1024);
        write(file, 0, 512, 2);
        byte[] left = disk.afterCrash(CrashOutcome.NOTHING_UNFORCED).bytes("zone");
        assertEquals(1024, count(left, 1));
    }

    @Test
    void forceKeepsBytesThroughPowerLoss() {
        ZoneFile file = forcedFile("zone", 1024);
        write(file, 0, 512, 2);
        file.force(false);
        for (long seed = 0; seed < 20; seed++) {
            assertEquals(
                    512, count(disk.afterCrash(CrashOutcome.powerLoss(seed)).bytes("zone"), 2));
        }
    }

    @Test
    void forceWithoutMetadataMayLoseTheGrowth() {
        ZoneFile file = forcedFile("zone", 512);
        write(file, 512, 512, 2);
        file.force(false);
        assertEquals(512, disk.afterCrash(CrashOutcome.NOTHING_UNFORCED).bytes("zone").length);
        assertEquals(512, count(disk.afterCrash(CrashOutcome.EVERYTHING).bytes("zone"), 2));
    }

    @Test
    void processKillKeepsWhatWasWrittenUntilThePowerFails() {
        ZoneFile file = forcedFile("zone", 1024);
        write(file, 0, 512, 2);
        SimulatedDisk next = disk.afterCrash(CrashOutcome.PROCESS_KILL);
        assertEquals(512, count(next.bytes("zone"), 2));
        assertEquals(0, count(next.afterCrash(CrashOutcome.NOTHING_UNFORCED).bytes("zone"), 2));
        next.open("zone").force(false);
        assertEquals(512, count(next.afterCrash(CrashOutcome.NOTHING_UNFORCED).bytes("zone"), 2));
    }

    @Test
    void powerLossKeepsAnySubsetOfSectorsWhole() {
        ZoneFile file = forcedFile("zone", 4 * 512);
        write(file, 0, 4 * 512, 2);
        Set<String> seen = new HashSet<>();
        for (long seed = 0; seed < 300; seed++) {
            byte[] left = disk.afterCrash(CrashOutcome.powerLoss(seed)).bytes("zone");
            StringBuilder pattern = new StringBuilder();
            for (int sector = 0; sector < 4; sector++) {
                byte[] one = Arrays.copyOfRange(left, sector * 512, sector * 512 + 512);
                assertEquals(512, count(one, one[0]), "a sector is torn");
                pattern.append(one[0]);
            }
            seen.add(pattern.toString());
        }
        assertEquals(16, seen.size(), "not every subset was met: " + seen);
    }

    @Test
    void powerLossMayKeepAVersionInBetween() {
        ZoneFile file = forcedFile("zone", 512);
        write(file, 0, 512, 2);
        write(file, 0, 512, 3);
        Set<Byte> seen = new TreeSet<>();
        for (long seed = 0; seed < 100; seed++) {
            seen.add(disk.afterCrash(CrashOutcome.powerLoss(seed)).bytes("zone")[0]);
        }
        assertEquals(Set.of((byte) 1, (byte) 2, (byte) 3), seen);
    }

    @Test
    void powerLossMayCutGrowthAnywhereAndLoseSectorsInside() {
        ZoneFile file = forcedFile("zone", 512);
        write(file, 512, 2048, 2);
        Set<Integer> lengths = new TreeSet<>();
        boolean hole = false;
        for (long seed = 0; seed < 300; seed++) {
            byte[] left = disk.afterCrash(CrashOutcome.powerLoss(seed)).bytes("zone");
            lengths.add(left.length);
            assertEquals(512, count(left, 1));
            hole |= left.length == 2560 && left[600] == 0 && left[2559] == 2;
        }
        assertTrue(lengths.contains(512) && lengths.contains(2560) && lengths.size() > 20, lengths.toString());
        assertTrue(lengths.stream().allMatch(length -> length >= 512 && length <= 2560));
        assertTrue(hole, "no lost sector inside the growth was met");
    }

    @Test
    void equalSeedsLeaveEqualDisks() {
        ZoneFile file = forcedFile("zone", 512);
        write(file, 100, 5000, 2);
        disk.create("other");
        for (long seed = 0; seed < 10; seed++) {
            SimulatedDisk one = disk.afterCrash(CrashOutcome.powerLoss(seed));
            SimulatedDisk two = disk.afterCrash(CrashOutcome.powerLoss(seed));
            assertEquals(one.list(), two.list());
            assertArrayEquals(one.bytes("zone"), two.bytes("zone"));
        }
    }

    @Test
    void unforcedDirectoryChangesMayEachBeLost() {
        forcedFile("a", 10);
        forcedFile("b", 10);
        disk.create("c").force(true);
        disk.rename("a", "d");
        disk.delete("b");
        assertEquals(List.of("c", "d"), disk.list());
        assertEquals(
                List.of("a", "b"),
                disk.afterCrash(CrashOutcome.NOTHING_UNFORCED).list());
        assertEquals(List.of("c", "d"), disk.afterCrash(CrashOutcome.EVERYTHING).list());
        assertEquals(
                List.of("c", "d"), disk.afterCrash(CrashOutcome.PROCESS_KILL).list());
        Set<List<String>> seen = new HashSet<>();
        for (long seed = 0; seed < 200; seed++) {
            seen.add(disk.afterCrash(CrashOutcome.powerLoss(seed)).list());
        }
        assertEquals(8, seen.size(), "not every subset was met: " + seen);
        disk.forceDirectory();
        assertEquals(
                List.of("c", "d"),
                disk.afterCrash(CrashOutcome.NOTHING_UNFORCED).list());
    }

    @Test
    void undoneRenameBringsBackTheReplacedFile() {
        forcedFile("current", 100);
        ZoneFile file = disk.create("new");
        write(file, 0, 50, 2);
        file.force(true);
        disk.forceDirectory();
        disk.rename("new", "current");
        assertEquals(50, disk.bytes("current").length);
        SimulatedDisk undone = disk.afterCrash(CrashOutcome.NOTHING_UNFORCED);
        assertEquals(100, undone.bytes("current").length);
        assertEquals(50, undone.bytes("new").length);
    }

    @Test
    void fileHasOneNameWhateverRenamesSurvive() {
        forcedFile("a", 10);
        disk.rename("a", "b");
        disk.rename("b", "c");
        for (long seed = 0; seed < 50; seed++) {
            assertEquals(1, disk.afterCrash(CrashOutcome.powerLoss(seed)).list().size());
        }
    }

    @Test
    void handleOutlivesItsName() {
        ZoneFile file = forcedFile("zone", 10);
        disk.delete("zone");
        assertFalse(disk.exists("zone"));
        assertEquals(10, file.length());
    }

    @Test
    void crashHappensInPlaceOfTheOperation() {
        ZoneFile file = forcedFile("zone", 512);
        disk.crashAt(disk.operationCount() + 1);
        write(file, 0, 512, 2);
        assertThrows(SimulatedCrash.class, () -> write(file, 0, 512, 3));
        assertTrue(disk.hasCrashed());
        assertEquals(512, count(disk.afterCrash(CrashOutcome.PROCESS_KILL).bytes("zone"), 2));
    }

    @Test
    void everyCallOnADeadDiskThrowsButClosing() {
        ZoneFile file = forcedFile("zone", 512);
        DirectoryLock lock = disk.lock();
        disk.crash();
        assertThrows(SimulatedCrash.class, () -> file.force(true));
        assertThrows(SimulatedCrash.class, file::length);
        assertThrows(SimulatedCrash.class, disk::list);
        assertThrows(SimulatedCrash.class, () -> disk.open("zone"));
        assertThrows(SimulatedCrash.class, disk::lock);
        assertDoesNotThrow(file::close);
        assertDoesNotThrow(lock::close);
    }

    @Test
    void writeIsCutAtSectorBoundariesOnly() {
        ZoneFile file = forcedFile("zone", 2048);
        DiskOperation operation = new DiskOperation(disk.operationCount(), OperationKind.WRITE, "zone", 500, 600);
        assertEquals(List.of(12, 524), operation.cuts());
        disk.crashAt(disk.operationCount(), 524);
        assertThrows(SimulatedCrash.class, () -> write(file, 500, 600, 2));
        assertEquals(operation, disk.operations().get(disk.operations().size() - 1));
        assertEquals(524, count(disk.bytes("zone"), 2));
        assertEquals(1, disk.bytes("zone")[1024]);
    }

    @Test
    void storeIsCutEveryEightBytes() {
        ZoneFile file = forcedFile("zone", 512);
        file.mapForStores();
        disk.crashAt(disk.operationCount(), 16);
        assertThrows(SimulatedCrash.class, () -> store(file, 8, 28, 2));
        assertEquals(16, count(disk.bytes("zone"), 2));
        assertEquals(List.of(8, 16, 24), new DiskOperation(0, OperationKind.STORE, "zone", 8, 28).cuts());
    }

    @Test
    void storesSurviveKillAndNeedForceForPowerLoss() {
        ZoneFile file = forcedFile("zone", 512);
        file.mapForStores();
        store(file, 0, 8, 2);
        assertEquals(8, count(disk.afterCrash(CrashOutcome.PROCESS_KILL).bytes("zone"), 2));
        assertEquals(0, count(disk.afterCrash(CrashOutcome.NOTHING_UNFORCED).bytes("zone"), 2));
        file.force(false);
        assertEquals(8, count(disk.afterCrash(CrashOutcome.NOTHING_UNFORCED).bytes("zone"), 2));
    }

    @Test
    void mappingForStoresIsRefusedWhereAStoreCouldFail() {
        ZoneFile holes = disk.create("holes");
        write(holes, 600, 10, 1);
        assertThrows(IllegalStateException.class, holes::mapForStores);
        SimulatedDisk unsafe = made(new SimulatedDisk(1, false));
        ZoneFile file = unsafe.create("zone");
        write(file, 0, 512, 1);
        assertThrows(IllegalStateException.class, file::mapForStores);
    }

    @Test
    void lockIsHeldByOneAndFreedByCloseOrCrash() {
        DirectoryLock lock = disk.lock();
        assertThrows(StoreLockedException.class, disk::lock);
        lock.close();
        lock.close();
        disk.lock();
        assertDoesNotThrow(disk.afterCrash(CrashOutcome.PROCESS_KILL)::lock);
        assertDoesNotThrow(disk.afterCrash(CrashOutcome.NOTHING_UNFORCED)::lock);
        assertThrows(IllegalArgumentException.class, () -> disk.open("LOCK"));
    }

    @Test
    void bootIdChangesWithPowerOnly() {
        assertArrayEquals(
                disk.bootId(), disk.afterCrash(CrashOutcome.PROCESS_KILL).bootId());
        assertFalse(Arrays.equals(
                disk.bootId(), disk.afterCrash(CrashOutcome.EVERYTHING).bootId()));
    }

    @Test
    void readOnlyHandleRefusesWritesAndForces() {
        forcedFile("zone", 10);
        ZoneFile file = disk.openReadOnly("zone");
        assertThrows(StoreIOException.class, () -> write(file, 0, 1, 1));
        assertThrows(StoreIOException.class, () -> file.force(true));
    }

    @Test
    void corruptFlipsOneBitForGood() {
        forcedFile("zone", 1000);
        disk.corrupt("zone", 700 * 8 + 3);
        byte[] expected = new byte[1000];
        Arrays.fill(expected, (byte) 1);
        expected[700] ^= 8;
        assertArrayEquals(expected, disk.bytes("zone"));
        assertArrayEquals(
                expected, disk.afterCrash(CrashOutcome.NOTHING_UNFORCED).bytes("zone"));
        assertThrows(IllegalArgumentException.class, () -> disk.corrupt("zone", 8000));
    }

    @Test
    void replaceIsForcedAndNoOperation() {
        long before = disk.operationCount();
        disk.replace("zone", new byte[] {1, 2, 3});
        assertEquals(before, disk.operationCount());
        assertArrayEquals(
                new byte[] {1, 2, 3},
                disk.afterCrash(CrashOutcome.NOTHING_UNFORCED).bytes("zone"));
    }

    @Test
    void aHoleReadsAsZerosKeepsTheLengthAndGivesItsRoomBack() {
        ZoneFile file = forcedFile("zone", 40_000);
        disk.faults().capacityBytes(50_000);
        assertEquals(10_000, disk.usableBytes());
        assertTrue(file.punch(8192, 16_384));
        assertEquals(40_000, file.length());
        assertEquals(40_000 - 16_384, disk.usedBytes("zone"));
        assertEquals(10_000 + 16_384, disk.usableBytes());
        byte[] bytes = disk.bytes("zone");
        assertEquals(16_384, count(bytes, 0));
        assertTrue(bytes[8191] == 1 && bytes[8192] == 0 && bytes[8192 + 16_383] == 0 && bytes[8192 + 16_384] == 1);
        write(file, 9000, 1, 5);
        assertEquals(40_000 - 12_288, disk.usedBytes("zone"), "a block that is written to has room again");
        assertEquals(
                OperationKind.PUNCH,
                disk.operations().get((int) disk.operationCount() - 2).kind());
    }

    @Test
    void anUnforcedHoleIsOldBytesOrZerosBlockByBlockAfterAPowerLoss() {
        ZoneFile file = forcedFile("zone", 16 * 4096);
        file.punch(4096, 14 * 4096);
        assertEquals(14 * 4096, count(disk.afterCrash(CrashOutcome.PROCESS_KILL).bytes("zone"), 0));
        SimulatedDisk nothing = disk.afterCrash(CrashOutcome.NOTHING_UNFORCED);
        assertEquals(0, count(nothing.bytes("zone"), 0));
        assertEquals(16 * 4096, nothing.usedBytes("zone"));
        assertEquals(14 * 4096, count(disk.afterCrash(CrashOutcome.EVERYTHING).bytes("zone"), 0));
        boolean isMixed = false;
        for (int seed = 0; seed < 40; seed++) {
            SimulatedDisk left = disk.afterCrash(CrashOutcome.powerLoss(seed));
            byte[] bytes = left.bytes("zone");
            assertEquals(16 * 4096, bytes.length);
            int zeros = 0;
            for (int block = 0; block < 16; block++) {
                int ofBlock = count(Arrays.copyOfRange(bytes, block * 4096, (block + 1) * 4096), 0);
                assertTrue(ofBlock == 0 || ofBlock == 4096 && block > 0 && block < 15, "block " + block);
                zeros += ofBlock;
            }
            assertEquals(16 * 4096 - zeros, left.usedBytes("zone"));
            isMixed |= zeros > 0 && zeros < 14 * 4096;
        }
        assertTrue(isMixed, "some blocks and not others");
    }

    @Test
    void aForcedHoleStaysAndWhatIsWrittenIntoAnUnforcedOneSurvivesWithItsZeros() {
        ZoneFile file = forcedFile("zone", 8 * 4096);
        file.punch(0, 4096);
        file.force(false);
        file.punch(4096, 4096);
        write(file, 4096 + 600, 10, 5);
        SimulatedDisk nothing = disk.afterCrash(CrashOutcome.NOTHING_UNFORCED);
        assertEquals(4096, count(nothing.bytes("zone"), 0));
        assertEquals(7 * 4096, nothing.usedBytes("zone"));
        file.force(false);
        byte[] forced = disk.afterCrash(CrashOutcome.NOTHING_UNFORCED).bytes("zone");
        assertArrayEquals(disk.bytes("zone"), forced);
        assertEquals(10, count(forced, 5));
        assertEquals(2 * 4096 - 10, count(forced, 0));
    }

    @Test
    void aHoleCanBeRefusedFailAndBeDiedAt() {
        ZoneFile file = forcedFile("zone", 8 * 4096);
        disk.setOtherNames("zone", true);
        assertFalse(file.punch(0, 4096));
        disk.setOtherNames("zone", false);
        disk.faults().add(FaultRule.on(OperationKind.PUNCH));
        assertThrows(StoreIOException.class, () -> file.punch(0, 4096));
        assertEquals(0, count(disk.bytes("zone"), 0));
        assertThrows(IllegalArgumentException.class, () -> file.punch(0, 4095));
        assertThrows(IllegalArgumentException.class, () -> file.punch(7 * 4096, 8192));
        assertThrows(StoreIOException.class, () -> disk.openReadOnly("zone").punch(0, 4096));
        disk.crashAt(disk.operationCount());
        assertThrows(SimulatedCrash.class, () -> file.punch(0, 4096));
        SimulatedDisk left = disk.afterCrash(CrashOutcome.EVERYTHING);
        assertEquals(0, count(left.bytes("zone"), 0));
        left.setPunchesHoles(false);
        assertFalse(left.canPunchHoles());
        assertFalse(left.open("zone").punch(0, 4096));
    }
}
