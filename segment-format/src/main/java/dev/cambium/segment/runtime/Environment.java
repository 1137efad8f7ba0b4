package dev.cambium.segment.runtime;

import dev.cambium.segment.disk.ZoneFileSystem;
import java.util.function.Supplier;

/**
 * Everything a store takes from outside: disk, time, chance and threads.
 *
 * @param executor makes one of the store's own executors; called for each lane of background work at each open
 */
public record Environment(
        ZoneFileSystem disk, Clock clock, RandomSource random, Parker parker, Supplier<BackgroundExecutor> executor) {}
