/**
 * What a memory budget is worth: whether the process holds as much as the store says, and how fast gets are by the size of the pool.
 *
 * <p>Reading order: {@link dev.cambium.benchmarks.memory.MemoryCommand} (the tables), {@link dev.cambium.benchmarks.memory.MemoryProcess} (the
 * JVMs that it starts), then what they do.
 */
package dev.cambium.benchmarks.memory;
