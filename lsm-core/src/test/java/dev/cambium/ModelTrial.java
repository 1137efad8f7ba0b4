package dev.cambium;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cambium.testkit.disk.CrashOutcome;
import dev.cambium.testkit.disk.SimulatedDisk;
import dev.cambium.testkit.runtime.SeededRandom;
import dev.cambium.testkit.runtime.StepExecutor;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;

/** One store and the sorted map that it should be like, with background steps inline or by chance. */
abstract class ModelTrial {
    final SeededRandom random;
    final SmallStore small;
    final NavigableMap<byte[], byte[]> model = newModel();
    private final int keys;
    private boolean hasUnlogged;

    ModelTrial(SeededRandom random, int keys, Options options, long seed) {
        this.random = random;
        this.keys = keys;
        StepExecutor.Mode mode = random.chance(50) ? StepExecutor.Mode.INLINE : StepExecutor.Mode.MANUAL;
        this.small = new SmallStore(options, mode, new SimulatedDisk(seed, random.chance(70)));
    }

    static NavigableMap<byte[], byte[]> newModel() {
        return new TreeMap<>(Arrays::compareUnsigned);
    }

    final NavigableMap<byte[], byte[]> copyOfModel() {
        NavigableMap<byte[], byte[]> copy = newModel();
        copy.putAll(model);
        return copy;
    }

    final byte[] key() {
        return ("key" + random.nextInt(keys)).getBytes(StandardCharsets.US_ASCII);
    }

    final Durability durability() {
        Durability durability = random.pick(List.of(Durability.values()));
        hasUnlogged |= durability == Durability.NONE;
        return durability;
    }

    /** Runs a background step that waits, in so many of a hundred cases. */
    final void stepByChance(int percent) {
        if (small.executor().waiting() > 0 && random.chance(percent)) {
            small.executor().runNext();
        }
    }

    final void put() {
        put(key());
    }

    final void put(byte[] key) {
        byte[] value = value();
        small.store().put(key, value, durability());
        model.put(key, value);
    }

    final void delete() {
        byte[] key = key();
        small.store().delete(key, durability());
        model.remove(key);
    }

    final void get() {
        byte[] key = key();
        assertArrayEquals(model.get(key), small.store().get(key));
    }

    /** Writes one to {@code most} puts and deletes at once, and perhaps the same batch again. */
    final void batch(int most, int mostTimes) {
        WriteBatch batch = new WriteBatch();
        for (int left = random.between(1, most); left > 0; left--) {
            byte[] key = key();
            if (random.chance(30)) {
                batch.delete(key);
                model.remove(key);
            } else {
                byte[] value = value();
                batch.put(key, value);
                model.put(key, value);
            }
        }
        for (int times = random.between(1, mostTimes); times > 0; times--) {
            small.store().write(batch, durability());
        }
    }

    final void flush() {
        small.store().flush();
        hasUnlogged = false;
    }

    final void compact() {
        small.store().compact();
        hasUnlogged = false;
    }

    final void reopen() {
        closeSnapshots();
        small.reopen();
        hasUnlogged = false;
        closeStreams();
        compareAll();
    }

    /** What was written without a log is flushed first, what was not forced is, where the power goes: so nothing may be missing. */
    final void kill() {
        if (hasUnlogged) {
            flush();
        }
        closeSnapshots();
        if (random.chance(50)) {
            small.reopenAfter(CrashOutcome.PROCESS_KILL);
        } else {
            small.store().sync();
            small.reopenAfter(
                    random.chance(50)
                            ? CrashOutcome.NOTHING_UNFORCED
                            : CrashOutcome.powerLoss(random.nextLong() >>> 1));
        }
        closeStreams();
        compareAll();
    }

    final void compareAll() {
        try (Cursor cursor = small.store().cursor()) {
            for (Map.Entry<byte[], byte[]> entry : model.entrySet()) {
                assertTrue(cursor.next());
                assertArrayEquals(entry.getKey(), cursor.key());
                assertArrayEquals(entry.getValue(), cursor.value());
            }
            assertFalse(cursor.next());
            for (byte[] key : model.descendingMap().keySet()) {
                assertTrue(cursor.previous());
                assertArrayEquals(key, cursor.key());
            }
            assertFalse(cursor.previous());
        }
        for (int i = 0; i < keys; i++) {
            byte[] key = ("key" + i).getBytes(StandardCharsets.US_ASCII);
            assertArrayEquals(model.get(key), small.store().get(key));
        }
    }

    /** A value that none had before. */
    abstract byte[] value();

    /** Before the store is closed or dies. */
    abstract void closeSnapshots();

    /** Streams whose store was closed under them. */
    void closeStreams() {}
}
