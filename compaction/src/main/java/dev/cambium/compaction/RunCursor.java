package dev.cambium.compaction;

import dev.cambium.segment.log.OperationCode;
import dev.cambium.segment.manifest.Stretch;
import dev.cambium.segment.manifest.Stretches;
import dev.cambium.segment.memory.Memory;
import dev.cambium.segment.page.EntryBlock;
import dev.cambium.segment.page.KeyPage;
import dev.cambium.segment.page.KeyedPage;
import dev.cambium.segment.page.LeafPage;
import dev.cambium.segment.page.Pointer;
import dev.cambium.segment.page.ValuePage;
import dev.cambium.segment.page.ValueReference;
import dev.cambium.segment.zone.SharedZone;
import java.util.Arrays;
import java.util.function.BooleanSupplier;

/**
 * A run as a sorted source. A key is put together when it is asked for, in memory of the cursor's own; values are where they lie, in their
 * page. Holds no pin: a page that left memory between two epoch slots is fetched again ({@link #resume}).
 */
public final class RunCursor implements SortedCursor {
    private static final int SLACK = 4; // see KeyedPage.copySuffix
    private static final int LEAST_KEY_BYTES = 256;

    private final RunTree tree;
    private final Stretches merged;
    private LeafPage wholeLeaf; // known to have nothing that counts no more

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

    // In the leaf that it is in.
    private int valuesRead;
    private int valuesApart;
    private long valuesAt; // page that was read last
    private boolean isLoading; // so that nobody scans

    /**
     * The tree stays the caller's, who keeps it open while the cursor is used.
     *
     * @param merged what of the run counts no more: the cursor passes over it, and looks at no page that has nothing else
     */
    public RunCursor(RunTree tree, Stretches merged) {
        this.tree = tree;
        this.merged = merged;
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
        if (!merged.isEmpty()) {
            return seek(tree.run().firstKey(), 0, tree.run().firstKey().length);
        }
        root();
        down(0, true);
        return stand(0);
    }

    @Override
    public boolean last() {
        if (!merged.isEmpty()) {
            return seekFloor(tree.run().lastKey(), 0, tree.run().lastKey().length);
        }
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
        if (merged.isEmpty()) {
            return seekAny(sought, offset, length);
        }
        byte[] first = tree.run().firstKey();
        return Arrays.compareUnsigned(sought, offset, offset + length, first, 0, first.length) < 0
                ? seekCounting(first, 0, first.length)
                : seekCounting(sought, offset, length);
    }

    /** As {@link #seek}, from a key that is not below the first one. */
    private boolean seekCounting(byte[] from, int offset, int length) {
        Stretch in = merged.of(from, offset, length);
        if (in != null) {
            return seekBehind(in);
        }
        byte[] last = tree.run().lastKey();
        return Arrays.compareUnsigned(from, offset, offset + length, last, 0, last.length) <= 0
                && seekAny(from, offset, length)
                && passForward();
    }

    /** As {@link #seek}, from a key that is not in what counts no more; may stand on one that is. */
    private boolean seekAny(byte[] sought, int offset, int length) {
        search(sought, offset, length);
        int found = leaf.search(sought, offset, length);
        int at = found < 0 ? -1 - found : found;
        return at < leaf.count() ? stand(at) : nextLeaf();
    }

    @Override
    public boolean seekFloor(byte[] sought, int offset, int length) {
        if (merged.isEmpty()) {
            return seekFloorAny(sought, offset, length);
        }
        byte[] last = tree.run().lastKey();
        return Arrays.compareUnsigned(sought, offset, offset + length, last, 0, last.length) > 0
                ? seekFloorCounting(last, 0, last.length)
                : seekFloorCounting(sought, offset, length);
    }

    /** As {@link #seekFloor}, from a key that is not above the last one. */
    private boolean seekFloorCounting(byte[] to, int offset, int length) {
        byte[] first = tree.run().firstKey();
        if (Arrays.compareUnsigned(to, offset, offset + length, first, 0, first.length) < 0) {
            return false;
        }
        Stretch in = merged.of(to, offset, length);
        return in == null ? seekFloorAny(to, offset, length) && passBackward() : seekBelow(in.from());
    }

    /** Moves to the last key that counts below the beginning of a stretch of those that do not. */
    private boolean seekBelow(byte[] bound) {
        if (Arrays.compareUnsigned(bound, tree.run().firstKey()) <= 0) {
            return false;
        }
        searchBelow(bound);
        int found = leaf.search(bound, 0, bound.length);
        int at = (found < 0 ? -1 - found : found) - 1;
        return (at >= 0 ? stand(at) : previousLeaf()) && passBackward();
    }

    /** Goes down to the leaf that the keys right below a bound belong to. */
    private void searchBelow(byte[] bound) {
        root();
        for (int at = 0; ; at++) {
            KeyPage page = path[at].page();
            int index = page.childFor(bound, 0, bound.length);
            if (index > 0 && isAt(page, index - 1, bound)) {
                index--; // the separator is the bound: below it lies the child before
            }
            child[at] = index;
            if (at == depth - 1) {
                enterLeaf();
                return;
            }
            enterKeys(at);
        }
    }

    /** As {@link #seekFloor}, from a key that is not in what counts no more; may stand on one that is. */
    private boolean seekFloorAny(byte[] sought, int offset, int length) {
        search(sought, offset, length);
        int found = leaf.search(sought, offset, length);
        int at = found < 0 ? -2 - found : found;
        return at >= 0 ? stand(at) : previousLeaf();
    }

    @Override
    public boolean next() {
        boolean on = index + 1 < leaf.count() ? stand(index + 1) : nextLeaf();
        return merged.isEmpty() ? on : on && passForward();
    }

