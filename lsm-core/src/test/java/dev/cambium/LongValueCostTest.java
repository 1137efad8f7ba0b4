package dev.cambium;

import static dev.cambium.LongInputs.interrupted;
import static dev.cambium.LongInputs.noise;
import static dev.cambium.StoreTest.b;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cambium.error.CorruptionException;
import dev.cambium.error.DiskFullException;
import dev.cambium.error.MemoryBudgetException;
import dev.cambium.error.StoreException;
import dev.cambium.testkit.disk.CrashOutcome;
import dev.cambium.testkit.disk.FaultRule;
import dev.cambium.testkit.disk.OperationKind;
import dev.cambium.testkit.disk.SimulatedDisk;
import dev.cambium.testkit.runtime.StepExecutor;
import java.io.IOException;
import java.nio.file.Path;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What long values may cost: room on the disk, memory, a longer manifest, and other writes. */
class LongValueCostTest {
    private static final int MIB = 1 << 20;
    private static final Options WIDE = SmallStore.ROOMY.withZoneBytes(64 << 20);

    /** A value that is written over again and again, and nobody calls flush. */
    @Test
    void overwrittenLongValuesDoNotFillTheDisk() {
        try (SmallStore small = new SmallStore(SmallStore.ROOMY.withZoneBytes(4 << 20))) {
            for (int round = 0; round < 3; round++) {
                for (int i = 0; i < 60; i++) {
                    small.store().put(b("k"), noise(i, MIB + 1));
                }
                small.reopen();
            }
            long bytes = small.fileBytes("zone-");
            assertTrue(bytes < 100L * MIB, bytes / MIB + " MiB on disk for a value of 1 MiB");
        }
    }

    /** Values that have a page each are moved out of zones that are mostly dead, as those are that flushes write. */
    @Test
    void filesStayShortWhileValuesOf64KibAreOverwrittenAtRandom() {
        Options options = SmallStore.SMALL.withZoneBytes(MIB).withMemtableBytes(64 << 10);
        try (SmallStore small = new SmallStore(options)) {
            int keys = 100;
            SplittableRandom random = new SplittableRandom(7);
            int[] last = new int[keys];
            long most = 0;
            for (int i = 1; i <= 1500; i++) {
                int key = i <= keys ? i - 1 : random.nextInt(keys);
                last[key] = i;
                small.store().put(b("k" + key), noise(i, 64 << 10), Durability.BUFFERED);
                most = i % 100 == 0 ? Math.max(most, small.fileBytes("zone-")) : most;
            }
            for (int key = 0; key < keys; key++) {
                assertArrayEquals(noise(last[key], 64 << 10), small.store().get(b("k" + key)));
            }
            long data = keys * (64L << 10);
            assertTrue(most < 2.2 * data, most + " bytes at most for " + data);
            small.store().compact();
            assertTrue(small.fileBytes("zone-") < 1.4 * data, small.fileBytes("zone-") + " bytes for " + data);
        }
    }

    @Test
    void compactGivesTheZoneBackInWhichAllLongValuesAreDeleted() {
        try (SmallStore small = new SmallStore(WIDE)) {
            Store store = small.store();
            for (int i = 0; i < 10; i++) {
                store.put(b("k" + i), noise(i, MIB + 1));
            }
            store.flush();
            for (int i = 0; i < 10; i++) {
                store.delete(b("k" + i));
            }
            store.compact();
            store = small.reopen();
            store.put(b("k"), b("v"));
            store.compact();
            assertTrue(small.fileBytes("zone-") < 2 * MIB, small.fileBytes("zone-") / MIB + " MiB of nothing");
        }
    }

    @Test
    void aPutThatMetAFullDiskLeavesItNoFuller() {
        for (boolean named : new boolean[] {false, true}) {
            try (SmallStore small = new SmallStore(WIDE)) {
                Store store = small.store();
                if (named) {
                    store.put(b("k"), noise(1, MIB + 1));
                }
                long used = small.fileBytes("");
                small.disk().faults().capacityBytes(used + 10 * MIB);
                assertThrows(DiskFullException.class, () -> store.put(b("big"), noise(2, 20 * MIB)));
                long left = used + 10 * MIB - small.fileBytes("");
                assertTrue(left > 8 * MIB, "named " + named + ": " + left / 1024 + " KiB are left");
                store.put(b("small"), noise(3, 3 * MIB)); // has room
                small.disk().faults().clear();
            }
        }
    }

    /** What cannot be read of one value is told to who reads it; memtables are laid down all the same. */
    @Test
    void aDamagedListOrChunkHeaderOfOneValueKeepsNoMemtableFromBeingLaidDown() {
        for (boolean list : new boolean[] {false, true}) {
            SmallStore small = new SmallStore(WIDE);
            small.store().put(b("a"), noise(1, MIB + 1));
            small.store().put(b("b"), noise(2, MIB + 1));
            int listAt = 4096 + (MIB + 64 + 63 & -64) + 128; // behind a chunk of 1 MiB and one of a byte
            SimulatedDisk copy = small.disk().afterCrash(CrashOutcome.EVERYTHING);
            copy.corrupt(small.files("zone-").get(0), ((list ? listAt : 4096) + 20) * 8L);
            small.close();
            SmallStore damaged = new SmallStore(WIDE, StepExecutor.Mode.INLINE, copy);
            Store store = damaged.store();
            assertThrows(CorruptionException.class, () -> store.get(b("a")), "list " + list);
            store.put(b("c"), b("v"));
            store.flush();
            store.put(b("d"), b("v"));
            store.flush();
            assertThrows(CorruptionException.class, () -> store.get(b("a")));
            assertArrayEquals(noise(2, MIB + 1), store.get(b("b")));
            store.close();
        }
    }

