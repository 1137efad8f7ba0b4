package dev.cambium.benchmarks;

import java.nio.file.Path;

/**
 * What a workload asks of an engine.
 *
 * @param directory exists; empty or written by the same engine
 * @param memoryBytes Cambium's memory budget, and the block cache of a peer that has one
 * @param forced whether a put survives a power loss when it returns; else only the death of the process
 * @param unflushed whether all that is written shall stay in the log, as far as the engine has a setting for that
 * @param memtableBytes of writes that are gathered in memory before they are laid down; 0: as the engine is usually opened. Where it is
 *     given, a peer also counts what it writes, see {@link DiskUse}
 * @param universal whether a peer that can do so compacts by merging whole sorted runs, in the place of levels
 */
public record EngineSettings(
        Path directory, long memoryBytes, boolean forced, boolean unflushed, long memtableBytes, boolean universal) {
    /** With memtables, and levels, as the engine is usually opened. */
    public EngineSettings(Path directory, long memoryBytes, boolean forced, boolean unflushed) {
        this(directory, memoryBytes, forced, unflushed, 0, false);
    }
}
