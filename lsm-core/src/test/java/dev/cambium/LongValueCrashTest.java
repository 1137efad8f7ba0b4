package dev.cambium;

import static dev.cambium.LongInputs.failingAfter;
import static dev.cambium.LongInputs.noise;
import static dev.cambium.StoreTest.b;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cambium.error.CorruptionException;
import dev.cambium.error.StoreException;
import dev.cambium.log.Verification;
import dev.cambium.testkit.disk.CrashKind;
import dev.cambium.testkit.disk.CrashOutcome;
import dev.cambium.testkit.disk.FaultRule;
import dev.cambium.testkit.disk.OperationKind;
import dev.cambium.testkit.disk.SimulatedCrash;
import dev.cambium.testkit.disk.SimulatedDisk;
import dev.cambium.testkit.runtime.StepExecutor;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Long values and records that refer to them, where a process dies or the power fails: the two are forced apart, and may be lost apart. */
class LongValueCrashTest {
    private static final int MIB = 1 << 20;
    private static final int LENGTH = 64 << 10;
    private static final int PAGE_LENGTH = LENGTH + 64; // of its value, which does not shrink
    private static final Options WIDE = SmallStore.ROOMY.withZoneBytes(64 << 20);

    /** What may become of a page. */
    private enum Damage {
        HEADER,
        PAYLOAD,
        ALL,
        END_OF_FILE;

        void applyTo(SimulatedDisk disk, String zone, int from, int length) {
            switch (this) {
                case HEADER -> disk.corrupt(zone, (from + 30) * 8L);
                case PAYLOAD -> disk.corrupt(zone, (from + length - 1) * 8L);
                case ALL -> {
                    byte[] bytes = disk.bytes(zone);
                    Arrays.fill(bytes, from, from + length, (byte) 0);
                    disk.replace(zone, bytes);
                }
                case END_OF_FILE -> disk.replace(zone, Arrays.copyOf(disk.bytes(zone), from + length / 2));
            }
        }
    }

    private static String onlyZone(SmallStore small) {
        List<String> zones = small.files("zone-");
        assertEquals(1, zones.size(), zones::toString);
        return zones.get(0);
    }

    private static SmallStore opened(SimulatedDisk disk) {
        return new SmallStore(WIDE, StepExecutor.Mode.INLINE, disk);
    }

    private static void assertSound(SimulatedDisk disk, String when) {
        assertEquals(List.of(), new Verification(disk).run().findings(), when);
    }

    @Test
    void aPowerLossThatKeepsARecordAndLosesItsPageTakesThatAndWhatCameLater() {
        for (Damage damage : Damage.values()) {
            for (int lost = 1; lost < 4; lost++) {
                String when = damage + " of value " + lost;
                SmallStore small = new SmallStore(WIDE);
                small.store().put(b("k0"), noise(0, LENGTH));
                for (int i = 1; i < 4; i++) {
                    small.store().put(b("k" + i), noise(i, LENGTH), Durability.BUFFERED);
                }
                SimulatedDisk left = small.disk().afterCrash(CrashOutcome.EVERYTHING);
                damage.applyTo(left, onlyZone(small), 4096 + lost * PAGE_LENGTH, PAGE_LENGTH);
                small.close();
                assertSound(left, when);
                try (SmallStore found = opened(left)) {
                    assertKept(found.store(), lost, when);
                    assertEquals(4 - lost, found.store().recoveryReport().setAsideRecords(), when);
                    assertTrue(found.store().recoveryReport().toString().contains("refers to"), when);
                    found.reopenAfter(CrashOutcome.NOTHING_UNFORCED); // what was found once is there to stay
                    assertKept(found.store(), lost, when);
                    found.store().put(b("more"), noise(9, LENGTH));
                    found.store().compact();
                    assertKept(found.store(), lost, when);
                    assertArrayEquals(noise(9, LENGTH), found.store().get(b("more")));
                    found.store().close();
                    assertSound(found.disk(), when);
                }
            }
        }
    }

    private static void assertKept(Store store, int lost, String when) {
        for (int i = 0; i < 4; i++) {
            assertArrayEquals(i < lost ? noise(i, LENGTH) : null, store.get(b("k" + i)), when);
        }
    }

