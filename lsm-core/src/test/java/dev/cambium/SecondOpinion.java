package dev.cambium;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.cambium.testkit.disk.SimulatedDisk;
import dev.cambium.testkit.reader.SecondReader;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.SortedMap;
import java.util.TreeMap;

/** What a store held before it was closed, to be compared with what the second reader finds, which knows nothing but docs/FORMAT.md. */
final class SecondOpinion {
    private final SortedMap<byte[], byte[]> entries = new TreeMap<>(Arrays::compareUnsigned); // by internal key

    /** Reads all that an open store holds. */
    SecondOpinion(Store store) {
        try (Cursor cursor = store.cursor()) {
            addAll(Keyspace.DEFAULT_ID, cursor);
        }
        for (String name : store.keyspaces()) {
            Keyspace keyspace = store.keyspace(name);
            try (Cursor cursor = keyspace.cursor()) {
                addAll(keyspace.id(), cursor);
            }
        }
    }

    private void addAll(int keyspaceId, Cursor cursor) {
        while (cursor.next()) {
            byte[] key = cursor.key();
            ByteBuffer internal = ByteBuffer.allocate(4 + key.length).putInt(keyspaceId);
            entries.put(internal.put(key).array(), cursor.value());
        }
    }

    /** Compares with the files, now that the store is closed. */
    void assertAgreesWith(SimulatedDisk disk) {
        SortedMap<byte[], byte[]> found = new SecondReader(disk::bytes).entries();
        assertEquals(entries.size(), found.size(), "entries that the second reader finds");
        entries.forEach((key, value) -> assertArrayEquals(value, found.get(key)));
    }
}
