package dev.cambium;

import java.util.List;

/**
 * What a compaction or cleaning would do, as far as key pages and the manifest tell: nothing has been changed for it. What stands in memtables is not
 * among it.
 *
 * @param stretches of keys that would be merged, each what one key page of level 1 speaks for
 * @param stretchesInAll of the keys that were meant
 * @param mergedBytes of keys and values in them, about
 * @param youngEntries of younger runs that would go into the base, about
 * @param zonesToClean zones whose live pages would be moved, as it looks now
 */
public record CompactionEstimate(
        int stretches, int stretchesInAll, long mergedBytes, long youngEntries, List<ZoneStats> zonesToClean) {
    public CompactionEstimate {
        zonesToClean = List.copyOf(zonesToClean);
    }
}
