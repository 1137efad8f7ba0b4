package dev.cambium;

import static dev.cambium.LongInputs.failingAfter;
import static dev.cambium.LongInputs.noise;
import static dev.cambium.StoreTest.b;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cambium.error.DiskFullException;
import dev.cambium.error.StoreException;
import dev.cambium.error.WriterFailedException;
import dev.cambium.log.Verification;
import dev.cambium.segment.manifest.ManifestRecord;
import dev.cambium.testkit.disk.CrashOutcome;
import dev.cambium.testkit.disk.DiskOperation;
import dev.cambium.testkit.disk.FaultRule;
import dev.cambium.testkit.disk.OperationKind;
import dev.cambium.testkit.disk.SimulatedDisk;
import dev.cambium.testkit.runtime.StepExecutor;
import java.io.IOException;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** What a long value costs in forces, and what happens where a write or force of its zone fails. */
class LongValueFaultTest {
    private static final int MIB = 1 << 20;
    private static final int LENGTH = 64 << 10;
    private static final Options WIDE = SmallStore.ROOMY.withZoneBytes(64 << 20);

    /** Forces since some operation: the files' kinds, in order. */
    private static List<String> forcesSince(long operation, SmallStore small) {
        return small.disk().operations().stream()
                .filter(one -> one.number() >= operation && one.kind() == OperationKind.FORCE)
                .map(DiskOperation::file)
                .map(name -> name.replaceAll("-.*", ""))
                .collect(Collectors.toList());
    }

    private interface Writing {
        void to(Store store) throws IOException;
    }

    private static List<String> forcesOf(SmallStore small, Writing writing) throws IOException {
        long before = small.disk().operationCount();
        writing.to(small.store());
        return forcesSince(before, small);
    }

    @Test
    void aLongPutCostsAForceOfItsZoneAndOfTheLogWhereItIsForcedAndElseNone() throws IOException {
        for (int length : new int[] {LENGTH, MIB, MIB + 1, 3 * MIB}) {
            try (SmallStore small = new SmallStore(WIDE)) {
                byte[] value = noise(1, length);
                small.store().put(b("first"), value); // begins a zone
                assertEquals(List.of(), forcesOf(small, store -> store.put(b("k"), value, Durability.BUFFERED)));
                assertEquals(List.of(), forcesOf(small, store -> store.put(b("k"), value, Durability.NONE)));
                assertEquals(List.of("zone", "log"), forcesOf(small, store -> store.put(b("k"), value)));
                WriteBatch batch = new WriteBatch();
                for (int i = 0; i < 4; i++) {
                    batch.put(b("b" + i), noise(i, length));
                }
                assertEquals(List.of("zone", "log"), forcesOf(small, store -> store.write(batch)));
                assertEquals(List.of(), forcesOf(small, store -> store.write(batch, Durability.BUFFERED)));
                assertEquals(List.of("zone", "log"), forcesOf(small, store -> store.put(b("short"), b("v"))));
                assertEquals(List.of("log"), forcesOf(small, store -> store.put(b("short"), b("w"))));
            }
        }
    }

    @Test
    void aValueOf64KibIsWrittenOnceAndAShorterOneGoesThroughTheLog() {
        for (int length : new int[] {LENGTH - 1, LENGTH}) {
            try (SmallStore small = new SmallStore(WIDE)) {
                small.store().put(b("first"), noise(1, length));
                long before = bytesWritten(small.disk());
                small.store().put(b("k"), noise(2, length));
                small.store().flush();
                small.store().compact();
                long written = bytesWritten(small.disk()) - before;
                assertTrue(length < LENGTH ? written > 2L * length : written < length + 40_000, written + " bytes");
                assertArrayEquals(noise(2, length), small.store().get(b("k")));
            }
        }
    }

    private static long bytesWritten(SimulatedDisk disk) {
        return disk.operations().stream()
                .filter(one -> (one.kind() == OperationKind.WRITE || one.kind() == OperationKind.STORE)
                        && (one.file().startsWith("zone-") || one.file().startsWith("log-")))
                .filter(one -> !one.file().startsWith("log-") || one.length() < MIB) // else the zeros of a new one
                .mapToLong(DiskOperation::length)
                .sum();
    }

