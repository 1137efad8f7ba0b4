package dev.cambium.benchmarks.jmh;

import dev.cambium.benchmarks.KeyForm;
import dev.cambium.benchmarks.Values;
import dev.cambium.compaction.PageSizes;
import dev.cambium.compaction.RunWriter;
import dev.cambium.segment.disk.RealFileSystem;
import dev.cambium.segment.log.Operation;
import dev.cambium.segment.log.OperationCode;
import dev.cambium.segment.manifest.ManifestRecord;
import dev.cambium.segment.memory.Memory;
import dev.cambium.segment.pool.BufferPool;
import dev.cambium.segment.zone.ZoneFiles;
import dev.cambium.segment.zone.ZoneWriter;
import java.io.IOException;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/**
 * A run of sorted entries, laid down in a zone that is not forced: per entry. Allocated is the point: of objects that live as long as the
 * run takes, or a page, not much comes to an entry.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class RunBuildBenchmark {
    private static final int SHORT_ENTRIES = 200_000;
    private static final int LONG_ENTRIES = 20_000;

    private static final byte[] STORE_ID = new byte[16];
    private static final int KEY_LENGTH = Operation.KEYSPACE_ID_LENGTH + KeyForm.LENGTH;

    private final Values shortValues = new Values(100);
    private final Values longValues = new Values(2000);
    private final byte[] key = new byte[KEY_LENGTH];
    private final byte[] value = new byte[longValues.length()];
    private ScratchDirectory directory;
    private RealFileSystem disk;
    private BufferPool pool;
    private Memory entry;
    private int zone;

    @Setup(Level.Trial)
    public void open() throws IOException {
        directory = ScratchDirectory.create();
        disk = new RealFileSystem(directory.path());
        pool = new BufferPool(1L << 30, 4 << 20);
        entry = Memory.allocate(KEY_LENGTH + value.length);
    }

    /** The zone of the run before. */
    @TearDown(Level.Invocation)
    public void deleteZone() {
        disk.delete(ZoneFiles.name(zone));
    }

    @TearDown(Level.Trial)
    public void delete() throws IOException {
        entry.release();
        pool.close();
        directory.delete();
    }

    @Benchmark
    @OperationsPerInvocation(SHORT_ENTRIES)
    public ManifestRecord.Run shortValues() {
        return build(SHORT_ENTRIES, shortValues);
    }

    /** The values stand in pages of their own. */
    @Benchmark
    @OperationsPerInvocation(LONG_ENTRIES)
    public ManifestRecord.Run longValues() {
        return build(LONG_ENTRIES, longValues);
    }

    private ManifestRecord.Run build(int entries, Values values) {
        int length = values.length();
        try (ZoneWriter pages = ZoneWriter.create(disk, ++zone, STORE_ID, 0, 0, ZoneWriter.MAX_LENGTH, pool);
                RunWriter writer = new RunWriter(
                        rawLength -> pages, rawLength -> pages, pool, PageSizes.DEFAULT, STORE_ID, 1, 1, 42)) {
            for (int number = 0; number < entries; number++) {
                KeyForm.DECIMAL.write(number, key, Operation.KEYSPACE_ID_LENGTH);
                values.write(number, value);
                entry.put(0, key, 0, KEY_LENGTH);
                entry.put(KEY_LENGTH, value, 0, length);
                writer.add(entry, 0, KEY_LENGTH, OperationCode.PUT, entry, KEY_LENGTH, length);
            }
            ManifestRecord.Run run = writer.finish(0, 1, 1, 1, 1);
            pages.flush();
            return run;
        }
    }
}
