package dev.cambium.compaction;

import dev.cambium.error.CorruptionException;
import dev.cambium.segment.manifest.Stretch;
import dev.cambium.segment.manifest.Stretches;
import dev.cambium.segment.page.KeyPage;
import dev.cambium.segment.page.Pointer;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.BiConsumer;
import java.util.function.IntPredicate;

/** In which zones the pages of a tree lie: from what key pages say, and so without those of values. Made inside an epoch slot. */
public final class ZoneUse {
    private ZoneUse() {}

    /** The zones that leaves, key pages and filters of a run lie in, as far as they count; without what lies below a key page that cannot be read. */
    public static Set<Integer> of(RunTree run, Stretches merged) {
        Set<Integer> zones = new HashSet<>();
        zones.add(Pointer.zone(run.run().root()));
        add(run.root(), run.run().firstKey(), PageCursor.after(run.run().lastKey()), merged, zones);
        return zones;
    }

    private static void add(KeyNode node, byte[] low, byte[] high, Stretches merged, Set<Integer> zones) {
        KeyPage page = node.page();
        if (page.filter() != Pointer.NULL) {
            zones.add(Pointer.zone(page.filter()));
        }
        for (int i = 0; i < page.count(); i++) {
            byte[] childLow = i == 0 ? low : page.key(i - 1);
            byte[] childHigh = i + 1 == page.count() ? high : page.key(i);
            if (!merged.covers(childLow, childHigh)) {
                zones.add(Pointer.zone(page.child(i)));
                if (node.level() > 1) {
                    try {
                        add(node.keys(i), childLow, childHigh, merged, zones);
                    } catch (CorruptionException e) {
                        // Whoever merges it is told.
                    }
                }
            }
        }
    }

    /**
     * The ranges of a base, ascending, that have a page in some zones: when they are merged, it is not there any more. A range is what one key page
     * of level 1 speaks for.
     *
     * @param damaged is told of stretches whose key page cannot be read, which are passed over
     */
    public static List<Stretch> ranges(
            RunTree base, IntPredicate zones, BiConsumer<Stretch, CorruptionException> damaged) {
        List<Stretch> found = new ArrayList<>();
        addRanges(base.root(), base.run().root(), Stretch.ALL, zones, damaged, found);
        return found;
    }

    private static void addRanges(
            KeyNode node,
            long pointer,
            Stretch whole,
            IntPredicate zones,
            BiConsumer<Stretch, CorruptionException> damaged,
            List<Stretch> found) {
        KeyPage page = node.page();
        int before = found.size();
        if (node.level() == 1) {
            boolean has = zones.test(Pointer.zone(pointer))
                    || page.filter() != Pointer.NULL && zones.test(Pointer.zone(page.filter()));
            for (int i = 0; !has && i < page.count(); i++) {
                has = zones.test(Pointer.zone(page.child(i)));
            }
            if (has) {
                found.add(whole);
            }
            return;
        }
        for (int i = 0; i < page.count(); i++) {
            Stretch stretch = new Stretch(
                    i == 0 ? whole.from() : page.key(i - 1), i + 1 == page.count() ? whole.to() : page.key(i));
            try {
                addRanges(node.keys(i), page.child(i), stretch, zones, damaged, found);
            } catch (CorruptionException e) {
                damaged.accept(stretch, e);
            }
        }
        if (found.size() == before && zones.test(Pointer.zone(pointer))) {
            found.add(firstRange(node, whole)); // whatever is merged below it, it is written anew
        }
    }

    private static Stretch firstRange(KeyNode node, Stretch whole) {
        KeyPage page = node.page();
        Stretch first = new Stretch(whole.from(), page.count() == 1 ? whole.to() : page.key(0));
        return node.level() == 2 ? first : firstRange(node.keys(0), first);
    }
}
