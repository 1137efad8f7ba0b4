package dev.cambium.compaction;

import dev.cambium.segment.manifest.ManifestEdit;
import dev.cambium.segment.manifest.ManifestRecord;
import dev.cambium.segment.memory.Memory;
import dev.cambium.segment.page.Pointer;
import dev.cambium.segment.page.ValueReference;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.roaringbitmap.RoaringBitmap;

/** Which pages a flush or a merge adds to those that runs are made of, and which it takes away. For one thread. */
public final class PageChanges {
    private final Map<Integer, RoaringBitmap> live = new TreeMap<>();
    private final Map<Integer, RoaringBitmap> dead = new TreeMap<>();
    private int deadZone; // that a value died in last; 0 before
    private RoaringBitmap deadInZone;
    private long[] deadPages = new long[64];
    private int deadCount;

    /** A page has become part of a run. */
    void addLive(long pointer, int storedLength) {
        add(live, pointer, storedLength);
    }

    /** A page is no longer part of any run. Said again, it changes nothing. */
    void addDead(long pointer, int storedLength) {
        add(dead, pointer, storedLength);
        if (deadCount == deadPages.length) {
            deadPages = Arrays.copyOf(deadPages, 2 * deadCount);
        }
        deadPages[deadCount++] = pointer;
    }

    /**
     * A value in a page of its own, which has others too, is no longer part of any run.
     *
     * @param memory where the {@link ValueReference} to it lies
     */
    void addDeadValue(Memory memory, int offset) {
        int zone = Pointer.zone(ValueReference.home(memory, offset));
        if (zone != deadZone) {
            deadZone = zone;
            deadInZone = dead.computeIfAbsent(zone, number -> new RoaringBitmap());
        }
        deadInZone.add(ValueReference.firstUnit(memory, offset), ValueReference.endUnit(memory, offset));
    }

    private static void add(Map<Integer, RoaringBitmap> units, long pointer, int storedLength) {
        long first = Pointer.offset(pointer) / Pointer.ALIGNMENT;
        units.computeIfAbsent(Pointer.zone(pointer), zone -> new RoaringBitmap())
                .add(first, first + Pointer.paddedLength(storedLength) / Pointer.ALIGNMENT);
    }

    /** Adds what another part of the same merge has noted. */
    public void addAll(PageChanges other) {
        other.live.forEach((zone, units) ->
                live.computeIfAbsent(zone, number -> new RoaringBitmap()).or(units));
        other.dead.forEach((zone, units) ->
                dead.computeIfAbsent(zone, number -> new RoaringBitmap()).or(units));
        deadPages = Arrays.copyOf(deadPages, deadCount + Math.max(64, other.deadCount));
        System.arraycopy(other.deadPages, 0, deadPages, deadCount, other.deadCount);
        deadCount += other.deadCount;
    }

    /** Pointers to the pages that are no longer part of any run. */
    public long[] deadPages() {
        return Arrays.copyOf(deadPages, deadCount);
    }

    /** Zones in which pages have become part of a run. */
    public Set<Integer> liveZones() {
        return new HashSet<>(live.keySet());
    }

    /** Adds zones that have a page of a run once this has come true. */
    public void addZonesAfter(Map<Integer, RoaringBitmap> liveBefore, Set<Integer> zones) {
        zones.addAll(live.keySet());
        liveBefore.forEach((zone, units) -> {
            RoaringBitmap dying = dead.get(zone);
            if (dying == null || RoaringBitmap.andNotCardinality(units, dying) > 0) {
                zones.add(zone);
            }
        });
    }

    /** Says all of it in an edit, behind what names the zones. */
    public void describe(ManifestEdit.Builder edit) {
        dead.forEach((zone, units) -> edit.add(new ManifestRecord.PagesDead(zone, optimized(units))));
        live.forEach((zone, units) -> edit.add(new ManifestRecord.PagesLive(zone, optimized(units))));
    }

    private static RoaringBitmap optimized(RoaringBitmap units) {
        units.runOptimize();
        return units;
    }
}