    @Test
    void aPowerLossThatKeepsARecordAndLosesAChunkOrTheListTakesTheRecord() {
        int chunk = MIB + 64;
        int list = 4096
                + 2 * (chunk + 128 + 64)
                - 64; // behind two values of a chunk, one of a byte, and a list that shrinks
        for (Damage damage : Damage.values()) {
            for (int[] place : new int[][] {{list - 128 - chunk, chunk}, {list - 128, 65}, {list, 50}}) {
                String when = damage + " at " + place[0];
                SmallStore small = new SmallStore(WIDE);
                small.store().put(b("first"), noise(1, MIB + 1), Durability.BUFFERED);
                small.store().sync();
                small.store().put(b("second"), noise(2, MIB + 1), Durability.BUFFERED);
                assertEquals(list + 64, small.disk().bytes(onlyZone(small)).length, "where the list ends");
                SimulatedDisk left = small.disk().afterCrash(CrashOutcome.EVERYTHING);
                damage.applyTo(left, onlyZone(small), place[0], place[1]);
                small.close();
                assertSound(left, when);
                try (SmallStore found = opened(left)) {
                    assertArrayEquals(noise(1, MIB + 1), found.store().get(b("first")), when);
                    assertNull(found.store().get(b("second")), when);
                    assertEquals(1, found.store().recoveryReport().setAsideRecords(), when);
                    found.store().compact();
                    assertArrayEquals(noise(1, MIB + 1), found.store().get(b("first")), when);
                }
                assertSound(left, when);
            }
        }
    }

    /** All of a zone that is named is verified: what was lost of a put that failed is not to be named with what came later. */
    @Test
    void aPageThatNothingRefersToAndThePowerLossTookTakesWhatCameLaterInItsZone() {
        SmallStore small = new SmallStore(WIDE);
        small.store().put(b("first"), noise(1, MIB + 1), Durability.BUFFERED);
        int garbage = small.disk().bytes(onlyZone(small)).length;
        assertThrows(IOException.class, () -> small.store().put(b("x"), failingAfter(noise(2, 2 * MIB))));
        small.store().put(b("second"), noise(3, MIB + 1), Durability.BUFFERED);
        SimulatedDisk left = small.disk().afterCrash(CrashOutcome.EVERYTHING);
        Damage.PAYLOAD.applyTo(left, onlyZone(small), garbage, MIB);
        small.close();
        assertSound(left, "as it is found");
        try (SmallStore found = opened(left)) {
            assertArrayEquals(noise(1, MIB + 1), found.store().get(b("first")));
            assertNull(found.store().get(b("second")));
        }
        assertSound(left, "closed");
    }

    /** Old bytes may stand where a page was to go, whole, with a header of the same place. */
    @Test
    void bytesOfAnEarlierLifeDoNotPassForAPageThatWasLost() {
        SmallStore small = new SmallStore(WIDE);
        small.store().put(b("k0"), noise(0, LENGTH));
        small.store().put(b("k1"), noise(1, LENGTH), Durability.BUFFERED);
        String zone = onlyZone(small);
        byte[] before = small.disk().bytes(zone);
        SmallStore other = opened(small.disk().afterCrash(CrashOutcome.NOTHING_UNFORCED));
        assertNull(other.store().get(b("k1")));
        small.close();
        other.close();

        SmallStore again = new SmallStore(WIDE);
        again.store().put(b("k0"), noise(0, LENGTH));
        again.store().put(b("k1"), noise(2, LENGTH), Durability.BUFFERED);
        SimulatedDisk left = again.disk().afterCrash(CrashOutcome.EVERYTHING);
        left.replace(zone, before); // of a store with the same id, as the seed is the same
        again.close();
        try (SmallStore found = opened(left)) {
            assertArrayEquals(noise(0, LENGTH), found.store().get(b("k0")));
            assertNull(found.store().get(b("k1")));
        }
    }

    /** The page cache has lost nothing when a process dies, and what was forced is on the medium. */
    @Test
    void aLostPageThatWasPromisedOrWrittenInThisBootIsReported() {
        for (boolean forced : new boolean[] {false, true}) {
            for (Damage damage : Damage.values()) {
                String when = damage + ", forced " + forced;
                SmallStore small = new SmallStore(WIDE);
                for (int i = 0; i < 3; i++) {
                    small.store().put(b("k" + i), noise(i, LENGTH), Durability.BUFFERED);
                }
                if (forced) {
                    small.store().put(b("short"), b("v")); // forces all
                }
                SimulatedDisk left =
                        small.disk().afterCrash(forced ? CrashOutcome.EVERYTHING : CrashOutcome.PROCESS_KILL);
                String zone = onlyZone(small);
                damage.applyTo(left, zone, 4096 + PAGE_LENGTH, PAGE_LENGTH);
                small.close();
                if (damage == Damage.END_OF_FILE) {
                    CorruptionException told = assertThrows(CorruptionException.class, () -> opened(left), when);
                    assertEquals(zone, told.file(), when);
                    assertTrue(told.offset() >= 4096 + PAGE_LENGTH, told::getMessage);
                    continue;
                }
                assertEquals(
                        zone, new Verification(left).run().findings().get(0).file(), when);
                SmallStore found = opened(left);
                CorruptionException told = assertThrows(
                        CorruptionException.class, () -> found.store().get(b("k1")), when);
                assertEquals(zone, told.file(), when);
                assertTrue(told.offset() >= 4096 + PAGE_LENGTH && told.offset() < 4096 + 2 * PAGE_LENGTH, when);
                assertArrayEquals(noise(0, LENGTH), found.store().get(b("k0")), when);
                assertArrayEquals(noise(2, LENGTH), found.store().get(b("k2")), when);
                found.store().put(b("k3"), noise(3, LENGTH));
                found.store().flush();
                assertThrows(CorruptionException.class, () -> found.store().get(b("k1")), when);
                assertArrayEquals(noise(2, LENGTH), found.store().get(b("k2")), when);
                found.store().close();
            }
        }
    }

