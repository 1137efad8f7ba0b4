package dev.cambium.compaction;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cambium.error.CorruptionException;
import dev.cambium.segment.frame.FrameCache;
import dev.cambium.segment.manifest.ManifestRecord;
import dev.cambium.segment.manifest.Stretch;
import dev.cambium.segment.manifest.Stretches;
import dev.cambium.segment.memory.Memory;
import dev.cambium.segment.page.KeyPage;
import dev.cambium.segment.page.PageHeader;
import dev.cambium.segment.page.Pointer;
import dev.cambium.segment.pool.BufferPool;
import dev.cambium.segment.zone.SharedZone;
import dev.cambium.segment.zone.ZoneFiles;
import dev.cambium.segment.zone.ZoneReader;
import dev.cambium.testkit.disk.SimulatedDisk;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.function.IntPredicate;
import java.util.function.LongPredicate;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.roaringbitmap.RoaringBitmap;

/** Pages in zones that are to be left: they become part of the new run as they are stored, elsewhere. */
class PageMoveTest {
    private static final byte[] TOMBSTONE = {};
    private static final int LEAF = 1 << 11;
    private static final int FIRST_OF_VALUES = 1000;
    private static final LongPredicate ALL_LEAVES = leaf -> true;

    private final SimulatedDisk disk = new SimulatedDisk(1);
    private final BufferPool pool = new BufferPool(1L << 28, 64 << 10);
    private final Map<Integer, RoaringBitmap> live = new TreeMap<>();
    private final List<SharedZone> readers = new ArrayList<>();
    private final Random random = new Random(1);
    private FrameCache frames;
    private TestZones zones;
    private TestZones valueZones;
    private PageChanges changes; // of the last merge
    private boolean isStuck; // the last merge
    private long nextRun = 1;
    private int leafBytes = LEAF;

    @BeforeEach
    void open() {
        disk.createDirectory();
        frames = new FrameCache(TestZones.STORE_ID, pool, 1 << 22, TestReclaimer.AT_ONCE);
        zones = new TestZones(disk, pool, 1 << 18);
        valueZones = new TestZones(disk, pool, 1 << 18, FIRST_OF_VALUES);
    }

    @AfterEach
    void allMemoryComesBack() {
        readers.forEach(SharedZone::release);
        frames.close();
        zones.close();
        valueZones.close();
        assertEquals(0, pool.usedBytes());
    }

    /** A run and what is in it. */
    private record Made(
            ManifestRecord.Run run,
            TreeMap<byte[], byte[]> content,
            long movedBytes,
            long linkedBytes,
            long appendedBytes) {}

    /** A page as its parent knows it, and as it is stored. */
    private record Known(long pointer, int payloadCrc, byte[] stored) {
        int birth() {
            return stored[PageHeader.BIRTH_OFFSET];
        }
    }

    private static byte[] key(int number) {
        return String.format("0000key%08d", number).getBytes(StandardCharsets.US_ASCII);
    }

    private RunWriter writer(long run) {
        PageSizes sizes = new PageSizes(leafBytes, 16 * LEAF, 4 * LEAF);
        return new RunWriter(zones, valueZones, pool, sizes, TestZones.STORE_ID, run, run, 42);
    }

    /** Lays entries down; what is written next goes to other zones. */
    private Made write(TreeMap<byte[], byte[]> content) {
        long run = nextRun++;
        try (RunWriter writer = writer(run)) {
            content.forEach((key, value) -> TestZones.add(writer, key, value, value == TOMBSTONE));
            ManifestRecord.Run made = writer.finish(0, run, run, 1, 1);
            apply(writer.changes());
            zones.seal();
            valueZones.seal();
            return new Made(made, content, 0, 0, writer.appendedBytes());
        }
    }

    private TreeMap<byte[], byte[]> entries(int from, int to, int step, int valueLength) {
        TreeMap<byte[], byte[]> entries = new TreeMap<>(Arrays::compareUnsigned);
        for (int i = from; i < to; i += step) {
            byte[] value = new byte[valueLength];
            random.nextBytes(value);
            Arrays.fill(value, 0, valueLength / 2, (byte) 'v'); // so that it is compressed
            entries.put(key(i), value);
        }
        return entries;
    }

