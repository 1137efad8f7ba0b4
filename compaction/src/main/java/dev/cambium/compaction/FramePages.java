package dev.cambium.compaction;

import dev.cambium.segment.frame.Frame;
import dev.cambium.segment.frame.FrameCache;
import dev.cambium.segment.page.LeafPage;
import dev.cambium.segment.page.ValuePage;

/** Pages from the frames, for reads that will come again: no pin is held, the epoch slot protects them. */
final class FramePages implements PageSource {
    private final RunTree tree;
    private int uses;
    private Frame leaf;
    private Frame values;

    FramePages(RunTree tree) {
        this.tree = tree;
    }

    @Override
    public LeafPage leaf(KeyNode parent, int child) {
        leaf = parent.leaf(child, isNoted());
        return leaf.leaf();
    }

    private boolean isNoted() {
        return FrameCache.isNoted(++uses);
    }

    @Override
    public ValuePage values(LeafPage from, int entry) {
        values = tree.valuesOf(leaf, entry, isNoted());
        return values.values();
    }

    @Override
    public boolean isLeafThere() {
        return leaf.isResident();
    }

    @Override
    public boolean areValuesThere() {
        return values.isResident();
    }
}
