package dev.cambium.tools;

import dev.cambium.CompactionListener;
import dev.cambium.CompactionReport;
import dev.cambium.Store;
import dev.cambium.StoreStats;
import dev.cambium.tools.load.Progress;
import java.util.function.Function;

/**
 * What a compaction or cleaning came to, as it is told.
 *
 * @param before once all that was in logs had been laid down
 */
record CompactionOutcome(StoreStats before, StoreStats after, CompactionReport report) {
    /** Runs it, with its progress on a terminal. */
    static CompactionOutcome of(Store store, Streams streams, Function<CompactionListener, CompactionReport> work) {
        try (Progress progress = Progress.ofBytes(streams.errIsTerminal() ? streams.err() : null)) {
            store.flush(); // which it would do too: so that runs and zones before and after can be compared
            StoreStats before = store.stats();
            CompactionReport report = work.apply((done, total) -> progress.update(done, done, total));
            return new CompactionOutcome(before, store.stats(), report);
        }
    }

    void print(Output out) {
        long givenBack = report.givenBackBytes();
        out.line(
                "%s of %s became %,d of %s, with %,d entries, in %.2f s",
                runs(before.runs()),
                MemorySize.show(report.zoneBytesBefore()),
                after.runs(),
                MemorySize.show(report.zoneBytesAfter()),
                after.entries(),
                report.elapsedNanos() / 1e9);
        out.line(
                "merged or moved %s: linked %s of that, copied %s as stored; wrote %s of pages, %s %s",
                MemorySize.show(report.mergedBytes()),
                MemorySize.show(report.linkedBytes()),
                MemorySize.show(report.copiedBytes()),
                MemorySize.show(report.writtenBytes()),
                givenBack < 0 ? "took" : "gave back",
                MemorySize.show(Math.abs(givenBack)));
    }

    private static String runs(int count) {
        return count == 1 ? "1 run" : String.format("%d runs", count);
    }

    String toJson() {
        return Json.object(object -> {
            object.writeNumberField("runsBefore", before.runs());
            object.writeNumberField("runsAfter", after.runs());
            object.writeNumberField("entriesBefore", before.entries());
            object.writeNumberField("entriesAfter", after.entries());
            object.writeNumberField("zonesBefore", before.zones());
            object.writeNumberField("zonesAfter", after.zones());
            object.writeNumberField("zoneBytesBefore", report.zoneBytesBefore());
            object.writeNumberField("zoneBytesAfter", report.zoneBytesAfter());
            object.writeNumberField("mergedBytes", report.mergedBytes());
            object.writeNumberField("linkedBytes", report.linkedBytes());
            object.writeNumberField("copiedBytes", report.copiedBytes());
            object.writeNumberField("writtenBytes", report.writtenBytes());
            object.writeNumberField("givenBackBytes", report.givenBackBytes());
            object.writeNumberField("seconds", Json.rounded(report.elapsedNanos() / 1e9));
        });
    }
}
