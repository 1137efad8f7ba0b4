package dev.cambium.version;

import dev.cambium.memtable.Memtable;
import dev.cambium.run.HeldZones;
import dev.cambium.run.LiveRun;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * The parts that make up the store's content at one time. Immutable, though the active memtable's tree goes on changing; whoever
 * reads it claims an epoch slot first and reads the version after.
 *
 * @param active takes the writes
 * @param sealed memtables that take none any more, newest first
 * @param runs what was laid down, newest first; all of it older than the memtables
 * @param zones that the runs have pages in
 */
public record Version(Memtable active, List<Memtable> sealed, List<LiveRun> runs, HeldZones zones) {
    public Version {
        sealed = List.copyOf(sealed);
        runs = List.copyOf(runs);
    }

    /** Searches everything for the key of a lookup that has begun, inside an epoch slot. */
    public void find(Lookup lookup) {
        if (lookup.search(active, active.current())) {
            return;
        }
        for (int i = 0; i < sealed.size(); i++) {
            if (lookup.search(sealed.get(i), sealed.get(i).current())) {
                return;
            }
        }
        for (int i = 0; i < runs.size(); i++) {
            if (lookup.search(runs.get(i))) {
                return;
            }
        }
    }

    /** All memtables, newest first. */
    public Stream<Memtable> memtables() {
        return Stream.concat(Stream.of(active), sealed.stream());
    }

    /** The memtable that is laid down next, or null. */
    public Memtable oldestSealed() {
        return sealed.isEmpty() ? null : sealed.get(sealed.size() - 1);
    }

    /** The memtable that took the writes after this one, which is sealed. */
    public Memtable newerThan(Memtable memtable) {
        int at = sealed.indexOf(memtable);
        return at > 0 ? sealed.get(at - 1) : active;
    }

    /** The version with another active memtable in the place of one that is empty. */
    Version replacingActive(Memtable nextActive) {
        return new Version(nextActive, sealed, runs, zones);
    }

    /** The version after the active memtable was sealed. */
    Version sealing(Memtable nextActive) {
        List<Memtable> all = new ArrayList<>(sealed.size() + 1);
        all.add(active);
        all.addAll(sealed);
        return new Version(nextActive, all, runs, zones);
    }

    /** The version after the oldest sealed memtable was laid down as a run, or as nothing. */
    Version flushing(Memtable flushed, LiveRun run, HeldZones zonesThen) {
        assert oldestSealed() == flushed : "memtables are laid down oldest first";
        List<LiveRun> all = new ArrayList<>(runs.size() + 1);
        if (run != null) {
            all.add(run);
        }
        all.addAll(runs);
        return new Version(active, sealed.subList(0, sealed.size() - 1), all, zonesThen);
    }

    /**
     * The version after a merge.
     *
     * @param replacements runs that are replaced, each by another, or by null where it is no more
     */
    Version merging(Map<LiveRun, LiveRun> replacements, HeldZones zonesThen) {
        List<LiveRun> all = new ArrayList<>(runs.size());
        for (LiveRun run : runs) {
            LiveRun now = replacements.containsKey(run) ? replacements.get(run) : run;
            if (now != null) {
                all.add(now);
            }
        }
        return new Version(active, sealed, all, zonesThen);
    }
}