    private void apply(PageChanges pages) {
        TestZones.apply(pages, live);
    }

    private RunTree tree(Made made) {
        List<SharedZone> now = new ArrayList<>(zones.readers());
        now.addAll(valueZones.readers());
        readers.addAll(now);
        return new RunTree(made.run, new TreePages(TestZones.byNumber(now), frames));
    }

    /** Merges runs, newest first, and checks the result page by page and by its live pages. */
    private Made merge(List<Made> newestFirst, IntPredicate zonesToLink, LongPredicate leavesToLink) {
        return merge(newestFirst, zonesToLink, leavesToLink, writer -> {});
    }

    private Made merge(
            List<Made> newestFirst, IntPredicate zonesToLink, LongPredicate leavesToLink, Consumer<RunWriter> how) {
        long run = nextRun++;
        TreeMap<byte[], byte[]> expected = new TreeMap<>(Arrays::compareUnsigned);
        List<Made> oldestFirst = new ArrayList<>(newestFirst);
        Collections.reverse(oldestFirst);
        oldestFirst.forEach(made -> expected.putAll(made.content));
        try (RunWriter writer = writer(run);
                StreamedRuns runs = new StreamedRuns(TestZones.STORE_ID, pool)) {
            how.accept(writer);
            changes = writer.changes();
            List<StreamedRuns.Source> sources = newestFirst.stream()
                    .map(made -> new StreamedRuns.Source(tree(made), List.of(Stretch.ALL), Stretches.ALL))
                    .toList();
            try {
                PageMerge merge = runs.merge(sources, zonesToLink, leavesToLink, changes);
                for (boolean more = merge.next(); more; ) {
                    boolean taken = true;
                    if (merge.isPage()) {
                        taken = !merge.hasTombstones() && writer.link(merge);
                    } else if (!merge.isTombstone()) {
                        writer.addMerged(merge);
                    }
                    more = taken ? merge.next() : merge.enter();
                }
            } finally {
                isStuck = runs.stuck() >= 0;
            }
            ManifestRecord.Run record = writer.finish(1, run, run, 1, 1);
            apply(changes);
            expected.values().removeIf(value -> value == TOMBSTONE);
            Made made = new Made(record, expected, writer.movedBytes(), writer.linkedBytes(), writer.appendedBytes());
            check(made);
            return made;
        }
    }

    /** Checks it as a tree, entry by entry, by its live pages, and all zones with their directories. */
    private void check(Made made) {
        RunTree tree = tree(made);
        Map<Integer, RoaringBitmap> found = new TreeMap<>();
        Map<Integer, ZoneReader> byNumber = new HashMap<>();
        readers.forEach(zone -> byNumber.put(zone.number(), zone.reader()));
        assertTrue(RunVerification.run(made.run, TestZones.STORE_ID, Stretches.NONE, byNumber::get, found, e -> {
                    throw e;
                })
                .isWhole());
        assertEquals(found, live, "the pages of the only run are those that are live");
        zones.verify();
        valueZones.verify();
        RunCursor cursor = new RunCursor(tree, Stretches.NONE);
        boolean on = cursor.first();
        for (Map.Entry<byte[], byte[]> entry : made.content.entrySet()) {
            assertTrue(on);
            assertArrayEquals(entry.getKey(), cursor.key(0));
            assertArrayEquals(
                    entry.getValue(), cursor.valueMemory().toArray(cursor.valueOffset(), cursor.valueLength()));
            assertTrue(tree.contains(entry.getKey()), "a get finds it");
            on = cursor.next();
        }
        assertFalse(on);
    }

    private Known known(RunTree tree, long pointer, int payloadCrc) {
        Memory stored = Memory.allocate(Pointer.storedBytes(pointer));
        tree.zone(pointer).read(pointer, stored, 0);
        byte[] bytes = stored.toArray(0, PageHeader.storedLength(stored, 0));
        stored.release();
        return new Known(pointer, payloadCrc, bytes);
    }

    /** The leaves of a run, in the order of keys. */
    private List<Known> leaves(Made made) {
        RunTree tree = tree(made);
        List<Known> leaves = new ArrayList<>();
        for (KeyPage page : keyPages(tree)) {
            for (int i = 0; i < page.count(); i++) {
                leaves.add(known(tree, page.child(i), page.payloadCrc(i)));
            }
        }
        return leaves;
    }

