package dev.cambium.tools.dump;

import dev.cambium.segment.disk.RealFileSystem;
import dev.cambium.segment.frame.WarmPages;
import dev.cambium.segment.log.LogFile;
import dev.cambium.segment.log.LogRecord;
import dev.cambium.segment.log.Operation;
import dev.cambium.segment.log.OperationCode;
import dev.cambium.segment.manifest.ManifestEdit;
import dev.cambium.segment.manifest.ManifestFile;
import dev.cambium.segment.manifest.Superblock;
import dev.cambium.segment.manifest.SuperblockFile;
import dev.cambium.segment.memory.Memory;
import dev.cambium.segment.page.PageKind;
import dev.cambium.segment.page.Pointer;
import dev.cambium.segment.pool.BufferPool;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.zip.CRC32C;

/** The files of a store whose every byte is known: ids, salts and times are fixed. */
final class GoldenStore {
    static final byte[] STORE_ID = "store-id-16bytes".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] LINEAGE = "lineage-16-bytes".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] BOOT_ID = "boot-id-16-bytes".getBytes(StandardCharsets.US_ASCII);
    private static final long SALT = 0x9A5A_175A_1700_0001L; // the top bit set: shown as digits, never as a number

    private GoldenStore() {}

    static RealFileSystem create(Path directory) {
        RealFileSystem disk = new RealFileSystem(directory);
        long manifestLength;
        try (ManifestFile manifest = ManifestFile.create(
                disk,
                3,
                STORE_ID,
                ManifestEdit.to(7)
                        .keyspace(1, "é\n")
                        .logDrop(4)
                        .logNext(4, 8192)
                        .build())) {
            manifest.append(
                    ManifestEdit.to(8).logNext(5, 8192).logEnded(4, 60_000, 77).build());
            manifestLength = manifest.length();
            manifest.append(ManifestEdit.to(9).clean(3, 5, 61_000, 80).build());
        }
        SuperblockFile superblocks = SuperblockFile.create(
                disk, Superblock.first(STORE_ID, LINEAGE, 0x8877_6655_4433_2211L, 3, 64, 1_700_000_000_000L));
        superblocks.write(superblocks.current().withManifest(3, manifestLength));
        writeLog(disk);
        writeWarmPages(disk);
        return disk;
    }

    private static void writeWarmPages(RealFileSystem disk) {
        long leaf = Pointer.of(3, 4096, 3000, 8000, PageKind.LEAF);
        long keys = Pointer.of(3, 8192, 500, 900, PageKind.KEYS);
        BufferPool pool = BufferPool.unlimited();
        new WarmPages(new long[] {keys, leaf}, new int[] {0xDEAD_BEEF, 77}).write(disk, STORE_ID, pool);
        pool.close();
    }

    private static void writeLog(RealFileSystem disk) {
        Memory records = Memory.allocate(4096);
        try (LogFile log = LogFile.prepare(disk, 4, STORE_ID, SALT, 8192)) {
            log.start(BOOT_ID, 0x10_0000, 3, 0x10_0000, 41, 0xF_FFF8);
            append(log, records, 42, put(records, LogRecord.OPERATIONS_OFFSET, OperationCode.PUT, "a", "1"), 1);
            log.force();
            int end = put(records, LogRecord.OPERATIONS_OFFSET, OperationCode.PUT, "b\u0000\n", "→".repeat(100));
            append(log, records, 43, put(records, end, OperationCode.DELETE, "a", ""), 2);
            log.force();
            byte[] keyspace = new byte[64];
            int length = Operation.putKeyspace(keyspace, 0, 2, "users".getBytes(StandardCharsets.UTF_8));
            records.put(LogRecord.OPERATIONS_OFFSET, keyspace, 0, length);
            append(log, records, 44, LogRecord.OPERATIONS_OFFSET + length, 1);
        } finally {
            records.release();
        }
    }

    private static int put(Memory records, int at, int code, String key, String value) {
        byte[] k = key.getBytes(StandardCharsets.UTF_8);
        byte[] v = value.getBytes(StandardCharsets.UTF_8);
        return Operation.put(records, at, code, 1, k, 0, k.length, v, 0, v.length);
    }

    private static void append(LogFile log, Memory records, long batch, int length, int count) {
        LogRecord.putHeader(records, 0, length, batch, count, log.forcedPosition());
        LogRecord.seal(records, 0, log.salt(), log.position(), new CRC32C());
        log.append(records, 0, LogRecord.paddedLength(length), false);
    }
}
