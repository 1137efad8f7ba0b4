package dev.cambium;

import static dev.cambium.StoreTest.b;
import static dev.cambium.StoreTest.s;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cambium.error.DiskFullException;
import dev.cambium.error.StoreException;
import dev.cambium.error.StoreIOException;
import dev.cambium.error.WriterFailedException;
import dev.cambium.testkit.disk.CrashOutcome;
import dev.cambium.testkit.disk.FaultRule;
import dev.cambium.testkit.disk.OperationKind;
import dev.cambium.testkit.disk.SimulatedDisk;
import dev.cambium.testkit.runtime.StepExecutor;
import java.util.List;
import java.util.NavigableMap;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Predicate;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Disks that fail while memtables are laid down or runs merged: what was acknowledged stays, reads go on, room or a reopen heals. */
@ExtendWith(QuietLog.class) // each failed flush is logged
class FlushFaultTest {
    private static final Predicate<String> ZONES = name -> name.startsWith("zone-");
    private static final Predicate<String> MANIFESTS =
            name -> name.startsWith("manifest-") || name.equals("SUPERBLOCK");

    private static void put(Store store, NavigableMap<String, String> model, String key, String value, Durability how) {
        store.put(b(key), b(value), how);
        model.put(key, value);
    }

    /** Puts until a write is refused; returns why. */
    private static StoreException putUntilRefused(
            SmallStore small, NavigableMap<String, String> model, Durability how) {
        for (int i = 0; i < 2000; i++) {
            try {
                put(small.store(), model, "fill" + i % 500, SmallStore.noise(i, 150), how);
            } catch (StoreException e) {
                return e;
            }
        }
        throw new AssertionError("memory takes everything though nothing can be laid down");
    }

    @ParameterizedTest
    @EnumSource(Durability.class)
    void writesAreRefusedOnceMemoryIsFullAndGoOnWhenThereIsRoomAgain(Durability how) {
        NavigableMap<String, String> model = new TreeMap<>();
        try (SmallStore small = new SmallStore(SmallStore.SMALL)) {
            for (int i = 0; i < 100; i++) {
                put(small.store(), model, "before" + i, "v" + i, how);
            }
            small.disk()
                    .faults()
                    .add(FaultRule.on(OperationKind.WRITE)
                            .inFiles(ZONES)
                            .always()
                            .forLackOfRoom());
            int before = model.size();
            assertInstanceOf(DiskFullException.class, putUntilRefused(small, model, how));
            assertTrue(model.size() - before > 2 * 4096 / 250, "memory has taken only " + (model.size() - before));
            for (int i = 0; i < 20; i++) {
                small.assertHolds(model, "no room");
                assertThrows(DiskFullException.class, () -> small.store().put(b("refused"), new byte[4000], how));
                assertThrows(DiskFullException.class, small.store()::flush);
                assertEquals(null, small.store().get(b("refused")));
            }
            assertTrue(
                    small.files("zone-").size() <= small.manifest().zones().size() + 2,
                    () -> "every attempt leaves a file: " + small.files("zone-"));
            small.disk().faults().clear();
            put(small.store(), model, "after", "1", how);
            small.store().flush();
            small.assertHolds(model, "room again");
            small.reopenAfter(CrashOutcome.NOTHING_UNFORCED);
            small.assertHolds(model, "after power loss");
            small.store().close();
            assertEquals(Set.of(), small.unnamedOrMissing());
            small.open();
        }
    }

    /** What it would write could not be named: a run may not say that it has what the log has lost. */
    @Test
    void aFlushWhoseLogIsLostWritesNoPages() {
        try (SmallStore small = new SmallStore(SmallStore.ROOMY)) {
            NavigableMap<String, String> model = new TreeMap<>();
            put(small.store(), model, "a", "1", Durability.BUFFERED);
            small.disk()
                    .faults()
                    .add(FaultRule.on(OperationKind.FORCE)
                            .inFiles(name -> name.startsWith("log-"))
                            .always());
            assertThrows(StoreException.class, small.store()::flush);
            small.disk().faults().clear(); // a system tells of a lost page once, and then says that all is well
            long before = small.disk().operations().stream()
                    .filter(operation -> ZONES.test(operation.file()))
                    .count();
            for (int i = 0; i < 3; i++) {
                assertThrows(StoreException.class, small.store()::flush);
            }
            long after = small.disk().operations().stream()
                    .filter(operation -> ZONES.test(operation.file()))
                    .count();
            assertEquals(before, after, "operations on zones");
            assertEquals(0, small.store().stats().runs());
            small.assertHolds(model, "a lost log");
            small.reopenAfter(CrashOutcome.NOTHING_UNFORCED);
            assertEquals(null, small.store().get(b("a")), "BUFFERED, and never forced");
        }
    }

