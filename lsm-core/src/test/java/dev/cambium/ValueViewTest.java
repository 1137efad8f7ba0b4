package dev.cambium;

import static dev.cambium.StoreTest.b;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cambium.testkit.SimulatedEnvironment;
import dev.cambium.testkit.disk.SimulatedDisk;
import dev.cambium.testkit.runtime.StepExecutor;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

/** Values read in place, out of snapshots: they stay as long as their view, end with it, and are never another key's. */
class ValueViewTest {
    private static final int ENTRIES = 12_000;
    private static final Options OPTIONS = Options.DEFAULT
            .withMemoryBudget(16 << 20)
            .withMemtableBytes(1 << 20)
            .withPageBytes(4 << 10);

    private final Store store = Store.open(
            new SimulatedEnvironment(new SimulatedDisk(1), 1, StepExecutor.Mode.INLINE).environment(), OPTIONS);

    private static byte[] key(int entry) {
        return b(String.format("key-%08d", entry));
    }

    /** In leaves, in pages of values, and one in chunks. */
    private static byte[] value(int entry) {
        byte[] value = new byte[entry == 7 ? (2 << 20) + 5 : entry % 3 == 0 ? 4000 : 150];
        new SplittableRandom(entry).nextBytes(value);
        return value;
    }

    private void fill() {
        for (int entry = 0; entry < ENTRIES; entry++) {
            store.put(key(entry), value(entry), Durability.BUFFERED);
        }
        store.flush();
    }

    @Test
    void aValueIsReadInPlaceWhereverItLies() {
        fill();
        store.put(key(5), b("in a memtable"));
        store.delete(key(6));
        try (Snapshot snapshot = store.snapshot()) {
            for (int entry : new int[] {0, 1, 2, 3, 5, 6, 7, 8, ENTRIES - 1, ENTRIES}) {
                byte[] expected =
                        entry == ENTRIES || entry == 6 ? null : entry == 5 ? b("in a memtable") : value(entry);
                try (ValueView view = snapshot.view(key(entry))) {
                    if (expected == null) {
                        assertNull(view);
                        continue;
                    }
                    assertEquals(expected.length, view.length());
                    assertEquals(expected[3] & 0xFF, view.byteAt(3));
                    assertArrayEquals(expected, view.toByteArray());
                    assertEquals(0, view.compareTo(expected));
                    ByteBuffer target = ByteBuffer.allocateDirect(expected.length);
                    view.copyTo(target);
                    assertEquals(ByteBuffer.wrap(expected), target.flip());
                }
            }
        }
        store.close();
        assertEquals(0, store.memoryUsedBytes());
    }

    /** Everything else is read, so that all pages are evicted many times; then the budget shrinks, and the runs go. */
    @Test
    void aViewShowsItsBytesWhateverIsEvicted() {
        store.setMemoryBudget(64 << 20);
        fill();
        Snapshot snapshot = store.snapshot();
        List<ValueView> views = new ArrayList<>();
        for (int entry = 100; entry < 160; entry++) {
            views.add(snapshot.view(key(entry)));
        }
        store.setMemoryBudget(16 << 20);
        for (int round = 0; round < 3; round++) {
            for (int entry = 0; entry < ENTRIES; entry++) {
                store.get(key(entry));
            }
            for (int i = 0; i < views.size(); i++) {
                assertArrayEquals(value(100 + i), views.get(i).toByteArray());
            }
            store.put(key(round), b("new"));
            store.compact();
        }
        views.forEach(ValueView::close);
        snapshot.close();
        store.setMemoryBudget(16 << 20);
        MemoryStats memory = store.stats().memory();
        assertTrue(memory.totalBytes() <= 16 << 20, memory::toString);
        store.close();
        assertEquals(0, store.memoryUsedBytes());
    }

    @Test
    void aViewEndsWithItselfItsSnapshotAndItsStore() {
        fill();
        Snapshot snapshot = store.snapshot();
        ValueView closed = snapshot.view(key(1));
        closed.close();
        closed.close();
        assertTrue(assertThrows(IllegalStateException.class, () -> closed.byteAt(0))
                .getMessage()
                .contains("the view is closed"));
        ValueView outlived = snapshot.view(key(3));
        store.close();
        for (ValueView view : List.of(closed, outlived)) {
            assertThrows(IllegalStateException.class, view::toByteArray);
        }
        assertEquals(4000, outlived.length());
        outlived.close();
        snapshot.close();
        assertEquals(0, store.memoryUsedBytes());
    }

    /** As all tests run with {@code cambium.debugPins}, whoever forgets a view is told where it was taken. */
    @Test
    void aForgottenViewIsReportedWithTheStackThatTookIt() {
        fill();
        Snapshot snapshot = store.snapshot();
        snapshot.view(key(1));
        IllegalStateException reported = assertThrows(IllegalStateException.class, snapshot::close);
        assertTrue(
                Arrays.stream(reported.getCause().getStackTrace()).anyMatch(frame -> frame.getMethodName()
                        .equals("aForgottenViewIsReportedWithTheStackThatTookIt")),
                () -> Arrays.toString(reported.getCause().getStackTrace()));
        store.close();
        assertEquals(0, store.memoryUsedBytes());
    }

    /** Views are read by some threads while others close them and evict what is around them. */
    @Test
    void aViewThatIsClosedUnderItsReadersShowsItsBytesOrThrows() throws Exception {
        fill();
        ExecutorService threads = Executors.newFixedThreadPool(3);
        AtomicReference<ValueView> current = new AtomicReference<>();
        AtomicReference<Integer> entryOf = new AtomicReference<>();
        try (Snapshot snapshot = store.snapshot()) {
            List<Future<?>> readers = new ArrayList<>();
            for (int i = 0; i < 2; i++) {
                readers.add(threads.submit(() -> {
                    while (!Thread.currentThread().isInterrupted()) {
                        Integer entry = entryOf.get();
                        ValueView view = current.get();
                        if (view == null || entry == null || !entry.equals(entryOf.get())) {
                            continue;
                        }
                        try {
                            byte[] read = view.toByteArray();
                            if (entry.equals(entryOf.get()) && view == current.get()) {
                                assertArrayEquals(value(entry), read);
                            }
                        } catch (IllegalStateException e) {
                            assertTrue(e.getMessage().contains("the view is closed"), e.getMessage());
                        }
                    }
                }));
            }
            SplittableRandom random = new SplittableRandom(4);
            for (int round = 0; round < 4000; round++) {
                int entry = 8 + random.nextInt(ENTRIES - 8);
                ValueView view = snapshot.view(key(entry));
                current.set(null);
                entryOf.set(entry);
                current.set(view);
                for (int i = 0; i < 5; i++) {
                    store.get(key(8 + random.nextInt(ENTRIES - 8)));
                }
                view.close();
            }
            threads.shutdownNow();
            for (Future<?> reader : readers) {
                reader.get();
            }
        }
        store.close();
        assertEquals(0, store.memoryUsedBytes());
    }
}