    private static void failForcesOfZones(SmallStore small) {
        small.disk().faults().add(FaultRule.on(OperationKind.FORCE).inFiles(name -> name.startsWith("zone-")));
    }

    @Test
    void aForceThatFailsBeforeARecordRefersToItFailsThatPutAlone() {
        try (SmallStore small = new SmallStore(WIDE)) {
            Store store = small.store();
            store.put(b("before"), noise(1, LENGTH));
            failForcesOfZones(small);
            assertThrows(StoreException.class, () -> store.put(b("k"), noise(2, LENGTH)));
            assertNull(store.get(b("k")));
            store.put(b("later"), noise(3, LENGTH));
            store.put(b("short"), b("v"));
            store.flush();
            SimulatedDisk left = small.disk().afterCrash(CrashOutcome.NOTHING_UNFORCED);
            try (SmallStore found = new SmallStore(WIDE, StepExecutor.Mode.INLINE, left)) {
                assertArrayEquals(noise(1, LENGTH), found.store().get(b("before")));
                assertArrayEquals(noise(3, LENGTH), found.store().get(b("later")));
                assertNull(found.store().get(b("k")));
            }
        }
    }

    @Test
    void aForceThatFailsUnderWhatTheLogRefersToIsTheLastOne() {
        SmallStore small = new SmallStore(WIDE);
        Store store = small.store();
        store.put(b("before"), noise(1, LENGTH));
        store.put(b("k"), noise(2, LENGTH), Durability.BUFFERED);
        failForcesOfZones(small);
        StoreException unknown = assertThrows(StoreException.class, () -> store.put(b("short"), b("v")));
        assertFalse(unknown instanceof WriterFailedException, unknown::toString);
        small.disk().faults().clear();
        assertThrows(WriterFailedException.class, () -> store.put(b("short"), b("v"), Durability.BUFFERED));
        assertThrows(WriterFailedException.class, () -> store.put(b("later"), noise(3, LENGTH)));
        assertArrayEquals(noise(2, LENGTH), store.get(b("k")));
        assertNull(store.get(b("short")));
        SimulatedDisk killed = small.disk().afterCrash(CrashOutcome.PROCESS_KILL);
        SimulatedDisk dark = small.disk().afterCrash(CrashOutcome.EVERYTHING);
        store.close();
        try (SmallStore found = new SmallStore(WIDE, StepExecutor.Mode.INLINE, killed)) {
            assertArrayEquals(noise(2, LENGTH), found.store().get(b("k")));
            found.reopenAfter(
                    CrashOutcome.EVERYTHING); // the system had given the page up: another force alone keeps nothing
            assertArrayEquals(noise(2, LENGTH), found.store().get(b("k")));
            found.store().put(b("later"), noise(3, LENGTH));
        }
        try (SmallStore found = new SmallStore(WIDE, StepExecutor.Mode.INLINE, dark)) { // which has given the page up
            assertArrayEquals(noise(1, LENGTH), found.store().get(b("before")));
            assertNull(found.store().get(b("k")));
        }
    }

    @Test
    void aForceThatFailsInTheBackgroundUnderWhatTheLogRefersToEndsAllWrites() {
        SmallStore small = new SmallStore(WIDE);
        Store store = small.store();
        store.put(b("first"), noise(1, MIB), Durability.BUFFERED);
        failForcesOfZones(small);
        StoreException told = assertThrows(StoreException.class, () -> {
            for (int i = 0; i < 40; i++) {
                store.put(b("k" + i), noise(i, MIB), Durability.BUFFERED);
            }
        });
        assertTrue(small.disk().faults().failures() > 0, told::toString);
        small.disk().faults().clear();
        assertThrows(StoreException.class, () -> store.put(b("short"), b("v")));
        assertThrows(StoreException.class, store::flush);
        assertArrayEquals(noise(1, MIB), store.get(b("first")));
        store.close();
        small.open();
        assertArrayEquals(noise(1, MIB), small.store().get(b("first")));
        small.store().put(b("later"), noise(3, LENGTH));
        small.close();
    }

