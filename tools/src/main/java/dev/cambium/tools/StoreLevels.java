package dev.cambium.tools;

import com.fasterxml.jackson.core.JsonGenerator;
import dev.cambium.RunStats;
import java.io.IOException;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/** A store's runs, put together by tier: the youngest first, the base last. Immutable. */
final class StoreLevels {
    private record Level(int runs, long entries, long tombstones, long bytes) {
        static final Level EMPTY = new Level(0, 0, 0, 0);

        Level with(RunStats run) {
            return new Level(runs + 1, entries + run.entries(), tombstones + run.tombstones(), bytes + run.bytes());
        }
    }

    private static final int BASE = Integer.MAX_VALUE;

    private final SortedMap<Integer, Level> levels = new TreeMap<>();

    StoreLevels(List<RunStats> runs) {
        for (RunStats run : runs) {
            int tier = run.isBase() ? BASE : run.tier();
            levels.put(tier, levels.getOrDefault(tier, Level.EMPTY).with(run));
        }
    }

    void print(Output out) {
        out.line("%-22s %s", "levels", levels.isEmpty() ? "none: nothing has been laid down" : "");
        if (!levels.isEmpty()) {
            out.line("  %-12s %8s %15s %15s %15s", "tier", "runs", "entries", "tombstones", "bytes");
        }
        levels.forEach((tier, level) -> out.line(
                "  %-12s %,8d %,15d %,15d %,15d",
                tier == BASE ? "base" : tier, level.runs, level.entries, level.tombstones, level.bytes));
    }

    /** An array of objects; the base has no tier. */
    void write(JsonGenerator json) throws IOException {
        json.writeArrayFieldStart("levels");
        for (SortedMap.Entry<Integer, Level> each : levels.entrySet()) {
            Level level = each.getValue();
            json.writeStartObject();
            json.writeBooleanField("base", each.getKey() == BASE);
            if (each.getKey() != BASE) {
                json.writeNumberField("tier", each.getKey());
            }
            json.writeNumberField("runs", level.runs);
            json.writeNumberField("entries", level.entries);
            json.writeNumberField("tombstones", level.tombstones);
            json.writeNumberField("bytes", level.bytes);
            json.writeEndObject();
        }
        json.writeEndArray();
    }
}