    @Test
    void attemptsOnAFullDiskDoNotEatTheRoomThatIsMadeLittleByLittle() {
        NavigableMap<String, String> model = new TreeMap<>();
        try (SmallStore small = new SmallStore(SmallStore.ROOMY.withMemtableBytes(2 << 20))) {
            put(small.store(), model, "first", "1", Durability.NONE);
            small.store().flush();
            for (int i = 0; i < 100; i++) {
                put(small.store(), model, "k" + i, SmallStore.noise(i, 10_000), Durability.NONE);
            }
            long used = small.disk().list().stream()
                    .mapToLong(name -> name.equals("LOCK") ? 0 : small.disk().bytes(name).length)
                    .sum();
            long needed = 1_400_000;
            int attempts = 0;
            for (long room = 0; ; room += 100_000) {
                small.disk().faults().capacityBytes(used + room);
                attempts++;
                try {
                    small.store().flush();
                    break;
                } catch (DiskFullException e) {
                    assertTrue(
                            room < 3 * needed,
                            "still no room with " + room + " bytes: "
                                    + small.disk().list());
                }
            }
            assertTrue(attempts > 5, "there was room at once");
            small.assertHolds(model, "laid down");
            small.reopenAfter(CrashOutcome.NOTHING_UNFORCED);
            small.assertHolds(model, "after power loss");
        }
    }

    /** What is done to a store in each trial: some flushes, and a merge at the end. */
    private static void work(SmallStore small, NavigableMap<String, String> model) {
        for (int round = 0; round < 5; round++) {
            for (int i = 0; i < 30; i++) {
                if (i % 6 == 5) {
                    small.store().delete(b("k" + (i + round) % 40));
                    model.remove("k" + (i + round) % 40);
                } else {
                    Durability how = i % 2 == 0 ? Durability.SYNC : Durability.NONE;
                    put(small.store(), model, "k" + (i + round) % 40, round + "." + i, how);
                }
            }
            small.store().flush();
        }
    }

    /** Lets the n-th operation on some files fail, for every n there is, once or from then on. */
    private void everyFailure(OperationKind kind, Predicate<String> files, boolean latches) {
        for (boolean forever : new boolean[] {false, true}) {
            for (int nth = 1; ; nth++) {
                String when = kind + " " + nth + (forever ? " and all later" : "");
                FaultRule rule = FaultRule.on(kind).inFiles(files).fromThe(nth).leaving(nth % 2 * 700);
                if (!failure(when, forever ? rule.always() : rule, latches)) {
                    assertTrue(nth > 1, "no such operation");
                    break;
                }
            }
        }
    }

    /** Returns whether the fault was met. */
    private static boolean failure(String when, FaultRule rule, boolean latches) {
        NavigableMap<String, String> model = new TreeMap<>();
        SmallStore small = new SmallStore(SmallStore.ROOMY);
        small.disk().faults().add(rule);
        StoreException failed = null;
        NavigableMap<String, String> flushed = new TreeMap<>();
        try {
            work(small, model);
            flushed.putAll(model);
        } catch (StoreException e) {
            failed = e;
        }
        boolean met = small.disk().faults().failures() > 0;
        if (rule.kind() != OperationKind.READ) {
            small.assertHolds(model, when + ", reads go on");
        }
        small.disk().faults().clear();
        boolean latched = false;
        assertTrue(
                failed == null || failed instanceof StoreIOException || failed instanceof WriterFailedException,
                when + failed);
        if (met) { // a merge may have met it, and nobody was told
            try {
                put(small.store(), model, "healed", when, Durability.NONE);
                small.store().flush();
                flushed.putAll(model);
            } catch (StoreException e) {
                assertInstanceOf(WriterFailedException.class, latchOf(e), when);
                latched = true;
            }
        }
        assertTrue(latches || !latched, when + " latches the writer");
        small.assertHolds(model, when + ", the fault is gone");
        for (CrashOutcome outcome : List.of(CrashOutcome.NOTHING_UNFORCED, CrashOutcome.PROCESS_KILL)) {
            try (SmallStore later = new SmallStore(
                    SmallStore.ROOMY, StepExecutor.Mode.INLINE, small.disk().afterCrash(outcome))) {
                if (!latched) {
                    later.assertHolds(flushed, when + ", then " + outcome);
                }
                later.store().put(b("recovered"), b("1"), Durability.NONE);
                later.store().flush();
                assertEquals("1", s(later.store().get(b("recovered"))));
            }
        }
        if (latched) {
            assertThrows(StoreException.class, small.store()::close, when);
        } else {
            small.close();
        }
        assertEquals(0, small.store().memoryUsedBytes(), when);
        return met;
    }

    private static Throwable latchOf(Throwable e) {
        Throwable cause = e;
        while (cause.getCause() != null && !(cause instanceof WriterFailedException)) {
            cause = cause.getCause();
        }
        return cause;
    }

