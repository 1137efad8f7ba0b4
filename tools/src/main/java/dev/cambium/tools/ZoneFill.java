package dev.cambium.tools;

import com.fasterxml.jackson.core.JsonGenerator;
import dev.cambium.ZoneStats;
import java.io.IOException;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/** A store's zones, put together by stream, with how many of them are how full. Immutable. */
final class ZoneFill {
    /** Where one class of fill ends and the next begins, in percent. */
    private static final int[] BOUNDS = {25, 50, 75, 95};

    private static final String[] CLASSES = {"<25%", "25-50%", "50-75%", "75-95%", ">95%"};

    private static final class Row {
        private int zones;
        private long bytes;
        private long punchedBytes;
        private long liveBytes;
        private final int[] byFill = new int[CLASSES.length];

        private void add(ZoneStats zone) {
            zones++;
            bytes += zone.bytes();
            punchedBytes += zone.punchedBytes();
            liveBytes += zone.liveBytes();
            byFill[classOf(zone.fill())]++;
        }

        private double fill() {
            long taken = bytes - punchedBytes;
            return taken == 0 ? 0 : (double) liveBytes / taken;
        }
    }

    private final Map<ZoneStats.Stream, Row> rows = new EnumMap<>(ZoneStats.Stream.class);
    private final List<ZoneStats> zones;

    ZoneFill(List<ZoneStats> zones) {
        this.zones = zones;
        for (ZoneStats zone : zones) {
            rows.computeIfAbsent(zone.stream(), stream -> new Row()).add(zone);
        }
    }

    /** Lower bounds belong to their class; 95 % to the one that ends there. */
    static int classOf(double fill) {
        int last = BOUNDS.length - 1;
        int found = 0;
        while (found < BOUNDS.length && (found < last ? fill >= BOUNDS[found] / 100.0 : fill > BOUNDS[last] / 100.0)) {
            found++;
        }
        return found;
    }

    void print(Output out) {
        out.line("%-22s %s", "zones by stream, fill", rows.isEmpty() ? "none" : "");
        if (!rows.isEmpty()) {
            out.line(
                    "  %-12s %8s %15s %15s %15s %5s %7s %7s %7s %7s %7s",
                    "stream",
                    "zones",
                    "bytes",
                    "punched",
                    "live",
                    "full",
                    CLASSES[0],
                    CLASSES[1],
                    CLASSES[2],
                    CLASSES[3],
                    CLASSES[4]);
        }
        rows.forEach((stream, row) -> out.line(
                "  %-12s %,8d %,15d %,15d %,15d %3.0f %% %,7d %,7d %,7d %,7d %,7d",
                ZoneLines.name(stream),
                row.zones,
                row.bytes,
                row.punchedBytes,
                row.liveBytes,
                100 * row.fill(),
                row.byFill[0],
                row.byFill[1],
                row.byFill[2],
                row.byFill[3],
                row.byFill[4]));
    }

    /** An array of objects for the streams, and one for the zones. */
    void write(JsonGenerator json) throws IOException {
        json.writeArrayFieldStart("streams");
        for (Map.Entry<ZoneStats.Stream, Row> each : rows.entrySet()) {
            Row row = each.getValue();
            json.writeStartObject();
            json.writeStringField("stream", ZoneLines.name(each.getKey()));
            json.writeNumberField("zones", row.zones);
            json.writeNumberField("bytes", row.bytes);
            json.writeNumberField("punchedBytes", row.punchedBytes);
            json.writeNumberField("liveBytes", row.liveBytes);
            json.writeNumberField("fill", Json.rounded(row.fill()));
            json.writeObjectFieldStart("zonesByFill");
            for (int i = 0; i < CLASSES.length; i++) {
                json.writeNumberField(CLASSES[i], row.byFill[i]);
            }
            json.writeEndObject();
            json.writeEndObject();
        }
        json.writeEndArray();
        ZoneLines.write(json, "zoneFiles", zones);
    }
}
