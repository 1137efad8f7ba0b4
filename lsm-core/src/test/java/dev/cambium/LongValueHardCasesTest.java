package dev.cambium;

import static dev.cambium.LongInputs.failingAfter;
import static dev.cambium.LongInputs.interrupted;
import static dev.cambium.LongInputs.noise;
import static dev.cambium.StoreTest.b;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cambium.error.StoreException;
import dev.cambium.log.Verification;
import dev.cambium.testkit.disk.CrashOutcome;
import dev.cambium.testkit.disk.FaultRule;
import dev.cambium.testkit.disk.OperationKind;
import dev.cambium.testkit.disk.SimulatedCrash;
import dev.cambium.testkit.disk.SimulatedDisk;
import dev.cambium.testkit.runtime.StepExecutor;
import java.io.ByteArrayInputStream;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.FutureTask;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Corners of long values: what fails half-way, what is left behind, who closes what. */
class LongValueHardCasesTest {
    private static final int MIB = 1 << 20;
    private static final Options WIDE = SmallStore.ROOMY.withZoneBytes(64 << 20);

    @Test
    void aStreamThatIsPutIsReadToItsEndAndNotClosed() throws IOException {
        try (SmallStore small = new SmallStore(SmallStore.ROOMY)) {
            for (int length : new int[] {10, MIB, MIB + 1, 2 * MIB + 5}) {
                AtomicBoolean closed = new AtomicBoolean();
                small.store().put(b("k" + length), new FilterInputStream(new ByteArrayInputStream(noise(1, length))) {
                    @Override
                    public void close() {
                        closed.set(true);
                    }
                });
                assertFalse(closed.get(), "closed after " + length + " bytes");
            }
        }
    }

    /** Some streams give nothing now and then, though they may not: what they give later counts all the same. */
    @Test
    void aStreamThatGivesNothingForATimeIsNotAtItsEnd() throws IOException {
        try (SmallStore small = new SmallStore(SmallStore.ROOMY)) {
            byte[] value = noise(1, 3 * MIB);
            small.store().put(b("k"), new ByteArrayInputStream(value) {
                private boolean pause;

                @Override
                public int read(byte[] target, int offset, int length) {
                    pause = !pause && pos > 3 * MIB / 2;
                    return pause ? 0 : super.read(target, offset, length);
                }
            });
            assertArrayEquals(value, small.store().get(b("k")));
        }
    }

    /**
     * The record of a put whose force failed may be on disk. What it refers to must stay till the store is closed, though merges go on.
     */
    @Test
    void aStoreCanBeOpenedAfterAForceOfTheLogFailedUnderALongValueAndAMergeWentOn() {
        for (boolean another : new boolean[] {false, true}) {
            SmallStore small = new SmallStore(SmallStore.ROOMY, StepExecutor.Mode.MANUAL);
            for (int i = 0; i < 4; i++) {
                small.store().put(b("k1"), b("v1"));
                small.store().put(b("k" + i), b("v" + i));
                small.store().flush();
            }
            assertTrue(small.executor().waiting() > 0, "the merge is yet to come");
            small.disk().faults().add(FaultRule.on(OperationKind.FORCE).inFiles(name -> name.startsWith("log-")));
            assertThrows(StoreException.class, () -> small.store().put(b("long"), noise(1, 3 * MIB)));
            if (another) { // fills the zone in which the list of chunks stands
                assertThrows(StoreException.class, () -> small.store().put(b("more"), noise(1, 2 * MIB)));
            }
            small.executor().runAll();
            assertEquals(1, small.manifest().runs().size());
            small.store().close();
            SimulatedDisk left = small.disk().afterCrash(CrashOutcome.PROCESS_KILL);
            try (SmallStore found = new SmallStore(SmallStore.ROOMY, StepExecutor.Mode.INLINE, left)) {
                byte[] value = found.store().get(b("long"));
                assertTrue(value == null || Arrays.equals(noise(1, 3 * MIB), value));
                assertArrayEquals(b("v1"), found.store().get(b("k1")));
            }
        }
    }

