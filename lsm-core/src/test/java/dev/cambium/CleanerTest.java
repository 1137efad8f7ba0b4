package dev.cambium;

import static dev.cambium.StoreTest.b;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
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
import java.util.HashMap;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.roaringbitmap.RoaringBitmap;

/** Zones that are partly dead are cleaned without being asked, and nothing is lost by it. */
class CleanerTest {
    private static final Options OPTIONS = SmallStore.ROOMY.withPageBytes(4 << 10);

    private static String key(int number) {
        return String.format("key%06d", number);
    }

    private static void put(SmallStore small, NavigableMap<String, String> model, int number, String value) {
        small.store().put(b(key(number)), b(value), Durability.NONE);
        model.put(key(number), value);
    }

    @Test
    void filesStaySmallWhileDataIsOverwrittenTenTimes() {
        int keys = 80_000;
        NavigableMap<String, String> model = new TreeMap<>();
        Random random = new Random(5);
        try (SmallStore small = new SmallStore(OPTIONS)) {
            for (int i = 0; i < keys; i++) {
                put(small, model, i, SmallStore.noise(i, 100));
            }
            small.store().flush();
            double most = 0;
            for (int i = 0; i < 10 * keys; i++) {
                put(small, model, random.nextInt(keys), SmallStore.noise(i, 100));
                if (i % 8000 == 0) {
                    small.store().flush();
                    StoreStats stats = small.store().stats();
                    most = Math.max(most, (double) stats.zoneBytes() / stats.pageBytes());
                }
            }
            small.store().flush();
            small.assertHolds(model, "overwritten");
            StoreStats stats = small.store().stats();
            assertTrue(most < 1.45, "files were " + most + " times what was live: " + stats);
            long data = 80_000L * (9 + 4 + 100);
            assertTrue(stats.pageBytes() < 1.4 * data, stats.pageBytes() + " bytes live for " + data + ": " + stats);
            small.reopenAfter(CrashOutcome.NOTHING_UNFORCED);
            small.assertHolds(model, "after power loss");
        }
    }

    /** Where a leaf stands that a checksum and a birth tell from others. */
    private static Map<String, Long> liveLeaves(SmallStore small) {
        Map<String, Long> leaves = new HashMap<>();
        byte[] storeId = SuperblockFile.open(small.disk()).current().storeId();
        ManifestState state = small.manifest();
        for (ManifestRecord.Zone zone : state.zones().values()) {
            RoaringBitmap live = state.live().get(zone.number());
            if (live == null) {
                continue;
            }
            long end = (live.last() + 1L) * Pointer.ALIGNMENT;
            try (ZoneFile file = small.disk().openReadOnly(ZoneFiles.name(zone.number()));
                    ZoneWalk walk = new ZoneWalk(file, zone.number(), storeId, end)) {
                while (next(walk)) {
                    if (PageHeader.kind(walk.page(), 0) == PageKind.LEAF
                            && live.contains(walk.offset() / Pointer.ALIGNMENT)) {
                        leaves.put(
                                PageHeader.payloadCrc(walk.page(), 0) + " " + PageHeader.birth(walk.page(), 0),
                                PageHeader.self(walk.page(), 0));
                    }
                }
            }
        }
        return leaves;
    }

    /** Goes to the next page, holes or not. */
    private static boolean next(ZoneWalk walk) {
        while (true) {
            try {
                return walk.next();
            } catch (CorruptionException hole) {
                walk.skip();
            }
        }
    }

    /** A range of keys is overwritten, the next is not, and both have pages in the same zones. */
    @Test
    void whatIsLeftOfAZoneMovesAsItIsStored() {
        int keys = 60_000;
        int range = 4000;
        NavigableMap<String, String> model = new TreeMap<>();
        try (SmallStore small = new SmallStore(OPTIONS)) {
            for (int i = 0; i < keys; i++) {
                put(small, model, i, SmallStore.noise(i, 100));
            }
            for (int i = 0; i < keys; i += 2 * range) { // in chunks, which stay where they are
                put(small, model, i + range + range / 2, SmallStore.noise(i, 1_200_000));
            }
            small.store().compact();
            small.reopen();
            Map<String, Long> before = liveLeaves(small);
            for (int i = 0; i < keys; i++) {
                if (i / range % 2 == 0) {
                    put(small, model, i, SmallStore.noise(-i, 100));
                }
            }
            small.store().flush();
            small.store().clean(Compaction.LEAST_TARGET, (done, total) -> {});
            small.assertHolds(model, "cleaned");
            small.reopenAfter(CrashOutcome.NOTHING_UNFORCED);
            small.assertHolds(model, "after power loss");
            small.reopen(); // so that the manifest says all
            Map<String, Long> after = liveLeaves(small);
            long moved = before.keySet().stream()
                    .filter(leaf -> after.containsKey(leaf) && !after.get(leaf).equals(before.get(leaf)))
                    .count();
            assertTrue(moved > before.size() / 8, moved + " of " + before.size() + " leaves");
        }
    }

    /** The nearest page of a young run may be dead, and its zone deleted, where a key lies outside of the run's keys. */
    @Test
    void keysOutsideAYoungRunAreNotLookedForInItsDeadPages() {
        int keys = 40_000;
        NavigableMap<String, String> model = new TreeMap<>();
        Random random = new Random(9);
        int most = 0;
        try (SmallStore small = new SmallStore(OPTIONS.withMemtableBytes(64 << 10))) {
            for (int i = 0; i < keys; i++) {
                put(small, model, i, SmallStore.noise(i, 100));
            }
            small.store().flush();
            for (int i = 0; i < keys; i++) { // of every second key, so that there are keys that only filters know of
                put(small, model, keys / 4 + 2 * random.nextInt(keys / 4), SmallStore.noise(i, 100));
                if (i % 500 == 0) {
                    most = Math.max(most, small.store().stats().runs());
                    for (int k = 0; k < keys; k += 97) {
                        assertEquals(
                                model.get(key(k)), StoreTest.s(small.store().get(b(key(k)))));
                        assertNull(small.store().get(b(key(k) + "+")));
                    }
                }
            }
            assertTrue(most > 4, "there were no young runs");
        }
    }

    @Test
    void aSnapshotReadsWhatWasCleanedAwayUnderIt() {
        int keys = 40_000;
        NavigableMap<String, String> model = new TreeMap<>();
        try (SmallStore small = new SmallStore(OPTIONS)) {
            for (int i = 0; i < keys; i++) {
                put(small, model, i, SmallStore.noise(i, 100));
            }
            small.store().flush();
            NavigableMap<String, String> before = new TreeMap<>(model);
            Random random = new Random(7);
            try (Snapshot then = small.store().snapshot()) {
                for (int i = 0; i < 5 * keys; i++) {
                    put(small, model, random.nextInt(keys), SmallStore.noise(i, 100));
                }
                small.store().flush();
                small.assertHolds(model, "overwritten");
                try (Cursor cursor = then.cursor()) {
                    for (var entry : before.entrySet()) {
                        assertTrue(cursor.next());
                        assertEquals(entry.getKey(), StoreTest.s(cursor.key()));
                        assertEquals(entry.getValue(), StoreTest.s(cursor.value()));
                    }
                }
            }
        }
    }
}