    private List<Known> filters(Made made) {
        RunTree tree = tree(made);
        return keyPages(tree).stream()
                .map(page -> known(tree, page.filter(), page.filterCrc()))
                .toList();
    }

    /** Of level 1. */
    private static List<KeyPage> keyPages(RunTree tree) {
        List<KeyPage> pages = new ArrayList<>();
        addKeyPages(tree.root(), pages);
        return pages;
    }

    private static void addKeyPages(KeyNode node, List<KeyPage> pages) {
        if (node.level() == 1) {
            pages.add(node.page());
            return;
        }
        for (int i = 0; i < node.page().count(); i++) {
            addKeyPages(node.keys(i), pages);
        }
    }

    /** Asserts that a page is the other but for where it stands. */
    private static void assertMoved(Known from, Known to) {
        assertNotEquals(from.pointer, to.pointer);
        assertEquals(from.payloadCrc, to.payloadCrc);
        byte[] expected = from.stored.clone();
        System.arraycopy(to.stored, PageHeader.HEADER_CRC_OFFSET, expected, PageHeader.HEADER_CRC_OFFSET, 4);
        System.arraycopy(to.stored, PageHeader.SELF_OFFSET, expected, PageHeader.SELF_OFFSET, 8);
        assertArrayEquals(expected, to.stored);
    }

    private static Map<Integer, Known> byCrc(List<Known> pages) {
        Map<Integer, Known> byCrc = new HashMap<>();
        pages.forEach(page -> byCrc.put(page.payloadCrc, page));
        return byCrc;
    }

    /** A young run with keys in one leaf of each key page, so that all key pages are entered. */
    private Made youngInEveryKeyPage() {
        return write(entries(500, 20_000, 1000, 40));
    }

    @Test
    void leavesThatNoOtherRunHasKeysInAreMovedAsTheyAreStored() {
        Made old = write(entries(0, 20_000, 1, 40));
        Made young = youngInEveryKeyPage();
        int last = zones.count();
        List<Known> before = leaves(old);
        Made merged = merge(List.of(young, old), zone -> zone > last, ALL_LEAVES);
        assertTrue(merged.movedBytes > old.run.bytes() * 9 / 10, merged.movedBytes + " of " + old.run.bytes());
        assertEquals(0, merged.linkedBytes);
        assertTrue(live.keySet().stream().allMatch(zone -> zone > last), "left in " + live.keySet());
        Map<Integer, Known> after = byCrc(leaves(merged));
        int moved = 0;
        for (Known leaf : before) {
            Known there = after.get(leaf.payloadCrc);
            if (there != null && there.birth() == leaf.birth()) { // else it was taken apart and came to the same
                assertMoved(leaf, there);
                moved++;
            }
        }
        assertTrue(moved > before.size() * 9 / 10, moved + " of " + before.size() + " leaves");
    }

    private Made oldOfSmallLeaves() {
        leafBytes = LEAF * 2 / 5;
        Made old = write(entries(0, 20_000, 1, 40));
        leafBytes = LEAF;
        return old;
    }

    @Test
    void smallLeavesAreMergedAndNotMoved() {
        Made old = oldOfSmallLeaves();
        Made young = youngInEveryKeyPage();
        int last = zones.count();
        int before = leaves(old).size();
        Made merged = merge(List.of(young, old), zone -> zone > last, ALL_LEAVES);
        int after = leaves(merged).size();
        assertTrue(after < before / 2, after + " of " + before + " leaves");
        assertTrue(merged.movedBytes < old.run.bytes() / 20, merged.movedBytes + " of " + old.run.bytes());
    }

    @Test
    void leavesThatAreNotFullAreMergedWhereAllIsToTakeLittleRoom() {
        leafBytes = LEAF * 7 / 10;
        Made old = write(entries(0, 20_000, 1, 40));
        leafBytes = LEAF;
        int last = zones.count();
        assertEquals(0, merge(List.of(old), zone -> zone > last, ALL_LEAVES, RunWriter::packTightly).movedBytes);
    }

