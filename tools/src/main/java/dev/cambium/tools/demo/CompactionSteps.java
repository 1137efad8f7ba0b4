package dev.cambium.tools.demo;

import dev.cambium.Compaction;
import dev.cambium.CompactionReport;
import dev.cambium.Durability;
import dev.cambium.Store;
import dev.cambium.StoreStats;
import dev.cambium.WriteBatch;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Locale;

/** The demo's steps that compact: everything anew, and then only what has changed. One thread. */
final class CompactionSteps {
    /** From so many entries on there are many pages, nearly all of which a small change leaves alone. */
    private static final int MANY = 5000;

    private static final double TARGET = 1.25;
    private static final String CHANGED = "RIGHTWARDS";

    private final Store store;
    private final byte[][] keys;
    private final Steps steps;

    CompactionSteps(Store store, byte[][] keys, Steps steps) {
        this.store = store;
        this.keys = keys;
        this.steps = steps;
    }

    void run() {
        writeAllAnew();
        mergeASmallChange();
    }

    private void writeAllAnew() {
        steps.begin("Lay the rest down and write everything anew, in order: what was deleted or overwritten gives its"
                + " space back.");
        store.flush();
        StoreStats before = store.stats();
        byte[][] expected = values();
        steps.tell("Before: %s", sizes(before));
        steps.restartClock();
        CompactionReport report = store.compact();
        double millis = steps.millis();
        StoreStats after = store.stats();
        steps.tell("After:  %s", sizes(after));
        tell(report);
        boolean isReclaimed = before.tombstones() == 0 || report.givenBackBytes() > 0;
        steps.claim(
                wrong(expected) == 0 && after.runs() == 1 && after.tombstones() == 0 && isReclaimed,
                "One run, no tombstone, every value as before: %.0f ms.",
                millis);
    }

    private void mergeASmallChange() {
        steps.begin("Overwrite all whose name begins with " + CHANGED
                + ", and merge that: pages in which nothing has changed are linked, not written.");
        byte[][] expected = values();
        byte[] changed = "overwritten again".getBytes(StandardCharsets.UTF_8);
        WriteBatch batch = new WriteBatch();
        for (int i = 0; i < keys.length; i++) {
            if (new String(keys[i], StandardCharsets.UTF_8).startsWith(CHANGED)) {
                expected[i] = changed;
                batch.put(keys[i], changed);
            }
        }
        store.write(batch, Durability.BUFFERED);
        steps.restartClock();
        CompactionReport report =
                store.compact(Compaction.EVERYTHING.withTargetSpaceAmplification(TARGET), (done, total) -> {});
        double millis = steps.millis();
        tell(report);
        boolean isMostLinked = keys.length < MANY || report.linkedBytes() > report.mergedBytes() / 2;
        steps.claim(
                wrong(expected) == 0 && store.stats().runs() == 1 && isMostLinked,
                "%,d changed, one run, every value right; linked were %.0f %% of what the merge went through: %.0f ms.",
                batch.count(),
                100.0 * report.linkedBytes() / Math.max(1, report.mergedBytes()),
                millis);
    }

    private byte[][] values() {
        return Arrays.stream(keys).map(store::get).toArray(byte[][]::new);
    }

    private int wrong(byte[][] expected) {
        int wrong = 0;
        for (int i = 0; i < keys.length; i++) {
            wrong += Arrays.equals(store.get(keys[i]), expected[i]) ? 0 : 1;
        }
        return wrong;
    }

    private void tell(CompactionReport report) {
        long givenBack = report.givenBackBytes();
        steps.tell(
                "Merged %.1f MB of keys and values: linked %.1f MB, copied %.1f MB as stored, wrote %.1f kB of pages; %s %.1f kB.",
                report.mergedBytes() / 1e6,
                report.linkedBytes() / 1e6,
                report.copiedBytes() / 1e6,
                report.writtenBytes() / 1e3,
                givenBack < 0 ? "took" : "reclaimed",
                Math.abs(givenBack) / 1e3);
    }

    private static String sizes(StoreStats stats) {
        return String.format(
                Locale.ROOT,
                "%d %s with %,d entries (%,d tombstones) in %d zones, %.1f MB of %.1f MB keys and values.",
                stats.runs(),
                stats.runs() == 1 ? "run" : "runs",
                stats.entries(),
                stats.tombstones(),
                stats.zones(),
                stats.zoneBytes() / 1e6,
                stats.runBytes() / 1e6);
    }
}
