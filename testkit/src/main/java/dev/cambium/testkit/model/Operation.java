package dev.cambium.testkit.model;

import java.util.List;
import java.util.stream.Collectors;

/**
 * One call on a store under test. Its text is the Java that makes it, given imports of this interface's, {@link Durability}'s
 * and {@link ByteText}'s members; compare two by their text.
 *
 * <p>Every sequence of operations means something: one that names a keyspace or snapshot which does not exist is left out,
 * as are an empty batch and a second creation. So any part of a workload is a workload, which is what shrinking needs.
 */
public sealed interface Operation extends WorkloadStep {
    /** The changes this operation makes to entries, in order; empty if it makes none. */
    default List<Change> changes() {
        return List.of();
    }

    @Override
    default Durability durability() {
        return Durability.NONE;
    }

    @Override
    default boolean makesAllDurable() {
        return false;
    }

    /** Whether the operation is done on a store that holds what {@code model} does, or left out. */
    default boolean isDoneOn(ModelStore model) {
        return changes().stream().allMatch(change -> model.hasKeyspace(change.keyspace()));
    }

    /** Executes on the model what the operation changes; only where it {@link #isDoneOn}. */
    default void applyTo(ModelStore model) {
        model.apply(changes());
    }

    private static String java(String type, Object... arguments) {
        return List.of(arguments).stream()
                .map(argument -> argument instanceof byte[] bytes
                        ? ByteText.toJava(bytes)
                        : argument instanceof String name ? '"' + name + '"' : argument.toString())
                .collect(Collectors.joining(", ", "new " + type + "(", ")"));
    }

    /** Sets a key. */
    record Put(String keyspace, byte[] key, byte[] value, Durability durability) implements Operation {
        @Override
        public List<Change> changes() {
            return List.of(new Change(keyspace, key, value));
        }

        @Override
        public String toString() {
            return java("Put", keyspace, key, value, durability);
        }
    }

    /** Removes a key, whether it is there or not. */
    record Delete(String keyspace, byte[] key, Durability durability) implements Operation {
        @Override
        public List<Change> changes() {
            return List.of(new Change(keyspace, key, null));
        }

        @Override
        public String toString() {
            return java("Delete", keyspace, key, durability);
        }
    }

    /** Several changes as one: all become visible at once, and a crash leaves all or none. */
    record Batch(List<Change> changes, Durability durability) implements Operation {
        public Batch {
            changes = List.copyOf(changes);
        }

        @Override
        public boolean isDoneOn(ModelStore model) {
            return !changes.isEmpty() && Operation.super.isDoneOn(model);
        }

        @Override
        public String toString() {
            String list = changes.stream().map(Change::toString).collect(Collectors.joining(", "));
            return "new Batch(List.of(" + list + "), " + durability + ")";
        }
    }

    /** Makes a keyspace unless there is one of that name; always logged, in order with the batches. */
    record CreateKeyspace(String name) implements Operation {
        @Override
        public Durability durability() {
            return Durability.SYNC;
        }

        @Override
        public boolean isDoneOn(ModelStore model) {
            return !model.hasKeyspace(name);
        }

        @Override
        public void applyTo(ModelStore model) {
            model.createKeyspace(name);
        }

        @Override
        public String toString() {
            return java("CreateKeyspace", name);
        }
    }

    /** Reads a key. */
    record Get(String keyspace, byte[] key) implements Operation {
        @Override
        public boolean isDoneOn(ModelStore model) {
            return model.hasKeyspace(keyspace);
        }

        @Override
        public String toString() {
            return java("Get", keyspace, key);
        }
    }

    /** Reads a range. */
    record Scan(String keyspace, ScanRange range) implements Operation {
        @Override
        public boolean isDoneOn(ModelStore model) {
            return model.hasKeyspace(keyspace);
        }

        @Override
        public String toString() {
            return java("Scan", keyspace, range);
        }
    }

    /** Opens a snapshot under a number that no open snapshot has, else does nothing. */
    record OpenSnapshot(int snapshot) implements Operation {
        @Override
        public String toString() {
            return java("OpenSnapshot", snapshot);
        }
    }

    /** Reads a key of a snapshot. */
    record GetFromSnapshot(int snapshot, String keyspace, byte[] key) implements Operation {
        @Override
        public String toString() {
            return java("GetFromSnapshot", snapshot, keyspace, key);
        }
    }

    /** Reads a range of a snapshot. */
    record ScanSnapshot(int snapshot, String keyspace, ScanRange range) implements Operation {
        @Override
        public String toString() {
            return java("ScanSnapshot", snapshot, keyspace, range);
        }
    }

    /** Closes a snapshot. */
    record CloseSnapshot(int snapshot) implements Operation {
        @Override
        public String toString() {
            return java("CloseSnapshot", snapshot);
        }
    }

    /** Makes everything written so far durable, whatever its durability. */
    record Flush() implements Operation {
        @Override
        public boolean makesAllDurable() {
            return true;
        }

        @Override
        public String toString() {
            return java("Flush");
        }
    }

    /** Closes all snapshots and the store, and opens it again. */
    record Reopen() implements Operation {
        @Override
        public boolean makesAllDurable() {
            return true;
        }

        @Override
        public String toString() {
            return java("Reopen");
        }
    }

    /** Runs background steps that wait, at most so many. Means something where they do not run inline. */
    record RunBackground(int steps) implements Operation {
        @Override
        public String toString() {
            return java("RunBackground", steps);
        }
    }
}
