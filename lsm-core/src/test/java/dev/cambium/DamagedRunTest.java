package dev.cambium;

import static dev.cambium.StoreTest.b;
import static dev.cambium.StoreTest.s;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cambium.error.CorruptionException;
import dev.cambium.segment.disk.ZoneFile;
import dev.cambium.segment.manifest.ManifestRecord;
import dev.cambium.segment.manifest.SuperblockFile;
import dev.cambium.segment.page.PageHeader;
import dev.cambium.segment.page.PageKind;
import dev.cambium.segment.zone.ZoneFiles;
import dev.cambium.segment.zone.ZoneWalk;
import dev.cambium.testkit.disk.CrashOutcome;
import dev.cambium.testkit.disk.SimulatedDisk;
import dev.cambium.testkit.runtime.StepExecutor;
import java.util.ArrayList;
import java.util.List;
import java.util.NavigableMap;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** A page that is not what was written: whoever needs it is told where it is, all else goes on. */
@ExtendWith(QuietLog.class)
class DamagedRunTest {
    private static final int KEYS = 400;

    private final NavigableMap<String, String> model = new TreeMap<>();

    /** A page in a zone. */
    private record Page(int zone, int kind, int level, int offset, int length) {
        String file() {
            return ZoneFiles.name(zone);
        }

        boolean contains(long at) {
            return offset <= at && at < offset + length;
        }
    }

    private static String key(int number) {
        return String.format("key%05d", number);
    }

    private SmallStore withOneRun() {
        SmallStore small = new SmallStore(SmallStore.ROOMY);
        for (int i = 0; i < KEYS; i++) {
            String value = SmallStore.noise(i, i % 50 == 0 ? 3000 : 40);
            small.store().put(b(key(i)), b(value), Durability.NONE);
            model.put(key(i), value);
        }
        small.store().flush();
        return small;
    }

    private static List<Page> pages(SmallStore small) {
        List<Page> pages = new ArrayList<>();
        byte[] storeId = SuperblockFile.open(small.disk()).current().storeId();
        for (ManifestRecord.Zone zone : small.manifest().zones().values()) {
            try (ZoneFile file = small.disk().openReadOnly(ZoneFiles.name(zone.number()));
                    ZoneWalk walk = new ZoneWalk(file, zone.number(), storeId, zone.length())) {
                while (walk.next()) {
                    pages.add(new Page(
                            zone.number(),
                            PageHeader.kind(walk.page(), 0),
                            PageHeader.level(walk.page(), 0),
                            walk.offset(),
                            PageHeader.storedLength(walk.page(), 0)));
                }
            }
        }
        return pages;
    }

    /** Opens a copy of the disk with one bit of a page inverted. */
    private static SmallStore damaged(SmallStore small, Page page, int byteInPage) {
        SimulatedDisk disk = small.disk().afterCrash(CrashOutcome.EVERYTHING);
        disk.corrupt(page.file(), (page.offset + byteInPage) * 8L + 3);
        return new SmallStore(SmallStore.ROOMY, StepExecutor.Mode.INLINE, disk);
    }

    /** Gets every key; each has its value or throws, naming the page. Returns how many threw. */
    private int getAll(SmallStore small, Page page) {
        int failed = 0;
        for (String key : model.keySet()) {
            try {
                assertEquals(model.get(key), s(small.store().get(b(key))), key);
            } catch (CorruptionException e) {
                assertEquals(page.file(), e.file());
                assertTrue(page.contains(e.offset()), () -> e.getMessage() + ", damaged is " + page);
                assertTrue(e.getMessage().contains(page.file()), e.getMessage());
                failed++;
            }
        }
        return failed;
    }

    @Test
    void aDamagedPageFailsTheReadsThatNeedItAndNoOthers() {
        Random random = new Random(3);
        try (SmallStore small = withOneRun()) {
            List<Page> pages = pages(small);
            assertTrue(pages.stream().anyMatch(page -> page.level > 1), "the tree is too flat: " + pages);
            int trials = 0;
            for (Page page : pages) {
                if (trials++ % 3 != 0 && page.kind == PageKind.LEAF) {
                    continue;
                }
                try (SmallStore trial = damaged(small, page, random.nextInt(page.length))) {
                    int failed = getAll(trial, page);
                    int failedAgain = getAll(trial, page);
                    assertEquals(failed, failedAgain, "a failure is not remembered as a success: " + page);
                    assertTrue(failed > 0, () -> "nobody met " + page);
                    boolean isRoot = page.kind == PageKind.KEYS && page == pages.get(pages.size() - 1);
                    assertTrue(isRoot ? failed == KEYS : failed < KEYS, failed + " failed for " + page);
                    trial.store().put(b(key(7)), b("new"));
                    trial.disk().crash(); // the second reader would refuse what is damaged
                }
            }
        }
    }

