package dev.cambium.benchmarks.compaction;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cambium.benchmarks.CambiumEngine;
import dev.cambium.benchmarks.Engine;
import dev.cambium.benchmarks.KeyForm;
import dev.cambium.benchmarks.LatencyHistogram;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Every trial on Cambium, in this process, with few entries: figures that are none mean that something was not measured. */
class TrialTest {
    private static final int MEMTABLE_BYTES = 64 << 10;

    @TempDir
    Path directory;

    private TrialSite site(List<String> arguments) {
        return new TrialSite(new CambiumEngine.Opener(), false, directory, 20, arguments);
    }

    private static void assertPositive(Figures figures, String... names) {
        for (String name : names) {
            assertTrue(figures.get(name) > 0 && Double.isFinite(figures.get(name)), name + ": " + figures.toLines());
        }
    }

    @ParameterizedTest
    @EnumSource
    void writesAreCountedAndSpaceIsSeen(WriteLoad load) {
        Figures figures = WriteTrial.run(site(WriteTrial.arguments(load, MEMTABLE_BYTES, 16, 2)));
        assertPositive(figures, "puts/s", "flushed", "compacted", "rest", "samples");
        assertPositive(figures, "space mean", "space peak", "files mean", "files peak", "disk mean", "disk peak");
        assertTrue(figures.get("write amplification") >= 1, figures.toLines());
        assertPositive(figures, "put p99.9", "longest put");
        assertTrue(figures.get("put p99.9") <= figures.get("longest put"), figures.toLines());
        assertTrue(figures.get("longest put") <= 1e9 * figures.get("seconds"), figures.toLines());
        assertTrue(figures.get("files mean") <= figures.get("files peak"), figures.toLines());
        assertTrue(figures.engine().contains("memtables of 64 KiB"), figures.engine());
    }

    @Test
    void putsHaveARate() {
        assertPositive(PutTrial.run(site(PutTrial.arguments(5000))), "puts/s");
    }

    @Test
    void theTailIsTimedAtAShareOfTheSustainedRate() {
        Figures figures = TailTrial.run(site(TailTrial.arguments(2000, 1, 1)));
        assertPositive(figures, "all p50", "without stalls p50", "all max", "idle max");
        assertTrue(figures.get("puts/s") <= 0.81 * figures.get("sustained"), figures.toLines());
        assertTrue(figures.get("all p99.99") <= figures.get("all max"), figures.toLines());
        assertTrue(figures.get("without stalls max") <= figures.get("all max"), figures.toLines());
    }

    @Test
    void seeksPassOverWhatWasDeleted() {
        Figures figures = TombstoneTrial.run(site(TombstoneTrial.arguments(2000, 200, 50)));
        assertPositive(figures, "before median", "0 at once first", "0 later first", "2 later max");
    }

    @ParameterizedTest
    @EnumSource
    void scansSeeEverythingBeforeAndAfterACompaction(ScanTrial.Overwrites overwrites) {
        Figures figures = ScanTrial.run(site(ScanTrial.arguments(overwrites, 5000, MEMTABLE_BYTES, 2)));
        assertPositive(figures, "merged", "compacted", "written", "files");
    }

    @ParameterizedTest
    @ValueSource(ints = {100, 4096})
    void aCompactionIsLookedAtWhileItGoesOn(int valueLength) {
        Figures figures = RoomTrial.run(site(RoomTrial.arguments(valueLength, 4 << 20, MEMTABLE_BYTES)));
        assertPositive(figures, "before", "peak", "after", "written", "seconds");
        assertTrue(figures.get("looks") > 1, figures.toLines()); // one is at the end in any case
        assertTrue(figures.get("room") >= 1, figures.toLines());
        assertTrue(figures.get("after") <= figures.get("peak"), figures.toLines());
    }

    @Test
    void everyPutIsTimed() {
        try (Engine engine = site(List.of()).open("store", MEMTABLE_BYTES)) {
            PutStream puts = new PutStream(engine, 100, 100);
            LatencyHistogram latencies = new LatencyHistogram();
            long nanos = puts.putAll(new int[] {3, 1, 3}, latencies);
            nanos += puts.putAll(new int[] {2}, latencies);
            assertEquals(4, latencies.count());
            assertTrue(latencies.maxNanos() > 0 && latencies.maxNanos() <= nanos);
            assertEquals(4, puts.done());
            puts.check();
        }
    }

    @Test
    void aWrongValueIsFound() {
        try (Engine engine = site(List.of()).open("store", MEMTABLE_BYTES)) {
            PutStream puts = new PutStream(engine, 100, 100);
            puts.putAll(new int[] {3, 1, 3});
            assertEquals(3, puts.done());
            puts.check();
            byte[] key = new byte[KeyForm.LENGTH];
            KeyForm.DECIMAL.write(3, key, 0);
            byte[] right = engine.get(key);
            engine.put(key, engine.get(key("1")));
            assertThrows(IllegalStateException.class, puts::check);
            engine.put(key, right);
            puts.check();
            engine.delete(key);
            assertThrows(IllegalStateException.class, puts::check);
            engine.put(key, right);
            engine.put(key("7"), right);
            assertThrows(IllegalStateException.class, puts::check, "an entry that nobody put");
        }
    }

    private static byte[] key(String number) {
        byte[] key = new byte[KeyForm.LENGTH];
        KeyForm.DECIMAL.write(Long.parseLong(number), key, 0);
        return key;
    }
}
