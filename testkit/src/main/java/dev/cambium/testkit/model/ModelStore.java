package dev.cambium.testkit.model;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * What a store means, without any of what makes it fast or durable: per keyspace an ordered map, its keys compared as
 * unsigned bytes.
 *
 * <p>Keys and values are kept as given, nobody may change them later. Not safe for several threads.
 */
public final class ModelStore {
    /** The keyspace that every store has from the beginning. */
    public static final String DEFAULT_KEYSPACE = "default";

    private final TreeMap<String, TreeMap<byte[], byte[]>> keyspaces = new TreeMap<>();

    public ModelStore() {
        createKeyspace(DEFAULT_KEYSPACE);
    }

    /** Makes an empty keyspace, unless there is one of that name. */
    public void createKeyspace(String name) {
        keyspaces.computeIfAbsent(name, any -> new TreeMap<>(Arrays::compareUnsigned));
    }

    public boolean hasKeyspace(String name) {
        return keyspaces.containsKey(name);
    }

    /** Names of all keyspaces, sorted. */
    public List<String> keyspaces() {
        return List.copyOf(keyspaces.keySet());
    }

    public void put(String keyspace, byte[] key, byte[] value) {
        entries(keyspace).put(key, value);
    }

    public void delete(String keyspace, byte[] key) {
        entries(keyspace).remove(key);
    }

    /** Executes changes in order: of two to one key the later one stays. */
    public void apply(List<Change> batch) {
        for (Change change : batch) {
            if (change.isDelete()) {
                delete(change.keyspace(), change.key());
            } else {
                put(change.keyspace(), change.key(), change.value());
            }
        }
    }

    /** The value of a key, or null. */
    public byte[] get(String keyspace, byte[] key) {
        return entries(keyspace).get(key);
    }

    /** The entries in a range, in the direction it asks for. */
    public List<Entry> scan(String keyspace, ScanRange range) {
        List<Entry> found = new ArrayList<>();
        for (Map.Entry<byte[], byte[]> entry : range.directed(entries(keyspace)).entrySet()) {
            if (found.size() == range.limit()) {
                break;
            }
            if (range.contains(entry.getKey())) {
                found.add(new Entry(entry.getKey(), entry.getValue()));
            }
        }
        return found;
    }

    /** The store as it is now, independent of what follows. */
    public ModelStore snapshot() {
        ModelStore copy = new ModelStore();
        copy.keyspaces.clear();
        for (Map.Entry<String, TreeMap<byte[], byte[]>> keyspace : keyspaces.entrySet()) {
            copy.keyspaces.put(keyspace.getKey(), new TreeMap<>(keyspace.getValue()));
        }
        return copy;
    }

    /** The first difference to another store in words, or null if both hold the same keyspaces and entries. */
    public String differenceTo(ModelStore other) {
        if (!keyspaces.keySet().equals(other.keyspaces.keySet())) {
            return "keyspaces " + keyspaces.keySet() + " against " + other.keyspaces.keySet();
        }
        for (String keyspace : keyspaces.keySet()) {
            List<Entry> mine = scan(keyspace, ScanRange.ALL);
            List<Entry> others = other.scan(keyspace, ScanRange.ALL);
            for (int i = 0; i < Math.max(mine.size(), others.size()); i++) {
                Entry left = i < mine.size() ? mine.get(i) : null;
                Entry right = i < others.size() ? others.get(i) : null;
                if (left == null || !left.equals(right)) {
                    return "keyspace " + keyspace + ", entry " + i + ": " + left + " against " + right;
                }
            }
        }
        return null;
    }

    private TreeMap<byte[], byte[]> entries(String keyspace) {
        TreeMap<byte[], byte[]> entries = keyspaces.get(keyspace);
        if (entries == null) {
            throw new IllegalArgumentException("there is no keyspace '" + keyspace + "', only " + keyspaces.keySet());
        }
        return entries;
    }

    @Override
    public boolean equals(Object other) {
        if (!(other instanceof ModelStore that) || !keyspaces.keySet().equals(that.keyspaces.keySet())) {
            return false;
        }
        for (String keyspace : keyspaces.keySet()) {
            TreeMap<byte[], byte[]> others = that.keyspaces.get(keyspace);
            if (keyspaces.get(keyspace).size() != others.size()) {
                return false;
            }
            for (Map.Entry<byte[], byte[]> entry : keyspaces.get(keyspace).entrySet()) {
                if (!Arrays.equals(entry.getValue(), others.get(entry.getKey()))) {
                    return false;
                }
            }
        }
        return true;
    }

    @Override
    public int hashCode() {
        return keyspaces.keySet().hashCode();
    }

    @Override
    public String toString() {
        StringBuilder text = new StringBuilder("{");
        for (String keyspace : keyspaces.keySet()) {
            text.append(text.length() == 1 ? "" : ", ").append(keyspace).append(": ");
            text.append(scan(keyspace, ScanRange.ALL));
        }
        return text.append('}').toString();
    }
}
