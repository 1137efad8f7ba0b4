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
import dev.cambium.testkit.disk.SimulatedCrash;
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
            assertEquals(List.of(first), small.files("manifest-").stream().filter(first::equals).toList());
            small.assertHolds(model, "with the old manifest");
            small.disk().faults().clear();
            flushOften(small, 400);
            assertTrue(manifest(small).compareTo(first) > 0, "tried again once it was twice as long");
            small.assertHolds(model, "with a new one");
        }
    }

    @Test
    void aRollThatIsCutShortAnywhereLosesNothing() {
        for (int at = 0; at < 12; at++) {
            try (SmallStore small = new SmallStore(SmallStore.ROOMY)) {
                String first = manifest(small);
                model.clear();
                long[] operations = new long[1];
                small.disk().faults().add(FaultRule.on(OperationKind.CREATE)
                        .inFiles(name -> name.startsWith("manifest-"))
                        .fromThe(1));
                while (small.disk().faults().failures() == 0) { // up to the first try, which fails
                    flushOften(small, 1);
                    operations[0] = small.disk().operationCount();
                }
                long before = small.disk().operationCount();
                small.disk().crashAt(before + 40 + at);
                int count = 0;
                try {
                    for (; manifest(small).equals(first) && count < 3000; count++) {
                        flushOften(small, 1);
                    }
                } catch (StoreException | SimulatedCrash e) {
                    assertTrue(small.disk().hasCrashed());
                }
                small.reopenAfter(CrashOutcome.NOTHING_UNFORCED);
                for (int key = 0; key < 10; key++) {
                    assertEquals(model.get("key" + key) == null, small.store().get(b("key" + key)) == null);
                }
            }
        }
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
            small.assertHoldsKey(lastKey, model.get(lastKey));
            small.reopenAfter(CrashOutcome.NOTHING_UNFORCED);
            model.forEach((key, value) -> assertEquals(value, s(small.store().get(b(key)))));
        }
    }
}
