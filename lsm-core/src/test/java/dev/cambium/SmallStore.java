package dev.cambium;

import static dev.cambium.StoreTest.b;
import static dev.cambium.StoreTest.s;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.cambium.error.StoreException;
import dev.cambium.segment.frame.WarmPages;
import dev.cambium.segment.manifest.ManifestFile;
import dev.cambium.segment.manifest.ManifestState;
import dev.cambium.segment.manifest.Superblock;
import dev.cambium.segment.manifest.SuperblockFile;
import dev.cambium.segment.zone.ZoneFiles;
import dev.cambium.testkit.SimulatedEnvironment;
import dev.cambium.testkit.disk.CrashOutcome;
import dev.cambium.testkit.disk.SimulatedCrash;
import dev.cambium.testkit.disk.SimulatedDisk;
import dev.cambium.testkit.runtime.StepExecutor;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.NavigableMap;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * A store on a simulated disk, in a world small enough that a handful of writes makes memtables, runs and zones; with a look at what
 * its manifest names. It can be killed and opened again.
 */
final class SmallStore implements AutoCloseable {
    /** Memtables of 4 KiB, pages of 512 bytes, zones of 1 MiB. */
    static final Options SMALL = Options.DEFAULT
            .withMemoryBudget(64 << 20)
            .withMemtableBytes(4 << 10)
            .withPageBytes(512)
            .withZoneBytes(1 << 20);

    /** Memtables so large that only a flush lays them down. */
    static final Options ROOMY = SMALL.withMemtableBytes(1 << 20);

    private final Options options;
    private final StepExecutor.Mode mode;
    private SimulatedEnvironment environment;
    private Store store;

    SmallStore(Options options) {
        this(options, StepExecutor.Mode.INLINE);
    }

    SmallStore(Options options, StepExecutor.Mode mode) {
        this(options, mode, new SimulatedDisk(1));
    }

    SmallStore(Options options, StepExecutor.Mode mode, SimulatedDisk disk) {
        this.options = options;
        this.mode = mode;
        this.environment = new SimulatedEnvironment(disk, 1, mode);
        open();
    }

    Store store() {
        return store;
    }

    Options options() {
        return options;
    }

    SimulatedDisk disk() {
        return environment.disk();
    }

    void pass(Duration time) {
        environment.clock().advance(time);
    }

    StepExecutor executor() {
        return environment.executor();
    }

    Store open() {
        store = Store.open(environment.environment(), options);
        return store;
    }

    /** Closes the store and opens it again. */
    Store reopen() {
        store.close();
        return open();
    }

    /** As {@link #reopen}, with no page in memory. */
    Store reopenCold() {
        store.close();
        if (disk().exists(WarmPages.NAME)) {
            disk().delete(WarmPages.NAME);
        }
        return open();
    }

    /** Opens the store on what is left of the disk after a crash now. */
    Store reopenAfter(CrashOutcome outcome) {
        SimulatedDisk left = disk().afterCrash(outcome);
        abandon();
        environment = new SimulatedEnvironment(left, 1, mode);
        return open();
    }

    /** The same on a disk that has died already. */
    private void abandon() {
        disk().crash();
        try {
            store.close();
        } catch (SimulatedCrash | StoreException expected) {
            // that is what a dead disk does
        }
        assertEquals(0, store.memoryUsedBytes(), "memory that a close on a dead disk does not give back");
    }

    /** What the manifest on the disk says. */
    ManifestState manifest() {
        return manifest(disk());
    }

    static ManifestState manifest(SimulatedDisk disk) {
        Superblock superblock = SuperblockFile.open(disk).current();
        return ManifestFile.read(disk, superblock.manifestId(), superblock.storeId(), superblock.manifestLength())
                .state();
    }

    List<String> files(String prefix) {
        return disk().list().stream().filter(name -> name.startsWith(prefix)).toList();
    }

    long fileBytes(String prefix) {
        return files(prefix).stream()
                .mapToLong(name -> disk().bytes(name).length)
                .sum();
    }

    /** Zones and logs that are on the disk and not in the manifest, or the other way round. */
    Set<String> unnamedOrMissing() {
        Set<String> named = new TreeSet<>();
        manifest().zones().keySet().forEach(zone -> named.add(ZoneFiles.name(zone)));
        manifest().logs().forEach(log -> named.add(String.format("log-%016x", log.id())));
        Set<String> difference = new TreeSet<>(files("zone-"));
        difference.addAll(files("log-"));
        for (String name : named) {
            if (!difference.remove(name)) {
                difference.add(name + " (missing)");
            }
        }
        return difference;
    }

    /** Compares all that the store holds with a map: cursors both ways, and gets. */
    void assertHolds(NavigableMap<String, String> expected, String when) {
        try (Snapshot snapshot = store.snapshot()) {
            assertHolds(expected, snapshot, when);
        }
        expected.forEach((key, value) -> assertEquals(value, s(store.get(b(key))), when));
    }

    static void assertHolds(NavigableMap<String, String> expected, Snapshot snapshot, String when) {
        NavigableMap<String, String> found = new TreeMap<>();
        try (Cursor cursor = snapshot.cursor()) {
            while (cursor.next()) {
                found.put(s(cursor.key()), s(cursor.value()));
            }
            assertEquals(expected, found, when);
            while (cursor.previous()) {
                assertEquals(found.remove(s(cursor.key())), s(cursor.value()), when + ", backwards");
            }
        }
        assertEquals(new TreeMap<>(), found, when + ", not met backwards");
        expected.forEach((key, value) -> assertEquals(value, s(snapshot.get(b(key))), when));
    }

    /** Letters that no compression makes much shorter. */
    static String noise(long seed, int length) {
        SplittableRandom random = new SplittableRandom(seed);
        byte[] letters = new byte[length];
        for (int i = 0; i < length; i++) {
            letters[i] = (byte) ('!' + random.nextInt(90));
        }
        return new String(letters, StandardCharsets.US_ASCII);
    }

    /** Closes the store, then has the second reader read its files, which knows nothing but docs/FORMAT.md. */
    @Override
    public void close() {
        if (disk().hasCrashed()) {
            abandon();
        } else if (disk().faults().failures() > 0 || !store.isOpen()) {
            store.close();
        } else {
            SecondOpinion before = new SecondOpinion(store);
            store.close();
            assertEquals(0, store.memoryUsedBytes(), "memory that close does not give back");
            before.assertAgreesWith(disk());
        }
    }
}
