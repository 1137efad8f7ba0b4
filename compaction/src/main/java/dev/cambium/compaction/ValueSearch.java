package dev.cambium.compaction;

import dev.cambium.segment.log.OperationCode;
import dev.cambium.segment.page.LeafPage;
import dev.cambium.segment.page.Pointer;
import dev.cambium.segment.page.ValueReference;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.IntPredicate;

/**
 * Looks for the leaves of some runs that refer to values in some zones: key pages say where leaves lie, but not what those refer to, so each is read,
 * past the frames. For one thread.
 */
public final class ValueSearch {
    private final List<PageCursor> runs;
    private final IntPredicate zones;
    private final Set<Long> found = new HashSet<>(); // pointers to leaves
    private int run;
    private boolean begun;

    /** @param runs passed through by nobody else meanwhile */
    ValueSearch(List<PageCursor> runs, IntPredicate zones) {
        this.runs = runs;
        this.zones = zones;
    }

    /** Looks at one more leaf; returns whether there was one. To be called inside an epoch slot. */
    public boolean step() {
        for (; run < runs.size(); run++, begun = false) {
            PageCursor cursor = runs.get(run);
            boolean on = begun ? cursor.next() : cursor.first();
            begun = true;
            while (on && cursor.level() == 1) {
                on = cursor.enter();
            }
            if (on) {
                if (refers(cursor.readLeaf())) {
                    found.add(cursor.pointer());
                }
                return true;
            }
        }
        return false;
    }

    private boolean refers(LeafPage leaf) {
        for (int i = 0; leaf.hasOperations() && i < leaf.count(); i++) {
            if (leaf.operation(i) == OperationCode.PUT_REF
                    && !ValueReference.isChunked(leaf.memory(), leaf.valueOffset(i))
                    && zones.test(Pointer.zone(ValueReference.home(leaf.memory(), leaf.valueOffset(i))))) {
                return true;
            }
        }
        return false;
    }

    /** Whether a leaf refers to a value in one of the zones, as far as has been looked. */
    public boolean hasFound(long leaf) {
        return found.contains(leaf);
    }

    /** Whether any leaf does. */
    public boolean hasFoundAny() {
        return !found.isEmpty();
    }
}
