package dev.cambium.compaction;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cambium.segment.frame.FrameCache;
import dev.cambium.segment.manifest.ManifestRecord;
import dev.cambium.segment.manifest.Stretch;
import dev.cambium.segment.memory.Memory;
import dev.cambium.segment.page.Aggregation;
import dev.cambium.segment.page.KeyPage;
import dev.cambium.segment.page.PageKind;
import dev.cambium.segment.page.Pointer;
import dev.cambium.segment.pool.BufferPool;
import dev.cambium.segment.zone.SharedZone;
import dev.cambium.testkit.disk.SimulatedDisk;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Trees whose pages of level 1 are made up: an edit reads only those above. */
class TreeEditTest {
    private static final int PAGE_BYTES = 512;
    private static final int MADE_UP_ZONE = 999;
    private final SimulatedDisk disk = new SimulatedDisk(1);
    private final BufferPool pool = new BufferPool(1L << 28, 64 << 10);
    private final FrameCache frames = new FrameCache(TestZones.STORE_ID, pool, 1 << 22, TestReclaimer.AT_ONCE);
    private final List<SharedZone> readers = new ArrayList<>();
    private final TestZones zones;
    private final TreeMap<byte[], Child> model = new TreeMap<>(Arrays::compareUnsigned); // by low
    private Child root;
    private int madeUp;
    private long nextRun = 1;

    TreeEditTest() {
        disk.createDirectory();
        zones = new TestZones(disk, pool, 1 << 22);
    }

    @AfterEach
    void close() {
        readers.forEach(SharedZone::release);
        frames.close();
        zones.close();
        assertEquals(0, pool.usedBytes());
    }

    private Child child(byte[] low) {
        Aggregation held = new Aggregation();
        held.entries = 1 + madeUp % 7;
        held.bytes = 100;
        return new Child(low, Pointer.of(MADE_UP_ZONE, 4096 + 128 * ++madeUp, 100, 100, PageKind.KEYS), madeUp, held);
    }

    private RunTree tree() {
        List<SharedZone> opened = zones.readers();
        readers.addAll(opened);
        ManifestRecord.Run run = new ManifestRecord.Run(
                1,
                root.pointer(),
                root.payloadCrc(),
                ManifestRecord.BASE_TIER,
                1,
                1,
                1,
                1,
                root.held().entries,
                0,
                root.held().bytes,
                new byte[] {0},
                new byte[] {-1});
        return new RunTree(run, new TreePages(TestZones.byNumber(opened), frames));
    }

    private RunWriter writer() {
        long run = nextRun++;
        return new RunWriter(zones, zones, pool, PageSizes.of(PAGE_BYTES), TestZones.STORE_ID, run, run, 42);
    }

    /** A tree of one entry, whose only page of level 1 gives way to others. */
    private void build(List<byte[]> lows) {
        Memory key = Memory.allocate(5);
        try (RunWriter writer = writer()) {
            writer.add(key, 0, 5, 1, key, 0, 0);
            ManifestRecord.Run run = writer.finish(0, 1, 1, 1, 1);
            root = new Child(new byte[0], run.root(), run.rootCrc(), new Aggregation());
        } finally {
            key.release();
        }
        List<Child> children = lows.stream().map(this::child).toList();
        children.forEach(child -> model.put(child.low(), child));
        edit(List.of(new TreeEdit.Replacement(Stretch.ALL, children)));
    }

    private void edit(List<TreeEdit.Replacement> replacements) {
        try (RunWriter writer = writer()) {
            root = new TreeEdit(tree(), replacements).write(writer);
        }
    }

    /** The stretch of some pages of level 1 side by side gives way to that of others. */
    private TreeEdit.Replacement replacement(byte[] from, byte[] to, List<byte[]> inner) {
        List<Child> children = new ArrayList<>();
        for (byte[] low : inner) {
            children.add(child(low));
        }
        model.subMap(from, true, to == null ? new byte[] {-1, -1} : to, false).clear();
        children.forEach(child -> model.put(child.low(), child));
        return new TreeEdit.Replacement(new Stretch(from, to), children);
    }

    private int check(int fewest) {
        TreeMap<byte[], Child> found = new TreeMap<>(Arrays::compareUnsigned);
        KeyNode top = tree().root();
        walk(top, new byte[0], found);
        assertEquals(model.size(), found.size());
        long entries = 0;
        for (Map.Entry<byte[], Child> entry : model.entrySet()) {
            Child other = found.get(entry.getKey());
            assertEquals(entry.getValue().pointer(), other.pointer());
            assertEquals(entry.getValue().payloadCrc(), other.payloadCrc());
            entries += other.held().entries;
        }
        assertEquals(entries, root.held().entries);
        double height = 2 + Math.ceil(Math.log(Math.max(1, model.size())) / Math.log(fewest));
        assertTrue(top.level() <= height, top.level() + " levels over " + model.size() + " pages");
        return top.level();
    }

