package dev.cambium.version;

import dev.cambium.compaction.MergeCursor;
import dev.cambium.compaction.RunCursor;
import dev.cambium.compaction.RunTree;
import dev.cambium.compaction.SortedCursor;
import dev.cambium.memtable.Memtable;
import dev.cambium.memtable.Root;
import dev.cambium.run.HeldZones;
import dev.cambium.run.LiveRun;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * A hold on the parts of a version, frozen: what a snapshot sees, for as long as it is held. Its content is read inside epoch slots,
 * by any thread.
 */
public final class Pin {
    private final Memtable[] memtables; // newest first
    private final Root[] roots;
    private final LiveRun[] runs; // newest first; all of them older
    private final HeldZones zones;

    private Pin(Memtable[] memtables, Root[] roots, LiveRun[] runs, HeldZones zones) {
        this.memtables = memtables;
        this.roots = roots;
        this.runs = runs;
        this.zones = zones;
    }

    /** Takes hold of a version that was read inside the caller's epoch slot; null where a part of it is gone already. */
    public static Pin tryTake(Version version) {
        List<Memtable> all = new ArrayList<>(1 + version.sealed().size());
        all.add(version.active());
        all.addAll(version.sealed());
        Memtable[] memtables = new Memtable[all.size()];
        LiveRun[] runs = new LiveRun[version.runs().size()];
        int heldMemtables = 0;
        int heldRuns = 0;
        while (heldMemtables < memtables.length && all.get(heldMemtables).tryRetain()) {
            memtables[heldMemtables] = all.get(heldMemtables++);
        }
        while (heldRuns < runs.length && version.runs().get(heldRuns).tryRetain()) {
            runs[heldRuns] = version.runs().get(heldRuns++);
        }
        if (heldMemtables < memtables.length
                || heldRuns < runs.length
                || !version.zones().tryRetain()) {
            release(memtables, heldMemtables, runs, heldRuns);
            return null;
        }
        Root[] roots = new Root[memtables.length];
        for (int i = 0; i < roots.length; i++) {
            roots[i] = memtables[i].snapshot();
        }
        return new Pin(memtables, roots, runs, version.zones());
    }

    /** Searches everything for the key of a lookup that has begun. */
    public void find(Lookup lookup) {
        for (int i = 0; i < memtables.length; i++) {
            if (lookup.search(memtables[i], roots[i])) {
                return;
            }
        }
        for (LiveRun run : runs) {
            if (lookup.search(run)) {
                return;
            }
        }
    }

    /** A cursor over all entries, tombstones included. */
    public SortedCursor entries() {
        List<SortedCursor> sources = new ArrayList<>(memtables.length + runs.length);
        for (int i = 0; i < memtables.length; i++) {
            if (!roots[i].isEmpty()) {
                sources.add(memtables[i].cursor(roots[i]));
            }
        }
        for (LiveRun run : runs) {
            sources.add(new RunCursor(run.tree(), run.merged()));
        }
        if (sources.size() == 1) {
            return sources.get(0);
        }
        int commonPrefix = sources.isEmpty() || sources.size() > runs.length
                ? 0
                : RunTree.commonPrefix(Stream.of(runs).map(LiveRun::record).toList());
        return new MergeCursor(commonPrefix, sources.toArray(new SortedCursor[0]));
    }

    /** Lets go of everything; once. */
    public void release() {
        release(memtables, memtables.length, runs, runs.length);
        zones.release();
    }

    private static void release(Memtable[] memtables, int heldMemtables, LiveRun[] runs, int heldRuns) {
        for (int i = 0; i < heldMemtables; i++) {
            memtables[i].release();
        }
        for (int i = 0; i < heldRuns; i++) {
            runs[i].release();
        }
    }
}