    @Test
    void longPutsIntoALatchedStoreFillNoDisk() {
        SmallStore small = new SmallStore(WIDE);
        small.store().put(b("k"), b("v"));
        small.disk().faults().add(FaultRule.on(OperationKind.FORCE).inFiles(name -> name.startsWith("log-")));
        assertThrows(StoreException.class, () -> small.store().put(b("k"), b("w")));
        long before = small.fileBytes("");
        for (int i = 0; i < 5; i++) {
            assertThrows(StoreException.class, () -> small.store().put(b("long"), noise(1, 2 * MIB)));
        }
        assertTrue(small.fileBytes("") - before < 4 * MIB, (small.fileBytes("") - before) / MIB + " MiB of garbage");
        small.store().close();
    }

    /** Only where snapshots hold the memory may a write fail for want of it. */
    @Test
    void longPutsWaitForMemoryAsShortOnesDo(@TempDir Path directory) throws InterruptedException {
        Options options = Options.DEFAULT.withMemoryBudget(16 << 20).withMemtableBytes(4 << 20);
        AtomicReference<Throwable> failure = new AtomicReference<>();
        try (Store store = Store.open(directory, options)) {
            AtomicBoolean stop = new AtomicBoolean();
            Thread[] writers = new Thread[3];
            for (int t = 0; t < writers.length; t++) {
                int thread = t;
                writers[t] = new Thread(() -> {
                    try {
                        for (int i = 0; !stop.get(); i++) {
                            store.put(b(thread + " " + i), noise(i, 20_000), Durability.BUFFERED);
                        }
                    } catch (Throwable e) {
                        failure.compareAndSet(null, e);
                    }
                });
                writers[t].start();
            }
            int refused = 0;
            for (int i = 0; i < 60; i++) {
                try {
                    store.put(b("long"), noise(i, MIB + 1), Durability.BUFFERED);
                } catch (MemoryBudgetException e) {
                    refused++;
                }
            }
            stop.set(true);
            for (Thread writer : writers) {
                writer.join();
            }
            assertNull(failure.get(), () -> "a short put: " + failure.get());
            assertEquals(0, refused, "long puts refused of 60");
        }
    }

    /** What fails in one put is no reason for another to fail, which stands in zones of its own that are whole. */
    @Test
    void aPutThatFailsFailsAlone() throws IOException {
        try (SmallStore small = new SmallStore(SmallStore.ROOMY)) {
            Store store = small.store();
            byte[] value = noise(1, 4 * MIB);
            store.put(b("slow"), interrupted(value, 3 * MIB, () -> {
                small.disk().faults().add(FaultRule.on(OperationKind.CREATE).forLackOfRoom());
                assertThrows(DiskFullException.class, () -> store.put(b("other"), noise(2, 2 * MIB)));
            }));
            assertArrayEquals(value, store.get(b("slow")));
            assertNull(store.get(b("other")));
        }
    }

    /** Each long put appends an edit, and no flush may come for a long time. */
    @Test
    void longPutsAloneLetTheManifestGrowNoLongerThanFlushesDo() {
        try (SmallStore small = new SmallStore(WIDE)) {
            for (int i = 0; i < 1000; i++) {
                small.store().put(b("k"), new byte[MIB + 1]);
            }
            assertTrue(small.fileBytes("manifest-") < 32 << 10, small.fileBytes("manifest-") + " bytes of manifest");
        }
    }

    /** Nor does a zone keep it from being replaced that a crash has cut, and that no long put has said so of. */
    @Test
    void aZoneThatACrashHasCutKeepsNoManifestFromBeingReplaced() {
        try (SmallStore small = new SmallStore(WIDE)) {
            small.store().put(b("long"), new byte[MIB + 1]);
            small.reopenAfter(CrashOutcome.PROCESS_KILL);
            for (int i = 0; i < 200; i++) {
                small.store().put(b("k"), b("v" + i));
                small.store().flush();
            }
            assertTrue(small.fileBytes("manifest-") < 32 << 10, small.fileBytes("manifest-") + " bytes of manifest");
        }
    }

    /** A batch is for one thread at a time; whoever breaks that may lose his writes, but no store is to refer to what it has not. */
    @Test
    void aBatchThatIsWrittenToTwoStoresAtOnceRefersInEachToItsOwn() {
        WriteBatch batch = new WriteBatch().put(b("a"), noise(1, MIB + 1)).put(b("b"), noise(2, MIB + 1));
        try (SmallStore one = new SmallStore(WIDE);
                SmallStore other = new SmallStore(WIDE)) {
            other.store().put(b("before"), noise(3, 3 * MIB));
            AtomicInteger forces = new AtomicInteger();
            one.disk().faults().add(FaultRule.on(OperationKind.FORCE).inFiles(name -> {
                if (name.startsWith("zone-") && forces.incrementAndGet() == 2) { // the first value has its reference
                    other.store().write(batch);
                }
                return false;
            }));
            one.store().write(batch);
            one.disk().faults().clear();
            assertArrayEquals(noise(1, MIB + 1), other.store().get(b("a")));
            assertArrayEquals(noise(1, MIB + 1), one.store().get(b("a")));
        }
    }
}
