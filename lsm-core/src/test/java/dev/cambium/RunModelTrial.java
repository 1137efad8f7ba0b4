package dev.cambium;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.cambium.testkit.runtime.SeededRandom;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;

/** A trial in which snapshots stay open, each with a cursor somewhere in it. */
abstract class RunModelTrial extends ModelTrial {
    private static final int MOST_HELD = 4;

    private final List<Held> held = new ArrayList<>();

    /** A snapshot with a cursor somewhere in it, and what it must see. */
    private record Held(Snapshot snapshot, Cursor cursor, NavigableMap<byte[], byte[]> content) {
        void close() {
            cursor.close();
            snapshot.close();
        }
    }

    RunModelTrial(SeededRandom random, int keys, Options options, long seed) {
        super(random, keys, options, seed);
    }

    /** Takes a snapshot, unless there are enough. */
    final void hold() {
        if (held.size() < MOST_HELD) {
            Snapshot snapshot = small.store().snapshot();
            held.add(new Held(snapshot, snapshot.cursor(), copyOfModel()));
        }
    }

    /** Reads a key of a snapshot, moves its cursor, and closes both in so many of a hundred cases. */
    final void useHeld(int closePercent) {
        if (held.isEmpty()) {
            return;
        }
        Held one = random.pick(held);
        byte[] key = key();
        assertArrayEquals(one.content.get(key), one.snapshot.get(key));
        walk(one.cursor, one.content);
        if (random.chance(closePercent)) {
            held.remove(one);
            one.close();
        }
    }

    /** Goes to a random place of what is there now, and some steps to and fro. */
    final void walk() {
        try (Cursor cursor = small.store().cursor()) {
            walk(cursor, model);
        }
    }

    private void walk(Cursor cursor, NavigableMap<byte[], byte[]> content) {
        byte[] key = key();
        boolean up = random.chance(50);
        boolean on = up ? cursor.seek(key) : cursor.seekFloor(key);
        Map.Entry<byte[], byte[]> expected = up ? content.ceilingEntry(key) : content.floorEntry(key);
        for (int steps = random.between(0, 12); ; steps--) {
            assertEquals(expected != null, on);
            if (expected == null) {
                break;
            }
            assertArrayEquals(expected.getKey(), cursor.key());
            assertArrayEquals(expected.getValue(), cursor.value());
            if (steps == 0) {
                break;
            }
            up ^= random.chance(20);
            byte[] from = expected.getKey();
            on = up ? cursor.next() : cursor.previous();
            expected = up ? content.higherEntry(from) : content.lowerEntry(from);
        }
    }

    @Override
    final void closeSnapshots() {
        held.forEach(Held::close);
        held.clear();
    }
}
