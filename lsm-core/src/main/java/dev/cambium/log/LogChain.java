package dev.cambium.log;

import dev.cambium.RecoveryReport;
import dev.cambium.error.CorruptionException;
import dev.cambium.segment.disk.ZoneFileSystem;
import dev.cambium.segment.log.LogFile;
import dev.cambium.segment.log.LogHeader;
import dev.cambium.segment.log.LogRecord;
import dev.cambium.segment.log.LogScan;
import dev.cambium.segment.log.LogStart;
import dev.cambium.segment.log.LogTail;
import dev.cambium.segment.manifest.ManifestRecord;
import dev.cambium.segment.manifest.ManifestState;
import dev.cambium.segment.pool.BufferPool;
import dev.cambium.segment.pool.MemoryUse;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SortedMap;

/**
 * The named logs of a store that nobody writes, read in order and judged: which batches count, and whether any that was promised
 * is missing. Changes nothing on disk.
 *
 * <p>Steps: {@link #open} the headers; {@link #read} the records, log by log, into a sink; then the results can be asked for.
 */
final class LogChain implements AutoCloseable {
    /*
     * A log counts up to where the next one takes over (its START), up to where an earlier recovery settled that it ends
     * (LOG_ENDED), up to CLEAN, or up to its last valid record. In the last case, and where the next one takes over further on,
     * the judgement of DESIGN 4.7 decides: positions known to be forced, by any log, must be there; in the running boot
     * nothing that was written can be missing before something that is there. What follows a gap is set aside. A record that
     * refers to pages of a long value which are not there is itself not there, unless it was promised.
     */

    /** Takes what a log holds. */
    interface Sink {
        /**
         * @param log that they stand in
         * @param content the records; the sink's own from now on
         * @param length bytes of records in it
         * @param records offsets of their headers
         */
        void accept(LogFile log, BufferPool.Buffer content, int length, int[] records, int count);
    }

    private final BufferPool pool;
    private final ZoneFileSystem disk;
    private final byte[] storeId;
    private final ManifestState state;
    private final ManifestRecord.Clean clean;
    private final boolean cleanClose;
    private final boolean readsAll;
    private final UnnamedPages pages;

    private final List<LogFile> started = new ArrayList<>();
    private final List<LogFile> unused = new ArrayList<>();
    private final List<RecoveryReport.Log> reports = new ArrayList<>();
    private final List<ManifestRecord.LogEnded> settlements = new ArrayList<>();
    private LogFile last;
    private long end;
    private long lastBatch;
    private long batches;
    private long setAside;

    /**
     * @param cleanClose whether the superblock proves that the manifest's last CLEAN says where the log ends
     * @param readsAll whether a log is read too of which nothing is needed, for all of it stands in runs
     */
    LogChain(
            ZoneFileSystem disk,
            byte[] storeId,
            ManifestState state,
            boolean cleanClose,
            boolean readsAll,
            BufferPool pool) {
        this.pool = pool;
        this.readsAll = readsAll;
        this.disk = disk;
        this.storeId = storeId;
        this.state = state;
        this.clean = state.clean();
        this.cleanClose = cleanClose;
        this.pages = new UnnamedPages(disk, storeId, state);
    }

    /** Opens every named log and reads its header. A named log that is missing is corruption. */
    void open() {
        for (ManifestRecord.LogNext named : state.logs()) {
            String name = LogFile.name(named.id());
            if (!disk.exists(name)) {
                throw new CorruptionException(name, 0, "a log that the manifest names", "no file");
            }
            LogFile log = LogFile.openReadOnly(disk, named.id(), storeId);
            ManifestRecord.LogEnded ended = state.ends().get(named.id());
            if (!log.isStarted()) {
                unused.add(log);
            } else if (ended != null && ended.end() < log.begin().basePosition()) {
                log.close(); // wholly set aside by an earlier recovery
            } else {
                started.add(log);
            }
        }
    }

