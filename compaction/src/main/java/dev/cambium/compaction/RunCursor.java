package dev.cambium.compaction;

import dev.cambium.segment.log.OperationCode;
import dev.cambium.segment.memory.Memory;
import dev.cambium.segment.page.EntryBlock;
import dev.cambium.segment.page.LeafPage;
import dev.cambium.segment.page.Pointer;
import dev.cambium.segment.page.ValuePage;
import dev.cambium.segment.page.ValueReference;
import dev.cambium.segment.zone.SharedZone;

/**
 * A run as a sorted source. A key is put together when it is asked for, in memory of the cursor's own; values are where they lie, in their
 * page. Holds no pin: a page that left memory between two epoch slots is fetched again ({@link #resume}).
 */
public final class RunCursor implements SortedCursor {
    private static final int SLACK = 4; // see KeyedPage.copySuffix
    private static final int LEAST_KEY_BYTES = 256;

    private final RunTree tree;

    // From the root down: the key pages, and the child of each that the cursor is in.
    private KeyNode[] path = {};
    private int[] child = {};
    private int depth;

    private final FramePages pages;
    private LeafPage leaf;
    private int index;

    private Memory key; // for keys that are put together, or null
    private boolean hasKey; // whether that of the entry stands there
    private LeafPage prefixOf; // whose prefix stands there

    private ValuePage values; // of the entry, if its value is elsewhere

    /** The tree stays the caller's, who keeps it open while the cursor is used. */
    public RunCursor(RunTree tree) {
        this.tree = tree;
        this.pages = new FramePages(tree);
    }

    private KeyNode root() {
        KeyNode root = tree.root();
        if (depth == 0) {
            depth = root.level();
            path = new KeyNode[depth];
            child = new int[depth];
            path[0] = root;
        }
        return root;
    }

    @Override
    public boolean first() {
        root();
        down(0, true);
        return stand(0);
    }

    @Override
    public boolean last() {
        root();
        down(0, false);
        return stand(leaf.count() - 1);
    }

    /** Goes down from {@code path[level]} along the first or the last children. */
    private void down(int level, boolean first) {
        for (int at = level; ; at++) {
            child[at] = first ? 0 : path[at].page().count() - 1;
            if (at == depth - 1) {
                enterLeaf();
                return;
            }
            enterKeys(at);
        }
    }

    /** Loads the key page below {@code path[level]} that the cursor is in. */
    private void enterKeys(int level) {
        path[level + 1] = path[level].keys(child[level]);
    }

    private void enterLeaf() {
        leaf = pages.leaf(path[depth - 1], child[depth - 1]);
    }

    private void search(byte[] sought, int offset, int length) {
        root();
        for (int at = 0; ; at++) {
            child[at] = path[at].page().childFor(sought, offset, length);
            if (at == depth - 1) {
                enterLeaf();
                return;
            }
            enterKeys(at);
        }
    }

    @Override
    public boolean seek(byte[] sought, int offset, int length) {
        search(sought, offset, length);
        int found = leaf.search(sought, offset, length);
        int at = found < 0 ? -1 - found : found;
        return at < leaf.count() ? stand(at) : nextLeaf();
    }

    @Override
    public boolean seekFloor(byte[] sought, int offset, int length) {
        search(sought, offset, length);
        int found = leaf.search(sought, offset, length);
        int at = found < 0 ? -2 - found : found;
        return at >= 0 ? stand(at) : previousLeaf();
    }

    @Override
    public boolean next() {
        return index + 1 < leaf.count() ? stand(index + 1) : nextLeaf();
    }

    @Override
    public boolean previous() {
        return index > 0 ? stand(index - 1) : previousLeaf();
    }

    @Override
    public int copyOn(EntryBlock target, int most, boolean ascending, byte[] bound, int boundLength) {
        int near = ascending ? Math.min(most, leaf.count() - index) : Math.min(most, index + 1);
        int last = ascending ? index + near - 1 : index - near + 1;
        if (leaf.isBelow(last, bound, 0, boundLength) != ascending) { // it lies beyond
            int found = leaf.search(bound, 0, boundLength);
            int from = found < 0 ? -1 - found : found; // first key that is not below the bound
            near = ascending ? from - index : index - from + 1;
        }
        int copied = near <= 0 ? 0 : target.addAll(leaf, index, near, ascending);
        if (copied > 1) {
            stand(ascending ? index + copied - 1 : index - copied + 1);
        }
        return copied;
    }