    @Test
    void aPutThatMeetsAFullDiskTakesNothingFromThoseBeforeIt() {
        for (int length : new int[] {LENGTH, MIB + 1}) {
            try (SmallStore small = new SmallStore(WIDE)) {
                Store store = small.store();
                store.put(b("a"), noise(1, length));
                store.put(b("b"), noise(2, length), Durability.BUFFERED);
                long used = small.fileBytes("");
                small.disk().faults().capacityBytes(used + 50_000);
                for (int i = 0; i < 3; i++) {
                    assertThrows(DiskFullException.class, () -> store.put(b("c"), noise(3, length)));
                }
                store.put(b("short"), b("v")); // forces what stands before
                SimulatedDisk left = small.disk().afterCrash(CrashOutcome.NOTHING_UNFORCED);
                small.disk().faults().clear();
                store.put(b("c"), noise(3, length));
                assertArrayEquals(noise(2, length), store.get(b("b")));
                assertArrayEquals(noise(3, length), store.get(b("c")));
                assertEquals(
                        List.of(),
                        new Verification(left.afterCrash(CrashOutcome.EVERYTHING))
                                .run()
                                .findings());
                try (SmallStore found = new SmallStore(WIDE, StepExecutor.Mode.INLINE, left)) {
                    assertArrayEquals(noise(1, length), found.store().get(b("a")));
                    assertArrayEquals(noise(2, length), found.store().get(b("b")));
                    assertNull(found.store().get(b("c")));
                }
            }
        }
    }

    /** It once took the values of the life before for nothing, and cut their zone for good. */
    @Test
    void aPutThatFailsFirstAfterAReopeningLeavesTheZoneOpenForOthers() throws IOException {
        try (SmallStore small = new SmallStore(WIDE)) {
            small.store().put(b("a"), noise(1, 3 * MIB));
            small.store().flush();
            Store store = small.reopen();
            assertThrows(IOException.class, () -> store.put(b("b"), failingAfter(noise(2, 3 * MIB))));
            store.put(b("c"), noise(3, 3 * MIB));
            store.flush();
            assertEquals(
                    List.of(),
                    small.manifest().zones().values().stream()
                            .filter(zone -> zone.state() == ManifestRecord.ZoneState.CUT)
                            .toList());
            assertArrayEquals(noise(1, 3 * MIB), store.get(b("a")));
            assertNull(store.get(b("b")));
            assertArrayEquals(noise(3, 3 * MIB), store.get(b("c")));
        }
    }

    @Test
    void aPutThatFailsTakesNothingFromOneThatIsUnderWay() throws IOException {
        try (SmallStore small = new SmallStore(WIDE)) {
            Store store = small.store();
            store.put(b("a"), noise(1, LENGTH), Durability.BUFFERED);
            assertThrows(IOException.class, () -> store.put(b("b"), failingAfter(noise(2, 3 * MIB))));
            small.disk()
                    .faults()
                    .add(FaultRule.on(OperationKind.WRITE)
                            .inFiles(name -> name.startsWith("zone-"))
                            .leaving(700));
            assertThrows(StoreException.class, () -> store.put(b("c"), noise(3, LENGTH)));
            store.put(b("d"), noise(4, LENGTH));
            small.reopenAfter(CrashOutcome.NOTHING_UNFORCED);
            assertArrayEquals(noise(1, LENGTH), small.store().get(b("a")));
            assertNull(small.store().get(b("b")));
            assertNull(small.store().get(b("c")));
            assertArrayEquals(noise(4, LENGTH), small.store().get(b("d")));
        }
    }

