package dev.cambium.testkit.generate;

import dev.cambium.testkit.model.ByteText;
import dev.cambium.testkit.model.Change;
import dev.cambium.testkit.model.Durability;
import dev.cambium.testkit.model.ModelStore;
import dev.cambium.testkit.model.Operation;
import dev.cambium.testkit.model.ScanRange;
import dev.cambium.testkit.runtime.SeededRandom;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/**
 * An endless sequence of operations in a {@link World}, fixed by its seed.
 *
 * <p>Values of eight bytes and more are all different, so that a read tells which write it sees.
 */
public final class OperationGenerator {
    private final World world;
    private final SeededRandom random;
    private final List<byte[]> keys;
    private int values;

    public OperationGenerator(World world, long seed) {
        this.world = world;
        this.random = new SeededRandom(seed);
        this.keys = world.keys().keys(world.keyCount(), random);
    }

    /** The next operations. */
    public List<Operation> take(int count) {
        List<Operation> operations = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            operations.add(next());
        }
        return operations;
    }

    /** The next operation. */
    public Operation next() {
        return switch (weighted(World.Action.values(), world.weights())) {
            case PUT -> new Operation.Put(keyspace(), key(), value(), durability());
            case DELETE -> new Operation.Delete(keyspace(), key(), durability());
            case BATCH -> new Operation.Batch(batch(), durability());
            case GET -> new Operation.Get(keyspace(), keyOrNearby());
            case SCAN -> new Operation.Scan(keyspace(), range());
            case OPEN_SNAPSHOT -> new Operation.OpenSnapshot(snapshot());
            case GET_FROM_SNAPSHOT -> new Operation.GetFromSnapshot(snapshot(), keyspace(), keyOrNearby());
            case SCAN_SNAPSHOT -> new Operation.ScanSnapshot(snapshot(), keyspace(), range());
            case CLOSE_SNAPSHOT -> new Operation.CloseSnapshot(snapshot());
            case FLUSH -> new Operation.Flush();
            case REOPEN -> new Operation.Reopen();
            case CREATE_KEYSPACE -> new Operation.CreateKeyspace(keyspace());
            case RUN_BACKGROUND -> new Operation.RunBackground(random.between(1, 3));
        };
    }

    private String keyspace() {
        int index = random.chance(60) ? 0 : random.nextInt(world.keyspaceCount());
        return index == 0 ? ModelStore.DEFAULT_KEYSPACE : "keyspace" + index;
    }

    private byte[] key() {
        return random.pick(keys);
    }

    /** Mostly a key, else one that is never written: a little longer or shorter. */
    private byte[] keyOrNearby() {
        byte[] key = key();
        return random.chance(80) ? key : Arrays.copyOf(key, Math.max(0, key.length + random.between(-2, 1)));
    }

    private byte[] value() {
        int most = world.mostValueBytes();
        int length = random.chance(10) ? 0 : random.chance(10) ? most : random.between(0, most);
        return length == 0 ? new byte[0] : ByteText.filled("v" + ++values + ".", length);
    }

    private List<Change> batch() {
        List<Change> changes = new ArrayList<>();
        for (int left = random.between(1, world.mostBatch()); left > 0; left--) {
            changes.add(new Change(keyspace(), key(), random.chance(75) ? value() : null));
        }
        return changes;
    }

    private ScanRange range() {
        boolean descending = random.chance(40);
        int limit = random.chance(30) ? random.between(1, 10) : Integer.MAX_VALUE;
        if (random.chance(25)) {
            byte[] key = key();
            byte[] prefix = Arrays.copyOf(key, random.between(0, key.length));
            return new ScanRange(null, true, null, true, prefix, descending, limit);
        }
        byte[] lower = random.chance(30) ? null : keyOrNearby();
        byte[] upper = random.chance(30) ? null : keyOrNearby();
        if (lower != null && upper != null && Arrays.compareUnsigned(lower, upper) > 0) {
            byte[] swapped = lower;
            lower = upper;
            upper = swapped;
        }
        return new ScanRange(lower, random.chance(50), upper, random.chance(50), new byte[0], descending, limit);
    }

    private int snapshot() {
        return random.nextInt(world.mostSnapshots());
    }

    private Durability durability() {
        return weighted(Durability.values(), world.durabilities());
    }

    private <T> T weighted(T[] choices, Map<T, Integer> weights) {
        int sum = 0;
        for (T choice : choices) {
            sum += weights.getOrDefault(choice, 0);
        }
        int drawn = random.nextInt(sum);
        for (T choice : choices) {
            drawn -= weights.getOrDefault(choice, 0);
            if (drawn < 0) {
                return choice;
            }
        }
        throw new AssertionError("weights changed while they were summed: " + weights);
    }
}
