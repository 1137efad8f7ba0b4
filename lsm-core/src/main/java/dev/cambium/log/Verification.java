package dev.cambium.log;

import dev.cambium.VerifyReport;
import dev.cambium.VerifyReport.Finding;
import dev.cambium.error.CorruptionException;
import dev.cambium.error.NoStoreException;
import dev.cambium.segment.disk.DirectoryLock;
import dev.cambium.segment.disk.ZoneFile;
import dev.cambium.segment.disk.ZoneFileSystem;
import dev.cambium.segment.log.LogFile;
import dev.cambium.segment.manifest.ManifestFile;
import dev.cambium.segment.manifest.ManifestReading;
import dev.cambium.segment.manifest.ManifestRecord;
import dev.cambium.segment.manifest.SuperblockFile;
import dev.cambium.segment.memory.Memory;
import java.util.ArrayList;
import java.util.List;

/**
 * Reads every used byte of a store that nobody has open, as a recovery would, and changes nothing but the lock file. Findings are
 * collected as far as one does not keep the next from being looked for.
 */
public final class Verification {
    private final ZoneFileSystem disk;
    private final List<Finding> findings = new ArrayList<>();
    private int files;
    private long bytes;
    private long batches;
    private boolean cleanClose;

    public Verification(ZoneFileSystem disk) {
        this.disk = disk;
    }

    /** Runs; throws {@link NoStoreException} or {@link dev.cambium.error.StoreLockedException} where there is nothing to read. */
    public VerifyReport run() {
        if (!disk.directoryExists() || !disk.exists(SuperblockFile.NAME)) {
            throw new NoStoreException("there is no store at " + disk.describe());
        }
        try (DirectoryLock lock = disk.lock()) {
            try {
                read();
            } catch (CorruptionException e) {
                add(e);
            }
        }
        return new VerifyReport(findings, files, bytes, batches, cleanClose);
    }

    private void read() {
        SuperblockFile superblocks = SuperblockFile.open(disk);
        count(SuperblockFile.NAME);
        superblocks.damage().ifPresent(this::add);
        long id = superblocks.current().manifestId();
        byte[] storeId = superblocks.current().storeId();
        ManifestReading manifest =
                ManifestFile.read(disk, id, storeId, superblocks.current().manifestLength());
        count(ManifestFile.name(id));
        UnnamedLogs.check(disk, id, manifest);
        cleanClose = superblocks.provesCleanClose(manifest.state().clean());
        for (ManifestRecord.LogNext log : manifest.state().logs()) {
            if (disk.exists(LogFile.name(log.id()))) {
                count(LogFile.name(log.id()));
            }
        }
        try (LogChain chain = new LogChain(disk, storeId, manifest.state(), cleanClose)) {
            chain.open();
            chain.read((LogFile log, Memory content, int length, int[] records, int count) -> {
                batches += count;
                content.release();
            });
        }
    }

    private void count(String name) {
        try (ZoneFile file = disk.openReadOnly(name)) {
            files++;
            bytes += file.length();
        }
    }

    private void add(CorruptionException e) {
        findings.add(new Finding(e.file(), e.offset(), e.getMessage()));
    }
}
