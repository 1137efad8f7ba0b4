package dev.cambium.compaction;

import dev.cambium.segment.page.LeafPage;
import dev.cambium.segment.page.ValuePage;

/** Where a cursor over a run gets leaves and values from: the last of each is valid until the next. For one thread. */
interface PageSource {
    /** A leaf below a level-1 page. */
    LeafPage leaf(KeyNode parent, int child);

    /** The page with the value of an entry of the last leaf, which refers to it. */
    ValuePage values(LeafPage leaf, int entry);

    /** Whether the last leaf is still there, in the epoch slot that the caller holds now. */
    boolean isLeafThere();

    /** The same of the last page of values. */
    boolean areValuesThere();
}
