package dev.cambium;

import static dev.cambium.StoreTest.b;
import static dev.cambium.StoreTest.s;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cambium.error.CorruptionException;
import dev.cambium.segment.disk.ZoneFile;
import dev.cambium.segment.manifest.ManifestRecord;
import dev.cambium.segment.manifest.ManifestState;
import dev.cambium.segment.manifest.SuperblockFile;
import dev.cambium.segment.page.PageHeader;
import dev.cambium.segment.page.PageKind;
import dev.cambium.segment.page.Pointer;
import dev.cambium.segment.zone.ZoneFiles;
import dev.cambium.segment.zone.ZoneWalk;
import dev.cambium.testkit.disk.CrashOutcome;
import dev.cambium.testkit.disk.SimulatedDisk;
import dev.cambium.testkit.runtime.StepExecutor;
import java.util.ArrayList;
import java.util.List;
import java.util.NavigableMap;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** The cleaner meets a page that is not what was written: that stretch of keys is left as it is, everything else goes on, and the work ends. */
@ExtendWith(QuietLog.class)
class DamagedCleaningTest {
    private static final Options OPTIONS =
            SmallStore.ROOMY.withPageBytes(4 << 10).withMemtableBytes(8 << 20);
    private static final int KEYS = 3000;
    private static final Options MANY_KEY_PAGES = OPTIONS.withMemtableBytes(16 << 20)
            .withPageBytes(Options.MIN_PAGE_BYTES)
            .withMergeThreads(2);
    private static final int MOST_STEPS = 3000;

    private final NavigableMap<String, String> model = new TreeMap<>();

    /** So long that a leaf has about ten, and the base is several ranges. */
    private static String key(int number) {
        return String.format("%05d", number) + SmallStore.noise(number, 300);
    }

    private void put(SmallStore small, int number, String value) {
        small.store().put(b(key(number)), b(value), Durability.NONE);
        model.put(key(number), value);
    }

    private static void runSteps(SmallStore small, String what) {
        for (int steps = 0; small.executor().runNext(); steps++) {
            assertTrue(steps < MOST_STEPS, what + ": the background never becomes idle");
        }
    }

    /** The leaves in the zones of a stream, as they were written: zone and offset of each. */
    private static List<long[]> leaves(SimulatedDisk disk, int stream) {
        return pages(disk, stream, PageKind.LEAF);
    }

    private static List<long[]> pages(SimulatedDisk disk, int stream, int kind) {
        List<long[]> pages = new ArrayList<>();
        byte[] storeId = SuperblockFile.open(disk).current().storeId();
        ManifestState state = SmallStore.manifest(disk);
        for (ManifestRecord.Zone zone : state.zones().values()) {
            if (zone.stream() != stream) {
                continue;
            }
            long end = (state.live().get(zone.number()).last() + 1L) * Pointer.ALIGNMENT;
            try (ZoneFile file = disk.openReadOnly(ZoneFiles.name(zone.number()));
                    ZoneWalk walk = new ZoneWalk(file, zone.number(), storeId, end)) {
                while (walk.next()) {
                    if (PageHeader.kind(walk.page(), 0) == kind) {
                        pages.add(new long[] {zone.number(), walk.offset()});
                    }
                }
            }
        }
        return pages;
    }

    private static SmallStore damaged(SmallStore small, long[] leaf) {
        SimulatedDisk disk = small.disk().afterCrash(CrashOutcome.EVERYTHING);
        disk.corrupt(ZoneFiles.name((int) leaf[0]), (leaf[1] + 90) * 8L + 3);
        return new SmallStore(small.options(), StepExecutor.Mode.MANUAL, disk);
    }

    /** Gets every key; returns how many are told to be damaged. */
    private int getAll(SmallStore small) {
        int damaged = 0;
        for (var entry : model.entrySet()) {
            try {
                assertEquals(entry.getValue(), s(small.store().get(b(entry.getKey()))));
            } catch (CorruptionException e) {
                damaged++;
            }
        }
        return damaged;
    }

