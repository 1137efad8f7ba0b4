package dev.cambium.segment.manifest;

import dev.cambium.error.CorruptionException;
import dev.cambium.segment.page.Pointer;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import org.roaringbitmap.RoaringBitmap;

/**
 * What all edits of a manifest come to: which keyspaces, logs, zones and runs there are. Immutable.
 *
 * @param version of the last edit; 0 before the first
 * @param keyspaces names by id
 * @param logs live logs, oldest first
 * @param firstLiveLog logs with smaller ids are no longer named; 0 at first
 * @param ends what recovery settled, by log id
 * @param clean the last CLEAN about a log that is live, or null
 * @param zones by number
 * @param runs newest first
 * @param next numbers that were never used
 * @param flushedThrough batches up to this one stand in runs; replay passes over them
 * @param live of each zone that has pages of runs, the units of {@link Pointer#ALIGNMENT} bytes that they take; not to be changed
 * @param punched of each zone that has holes, the units that they take; not to be changed
 * @param merged of runs by number, what has gone into the base and counts no more; of those that have lost something
 * @param zonesSince numbers of zones that this manifest has named, dropped ones too
 */
public record ManifestState(
        long version,
        SortedMap<Integer, String> keyspaces,
        List<ManifestRecord.LogNext> logs,
        long firstLiveLog,
        SortedMap<Long, ManifestRecord.LogEnded> ends,
        ManifestRecord.Clean clean,
        SortedMap<Integer, ManifestRecord.Zone> zones,
        List<ManifestRecord.Run> runs,
        ManifestRecord.Next next,
        long flushedThrough,
        SortedMap<Integer, RoaringBitmap> live,
        SortedMap<Integer, RoaringBitmap> punched,
        SortedMap<Long, Stretches> merged,
        Set<Integer> zonesSince) {
    /** Before the first edit. */
    public static final ManifestState EMPTY = new ManifestState(
            0,
            new TreeMap<>(),
            List.of(),
            0,
            new TreeMap<>(),
            null,
            new TreeMap<>(),
            List.of(),
            new ManifestRecord.Next(1, 1, 1),
            0,
            new TreeMap<>(),
            new TreeMap<>(),
            new TreeMap<>(),
            Set.of());

    public ManifestState {
        keyspaces = Collections.unmodifiableSortedMap(new TreeMap<>(keyspaces));
        logs = List.copyOf(logs);
        ends = Collections.unmodifiableSortedMap(new TreeMap<>(ends));
        zones = Collections.unmodifiableSortedMap(new TreeMap<>(zones));
        runs = List.copyOf(runs);
        live = Collections.unmodifiableSortedMap(new TreeMap<>(live));
        punched = Collections.unmodifiableSortedMap(new TreeMap<>(punched));
        merged = Collections.unmodifiableSortedMap(new TreeMap<>(merged));
        zonesSince = Set.copyOf(zonesSince);
    }

    /**
     * The state after an edit.
     *
     * @param file name of the manifest, for the message
     * @param fileOffset where the edit stands, for the message
     * @throws CorruptionException where the edit contradicts what was said before
     */
    public ManifestState apply(ManifestEdit edit, String file, long fileOffset) {
        Fold fold = new Fold(this, file, fileOffset);
        for (ManifestRecord record : edit.records()) {
            fold.apply(record);
        }
        fold.checkLive();
        fold.checkPunched();
        fold.checkRuns();
        return new ManifestState(
                edit.version(),
                fold.keyspaces,
                fold.logs,
                fold.firstLiveLog,
                fold.ends,
                fold.clean,
                fold.zones,
                fold.runs,
                fold.next,
                fold.flushedThrough,
                fold.live,
                fold.punched,
                fold.merged,
                fold.zonesSince);
    }

    /** What of a run counts no more. */
    public Stretches merged(long run) {
        return merged.getOrDefault(run, Stretches.NONE);
    }

    /** Bytes that the pages of runs take in a zone, padding included. */
    public long liveBytes(int zone) {
        RoaringBitmap units = live.get(zone);
        return units == null ? 0 : units.getLongCardinality() * Pointer.ALIGNMENT;
    }

    /** Bytes of a zone that have been given back to the file system. */
    public long punchedBytes(int zone) {
        RoaringBitmap units = punched.get(zone);
        return units == null ? 0 : units.getLongCardinality() * Pointer.ALIGNMENT;
    }

    /** Bytes that a zone takes: those that count, less its holes. */
    public long takenBytes(ManifestRecord.Zone zone) {
        return zone.length() - punchedBytes(zone.number());
    }

    /** The smallest id for a log that was never used. */
    public long nextLogId() {
        return Math.max(
                firstLiveLog, logs.isEmpty() ? 1 : logs.get(logs.size() - 1).id() + 1);
    }

    /** An edit that says all of this at once, at the same version: the first one of a new manifest. */
    public ManifestEdit toSnapshotEdit() {
        return toSnapshotEdits(Long.MAX_VALUE).get(0);
    }

    /**
     * As {@link #toSnapshotEdit}, in several edits where it says much of live pages: those before the last name zones with their live pages, and the
     * last says all the rest. Each leads to a version of its own, the first to this one's.
     *
     * @param mostLiveBytes that one of them says of live pages, where those of a single zone are not more
     */
    public List<ManifestEdit> toSnapshotEdits(long mostLiveBytes) {
        List<ManifestEdit> edits = new ArrayList<>();
        ManifestEdit.Builder edit = ManifestEdit.to(version);
        Set<Integer> said = new HashSet<>();
        long liveBytes = 0;
        for (Map.Entry<Integer, RoaringBitmap> entry : live.entrySet()) {
            liveBytes += entry.getValue().serializedSizeInBytes();
            if (liveBytes > mostLiveBytes && !edit.isEmpty()) {
                edits.add(edit.build());
                edit = ManifestEdit.to(version + edits.size());
                liveBytes = entry.getValue().serializedSizeInBytes();
            }
            addZone(edit, entry.getKey());
            said.add(entry.getKey());
        }
        ManifestEdit.Builder last = edit;
        zones.keySet().stream().filter(zone -> !said.contains(zone)).forEach(zone -> addZone(last, zone));
        addAllButZones(last);
        edits.add(last.build());
        return edits;
    }

    private void addZone(ManifestEdit.Builder edit, int zone) {
        edit.add(zones.get(zone));
        RoaringBitmap units = live.get(zone);
        if (units != null) {
            edit.add(new ManifestRecord.PagesLive(zone, units));
        }
        RoaringBitmap holes = punched.get(zone);
        if (holes != null) {
            edit.add(new ManifestRecord.ZonePunched(zone, holes));
        }
    }

    private void addAllButZones(ManifestEdit.Builder edit) {
        for (Map.Entry<Integer, String> keyspace : keyspaces.entrySet()) {
            edit.keyspace(keyspace.getKey(), keyspace.getValue());
        }
        // Ids of dropped logs are not to be used again, so the bound is said even where no log is live.
        if (logs.isEmpty() ? firstLiveLog > 0 : true) {
            edit.logDrop(firstLiveLog);
        }
        logs.forEach(edit::add);
        ends.values().forEach(edit::add);
        if (clean != null) {
            edit.add(clean);
        }
        runs.stream().sorted(Comparator.comparingLong(ManifestRecord.Run::id)).forEach(edit::add);
        merged.forEach((run, stretches) ->
                stretches.list().forEach(stretch -> edit.add(new ManifestRecord.RunMerged(run, stretch))));
        if (flushedThrough > 0) {
            edit.add(new ManifestRecord.Flushed(flushedThrough));
        }
        if (!next.equals(EMPTY.next)) {
            edit.add(next);
        }
    }

    /** The mutable half-way of one edit. */
    private static final class Fold {
        private final String file;
        private final long fileOffset;
        private final TreeMap<Integer, String> keyspaces;
        private final List<ManifestRecord.LogNext> logs;
        private final TreeMap<Long, ManifestRecord.LogEnded> ends;
        private long firstLiveLog;
        private ManifestRecord.Clean clean;
        private final TreeMap<Integer, ManifestRecord.Zone> zones;
        private final List<ManifestRecord.Run> runs;
        private ManifestRecord.Next next;
        private long flushedThrough;
        private final TreeMap<Integer, RoaringBitmap> live;
        private final TreeMap<Integer, RoaringBitmap> punched;
        private final TreeMap<Long, Stretches> merged;
        private final Set<Integer> zonesSince;

        Fold(ManifestState before, String file, long fileOffset) {
            this.file = file;
            this.fileOffset = fileOffset;
            keyspaces = new TreeMap<>(before.keyspaces);
            logs = new ArrayList<>(before.logs);
            ends = new TreeMap<>(before.ends);
            firstLiveLog = before.firstLiveLog;
            clean = before.clean;
            zones = new TreeMap<>(before.zones);
            runs = new ArrayList<>(before.runs);
            next = before.next;
            flushedThrough = before.flushedThrough;
            live = new TreeMap<>(before.live);
            punched = new TreeMap<>(before.punched);
            merged = new TreeMap<>(before.merged);
            zonesSince = new HashSet<>(before.zonesSince);
        }

        void apply(ManifestRecord record) {
            if (record instanceof ManifestRecord.Keyspace keyspace) {
                String known = keyspaces.putIfAbsent(keyspace.id(), keyspace.name());
                require(known == null || known.equals(keyspace.name()), record, "keyspace " + known);
            } else if (record instanceof ManifestRecord.LogNext next) {
                long least = Math.max(
                        Math.max(1, firstLiveLog),
                        logs.isEmpty() ? 1 : logs.get(logs.size() - 1).id() + 1);
                require(next.id() >= least && next.capacity() > 0, record, "a log with an id of " + least + " or more");
                logs.add(next);
            } else if (record instanceof ManifestRecord.LogDrop drop) {
                require(drop.firstLiveId() >= firstLiveLog, record, "a first live log of " + firstLiveLog + " or more");
                firstLiveLog = drop.firstLiveId();
                logs.removeIf(log -> log.id() < firstLiveLog);
                ends.headMap(firstLiveLog).clear();
                clean = clean != null && clean.logId() < firstLiveLog ? null : clean;
            } else if (record instanceof ManifestRecord.Clean mark) {
                require(isLive(mark.logId()) && mark.position() >= 0 && mark.batch() >= 0, record, "a live log");
                clean = mark;
            } else if (record instanceof ManifestRecord.LogEnded ended) {
                require(isLive(ended.logId()) && ended.end() >= 0 && ended.lastBatch() >= 0, record, "a live log");
                ends.put(ended.logId(), ended);
            } else if (record instanceof ManifestRecord.Zone zone) {
                apply(zone);
            } else if (record instanceof ManifestRecord.ZoneDrop drop) {
                require(zones.remove(drop.number()) != null, record, "a zone that is named");
                punched.remove(drop.number());
            } else if (record instanceof ManifestRecord.PagesLive pages) {
                RoaringBitmap known = live.getOrDefault(pages.zone(), new RoaringBitmap());
                require(!RoaringBitmap.intersects(known, pages.units()), record, "pages that were not live");
                put(pages.zone(), RoaringBitmap.or(known, pages.units()));
            } else if (record instanceof ManifestRecord.PagesDead pages) {
                RoaringBitmap known = live.get(pages.zone());
                require(known != null && known.contains(pages.units()), record, "pages that were live");
                put(pages.zone(), RoaringBitmap.andNot(known, pages.units()));
            } else if (record instanceof ManifestRecord.ZonePunched holes) {
                RoaringBitmap known = punched.getOrDefault(holes.zone(), new RoaringBitmap());
                RoaringBitmap all = RoaringBitmap.or(known, holes.units());
                all.runOptimize();
                punched.put(holes.zone(), all);
            } else if (record instanceof ManifestRecord.Run run) {
                apply(run);
            } else if (record instanceof ManifestRecord.RunDrop drop) {
                require(runs.removeIf(run -> run.id() == drop.id()), record, "a run that is named");
                merged.remove(drop.id());
            } else if (record instanceof ManifestRecord.RunMerged gone) {
                require(
                        runs.stream().anyMatch(run -> run.id() == gone.run() && !run.isBase()),
                        record,
                        "a run that is named and not the base");
                merged.merge(
                        gone.run(), Stretches.NONE.with(gone.stretch()), (known, one) -> known.with(gone.stretch()));
            } else if (record instanceof ManifestRecord.Next counters) {
                require(
                        counters.zone() >= next.zone()
                                && counters.run() >= next.run()
                                && counters.birth() >= next.birth(),
                        record,
                        "numbers not below " + next);
                next = counters;
            } else if (record instanceof ManifestRecord.Flushed flushed) {
                require(flushed.batch() >= flushedThrough, record, "a batch not before " + flushedThrough);
                flushedThrough = flushed.batch();
            }
        }

        private void put(int zone, RoaringBitmap units) {
            if (units.isEmpty()) {
                live.remove(zone);
            } else {
                units.runOptimize();
                live.put(zone, units);
            }
        }

        private void apply(ManifestRecord.Zone zone) {
            ManifestRecord.Zone known = zones.put(zone.number(), zone);
            if (known == null) {
                // Several are written at once, so they need not be named in the order of their numbers.
                require(zonesSince.add(zone.number()), zone, "a number that no zone of this manifest has had");
                next = new ManifestRecord.Next(Math.max(next.zone(), zone.number() + 1), next.run(), next.birth());
            } else {
                boolean grows = zone.length() >= known.length() && zone.stream() == known.stream();
                require(
                        grows && (known.state() == ManifestRecord.ZoneState.OPEN || zone.equals(known)),
                        zone,
                        "what may follow " + known);
            }
        }

        private void apply(ManifestRecord.Run run) {
            require(
                    run.id() > 0 && runs.stream().noneMatch(known -> known.id() == run.id()),
                    run,
                    "a number that no run has");
            next = new ManifestRecord.Next(
                    next.zone(), Math.max(next.run(), run.id() + 1), Math.max(next.birth(), run.newest() + 1));
            int at = 0;
            while (at < runs.size() && runs.get(at).newest() > run.newest()) {
                at++;
            }
            runs.add(at, run);
        }

        /** Once an edit is complete: live pages are in zones that are named, as far as those are long. */
        void checkLive() {
            live.forEach((zone, units) -> {
                ManifestRecord.Zone named = zones.get(zone);
                if (named == null || (units.last() + 1L) * Pointer.ALIGNMENT > named.length()) {
                    throw new CorruptionException(
                            file,
                            fileOffset,
                            "live pages in zones that are named",
                            "pages up to " + (units.last() + 1L) * Pointer.ALIGNMENT + " in zone " + zone + ", "
                                    + (named == null
                                            ? "which is not named"
                                            : "which has " + named.length() + " bytes"));
                }
            });
        }

        /** Once an edit is complete: holes are in zones that have ended, as far as those are long, and nothing lives in them. */
        void checkPunched() {
            punched.forEach((zone, units) -> {
                ManifestRecord.Zone named = zones.get(zone);
                RoaringBitmap lives = live.getOrDefault(zone, new RoaringBitmap());
                if (named == null
                        || named.state() != ManifestRecord.ZoneState.SEALED
                        || (units.last() + 1L) * Pointer.ALIGNMENT > named.length()
                        || RoaringBitmap.intersects(units, lives)) {
                    throw new CorruptionException(
                            file,
                            fileOffset,
                            "holes in sealed zones where nothing lives",
                            "holes up to " + (units.last() + 1L) * Pointer.ALIGNMENT + " in zone " + zone + ": "
                                    + named);
                }
            });
        }

        /** Once an edit is complete: runs do not overlap in age, and have live roots. */
        void checkRuns() {
            for (int i = 0; i < runs.size(); i++) {
                ManifestRecord.Run run = runs.get(i);
                require(!run.isBase() || i == runs.size() - 1, run, "a base that is older than all other runs");
                require(i == 0 || run.newest() < runs.get(i - 1).oldest(), run, "a run older than " + newerThan(i));
                ManifestRecord.Zone zone = zones.get(Pointer.zone(run.root()));
                RoaringBitmap units = live.get(Pointer.zone(run.root()));
                require(
                        zone != null
                                && Pointer.offset(run.root()) < zone.length()
                                && units != null
                                && units.contains(Pointer.offset(run.root()) / Pointer.ALIGNMENT),
                        run,
                        "a root in a zone that is named, among its live pages");
            }
        }

        private String newerThan(int index) {
            return index == 0 ? "none" : "run " + runs.get(index - 1).id();
        }

        private boolean isLive(long id) {
            return logs.stream().anyMatch(log -> log.id() == id);
        }

        private void require(boolean holds, ManifestRecord record, String expected) {
            if (!holds) {
                throw new CorruptionException(file, fileOffset, expected, record.toString());
            }
        }
    }
}
