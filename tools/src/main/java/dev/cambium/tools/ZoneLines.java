package dev.cambium.tools;

import com.fasterxml.jackson.core.JsonGenerator;
import dev.cambium.ZoneStats;
import java.io.IOException;
import java.util.List;
import java.util.Locale;

/** Zones one by one, for people and for programs. Stateless. */
final class ZoneLines {
    private ZoneLines() {}

    /** A line for each, below a heading. */
    static void print(Output out, List<ZoneStats> zones) {
        out.line("  %8s  %-12s %15s %15s %15s  %5s", "zone", "stream", "length", "punched", "live", "full");
        for (ZoneStats zone : zones) {
            out.line(
                    "  %8d  %-12s %,15d %,15d %,15d  %3.0f %%",
                    zone.number(),
                    name(zone.stream()),
                    zone.bytes(),
                    zone.punchedBytes(),
                    zone.liveBytes(),
                    100 * zone.fill());
        }
    }

    /** An array of objects. */
    static void write(JsonGenerator json, String name, List<ZoneStats> zones) throws IOException {
        json.writeArrayFieldStart(name);
        for (ZoneStats zone : zones) {
            json.writeStartObject();
            json.writeNumberField("zone", zone.number());
            json.writeStringField("stream", name(zone.stream()));
            json.writeNumberField("bytes", zone.bytes());
            json.writeNumberField("punchedBytes", zone.punchedBytes());
            json.writeNumberField("liveBytes", zone.liveBytes());
            json.writeNumberField("fill", Json.rounded(zone.fill()));
            json.writeBooleanField("open", zone.isOpen());
            json.writeEndObject();
        }
        json.writeEndArray();
    }

    static String name(ZoneStats.Stream stream) {
        return stream.name().toLowerCase(Locale.ROOT).replace('_', ' ');
    }

    static long takenBytes(List<ZoneStats> zones) {
        return zones.stream().mapToLong(ZoneStats::takenBytes).sum();
    }

    static long liveBytes(List<ZoneStats> zones) {
        return zones.stream().mapToLong(ZoneStats::liveBytes).sum();
    }
}