    @Test
    void aSweepForValuesEndsThoughALeafOnItsWayIsDamaged() {
        try (SmallStore small = new SmallStore(OPTIONS)) {
            for (int i = 0; i < KEYS; i++) {
                put(small, i, SmallStore.noise(i, 1200));
            }
            small.store().flush();
            small.store().close();
            List<long[]> leaves = leaves(small.disk(), 0);
            assertTrue(leaves.size() > 200, leaves.size() + " leaves");
            small.open();
            try (SmallStore trial = damaged(small, leaves.get(leaves.size() - 3))) {
                for (int i = 0; i < 2 * KEYS / 3; i++) { // what stays is scattered over the zones
                    if (i % 4 != 0) {
                        put(trial, i, SmallStore.noise(KEYS + i, 1200));
                    }
                }
                trial.store().flush();
                runSteps(trial, "merges and cleaning beside a damaged leaf");
                try { // which looks through all leaves, if it has not been met yet
                    trial.store().clean(Compaction.LEAST_TARGET, (done, total) -> {});
                } catch (CorruptionException e) {
                    assertTrue(
                            e.getMessage().contains(ZoneFiles.name((int) leaves.get(leaves.size() - 3)[0])),
                            e::getMessage);
                }
                runSteps(trial, "what is left to do");
                int damaged = getAll(trial);
                assertTrue(damaged > 0 && damaged < 40, damaged + " keys cannot be read");
                StoreStats stats = trial.store().stats();
                assertEquals(1, stats.damagedRuns(), "it is known that there is damage");
                assertTrue(stats.spaceAmplification() < 1.6, "what is sound is cleaned: " + stats);
                trial.disk().crash();
            }
        }
    }

    /** Of three stretches that share zones two are overwritten, and what is left of the zones is to move as it is stored. */
    @Test
    void aDamagedLeafThatIsToMoveCostsItsStretchOnly() {
        int some = 200;
        int keys = 51 * some;
        try (SmallStore small = new SmallStore(OPTIONS)) {
            for (int i = 0; i < keys; i++) {
                put(small, i, SmallStore.noise(i, 300));
            }
            small.store().flush();
            small.store().close();
            List<long[]> leaves = leaves(small.disk(), 0);
            small.open();
            long[] leaf = leaves.get((int) (leaves.size() * (24 * some + some / 2L) / keys)); // amid one that stays
            try (SmallStore trial = damaged(small, leaf)) {
                for (int i = 0; i < keys; i++) {
                    if (i / some % 3 != 0) {
                        put(trial, i, SmallStore.noise(-i, 300));
                    }
                }
                trial.store().flush();
                try { // unless it has been met before
                    trial.store().clean(Compaction.LEAST_TARGET, (done, total) -> {});
                } catch (CorruptionException e) {
                    assertTrue(e.getMessage().contains(ZoneFiles.name((int) leaf[0])), e::getMessage);
                }
                runSteps(trial, "what is left to do");
                int damaged = getAll(trial);
                assertTrue(damaged > 0 && damaged < 20, damaged + " keys cannot be read");
                StoreStats stats = trial.store().stats();
                assertEquals(1, stats.damagedRuns(), "it is known that there is damage");
                assertTrue(stats.spaceAmplification() < 1.6, "what is sound is cleaned: " + stats);
                trial.disk().crash();
            }
        }
    }

    /** Plans are made from key pages: one that cannot be read costs its stretch, and no plan. */
    @Test
    void aDamagedKeyPageOfTheBaseKeepsNoOtherStretchFromBeingMergedAndCleaned() {
        try (SmallStore small = new SmallStore(MANY_KEY_PAGES)) {
            for (int i = 0; i < KEYS; i++) {
                put(small, i, SmallStore.noise(i, 1200));
            }
            small.store().flush();
            small.store().close();
            List<long[]> keyPages = pages(small.disk(), 0, PageKind.KEYS);
            small.open();
            // The root is last, the first of all is of level 1; those between are of levels 1 and 2.
            for (int at : new int[] {0, keyPages.size() / 2, keyPages.size() - 2}) {
                NavigableMap<String, String> before = new TreeMap<>(model);
                try (SmallStore trial = damaged(small, keyPages.get(at))) {
                    goOnBesideDamage(trial, "key page " + at + " of " + keyPages.size());
                    trial.disk().crash();
                }
                model.clear();
                model.putAll(before);
            }
        }
    }

    @Test
    void aDamagedKeyPageOfAYoungRunKeepsNoOtherStretchFromBeingMergedAndCleaned() {
        try (SmallStore small = new SmallStore(MANY_KEY_PAGES, StepExecutor.Mode.MANUAL)) {
            for (int i = 0; i < KEYS; i++) {
                put(small, i, SmallStore.noise(i, 1200));
            }
            small.store().flush();
            runSteps(small, "making a base");
            small.store().close();
            int ofBase = pages(small.disk(), 0, PageKind.KEYS).size();
            small.open();
            for (int i = 0; i < KEYS; i += 2) {
                put(small, i, SmallStore.noise(-i, 1200));
            }
            small.store().flush();
            small.store().close(); // before it has been merged
            List<long[]> keyPages = pages(small.disk(), 0, PageKind.KEYS);
            small.open();
            assertTrue(keyPages.size() > ofBase + 10, "there is no young run");
            try (SmallStore trial = damaged(small, keyPages.get(ofBase + (keyPages.size() - ofBase) / 2))) {
                goOnBesideDamage(trial, "a young run");
                trial.disk().crash();
            }
        }
    }