    @Test
    void leavesThatAreFullAreMovedWhereAllIsToTakeLittleRoom() {
        Made full = write(entries(0, 20_000, 1, 40));
        int last = zones.count();
        Made moved = merge(List.of(full), zone -> zone > last, ALL_LEAVES, RunWriter::packTightly);
        assertTrue(moved.movedBytes > full.run.bytes() * 9 / 10, moved.movedBytes + " of " + full.run.bytes());
    }

    /** Whoever wants shorter pages gets them by merging. */
    @Test
    void leavesThatAreTooLongAreMergedAndNotMoved() {
        leafBytes = 4 * LEAF;
        Made old = write(entries(0, 20_000, 1, 40));
        leafBytes = LEAF;
        int last = zones.count();
        Made merged = merge(List.of(old), zone -> zone > last, ALL_LEAVES);
        assertEquals(0, merged.movedBytes);
    }

    private Made oldOfValues() {
        TreeMap<byte[], byte[]> content = entries(0, 4000, 1, 40);
        content.putAll(entries(1000, 2000, 2, 1100)); // in pages of values
        return write(content);
    }

    @Test
    void leavesWhoseValuesMayNotStayAreTakenApart() {
        Made old = oldOfValues();
        int last = zones.count();
        Made merged = merge(List.of(old), zone -> zone > last && zone < FIRST_OF_VALUES, ALL_LEAVES);
        assertTrue(merged.movedBytes > 0);
        assertTrue(
                live.keySet().stream().allMatch(zone -> zone > last && zone != FIRST_OF_VALUES),
                "left in " + live.keySet());
    }

    @Test
    void leavesThatMustBeTakenApartAreThoughTheirZonesMayKeepTheirValues() {
        Made old = oldOfValues();
        int last = zones.count();
        List<Known> leaves = leaves(old);
        Known one = leaves.get(leaves.size() / 2);
        Made merged = merge(List.of(old), zone -> zone > last, leaf -> leaf != one.pointer);
        assertTrue(merged.movedBytes > old.run.bytes() / 2 && merged.movedBytes < old.run.bytes());
        assertTrue(leaves(merged).stream()
                .noneMatch(leaf -> leaf.payloadCrc == one.payloadCrc && leaf.birth() == one.birth()));
    }

    @Test
    void valuesStayWhereTheyAreWhereALeafThatRefersToThemIsMoved() {
        Made old = oldOfValues();
        int last = zones.count();
        RoaringBitmap values = live.get(FIRST_OF_VALUES).clone();
        Made merged = merge(List.of(old), zone -> zone > last, ALL_LEAVES);
        assertEquals(old.run.bytes(), merged.movedBytes);
        assertEquals(values, live.get(FIRST_OF_VALUES));
    }

    @Test
    void pagesWithTombstonesAreNotMovedBeforeTheCallerHasSaidSo() {
        TreeMap<byte[], byte[]> content = entries(0, 20_000, 1, 40);
        content.put(key(7000), TOMBSTONE);
        Made old = write(content);
        int last = zones.count();
        Made merged = merge(List.of(old), zone -> zone > last, ALL_LEAVES); // which finds no tombstone
        assertTrue(merged.movedBytes > old.run.bytes() * 9 / 10 && merged.movedBytes < old.run.bytes());
        try (RunWriter writer = writer(nextRun);
                StreamedRuns runs = new StreamedRuns(TestZones.STORE_ID, pool)) {
            Made young = write(content);
            PageMerge merge = runs.merge(
                    List.of(new StreamedRuns.Source(tree(young), List.of(Stretch.ALL), Stretches.ALL)),
                    zone -> false,
                    ALL_LEAVES,
                    writer.changes());
            boolean hasTombstones = false;
            while (merge.next()) {
                assertTrue(merge.isPage());
                hasTombstones |= merge.hasTombstones();
            }
            assertTrue(hasTombstones);
            assertEquals(0, writer.appendedBytes());
            assertArrayEquals(new long[] {young.run.root()}, writer.changes().deadPages());
        }
    }