    @Override
    public boolean previous() {
        boolean on = index > 0 ? stand(index - 1) : previousLeaf();
        return merged.isEmpty() ? on : on && passBackward();
    }

    /** Where the entry counts no more, moves to the next that does. */
    private boolean passForward() {
        Stretch in = mergedHere();
        return in == null || seekBehind(in);
    }

    /** Moves to the first key that counts behind a stretch of those that do not. */
    private boolean seekBehind(Stretch in) {
        byte[] to = in.to();
        return to != null
                && Arrays.compareUnsigned(to, tree.run().lastKey()) <= 0
                && seekAny(to, 0, to.length)
                && passForward();
    }

    private boolean passBackward() {
        Stretch in = mergedHere();
        return in == null || seekBelow(in.from());
    }

    /** The stretch of what counts no more that the entry belongs to, or null. */
    private Stretch mergedHere() {
        if (wholeLeaf == leaf) {
            return null;
        }
        if (isWholeLeaf()) {
            wholeLeaf = leaf;
            return null;
        }
        return stretchOf(leaf, index);
    }

    private boolean isWholeLeaf() {
        int begun = begun(leaf, 0);
        return begun == begun(leaf, leaf.count() - 1)
                && (begun == 0 || !merged.get(begun - 1).hasBelowEnd(leaf, 0));
    }

    /** How many stretches of what counts no more begin at a key of a page or before. */
    private int begun(KeyedPage page, int at) {
        int low = 0;
        int high = merged.size();
        while (low < high) {
            int middle = (low + high) >>> 1;
            byte[] from = merged.get(middle).from();
            if (page.isBelow(at, from, 0, from.length)) {
                high = middle;
            } else {
                low = middle + 1;
            }
        }
        return low;
    }

    /** The stretch of what counts no more that a key of a page belongs to, or null. */
    private Stretch stretchOf(KeyedPage page, int at) {
        int begun = begun(page, at);
        return begun > 0 && merged.get(begun - 1).hasBelowEnd(page, at) ? merged.get(begun - 1) : null;
    }

    /** The one that the keys right below a key of a page belong to, or null. */
    private Stretch stretchBelow(KeyedPage page, int at) {
        int begun = begun(page, at);
        if (begun > 0 && isAt(page, at, merged.get(begun - 1).from())) {
            begun--;
        }
        if (begun == 0) {
            return null;
        }
        Stretch stretch = merged.get(begun - 1);
        return stretch.hasBelowEnd(page, at) || isAt(page, at, stretch.to()) ? stretch : null;
    }

    private static boolean isAt(KeyedPage page, int at, byte[] key) {
        return page.search(key, 0, key.length) == at;
    }

    @Override
    public int copyOn(EntryBlock target, int most, boolean ascending, byte[] bound, int boundLength) {
        if (!merged.isEmpty() && wholeLeaf != leaf) {
            return 0;
        }
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
        return aside(level, child[level] + 1, true);
    }

    private boolean previousLeaf() {
        int level = depth - 1;
        while (level >= 0 && child[level] == 0) {
            level--;
        }
        if (level < 0) {
            return false;
        }
        return aside(level, child[level] - 1, false);
    }

    /** Goes over to a neighbour of the child that it is in, down to its nearest entry that counts. */
    private boolean aside(int level, int to, boolean ascending) {
        if (!merged.isEmpty()) {
            // What lies on the other side of the separator may count no more, and not be there any more.
            Stretch in = ascending ? stretchOf(path[level].page(), to - 1) : stretchBelow(path[level].page(), to);
            if (in != null) {
                return ascending ? seekBehind(in) : seekBelow(in.from());
            }
        }
        noteScanned();
        child[level] = to;
        if (level == depth - 1) {
            enterLeaf();
        } else {
            enterKeys(level);
            down(level + 1, ascending);
        }
        return stand(ascending ? 0 : leaf.count() - 1);
    }

    /** Merges of the base are chosen by what scans suffer from, too. */
    private void noteScanned() {
        if (tree.run().isBase() && !isLoading) {
            path[depth - 1].noteScanned(valuesRead, valuesApart);
            valuesRead = 0;
            valuesApart = 0;
        }
    }

    /** Moves to the first entry of the next leaf; of the first one where the cursor stands nowhere yet. */
    boolean nextPage() {
        isLoading = true;
        return leaf == null ? first() : nextLeaf();
    }

    /**
     * Loads what reads of the leaf that the cursor is in need beside it: filter and values; those of what counts no more may be gone.
     *
     * @param hasRoom is asked before each page of values; without, nothing more is loaded
     * @return how many pages of values were loaded
     */
    int loadBeside(BooleanSupplier hasRoom) {
        path[depth - 1].mayContain(0);
        long last = Pointer.NULL;
        int loaded = 0;
        for (int i = 0; i < leaf.count() && hasRoom.getAsBoolean(); i++) {
            index = i;
            if (isElsewhere()
                    && ValueReference.home(leaf.memory(), leaf.valueOffset(i)) != last
                    && counts(leaf.key(i))) {
                last = ValueReference.home(leaf.memory(), leaf.valueOffset(i));
                pages.values(leaf, i);
                loaded++;
            }
        }
        return loaded;
    }

    private boolean counts(byte[] internalKey) {
        return merged.isEmpty() || merged.of(internalKey, 0, internalKey.length) == null;
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
            long home = ValueReference.home(leaf.memory(), leaf.valueOffset(index));
            valuesRead++;
            valuesApart += ScanCount.isNear(valuesAt, home) ? 0 : 1;
            valuesAt = home;
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