    /** Reads all records that count. */
    void read(Sink sink) {
        long evidence = clean == null ? 0 : clean.position();
        for (LogFile log : started) {
            evidence = Math.max(
                    evidence,
                    Math.max(log.begin().forcedThrough(), log.slotsAtOpen().position()));
        }
        for (int i = 0; i < started.size(); i++) {
            LogFile log = started.get(i);
            LogFile successor = i + 1 < started.size() ? started.get(i + 1) : null;
            if (last != null) {
                checkTakeOver(log);
            }
            if (!readOne(log, successor, evidence, sink)) {
                setAsideFrom(i + 1);
                return;
            }
        }
        if (lastBatch < state.flushedThrough()) {
            throw new CorruptionException(
                    last == null ? "the logs" : last.name(),
                    last == null ? 0 : last.fileOffset(end),
                    "records up to batch " + state.flushedThrough() + ", which a run has taken over",
                    "none behind batch " + lastBatch);
        }
        if (cleanClose && (last == null || last.id() != clean.logId())) {
            throw new CorruptionException(
                    LogFile.name(clean.logId()), 0, "the last log in use, as the manifest says", "" + last);
        }
    }

    private void checkTakeOver(LogFile log) {
        LogStart begin = log.begin();
        if (begin.previousId() != last.id()
                || begin.previousEnd() != end
                || begin.basePosition() != end
                || begin.previousLastBatch() != lastBatch) {
            throw new CorruptionException(
                    log.name(),
                    LogHeader.START_SECTOR,
                    "to follow log " + last.id() + " at position " + end + " after batch " + lastBatch,
                    "log " + begin.previousId() + " at position " + begin.previousEnd() + " after batch "
                            + begin.previousLastBatch());
        }
    }

    /** Reads one log; false where records of it are lost, so that the logs behind it do not count. */
    private boolean readOne(LogFile log, LogFile successor, long evidence, Sink sink) {
        LogStart begin = log.begin();
        ManifestRecord.LogEnded ended = state.ends().get(log.id());
        boolean cleanHere = cleanClose && clean.logId() == log.id();
        long limit = ended != null
                ? ended.end()
                : successor != null
                        ? successor.begin().previousEnd()
                        : cleanHere ? clean.position() : log.limitPosition();
        if (limit < begin.basePosition() || limit > log.limitPosition()) {
            throw new CorruptionException(
                    log.name(),
                    0,
                    "to hold positions up to " + limit,
                    begin.basePosition() + " to " + log.limitPosition());
        }
        if (!readsAll && cleanHere && successor == null && ended == null && clean.batch() <= state.flushedThrough()) {
            end = limit;
            lastBatch = clean.batch();
            last = log;
            reports.add(new RecoveryReport.Log(log.name(), 0, 0, end, "all that stands in it has been laid down"));
            return true;
        }
        BufferPool.Buffer content = hold(limit - begin.basePosition());
        boolean given = false; // to the sink, which releases it
        try {
            LogScan scan = new LogScan(log, limit, content.memory(), 0);
            int[] records = new int[1024];
            int count = 0;
            while (scan.next()) {
                if (count == records.length) {
                    records = Arrays.copyOf(records, 2 * count);
                }
                records[count++] = scan.recordOffset();
            }
            int whole = ended != null || cleanHere ? count : countWhole(log, scan, evidence, content, records, count);
            String lost = whole == count ? "" : "; the first refers to a value that is not there";
            count = whole;
            end = scan.end();
            lastBatch = scan.lastBatch();
            last = log;
            batches += count;
            LogTail tail = judge(log, successor, scan, limit, Math.max(evidence, scan.evidence()));
            setAside += tail.setAside();
            int length = (int) (end - begin.basePosition());
            reports.add(new RecoveryReport.Log(log.name(), length, count, end, tail.reason() + lost));
            if (count > 0) {
                BufferPool.Buffer exact = length > content.reservedBytes() / 4 ? content : copy(content, length);
                given = exact == content;
                sink.accept(log, exact, length, records, count);
            }
            return end == limit || successor == null && tail.verdict() != LogTail.Verdict.DAMAGED;
        } finally {
            if (!given) {
                pool.free(content);
            }
        }
    }

    /**
     * Counts the records before the first that refers to pages which are not there, though nobody has promised them; the scan ends there then.
     *
     * @throws CorruptionException where pages are not there that were promised
     */
    private int countWhole(
            LogFile log, LogScan scan, long evidence, BufferPool.Buffer content, int[] records, int count) {
        if (cleanClose || !pages.canBe()) {
            return count;
        }
        scan.findLaterValidRecord(); // which may know of more that is forced
        long promised = log.begin().isOfBoot(disk.bootId()) // whose page cache has lost nothing
                ? Long.MAX_VALUE
                : Math.max(evidence, scan.evidence());
        long base = log.begin().basePosition();
        for (int i = 0; i < count; i++) {
            if (LogRecord.batch(content.memory(), records[i]) <= state.flushedThrough()) {
                continue; // stands in a run
            }
            if (base + records[i] < promised) {
                pages.require(content.memory(), records[i]);
            } else if (!pages.holds(content.memory(), records[i])) {
                scan.endBefore(records[i]);
                return i;
            }
        }
        return count;
    }

