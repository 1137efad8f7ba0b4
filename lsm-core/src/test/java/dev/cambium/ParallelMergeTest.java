package dev.cambium;

import static dev.cambium.StoreTest.b;
import static dev.cambium.StoreTest.s;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cambium.error.StoreIOException;
import dev.cambium.segment.manifest.ManifestRecord;
import dev.cambium.segment.manifest.ManifestRecord.ZoneState;
import dev.cambium.segment.manifest.ManifestState;
import dev.cambium.segment.zone.ZoneFiles;
import dev.cambium.testkit.disk.CrashOutcome;
import dev.cambium.testkit.disk.FaultRule;
import dev.cambium.testkit.disk.OperationKind;
import dev.cambium.testkit.runtime.StepExecutor;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.NavigableMap;
import java.util.SplittableRandom;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** {@link Options#mergeThreads}: several stretches of the base are merged at the same time, and come to what one after the other would. */
@ExtendWith(QuietLog.class)
class ParallelMergeTest {
    private static final int STREAM_BASE = 2;
    private static final int KEYS = 3000;
    private static final Options MANY_RANGES = ValueWorld.OPTIONS.withPageBytes(Options.MIN_PAGE_BYTES);

    private static ValueWorld world(int threads) {
        return new ValueWorld(MANY_RANGES.withMergeThreads(threads), StepExecutor.Mode.INLINE);
    }

    /** Has a base, and then young runs over all of it, in stretches whose pages lie across those of the base. */
    private static void overwrite(ValueWorld world) {
        world.fill(KEYS, 100);
        for (int round = 0; round < 3; round++) {
            for (int i = 0; i < KEYS; i++) {
                if ((i + round) % 3 != 0) {
                    if (i % 11 == round) {
                        world.delete(i);
                    } else {
                        world.put(i, SmallStore.noise(i + KEYS * round, 80 + i % 50));
                    }
                }
            }
            world.small.store().flush();
            world.verify("round " + round);
        }
    }

    private static List<ManifestRecord.Zone> open(ManifestState state) {
        return state.zones().values().stream()
                .filter(zone -> zone.stream() == STREAM_BASE && zone.state() == ZoneState.OPEN)
                .toList();
    }

    @Test
    void eachAppendsToZonesOfItsOwnAndAllOfItIsNamedAtOnce() {
        try (ValueWorld alone = world(1);
                ValueWorld world = world(3)) {
            overwrite(alone);
            overwrite(world);
            assertEquals(1, open(alone.small.manifest()).size());
            assertEquals(3, open(world.small.manifest()).size());
            assertTrue(world.small.manifest().runs().stream().anyMatch(run -> run.tombstones() == 0 && run.isBase()));
            world.assertHolds("merged by three");
            world.small.store().compact();
            alone.small.store().compact();
            assertEquals(
                    alone.small.store().stats().entries(),
                    world.small.store().stats().entries());
            assertEquals(0, world.small.store().stats().tombstones());
            world.assertHolds("compacted by three");
            world.verify("compacted by three");
        }
    }

    @Test
    void openZonesGoOnAfterACleanCloseAndThoseWithoutAThreadAreCut() {
        ValueWorld world = world(3);
        overwrite(world);
        List<ManifestRecord.Zone> left = open(world.small.manifest());
        world.close();
        ValueWorld same = again(world, 3);
        ManifestState before = same.small.manifest();
        left.forEach(zone ->
                assertEquals(ZoneState.OPEN, before.zones().get(zone.number()).state(), "opened"));
        overwrite(same);
        ManifestState after = same.verify("the same threads");
        left.forEach(zone -> {
            ManifestRecord.Zone now = after.zones().get(zone.number());
            assertTrue(now == null || now.state() != ZoneState.CUT && now.length() > zone.length(), zone + ", " + now);
        });
        assertEquals(3, open(after).size());
        same.assertHolds("opened with the same threads");
        same.close();
        try (ValueWorld fewer = again(same, 1)) {
            overwrite(fewer);
            assertEquals(1, open(fewer.verify("fewer threads")).size());
            fewer.assertHolds("opened with one thread");
        }
    }

    private static ValueWorld again(ValueWorld closed, int threads) {
        return new ValueWorld(
                MANY_RANGES.withMergeThreads(threads),
                StepExecutor.Mode.INLINE,
                closed.small.disk().afterCrash(CrashOutcome.EVERYTHING),
                closed.model);
    }

    /** Whichever of them fails: nothing is named, and the next try does all of it. */
    @Test
    void aWriteThatFailsInOnePartEndsAllOfThem() {
        try (ValueWorld world = world(3)) {
            overwrite(world);
            for (int nth = 1; nth <= 4; nth++) {
                for (int i = nth; i < KEYS; i += 5) {
                    world.put(i, SmallStore.noise(i + nth, 90));
                }
                world.small.store().flush();
                List<ManifestRecord.Run> before = world.small.manifest().runs();
                world.small
                        .disk()
                        .faults()
                        .add(FaultRule.on(OperationKind.WRITE)
                                .inFiles(name -> ZoneFiles.numberOf(name) > 0)
                                .fromThe(nth));
                assertThrows(StoreIOException.class, world.small.store()::compact, "write " + nth);
                world.small.disk().faults().clear();
                assertEquals(before, world.small.manifest().runs());
                world.verify("after the failure of write " + nth);
                world.assertHolds("after the failure of write " + nth);
            }
            world.small.store().compact();
            world.assertHolds("compacted");
        }
    }

    /** Real threads on a real disk, while there are writes, and another number of them in each life. */
    @ParameterizedTest
    @ValueSource(longs = 1)
    void threadsMergeAtTheSameTimeWhileOthersWriteAndRead(long seed, @TempDir Path directory) {
        NavigableMap<String, String> model = new TreeMap<>();
        SplittableRandom random = new SplittableRandom(seed);
        Options options = SmallStore.SMALL.withMemtableBytes(256 << 10);
        for (int threads = 4; threads > 0; threads--) {
            try (Store store = Store.open(directory.resolve("store"), options.withMergeThreads(threads))) {
                for (int i = 0; i < 15_000; i++) {
                    String key = String.format(Locale.ROOT, "%06d", random.nextInt(20_000));
                    String value = SmallStore.noise(random.nextInt(), random.nextInt(60) == 0 ? 1500 : 60);
                    store.put(b(key), b(value), Durability.BUFFERED);
                    model.put(key, value);
                    if (i % 16 == 0) {
                        String read = model.ceilingKey(key);
                        assertEquals(model.get(read), s(store.get(b(read))));
                    }
                    if (i % 5_000 == 0) {
                        store.compact();
                    }
                }
                model.forEach((key, value) -> assertEquals(value, s(store.get(b(key)))));
            }
            assertEquals(List.of(), Store.verify(directory.resolve("store")).findings(), threads + " threads");
        }
    }

    @Test
    void thereAreOneToSixteenThreadsOrAsManyAsGoWithProcessorsAndBudget() {
        assertEquals(0, Options.DEFAULT.mergeThreads());
        for (int wrong : new int[] {-1, 17}) {
            IllegalArgumentException e =
                    assertThrows(IllegalArgumentException.class, () -> Options.DEFAULT.withMergeThreads(wrong));
            assertTrue(e.getMessage().contains("mergeThreads is " + wrong + ", must be 1 to 16"), e.getMessage());
        }
        assertEquals(1, Options.DEFAULT.settledFor(1).mergeThreads());
        assertEquals(1, Options.DEFAULT.settledFor(3).mergeThreads());
        assertEquals(2, Options.DEFAULT.settledFor(4).mergeThreads());
        assertEquals(4, Options.DEFAULT.settledFor(64).mergeThreads());
        assertEquals(
                1, Options.DEFAULT.withMemoryBudget(32 << 20).settledFor(64).mergeThreads());
        assertEquals(9, Options.DEFAULT.withMergeThreads(9).settledFor(64).mergeThreads());
    }
}
