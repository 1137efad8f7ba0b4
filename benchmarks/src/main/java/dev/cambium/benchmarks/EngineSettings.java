package dev.cambium.benchmarks;

import java.nio.file.Path;

/**
 * What a workload asks of an engine.
 *
 * @param directory exists; empty or written by the same engine
 * @param memoryBytes Cambium's memory budget, and the block cache of a peer that has one
 * @param forced whether a put survives a power loss when it returns; else only the death of the process
 * @param unflushed whether all that is written shall stay in the log, as far as the engine has a setting for that
 */
public record EngineSettings(Path directory, long memoryBytes, boolean forced, boolean unflushed) {}
