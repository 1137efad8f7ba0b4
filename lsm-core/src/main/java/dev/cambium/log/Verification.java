package dev.cambium.log;

import dev.cambium.VerifyReport;
import dev.cambium.VerifyReport.Finding;
import dev.cambium.compaction.RunVerification;
import dev.cambium.error.CorruptionException;
import dev.cambium.error.NoStoreException;
import dev.cambium.segment.disk.DirectoryLock;
import dev.cambium.segment.disk.ZoneFile;
import dev.cambium.segment.disk.ZoneFileSystem;
import dev.cambium.segment.log.LogFile;
import dev.cambium.segment.manifest.ManifestFile;
import dev.cambium.segment.manifest.ManifestReading;
import dev.cambium.segment.manifest.ManifestRecord;
import dev.cambium.segment.manifest.ManifestState;
import dev.cambium.segment.manifest.SuperblockFile;
import dev.cambium.segment.memory.Memory;
import dev.cambium.segment.zone.ZoneFiles;
import dev.cambium.segment.zone.ZoneReader;
import dev.cambium.segment.zone.ZoneVerification;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

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
    private int runs;
    private long pages;
    private long entries;
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
        return new VerifyReport(findings, files, bytes, batches, runs, pages, entries, cleanClose);
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
        checkLogs(storeId, manifest.state());
        checkRuns(storeId, manifest.state());
    }

    private void checkLogs(byte[] storeId, ManifestState state) {
        for (ManifestRecord.LogNext log : state.logs()) {
            if (disk.exists(LogFile.name(log.id()))) {
                count(LogFile.name(log.id()));
            }
        }
        try (LogChain chain = new LogChain(disk, storeId, state, cleanClose, true)) {
            chain.open();
            chain.read((LogFile log, Memory content, int length, int[] records, int count) -> {
                batches += count;
                content.release();
            });
        } catch (CorruptionException e) {
            add(e);
        }
    }

    /** Every zone byte by byte, then every run from its root. */
    private void checkRuns(byte[] storeId, ManifestState state) {
        Map<Integer, ZoneReader> readers = new HashMap<>();
        try {
            for (ManifestRecord.Zone zone : state.zones().values()) {
                boolean isSealed = zone.state() == ManifestRecord.ZoneState.SEALED;
                pages += ZoneVerification.run(disk, zone.number(), storeId, zone.length(), isSealed, this::add);
                if (disk.exists(ZoneFiles.name(zone.number()))) {
                    count(ZoneFiles.name(zone.number()));
                    open(zone, storeId, readers);
                }
            }
            for (ManifestRecord.Run run : state.runs()) {
                runs++;
                entries += RunVerification.run(run, storeId, readers::get, this::add);
            }
        } finally {
            readers.values().forEach(ZoneReader::close);
        }
    }

    private void open(ManifestRecord.Zone zone, byte[] storeId, Map<Integer, ZoneReader> readers) {
        try {
            readers.put(zone.number(), ZoneReader.open(disk, zone.number(), storeId, zone.length()));
        } catch (CorruptionException e) {
            add(e);
        }
    }

    private void count(String name) {
        try (ZoneFile file = disk.openReadOnly(name)) {
            files++;
            bytes += file.length();
        }
    }

    private void add(CorruptionException e) {
        Finding finding = new Finding(e.file(), e.offset(), e.getMessage());
        if (!findings.contains(finding)) { // a page may be met in its zone and in its run
            findings.add(finding);
        }
    }
}
