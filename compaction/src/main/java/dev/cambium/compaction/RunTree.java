package dev.cambium.compaction;

import dev.cambium.error.CorruptionException;
import dev.cambium.segment.frame.Frame;
import dev.cambium.segment.manifest.ManifestRecord;
import dev.cambium.segment.page.LeafPage;
import dev.cambium.segment.page.Pointer;
import dev.cambium.segment.page.ValuePage;
import dev.cambium.segment.page.ValueReference;
import dev.cambium.segment.zone.SharedZone;
import dev.cambium.segment.zone.ZoneReader;
import java.util.Arrays;
import java.util.List;

/**
 * A run, open for reading. Its pages are loaded when they are first needed, and come and go with the frame cache.
 *
 * <p>Ownership: the caller holds the zones that it has pages in. Reads happen inside an epoch slot. Safe
 * for any thread; no read takes a lock or allocates, but for loads.
 */
public final class RunTree {
    private final ManifestRecord.Run run;
    private final TreePages pages;
    private volatile KeyNode root;

    /** @param pages of the store */
    public RunTree(ManifestRecord.Run run, TreePages pages) {
        this.run = run;
        this.pages = pages;
    }

    /** Bytes that all keys of all these runs begin with alike. */
    public static int commonPrefix(List<ManifestRecord.Run> runs) {
        byte[] least = runs.get(0).firstKey();
        int common = least.length;
        for (ManifestRecord.Run run : runs) {
            common = Math.min(common, commonLength(least, run.firstKey()));
            common = Math.min(common, commonLength(least, run.lastKey()));
        }
        return common;
    }

    private static int commonLength(byte[] one, byte[] other) {
        int mismatch = Arrays.mismatch(one, other);
        return mismatch < 0 ? one.length : mismatch;
    }

    /** What the manifest says of it. */
    public ManifestRecord.Run run() {
        return run;
    }

    TreePages pages() {
        return pages;
    }

    ZoneReader zone(long pointer) {
        return pages.zone(pointer);
    }

    /**
     * The zone that a pointer leads into.
     *
     * @throws CorruptionException where it leads into none
     */
    public SharedZone sharedZone(long pointer) {
        return pages.sharedZone(pointer);
    }

    KeyNode root() {
        KeyNode known = root;
        return known == null ? loadRoot() : known;
    }

    private synchronized KeyNode loadRoot() {
        if (root == null) {
            root = pages.node(run.root(), run.rootCrc(), -1);
        }
        return root;
    }

    /**
     * Finds the leaf that a key belongs to.
     *
     * @param hash of the key, for the filter
     * @param noteUse see {@link KeyNode#leaf}
     * @return null where the filter says that the key is not here
     */
    public Frame leafFor(byte[] key, int length, long hash, boolean noteUse) {
        KeyNode node = root();
        while (node.level() > 1) {
            if (noteUse) {
                node.touch();
            }
            node = node.keys(node.page().childFor(key, 0, length));
        }
        return node.mayContain(hash) ? node.leaf(node.page().childFor(key, 0, length), noteUse) : null;
    }

    /** Whether it has an entry with a key. */
    public boolean contains(byte[] key) {
        Frame leaf = leafFor(key, key.length, KeyHash.of(key, 0, key.length), false);
        return leaf != null && leaf.leaf().search(key, 0, key.length) >= 0;
    }

    /**
     * The page that holds a referenced value: its only one is at the reference's index. Valid until the caller's epoch slot is freed.
     *
     * @param leafFrame that the leaf is in, found in the same slot
     * @param entry of the leaf, whose reference is followed
     * @param noteUse see {@link KeyNode#leaf}
     */
    public Frame valuesOf(Frame leafFrame, int entry, boolean noteUse) {
        LeafPage leaf = leafFrame.leaf();
        int referenceAt = leaf.valueOffset(entry);
        long home = ValueReference.home(leaf.memory(), referenceAt);
        Frame values = leafFrame.valueFrame(entry);
        if (values == null) {
            values = pages.fetch(home, ValueReference.payloadCrc(leaf.memory(), referenceAt), null, 0);
            leafFrame.noteValueFrame(entry, values);
        } else if (noteUse) {
            pages.frames().touch(values);
        }
        requireValue(values.values(), leaf, referenceAt);
        return values;
    }

    /** Throws unless a page of values, null where it is none, has the value that a reference means. */
    void requireValue(ValuePage values, LeafPage leaf, int referenceAt) {
        int index = ValueReference.index(leaf.memory(), referenceAt);
        long length = ValueReference.valueLength(leaf.memory(), referenceAt);
        if (values == null || index < 0 || index >= values.count() || values.valueLength(index) != length) {
            long home = ValueReference.home(leaf.memory(), referenceAt);
            throw new CorruptionException(
                    zone(home).name(),
                    Pointer.offset(home),
                    "a page with a value " + index + " of " + length + " bytes",
                    values == null ? "no page of values" : values.count() + " values");
        }
    }

    /** Gives the memory of pages back that nobody needs any more. */
    public void evict(long[] deadPages) {
        for (long page : deadPages) {
            pages.frames().evict(page);
        }
    }
}