    /** An edit whose force failed may be on disk: what it says of a zone must be there, although another put fails in that zone. */
    @Test
    void aZoneIsNotCutBelowWhatAnEditThatFailedSaysOfIt() {
        SmallStore small = new SmallStore(WIDE);
        Store store = small.store();
        store.put(b("first"), noise(1, MIB + 1)); // begins the zone
        assertThrows(
                StoreException.class,
                () -> store.put(b("slow"), interrupted(noise(2, 3 * MIB), 2 * MIB, () -> {
                    store.put(b("second"), noise(3, 2 * MIB));
                    small.disk()
                            .faults()
                            .add(FaultRule.on(OperationKind.FORCE).inFiles(name -> name.startsWith("manifest-")));
                    assertThrows(StoreException.class, store::flush);
                    small.disk()
                            .faults()
                            .add(FaultRule.on(OperationKind.WRITE).inFiles(name -> name.startsWith("zone-")));
                })));
        SimulatedDisk left = small.disk().afterCrash(CrashOutcome.PROCESS_KILL);
        assertThrows(StoreException.class, store::close);
        try (SmallStore found = new SmallStore(WIDE, StepExecutor.Mode.INLINE, left)) {
            assertArrayEquals(noise(1, MIB + 1), found.store().get(b("first")));
            assertArrayEquals(noise(3, 2 * MIB), found.store().get(b("second")));
            assertNull(found.store().get(b("slow")));
        }
    }

    @Test
    void zonesOfAPutThatFailedAreDeletedOnceOthersAreLaidDown() {
        try (SmallStore small = new SmallStore(SmallStore.ROOMY)) {
            Store store = small.store();
            store.put(b("k"), b("v"));
            assertThrows(IOException.class, () -> store.put(b("k"), failingAfter(noise(1, 5 * MIB))));
            store.put(b("long"), noise(2, MIB + 1));
            for (int i = 0; i < 3; i++) { // what an edit drops goes with the next one
                store.put(b("k"), b("v" + i));
                store.flush();
            }
            assertEquals("[]", small.unnamedOrMissing().toString());
        }
    }

    /** Nothing but what failed is printed. */
    @Test
    void aZoneThatIsDroppedIsDeletedOnce() {
        List<String> warnings = new ArrayList<>();
        Logger logger = Logger.getLogger("dev.cambium");
        Handler handler = new Handler() {
            @Override
            public void publish(LogRecord message) {
                warnings.add(message.getMessage() + " " + Arrays.toString(message.getParameters()));
            }

            @Override
            public void flush() {}

            @Override
            public void close() {}
        };
        logger.addHandler(handler);
        try (SmallStore small = new SmallStore(WIDE)) {
            small.store().put(b("k"), noise(1, MIB + 1));
            small.reopenAfter(CrashOutcome.PROCESS_KILL); // cuts the zone
            Store store = small.store();
            store.delete(b("k"));
            store.flush(); // drops it
            store.put(b("k"), noise(2, MIB + 1));
            for (int i = 0; i < 3; i++) {
                store.put(b("other"), b("v" + i));
                store.flush();
            }
        } finally {
            logger.removeHandler(handler);
        }
        assertEquals(List.of(), warnings);
    }

    /** A snapshot reads on in a zone that was cut and then dropped, whatever long values are put meanwhile. */
    @Test
    void aDroppedZoneStaysOnDiskAsLongAsSomebodyReadsIt() throws IOException {
        try (SmallStore small = new SmallStore(WIDE)) {
            byte[] value = noise(1, 2 * MIB + 1);
            small.store().put(b("k"), value);
            String zone = small.files("zone-").get(0);
            small.reopenAfter(CrashOutcome.PROCESS_KILL);
            Store store = small.store();
            InputStream stream = store.getStream(b("k"));
            store.delete(b("k"));
            store.flush();
            store.put(b("k"), noise(2, MIB + 1));
            store.put(b("other"), b("v"));
            store.flush();
            assertTrue(small.files("zone-").contains(zone), "deleted under its reader");
            try (stream) {
                assertArrayEquals(value, stream.readAllBytes());
            }
            store.flush();
            assertFalse(small.files("zone-").contains(zone));
        }
    }

    /** Garbage behind the named end of a continued zone may reach further than the zone will when it is sealed. */
    @Test
    void aZoneThatWasContinuedOverGarbageAndSealedIsSound() {
        try (SmallStore small = new SmallStore(SmallStore.ROOMY.withZoneBytes(4 * MIB + (64 << 10)))) {
            small.store().put(b("a"), noise(1, MIB + 1));
            assertThrows(IOException.class, () -> small.store().put(b("b"), failingAfter(noise(2, 3 * MIB))));
            small.reopen();
            small.store().put(b("c"), noise(3, 2 * MIB + (100 << 10)));
            small.store().put(b("d"), noise(4, MIB + 1));
            small.store().close();
            assertEquals(List.of(), new Verification(small.disk()).run().findings());
        }
    }