    @Test
    void putsThatFailLeaveTheDiskAsItWas() {
        for (Options options : List.of(WIDE, SmallStore.ROOMY.withZoneBytes(2 * MIB))) {
            try (SmallStore small = new SmallStore(options)) {
                Store store = small.store();
                for (int i = 0; i < 10; i++) {
                    assertThrows(IOException.class, () -> store.put(b("k"), failingAfter(noise(1, 9 * MIB))));
                    assertThrows(IOException.class, () -> store.put(b("k"), failingAfter(noise(2, MIB))));
                }
                assertTrue(small.fileBytes("zone-") < MIB, small.fileBytes("zone-") + " bytes of nothing");
                store.put(b("k"), noise(3, 3 * MIB), Durability.BUFFERED);
                assertThrows(IOException.class, () -> store.put(b("k"), failingAfter(noise(1, 9 * MIB))));
                store.put(b("other"), noise(4, LENGTH));
                small.reopenAfter(CrashOutcome.NOTHING_UNFORCED);
                assertArrayEquals(noise(3, 3 * MIB), small.store().get(b("k")));
                small.store().flush();
                small.store().compact();
                assertArrayEquals(noise(3, 3 * MIB), small.store().get(b("k")));
                small.reopen();
                assertEquals("[]", small.unnamedOrMissing().toString());
            }
        }
    }

    private static void failUnder(long seed, int step) {
        Options options = seed % 2 == 0 ? SmallStore.ROOMY.withZoneBytes(MIB) : WIDE;
        for (OperationKind kind : List.of(
                OperationKind.CREATE,
                OperationKind.WRITE,
                OperationKind.TRUNCATE,
                OperationKind.STORE,
                OperationKind.FORCE,
                OperationKind.FORCE_DIRECTORY,
                OperationKind.DELETE,
                OperationKind.READ)) {
            for (long nth = 1; ; nth += step) {
                SmallStore small = new SmallStore(options);
                FaultRule rule = FaultRule.on(kind).fromThe(nth).leaving(700);
                small.disk().faults().add(nth % 3 == 0 ? rule.forLackOfRoom() : rule);
                LongValueScript script = new LongValueScript(small, seed);
                script.runThroughFailures(14);
                String when = "seed " + seed + ", " + kind + " " + nth;
                boolean wasMet = small.disk().faults().failures() > 0;
                small.disk().faults().clear();
                assertTrue(script.isAtLast(small.store()), when);
                check(
                        script,
                        small.disk(),
                        nth % 2 == 0 ? CrashOutcome.EVERYTHING : CrashOutcome.PROCESS_KILL,
                        options,
                        when);
                check(script, small.disk(), CrashOutcome.powerLoss(nth), options, when);
                try {
                    small.store().close();
                } catch (StoreException e) {
                    // what could not be written is told
                }
                assertEquals(0, small.store().memoryUsedBytes(), when);
                check(script, small.disk(), CrashOutcome.PROCESS_KILL, options, when + ", close");
                if (!wasMet) {
                    break;
                }
            }
        }
    }

    private static void check(
            LongValueScript script, SimulatedDisk disk, CrashOutcome outcome, Options options, String where) {
        String when = where + ", " + outcome;
        SimulatedDisk left = disk.afterCrash(outcome);
        assertEquals(List.of(), new Verification(left).run().findings(), when);
        try (SmallStore found = new SmallStore(options, StepExecutor.Mode.INLINE, left)) {
            int state = script.check(found.store(), outcome.kind(), when);
            found.store().put(b("more"), noise(99, 100_000));
            found.store().compact();
            assertTrue(script.isAt(state, found.store()), when);
        }
        assertEquals(List.of(), new Verification(left).run().findings(), when);
    }

    @Test
    void whatWasAcknowledgedIsThereWhateverFailsUnderPutsOfAllKinds() {
        failUnder(1, 5);
        failUnder(2, 9);
    }

    @Tag("long")
    @Test
    void whatWasAcknowledgedIsThereWhicheverOperationFailsUnderPutsOfAllKinds() {
        for (long seed = 1; seed <= 6; seed++) {
            failUnder(seed, 1);
        }
    }
}
