package dev.cambium;

import static dev.cambium.StoreTest.b;
import static dev.cambium.StoreTest.s;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cambium.error.StoreException;
import dev.cambium.testkit.disk.CrashOutcome;
import dev.cambium.testkit.disk.FaultRule;
import dev.cambium.testkit.disk.OperationKind;
import dev.cambium.testkit.runtime.StepExecutor;
import java.util.List;
import java.util.NavigableMap;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/** The manifest of a store that stays open for long does not grow for ever. */
class ManifestRollTest {
    private final NavigableMap<String, String> model = new TreeMap<>();

    private void flushOften(SmallStore small, int rounds) {
        for (int i = 0; i < rounds; i++) {
            String key = "key" + i % 10;
            small.store().put(b(key), b("value" + i));
            model.put(key, "value" + i);
            small.store().flush();
        }
    }

    private static String manifest(SmallStore small) {
        List<String> files = small.files("manifest-");
        assertEquals(1, files.size(), files::toString);
        return files.get(0);
    }

    @Test
    void aLongManifestIsReplacedWhileTheStoreIsOpen() {
        try (SmallStore small = new SmallStore(SmallStore.ROOMY)) {
            String first = manifest(small);
            flushOften(small, 300);
            assertTrue(manifest(small).compareTo(first) > 0, manifest(small));
            assertTrue(small.fileBytes("manifest-") < 10_000, small.fileBytes("manifest-") + " bytes");
            small.assertHolds(model, "while it is open");
            small.reopenAfter(CrashOutcome.NOTHING_UNFORCED);
            small.assertHolds(model, "after a power loss");
            assertEquals("[]", small.unnamedOrMissing().toString());
            flushOften(small, 30);
            small.assertHolds(model, "going on");
        }
    }

    @Test
    void longValuesWrittenBetweenRollsAreFound() {
        try (SmallStore small = new SmallStore(SmallStore.ROOMY)) {
            byte[] value = new byte[(1 << 20) + 5];
            for (int round = 0; round < 4; round++) {
                value[round] = 1;
                small.store().put(b("long" + round), value);
                flushOften(small, 25);
            }
            String before = manifest(small);
            flushOften(small, 25);
            small.store().put(b("last"), value);
            assertTrue(manifest(small).compareTo(before) >= 0);
            assertArrayEquals(value, small.store().get(b("long3")));
            small.reopenAfter(CrashOutcome.PROCESS_KILL);
            assertArrayEquals(value, small.store().get(b("long3")));
            assertArrayEquals(value, small.store().get(b("last")));
        }
    }

    @Test
    void whereANewManifestCannotBeWrittenTheOldOneStays() {
        try (SmallStore small = new SmallStore(SmallStore.ROOMY)) {
            String first = manifest(small);
            small.disk()
                    .faults()
                    .add(FaultRule.on(OperationKind.WRITE)
                            .inFiles(name -> name.startsWith("manifest-") && !name.equals(first))
                            .always());
            flushOften(small, 100);
            assertEquals(first, manifest(small), "and leaves nothing of the new one behind");
            small.assertHolds(model, "with the old manifest");
            small.disk().faults().clear();
            flushOften(small, 400);
            assertTrue(manifest(small).compareTo(first) > 0, "tried again once it was twice as long");
            small.assertHolds(model, "with a new one");
        }
    }

    @Test
    void aRollThatIsCutShortAnywhereLosesNothing() {
        long from = 0;
        long to = 0;
        int rounds = 0;
        try (SmallStore small = new SmallStore(SmallStore.ROOMY)) {
            for (String first = manifest(small); manifest(small).equals(first); rounds++) {
                from = small.disk().operationCount();
                flushOften(small, 1);
                to = small.disk().operationCount();
            }
        }
        assertTrue(rounds > 5 && to - from > 10, rounds + " rounds, " + from + " to " + to);
        for (long operation = from; operation <= to; operation++) {
            model.clear();
            try (SmallStore small = new SmallStore(SmallStore.ROOMY)) { // does the same again
                small.disk().crashAt(operation);
                assertThrows(Throwable.class, () -> flushOften(small, 1000));
                assertTrue(small.disk().hasCrashed());
                NavigableMap<String, String> acknowledged = new TreeMap<>(model);
                for (CrashOutcome outcome :
                        List.of(CrashOutcome.NOTHING_UNFORCED, CrashOutcome.PROCESS_KILL, CrashOutcome.powerLoss(to))) {
                    try (SmallStore found = new SmallStore(
                            SmallStore.ROOMY,
                            StepExecutor.Mode.INLINE,
                            small.disk().afterCrash(outcome))) {
                        String when = "operation " + operation + " of " + from + " to " + to + ", " + outcome;
                        acknowledged.forEach((key, value) -> {
                            String now = s(found.store().get(b(key)));
                            boolean isNext =
                                    now != null && Integer.parseInt(now.substring(5)) > lastRound(acknowledged);
                            assertTrue(value.equals(now) || isNext, when + ": " + key + " = " + now);
                        });
                        assertEquals("[]", found.unnamedOrMissing().toString(), when);
                        manifest(found);
                    }
                }
            }
        }
    }

    private static int lastRound(NavigableMap<String, String> map) {
        return map.values().stream()
                .mapToInt(value -> Integer.parseInt(value.substring(5)))
                .max()
                .orElse(-1);
    }

    @Test
    void aFailedSuperblockLatchesTheManifestAndLosesNothing() {
        try (SmallStore small = new SmallStore(SmallStore.ROOMY)) {
            flushOften(small, 5);
            small.disk()
                    .faults()
                    .add(FaultRule.on(OperationKind.WRITE)
                            .inFiles(name -> name.equals("SUPERBLOCK"))
                            .always());
            assertThrows(StoreException.class, () -> flushOften(small, 100));
            String lastKey = model.lastKey();
            small.disk().faults().clear();
            assertEquals(model.get(lastKey), s(small.store().get(b(lastKey))));
            small.reopenAfter(CrashOutcome.NOTHING_UNFORCED);
            model.forEach((key, value) -> assertEquals(value, s(small.store().get(b(key)))));
        }
    }
}
