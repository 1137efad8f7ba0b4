package dev.cambium.testkit.generate;

import dev.cambium.testkit.model.Durability;
import java.util.EnumMap;
import java.util.Map;

/**
 * What a generator draws from: keys, values and how often it does what.
 *
 * <p>Small worlds find more: among three keys nearly every operation meets an earlier one.
 *
 * @param keyCount how many keys there are, each used in every keyspace
 * @param keyspaceCount most keyspaces, the default one included
 * @param mostValueBytes length of the longest value
 * @param mostBatch most changes in a batch
 * @param mostSnapshots most snapshots open at once
 * @param weights how often each kind of operation is done, relative to the others; a missing kind is not done
 * @param durabilities how often each durability is chosen, in the same way
 */
public record World(
        KeyShape keys,
        int keyCount,
        int keyspaceCount,
        int mostValueBytes,
        int mostBatch,
        int mostSnapshots,
        Map<Action, Integer> weights,
        Map<Durability, Integer> durabilities) {
    /** A kind of operation. */
    public enum Action {
        PUT,
        DELETE,
        BATCH,
        GET,
        SCAN,
        OPEN_SNAPSHOT,
        GET_FROM_SNAPSHOT,
        SCAN_SNAPSHOT,
        CLOSE_SNAPSHOT,
        FLUSH,
        REOPEN,
        CREATE_KEYSPACE,
        RUN_BACKGROUND
    }

    public World {
        if (keyCount < 1 || keyspaceCount < 1 || mostValueBytes < 0 || mostBatch < 1 || mostSnapshots < 1) {
            throw new IllegalArgumentException("a world needs a key, a keyspace, a change in a batch and a snapshot");
        }
        weights = Map.copyOf(weights);
        durabilities = Map.copyOf(durabilities);
    }

    /** Three keys, short values, every kind of operation. */
    public static World tiny() {
        return new World(
                KeyShape.MIXED,
                3,
                2,
                40,
                4,
                2,
                defaultWeights(),
                Map.of(Durability.SYNC, 3, Durability.BUFFERED, 2, Durability.NONE, 1));
    }

    /** As {@link #tiny}, with as many keys as given, of a shape. */
    public World with(KeyShape shape, int count) {
        return new World(shape, count, keyspaceCount, mostValueBytes, mostBatch, mostSnapshots, weights, durabilities);
    }

    /** Values of up to this length. */
    public World withValues(int mostBytes) {
        return new World(keys, keyCount, keyspaceCount, mostBytes, mostBatch, mostSnapshots, weights, durabilities);
    }

    /** Another weight for a kind of operation, 0 to leave it out. */
    public World with(Action action, int weight) {
        Map<Action, Integer> changed = new EnumMap<>(Action.class);
        changed.putAll(weights);
        changed.put(action, weight);
        return new World(
                keys, keyCount, keyspaceCount, mostValueBytes, mostBatch, mostSnapshots, changed, durabilities);
    }

    /** Writes of one durability only. */
    public World with(Durability only) {
        return new World(
                keys, keyCount, keyspaceCount, mostValueBytes, mostBatch, mostSnapshots, weights, Map.of(only, 1));
    }

    private static Map<Action, Integer> defaultWeights() {
        Map<Action, Integer> weights = new EnumMap<>(Action.class);
        weights.put(Action.PUT, 40);
        weights.put(Action.DELETE, 12);
        weights.put(Action.BATCH, 12);
        weights.put(Action.GET, 10);
        weights.put(Action.SCAN, 8);
        weights.put(Action.OPEN_SNAPSHOT, 3);
        weights.put(Action.GET_FROM_SNAPSHOT, 4);
        weights.put(Action.SCAN_SNAPSHOT, 3);
        weights.put(Action.CLOSE_SNAPSHOT, 2);
        weights.put(Action.FLUSH, 3);
        weights.put(Action.REOPEN, 2);
        weights.put(Action.CREATE_KEYSPACE, 1);
        weights.put(Action.RUN_BACKGROUND, 4);
        return weights;
    }
}
