package dev.cambium.segment.log;

import static dev.cambium.segment.log.LogTestSupport.BOOT;
import static dev.cambium.segment.log.LogTestSupport.OTHER_BOOT;
import static dev.cambium.segment.log.LogTestSupport.SALT;
import static dev.cambium.segment.log.LogTestSupport.STORE_ID;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cambium.error.CorruptionException;
import dev.cambium.error.StoreIOException;
import dev.cambium.error.WriterFailedException;
import dev.cambium.segment.disk.RealFileSystem;
import dev.cambium.segment.disk.ZoneFileSystem;
import dev.cambium.segment.format.Golden;
import dev.cambium.segment.format.TestDisk;
import dev.cambium.segment.memory.Memory;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LogFileTest {
    private final TestDisk disk = new TestDisk();

    @Test
    void bytesAreAsDocumented() throws IOException {
        LogTestSupport.smallLog(disk).close();
        byte[] bytes = disk.files.get("log-0000000000000001");
        assertEquals(8192, bytes.length);
        Golden.check("log.txt", Golden.dump(bytes, 0, bytes.length));
    }

    @Test
    void namesRoundTripAndOthersAreNone() {
        assertEquals("log-00000000000000ff", LogFile.name(255));
        assertEquals(255, LogFile.idOf("log-00000000000000ff"));
        for (String name : new String[] {"log-", "log-00000000000000FF", "log-0000000000000000ff", "manifest-1", ""}) {
            assertEquals(-1, LogFile.idOf(name), name);
        }
        assertTrue(LogFile.idOf("log-ffffffffffffffff") < 0);
        assertTrue(LogFile.isSpareName("spare-0000000000000001"));
    }

    @Test
    void aRealDirectoryKeepsWhatIsAppendedInEveryWay(@TempDir Path directory) {
        ZoneFileSystem real = new RealFileSystem(directory);
        try (LogFile log = LogFile.prepare(real, 1, STORE_ID, SALT, 1 << 16)) {
            log.start(BOOT, 0, 0, 0, 0, 0);
            LogTestSupport.append(log, true, LogTestSupport.put("a", "1"));
            LogTestSupport.append(log, false, LogTestSupport.put("b", "2"));
            log.force();
            assertEquals(log.position(), log.forcedPosition());
        }
        try (LogFile log = LogFile.open(real, 1, STORE_ID)) {
            assertEquals(2, log.slotsAtOpen().batch());
            Memory content = Memory.allocate((int) log.capacity());
            LogScan scan = new LogScan(log, log.limitPosition(), content, 0);
            assertEquals(2, LogTestSupport.records(scan, content).size());
            assertEquals(scan.end(), log.slotsAtOpen().position());
            log.restart(OTHER_BOOT);
            log.continueAt(scan.end(), scan.lastBatch());
            LogTestSupport.append(log, true, LogTestSupport.put("c", "3"));
            log.force();
            content.release();
        }
        try (LogFile log = LogFile.recycle(real, LogFile.name(1), 2, STORE_ID, SALT + 1)) {
            assertFalse(log.isStarted());
            assertFalse(real.exists(LogFile.name(1)));
        }
    }

    @Test
    void aLogGoesOnAfterACleanClose() {
        LogFile log = LogTestSupport.smallLog(disk);
        log.force();
        long end = log.position();
        log.close();
        log.close();
        LogFile again = LogFile.open(disk, 1, STORE_ID);
        assertEquals(0, again.slotsAtOpen().damaged());
        assertEquals(3, again.slotsAtOpen().sequence());
        assertTrue(again.begin().isOfBoot(BOOT));
        again.restart(OTHER_BOOT);
        again.continueAt(end, 4);
        LogTestSupport.append(again, true, LogTestSupport.put("e", "5"));
        again.force();
        LogFile third = LogFile.openReadOnly(disk, 1, STORE_ID);
        assertTrue(third.begin().isOfBoot(OTHER_BOOT));
        assertEquals(4, third.slotsAtOpen().sequence());
        assertEquals(5, third.slotsAtOpen().batch());
        Memory content = Memory.allocate(4096);
        assertEquals(
                5,
                LogTestSupport.records(new LogScan(third, third.limitPosition(), content, 0), content)
                        .size());
        content.release();
    }

    @Test
    void aFailedForceIsFinal() {
        LogFile log = LogTestSupport.smallLog(disk);
        disk.failForces = true;
        assertThrows(StoreIOException.class, log::force);
        disk.failForces = false;
        long forced = log.forcedPosition();
        assertThrows(WriterFailedException.class, log::force);
        assertThrows(WriterFailedException.class, () -> LogTestSupport.append(log, true, LogTestSupport.put("x", "y")));
        assertEquals(forced, log.forcedPosition());
        assertEquals(2, LogFile.openReadOnly(disk, 1, STORE_ID).slotsAtOpen().sequence());
    }

    @Test
    void aFailedAppendIsFinal() {
        LogFile log = LogTestSupport.smallLog(disk);
        disk.stepsLeft = 0;
        assertThrows(StoreIOException.class, () -> LogTestSupport.append(log, false, LogTestSupport.put("x", "y")));
        disk.stepsLeft = -1;
        assertThrows(WriterFailedException.class, log::force);
    }

    @Test
    void mistakesOfTheCallerDoNotReachTheFile() {
        LogFile log = LogTestSupport.smallLog(disk);
        byte[] before = disk.files.get(log.name()).clone();
        assertThrows(
                IllegalArgumentException.class,
                () -> LogTestSupport.append(log, true, LogTestSupport.put("k", new byte[4096])));
        Memory record = Memory.allocate(48);
        LogRecord.putHeader(record, 0, 45, 6, 1, 0);
        assertThrows(IllegalArgumentException.class, () -> log.append(record, 0, 48, true), "a batch left out");
        LogRecord.putHeader(record, 0, 45, 5, 1, 0);
        assertThrows(IllegalArgumentException.class, () -> log.append(record, 0, 40, true), "a record cut short");
        LogRecord.putHeader(record, 0, 45, 5, 1, log.position() + 8);
        assertThrows(IllegalArgumentException.class, () -> log.append(record, 0, 48, true), "forced before written");
        assertThrows(IllegalStateException.class, () -> log.start(BOOT, 0, 0, 0, 0, 0));
        assertThrows(IllegalArgumentException.class, () -> log.continueAt(log.position() + 4, 4));
        assertThrows(IllegalArgumentException.class, () -> LogFile.prepare(disk, 2, STORE_ID, 1, 4096));
        assertThrows(IllegalArgumentException.class, () -> LogFile.prepare(disk, 0, STORE_ID, 1, 8192));
        assertArrayEquals(before, disk.files.get(log.name()));
        record.release();
    }

    @Test
    void aLogOfAnotherStoreOrIdOrLengthIsRefused() {
        LogTestSupport.smallLog(disk).close();
        byte[] bytes = disk.files.get(LogFile.name(1));
        assertThrows(CorruptionException.class, () -> LogFile.open(disk, 1, BOOT));
        disk.files.put(LogFile.name(2), bytes);
        assertThrows(CorruptionException.class, () -> LogFile.open(disk, 2, STORE_ID));
        for (int length : new int[] {0, 1, 4096, 8191, 12_288}) {
            disk.files.put(LogFile.name(1), java.util.Arrays.copyOf(bytes, length));
            assertThrows(CorruptionException.class, () -> LogFile.open(disk, 1, STORE_ID));
        }
    }

    @Test
    void preparingThatIsCutAnywhereLeavesNothingThatPassesForALog() {
        for (int steps = 0; ; steps++) {
            disk.files.clear();
            disk.stepsLeft = steps;
            boolean done = true;
            try {
                LogFile.prepare(disk, 1, STORE_ID, SALT, 8192).close();
            } catch (StoreIOException cut) {
                done = false;
            }
            disk.stepsLeft = -1;
            boolean recyclable =
                    disk.exists(LogFile.name(1)) && LogFile.canRecycle(disk, LogFile.name(1), STORE_ID, 8192);
            assertEquals(steps >= 4, recyclable, "after create, zeros, force, header");
            if (done) {
                return;
            }
        }
    }

    @Test
    void recyclingThatIsCutAnywhereLeavesTheOldOrTheNewLogOrASpare() {
        for (int steps = 0; ; steps++) {
            disk.files.clear();
            disk.stepsLeft = -1;
            LogTestSupport.smallLog(disk).close();
            disk.stepsLeft = steps;
            boolean done = true;
            try {
                LogFile.recycle(disk, LogFile.name(1), 2, STORE_ID, SALT + 1).close();
            } catch (StoreIOException cut) {
                done = false;
            }
            disk.stepsLeft = -1;
            assertEquals(1, disk.files.size());
            String left = disk.files.firstKey();
            assertTrue(LogFile.canRecycle(disk, left, STORE_ID, 8192), left);
            if (left.equals(LogFile.name(1))) {
                assertTrue(LogFile.open(disk, 1, STORE_ID).isStarted());
            } else if (left.equals(LogFile.name(2))) {
                assertFalse(LogFile.open(disk, 2, STORE_ID).isStarted());
            } else {
                LogFile again = LogFile.recycle(disk, left, 3, STORE_ID, SALT + 2);
                assertFalse(again.isStarted());
            }
            if (done) {
                assertEquals(LogFile.name(2), left);
                return;
            }
        }
    }
}
