/**
 * Sorted sources, how they are merged, and the filters beside them. Returns results; never installs them.
 *
 * <p>{@link dev.cambium.compaction.SortedCursor} is what every sorted source looks like (a memtable now, a run of pages next);
 * {@link dev.cambium.compaction.MergeCursor} is one of several, newest first.
 */
package dev.cambium.compaction;
