package dev.cambium.compaction;

import dev.cambium.segment.frame.Frame;
import dev.cambium.segment.frame.FrameCache;
import dev.cambium.segment.page.LeafPage;
import dev.cambium.segment.page.ValuePage;

/** Pages from the frames, for reads that will come again: no pin is held, the epoch slot protects them. */
final class FramePages {
    private final RunTree tree;
    private int uses;
    private Frame leaf;
    private Frame values;

    FramePages(RunTree tree) {
        this.tree = tree;
    }

    /** A leaf below a level-1 page; valid until the next. */
    LeafPage leaf(KeyNode parent, int child) {
        leaf = parent.leaf(child, isNoted());
        return leaf.leaf();
    }

    private boolean isNoted() {
        return FrameCache.isNoted(++uses);
    }

    /** The page with the value of an entry of the last leaf, which refers to it. */
    ValuePage values(LeafPage from, int entry) {
        values = tree.valuesOf(leaf, entry, isNoted());
        return values.values();
    }

    /** Whether the last leaf is still there, in the epoch slot that the caller holds now. */
    boolean isLeafThere() {
        return leaf.isResident();
    }

    /** The same of the last page of values. */
    boolean areValuesThere() {
        return values.isResident();
    }
}
