package dev.cambium;

import static dev.cambium.StoreTest.b;
import static dev.cambium.StoreTest.s;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cambium.log.Verification;
import dev.cambium.segment.manifest.ManifestState;
import dev.cambium.testkit.disk.CrashOutcome;
import dev.cambium.testkit.disk.SimulatedDisk;
import dev.cambium.testkit.runtime.StepExecutor;
import java.util.List;
import java.util.NavigableMap;
import java.util.TreeMap;

/**
 * A small store whose values are long enough to stand in pages of their own, beside the map that it should be like. Its keys are so long that
 * a leaf has about ten, and a few thousand of them make a base of several ranges.
 */
final class ValueWorld implements AutoCloseable {
    /** Pages of 4 KiB, zones of 1 MiB, a memtable that only a flush lays down. */
    static final Options OPTIONS = SmallStore.ROOMY.withPageBytes(4 << 10).withMemtableBytes(8 << 20);

    /** The stream of zones for values, as FORMAT.md has it. */
    static final int STREAM_VALUES = 3;

    private static final int KEY_NOISE = 300;
    private static final int MOST_STEPS = 20_000;

    final SmallStore small;
    final NavigableMap<String, String> model;

    ValueWorld(Options options, StepExecutor.Mode mode) {
        this(options, mode, new SimulatedDisk(1), new TreeMap<>());
    }

    /** A store on a disk that has one, which holds what a map says. */
    ValueWorld(Options options, StepExecutor.Mode mode, SimulatedDisk disk, NavigableMap<String, String> model) {
        this.small = new SmallStore(options, mode, disk);
        this.model = new TreeMap<>(model);
    }

    static String key(int number) {
        return String.format("%05d", number) + SmallStore.noise(number, KEY_NOISE);
    }

    void put(int number, String value) {
        small.store().put(b(key(number)), b(value), Durability.BUFFERED);
        model.put(key(number), value);
    }

    void delete(int number) {
        small.store().delete(b(key(number)), Durability.BUFFERED);
        model.remove(key(number));
    }

    /** Puts {@code count} values of a length under the first keys. */
    void fill(int count, int length) {
        for (int i = 0; i < count; i++) {
            put(i, SmallStore.noise(i, length));
        }
        small.store().flush();
    }

    /** Runs background steps until there is nothing left to do. */
    void runSteps() {
        for (int steps = 0; small.executor().runNext(); steps++) {
            assertTrue(steps < MOST_STEPS, "the background never becomes idle");
        }
    }

    /** Checks that all files are sound as they are now, and that the live pages are those that runs are made of. */
    ManifestState verify(String when) {
        SimulatedDisk now = small.disk().afterCrash(CrashOutcome.EVERYTHING);
        VerifyReport report = new Verification(now).run();
        assertEquals(List.of(), report.findings(), when);
        return SmallStore.manifest(now);
    }

    /** Bytes that are live in the zones for values. */
    long liveValueBytes() {
        ManifestState state = small.manifest();
        return state.zones().values().stream()
                .filter(zone -> zone.stream() == STREAM_VALUES)
                .mapToLong(zone -> state.liveBytes(zone.number()))
                .sum();
    }

    void assertHolds(String when) {
        small.assertHolds(model, when);
    }

    /** As that, of every {@code every}th key of the map that a snapshot was taken of. */
    static void assertReads(Snapshot snapshot, NavigableMap<String, String> then, int every, String when) {
        int i = 0;
        for (var entry : then.entrySet()) {
            if (i++ % every == 0) {
                assertArrayEquals(b(entry.getValue()), snapshot.get(b(entry.getKey())), when);
            }
        }
    }

    void assertHasNot(int number) {
        assertNull(s(small.store().get(b(key(number)))));
    }

    @Override
    public void close() {
        small.close();
        if (!small.disk().hasCrashed()) {
            verify("closed");
        }
    }
}
