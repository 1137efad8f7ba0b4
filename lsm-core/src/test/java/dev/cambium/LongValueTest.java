package dev.cambium;

import static dev.cambium.StoreTest.b;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cambium.error.CorruptionException;
import dev.cambium.error.DiskFullException;
import dev.cambium.error.StoreException;
import dev.cambium.log.Verification;
import dev.cambium.segment.log.OperationCode;
import dev.cambium.segment.manifest.ManifestRecord;
import dev.cambium.segment.manifest.ManifestState;
import dev.cambium.testkit.disk.CrashOutcome;
import dev.cambium.testkit.disk.FaultRule;
import dev.cambium.testkit.disk.OperationKind;
import dev.cambium.testkit.disk.SimulatedCrash;
import dev.cambium.testkit.disk.SimulatedDisk;
import dev.cambium.testkit.runtime.StepExecutor;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Values of 64 KiB and more: they stand in zones of their own before the log refers to them, those of more than 1 MiB in chunks. */
class LongValueTest {
    private static final int MIB = 1 << 20;

    /** Half of it compresses. */
    private static byte[] value(long seed, int length) {
        byte[] value = new byte[length];
        SplittableRandom random = new SplittableRandom(seed);
        for (int i = 0; i < length; i += 8) {
            Arrays.fill(value, i, Math.min(length, i + 8), (byte) random.nextInt());
        }
        return value;
    }

    private static final byte[] FIRST = value(1, MIB + 1);
    private static final byte[] SECOND = value(2, 3 * MIB + MIB / 2);
    private static final byte[] THIRD = value(3, 2 * MIB);

