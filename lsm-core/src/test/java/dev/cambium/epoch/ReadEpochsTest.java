package dev.cambium.epoch;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

class ReadEpochsTest {
    private final ReadEpochs epochs = new ReadEpochs();

    @Test
    void retiredObjectWaitsForReadersThatCameBeforeAndForNoOthers() {
        AtomicBoolean released = new AtomicBoolean();
        int before = epochs.enter();
        epochs.retire(() -> released.set(true));
        int after = epochs.enter();
        assertEquals(1, epochs.reclaim());
        assertFalse(released.get());
        epochs.exit(before);
        assertEquals(0, epochs.reclaim());
        assertTrue(released.get(), "the reader that came after cannot have found it");
        epochs.exit(after);
    }

    @Test
    void retiredObjectWithoutReadersIsReleasedAtOnce() {
        AtomicBoolean released = new AtomicBoolean();
        epochs.exit(epochs.enter());
        epochs.retire(() -> released.set(true));
        assertTrue(released.get());
    }

    /** Readers may come, and find what is unlinked only then, between the question and the use that is made of the answer. */
    @Test
    void aMarkThatIsTakenLaterHasNotPassed() {
        long passed = epochs.passed();
        long mark = epochs.mark();
        assertTrue(mark > passed, mark + " was passed with " + passed);
        assertEquals(mark, epochs.passed());
        int slot = epochs.enter();
        assertTrue(epochs.passed() >= mark);
        long later = epochs.mark();
        assertTrue(epochs.passed() < later);
        epochs.exit(slot);
        assertEquals(later, epochs.passed());
    }

    @Test
    void everyHolderHasASlotOfItsOwn() {
        List<Integer> held = new ArrayList<>();
        for (int i = 0; i < 64; i++) {
            held.add(epochs.enter());
        }
        assertEquals(64, new HashSet<>(held).size());
        held.forEach(epochs::exit);
    }

    /** Readers look at a box that a writer replaces and retires; a box that was released while seen would be caught. */
    @Test
    void noReaderSeesAReleasedObjectUnderLoad() throws InterruptedException {
        record Box(AtomicBoolean released) {}
        AtomicReference<Box> current = new AtomicReference<>(new Box(new AtomicBoolean()));
        AtomicInteger violations = new AtomicInteger();
        AtomicBoolean stop = new AtomicBoolean();
        List<Thread> readers = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            Thread reader = new Thread(() -> {
                while (!stop.get()) {
                    int slot = epochs.enter();
                    Box seen = current.get();
                    for (int look = 0; look < 20; look++) {
                        if (seen.released.get()) {
                            violations.incrementAndGet();
                        }
                    }
                    epochs.exit(slot);
                }
            });
            reader.start();
            readers.add(reader);
        }
        for (int i = 0; i < 100_000; i++) {
            Box old = current.getAndSet(new Box(new AtomicBoolean()));
            epochs.retire(() -> old.released.set(true));
        }
        stop.set(true);
        for (Thread reader : readers) {
            reader.join();
        }
        assertEquals(0, violations.get());
        assertEquals(0, epochs.reclaim());
    }
}