    @Test
    void whateverForcesTheLogForcesFirstWhatItRefersTo() {
        for (String by : List.of("sync", "a short put", "a long put", "flush", "close", "a full log")) {
            SmallStore small = new SmallStore(WIDE);
            Store store = small.store();
            for (int i = 0; i < 3; i++) {
                store.put(b("k" + i), noise(i, LENGTH), Durability.BUFFERED);
            }
            store.put(b("chunks"), noise(7, MIB + 1), Durability.BUFFERED);
            switch (by) {
                case "sync" -> store.sync();
                case "a short put" -> store.put(b("short"), b("v"));
                case "a long put" -> store.put(b("other"), noise(8, 2 * MIB));
                case "flush" -> store.flush();
                case "close" -> store.close();
                default -> {
                    for (int i = 0; i < 40; i++) {
                        store.put(b("fill" + i), new byte[60_000], Durability.BUFFERED);
                    }
                    store.sync();
                }
            }
            try (SmallStore found = opened(small.disk().afterCrash(CrashOutcome.NOTHING_UNFORCED))) {
                for (int i = 0; i < 3; i++) {
                    assertArrayEquals(noise(i, LENGTH), found.store().get(b("k" + i)), by);
                }
                assertArrayEquals(noise(7, MIB + 1), found.store().get(b("chunks")), by);
            }
            small.close();
        }
    }

    /** Between a flush's edit and what follows it, puts begin zones that the edit knows nothing of, and fill them. */
    @Test
    void aZoneThatIsBegunAndFilledWhileAnEditIsNoticedIsForcedWithTheLog() {
        try (SmallStore small = new SmallStore(NARROW, StepExecutor.Mode.MANUAL)) {
            Store store = small.store();
            store.put(b("dead"), noise(1, 600_000));
            store.delete(b("dead"));
            store.flush(); // drops its zone
            AtomicBoolean hasPut = new AtomicBoolean();
            small.disk().faults().add(FaultRule.on(OperationKind.DELETE).inFiles(name -> {
                if (name.startsWith("zone-") && hasPut.compareAndSet(false, true)) {
                    for (int i = 0; i < 3; i++) { // each needs a zone
                        store.put(b("k" + i), noise(i, 600_000), Durability.BUFFERED);
                    }
                }
                return false;
            }));
            store.put(b("other"), b("v"));
            store.flush(); // deletes it, once its edit is forced
            assertTrue(hasPut.get());
            small.disk().faults().clear();
            store.put(b("short"), b("v"));
            small.reopenAfter(CrashOutcome.NOTHING_UNFORCED);
            for (int i = 0; i < 3; i++) {
                assertArrayEquals(noise(i, 600_000), small.store().get(b("k" + i)), "value " + i);
            }
        }
    }

    private static final Options NARROW = SmallStore.ROOMY.withZoneBytes(MIB);

    private static void cutShort(long seed, int step, int outcomes) {
        Options options = seed % 2 == 0 ? NARROW : WIDE;
        for (long at = 0; ; at += step) {
            SmallStore small = new SmallStore(options);
            SimulatedDisk disk = small.disk();
            disk.crashAt(disk.operationCount() + at);
            LongValueScript script = new LongValueScript(small, seed);
            try {
                script.run(14);
            } catch (SimulatedCrash | StoreException e) {
                assertTrue(disk.hasCrashed(), () -> "seed " + seed + ": " + e);
            }
            if (!disk.hasCrashed()) {
                disk.crashAt(Long.MAX_VALUE);
                small.close();
                break;
            }
            List<CrashOutcome> found = new ArrayList<>(
                    List.of(CrashOutcome.NOTHING_UNFORCED, CrashOutcome.PROCESS_KILL, CrashOutcome.EVERYTHING));
            for (int i = 0; i < outcomes; i++) {
                found.add(CrashOutcome.powerLoss(at * 100 + i));
            }
            for (CrashOutcome outcome : outcomes > 0 ? found : List.of(found.get((int) (at / step % 3)))) {
                checkAfter(script, disk.afterCrash(outcome), outcome, options, "seed " + seed + ", operation " + at);
            }
            small.close();
        }
    }