    @ParameterizedTest
    @EnumSource(
            value = OperationKind.class,
            names = {"WRITE", "FORCE", "CREATE", "READ"})
    void aFailureOnAZoneIsSurvivedAndTheWriterGoesOn(OperationKind kind) {
        everyFailure(kind, ZONES, false);
    }

    @ParameterizedTest
    @EnumSource(
            value = OperationKind.class,
            names = {"WRITE", "FORCE"})
    void aFailureOnTheManifestLatchesTheWriterAndAReopenFindsWhatWasAcknowledged(OperationKind kind) {
        everyFailure(kind, MANIFESTS, true);
    }

    @Test
    void aFailureOfTheDirectoryIsSurvived() {
        everyFailure(OperationKind.FORCE_DIRECTORY, any -> true, true);
    }

    /** With logs of 8 KiB, so that dropped ones are recycled; zones are dropped too. */
    @ParameterizedTest
    @EnumSource(
            value = OperationKind.class,
            names = {"RENAME", "DELETE"})
    void whatCannotBeRenamedOrDeletedHarmsNobody(OperationKind kind) {
        for (boolean forever : new boolean[] {true, false}) {
            for (int nth = 1; nth < 12; nth += 5) {
                NavigableMap<String, String> model = new TreeMap<>();
                try (SmallStore small = new SmallStore(SmallStore.SMALL.withMemtableBytes(8 << 10))) {
                    FaultRule rule = FaultRule.on(kind).fromThe(nth);
                    small.disk().faults().add(forever ? rule.always() : rule);
                    int refused = 0;
                    for (int i = 0; i < 400; i++) {
                        try {
                            put(small.store(), model, "k" + i % 40, SmallStore.noise(i, 1500), Durability.BUFFERED);
                        } catch (StoreIOException e) {
                            refused++;
                        }
                    }
                    small.assertHolds(model, kind + " " + nth);
                    assertTrue(small.disk().faults().failures() > 0, kind + " " + nth + " was not met");
                    assertTrue(forever || refused <= 1, refused + " writes were refused");
                    small.disk().faults().clear();
                    put(small.store(), model, "healed", "1", Durability.SYNC);
                    small.store().flush();
                    small.reopenAfter(CrashOutcome.NOTHING_UNFORCED);
                    small.assertHolds(model, kind + " " + nth + ", after power loss");
                    small.store().close();
                    assertEquals(Set.of(), small.unnamedOrMissing());
                    small.open();
                }
            }
        }
    }

    @Test
    void aZoneWhoseForceFailedIsNotTrustedThoughTheNextForceSucceeds() {
        NavigableMap<String, String> model = new TreeMap<>();
        try (SmallStore small = new SmallStore(SmallStore.ROOMY)) {
            put(small.store(), model, "first", "1", Durability.NONE);
            small.store().flush();
            put(small.store(), model, "second", "2", Durability.NONE);
            small.disk().faults().add(FaultRule.on(OperationKind.FORCE).inFiles(ZONES));
            try {
                small.store().flush();
            } catch (StoreIOException e) {
                small.store().flush();
            }
            assertEquals(1, small.disk().faults().failures());
            small.assertHolds(model, "laid down by the second attempt");
            small.reopenAfter(CrashOutcome.NOTHING_UNFORCED);
            small.assertHolds(model, "after power loss");
        }
    }

    @Test
    void aCloseThatCannotLayDownWhatIsInNoLogSaysSo() {
        NavigableMap<String, String> model = new TreeMap<>();
        SmallStore small = new SmallStore(SmallStore.ROOMY);
        put(small.store(), model, "logged", "1", Durability.SYNC);
        small.store().put(b("unlogged"), b("2"), Durability.NONE);
        small.disk()
                .faults()
                .add(FaultRule.on(OperationKind.WRITE).inFiles(ZONES).always().forLackOfRoom());
        assertThrows(DiskFullException.class, small.store()::close);
        assertEquals(0, small.store().memoryUsedBytes());
        small.disk().faults().clear();
        small.open();
        small.assertHolds(model, "reopened");
        small.close();
        SimulatedDisk disk = small.disk();
        try (SmallStore logged = new SmallStore(SmallStore.ROOMY, StepExecutor.Mode.INLINE, disk)) {
            for (int i = 0; i < 30; i++) {
                put(logged.store(), model, "much" + i, SmallStore.noise(i, 60_000), Durability.BUFFERED);
            }
            disk.faults()
                    .add(FaultRule.on(OperationKind.WRITE)
                            .inFiles(ZONES)
                            .always()
                            .forLackOfRoom());
            logged.store().close(); // all of it is in the log
            disk.faults().clear();
            logged.open();
            logged.assertHolds(model, "from the log");
        }
    }
}