    private BufferPool.Buffer hold(long bytes) {
        return pool.hold(MemoryUse.MEMTABLES, (int) Math.max(8, bytes));
    }

    private BufferPool.Buffer copy(BufferPool.Buffer content, int length) {
        BufferPool.Buffer exact = hold(length);
        exact.memory().put(0, content.memory(), 0, length);
        return exact;
    }

    private LogTail judge(LogFile log, LogFile successor, LogScan scan, long limit, long evidence) {
        ManifestRecord.LogEnded ended = state.ends().get(log.id());
        boolean cleanHere = cleanClose && clean.logId() == log.id();
        long fileOffset = log.fileOffset(end);
        if (ended != null || cleanHere && successor == null) {
            long batch = ended != null ? ended.lastBatch() : clean.batch();
            if (end != limit || lastBatch != batch) {
                throw new CorruptionException(
                        log.name(),
                        fileOffset,
                        "records up to position " + limit + " and batch " + batch,
                        "position " + end + " and batch " + lastBatch);
            }
            return scan.judge(new byte[16], limit, cleanHere && ended == null).orThrow(log.name(), fileOffset);
        }
        if (successor == null) {
            return scan.judge(disk.bootId(), evidence, false).orThrow(log.name(), fileOffset);
        }
        if (end == limit) {
            return new LogTail(
                    LogTail.Verdict.WHOLE, "log " + successor.id() + " takes over at position " + end, end, 0);
        }
        byte[] boot = disk.bootId();
        if (successor.begin().isOfBoot(boot) && log.begin().isOfBoot(boot)) {
            throw new CorruptionException(
                    log.name(),
                    fileOffset,
                    "records up to position " + limit + ", where log " + successor.id()
                            + " of the same boot takes over",
                    "none from position " + end + " on");
        }
        return scan.judge(boot, Math.min(evidence, limit), false).orThrow(log.name(), fileOffset);
    }

    /** Counts what stands in the logs behind a gap, and notes that they are settled. */
    private void setAsideFrom(int index) {
        for (LogFile log : started.subList(index, started.size())) {
            LogStart begin = log.begin();
            BufferPool.Buffer content = hold(log.limitPosition() - begin.basePosition());
            try {
                LogScan scan = new LogScan(log, log.limitPosition(), content.memory(), 0);
                long found = 0;
                while (scan.next()) {
                    found++;
                }
                scan.findLaterValidRecord();
                found += scan.laterRecords();
                setAside += found;
                reports.add(
                        new RecoveryReport.Log(log.name(), 0, 0, end, found + " records behind the gap are set aside"));
            } finally {
                pool.free(content);
            }
            assert end < begin.basePosition() : "a log behind a gap begins behind it";
            settlements.add(new ManifestRecord.LogEnded(log.id(), end, lastBatch));
        }
    }

    /** How long zones of puts are, where the log refers to pages behind their named ends. */
    SortedMap<Integer, Long> foundEnds() {
        return pages.ends();
    }

    /** The log that holds the last batch, or null where no log was ever used. */
    LogFile last() {
        return last;
    }

    /** The logs that hold batches that count, oldest first. */
    List<LogFile> counted() {
        return last == null ? List.of() : started.subList(0, started.indexOf(last) + 1);
    }

    /** Position behind the last batch. */
    long end() {
        return end;
    }

    long lastBatch() {
        return lastBatch;
    }

    long batches() {
        return batches;
    }

    long setAside() {
        return setAside;
    }

    List<RecoveryReport.Log> reports() {
        return reports;
    }

    /** Logs that are named and were never used, oldest first. */
    List<LogFile> unused() {
        return unused;
    }

    /** What is to be said of logs behind a gap. */
    List<ManifestRecord.LogEnded> settlements() {
        return settlements;
    }

    @Override
    public void close() {
        pages.close();
        started.forEach(LogFile::close);
        unused.forEach(LogFile::close);
    }
}
