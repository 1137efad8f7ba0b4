package dev.cambium.tools;

import com.fasterxml.jackson.core.JsonGenerator;
import dev.cambium.MemoryStats;
import dev.cambium.RecoveryReport;
import dev.cambium.Store;
import dev.cambium.StoreStats;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code cambium stats}: what a store holds and uses, in memory and on disk. */
@Command(
        name = "stats",
        mixinStandardHelpOptions = true,
        versionProvider = Cambium.Version.class,
        description = {
            "Print what a store holds in memory and on disk.",
            "levels are its runs by tier: the lower the younger; the base holds the oldest data.",
            "zones by stream tells how many files are how full of pages that are live.",
            "writeAmplification: bytes of pages written for each that was laid down, since the store was opened.",
            "readAmplification: places in which a read looks for a key that is not there.",
            "punchedBytes: of zone files, given back to the file system as holes; punchesHoles: whether that is done here.",
            "spaceAmplification: bytes that zone files take, holes left out, for each that is live.",
            "debtBytes: of pages that the background would have to write, about, to have all as it should be."
        },
        footer = {"%nExamples:", "  cambium stats my.db", "  cambium stats my.db --json", "", ExitCode.HELP})
final class StatsCommand implements Callable<Integer> {
    private final Streams streams;

    @Mixin
    private StoreArguments arguments;

    @Mixin
    private JsonOption json;

    @Mixin
    private DebugOption debug;

    StatsCommand(Streams streams) {
        this.streams = streams;
    }

    @Override
    public Integer call() {
        StoreStats stats;
        RecoveryReport found;
        List<String> keyspaces;
        SortedMap<String, Long> files;
        StoreLevels levels;
        ZoneFill zones;
        try (Store store = arguments.openExisting()) {
            stats = store.stats();
            found = store.recoveryReport();
            keyspaces = store.keyspaces();
            levels = new StoreLevels(store.runStats());
            zones = new ZoneFill(store.zoneStats());
            files = StoreFiles.lengths(arguments.directory());
        }
        Map<String, Object> values = values(stats, found);
        if (json.isSet()) {
            streams.out().line(Json.object(object -> {
                write(object, values, keyspaces, files);
                levels.write(object);
                zones.write(object);
            }));
        } else {
            values.forEach((name, value) -> streams.out().line("%-22s %s", name, show(name, value)));
            levels.print(streams.out());
            zones.print(streams.out());
            streams.out().line("%-22s %s", "keyspaces", keyspaces.isEmpty() ? "none beside its own" : "");
            keyspaces.forEach(name ->
                    streams.out().line("  %s", Escapes.show(name.getBytes(java.nio.charset.StandardCharsets.UTF_8))));
            streams.out().line("files");
            files.forEach((name, length) -> streams.out().line("  %-30s %,15d", name, length));
        }
        return ExitCode.OK;
    }

    private static Object show(String name, Object value) {
        if (name.endsWith("Bytes")) {
            return value + "  (" + MemorySize.show((Long) value) + ")";
        }
        return name.equals("writeAmplification") ? value + "  (since it was opened just now)" : value;
    }

    private static Map<String, Object> values(StoreStats stats, RecoveryReport found) {
        Map<String, Object> values = new LinkedHashMap<>();
        values.put("entries", stats.entries());
        values.put("tombstones", stats.tombstones());
        values.put("batches", stats.batches());
        values.put("memtables", stats.memtables());
        values.put("runs", stats.runs());
        values.put("damagedRuns", stats.damagedRuns());
        values.put("runBytes", stats.runBytes());
        values.put("pageBytes", stats.pageBytes());
        values.put("zones", stats.zones());
        values.put("zoneBytes", stats.zoneBytes());
        values.put("punchedBytes", stats.punchedBytes());
        values.put("punchesHoles", stats.punchesHoles());
        values.put("writeAmplification", Json.rounded(stats.writeAmplification()));
        values.put("readAmplification", stats.readAmplification());
        values.put("spaceAmplification", Json.rounded(stats.spaceAmplification()));
        values.put("debtBytes", stats.debtBytes());
        putMemory(values, stats.memory());
        values.put("logPosition", stats.logPosition());
        values.put("logForcedThrough", stats.logForcedThrough());
        values.put("mappedLog", stats.mappedLog());
        values.put("incarnation", found.incarnation());
        values.put("cleanClose", found.cleanClose());
        values.put("setAsideRecords", found.setAsideRecords());
        values.put("openMillis", found.elapsedNanos() / 1_000_000);
        return values;
    }

    private static void putMemory(Map<String, Object> values, MemoryStats memory) {
        values.put("memoryBudgetBytes", memory.budgetBytes());
        values.put("memoryTotalBytes", memory.totalBytes());
        values.put("memoryMemtableBytes", memory.memtableBytes());
        values.put("memoryPageBytes", memory.pageBytes());
        values.put("memoryKeyPageBytes", memory.keyPageBytes());
        values.put("memoryFilterBytes", memory.filterBytes());
        values.put("memoryWriteBufferBytes", memory.writeBufferBytes());
        values.put("memoryReadBufferBytes", memory.readBufferBytes());
        values.put("memoryFreeBytes", memory.freeBytes());
        values.put("mappedBytes", memory.mappedBytes());
        values.put("heapIndexBytes", memory.heapIndexBytes());
    }

    private static void write(
            JsonGenerator object, Map<String, Object> values, List<String> keyspaces, SortedMap<String, Long> files)
            throws IOException {
        for (Map.Entry<String, Object> value : values.entrySet()) {
            object.writeFieldName(value.getKey());
            if (value.getValue() instanceof Boolean flag) {
                object.writeBoolean(flag);
            } else {
                object.writeNumber(value.getValue().toString());
            }
        }
        object.writeArrayFieldStart("keyspaces");
        for (String name : keyspaces) {
            object.writeString(name);
        }
        object.writeEndArray();
        object.writeObjectFieldStart("files");
        for (Map.Entry<String, Long> file : files.entrySet()) {
            object.writeNumberField(file.getKey(), file.getValue());
        }
        object.writeEndObject();
    }
}
