package dev.cambium.testkit.model;

import static dev.cambium.testkit.model.ByteText.bytes;
import static dev.cambium.testkit.model.ByteText.filled;
import static dev.cambium.testkit.model.ModelStore.DEFAULT_KEYSPACE;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class ModelStoreTest {
    private final ModelStore store = new ModelStore();

    private String scan(ScanRange range) {
        return store.scan(DEFAULT_KEYSPACE, range).stream()
                .map(entry -> ByteText.text(entry.key()))
                .collect(Collectors.joining(" "));
    }

    private void fill(String... keys) {
        for (String key : keys) {
            store.put(DEFAULT_KEYSPACE, bytes(key), bytes("value of " + key));
        }
    }

    @Test
    void scanGoesInUnsignedOrderBothWaysWithinBounds() {
        fill("b", "", "%ff", "a", "ab", "%80", "%7f");
        assertEquals(" a ab b %7f %80 %ff", scan(ScanRange.ALL));
        assertEquals("%ff %80 %7f b ab a ", scan(ScanRange.ALL.reversed()));
        assertEquals("a ab", scan(ScanRange.between(bytes("a"), bytes("b"))));
        assertEquals(
                "b ab",
                scan(ScanRange.between(bytes("a"), bytes("c")).reversed().limit(2)));
        assertEquals("ab b", scan(new ScanRange(bytes("a"), false, bytes("b"), true, bytes(""), false, 9)));
        assertEquals("a ab", scan(ScanRange.prefix(bytes("a"))));
    }

    @Test
    void batchIsExecutedInOrder() {
        fill("a");
        store.apply(List.of(
                new Change(DEFAULT_KEYSPACE, bytes("a"), bytes("1")),
                new Change(DEFAULT_KEYSPACE, bytes("b"), bytes("2")),
                new Change(DEFAULT_KEYSPACE, bytes("a"), null)));
        assertNull(store.get(DEFAULT_KEYSPACE, bytes("a")));
        assertArrayEquals(bytes("2"), store.get(DEFAULT_KEYSPACE, bytes("b")));
    }

    @Test
    void snapshotStaysAsItWas() {
        fill("a");
        ModelStore snapshot = store.snapshot();
        assertEquals(store, snapshot);
        fill("b");
        assertNull(snapshot.get(DEFAULT_KEYSPACE, bytes("b")));
        assertNotEquals(store, snapshot);
        assertNotEquals(null, store.differenceTo(snapshot));
    }

    @Test
    void keyspacesAreApart() {
        store.createKeyspace("other");
        fill("a");
        assertNull(store.get("other", bytes("a")));
        assertThrows(IllegalArgumentException.class, () -> store.get("third", bytes("a")));
        ModelStore without = new ModelStore();
        without.put(DEFAULT_KEYSPACE, bytes("a"), bytes("value of a"));
        assertNotEquals(store, without, "an empty keyspace counts");
    }

    @Test
    void bytesAndTheirTextAreInverse() {
        byte[] all = new byte[256];
        for (int i = 0; i < 256; i++) {
            all[i] = (byte) i;
        }
        assertArrayEquals(all, bytes(ByteText.text(all)));
        assertEquals("bytes(\"user:1%00\")", ByteText.toJava(bytes("user:1%00")));
        assertEquals("filled(\"v1.\", 1000)", ByteText.toJava(filled("v1.", 1000)));
        assertEquals("null", ByteText.toJava(null));
    }
}