    private static void checkAfter(
            LongValueScript script, SimulatedDisk left, CrashOutcome outcome, Options options, String where) {
        String when = where + ", " + outcome;
        assertSound(left, when + ", as it is found");
        try (SmallStore found = new SmallStore(options, StepExecutor.Mode.INLINE, left)) {
            int state = script.check(found.store(), outcome.kind(), when);
            found.reopenAfter(CrashOutcome.NOTHING_UNFORCED);
            assertTrue(script.isAt(state, found.store()), when + ", once more");
            found.store().put(b("more"), noise(99, 100_000), Durability.BUFFERED);
            found.store().compact();
            assertTrue(script.isAt(state, found.store()), when + ", compacted");
            assertArrayEquals(noise(99, 100_000), found.store().get(b("more")), when);
            found.reopen();
            assertTrue(script.isAt(state, found.store()), when + ", closed");
            left = found.disk();
        }
        assertSound(left, when);
    }

    @Test
    void whatIsFoundIsWhatWasWrittenUpToSomeRecordWhereverPutsOfAllKindsAreCutShort() {
        for (long seed = 1; seed <= 4; seed++) {
            cutShort(seed, 5, 1);
        }
    }

    @Tag("long")
    @Test
    void whatIsFoundIsWhatWasWrittenUpToSomeRecordAtWhicheverOperationPutsOfAllKindsAreCutShort() {
        for (long seed = 1; seed <= 12; seed++) {
            cutShort(seed, 1, 3);
        }
    }

    private static void cutRecoveryShort(long seed, int step) {
        SmallStore small = new SmallStore(WIDE);
        LongValueScript script = new LongValueScript(small, seed);
        script.run(12);
        for (CrashOutcome first :
                List.of(CrashOutcome.PROCESS_KILL, CrashOutcome.EVERYTHING, CrashOutcome.powerLoss(seed * 31 + 7))) {
            SimulatedDisk left = small.disk().afterCrash(first);
            int expected;
            try (SmallStore found = opened(copy(left))) {
                expected = script.check(found.store(), first.kind(), "seed " + seed + ", " + first);
            }
            for (long at = 0; ; at += step) {
                SimulatedDisk disk = copy(left);
                disk.crashAt(at);
                SmallStore recovering = null;
                try {
                    recovering = opened(disk);
                } catch (SimulatedCrash | StoreException e) {
                    assertTrue(disk.hasCrashed(), () -> "seed " + seed + ": " + e);
                }
                boolean died = disk.hasCrashed();
                for (CrashOutcome second :
                        List.of(CrashOutcome.PROCESS_KILL, CrashOutcome.NOTHING_UNFORCED, CrashOutcome.powerLoss(at))) {
                    String when = "seed " + seed + ", " + first + ", recovery cut at " + at + ", " + second;
                    SimulatedDisk after = disk.afterCrash(second);
                    assertSound(after, when);
                    try (SmallStore found = opened(after)) {
                        boolean mayLose = first.kind() == CrashKind.PROCESS_KILL
                                && second.kind() == CrashKind.POWER_LOSS
                                && died; // before what the first has left in the page cache was forced
                        int state = script.check(found.store(), mayLose ? CrashKind.POWER_LOSS : first.kind(), when);
                        assertTrue(mayLose || script.isAt(expected, found.store()), when + ": not " + expected);
                        found.reopenAfter(CrashOutcome.NOTHING_UNFORCED);
                        assertTrue(script.isAt(state, found.store()), when + ", once more");
                    }
                }
                if (recovering != null) {
                    disk.crashAt(Long.MAX_VALUE);
                    recovering.close();
                }
                if (!died) {
                    break;
                }
            }
        }
        small.close();
    }

    /** The same disk: a process's death leaves the page cache and the boot as they are. */
    private static SimulatedDisk copy(SimulatedDisk disk) {
        return disk.afterCrash(CrashOutcome.PROCESS_KILL);
    }

    @Test
    void aRecoveryThatIsCutShortFindsTheSameTheNextTime() {
        cutRecoveryShort(1, 1);
        cutRecoveryShort(6, 2);
    }

    @Tag("long")
    @Test
    void aRecoveryThatIsCutShortAnywhereFindsTheSameTheNextTime() {
        for (long seed = 1; seed <= 20; seed++) {
            cutRecoveryShort(seed, 1);
        }
    }
}
