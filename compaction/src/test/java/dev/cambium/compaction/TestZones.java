package dev.cambium.compaction;

import dev.cambium.segment.pool.BufferPool;
import dev.cambium.segment.zone.SharedZone;
import dev.cambium.segment.zone.ZoneReader;
import dev.cambium.segment.zone.ZoneWriter;
import dev.cambium.testkit.disk.SimulatedDisk;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.IntFunction;
import java.util.stream.Collectors;

/** Zones of a small capacity on a simulated disk. */
final class TestZones implements ZoneSink, AutoCloseable {
    static final byte[] STORE_ID = "store-id-16bytes".getBytes(StandardCharsets.US_ASCII);

    private final SimulatedDisk disk;
    private final BufferPool pool;
    private final int capacity;
    private final List<ZoneWriter> writers = new ArrayList<>();

    TestZones(SimulatedDisk disk, BufferPool pool, int capacity) {
        this.disk = disk;
        this.pool = pool;
        this.capacity = capacity;
    }

    @Override
    public ZoneWriter writerFor(int rawLength) {
        ZoneWriter last = writers.isEmpty() ? null : writers.get(writers.size() - 1);
        if (last == null || !last.hasRoomFor(rawLength)) {
            if (last != null) {
                last.seal();
            }
            last = ZoneWriter.create(disk, writers.size() + 1, STORE_ID, 0, 0, capacity, pool);
            writers.add(last);
        }
        return last;
    }

    int count() {
        return writers.size();
    }

    List<SharedZone> readers() {
        return writers.stream()
                .map(writer -> {
                    writer.force();
                    return new SharedZone(ZoneReader.open(disk, writer.zone(), STORE_ID, writer.length()), () -> {});
                })
                .toList();
    }

    static IntFunction<SharedZone> byNumber(List<SharedZone> zones) {
        Map<Integer, SharedZone> numbered = zones.stream().collect(Collectors.toMap(SharedZone::number, zone -> zone));
        return numbered::get;
    }

    @Override
    public void close() {
        writers.forEach(ZoneWriter::close);
    }
}
