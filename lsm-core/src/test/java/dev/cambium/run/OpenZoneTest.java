package dev.cambium.run;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cambium.error.StoreException;
import dev.cambium.error.StoreIOException;
import dev.cambium.segment.manifest.ManifestEdit;
import dev.cambium.segment.manifest.ManifestRecord;
import dev.cambium.segment.manifest.ManifestRecord.ZoneState;
import dev.cambium.segment.manifest.ManifestState;
import dev.cambium.segment.memory.Memory;
import dev.cambium.segment.page.PageKind;
import dev.cambium.segment.page.Pointer;
import dev.cambium.segment.pool.BufferPool;
import dev.cambium.segment.zone.ZoneFiles;
import dev.cambium.segment.zone.ZoneReader;
import dev.cambium.testkit.disk.CrashOutcome;
import dev.cambium.testkit.disk.FaultRule;
import dev.cambium.testkit.disk.OperationKind;
import dev.cambium.testkit.disk.SimulatedDisk;
import dev.cambium.testkit.runtime.ManualClock;
import dev.cambium.testkit.runtime.StepExecutor;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A zone that has ended is forced beside who appends; no edit names it before. */
class OpenZoneTest {
    private static final byte[] STORE_ID = new byte[16];
    private static final int STREAM = 2;
    private static final int CAPACITY = 32 << 10;
    private static final int PAGE_BYTES = 9000; // three of them fill a zone

    private final SimulatedDisk disk = new SimulatedDisk(1);
    private final BufferPool pool = new BufferPool(64L << 20, 4 << 20);
    private final StepExecutor forces = new StepExecutor(StepExecutor.Mode.MANUAL);
    private final List<Integer> discarded = new ArrayList<>();
    private final Memory page = Memory.allocate(PAGE_BYTES);
    private int numbers;
    private OpenZone open;

    @BeforeEach
    void open() {
        disk.createDirectory();
        for (int i = 0; i < PAGE_BYTES; i += 4) {
            page.putInt(i, i * 0x9E3779B9);
        }
        open = new OpenZone(disk, STORE_ID, STREAM, new ManualClock(), pool, () -> CAPACITY, () -> ++numbers, forces);
    }

    @AfterEach
    void giveBack() {
        open.close();
        page.release();
        assertEquals(0, pool.usedBytes());
        pool.close();
    }

    private void append() {
        open.writerFor(PAGE_BYTES).append(page, PAGE_BYTES, PageKind.VALUES, 0, 0, 1, Pointer.NULL, 0);
    }

    /** Appends pages until the zone that takes them is another one. */
    private void fillZone() {
        append();
        int zone = open.number();
        while (open.number() == zone) {
            append();
        }
    }

    private long forcesOf(int zone) {
        return disk.operations().stream()
                .filter(operation -> operation.kind() == OperationKind.FORCE)
                .filter(operation -> operation.file().equals(ZoneFiles.name(zone)))
                .count();
    }

    private List<ManifestRecord.Zone> forced() {
        return open.forced(ManifestState.EMPTY);
    }

    /** The state after an edit that says what is forced. */
    private ManifestState named(ManifestState before) {
        ManifestEdit.Builder edit = ManifestEdit.to(1);
        open.describe(edit, before, Set.of(1, 2, 3, 4));
        ManifestState after = before.apply(edit.build(), "m", 0);
        open.named(after, discarded::add);
        return after;
    }

    private void failNextForceOfZone1() {
        disk.faults().add(FaultRule.on(OperationKind.FORCE).inFiles(ZoneFiles.name(1)::equals));
    }

    private void isReadable(SimulatedDisk where, ManifestRecord.Zone zone) {
        try (ZoneReader reader = ZoneReader.open(where, zone.number(), STORE_ID, zone.length())) {
            assertEquals(zone.length(), reader.length());
        }
    }

    @Test
    void aZoneThatHasEndedIsForcedBesideWhoAppends() {
        fillZone();
        assertEquals(0, forcesOf(1), "whoever appends does not wait for it");
        assertEquals(List.of(), forced(), "nothing may be said of it yet");
        assertTrue(forces.runNext());
        assertEquals(1, forcesOf(1));
        open.force();
        assertEquals(1, forcesOf(1), "once is enough");
        List<ManifestRecord.Zone> zones = forced();
        assertEquals(
                List.of(1, 2), zones.stream().map(ManifestRecord.Zone::number).toList());
        assertEquals(ZoneState.SEALED, zones.get(0).state());
        assertEquals(ZoneState.OPEN, zones.get(1).state());
        isReadable(disk.afterCrash(CrashOutcome.NOTHING_UNFORCED), zones.get(0));
    }

