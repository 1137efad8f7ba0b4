package dev.cambium;

import static dev.cambium.LongInputs.failingAfter;
import static dev.cambium.LongInputs.noise;
import static dev.cambium.StoreTest.b;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cambium.error.StoreException;
import dev.cambium.testkit.disk.CrashKind;
import dev.cambium.testkit.runtime.SeededRandom;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Writes of all kinds and lengths to few keys, and what the store is like after each. */
final class LongValueScript {
    private static final int MIB = 1 << 20;
    private static final int KEYS = 5;
    private static final int[] LENGTHS = {10, 5000, (64 << 10) - 1, 64 << 10, 70_001, 200_000, MIB, MIB + 5};

    private final SmallStore small;
    private final SeededRandom random;
    private final List<Map<String, byte[]>> states = new ArrayList<>(List.of(new TreeMap<>()));
    private final List<Map<String, byte[]>> failed =
            new ArrayList<>(); // since something last succeeded: may be on disk
    private int written; // states up to this one were acknowledged
    private int durable; // and promised whatever happens
    private final Map<String, List<byte[]>> unlogged = new TreeMap<>();
    private int values;
    private boolean reopens = true;

    LongValueScript(SmallStore small, long seed) {
        this.small = small;
        this.random = new SeededRandom(seed);
    }

    private byte[] value() {
        return noise(++values, LENGTHS[random.nextInt(LENGTHS.length)]);
    }

    private String key() {
        return "k" + random.nextInt(KEYS);
    }

    private Map<String, byte[]> next() {
        Map<String, byte[]> state = new TreeMap<>(states.get(states.size() - 1));
        states.add(state);
        return state;
    }

    private void acknowledge(boolean promised) {
        written = states.size() - 1;
        durable = promised ? written : durable;
        failed.clear();
    }

    /** Does so many steps; what fails is thrown. */
    void run(int steps) {
        for (int i = 0; i < steps; i++) {
            step();
        }
    }

    /** Does so many steps, and goes on where one fails. */
    void runThroughFailures(int steps) {
        reopens = false;
        for (int i = 0; i < steps; i++) {
            try {
                step();
            } catch (StoreException e) { // and the step is without effect, but perhaps on the disk
                if (written < states.size() - 1) {
                    failed.add(states.remove(states.size() - 1));
                }
            }
        }
    }

    private void step() {
        int dice = random.nextInt(100);
        Durability durability = random.chance(30) ? Durability.SYNC : Durability.BUFFERED;
        if (dice < 50) {
            String key = key();
            byte[] value = value();
            next().put(key, value);
            small.store().put(b(key), value, durability);
            acknowledge(durability == Durability.SYNC);
        } else if (dice < 70) {
            WriteBatch batch = new WriteBatch();
            Map<String, byte[]> state = next();
            for (int n = random.between(1, 4); n > 0; n--) {
                String key = key();
                byte[] value = value();
                batch.put(b(key), value);
                state.put(key, value);
            }
            small.store().write(batch, durability);
            acknowledge(durability == Durability.SYNC);
        } else if (dice < 78) {
            String key = key();
            next().remove(key);
            small.store().delete(b(key), durability);
            acknowledge(durability == Durability.SYNC);
        } else if (dice < 86) {
            String key = "unlogged" + random.nextInt(2);
            byte[] value = value();
            unlogged.computeIfAbsent(key, any -> new ArrayList<>()).add(value);
            small.store().put(b(key), value, Durability.NONE);
        } else if (dice < 91) {
            try {
                small.store().put(b(key()), failingAfter(noise(0, 2 * MIB)));
                throw new AssertionError("a put of a stream that fails");
            } catch (IOException e) {
                // as it was to
            }
        } else if (dice < 96) {
            small.store().flush();
            acknowledge(true);
        } else if (reopens) {
            small.reopen();
            acknowledge(true);
        }
    }

    /** Which state a store is in after a crash: one of those that it may be in. */
    int check(Store store, CrashKind kind, String when) {
        unlogged.forEach((key, values) -> {
            byte[] found = store.get(b(key));
            assertTrue(
                    found == null || values.stream().anyMatch(value -> Arrays.equals(value, found)), when + ", " + key);
        });
        List<Map<String, byte[]>> possible = new ArrayList<>(states);
        possible.addAll(failed);
        for (int i = possible.size() - 1; i >= (kind == CrashKind.PROCESS_KILL ? written : durable); i--) {
            if (isAt(possible.get(i), store)) {
                return i;
            }
        }
        throw new AssertionError(when + ": neither state " + durable + " nor any up to " + (states.size() - 1)
                + ", of which " + written + " was acknowledged");
    }

    /** Whether a store is in a state that {@link #check} has told. */
    boolean isAt(int number, Store store) {
        return isAt(number < states.size() ? states.get(number) : failed.get(number - states.size()), store);
    }

    /** Whether a store is in the state after the last step that succeeded. */
    boolean isAtLast(Store store) {
        return isAt(states.get(written), store);
    }

    private static boolean isAt(Map<String, byte[]> state, Store store) {
        for (int i = 0; i < KEYS; i++) {
            if (!Arrays.equals(state.get("k" + i), store.get(b("k" + i)))) {
                return false;
            }
        }
        return true;
    }
}