    @Test
    void aKeyPageIsMovedWithItsLeavesAndItsFilter() {
        Made old = write(entries(0, 20_000, 1, 40));
        int last = zones.count();
        List<Known> leavesBefore = leaves(old);
        List<Known> filtersBefore = filters(old);
        Made merged = merge(List.of(old), zone -> zone > last, ALL_LEAVES);
        assertEquals(old.run.bytes(), merged.movedBytes);
        assertEquals(0, merged.linkedBytes);
        assertTrue(live.keySet().stream().allMatch(zone -> zone > last), "left in " + live.keySet());
        List<Known> leavesAfter = leaves(merged);
        List<Known> filtersAfter = filters(merged);
        assertEquals(leavesBefore.size(), leavesAfter.size());
        for (int i = 0; i < leavesBefore.size(); i++) {
            assertMoved(leavesBefore.get(i), leavesAfter.get(i));
        }
        assertEquals(filtersBefore.size(), filtersAfter.size());
        for (int i = 0; i < filtersBefore.size(); i++) {
            assertMoved(filtersBefore.get(i), filtersAfter.get(i));
        }
        List<KeyPage> pagesBefore = keyPages(tree(old));
        List<KeyPage> pagesAfter = keyPages(tree(merged));
        for (int i = 0; i < pagesBefore.size(); i++) {
            assertEquals(pagesBefore.get(i).count(), pagesAfter.get(i).count());
            for (int child = 0; child + 1 < pagesBefore.get(i).count(); child++) {
                assertArrayEquals(
                        pagesBefore.get(i).key(child), pagesAfter.get(i).key(child));
            }
            assertEquals(merged.run.id(), PageHeader.birth(pagesAfter.get(i).memory(), 0), "written by this merge");
        }
        assertEquals(old.appendedBytes, merged.appendedBytes, old.appendedBytes / 50.0);
    }

    @Test
    void ofAKeyPageThatIsMovedOnlyThatMovesWhichLiesInAZoneThatIsLeft() {
        Made old = write(entries(0, 20_000, 1, 40));
        int last = zones.count();
        IntPredicate zonesToLink = zone -> zone > last || zone % 2 == 0;
        List<Known> leaves = leaves(old);
        List<Known> filters = filters(old);
        Made merged = merge(List.of(old), zonesToLink, ALL_LEAVES);
        assertSomeMoved(leaves, leaves(merged), zonesToLink);
        assertSomeMoved(filters, filters(merged), zonesToLink);
        assertEquals(old.run.bytes(), merged.movedBytes + merged.linkedBytes);
        assertTrue(merged.movedBytes > 0 && merged.linkedBytes > 0);
    }

    private static void assertSomeMoved(List<Known> before, List<Known> after, IntPredicate zonesToLink) {
        assertEquals(before.size(), after.size());
        int stayed = 0;
        for (int i = 0; i < before.size(); i++) {
            if (zonesToLink.test(Pointer.zone(before.get(i).pointer))) {
                assertEquals(before.get(i).pointer, after.get(i).pointer);
                stayed++;
            } else {
                assertMoved(before.get(i), after.get(i));
            }
        }
        assertTrue(stayed > 0 && stayed < before.size(), stayed + " of " + before.size());
    }

    @Test
    void aKeyPageIsEnteredWhereManyOfItsLeavesAreSmall() {
        Made old = oldOfSmallLeaves();
        int last = zones.count();
        int before = leaves(old).size();
        Made merged = merge(List.of(old), zone -> zone > last, ALL_LEAVES);
        int after = leaves(merged).size();
        assertTrue(after < before / 2, after + " of " + before + " leaves");
        assertTrue(merged.movedBytes < old.run.bytes() / 20, merged.movedBytes + " of " + old.run.bytes());
    }

    @Test
    void aPageThatIsDamagedIsNotMovedAndTheMergeIsStuck() {
        for (String what : List.of("leaf", "filter")) {
            Made old = write(entries(0, 20_000, 1, 40));
            int last = zones.count();
            List<Known> pages = what.equals("leaf") ? leaves(old) : filters(old);
            long pointer = pages.get(pages.size() / 2).pointer;
            disk.corrupt(ZoneFiles.name(Pointer.zone(pointer)), (Pointer.offset(pointer) + 90) * 8L + 3);
            CorruptionException damage = assertThrows(
                    CorruptionException.class, () -> merge(List.of(old), zone -> zone > last, ALL_LEAVES), what);
            assertTrue(damage.getMessage().contains(ZoneFiles.name(Pointer.zone(pointer))), damage::getMessage);
            assertTrue(isStuck, what);
        }
    }
}
