package dev.cambium.log;

import dev.cambium.VerifyReport;
import dev.cambium.VerifyReport.Finding;
import dev.cambium.compaction.ChunkedValue;
import dev.cambium.compaction.RunVerification;
import dev.cambium.error.CorruptionException;
import dev.cambium.error.NoStoreException;
import dev.cambium.segment.disk.DirectoryLock;
import dev.cambium.segment.disk.ZoneFile;
import dev.cambium.segment.disk.ZoneFileSystem;
import dev.cambium.segment.log.LogFile;
import dev.cambium.segment.log.LogRecord;
import dev.cambium.segment.log.Operation;
import dev.cambium.segment.log.OperationCode;
import dev.cambium.segment.manifest.ManifestFile;
import dev.cambium.segment.manifest.ManifestReading;
import dev.cambium.segment.manifest.ManifestRecord;
import dev.cambium.segment.manifest.ManifestState;
import dev.cambium.segment.manifest.SuperblockFile;
import dev.cambium.segment.memory.Memory;
import dev.cambium.segment.page.Pointer;
import dev.cambium.segment.page.ValueReference;
import dev.cambium.segment.pool.BufferPool;
import dev.cambium.segment.pool.ReservedVector;
import dev.cambium.segment.pool.VectorGeometry;
import dev.cambium.segment.zone.SharedZone;
import dev.cambium.segment.zone.ZoneFiles;
import dev.cambium.segment.zone.ZoneReader;
import dev.cambium.segment.zone.ZoneVerification;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.roaringbitmap.RoaringBitmap;

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
    private final BufferPool pool = BufferPool.unlimited();
    private final ReservedVector references =
            new ReservedVector(pool, VectorGeometry.of(1 << 10, Integer.MAX_VALUE)); // in logs
    private final Map<Integer, Long> foundEnds =
            new HashMap<>(); // of zones that the logs refer further into than is named

    public Verification(ZoneFileSystem disk) {
        this.disk = disk;
    }

    /** Runs; throws {@link NoStoreException} or {@link dev.cambium.error.StoreLockedException} where there is nothing to read. */
    public VerifyReport run() {
        if (!disk.directoryExists() || !disk.exists(SuperblockFile.NAME)) {
            throw new NoStoreException("there is no store at " + disk.describe());
        }
        try (DirectoryLock lock = disk.lock()) {
            read();
        } catch (CorruptionException e) {
            add(e);
        } finally {
            references.release();
            pool.close();
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
        try (LogChain chain = new LogChain(disk, storeId, state, cleanClose, true, pool)) {
            chain.open();
            chain.read((LogFile log, BufferPool.Buffer block, int length, int[] records, int count) -> {
                Memory content = block.memory();
                batches += count;
                for (int i = 0; i < count; i++) {
                    if (LogRecord.batch(content, records[i]) > state.flushedThrough()) {
                        collectReferences(content, records[i]);
                    }
                }
                pool.free(block);
            });
            foundEnds.putAll(chain.foundEnds());
        } catch (CorruptionException e) {
            add(e);
        }
    }

    /** Notes which long values a record refers to. */
    private void collectReferences(Memory content, int record) {
        int at = record + LogRecord.OPERATIONS_OFFSET;
        for (int i = LogRecord.count(content, record); i > 0; i--) {
            if (Operation.code(content, at) == OperationCode.PUT_REF) {
                references.append(content, Operation.valueOffset(content, at), ValueReference.LENGTH);
            }
            at += Operation.length(content, at);
        }
    }

    /** Every zone byte by byte, then every run from its root, then the long values that logs refer to. */
    private void checkRuns(byte[] storeId, ManifestState state) {
        Map<Integer, SharedZone> readers = new HashMap<>();
        try {
            for (ManifestRecord.Zone zone : state.zones().values()) {
                boolean isSealed = zone.state() == ManifestRecord.ZoneState.SEALED;
                RoaringBitmap lives = state.live().getOrDefault(zone.number(), new RoaringBitmap());
                long length = Math.max(zone.length(), foundEnds.getOrDefault(zone.number(), 0L));
                pages += ZoneVerification.run(disk, zone.number(), storeId, length, isSealed, lives, this::add);
                if (disk.exists(ZoneFiles.name(zone.number()))) {
                    count(ZoneFiles.name(zone.number()));
                    open(zone.number(), length, storeId, readers);
                }
            }
            Map<Integer, RoaringBitmap> live = new TreeMap<>();
            boolean areWhole = true;
            for (ManifestRecord.Run run : state.runs()) {
                runs++;
                RunVerification.Found found = RunVerification.run(
                        run,
                        storeId,
                        state.merged(run.id()),
                        zone -> readers.containsKey(zone) ? readers.get(zone).reader() : null,
                        live,
                        this::add);
                entries += found.entries();
                areWhole &= found.isWhole();
            }
            if (areWhole) {
                compareLive(state, live);
            }
            checkReferences(storeId, readers);
        } finally {
            readers.values().forEach(SharedZone::release);
        }
    }

    /** Whether the manifest calls those pages live that runs are made of, and no others. */
    private void compareLive(ManifestState state, Map<Integer, RoaringBitmap> found) {
        Set<Integer> zones = new TreeSet<>(state.live().keySet());
        zones.addAll(found.keySet());
        for (int zone : zones) {
            RoaringBitmap said = state.live().getOrDefault(zone, new RoaringBitmap());
            RoaringBitmap units = found.getOrDefault(zone, new RoaringBitmap());
            if (!said.equals(units)) {
                RoaringBitmap differing = RoaringBitmap.xor(said, units);
                long at = (long) differing.first() * Pointer.ALIGNMENT;
                add(new CorruptionException(
                        ZoneFiles.name(zone),
                        at,
                        "those pages live that runs are made of",
                        said.contains(differing.first())
                                ? "a live page that no run has"
                                : "a page of a run that is not live"));
            }
        }
    }

    private void checkReferences(byte[] storeId, Map<Integer, SharedZone> readers) {
        for (int at = 0; at < references.used(); at += ValueReference.LENGTH) {
            try (ChunkedValue value =
                    ChunkedValue.open(pointer -> zone(pointer, readers), storeId, references.memory(), at)) {
                for (int i = 0; i < value.count(); i++) {
                    value.load(i);
                }
            } catch (CorruptionException e) {
                add(e);
            }
        }
    }

    private static SharedZone zone(long pointer, Map<Integer, SharedZone> readers) {
        SharedZone zone = readers.get(Pointer.zone(pointer));
        if (zone == null) {
            throw new CorruptionException(
                    ZoneFiles.name(Pointer.zone(pointer)),
                    Pointer.offset(pointer),
                    "a page of a long value that a log refers to",
                    "a zone that is not named, or cannot be read");
        }
        return zone;
    }

    private void open(int zone, long length, byte[] storeId, Map<Integer, SharedZone> readers) {
        try {
            readers.put(zone, new SharedZone(ZoneReader.open(disk, zone, storeId, length), () -> {}));
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
