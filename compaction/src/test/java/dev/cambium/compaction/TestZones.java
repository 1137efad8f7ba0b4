package dev.cambium.compaction;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cambium.segment.log.OperationCode;
import dev.cambium.segment.manifest.ManifestEdit;
import dev.cambium.segment.manifest.ManifestRecord;
import dev.cambium.segment.memory.Memory;
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

    /** Lets pages live and die as a flush or merge says; none lives twice, or dies that did not live. */
    static void apply(PageChanges changes, Map<Integer, RoaringBitmap> live) {
        ManifestEdit.Builder edit = ManifestEdit.to(1);
        changes.describe(edit);
        for (ManifestRecord record : edit.build().records()) {
            if (record instanceof ManifestRecord.PagesLive pages) {
                RoaringBitmap known = live.computeIfAbsent(pages.zone(), zone -> new RoaringBitmap());
                assertFalse(RoaringBitmap.intersects(known, pages.units()));
                known.or(pages.units());
            } else if (record instanceof ManifestRecord.PagesDead pages) {
                assertTrue(live.get(pages.zone()).contains(pages.units()), "a page dies that was not live");
                live.get(pages.zone()).andNot(pages.units());
            }
        }
        live.values().removeIf(RoaringBitmap::isEmpty);
    }

    /** Adds an entry to a run. */
    static void add(RunWriter writer, byte[] key, byte[] value, boolean isTombstone) {
        Memory memory = Memory.allocate(key.length + Math.max(1, value.length));
        memory.put(0, key, 0, key.length);
        memory.put(key.length, value, 0, value.length);
        int operation = isTombstone ? OperationCode.DELETE : OperationCode.PUT;
        writer.add(memory, 0, key.length, operation, memory, key.length, value.length);
        memory.release();
    }
}