    @Test
    void whatTheOtherThreadHasNotForcedIsForcedWithTheRest() {
        fillZone();
        fillZone();
        open.force();
        assertEquals(
                List.of(1, 2, 3),
                forced().stream().map(ManifestRecord.Zone::number).toList());
        SimulatedDisk after = disk.afterCrash(CrashOutcome.NOTHING_UNFORCED);
        forced().forEach(zone -> isReadable(after, zone));
        assertEquals(2, forces.runAll());
        assertEquals(1, forcesOf(1), "it comes too late, and does nothing");
        assertEquals(1, forcesOf(2));
    }

    @Test
    void whatFailsInTheOtherThreadIsToldToWhoNamesAndTheZoneIsGivenBack() {
        fillZone();
        failNextForceOfZone1();
        assertTrue(forces.runNext());
        StoreException failure = assertThrows(StoreIOException.class, open::force);
        assertSame(failure, assertThrows(StoreIOException.class, open::force));
        assertEquals(List.of(), forced());
        open.giveUpFailed(ManifestState.EMPTY, false, discarded::add);
        assertEquals(List.of(1), discarded);
        open.force();
        assertEquals(
                List.of(2), forced().stream().map(ManifestRecord.Zone::number).toList(), "the next one is sound");
    }

    @Test
    void aNamedZoneWhoseLastForceFailedIsCut() {
        append();
        open.force();
        ManifestState state = named(ManifestState.EMPTY);
        long length = state.zones().get(1).length();
        fillZone();
        failNextForceOfZone1();
        assertThrows(StoreIOException.class, open::force);
        open.giveUpFailed(state, false, discarded::add);
        assertEquals(List.of(), discarded);
        assertEquals(length, disk.bytes(ZoneFiles.name(1)).length, "what nothing names is given back to the disk");
        ManifestState after = named(state);
        assertEquals(ZoneState.CUT, after.zones().get(1).state());
        assertEquals(length, after.zones().get(1).length());
    }

    @Test
    void whereAnEditMayHaveNamedMoreAFailedZoneStaysAsItIs() {
        append();
        open.force();
        ManifestState state = named(ManifestState.EMPTY);
        fillZone();
        int length = disk.bytes(ZoneFiles.name(1)).length;
        failNextForceOfZone1();
        assertThrows(StoreIOException.class, open::force);
        open.giveUpFailed(state, true, discarded::add);
        assertEquals(length, disk.bytes(ZoneFiles.name(1)).length);
        assertEquals(List.of(), discarded);
    }

    @Test
    void aZoneThatNobodyNeedsAnyMoreIsDiscardedBeforeItIsForced() {
        fillZone();
        fillZone();
        open.discardEnded(ManifestState.EMPTY, number -> number == 2, discarded::add);
        assertEquals(List.of(1), discarded);
        forces.runAll();
        assertEquals(0, forcesOf(1));
        assertEquals(1, forcesOf(2));
    }

    @Test
    void aCloseSaysOfAZoneThatIsNotForcedWhatWasSaidBeforeAndNoMore() {
        append();
        open.force();
        ManifestState state = named(ManifestState.EMPTY);
        ManifestRecord.Zone before = state.zones().get(1);
        fillZone();
        ManifestEdit.Builder edit = ManifestEdit.to(1);
        open.describeEnded(edit, state);
        ManifestRecord.Zone after = state.apply(edit.build(), "m", 0).zones().get(1);
        assertEquals(new ManifestRecord.Zone(1, before.length(), STREAM, ZoneState.CUT), after);
        open.discardUnnamed(state, discarded::add);
        assertEquals(List.of(2), discarded);
        assertEquals(
                before.length(), disk.bytes(ZoneFiles.name(1)).length, "what nothing names is given back to the disk");
        forces.runAll();
        assertEquals(1, forcesOf(1), "that of before");
    }

    @Test
    void memoryOfAZoneIsGivenBackWhenItEndsAndItsFileOnceItIsForced() {
        append();
        long oneZone = pool.usedBytes();
        for (int i = 0; i < 20; i++) {
            fillZone();
        }
        assertTrue(pool.usedBytes() <= 2 * oneZone, oneZone + ", then " + pool.usedBytes());
        open.close();
        assertEquals(0, pool.usedBytes());
        assertEquals(20, forces.runAll());
        assertFalse(
                disk.operations().stream().anyMatch(op -> op.kind() == OperationKind.FORCE),
                "after a close nothing is");
    }
}
