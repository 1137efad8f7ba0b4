package dev.cambium;

import dev.cambium.log.Manifest;
import dev.cambium.run.CompactionOutlook;
import dev.cambium.run.CompactionWish;
import dev.cambium.run.Flusher;
import dev.cambium.segment.log.Operation;
import dev.cambium.segment.manifest.Stretch;
import dev.cambium.segment.runtime.Clock;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.NavigableMap;
import java.util.NavigableSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;

/** What a store is asked to compact and clean: checked, put as a wish to the background, waited for, and told what it came to. Safe for any thread. */
final class StoreCompaction {
    private static final int MOST_SHOWN = 20; // numbers of zones in a message

    private final Store store;
    private final Flusher flusher;
    private final Manifest manifest;
    private final Clock clock;

    StoreCompaction(Store store, Flusher flusher, Manifest manifest, Clock clock) {
        this.store = store;
        this.flusher = flusher;
        this.manifest = manifest;
        this.clock = clock;
    }

    CompactionWish wish(Compaction what) {
        Stretch stretch = stretch(what);
        return what.targetSpaceAmplification() == 0
                ? CompactionWish.rewriting(stretch)
                : CompactionWish.merging(stretch, what.targetSpaceAmplification());
    }

    /** The internal keys that are meant. */
    private Stretch stretch(Compaction what) {
        Keyspace keyspace = what.keyspace();
        if (keyspace == null) {
            return Stretch.ALL;
        }
        if (keyspace.store() != store) {
            throw new IllegalArgumentException("keyspace \"" + keyspace.name() + "\" is of another store");
        }
        byte[] from = internal(keyspace.id(), what.from());
        byte[] to = what.to() == null ? internal(keyspace.id() + 1, null) : internal(keyspace.id(), what.to());
        return new Stretch(from, to);
    }

    private static byte[] internal(int keyspaceId, byte[] key) {
        if (key != null) {
            Limits.checkKey(key);
        }
        byte[] internal = new byte[Operation.KEYSPACE_ID_LENGTH + (key == null ? 0 : key.length)];
        for (int i = 0; i < Operation.KEYSPACE_ID_LENGTH; i++) {
            internal[i] = (byte) (keyspaceId >>> 8 * (Operation.KEYSPACE_ID_LENGTH - 1 - i));
        }
        if (key != null) {
            System.arraycopy(key, 0, internal, Operation.KEYSPACE_ID_LENGTH, key.length);
        }
        return internal;
    }

    CompactionWish cleaning(double target) {
        Compaction.checkTarget(target);
        return CompactionWish.cleaning(target);
    }

    CompactionWish cleaning(Collection<Integer> zones) {
        return CompactionWish.cleaning(
                zonesToClean(zones).stream().map(ZoneStats::number).collect(Collectors.toCollection(TreeSet::new)));
    }

    /** The zones of those numbers, each of which must be one that can be cleaned. */
    List<ZoneStats> zonesToClean(Collection<Integer> zones) {
        NavigableMap<Integer, ZoneStats> known = new TreeMap<>();
        zoneStats().forEach(zone -> known.put(zone.number(), zone));
        List<ZoneStats> chosen = new ArrayList<>();
        for (int zone : new TreeSet<>(zones)) {
            ZoneStats named = known.get(zone);
            if (named == null) {
                throw new IllegalArgumentException("there is no zone " + zone + "; " + show(known.navigableKeySet()));
            }
            if (named.stream() == ZoneStats.Stream.LONG_VALUES) {
                throw new IllegalArgumentException(
                        "zone " + zone + " takes chunks of values of more than 1 MiB, which stay where they are");
            }
            chosen.add(named);
        }
        return chosen;
    }

    private static String show(NavigableSet<Integer> zones) {
        if (zones.isEmpty()) {
            return "the store has none";
        }
        return zones.size() <= MOST_SHOWN
                ? "there are " + zones.toString().replaceAll("[\\[\\]]", "")
                : "there are " + zones.size() + " from " + zones.first() + " to " + zones.last();
    }

    CompactionReport run(CompactionWish wish, CompactionListener progress) {
        long began = clock.nanoTime();
        store.flush();
        long before = zoneBytes();
        flusher.compact(wish, progress);
        return new CompactionReport(
                wish.mergedBytes(),
                wish.linkedBytes(),
                wish.copiedBytes(),
                wish.writtenBytes(),
                before,
                zoneBytes(),
                clock.nanoTime() - began);
    }

    private long zoneBytes() {
        return zoneStats().stream().mapToLong(ZoneStats::takenBytes).sum();
    }

    List<ZoneStats> zoneStats() {
        return CompactionOutlook.zones(manifest.state());
    }

    List<ZoneStats> zonesToClean(double target) {
        return CompactionOutlook.toClean(manifest.state(), target);
    }

    CompactionEstimate estimate(Compaction what) {
        double target = what.targetSpaceAmplification();
        return store.estimate(stretch(what), target == 0, target == 0 ? List.of() : zonesToClean(target));
    }
}