    private void goOnBesideDamage(SmallStore trial, String what) {
        for (int round = 1; round <= 4; round++) {
            for (int i = 0; i < KEYS; i++) {
                if (i % 3 != 0) {
                    put(trial, i, SmallStore.noise(round * KEYS + i, 1200));
                }
            }
            trial.store().flush();
            runSteps(trial, what);
        }
        int damaged = getAll(trial);
        assertTrue(damaged < KEYS / 5, damaged + " keys cannot be read, " + what);
        StoreStats stats = trial.store().stats();
        assertTrue(stats.damagedRuns() > 0, what + ": nobody knows of it");
        // Zones of 1 MiB cannot go that have a page of the stretch, nor what is put there again and again: two keys
        // beside each that is lost. How much waits for the next flush to be merged differs from one to the next.
        assertTrue(stats.spaceAmplification() < 2.2, what + ", what is sound is cleaned: " + stats);
        assertTrue(
                stats.pageBytes() < 1.5 * 1500 * (KEYS + 4 * 2 * damaged),
                what + ", what is sound is merged: " + stats);
    }

    /** A value that cannot be read cannot move: what the stretch has stays where it is, and it is told by a read and by verify only. */
    @Test
    void aSweepForValuesEndsThoughAValueThatIsToMoveIsDamaged() {
        try (SmallStore small = new SmallStore(OPTIONS)) {
            for (int i = 0; i < KEYS; i++) {
                put(small, i, SmallStore.noise(i, 1200));
            }
            small.store().flush();
            small.store().close();
            List<long[]> pages = pages(small.disk(), ValueWorld.STREAM_VALUES, PageKind.VALUES);
            small.open();
            try (SmallStore trial = damaged(small, pages.get(pages.size() / 2))) {
                for (int i = 0; i < KEYS; i++) {
                    if (i % 3 != 0) { // of the three values of a page about one stays
                        put(trial, i, SmallStore.noise(KEYS + i, 1200));
                    }
                }
                trial.store().flush();
                runSteps(trial, "merges and cleaning beside a damaged value");
                int damaged = getAll(trial);
                assertTrue(damaged > 0 && damaged < 4, damaged + " keys cannot be read");
                for (int i = 0; i < 20; i++) {
                    put(trial, KEYS + i, SmallStore.noise(i, 1200));
                    trial.store().flush();
                    runSteps(trial, "flushes beside a damaged value");
                }
                assertEquals(damaged, getAll(trial));
                trial.disk().crash();
            }
        }
    }

    /** Blocks of keys that the young run has all of go into the base; of those between it has few, which stay, and one of those is damaged. */
    @Test
    void whatIsLeftOfADamagedYoungRunIsNotWrittenAnewForEver() {
        int block = 700;
        int blocks = 9;
        try (SmallStore small = new SmallStore(OPTIONS.withMemtableBytes(16 << 20), StepExecutor.Mode.MANUAL)) {
            for (int i = 0; i < blocks * block; i++) {
                put(small, i, SmallStore.noise(i, 600));
            }
            small.store().flush();
            runSteps(small, "making a base");
            small.store().close();
            int ofBase = leaves(small.disk(), 0).size();
            small.open();
            for (int i = 0; i < blocks * block; i++) {
                if (i / block % 2 == 0 || i % 10 == 0) {
                    put(small, i, SmallStore.noise(-i, 600));
                }
            }
            small.store().flush();
            small.store().close();
            List<long[]> leaves = leaves(small.disk(), 0);
            int perLeaf = blocks * block / ofBase;
            long[] leaf = leaves.get(ofBase + (block + block / 20) / perLeaf);
            small.open();
            try (SmallStore trial = damaged(small, leaf)) {
                put(trial, 0, "anew");
                trial.store().flush();
                runSteps(trial, "merges and cleaning beside a damaged young run");
                int damaged = getAll(trial);
                assertTrue(damaged > 0 && damaged < 40, damaged + " keys cannot be read");
                trial.disk().crash();
            }
        }
    }
}