    private static byte[] read(InputStream stream) {
        try (stream) {
            return stream.readAllBytes();
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    /** Looks at the value from every side. */
    private static void assertReads(byte[] expected, Store store, String key, String when) {
        assertArrayEquals(expected, store.get(b(key)), when);
        assertArrayEquals(expected, read(store.getStream(b(key))), when);
        ByteBuffer part = ByteBuffer.allocate(MIB + 100);
        assertEquals(expected.length, store.get(b(key), part), when);
        assertEquals(Math.min(expected.length, MIB + 100), part.position(), when);
        assertTrue(Arrays.equals(expected, 0, part.position(), part.array(), 0, part.position()), when);
        try (Snapshot snapshot = store.snapshot();
                Cursor cursor = snapshot.cursor()) {
            assertArrayEquals(expected, snapshot.get(b(key)), when);
            assertArrayEquals(expected, read(snapshot.getStream(b(key))), when);
            assertTrue(cursor.seek(b(key)));
            assertArrayEquals(b(key), cursor.key(), when);
            assertArrayEquals(expected, cursor.value(), when);
            assertArrayEquals(expected, read(cursor.valueStream()), when);
            ByteView view = cursor.valueView();
            assertEquals(expected.length, view.length(), when);
            assertArrayEquals(expected, view.toByteArray(), when);
            assertEquals(expected[MIB] & 0xFF, view.byteAt(MIB), when);
            cursor.next();
            assertThrows(IllegalStateException.class, () -> view.byteAt(0));
        }
    }

    @Test
    void aLongValueIsReadFromMemtableRunAndMergedRunAndAfterReopening() {
        try (SmallStore small = new SmallStore(SmallStore.ROOMY)) {
            Store store = small.store();
            store.put(b("a"), b("short"));
            store.put(b("b"), FIRST);
            store.put(b("c"), SECOND);
            store.put(b("d"), b("short"));
            assertReads(FIRST, store, "b", "in the memtable");
            assertReads(SECOND, store, "c", "in the memtable");
            store = small.reopen();
            assertReads(SECOND, store, "c", "replayed after a close");
            store = small.reopenAfter(CrashOutcome.NOTHING_UNFORCED);
            assertReads(FIRST, store, "b", "replayed after a power loss");
            store.flush();
            assertReads(SECOND, store, "c", "in a run");
            store.put(b("c"), THIRD);
            store.delete(b("b"));
            store.flush();
            assertReads(THIRD, store, "c", "in a newer run");
            assertNull(store.getStream(b("b")));
            store.compact();
            assertReads(THIRD, store, "c", "in a merged run");
            store = small.reopen();
            assertReads(THIRD, store, "c", "after a close");
            store = small.reopenAfter(CrashOutcome.NOTHING_UNFORCED);
            assertReads(THIRD, store, "c", "after a power loss");
            assertNull(store.get(b("b")));
            assertArrayEquals(b("short"), store.get(b("d")));
        }
    }

    /** A version of before had those up to 1 MiB in the log and in memtables. */
    @Test
    void valuesOfUpTo1MibThatStandInTheLogAreReadAndLaidDown() {
        try (SmallStore small = new SmallStore(SmallStore.ROOMY.withMemtableBytes(4 << 20))) {
            int[] lengths = {64 << 10, 100_000, MIB - 1, MIB};
            for (int length : lengths) {
                WriteBatch inline = new WriteBatch();
                inline.operationsFor(small.store())
                        .add(OperationCode.PUT, Keyspace.DEFAULT_ID, b("k" + length), value(length, length));
                small.store().write(inline, Durability.BUFFERED);
            }
            small.store().put(b("k1"), value(1, 64 << 10), Durability.BUFFERED);
            small.reopenAfter(CrashOutcome.PROCESS_KILL);
            for (String when : List.of("replayed", "in a run", "merged")) {
                for (int length : lengths) {
                    assertArrayEquals(value(length, length), small.store().get(b("k" + length)), when);
                }
                assertArrayEquals(value(1, 64 << 10), small.store().get(b("k1")), when);
                if (when.equals("replayed")) {
                    small.store().flush();
                } else {
                    small.store().compact();
                }
            }
        }
    }

    @Test
    void aValueInAPageOfItsOwnIsReadFromMemtableRunAndMergedRunAndAfterReopening() throws IOException {
        for (int length : new int[] {64 << 10, 300_001, MIB}) {
            byte[] value = value(length, length);
            try (SmallStore small = new SmallStore(SmallStore.ROOMY)) {
                small.store().put(b("a"), b("short"));
                small.store().put(b("k"), value);
                for (String when : List.of("in the memtable", "reopened", "killed", "in a run", "merged", "closed")) {
                    switch (when) {
                        case "reopened", "closed" -> small.reopen();
                        case "killed" -> small.reopenAfter(CrashOutcome.NOTHING_UNFORCED);
                        case "in a run" -> small.store().flush();
                        case "merged" -> small.store().compact();
                        default -> {}
                    }
                    Store store = small.store();
                    assertArrayEquals(value, store.get(b("k")), when);
                    assertArrayEquals(value, read(store.getStream(b("k"))), when);
                    ByteBuffer part = ByteBuffer.allocate(1000);
                    assertEquals(length, store.get(b("k"), part), when);
                    assertTrue(Arrays.equals(value, 0, 1000, part.array(), 0, 1000), when);
                    try (Snapshot snapshot = store.snapshot();
                            Cursor cursor = snapshot.cursor();
                            ValueView view = snapshot.view(b("k"))) {
                        assertArrayEquals(value, snapshot.get(b("k")), when);
                        assertArrayEquals(value, view.toByteArray(), when);
                        assertTrue(cursor.seek(b("b")), when);
                        assertArrayEquals(value, cursor.value(), when);
                        assertArrayEquals(value, cursor.valueView().toByteArray(), when);
                        assertArrayEquals(value, read(cursor.valueStream()), when);
                        assertTrue(cursor.previous(), when);
                        assertArrayEquals(b("short"), cursor.value(), when);
                    }
                }
            }
        }
    }

    @Test
    void chunksAreNotRewrittenByFlushAndMerge() {
        try (SmallStore small = new SmallStore(SmallStore.ROOMY)) {
            Store store = small.store();
            store.put(b("k"), SECOND);
            Set<Integer> written = Set.copyOf(small.manifest().zones().keySet());
            store.flush();
            List<ManifestRecord.Zone> zones = small.manifest().zones().values().stream()
                    .filter(zone -> written.contains(zone.number()))
                    .toList();
            assertEquals(written.size(), zones.size());
            store.put(b("other"), b("v"));
            store.flush();
            long before = small.fileBytes("zone-");
            store.compact();
            assertTrue(small.fileBytes("zone-") <= before, before + " became " + small.fileBytes("zone-"));
            List<ManifestRecord.Zone> after =
                    List.copyOf(small.manifest().zones().values());
            assertTrue(after.containsAll(zones), zones + " and then " + after);
            assertEquals(1, small.manifest().runs().size());
            ManifestState state = small.manifest();
            for (ManifestRecord.Zone zone : zones) {
                long live = state.liveBytes(zone.number());
                assertTrue(live > zone.length() - 8192 && live < zone.length(), live + " bytes of " + zone);
            }
        }
    }

    @Test
    void zonesOfOverwrittenAndDeletedLongValuesAreGivenBack() {
        try (SmallStore small = new SmallStore(SmallStore.ROOMY)) {
            Store store = small.store();
            for (int i = 0; i < 6; i++) { // each chunk fills a zone
                store.put(b("k"), value(i, 3 * MIB));
            }
            assertTrue(small.manifest().zones().size() <= 12, small.manifest().zones()::toString);
            store.compact();
            assertTrue(small.manifest().zones().size() <= 6, small.manifest().zones()::toString);
            assertReads(value(5, 3 * MIB), store, "k", "the last one");
            store.delete(b("k"));
            store.flush();
            store.compact();
            assertTrue(small.manifest().zones().size() <= 2, small.manifest().zones()::toString);
            store = small.reopen();
            assertEquals("[]", small.unnamedOrMissing().toString());
            store.put(b("k"), FIRST);
            assertReads(FIRST, store, "k", "again");
        }
    }

    @Test
    void aStreamReadsOnWhileItsValueIsOverwrittenAndItsZonesAreDropped() throws IOException {
        try (SmallStore small = new SmallStore(SmallStore.ROOMY)) {
            Store store = small.store();
            store.put(b("k"), SECOND);
            InputStream fromMemtable = store.getStream(b("k"));
            Snapshot snapshot = store.snapshot();
            assertEquals(SECOND[0], (byte) fromMemtable.read());
            store.flush();
            InputStream fromRun = store.getStream(b("k"));
            Cursor cursor = store.cursor();
            assertTrue(cursor.first());
            ByteView view = cursor.valueView();
            store.put(b("k"), b("short"));
            store.flush();
            store.compact();
            InputStream fromSnapshot = snapshot.getStream(b("k"));
            snapshot.close();
            assertArrayEquals(SECOND, view.toByteArray());
            cursor.close();
            assertThrows(IllegalStateException.class, view::toByteArray);
            assertEquals(SECOND.length - 1 - 2 * MIB, skipAndCount(fromMemtable, 2 * MIB));
            assertArrayEquals(SECOND, read(fromRun));
            assertArrayEquals(SECOND, read(fromSnapshot));
            assertThrows(IllegalStateException.class, fromRun::read);
            store.compact();
            store = small.reopen();
            assertArrayEquals(b("short"), store.get(b("k")));
            assertEquals("[]", small.unnamedOrMissing().toString());
        }
    }

    /** Skips, compares the rest, and closes. */
    private static int skipAndCount(InputStream stream, long skipped) throws IOException {
        try (stream) {
            assertEquals(skipped, stream.skip(skipped));
            byte[] rest = stream.readAllBytes();
            assertTrue(Arrays.equals(rest, Arrays.copyOfRange(SECOND, SECOND.length - rest.length, SECOND.length)));
            assertEquals(0, stream.skip(1));
            assertEquals(-1, stream.read());
            return rest.length;
        }
    }

    @Test
    void aStreamOfAClosedStoreThrows() {
        SmallStore small = new SmallStore(SmallStore.ROOMY);
        small.store().put(b("k"), FIRST);
        InputStream stream = small.store().getStream(b("k"));
        small.store().close();
        assertThrows(IllegalStateException.class, stream::read);
        assertThrows(IllegalStateException.class, () -> small.store().put(b("k"), FIRST));
        assertThrows(IllegalStateException.class, () -> small.store().put(b("k"), new ByteArrayInputStream(FIRST)));
        read(new ByteArrayInputStream(new byte[0]));
        try (stream) {
            assertEquals(0, small.store().memoryUsedBytes());
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void streamsArePutWithTheLengthThatTheyTurnOutToHave() throws IOException {
        try (SmallStore small = new SmallStore(SmallStore.ROOMY.withMemtableBytes(4 << 20))) {
            Store store = small.store();
            Keyspace space = store.keyspace("space");
            for (int length : new int[] {0, 1, MIB - 1, MIB, MIB + 1, 2 * MIB, 2 * MIB + 1}) {
                byte[] value = value(length, length);
                store.put(b("k" + length), new Slow(value));
                space.put(b("k" + length), new Slow(value), Durability.BUFFERED);
                assertArrayEquals(value, store.get(b("k" + length)));
                assertArrayEquals(value, read(store.getStream(b("k" + length))));
                assertArrayEquals(value, read(space.getStream(b("k" + length))));
            }
        }
    }

    /** Gives few bytes at a time. */
    private static final class Slow extends InputStream {
        private final InputStream bytes;

        Slow(byte[] bytes) {
            this.bytes = new ByteArrayInputStream(bytes);
        }

        @Override
        public int read() {
            throw new AssertionError("one byte at a time is too slow");
        }

        @Override
        public int read(byte[] target, int offset, int length) throws IOException {
            return bytes.read(target, offset, Math.min(length, 10_007));
        }
    }

    /** Ends with an error after so many bytes; zeros. */
    private static final class Failing extends InputStream {
        private long left;

        Failing(long bytes) {
            this.left = bytes;
        }

        @Override
        public int read() {
            throw new AssertionError("one byte at a time is too slow");
        }

        @Override
        public int read(byte[] target, int offset, int length) throws IOException {
            if (left == 0) {
                throw new IOException("the line is dead");
            }
            int given = (int) Math.min(left, length);
            Arrays.fill(target, offset, offset + given, (byte) 0);
            left -= given;
            return given;
        }
    }

    @Test
    void ofAStreamThatFailsOrIsTooLongNothingIsPut() {
        try (SmallStore small = new SmallStore(SmallStore.ROOMY)) {
            Store store = small.store();
            store.put(b("k"), b("before"));
            for (long bytes : new long[] {0, 1000, 3 * MIB + 5}) {
                IOException failure = assertThrows(IOException.class, () -> store.put(b("k"), new Failing(bytes)));
                assertEquals("the line is dead", failure.getMessage());
            }
            IllegalArgumentException refusal =
                    assertThrows(IllegalArgumentException.class, () -> store.put(b("k"), new Failing(2L << 30)));
            assertTrue(refusal.getMessage().contains("1073741824"), refusal.getMessage());
            assertArrayEquals(b("before"), store.get(b("k")));
            store.put(b("long"), FIRST);
            store.flush();
            assertReads(FIRST, store, "long", "after the failures");
        }
    }

    @Test
    void longValuesOfABatchAreThereWithItAndInEachStoreItIsWrittenTo() {
        WriteBatch batch =
                new WriteBatch().put(b("a"), FIRST).put(b("b"), b("short")).put(b("c"), SECOND);
        byte[] changed = FIRST.clone();
        WriteBatch copying = new WriteBatch().put(b("copied"), changed);
        Arrays.fill(changed, (byte) 1);
        for (int i = 0; i < 2; i++) {
            try (SmallStore small = new SmallStore(SmallStore.ROOMY)) {
                Store store = small.store();
                store.write(batch);
                store.write(new WriteBatch().delete(b("a")).put(store.keyspace("space"), b("a"), THIRD));
                store.write(batch, Durability.NONE);
                store.write(copying);
                assertReads(FIRST, store, "a", "store " + i);
                assertReads(SECOND, store, "c", "store " + i);
                assertReads(FIRST, store, "copied", "store " + i);
                assertArrayEquals(THIRD, store.keyspace("space").get(b("a")));
                store = small.reopen();
                assertReads(FIRST, store, "a", "store " + i + " again");
                assertArrayEquals(THIRD, store.keyspace("space").get(b("a")));
            }
        }
    }

    /** Cuts a put, a flush of it, an overwrite and a compaction short at every other operation of the disk. */
    @Test
    void noAcknowledgedLongValueIsLostWhereverItsPutFlushAndMergeAreCutShort() {
        int deaths = 0;
        for (long at = 0; ; at += 2) {
            SmallStore small = new SmallStore(SmallStore.ROOMY);
            small.store().put(b("k"), b("before"));
            SimulatedDisk disk = small.disk();
            disk.crashAt(disk.operationCount() + at);
            List<byte[]> acknowledged = new java.util.ArrayList<>(List.of(b("before")));
            boolean died = false;
            try {
                small.store().put(b("k"), FIRST);
                acknowledged.add(FIRST);
                small.store().flush();
                small.store().put(b("k"), THIRD);
                acknowledged.add(THIRD);
                small.store().flush();
                small.store().compact();
            } catch (StoreException | SimulatedCrash e) {
                died = true;
            }
            if (!died && !disk.hasCrashed()) {
                disk.crashAt(Long.MAX_VALUE);
                small.close();
                break;
            }
            deaths++;
            for (CrashOutcome outcome : new CrashOutcome[] {
                CrashOutcome.NOTHING_UNFORCED, CrashOutcome.PROCESS_KILL, CrashOutcome.powerLoss(at)
            }) {
                SimulatedDisk left = disk.afterCrash(outcome);
                try (SmallStore found = new SmallStore(SmallStore.ROOMY, StepExecutor.Mode.INLINE, left)) {
                    byte[] value = found.store().get(b("k"));
                    byte[] last = acknowledged.get(acknowledged.size() - 1);
                    byte[] next = acknowledged.size() == 1 ? FIRST : THIRD;
                    String when = "operation " + at + ", " + outcome;
                    assertTrue(Arrays.equals(value, last) || Arrays.equals(value, next), when);
                    assertReads(value, found.store(), "k", when, value.length > MIB);
                    found.store().put(b("more"), FIRST);
                    found.store().compact();
                    assertArrayEquals(value, found.store().get(b("k")), when);
                }
                assertTrue(
                        new Verification(left).run().isSound(),
                        () -> new Verification(left).run().toString());
            }
            small.close();
        }
        assertTrue(deaths > 20, deaths + " deaths");
    }

    private static void assertReads(byte[] expected, Store store, String key, String when, boolean isLong) {
        if (isLong) {
            assertReads(expected, store, key, when);
        }
    }

    @Test
    void aFullDiskFailsThePutAndNothingElse() {
        try (SmallStore small = new SmallStore(SmallStore.ROOMY)) {
            Store store = small.store();
            store.put(b("k"), FIRST);
            store.flush();
            long used = small.fileBytes("");
            small.disk().faults().capacityBytes(used + MIB / 2);
            assertThrows(DiskFullException.class, () -> store.put(b("big"), SECOND));
            assertNull(store.get(b("big")));
            assertReads(FIRST, store, "k", "while the disk is full");
            assertTrue(small.fileBytes("") <= used + MIB, used + " became " + small.fileBytes(""));
            small.disk().faults().clear();
            store.put(b("big"), SECOND);
            assertReads(SECOND, store, "big", "when there is room again");
        }
    }

    @Test
    void afterAnyFailedWriteOrForceOfAZoneEarlierAndLaterValuesAreWhole() {
        for (OperationKind kind : new OperationKind[] {OperationKind.WRITE, OperationKind.FORCE}) {
            for (int nth = 1; nth <= 4; nth++) {
                try (SmallStore small = new SmallStore(SmallStore.ROOMY)) {
                    Store store = small.store();
                    store.put(b("k"), FIRST);
                    small.disk()
                            .faults()
                            .add(FaultRule.on(kind)
                                    .inFiles(name -> name.startsWith("zone-"))
                                    .fromThe(nth));
                    String when = kind + " " + nth;
                    boolean failed = false;
                    try {
                        store.put(b("big"), SECOND);
                    } catch (StoreException e) {
                        failed = true;
                    }
                    assertEquals(failed, store.get(b("big")) == null, when);
                    small.disk().faults().clear();
                    store.put(b("later"), THIRD);
                    store.flush();
                    assertReads(FIRST, store, "k", when);
                    assertReads(THIRD, store, "later", when);
                    store.close();
                    assertTrue(new Verification(small.disk()).run().isSound(), when);
                }
            }
        }
    }

    @Test
    void aDamagedChunkIsReportedAndEveryOtherKeyStaysReadable() {
        try (SmallStore small = new SmallStore(SmallStore.ROOMY)) {
            small.store().put(b("a"), SECOND);
            small.store().put(b("b"), FIRST);
            small.store().put(b("c"), b("short"));
            int zone = small.manifest().zones().keySet().iterator().next();
            for (boolean flushed : new boolean[] {false, true}) {
                if (flushed) {
                    small.store().flush();
                }
                SimulatedDisk copy = small.disk().afterCrash(CrashOutcome.EVERYTHING);
                String file = String.format("zone-%016x", zone);
                copy.corrupt(file, (4096 + 5000) * 8L);
                assertEquals(
                        file,
                        new Verification(copy.afterCrash(CrashOutcome.EVERYTHING))
                                .run()
                                .findings()
                                .get(0)
                                .file());
                SmallStore damaged = new SmallStore(SmallStore.ROOMY, StepExecutor.Mode.INLINE, copy);
                Store store = damaged.store();
                CorruptionException error = assertThrows(CorruptionException.class, () -> store.get(b("a")));
                assertEquals(file, error.file());
                assertTrue(error.offset() >= 4096 && error.offset() < 4096 + MIB, error.getMessage());
                InputStream stream = store.getStream(b("a"));
                assertThrows(CorruptionException.class, stream::read);
                assertNotNull(assertSkips(stream));
                assertArrayEquals(FIRST, store.get(b("b")));
                assertArrayEquals(b("short"), store.get(b("c")));
                store.compact(); // reads no chunk
                assertArrayEquals(FIRST, store.get(b("b")));
                store.close();
            }
        }
    }

    /** Chunks behind a damaged one can be had. */
    private static byte[] assertSkips(InputStream stream) {
        try (stream) {
            assertEquals(MIB, stream.skip(MIB));
            byte[] rest = stream.readAllBytes();
            assertArrayEquals(Arrays.copyOfRange(SECOND, MIB, SECOND.length), rest);
            return rest;
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void manyThreadsPutAndReadLongValuesAtOnce(@TempDir Path directory) throws InterruptedException {
        try (Store store = Store.open(directory, Options.DEFAULT.withZoneBytes(4 << 20))) {
            AtomicReference<Throwable> failure = new AtomicReference<>();
            Thread[] threads = new Thread[4];
            for (int t = 0; t < threads.length; t++) {
                int thread = t;
                threads[t] = new Thread(() -> {
                    try {
                        for (int i = 0; i < 12; i++) {
                            byte[] value = value(thread * 100L + i, MIB + 1 + thread * 300_000 + i);
                            byte[] shorter = value(thread * 100L + i, 65_536 + i);
                            store.put(b("s" + thread), shorter, i % 3 == 0 ? Durability.SYNC : Durability.NONE);
                            store.put(b("k" + thread), value, i % 2 == 0 ? Durability.SYNC : Durability.BUFFERED);
                            assertArrayEquals(shorter, store.get(b("s" + thread)));
                            assertArrayEquals(value, read(store.getStream(b("k" + thread))));
                            if (i % 4 == thread) {
                                store.flush();
                            }
                            assertArrayEquals(value, store.get(b("k" + thread)));
                        }
                    } catch (Throwable e) {
                        failure.compareAndSet(null, e);
                    }
                });
                threads[t].start();
            }
            for (Thread thread : threads) {
                thread.join();
            }
            if (failure.get() != null) {
                throw new AssertionError(failure.get());
            }
            store.compact();
            for (int t = 0; t < threads.length; t++) {
                assertArrayEquals(value(t * 100L + 11, MIB + 1 + t * 300_000 + 11), store.get(b("k" + t)));
            }
        }
        assertTrue(
                Store.verify(directory).isSound(), () -> Store.verify(directory).toString());
        try (Store store = Store.open(directory)) {
            assertFalse(store.get(b("k0")) == null);
        }
    }

    @Test
    void aValueFarBeyondTheBudgetGoesThroughInConstantMemory(@TempDir Path directory) throws IOException {
        long length = 48L << 20;
        Options options = Options.DEFAULT
                .withMemoryBudget(16 << 20)
                .withMemtableBytes(1 << 20)
                .withZoneBytes(16 << 20);
        try (Store store = Store.open(directory, options)) {
            store.put(b("k"), new Counting(length));
            assertTrue(store.stats().memory().totalBytes() <= 16 << 20, store.stats()::toString);
            try (InputStream found = store.getStream(b("k"));
                    InputStream expected = new Counting(length)) {
                byte[] one = new byte[1 << 16];
                byte[] other = new byte[1 << 16];
                for (long at = 0; at < length; at += one.length) {
                    assertEquals(one.length, found.readNBytes(one, 0, one.length));
                    assertEquals(one.length, expected.readNBytes(other, 0, one.length));
                    assertArrayEquals(other, one);
                }
                assertEquals(-1, found.read());
            }
        }
    }

    /** So many bytes that do not repeat. */
    private static final class Counting extends InputStream {
        private long left;

        Counting(long length) {
            this.left = length;
        }

        @Override
        public int read() {
            throw new AssertionError("one byte at a time is too slow");
        }

        @Override
        public int read(byte[] target, int offset, int length) {
            if (left == 0) {
                return -1;
            }
            int given = (int) Math.min(left, length);
            for (int i = 0; i < given; i++) {
                target[offset + i] = (byte) ((left - i) * 0x9E3779B97F4A7C15L >>> 56);
            }
            left -= given;
            return given;
        }
    }
}
