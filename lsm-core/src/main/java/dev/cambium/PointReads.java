package dev.cambium;

import dev.cambium.compaction.ChunkedValue;
import dev.cambium.version.Lookup;
import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.nio.ByteBuffer;

/** Gets from one content: from the store as it is now, or from a snapshot. Allocates nothing but results, and takes no lock. */
abstract class PointReads {
    final Store store;

    PointReads(Store store) {
        this.store = store;
    }

    /** Enters the read protection; throws where the content is closed. */
    abstract int enter();

    /** Searches the content for the key of a lookup that has begun; inside a slot. */
    abstract void find(Lookup lookup);

    /** A copy of the value of {@code key}, or null. */
    byte[] get(int keyspaceId, byte[] key) {
        Limits.checkKey(key);
        ChunkedValue chunked;
        int slot = enter();
        try {
            Lookup found = find(slot, keyspaceId, key);
            if (!found.isChunked()) {
                return found.value();
            }
            chunked = found.openChunked(store.storeId());
        } finally {
            store.epochs().exit(slot);
        }
        try (chunked) {
            return chunked.toArray();
        }
    }

    /** See {@link Store#get(byte[], ByteBuffer)}. */
    int get(int keyspaceId, byte[] key, ByteBuffer target) {
        Limits.checkKey(key);
        Limits.checkNotNull(target, "target");
        ChunkedValue chunked;
        int slot = enter();
        try {
            Lookup found = find(slot, keyspaceId, key);
            if (!found.isChunked()) {
                return found.value(target);
            }
            chunked = found.openChunked(store.storeId());
        } finally {
            store.epochs().exit(slot);
        }
        try (chunked) {
            return chunked.copyTo(target);
        }
    }

    /** See {@link Store#getStream(byte[])}. */
    InputStream getStream(int keyspaceId, byte[] key) {
        Limits.checkKey(key);
        int slot = enter();
        try {
            Lookup found = find(slot, keyspaceId, key);
            if (found.isChunked()) {
                return new ValueStream(store, found.openChunked(store.storeId()));
            }
            byte[] value = found.value();
            return value == null ? null : new ByteArrayInputStream(value);
        } finally {
            store.epochs().exit(slot);
        }
    }

    final Lookup find(int slot, int keyspaceId, byte[] key) {
        Lookup lookup = store.lookup(slot);
        lookup.begin(keyspaceId, key);
        find(lookup);
        return lookup;
    }
}
