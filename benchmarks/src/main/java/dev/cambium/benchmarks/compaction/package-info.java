/**
 * What compaction costs and what it is worth: bytes written and kept, the rate and the tail of puts while it runs, seeks over what was deleted,
 * scans of what it has linked, the room that it takes; beside RocksDB, and beside what the model said.
 *
 * <p>Reading order: {@link dev.cambium.benchmarks.compaction.CompactionCommand} (what is started),
 * {@link dev.cambium.benchmarks.compaction.CompactionPart} (which tables there are, and the trial behind each),
 * {@link dev.cambium.benchmarks.compaction.TrialRunner} (one JVM a trial), {@link dev.cambium.benchmarks.compaction.CompactionProcess} (that
 * JVM), then trials with their tables.
 */
package dev.cambium.benchmarks.compaction;