    private static void walk(KeyNode node, byte[] low, TreeMap<byte[], Child> found) {
        KeyPage page = node.page();
        for (int i = 0; i < page.count(); i++) {
            byte[] childLow = i == 0 ? low : page.key(i - 1);
            if (node.level() == 2) {
                Aggregation held = new Aggregation();
                page.addTo(held, i);
                found.put(childLow, new Child(childLow, page.child(i), page.payloadCrc(i), held));
            } else {
                walk(node.keys(i), childLow, found);
            }
        }
    }

    private static byte[] low(Random random, int length) {
        byte[] low = String.format("%08x", random.nextInt()).getBytes(StandardCharsets.US_ASCII);
        return Arrays.copyOf(low, Math.max(low.length, random.nextInt(length + 1)));
    }

    @ParameterizedTest
    @CsvSource({"1, 8", "2, 300", "3, 2000", "4, 30000"})
    void howeverATreeIsEditedItHasWhatItShouldAndStaysLow(long seed, int length) {
        Random random = new Random(seed);
        TreeMap<byte[], Boolean> lows = new TreeMap<>(Arrays::compareUnsigned);
        lows.put(new byte[0], true);
        for (int i = 0; i < 200; i++) {
            lows.put(low(random, length), true);
        }
        build(List.copyOf(lows.keySet()));
        check(4);
        for (int step = 0; step < 60; step++) {
            boolean grows = step % 20 < 10 || model.size() < 200; // and shrinks
            List<TreeEdit.Replacement> replacements = new ArrayList<>();
            byte[][] before = model.keySet().toArray(byte[][]::new);
            for (int i = random.nextInt(9); i < before.length; i += 1 + random.nextInt(30)) {
                int last = Math.min(before.length, i + 1 + random.nextInt(grows ? 2 : 12));
                byte[] to = last == before.length ? null : before[last];
                List<byte[]> inner = new ArrayList<>();
                if (grows || random.nextBoolean()) {
                    inner.add(before[i]);
                    for (int more = random.nextInt(grows ? 6 : 2); more > 0; more--) {
                        byte[] previous = inner.get(inner.size() - 1);
                        byte[] next = Arrays.copyOf(previous, previous.length + 1 + random.nextInt(4));
                        next[next.length - 1] = 1;
                        if (to == null || Arrays.compareUnsigned(next, to) < 0) {
                            inner.add(next);
                        }
                    }
                }
                if (i > 0 || !inner.isEmpty()) { // the first of all has no low of its own
                    replacements.add(replacement(before[i], to, inner));
                }
                i = last;
            }
            if (!replacements.isEmpty()) {
                edit(replacements);
                check(3);
            }
        }
    }

    /** Where pages lose their neighbours one by one, those that are left are brought together. */
    @Test
    void aTreeThatShrinksPageByPageBecomesLow() {
        List<byte[]> lows = new ArrayList<>();
        lows.add(new byte[0]);
        for (int i = 1; i < 3000; i++) {
            lows.add(String.format("%06d", i).getBytes(StandardCharsets.US_ASCII));
        }
        build(lows);
        int high = check(4);
        Random random = new Random(5);
        while (model.size() > 8) {
            List<TreeEdit.Replacement> replacements = new ArrayList<>();
            byte[][] before = model.keySet().toArray(byte[][]::new);
            for (int i = 1; i < before.length; i += 2 + random.nextInt(40)) {
                replacements.add(replacement(before[i], i + 1 == before.length ? null : before[i + 1], List.of()));
            }
            edit(replacements);
            check(3);
        }
        assertTrue(
                check(3) <= 3 && high > 3,
                high + " levels, then " + tree().root().level());
    }

    @Test
    void aTreeOfWhichNothingIsLeftIsNone() {
        build(List.of(new byte[0], new byte[] {5}, new byte[] {7}));
        edit(List.of(new TreeEdit.Replacement(Stretch.ALL, List.of())));
        assertNull(root);
    }

    @Test
    void lowsOfPagesAreThoseOfTheStretch() {
        build(List.of(new byte[0], new byte[] {5}, new byte[] {7}));
        edit(List.of(replacement(new byte[] {5}, new byte[] {7}, List.of(new byte[] {5}, new byte[] {6}))));
        check(4);
        assertArrayEquals(new byte[0], root.low());
    }
}
