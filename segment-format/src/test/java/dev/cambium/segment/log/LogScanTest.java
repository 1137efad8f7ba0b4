package dev.cambium.segment.log;

import static dev.cambium.segment.log.LogTestSupport.BOOT;
import static dev.cambium.segment.log.LogTestSupport.OTHER_BOOT;
import static dev.cambium.segment.log.LogTestSupport.SALT;
import static dev.cambium.segment.log.LogTestSupport.STORE_ID;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeout;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cambium.error.CorruptionException;
import dev.cambium.error.FormatVersionException;
import dev.cambium.segment.format.ChecksumSeed;
import dev.cambium.segment.format.FormatHead;
import dev.cambium.segment.format.TestDisk;
import dev.cambium.segment.log.LogTail.Verdict;
import dev.cambium.segment.memory.Memory;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class LogScanTest {
    private static final int BASE = 1 << 20;

    private final TestDisk disk = new TestDisk();
    private final Memory content = Memory.allocate(1 << 16);

    @AfterEach
    void release() {
        content.release();
    }

    private LogScan scan(long id) {
        LogFile log = LogFile.openReadOnly(disk, id, STORE_ID);
        return new LogScan(log, log.limitPosition(), content, 0);
    }

    private byte[] bytes(long id) {
        return disk.files.get(LogFile.name(id));
    }

    @Test
    void aScanGivesBackEveryRecordAndItsPlace() {
        LogFile log = LogTestSupport.smallLog(disk);
        LogScan scan = scan(1);
        int[] lengths = {46, 61, 69, 46}; // 32, and for each operation 8 + 4 + key + value
        int[] counts = {1, 2, 1, 1};
        long position = BASE;
        for (int i = 0; i < 4; i++) {
            assertTrue(scan.next());
            assertEquals(lengths[i], scan.recordLength());
            assertEquals(counts[i], scan.count());
            assertEquals(i + 1, scan.batch());
            assertEquals(position, scan.position());
            assertEquals(position - BASE, scan.recordOffset());
            position += LogRecord.paddedLength(lengths[i]);
        }
        assertFalse(scan.next());
        assertFalse(scan.next());
        assertThrows(IllegalStateException.class, scan::batch);
        assertEquals(log.position(), scan.end());
        assertEquals(4, scan.lastBatch());
        assertEquals(log.forcedPosition(), scan.evidence());
        assertFalse(scan.findLaterValidRecord());
        assertEquals(Verdict.WHOLE, scan.judge(BOOT, 0, false).verdict());
        assertEquals(
                Verdict.DAMAGED, scan.judge(BOOT, log.position() + 8, false).verdict());
    }

    @Test
    void aScanThatIsTakenBackEndsThereAndTheRestAreLaterRecords() {
        LogFile log = LogTestSupport.smallLog(disk);
        LogScan scan = scan(1);
        assertTrue(scan.next());
        assertTrue(scan.next());
        int second = scan.recordOffset();
        long position = scan.position();
        assertThrows(IllegalStateException.class, () -> scan.endBefore(second), "not at its end");
        assertTrue(scan.next());
        assertTrue(scan.next());
        assertFalse(scan.next());
        assertFalse(scan.findLaterValidRecord());
        scan.endBefore(second);
        assertFalse(scan.next());
        assertEquals(position, scan.end());
        assertEquals(1, scan.lastBatch());
        assertTrue(scan.findLaterValidRecord());
        assertEquals(3, scan.laterRecords());
        assertEquals(position, scan.laterPosition());
        assertEquals(log.forcedPosition(), scan.evidence(), "what they say stays known");
        assertEquals(Verdict.DAMAGED, scan.judge(new byte[16], 0, false).verdict(), "forced records are not there");
    }

    @Test
    void aScanEndsAtTheGivenLimit() {
        LogTestSupport.smallLog(disk);
        LogFile log = LogFile.openReadOnly(disk, 1, STORE_ID);
        LogScan all = new LogScan(log, log.slotsAtOpen().position(), content, 8);
        assertEquals(3, LogTestSupport.records(all, content).size());
        assertFalse(all.findLaterValidRecord());
        LogScan cut = new LogScan(log, log.slotsAtOpen().position() - 8, content, 0);
        assertEquals(2, LogTestSupport.records(cut, content).size());
    }

    /**
     * Identity, START and the zero part: refused at open. Slots: all records, one slot damaged, which only a clean close forbids.
     * Records: exactly those before the damaged one, unchanged, with all behind it found as later ones; damage if the record was
     * forced or one follows in the running boot, a log shorter by the last record if that one was never forced.
     */
    @Test
    void everyFlippedBitIsReportedOrCutsTheLogBeforeIt() {
        LogFile log = LogTestSupport.smallLog(disk);
        List<byte[]> original = LogTestSupport.records(scan(1), content);
        int[] starts = {0, 48, 112, 184, 232};
        byte[] bytes = bytes(1);
        int end = LogHeader.LENGTH + (int) (log.position() - BASE);
        assertEquals(LogHeader.LENGTH + starts[4], end);
        for (int bit = 0; bit < 8 * end; bit++) {
            bytes[bit / 8] ^= (byte) (1 << bit % 8);
            int at = bit / 8;
            if (at < LogHeader.SLOT_0_SECTOR || (at >= LogHeader.ZERO_OFFSET && at < LogHeader.LENGTH)) {
                CorruptionException e = assertThrows(CorruptionException.class, () -> scan(1), "bit " + bit);
                assertEquals(LogFile.name(1), e.file());
            } else {
                LogScan scan = scan(1);
                List<byte[]> found = LogTestSupport.records(scan, content);
                int expected = 4;
                if (at >= LogHeader.LENGTH) {
                    for (expected = 0; starts[expected + 1] <= at - LogHeader.LENGTH; ) {
                        expected++;
                    }
                }
                assertEquals(expected, found.size(), "bit " + bit);
                for (int i = 0; i < expected; i++) {
                    assertArrayEquals(original.get(i), found.get(i));
                }
                Verdict afterPowerLoss = scan.judge(OTHER_BOOT, 0, false).verdict();
                Verdict inTheSameBoot = scan.judge(BOOT, 0, false).verdict();
                if (expected == 4) {
                    assertEquals(Verdict.WHOLE, afterPowerLoss);
                    assertEquals(
                            Verdict.DAMAGED, scan.judge(OTHER_BOOT, 0, true).verdict());
                } else {
                    assertEquals(3 - expected, scan.laterRecords(), "bit " + bit);
                    Verdict verdict = expected < 3 ? Verdict.DAMAGED : Verdict.WHOLE;
                    assertEquals(verdict, afterPowerLoss, "bit " + bit);
                    assertEquals(verdict, inTheSameBoot, "bit " + bit);
                }
            }
            bytes[bit / 8] ^= (byte) (1 << bit % 8);
        }
    }

    @Test
    void aGapInWhatWasNeverForcedIsATornTailAfterPowerLossAndDamageInTheSameBoot() {
        LogFile log = LogTestSupport.smallLog(disk);
        long gap = log.position();
        for (int i = 0; i < 3; i++) {
            LogTestSupport.append(log, true, LogTestSupport.put("e", "" + i));
        }
        bytes(1)[(int) log.fileOffset(gap) + 20] ^= 1;
        LogScan scan = scan(1);
        assertEquals(4, LogTestSupport.records(scan, content).size());
        LogTail tail = scan.judge(OTHER_BOOT, 0, false);
        assertEquals(Verdict.TORN, tail.verdict());
        assertEquals(2, tail.setAside());
        assertEquals(gap, tail.end());
        assertEquals(6, scan.laterBatch());
        assertEquals(gap + 48, scan.laterPosition());
        assertEquals(Verdict.DAMAGED, scan.judge(BOOT, 0, false).verdict());
    }

    @Test
    void aLaterRecordTellsThatTheGapWasForcedEvenWhenSlotsDoNot() {
        LogFile log = LogTestSupport.smallLog(disk);
        long gap = log.position();
        LogTestSupport.append(log, true, LogTestSupport.put("e", "5"));
        log.force();
        LogTestSupport.append(log, true, LogTestSupport.put("f", "6"));
        byte[] bytes = bytes(1);
        java.util.Arrays.fill(bytes, LogHeader.SLOT_0_SECTOR, LogHeader.ZERO_OFFSET, (byte) 0);
        bytes[(int) log.fileOffset(gap)] ^= 1;
        LogScan scan = scan(1);
        assertEquals(4, LogTestSupport.records(scan, content).size());
        assertEquals(Verdict.DAMAGED, scan.judge(OTHER_BOOT, 0, false).verdict());
        assertTrue(scan.evidence() > gap);
    }

    @Test
    void bytesOfTheLogInAValueNeverValidate() {
        LogFile log = LogFile.prepare(disk, 1, STORE_ID, SALT, 1 << 16);
        log.start(BOOT, BASE, 0, 0, 0, 0);
        for (int i = 0; i < 5; i++) {
            LogTestSupport.append(log, true, LogTestSupport.put("k" + i, "value " + i));
        }
        int written = (int) (log.position() - BASE);
        for (int shift = 0; shift < 8; shift++) { // one of them puts the copies at multiples of eight
            byte[] value = new byte[shift + written];
            System.arraycopy(bytes(1), LogHeader.LENGTH, value, shift, written);
            LogTestSupport.append(log, true, LogTestSupport.put("k", value));
        }
        // Damage each record in turn: only the real ones behind it are found.
        LogScan whole = scan(1);
        while (whole.next()) {
            int at = LogHeader.LENGTH + (int) (whole.position() - BASE);
            bytes(1)[at] ^= 1;
            Memory own = Memory.allocate(1 << 16);
            LogFile damaged = LogFile.openReadOnly(disk, 1, STORE_ID);
            LogScan scan = new LogScan(damaged, damaged.limitPosition(), own, 0);
            int before = LogTestSupport.records(scan, own).size();
            scan.findLaterValidRecord();
            assertEquals(13 - 1 - before, scan.laterRecords());
            own.release();
            bytes(1)[at] ^= 1;
        }
    }

    @Test
    void aRecordHoldsAtItsOwnPlaceOnly() {
        LogFile log = LogTestSupport.smallLog(disk);
        byte[] bytes = bytes(1);
        int end = (int) log.fileOffset(log.position());
        // Copies of the last record at every later place, then the record itself damaged: no copy takes its part.
        for (int at = end; at + 48 <= bytes.length; at += 8) {
            System.arraycopy(bytes, end - 48, bytes, at, 48);
            Memory record = Memory.allocate(48);
            record.put(0, bytes, at, 48);
            long position = log.position() + at - end;
            assertFalse(LogRecord.isValid(record, 0, 48, SALT, position, new CRC32C()));
            record.release();
            if (at % 48 == 16) {
                bytes[end - 1 - 8] ^= 1;
                LogScan scan = scan(1);
                assertEquals(3, LogTestSupport.records(scan, content).size());
                assertFalse(scan.findLaterValidRecord());
                bytes[end - 1 - 8] ^= 1;
            }
        }
    }

    @Test
    void recordsOfAFilesOldLifeNeverValidate() {
        LogFile old = LogTestSupport.smallLog(disk);
        for (int i = 0; i < 60; i++) {
            LogTestSupport.append(old, true, LogTestSupport.put("old", "" + i % 10));
        }
        old.close();
        LogFile log = LogFile.recycle(disk, LogFile.name(1), 2, STORE_ID, SALT ^ 0x77);
        log.start(BOOT, BASE, 0, 0, 0, 0); // the same positions and batch numbers again
        assertEquals(0, LogTestSupport.records(scan(2), content).size());
        LogTestSupport.append(log, true, LogTestSupport.put("n", "w"));
        LogScan scan = scan(2);
        assertEquals(1, LogTestSupport.records(scan, content).size());
        assertFalse(scan.findLaterValidRecord());
    }

    @Test
    void forgedHeadsDoNotMakeTheSearchQuadratic() {
        int capacity = 1 << 23;
        LogFile log = LogFile.prepare(disk, 1, STORE_ID, SALT, capacity);
        log.start(BOOT, 0, 0, 0, 0, 0);
        byte[] bytes = bytes(1);
        Memory head = Memory.allocate(32);
        for (int at = LogHeader.LENGTH; at + 32 <= capacity; at += 32) {
            LogRecord.putHeader(head, 0, Math.max(44, capacity - at), 9, 1, 0);
            head.get(0, bytes, at, 32);
        }
        Memory all = Memory.allocate(capacity);
        assertTimeout(Duration.ofSeconds(20), () -> {
            LogScan scan = new LogScan(log, log.limitPosition(), all, 0);
            assertFalse(scan.next());
            assertFalse(scan.findLaterValidRecord());
        });
        all.release();
        head.release();
    }

    @Test
    void whatANewerWriterMayHaveWrittenIsRefusedByName() {
        LogTestSupport.smallLog(disk);
        reseal(48, LogRecord.TYPE_OFFSET, 2);
        assertThrows(FormatVersionException.class, () -> LogTestSupport.records(scan(1), content));
        reseal(48, LogRecord.TYPE_OFFSET, 1);
        reseal(48, LogRecord.FLAGS_OFFSET, 1);
        assertThrows(FormatVersionException.class, () -> LogTestSupport.records(scan(1), content));
        reseal(48, LogRecord.FLAGS_OFFSET, 0);
        reseal(48, LogRecord.OPERATIONS_OFFSET, OperationCode.MERGE);
        FormatVersionException e =
                assertThrows(FormatVersionException.class, () -> LogTestSupport.records(scan(1), content));
        assertTrue(e.getMessage().contains("MERGE"), e.getMessage());
        reseal(48, LogRecord.OPERATIONS_OFFSET, OperationCode.PUT);
        reseal(48, LogRecord.BATCH_OFFSET, 7);
        assertThrows(CorruptionException.class, () -> LogTestSupport.records(scan(1), content));
        reseal(48, LogRecord.BATCH_OFFSET, 2);
        reseal(48, LogRecord.HEADER_LENGTH + 29, 1); // padding
        assertThrows(CorruptionException.class, () -> LogTestSupport.records(scan(1), content));
    }

    private void reseal(int recordOffset, int field, int value) {
        byte[] bytes = bytes(1);
        int at = LogHeader.LENGTH + recordOffset;
        bytes[at + field] = (byte) value;
        resealRecord(bytes, at, BASE + recordOffset);
    }

    private static void resealRecord(byte[] bytes, int at, long position) {
        int padded = LogRecord.paddedLength(dev.cambium.segment.memory.Bytes.getInt(bytes, at + 4));
        if (padded < 8 || padded > bytes.length - at) {
            return;
        }
        CRC32C crc = new CRC32C();
        crc.update(bytes, at + 4, padded - 4);
        dev.cambium.segment.memory.Bytes.putInt(bytes, at, (int) crc.getValue() ^ ChecksumSeed.of(SALT, position));
    }

    @Test
    void newerHeadersAreRefused() {
        LogTestSupport.smallLog(disk);
        byte[] good = bytes(1).clone();
        int[][] changes = {
            {FormatHead.MAJOR_OFFSET, 2}, {FormatHead.INCOMPATIBLE_OFFSET, 4}, {LogHeader.ALIGNMENT_OFFSET + 1, 2}
        };
        for (int[] change : changes) {
            byte[] bytes = good.clone();
            bytes[change[0]] = (byte) change[1];
            resealIdentity(bytes);
            disk.files.put(LogFile.name(1), bytes);
            assertThrows(FormatVersionException.class, () -> scan(1));
        }
        byte[] bytes = good.clone();
        bytes[FormatHead.MINOR_OFFSET] = 9;
        bytes[FormatHead.COMPATIBLE_OFFSET] = 1;
        resealIdentity(bytes);
        disk.files.put(LogFile.name(1), bytes);
        assertEquals(4, LogTestSupport.records(scan(1), content).size());
    }

    private static void resealIdentity(byte[] bytes) {
        CRC32C crc = new CRC32C();
        crc.update(bytes, 0, LogHeader.CRC_OFFSET);
        dev.cambium.segment.memory.Bytes.putInt(bytes, LogHeader.CRC_OFFSET, (int) crc.getValue());
    }

    private static void resealSector(byte[] bytes, int sector, int crcOffset) {
        CRC32C crc = new CRC32C();
        crc.update(bytes, sector, crcOffset);
        dev.cambium.segment.memory.Bytes.putInt(
                bytes, sector + crcOffset, (int) crc.getValue() ^ ChecksumSeed.of(SALT, sector));
    }

    /** Bytes whose checksums hold but which no writer wrote: every parser answers with a typed exception or not at all. */
    @Test
    void hostileBytesWithGoodChecksumsNeverEscapeTheirBounds() {
        long seed = 4_711;
        Random random = new Random(seed);
        LogTestSupport.smallLog(disk);
        byte[] good = bytes(1).clone();
        int[] starts = {0, 48, 112, 184};
        int refused = 0;
        for (int i = 0; i < 20_000; i++) {
            byte[] bytes = good.clone();
            int record = LogHeader.LENGTH + starts[random.nextInt(4)];
            int[] places = {0, LogHeader.START_SECTOR, LogHeader.SLOT_0_SECTOR, LogHeader.SLOT_1_SECTOR, record, record
            };
            int place = places[random.nextInt(places.length)];
            for (int changes = 1 + random.nextInt(3); changes > 0; changes--) {
                int at = place + random.nextInt(64);
                bytes[at] = (byte) (random.nextInt(3) == 0 ? 0xFF : random.nextInt(3) == 0 ? 0x7F : random.nextInt());
            }
            resealIdentity(bytes);
            resealSector(bytes, LogHeader.START_SECTOR, LogStart.CRC_OFFSET);
            resealSector(bytes, LogHeader.SLOT_0_SECTOR, ForcedSlots.CRC_OFFSET);
            resealSector(bytes, LogHeader.SLOT_1_SECTOR, ForcedSlots.CRC_OFFSET);
            if (place == record) {
                resealRecord(bytes, record, BASE + record - LogHeader.LENGTH);
            }
            disk.files.put(LogFile.name(1), bytes);
            try {
                LogScan scan = scan(1);
                LogTestSupport.records(scan, content);
                scan.judge(BOOT, 0, false);
            } catch (CorruptionException | FormatVersionException typed) {
                refused++;
            } catch (RuntimeException | Error e) {
                throw new AssertionError("seed " + seed + ", round " + i, e);
            }
        }
        assertTrue(refused > 1_000, "seed " + seed + ": " + refused);
        for (int i = 0; i < 2_000; i++) {
            byte[] bytes = good.clone();
            for (int at = LogHeader.LENGTH; at < bytes.length; at++) {
                bytes[at] = (byte) random.nextInt();
            }
            disk.files.put(LogFile.name(1), bytes);
            LogScan scan = scan(1);
            assertFalse(scan.next());
            assertEquals(Verdict.DAMAGED, scan.judge(OTHER_BOOT, 0, false).verdict(), "seed " + seed);
        }
    }
}