    @Test
    void aCursorThrowsAtADamagedPageAndGoesOnElsewhere() {
        try (SmallStore small = withOneRun()) {
            Page middle = pages(small).stream()
                    .filter(page -> page.kind == PageKind.LEAF)
                    .skip(8)
                    .findFirst()
                    .orElseThrow();
            try (SmallStore trial = damaged(small, middle, 60)) {
                List<String> seen = new ArrayList<>();
                try (Cursor cursor = trial.store().cursor()) {
                    CorruptionException e = assertThrows(CorruptionException.class, () -> {
                        while (cursor.next()) {
                            seen.add(s(cursor.key()));
                        }
                    });
                    assertTrue(middle.contains(e.offset()), e.getMessage());
                    assertEquals(List.copyOf(model.keySet()).subList(0, seen.size()), seen);
                    assertTrue(cursor.last());
                    assertEquals(model.lastKey(), s(cursor.key()));
                    assertTrue(cursor.first());
                    assertEquals(model.firstKey(), s(cursor.key()));
                    assertThrows(CorruptionException.class, () -> {
                        cursor.last();
                        while (cursor.previous()) {
                            assertEquals(model.get(s(cursor.key())), s(cursor.value()));
                        }
                    });
                }
                trial.disk().crash();
            }
        }
    }

    @Test
    void writesAndFlushesGoOnBesideADamagedRun() {
        try (SmallStore small = withOneRun()) {
            Page leaf = pages(small).stream()
                    .filter(page -> page.kind == PageKind.LEAF)
                    .skip(5)
                    .findFirst()
                    .orElseThrow();
            try (SmallStore trial = damaged(small, leaf, 55)) {
                int failed = getAll(trial, leaf);
                for (int round = 0; round < 12; round++) {
                    for (int i = 0; i < 20; i++) {
                        trial.store().put(b("new" + i), b("v" + round), Durability.NONE);
                    }
                    trial.store().flush();
                    for (int i = 0; i < 20; i++) {
                        assertEquals("v" + round, s(trial.store().get(b("new" + i))));
                    }
                    assertEquals(failed, getAll(trial, leaf), "a merge dropped or invented something");
                }
                for (String key : model.keySet()) { // what is written anew is readable again
                    trial.store().put(b(key), b("anew"), Durability.NONE);
                }
                trial.store().flush();
                for (String key : model.keySet()) {
                    assertEquals("anew", s(trial.store().get(b(key))));
                }
                trial.store().close();
                trial.open();
                assertEquals("v11", s(trial.store().get(b("new3"))));
                assertEquals("anew", s(trial.store().get(b(key(3)))));
                trial.disk().crash();
            }
        }
    }

    @Test
    void aMergeLeavesTheDamagedRunAloneAndReportsItAndOthersGoOn() {
        try (SmallStore small = new SmallStore(SmallStore.ROOMY)) {
            for (int i = 0; i < 3; i++) { // an older run, one that will be damaged, a newer one
                for (int k = 0; k < 50; k++) {
                    small.store().put(b(key(100 * i + k)), b(SmallStore.noise(k, 40)), Durability.NONE);
                }
                small.store().flush();
            }
            List<Page> leaves = pages(small).stream()
                    .filter(page -> page.kind == PageKind.LEAF)
                    .toList();
            Page middle = leaves.get(leaves.size() / 2);
            try (SmallStore trial = damaged(small, middle, 55)) {
                for (int round = 0; round < 9; round++) {
                    trial.store().put(b("new" + round), b("v"), Durability.NONE);
                    for (int k = 0; k < 50; k++) { // so that each leaf is needed
                        trial.store().put(b(key(100 + k) + "+" + round), b("v"), Durability.NONE);
                    }
                    trial.store().flush();
                }
                assertEquals(0, trial.store().stats().damagedRuns() - 1, "one is known to be damaged");
                assertTrue(
                        trial.store().stats().runs() <= 6,
                        "newer runs are merged: " + trial.store().stats());
                CorruptionException told = assertThrows(CorruptionException.class, trial.store()::compact);
                assertEquals(middle.file(), told.file());
                assertTrue(middle.contains(told.offset()), told.getMessage());
                assertTrue(told.getMessage().startsWith("not all can be merged: "), told.getMessage());
                assertTrue(trial.store().stats().runs() <= 3, "what is older, the damaged one, and what is newer");
                assertThrows(CorruptionException.class, trial.store()::compact);
                for (int round = 0; round < 9; round++) {
                    assertEquals("v", s(trial.store().get(b("new" + round))));
                }
                assertEquals(SmallStore.noise(7, 40), s(trial.store().get(b(key(7)))));
                assertEquals(SmallStore.noise(7, 40), s(trial.store().get(b(key(207)))));
                trial.disk().crash();
            }
        }
    }
}