    @Test
    void aStreamThatIsClosedByAnotherThreadWhileItIsReadThrowsOneThingOnly() throws Exception {
        try (SmallStore small = new SmallStore(SmallStore.ROOMY)) {
            small.store().put(b("k"), noise(1, 2 * MIB));
            InputStream stream = small.store().getStream(b("k"));
            List<FutureTask<Void>> closers = new CopyOnWriteArrayList<>();
            small.disk()
                    .faults()
                    .add(FaultRule.on(OperationKind.READ)
                            .fromThe(Long.MAX_VALUE)
                            .inFiles(name -> {
                                closers.add(closeWhileReading(stream));
                                return false;
                            }));
            byte[] first = new byte[100];
            try {
                assertEquals(100, stream.read(first));
                assertArrayEquals(Arrays.copyOf(noise(1, 2 * MIB), 100), first);
            } catch (IllegalStateException expected) {
                // it was closed first
            }
            small.disk().faults().clear();
            assertFalse(closers.isEmpty(), "nothing was read");
            for (FutureTask<Void> closer : closers) {
                closer.get();
            }
            assertThrows(IllegalStateException.class, stream::read);
        }
    }

    /** Lets another thread close the stream, and gives it time to come as far as it can while this one reads. */
    private static FutureTask<Void> closeWhileReading(InputStream stream) {
        FutureTask<Void> closing = new FutureTask<>(() -> {
            stream.close();
            return null;
        });
        Thread closer = new Thread(closing);
        closer.start();
        try {
            closer.join(500);
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
        return closing;
    }

    /** While a slow stream is put, everything else happens that may drop its zones. */
    @Test
    void flushesMergesAndOtherPutsLeaveAlonePutsThatAreUnderWay() throws IOException {
        for (Options options : List.of(SmallStore.ROOMY, WIDE, SmallStore.ROOMY.withZoneBytes(2 * MIB))) {
            try (SmallStore small = new SmallStore(options)) {
                Store store = small.store();
                byte[] value = noise(1, 4 * MIB + 7);
                byte[] inner = noise(2, 3 * MIB);
                store.put(b("old"), inner);
                store.put(b("slow"), interrupted(value, 2 * MIB + 99, () -> {
                    store.delete(b("old"));
                    store.put(b("inner"), inner);
                    store.flush();
                    store.put(b("inner"), interrupted(inner, 2 * MIB, store::compact));
                    store.compact();
                    assertThrows(IOException.class, () -> store.put(b("inner"), failingAfter(inner)));
                    store.delete(b("inner"));
                    store.flush();
                    store.compact();
                }));
                assertArrayEquals(value, store.get(b("slow")));
                assertNull(store.get(b("inner")));
                small.reopenAfter(CrashOutcome.NOTHING_UNFORCED);
                assertArrayEquals(value, small.store().get(b("slow")));
                small.store().flush();
                small.store().compact();
                assertArrayEquals(value, small.store().get(b("slow")));
                assertNotNull(small.reopen());
                assertArrayEquals(value, small.store().get(b("slow")));
            }
        }
    }

    /** The store is closed while a stream is being put. */
    @Test
    void aPutThatTheStoreIsClosedUnderFailsAndLeavesNothing() {
        for (Options options : List.of(SmallStore.ROOMY, WIDE)) {
            SmallStore small = new SmallStore(options);
            small.store().put(b("k"), noise(1, MIB + 1));
            assertThrows(IllegalStateException.class, () -> small.store()
                    .put(b("k"), interrupted(noise(2, 4 * MIB), 3 * MIB, () -> small.store()
                            .close())));
            assertEquals(0, small.store().memoryUsedBytes());
            small.open();
            assertEquals("[]", small.unnamedOrMissing().toString());
            assertArrayEquals(noise(1, MIB + 1), small.store().get(b("k")));
            small.store().put(b("k"), noise(3, 2 * MIB));
            small.close();
        }
    }

    /** A zone that ended under a merge is named with the flush that came next; the merge's run stands in it all the same. */
    @Test
    void aMergeWhoseZoneEndedBeforeAFlushCameBetweenCanBeRead() {
        for (int steps = 1; steps < 8; steps++) {
            try (SmallStore small = new SmallStore(SmallStore.ROOMY, StepExecutor.Mode.MANUAL)) {
                for (int i = 0; i < 16; i++) {
                    small.store().put(b("k" + i), noise(i, 200_000));
                    if (i % 4 == 3) {
                        small.store().flush();
                    }
                }
                for (int i = 0; i < steps; i++) {
                    small.executor().runNext();
                }
                small.store().put(b("between"), b("v"));
                small.store().flush();
                small.executor().runAll();
                for (int i = 0; i < 16; i++) {
                    assertArrayEquals(noise(i, 200_000), small.store().get(b("k" + i)), "after " + steps + " steps");
                }
                small.store().compact();
                assertEquals(1, small.manifest().runs().size());
            }
        }
    }

    /** Puts, a batch, flushes and merges within each other's way; notes what was acknowledged, and what may be there. */
    private static final class Script {
        private final SmallStore small;
        private final Map<String, byte[]> acknowledged = new TreeMap<>();
        private final Map<String, List<byte[]>> possible = new TreeMap<>();

        Script(SmallStore small) {
            this.small = small;
        }

        interface Step {
            void run() throws IOException;
        }

        /** Does a step that writes one value under all keys, or deletes them. */
        private void write(byte[] value, Step step, String... keys) {
            for (String key : keys) {
                possible.computeIfAbsent(key, any -> new ArrayList<>()).add(value);
            }
            attempt(() -> {
                step.run();
                for (String key : keys) {
                    acknowledged.put(key, value);
                    possible.put(key, new ArrayList<>(Arrays.asList(value)));
                }
            });
        }

        /** Does a step that may fail; not on a dead disk. */
        private void attempt(Step step) {
            try {
                step.run();
            } catch (IOException e) {
                throw new AssertionError(e);
            } catch (StoreException e) {
                // it is told, and what the step may have done is possible
            }
        }

        void run() {
            Store store = small.store();
            byte[] one = noise(1, 2 * MIB + 9);
            byte[] two = noise(2, MIB + 1);
            byte[] three = noise(3, MIB + 100_000);
            write(one, () -> store.put(b("a"), one), "a");
            attempt(store::flush);
            write(
                    two,
                    () -> store.put(b("b"), interrupted(two, MIB, () -> {
                        write(three, () -> store.put(b("c"), three), "c");
                        attempt(store::flush);
                        write(null, () -> store.delete(b("a")), "a");
                    })),
                    "b");
            write(one, () -> store.write(new WriteBatch().put(b("d"), one).put(b("e"), one)), "d", "e");
            attempt(store::flush);
            write(two, () -> store.put(b("c"), two), "c");
            attempt(store::compact);
            write(three, () -> store.put(b("a"), three), "a");
        }

        void check(Store store, String when) {
            possible.forEach((key, values) -> {
                byte[] found = store.get(b(key));
                boolean isKnown = values.stream().anyMatch(value -> Arrays.equals(value, found));
                assertTrue(isKnown || !acknowledged.containsKey(key) && found == null, when + ", key " + key);
            });
        }
    }

    private static void checkAfter(Script script, SimulatedDisk left, Options options, String when) {
        try (SmallStore found = new SmallStore(options, StepExecutor.Mode.INLINE, left)) {
            script.check(found.store(), when);
            found.store().put(b("more"), noise(9, MIB + 1));
            found.store().compact();
            script.check(found.store(), when);
        }
        assertEquals(List.of(), new Verification(left).run().findings(), when);
    }

    @Test
    void whatWasAcknowledgedIsThereWhereverPutsWithinEachOtherAreCutShort() {
        cutPutsWithinEachOther(4);
    }

    @Tag("long")
    @Test
    void whatWasAcknowledgedIsThereAtWhicheverOperationPutsWithinEachOtherAreCutShort() {
        cutPutsWithinEachOther(1);
    }

    private static void cutPutsWithinEachOther(int step) {
        Options options = SmallStore.ROOMY.withZoneBytes(5 * MIB / 2);
        for (long at = 0; ; at += step) {
            SmallStore small = new SmallStore(options);
            SimulatedDisk disk = small.disk();
            disk.crashAt(disk.operationCount() + at);
            Script script = new Script(small);
            try {
                script.run();
            } catch (SimulatedCrash e) {
                // as it was to
            }
            if (!disk.hasCrashed()) {
                disk.crashAt(Long.MAX_VALUE);
                small.close();
                break;
            }
            CrashOutcome outcome = List.of(
                            CrashOutcome.NOTHING_UNFORCED, CrashOutcome.PROCESS_KILL, CrashOutcome.powerLoss(at))
                    .get((int) (at % 3));
            checkAfter(script, disk.afterCrash(outcome), options, "operation " + at + ", " + outcome);
            small.close();
        }
    }

    @Test
    void whatWasAcknowledgedIsThereWhateverFailsUnderPutsWithinEachOther() {
        failUnderPutsWithinEachOther(7);
    }

    @Tag("long")
    @Test
    void whatWasAcknowledgedIsThereWhicheverOperationFailsUnderPutsWithinEachOther() {
        failUnderPutsWithinEachOther(1);
    }

    private static void failUnderPutsWithinEachOther(int step) {
        Options options = SmallStore.ROOMY.withZoneBytes(5 * MIB / 2);
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
                small.disk().faults().add(FaultRule.on(kind).fromThe(nth).leaving(700));
                Script script = new Script(small);
                script.run();
                String when = kind + " " + nth;
                boolean wasMet = small.disk().faults().failures() > 0;
                small.disk().faults().clear();
                script.check(small.store(), when);
                CrashOutcome outcome = nth % 2 == 0 ? CrashOutcome.NOTHING_UNFORCED : CrashOutcome.PROCESS_KILL;
                checkAfter(script, small.disk().afterCrash(outcome), options, when + ", " + outcome);
                try {
                    small.store().close();
                } catch (StoreException e) {
                    // what could not be written is told
                }
                assertEquals(0, small.store().memoryUsedBytes(), when);
                checkAfter(script, small.disk().afterCrash(CrashOutcome.PROCESS_KILL), options, when + ", close");
                if (!wasMet) {
                    break;
                }
            }
        }
    }

    /**
     * A write passes its zone to a memtable, and is under way no longer: an edit that looked at the memtables first and at the writes then could
     * miss it in both, and drop the zone of what was just put.
     */
    @Test
    void anEditNotesWhichWritesAreUnderWayBeforeItLooksAtMemtables() throws IOException {
        try (SmallStore small = new SmallStore(WIDE)) {
            Set<Integer> needed = new HashSet<>();
            Set<Integer> whenAsked = new HashSet<>();
            small.store().put(b("k"), interrupted(noise(1, 3 * MIB), 2 * MIB, () -> small.store()
                    .longValues()
                    .addNeeded(needed, small.manifest(), () -> {
                        whenAsked.addAll(needed);
                        return Stream.of();
                    })));
            assertEquals(small.manifest().zones().keySet(), whenAsked);
        }
    }

    /** A memtable is full once it refers to a zone of long values, but no group of writes may be split by that. */
    @Test
    void writesBesideLongPutsThatFillAMemtableAreFoundUnderTheirKeys(@TempDir Path directory)
            throws InterruptedException {
        try (Store store = Store.open(directory, Options.DEFAULT.withZoneBytes(MIB))) {
            AtomicReference<Throwable> failure = new AtomicReference<>();
            AtomicBoolean stop = new AtomicBoolean();
            List<Thread> threads = new ArrayList<>();
            for (int t = 0; t < 6; t++) {
                int thread = t;
                threads.add(new Thread(() -> {
                    try {
                        for (int i = 0; thread < 2 ? i < 30 : !stop.get(); i++) {
                            byte[] key = b(thread + " " + i % 50);
                            byte[] value = thread < 2 ? new byte[MIB + 1] : b(thread + " " + i);
                            store.put(key, value);
                            assertArrayEquals(value, store.get(key));
                        }
                    } catch (Throwable e) {
                        failure.compareAndSet(null, e);
                    }
                }));
            }
            threads.forEach(Thread::start);
            threads.get(0).join();
            threads.get(1).join();
            stop.set(true);
            for (Thread thread : threads) {
                thread.join();
            }
            if (failure.get() != null) {
                throw new AssertionError(failure.get());
            }
        }
        assertTrue(
                Store.verify(directory).isSound(), () -> Store.verify(directory).toString());
    }
}