    private boolean nextLeaf() {
        int level = depth - 1;
        while (level >= 0 && child[level] + 1 == path[level].page().count()) {
            level--;
        }
        if (level < 0) {
            return false;
        }
        aside(level, child[level] + 1, true);
        return stand(0);
    }

    private boolean previousLeaf() {
        int level = depth - 1;
        while (level >= 0 && child[level] == 0) {
            level--;
        }
        if (level < 0) {
            return false;
        }
        aside(level, child[level] - 1, false);
        return stand(leaf.count() - 1);
    }

    private void aside(int level, int to, boolean first) {
        child[level] = to;
        if (level == depth - 1) {
            enterLeaf();
        } else {
            enterKeys(level);
            down(level + 1, first);
        }
    }

    /** Moves to the first entry of the next leaf; of the first one where the cursor stands nowhere yet. */
    boolean nextPage() {
        return leaf == null ? first() : nextLeaf();
    }

    /** Loads what reads of the leaf that the cursor is in need beside it: filter and values. */
    void loadBeside() {
        path[depth - 1].mayContain(0);
        long last = Pointer.NULL;
        for (int i = 0; i < leaf.count(); i++) {
            index = i;
            if (isElsewhere() && ValueReference.home(leaf.memory(), leaf.valueOffset(i)) != last) {
                last = ValueReference.home(leaf.memory(), leaf.valueOffset(i));
                pages.values(leaf, i);
            }
        }
    }

    private boolean stand(int at) {
        index = at;
        values = null;
        hasKey = false;
        return true;
    }

    private void assembleKey() {
        int length = leaf.keyLength(index) + SLACK;
        if (key == null
                || key.capacity() < length) { // the old one goes with the collector: a view may still look at it
            key = Memory.allocate(Math.max(LEAST_KEY_BYTES, 2 * length));
            prefixOf = null;
        }
        if (prefixOf != leaf) {
            leaf.copyPrefix(key);
            prefixOf = leaf;
        }
        leaf.copySuffix(index, key);
        hasKey = true;
    }

    @Override
    public void resume() {
        if (!pages.isLeafThere()) {
            boolean hadPrefix = prefixOf == leaf;
            enterLeaf();
            prefixOf = hadPrefix ? leaf : null; // the same page again
        }
        if (values != null && !pages.areValuesThere()) {
            values = null;
        }
    }

    @Override
    public Memory keyMemory() {
        if (!hasKey) {
            assembleKey();
        }
        return key;
    }

    @Override
    public int keyOffset() {
        return 0;
    }

    @Override
    public int keyLength() {
        return leaf.keyLength(index);
    }

    @Override
    public byte[] key(int skipped) {
        return leaf.key(index, skipped);
    }

    @Override
    public boolean isBelow(byte[] other, long head) {
        return leaf.isBelow(index, other, 0, other.length);
    }

    /** Whether the value stands in a page of values. */
    private boolean isElsewhere() {
        return leaf.operation(index) == OperationCode.PUT_REF
                && !ValueReference.isChunked(leaf.memory(), leaf.valueOffset(index));
    }

    private ValuePage values() {
        if (values == null) {
            values = pages.values(leaf, index);
        }
        return values;
    }

    @Override
    public Memory valueMemory() {
        return isElsewhere() ? values().memory() : leaf.memory();
    }

    @Override
    public int valueOffset() {
        return isElsewhere()
                ? values().valueOffset(ValueReference.index(leaf.memory(), leaf.valueOffset(index)))
                : leaf.valueOffset(index);
    }

    @Override
    public int valueLength() {
        return isElsewhere()
                ? (int) ValueReference.valueLength(leaf.memory(), leaf.valueOffset(index))
                : leaf.valueLength(index);
    }

    @Override
    public boolean isTombstone() {
        return leaf.operation(index) == OperationCode.DELETE;
    }

    @Override
    public boolean isChunked() {
        return leaf.operation(index) == OperationCode.PUT_REF
                && ValueReference.isChunked(leaf.memory(), leaf.valueOffset(index));
    }

    @Override
    public SharedZone zone(long pointer) {
        return tree.sharedZone(pointer);
    }
}
