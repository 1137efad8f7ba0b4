package dev.cambium.compaction;

import dev.cambium.segment.pool.BufferPool;
import dev.cambium.segment.zone.SharedZone;
import dev.cambium.segment.zone.ZoneReader;
import dev.cambium.segment.zone.ZoneVerification;
import dev.cambium.segment.zone.ZoneWriter;
import dev.cambium.testkit.disk.SimulatedDisk;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.IntFunction;
import java.util.stream.Collectors;
import org.roaringbitmap.RoaringBitmap;

/** Zones of a small capacity on a simulated disk. */
final class TestZones implements ZoneSink, AutoCloseable {
    static final byte[] STORE_ID = "store-id-16bytes".getBytes(StandardCharsets.US_ASCII);

    private final SimulatedDisk disk;
    private final BufferPool pool;
    private final int capacity;
    private final int first;
    private final List<ZoneWriter> writers = new ArrayList<>();
    private boolean isSealed; // the last one

    TestZones(SimulatedDisk disk, BufferPool pool, int capacity) {
        this(disk, pool, capacity, 1);
    }

    /** @param first number of a zone */
    TestZones(SimulatedDisk disk, BufferPool pool, int capacity, int first) {
        this.first = first;
        this.disk = disk;
        this.pool = pool;
        this.capacity = capacity;
    }

    @Override
    public ZoneWriter writerFor(int rawLength) {
        ZoneWriter last = writers.isEmpty() ? null : writers.get(writers.size() - 1);
        if (last == null || !last.hasRoomFor(rawLength)) {
            seal();
            last = ZoneWriter.create(disk, first + writers.size(), STORE_ID, 0, 0, capacity, pool);
            writers.add(last);
            isSealed = false;
        }
        return last;
    }

    /** What is written next goes to another zone. */
    void seal() {
        if (!isSealed && !writers.isEmpty()) {
            writers.get(writers.size() - 1).seal();
            isSealed = true;
        }
    }

    /** Throws unless pages and directories of all zones hold. */
    void verify() {
        seal();
        for (ZoneWriter writer : writers) {
            writer.force();
            ZoneVerification.run(disk, writer.zone(), STORE_ID, writer.length(), true, new RoaringBitmap(), damage -> {
                throw damage;
            });
        }
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
